"""The check from a project's own tests: one test per property and dtype, or one call for all.

With pytest, in a test file:

    from bnproof.testing import parametrize_with_properties

    @parametrize_with_properties(MyBatchNorm())
    def test_batch_norm(check):
        check()

or without a test file, ``pytest --bnproof my_file.py:MyBatchNorm``.  In any other framework, or a
notebook, `check_implementation` makes the whole check and gives the report.

An object is checked in the process that calls; what is named by a string, as on the command line,
is checked in a worker process, whose crash, hang or exit is a verdict.
"""

from bnproof.testing.implementation import ConformanceError, check_implementation
from bnproof.testing.parametrize import Check, parametrize_with_properties

__all__ = ["Check", "ConformanceError", "check_implementation", "parametrize_with_properties"]
