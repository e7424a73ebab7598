"""The data that an exercise is graded on: few cases, each of which tells mistakes apart.

All are float64, which courses compute in.  Settings are never the defaults but once, so that a
function that ignores what it is given shows; gamma has both signs, and is 0 in one channel; dy is
not constant.  The large mean is one that even E[x^2] - E[x]^2 can bear.
"""

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.case import Case
from bnproof.engine.model.layouts import Place
from bnproof.engine.model.names import Argument
from bnproof.engine.portfolio.builder import Builder

SINGLE = "one example"
"""The case with one value per channel, which is looked at and not graded."""


def cases(declaration: Declaration, seed: int = 0) -> list[Case]:
    """The cases of one piece, smallest first, in the rank that it declares.

    >>> [case.name for case in cases(Declaration(ranks=(2,)))][0]
    'ordinary numbers'
    """
    build = Builder(declaration, "float64", seed)
    return _spatial(build) if declaration.ranks == (4,) else _plain(build)


def single(declaration: Declaration, seed: int = 0) -> Case:
    """One example: no variance, so that the output is beta."""
    return Builder(declaration, "float64", seed).case(SINGLE, [[0.5, -1.25, 3.0]], calls="short")


def created(case: Case, variance: float) -> Case:
    """The same case, for a forward that starts from running statistics that it makes itself."""
    return case.with_(
        running_mean=np.zeros_like(case.running_mean),
        running_var=np.full_like(case.running_var, variance),
    )


def _plain(build: Builder) -> list[Case]:
    normal = build.normal
    constant = np.where(np.arange(3) == 1, 2.5, normal(5, 3))
    with_zero = [-1.5, 0.0, 1.0, 2.0, -0.5]
    strided: dict[Argument, Place] = {"x": "Fortran", "dy": "stepped", "gamma": "stepped"}
    return [
        build.case("ordinary numbers", 1.5 * normal(5, 3) + 0.75),
        build.case("as many features as examples", normal(4, 4) - 1, eps=0.25, weight=0.25),
        build.case("two examples", 2 * normal(2, 5), gamma=with_zero, eps=2.0**-20),
        build.case("a constant feature", constant, eps=2.0**-6),
        build.case("other memory", normal(6, 4), layouts=strided),
        build.case("eps and momentum as usual", 0.01 * normal(8, 3), eps=1e-5, momentum=0.9),
        build.case("large mean", 1000 + normal(9, 2), eps=2.0**-10),
    ]


def _spatial(build: Builder) -> list[Case]:
    normal = build.normal
    constant = np.where(np.arange(3)[:, None, None] == 1, 2.5, normal(2, 3, 2, 2))
    strided: dict[Argument, Place] = {"x": "channels moved", "dy": "stepped"}
    return [
        build.case("ordinary numbers", 1.5 * normal(2, 3, 4, 5) + 0.75),
        build.case("all sizes the same", normal(3, 3, 3, 3) - 1, eps=0.25, weight=0.25),
        build.case("one position", 2 * normal(5, 2, 1, 1), gamma=[0.0, -1.5], eps=2.0**-20),
        build.case("a constant channel", constant, eps=2.0**-6),
        build.case("other memory", normal(2, 4, 3, 2), layouts=strided),
        build.case("eps and momentum as usual", 0.01 * normal(3, 2, 4, 2), eps=1e-5, momentum=0.9),
    ]
