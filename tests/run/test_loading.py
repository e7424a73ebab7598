"""Every mistake in a target is a TargetError of one or two lines that shows the way out."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bnproof.targets.loading import load
from bnproof.targets.text import TargetError

Write = Callable[[str, str], Path]
GOOD = """
class BatchNorm:
    def infer(self, x, gamma, beta, running_mean, running_var, *, eps):
        return x, None, None, None

class NeedsChannels(BatchNorm):
    def __init__(self, channels): ...

class Odd: ...

class Raises(BatchNorm):
    def __init__(self):
        raise OSError("no GPU")

instance = BatchNorm()

class Outer:
    Inner = BatchNorm

def my_forward(x, gamma, beta, bn_param): ...

def my_backward(dout, cache): ...
"""


pytestmark = pytest.mark.usefixtures("same_interpreter_afterwards")


@pytest.mark.parametrize("attribute", ["BatchNorm", "instance", "Outer.Inner"])
def test_files(write: Write, attribute: str) -> None:
    """Catches a class, an instance or a dotted attribute that is not found in a file."""
    (found,) = load(f"{write('good.py', GOOD)}:{attribute}")

    assert type(found).__name__ == "BatchNorm"


def test_pair_of_functions(write: Write) -> None:
    """Catches a pair that is handed over as anything but two functions."""
    (found,) = load(f"{write('good.py', GOOD)}:my_forward,my_backward")

    assert callable(found.train)


def test_whole_file(write: Write) -> None:
    """Catches a file as a whole that is taken for one of the names in it, such as train."""
    names = "batchnorm_forward = my_forward\ndef train(model): ..."
    found = load(f"{write('whole.py', GOOD + names)}:*")

    assert {piece.piece.function for piece in found} == {"batchnorm_forward"}


def test_modules_that_a_file_deletes_come_back(write: Write) -> None:
    """Catches a file that takes away what the worker needs to go on."""
    deletes = "import sys\nfor name in [n for n in sys.modules if n.startswith('bnproof')]:\n"
    load(f"{write('deletes.py', GOOD + deletes + '    del sys.modules[name]')}:BatchNorm")

    assert "bnproof.targets.loading" in sys.modules


def test_reference() -> None:
    """Catches a reference that is no target."""
    (found,) = load("reference")

    assert found.name == "reference"


def test_neighbours_come_first(write: Write) -> None:
    """Catches a target file that cannot import the file beside it."""
    write("beside_me.py", GOOD)
    path = write("uses.py", "from beside_me import BatchNorm")

    assert len(load(f"{path}:BatchNorm")) == 1


def test_name_of_a_known_module(write: Write) -> None:
    """Catches a file called as a module that is loaded already, and that replaces it."""
    load(f"{write('numpy.py', GOOD)}:BatchNorm")

    assert hasattr(sys.modules["numpy"], "ndarray")


def test_module_in_the_current_folder(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a module beside the user that is not found without PYTHONPATH."""
    monkeypatch.chdir(write("mine_here.py", GOOD).parent)

    assert len(load("mine_here:BatchNorm")) == 1


@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        ("BatchNrom", "did you mean BatchNorm?\nwhat looks usable there: my_forward,my_backward"),
        ("my_forward,my_backwards", "did you mean my_backward?"),
        ("NeedsChannels", "missing 1 required positional argument: 'channels'"),
        ("Odd", "Odd is not recognised as a batch normalization"),
        ("Raises", "OSError: no GPU\ngood.py, line 13"),
    ],
)
def test_attributes(write: Write, attribute: str, said: str) -> None:
    """Catches a wrong attribute whose message does not help."""
    assert said in refused(f"{write('good.py', GOOD)}:{attribute}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\ny = 1 / 0", "ZeroDivisionError: division by zero\nbad.py, line 2: y = 1 / 0"),
        ("def f(:", "SyntaxError: invalid syntax\nbad.py, line 1: def f(:"),
        ("import no_such_thing", "needs the module 'no_such_thing', which is not installed"),
        ("raise SystemExit('bye')", "SystemExit: bye"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import json\njson.loads('{')", "bad.py, line 2: json.loads('{')"),
        ("raise ModuleNotFoundError(name='torch')", "pip install 'bnproof[torch]'"),
    ],
)
def test_files_that_raise(write: Write, text: str, said: str) -> None:
    """Catches an error on import that does not name the line of the user's file."""
    assert said in refused(f"{write('bad.py', text)}:BatchNorm")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("no_such_module:x", "no module named 'no_such_module'"),
        ("numpyy:x", "did you mean numpy?"),
        ("json.decodr:x", "no module named 'decodr' in json, did you mean decoder?"),
        ("json.dumps:x", "json.dumps is not a module; write json:dumps"),
        ("math.pi.x:y", "math.pi is not a module; write math:pi"),
        ("no_such_file.py:x", "no file no_such_file.py"),
        ("no/such/file.py:x", "there is no folder no/such"),
        ("/:x", "/ is a folder"),
        ("json:dumps", "json:dumps cannot be used: it cannot be called as dumps(x): TypeError"),
        ("json:JSONDecodeError", "making an object raised TypeError"),
    ],
)
def test_places(target: str, said: str) -> None:
    """Catches a wrong module or file whose message does not help."""
    assert said in refused(target)


def test_misspelt_file(write: Write) -> None:
    """Catches a misspelt file without a suggestion of the right one."""
    path = write("my_batch_norm.py", GOOD)

    assert "did you mean my_batch_norm.py?" in refused(f"{path.parent}/my_bach_norm.py:x")


def refused(target: str) -> str:
    """The message for a target that cannot be loaded."""
    with pytest.raises(TargetError) as caught:
        load(target)
    message = str(caught.value)

    assert len(message.splitlines()) <= 2
    assert "Traceback" not in message
    return message
