"""The pytest plugin: ``pytest --bnproof TARGET`` checks an implementation, a test per property.

pytest loads this module in every run of everybody who has bnproof installed.  So it imports
nothing but pytest, and touches nothing that is not asked of it; what costs time is imported when a
target is named or a test is parametrized.  PYTEST_DONT_REWRITE: its assertions are for us.
"""

import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bnproof.pytest_plugin.accuracy_summary import accuracy_found
from bnproof.pytest_plugin.options import add_options
from bnproof.pytest_plugin.stash import FOLDER, FROM_CONTROLLER, settings_of, store_of

if TYPE_CHECKING:
    from bnproof.testing.parametrize import Check


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --bnproof and the settings of its checks."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and refuse what cannot be meant."""
    config.addinivalue_line(
        "markers", "bnproof: a property of batch normalization, checked by bnproof"
    )
    if config.getoption("bnproof"):
        _require_processes()
    known = config.getoption("bnproof_known")
    if known is not None and not known.is_file():
        raise pytest.UsageError(f"--bnproof-known: no file {known}")


def _require_processes() -> None:
    from bnproof.sandbox.support import (  # noqa: PLC0415  # only if asked
        UnsupportedSystemError,
        require_processes,
    )

    try:
        require_processes()
    except UnsupportedSystemError as error:
        raise pytest.UsageError(f"--bnproof: {error}") from error


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say what is checked, and how."""
    targets = config.getoption("bnproof")
    if not targets:
        return None
    profile, seed = (config.getoption(f"bnproof_{name}") for name in ("profile", "seed"))
    return f"bnproof: {', '.join(targets)} ({profile} profile, seed {seed})"


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Take ids of our tests out of the arguments, which pytest would look for in files."""
    if session.config.getoption("bnproof"):
        from bnproof.pytest_plugin.nodeids import take_ids  # noqa: PLC0415  # only if asked

        take_ids(session.config)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Add the targets to what the session collects from files."""
    report = yield
    if isinstance(collector, pytest.Session) and collector.config.getoption("bnproof"):
        from bnproof.pytest_plugin.collection import targets  # noqa: PLC0415  # only if asked

        report.result = [*(report.result or ()), *targets(collector)]
    return report


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark our tests, and those of the user that check properties."""
    check = check_of(item)
    if check is None:
        return
    item.add_marker("bnproof")
    config, checks = item.config, check.checks
    checks.defaults = settings_of(config)
    checks.join(store_of(config), item.nodeid.partition("[")[0])
    if config.pluginmanager.hasplugin("xdist") and check.planned is not None:
        item.add_marker(pytest.mark.xdist_group(f"{checks.key} {check.planned.dtype}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the verdict with the report, and have a failure say in one line what is wrong."""
    check = check_of(item) if call.when == "call" else None
    if check is None or check.verdict is None:
        return (yield)
    from bnproof.pytest_plugin.reports import kept, shorten  # noqa: PLC0415  # only for our tests

    item.user_properties += kept(check.verdict)
    report = yield
    shorten(report, item, check.verdict)
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how accurate each implementation was found to be."""
    found = accuracy_found(terminalreporter)
    if found:
        terminalreporter.write_sep("=", "accuracy found by bnproof")
    for line in found:
        terminalreporter.write_line(line)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give the processes of pytest-xdist a folder for what one of them found out."""
    if FOLDER not in node.config.stash:
        from tempfile import mkdtemp  # noqa: PLC0415  # only with several processes

        node.config.stash[FOLDER] = Path(mkdtemp(prefix="bnproof-"))
    node.workerinput[FROM_CONTROLLER] = str(node.config.stash[FOLDER])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With -n alone, keep the tests of one dtype together; any other --dist is the user's wish."""
    if not config.getoption("bnproof") or config.getoption("dist") != "load":
        return None
    from bnproof.pytest_plugin.process_groups import ByCheck  # noqa: PLC0415  # needs pytest-xdist

    return ByCheck(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the folder."""
    folder = config.stash.get(FOLDER, None)
    if folder is not None:
        from shutil import rmtree  # noqa: PLC0415  # only with several processes

        rmtree(folder, ignore_errors=True)


def check_of(item: pytest.Item) -> "Check | None":
    """The check that a test makes: one of ours, or a parameter of a test function."""
    parametrize = sys.modules.get("bnproof.testing.parametrize")
    if parametrize is None:
        return None  # nobody has made any
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    candidates = (getattr(item, "check", None), *parameters)
    return next((each for each in candidates if isinstance(each, parametrize.Check)), None)
