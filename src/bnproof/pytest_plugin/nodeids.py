"""Targets as pytest's ids have them, and ids of tests among the arguments."""

import pytest

from bnproof.targets.text import TargetError, parse

CHOSEN = pytest.StashKey[list[str]]()


def nodeid_of(config: pytest.Config, target: str) -> str:
    """A target as an id: a file is named from the root of the project, as test files are."""
    try:
        parsed = parse(target)
    except TargetError:
        return target
    path = (config.invocation_params.dir / parsed.path).resolve()
    if not parsed.is_file or not path.is_relative_to(config.rootpath):
        return target
    return parsed.at(path.relative_to(config.rootpath).as_posix())


def take_ids(config: pytest.Config) -> None:
    """Take from the arguments the ids of our tests, as a summary prints them, and keep them."""
    config.stash[CHOSEN] = [each for each in config.args if target_of(config, each)]
    config.args[:] = [each for each in config.args if each not in config.stash[CHOSEN]]


def is_chosen(config: pytest.Config, nodeid: str) -> bool:
    """Whether a test, or a test of a target, is among those named; all are where none is."""
    chosen = config.stash.get(CHOSEN, [])
    return not chosen or any(each == nodeid or each.startswith(f"{nodeid}::") for each in chosen)


def target_of(config: pytest.Config, nodeid: str) -> str:
    """The target that a test is about, as its id has it; "" for a test that is not ours."""
    ids = (nodeid_of(config, target) for target in config.getoption("bnproof"))
    return next((target for target in ids if nodeid.startswith(f"{target}::")), "")
