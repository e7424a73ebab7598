"""Hypothesis strategies: cases beyond the portfolio, over few shapes and settings.

Compiled targets pay up to a second for each new shape or pair of eps and momentum, so a run draws
from a dozen of each; for a target that declares that it compiles each shape, from the stock of
shapes.  Every strategy shrinks to small arrays of simple data in plain memory.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import numpy as np
from hypothesis import strategies as st

from bnproof.engine.contract.choices import CLASSES
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.case import Case, Plan, from_columns
from bnproof.engine.model.formats import FORMATS, Array
from bnproof.engine.model.layouts import Layout
from bnproof.engine.model.names import Argument
from bnproof.engine.portfolio import stock
from bnproof.engine.portfolio.builder import Builder, to_rank
from bnproof.engine.portfolio.double_arguments import ALONE, given
from bnproof.engine.portfolio.fitting import fitting
from bnproof.engine.portfolio.network_sizes import drawn_shape
from bnproof.engine.portfolio.repeating import distinct, repeating

PLANS: tuple[Plan, ...] = ("short", "full")
SHAPES = ((2, 1), (3, 2), (5, 3), (8, 2), (17, 4), (33, 9), (64, 3), (130, 2), (12, 16), (257, 1))
SETTINGS = (
    (0.5, 0.125),
    (2.0**-10, 0.25),
    (1e-5, 0.1),
    (1e-3, 0.01),
    (2.0**-16, 0.5),
    (1.0, 0.75),
    (10.0, 0.0123),
    (1e-8, 1 / 3),
)
OwnFamily = Literal[
    "drawn",
    "normal",
    "offset",
    "two values",
    "sorted",
    "outlier",
    "alternating",
    "heavy tails",
    "constant",
    "mixed magnitudes",
    "halves",
]
Family = OwnFamily | Literal["ones", "sparse", "like x"]
"""Families of data; the last three are for dy only."""

FAMILIES: tuple[OwnFamily, ...] = get_args(OwnFamily)
UPSTREAM: tuple[Family, ...] = ("normal", "ones", "sparse", "like x", "alternating", "heavy tails")
LAYOUTS: tuple[Layout, ...] = ("C", "Fortran", "stepped", "reversed", "channels moved", "middle")


WHOLE: tuple[Argument, ...] = ("x", "dy")

SEEDS: st.SearchStrategy[int] = st.tuples(*[st.integers(0, 63)] * 3).map(
    lambda digits: digits[0] << 12 | digits[1] << 6 | digits[2]
)
"""Seeds of data, made of small digits, by which the seed of a check alone decides its cases.

Into larger ranges of integers Hypothesis mixes constants that it finds in the modules that happen
to be imported, and only in those that are not installed.
"""


def arrays(
    *, count: int, channels: int, families: Sequence[Family] = FAMILIES, exponents: int = 4
) -> st.SearchStrategy[Array]:
    """Arrays (count, channels) of float64, of one of some families of data.

    ``exponents`` bounds the power of two that scales them.  Raises ValueError for an unknown
    family, or for sizes below 1.
    """
    unknown = set(families) - set(FAMILIES) - set(UPSTREAM)
    if unknown or count < 1 or channels < 1 or exponents < 0:
        message = f"{count=}, {channels=}, {exponents=}, unknown families {sorted(unknown)}"
        raise ValueError(message)

    return _arrays(count, channels, list(families), exponents)


@st.composite
def _arrays(draw: Any, count: int, channels: int, families: list[Family], exponents: int) -> Array:
    """Those of `arrays`; defined once, since Hypothesis reads the source of each definition."""
    family = draw(st.sampled_from(families))
    if family == "drawn" and count * channels <= 16:
        grid = st.integers(-64, 64)
        flat = draw(st.lists(grid, min_size=count * channels, max_size=count * channels))
        return np.asarray(np.array(flat, np.float64).reshape(count, channels) / 16)
    seed = draw(SEEDS)
    power = draw(st.integers(-exponents, exponents)) if exponents else 0
    drawn = _family(family, count, channels, np.random.default_rng(seed))
    return np.asarray(drawn * 2.0**power)


def _family(name: Family, count: int, channels: int, rng: np.random.Generator) -> Array:
    normal = rng.normal(size=(count, channels))
    row = np.arange(count)[:, None] + np.zeros((count, channels))
    level = float(rng.choice([3.0, 10.0, 30.0, 100.0]))
    families: dict[Family, Callable[[], Array]] = {
        "drawn": lambda: normal,
        "normal": lambda: normal,
        "offset": lambda: normal + level,
        "two values": lambda: np.where(normal > 0, 1.0, 1 + 2.0**-6),
        "sorted": lambda: -np.sort(-np.abs(normal), axis=0),
        "outlier": lambda: np.where(row == count // 3, 50.0, normal),
        "alternating": lambda: 16 * (-1.0) ** row + normal / 64,
        "heavy tails": lambda: np.clip(rng.standard_cauchy((count, channels)), -1e3, 1e3),
        "constant": lambda: np.full((count, channels), level / 10),
        "mixed magnitudes": lambda: normal * 2.0 ** rng.integers(-10, 5, (count, channels)),
        "halves": lambda: np.where(row < count // 2, -1.0, 1.0) + normal / 8,
        "ones": lambda: np.ones((count, channels)),
        "sparse": lambda: np.where(row == int(level) % count, 1.0, 0.0),
        "like x": lambda: normal + 2 * np.sign(normal),
    }
    return families[name]()


SIDES = 8
"""One case in so many has sides that are drawn, each as likely to be 2 to 4 as to be 20 to 40."""


def _sides(rank: int) -> st.SearchStrategy[tuple[int, ...] | None]:
    """None, or a shape of a rank that is drawn from a seed; it shrinks to None."""
    return st.tuples(st.integers(0, SIDES - 1), SEEDS).map(
        lambda drawn: (
            drawn_shape(rank, np.random.default_rng(drawn[1])) if drawn[0] == SIDES - 1 else None
        )
    )


def _with_sides(build: Builder, case: Case, shape: tuple[int, ...]) -> Case:
    """The case, made as (N, C), in a shape with as many values; its channels repeat."""
    own = (shape[0], case.channels, *shape[2:])
    case = case.with_(x=from_columns(case.x, own), dy=from_columns(case.dy, own))
    return case if build.only_channels is not None else repeating(case, shape[1])


def cases(
    *,
    declaration: Declaration,
    dtype: str,
) -> st.SearchStrategy[Case]:
    """Cases for one declaration and dtype.

    Raises ValueError for a dtype that is not declared.
    """
    if dtype not in declaration.dtypes:
        message = f"{dtype=} is not declared; declared are {', '.join(declaration.dtypes)}"
        raise ValueError(message)
    weakest = CLASSES.index(declaration.accuracy_for(dtype))
    compiled = declaration.compiles_per_shape
    shapes = stock.SHAPES if compiled else SHAPES
    exponents = 3 if FORMATS[dtype].is_16_bit else (4 if weakest > 1 else 8)

    @st.composite
    def made(draw: Any) -> Case:
        count, channels = draw(st.sampled_from(shapes))
        eps, weight = draw(st.sampled_from(SETTINGS))
        rank = draw(st.sampled_from(list(declaration.ranks)))
        drawn = None if compiled else draw(_sides(rank))
        if drawn is not None:
            count, channels = math.prod(drawn) // drawn[1], distinct(drawn[1])
        x = draw(arrays(count=count, channels=channels, exponents=exponents))
        dy = draw(arrays(count=count, channels=channels, families=UPSTREAM, exponents=exponents))
        build = Builder(declaration, dtype, draw(SEEDS))
        case = build.case("searched", x, eps=eps, weight=weight, dy=dy, data_key="")
        if not declaration.fixes("shape"):
            case = to_rank(case, rank) if drawn is None else _with_sides(build, case, drawn)
        if declaration.keeps_strides is not False:
            usable = [n for n in LAYOUTS if n != "reversed" or declaration.keeps_strides is True]
            layouts: dict[Argument, Layout] = {}
            for name in WHOLE:
                layouts[name] = draw(st.sampled_from(usable))
            case = case.with_(layouts={k: v for k, v in layouts.items() if v != "C"})
        case = case.with_(calls=draw(st.sampled_from(PLANS)))
        case = stock.with_few_shapes(case) if compiled else case
        alone = draw(st.sampled_from([None, None, None, *ALONE])) if declaration.is_plain else None
        return case if alone is None else given(case, alone, draw(SEEDS))

    if declaration.virtual_batch is None:
        return made()
    return made().filter(lambda case: fitting(declaration, case))
