"""--bnproof-declare, --bnproof-without and pyproject.toml in runs of pytest."""

from tests.pytest_plugin.conftest import Project

SHIFTED = '''

class Last(Norm):
    """Takes channels last, and does not say so."""

    ranks = (4,)
    fixed = {"shape": (8, 3, 3, 3)}

    def infer(self, x, gamma, beta, running_mean, running_var, *, eps):
        return super().infer(x, gamma, beta, running_mean, running_var, eps=eps)
'''
AXIS = "channel_axis=-1"
TEST = "src/mynorm.py:Last::inference/agreement[float32]"
FILE = """
from bnproof.testing import check_implementation, parametrize_with_properties
from mynorm import Last

DECLARE = {"channel_axis": -1}

@parametrize_with_properties(Last(), properties=["inference/agreement"], declare=DECLARE)
def test_each(check):
    check()

def test_at_once():
    given = {"profile": "quick", "properties": ["inference/agreement"]}
    assert check_implementation(Last(), declare=DECLARE, **given).conforms
    assert not check_implementation(Last(), "report", **given).conforms
    assert check_implementation(Last(), identify=True, declare=DECLARE, **given).conforms
"""


def test_command_line_and_pyproject(project: Project) -> None:
    """Catches options of the plugin, and a table, without effect."""
    source = project.folder / "src" / "mynorm.py"
    source.write_text(source.read_text(encoding="utf-8") + SHIFTED, encoding="utf-8")
    named = ("--bnproof=src/mynorm.py:Last", "-v")

    assert project.pytest(*named).outcome(TEST) == "FAILED"
    assert project.pytest(*named, f"--bnproof-declare={AXIS}").outcome(TEST) == "PASSED"
    table = '[tool.bnproof.targets."*:Last"]\nchannel_axis = -1\n'
    project.write("pyproject.toml", table)
    assert project.pytest(*named).outcome(TEST) == "PASSED"
    assert project.pytest(*named, "--bnproof-declare=channel_axis=1").outcome(TEST) == "FAILED"


def test_test_files(project: Project) -> None:
    """Catches arguments of the library without effect."""
    source = project.folder / "src" / "mynorm.py"
    source.write_text(source.read_text(encoding="utf-8") + SHIFTED, encoding="utf-8")
    project.write("test_mine.py", FILE)
    ran = project.pytest("test_mine.py")

    assert ran.status == 0, ran.out


def test_slip(project: Project) -> None:
    """Catches a slip that is a traceback of ours."""
    ran = project.pytest("--bnproof=mynorm:Norm", "--bnproof-without=statistics")
    assert ran.status == 4
    assert "--without: expected one of running-statistics" in ran.out
    assert "Traceback" not in ran.out
