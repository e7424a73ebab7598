"""Targets named by --bnproof as pytest sees them: a collector each, with a test per property."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bnproof.pytest_plugin.nodeids import is_chosen, nodeid_of
from bnproof.pytest_plugin.stash import settings_of, store_of
from bnproof.testing.parametrize import Check, tests_of
from bnproof.testing.planned_checks import Checks


def targets(session: pytest.Session) -> "list[TargetCollector]":
    """A collector for each target; for those alone of which tests are named, if any are."""
    config = session.config
    named = {nodeid_of(config, target): target for target in config.getoption("bnproof")}
    return [
        TargetCollector.from_parent(
            session, name=target, nodeid=nodeid, path=config.rootpath / nodeid, target=target
        )
        for nodeid, target in named.items()
        if is_chosen(config, nodeid)
    ]


class TargetCollector(pytest.Collector):
    """One target; its tests are known from what it declares."""

    def __init__(self, *, target: str, **node: Any) -> None:
        super().__init__(**node)
        self.checks = Checks(target)
        self.checks.defaults = settings_of(self.config)
        self.checks.join(store_of(self.config), self.nodeid)

    def collect(self) -> Iterator[pytest.Item]:
        """A test per property and dtype, and one for each reason why it cannot be used."""
        for check in tests_of(self.checks):
            nodeid = f"{self.nodeid}::{check.id}"  # text, whose brackets pytest takes apart
            if is_chosen(self.config, nodeid):
                yield PropertyItem.from_parent(self, name=check.id, nodeid=nodeid, check=check)


class PropertyItem(pytest.Item):
    """One property in one dtype of a target."""

    def __init__(self, *, check: Check, **node: Any) -> None:
        super().__init__(**node)
        self.check = check

    def setup(self) -> None:
        """A target that cannot be used is an error, and no failure of a property."""
        if self.check.planned is None:
            self.check()

    def runtest(self) -> None:
        """Check it."""
        self.check()

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it is: in the target."""
        return self.path, 0, self.name
