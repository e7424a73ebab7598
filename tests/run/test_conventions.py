"""Policies that nothing declares are found by probing, and are violations only if none fits."""

from typing import Any

import numpy as np
import pytest
from tests.targets import norms

from bnproof.check.adopted_conventions import settle
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.rerun import judged
from bnproof.engine.judging.verdicts import conclude
from bnproof.engine.model.result import Result
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio import portfolio
from bnproof.properties.catalogue import chosen
from bnproof.sandbox.object_session import ObjectSession
from bnproof.targets.declarations import outside_of

NAMES = {"single_value": "forward/single-value", "empty": "forward/empty-batch"}
NAN_STATISTICS = "an empty batch makes the running statistics NaN"


class Base(norms.Undeclared):
    """Right; its conventions are declared outside, its policies are not."""

    def train(self, x: Any, *arguments: Any, **settings: Any) -> Any:
        """One training call, with what a policy is about in `degenerate`."""
        made = super().train(x, *arguments, **settings)
        count = x.size // max(x.shape[1], 1)
        return self.degenerate(made, x, *arguments) if count < 2 else made

    def degenerate(self, made: Any, x: Any, *arguments: Any) -> Any:  # noqa: ARG002  # others need them
        """What is returned with one value per channel, or none."""
        return made


class Refuses(Base):
    """Raises before anything changed."""

    def train(self, x: Any, *arguments: Any, **settings: Any) -> Any:
        """Refuse what has no variance."""
        if x.size <= x.shape[1]:
            raise ValueError("more than one value per channel is needed")
        return super().train(x, *arguments, **settings)


class RefusesLate(Base):
    """Raises after the statistics were changed in place."""

    in_place = True

    def train(self, x: Any, gamma: Any, beta: Any, mean: Any, var: Any, **settings: Any) -> Any:
        """Refuse what has no variance, too late."""
        y, new_mean, new_var, backward = super().train(x, gamma, beta, mean, var, **settings)
        mean[...], var[...] = 0.5 * mean, 0.5 * var
        if x.size <= x.shape[1]:
            raise ValueError("too late")
        mean[...], var[...] = new_mean, new_var
        return y, mean, var, backward


class KeepsStatistics(Base):
    """An empty batch leaves the statistics."""

    def degenerate(self, made: Any, x: Any, *arguments: Any) -> Any:
        """The statistics that were given."""
        return made if x.size else (made[0], *arguments[2:4], made[3])


class ZeroStatistics(Base):
    """Wrong: an empty batch moves the statistics towards 0."""

    def degenerate(self, made: Any, x: Any, *arguments: Any) -> Any:
        """Statistics that are finite, and not those that were given."""
        return made if x.size else (made[0], arguments[2] * 0, arguments[3] * 0, made[3])


class WrongY(Base):
    """Wrong: y of one value is the value."""

    def degenerate(self, made: Any, x: Any, *arguments: Any) -> Any:  # noqa: ARG002  # others need them
        """A finite y that is not beta."""
        return (x + 0, *made[1:]) if x.size else made


class WrongDx(Base):
    """Wrong: dx of one value is dy."""

    def degenerate(self, made: Any, x: Any, *arguments: Any) -> Any:  # noqa: ARG002  # others need them
        """A dx that is not 0."""
        backward = made[3]
        return (*made[:3], lambda dy: (dy + 0, *backward(dy)[1:])) if x.size else made


class BiasedNan(Base):
    """Wrong: the biased variance of one value is NaN."""

    def degenerate(self, made: Any, x: Any, *arguments: Any) -> Any:  # noqa: ARG002  # others need them
        """A running variance that is not finite."""
        return (*made[:2], made[2] * np.float32(np.nan), made[3]) if x.size else made


class ByRank(Base):
    """Refuses rows, and takes images."""

    def train(self, x: Any, *arguments: Any, **settings: Any) -> Any:
        """Refuse one row."""
        if x.ndim == 2 and len(x) == 1:
            raise ValueError("one row")
        return super().train(x, *arguments, **settings)


def _settled(made: Any, name: str, *declare: str) -> tuple[str, list[str], Result]:
    """The policy that is used, the notes, and the verdict on its property."""
    outside = outside_of(["momentum_weighs=old", *declare])
    with ObjectSession(made, outside=outside) as session:
        notes, declaration = settle(session), session.declaration
        judge = Judge(declaration, "float32")
        cases = portfolio(declaration, "float32", quick=True)
        wanted = [case for case in cases if {Tag.SINGLE, Tag.EMPTY} & case.tags]
        records = [r for case in wanted for r in judged(judge, case, session.run(case))]
        (property_,) = chosen((NAMES[name],))
        result, _ = conclude(property_, Records(declaration, tuple(records)), "float32")
    return getattr(declaration, name), notes, result


BIASED, UNBIASED = "running_variance=biased", "running_variance=unbiased"


@pytest.mark.parametrize(
    ("made", "name", "variance", "policy", "note"),
    [
        (Base(), "single_value", BIASED, "beta", ""),
        (Refuses(), "single_value", BIASED, "error", ""),
        (ByRank(), "single_value", BIASED, "undefined", '"error" in rank 2, "beta" in rank 4'),
        (norms.Unbiased(), "single_value", UNBIASED, "undefined", "makes the running variance NaN"),
        (Base(), "empty", BIASED, "undefined", NAN_STATISTICS),
        (Refuses(), "empty", BIASED, "error", ""),
        (KeepsStatistics(), "empty", BIASED, "empty", ""),
    ],
)
def test_policy_that_fits(made: Any, name: str, variance: str, policy: str, note: str) -> None:
    """Catches a right implementation that violates a policy which it never declared."""
    found, notes, result = _settled(made, name, variance)

    assert found == policy
    assert result.verdict in ("pass", "unsupported")
    assert note in "; ".join(notes)


@pytest.mark.parametrize(
    ("made", "name", "variance", "policy", "detail"),
    [
        (WrongY(), "single_value", BIASED, "beta", "y: error"),
        (WrongDx(), "single_value", BIASED, "beta", "dx: "),
        (BiasedNan(), "single_value", BIASED, "beta", "running_var is not finite"),
        (RefusesLate(), "single_value", BIASED, "error", "changed before the error"),
        (RefusesLate(), "empty", BIASED, "error", "changed before the error"),
        (ZeroStatistics(), "empty", BIASED, "empty", "changed by an empty batch"),
    ],
)
def test_no_policy_fits(made: Any, name: str, variance: str, policy: str, detail: str) -> None:
    """Catches a mistake with one value per channel, or with none, that passes as a policy."""
    found, _, result = _settled(made, name, variance)

    assert (found, result.verdict) == (policy, "fail")
    assert any(detail in violation.detail for violation in result.violations)


def test_declared_policy_is_kept() -> None:
    """Catches a declaration that probing replaces."""
    found, notes, result = _settled(
        Base(), "single_value", BIASED, "single_value=error", "empty=error"
    )
    assert (found, result.verdict, notes) == ("error", "fail", [])
