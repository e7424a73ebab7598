"""Which process of pytest-xdist runs which tests."""

from xdist.scheduler import LoadScopeScheduling

from bnproof.pytest_plugin.nodeids import target_of


class ByCheck(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """Tests of one target and dtype go to one process, any other test to whichever is free.

    All tests of a dtype wait for one check, so that several processes with tests of the same
    dtype would wait for the first of them.
    """

    def _split_scope(self, nodeid: str) -> str:
        """What is kept together with a test: the same target and dtype."""
        target = target_of(self.config, nodeid)
        return f"{target} {nodeid.rpartition('[')[2]}" if target else nodeid
