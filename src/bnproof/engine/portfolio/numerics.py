"""Where algorithms differ in accuracy: offsets, stagnating sums, exact data, extreme magnitudes."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.model.case import Case, Plan
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.portfolio.exact_data import exact_data


def cases(build: Builder) -> Iterator[Case]:
    """Cases of the numerics, in every rank."""
    for case in (*_accuracy(build), *_exact(build), *_constant(build), *_magnitudes(build)):
        yield from build.every_rank(case)


def _accuracy(build: Builder) -> Iterator[Case]:
    u = build.format.compute.u
    if build.wide:
        data = build.ordinary(32, 4)
        offset = 1.05 / np.sqrt(len(data) * u)
        yield build.case("offset 1/sqrt(N u)", offset + data, eps=2.0**-16)
        yield build.case("offset 1000", 1000 + build.ordinary(64, 3), eps=2.0**-10)
        offset = 0.3 / np.sqrt(3 * u)
        yield build.case("offset, three values", offset + build.normal(3, 4), eps=2.0**-16)
    else:
        yield build.case("offset 16", 16 + build.ordinary(32, 4), eps=2.0**-10)
        yield build.case("offset 300", 300 + 2 * build.ordinary(256, 2))
        yield build.case("std 300: var beyond 65504", 300 * build.ordinary(64, 2))
        yield build.case("std 300, three values", 300 * build.normal(3, 4))
    least = 2.0 ** (-14 if build.dtype == "float16" else -24)
    rows = np.arange(build.rows(4096))[:, None]
    stagnating = np.where(rows == 0, 1.0, least) * np.ones((1, build.columns(2)))
    yield build.case("a sum that stagnates", stagnating, eps=2.0**-16, calls="short")
    ones = 1 + np.abs(build.ordinary(3000, 2))
    yield build.case("many positive values", ones, dy=ones, calls="short")
    far = [100.0, -1000.0, 30.0, 7.0]
    x = 4 * build.ordinary(16, 4)
    yield build.case("inference far from zero", x, eps=2.0**-10, running_mean=far)


def _exact(build: Builder) -> Iterator[Case]:
    """All outputs representable; a large odd mean leaves two-pass exact and ruins one-pass.

    With N / (N - 1) in the normalisation they are not, so that no exact bits are expected.
    """
    if build.declaration.fixes("eps", "shape"):
        return
    large = {"float32": 4097, "float64": 2**26 + 1, "bfloat16": 127, "float16": 1021}
    wanted = [(4, None), (256, None), (256, large[build.dtype]), (1024, large[build.dtype])]
    wanted.append((4096, None))
    for count, mean in dict.fromkeys((build.power_of_two(n), mean) for n, mean in wanted):
        channels = build.columns(3 if count < 4096 else 2)
        data = exact_data(count, channels, build.rng, mean=mean)
        what = "" if mean is None else ", large mean"
        calls: Plan = "full" if count < 1024 else "short"
        made = build.case(
            f"exact {count}{what}",
            data.x,
            dy=data.dy,
            gamma=data.gamma,
            beta=data.beta,
            eps=data.eps,
            running_mean=0.0,
            running_var=1.0,
            calls=calls,
            tags=frozenset() if build.declaration.normalises_unbiased else frozenset({Tag.EXACT}),
        )
        yield made


def _constant(build: Builder) -> Iterator[Case]:
    values = [[300.3, 0.1, 1234.5, 0.0]]
    constant = frozenset({Tag.CONSTANT})
    for count in map(build.rows, (2, 37, 64)):
        made = build.case(
            f"constant, {count} values", np.tile(values, (count, 1)), eps=2.0**-16, tags=constant
        )
        yield made
    few = np.tile([[300.3, 0.7]], (build.rows(37), build.columns(2) // 2))
    name = f"constant {'x'.join(map(str, few.shape))}"
    yield build.case(name, few, eps=1e-3, tags=constant)
    step = 2.0 ** (-17 if build.wide else -9 if build.dtype == "float16" else -6)
    nearly = 1 + step * np.sign(build.ordinary(32, 3))
    yield build.case("nearly constant", nearly, eps=2.0 ** (-40 if build.wide else -20))
    rows = np.arange(build.rows(33))[:, None]
    one_off = np.where(rows == 7, 2.0, 1.0) * np.ones((1, build.columns(3)))
    yield build.case("all but one constant", one_off, eps=2.0**-10)


def _magnitudes(build: Builder) -> Iterator[Case]:
    """Magnitudes of x, one at a time; eps goes along or stays."""
    exponents = {
        "float32": (60, 40, 20, -20, -40, -60),
        "float64": (400, 200, 60, -60, -200, -400),
        "bfloat16": (60, 40, 20, -20, -40, -60),
        "float16": (12, 8, -6, -10),
    }[build.dtype]
    for e in exponents:
        yield build.case(
            f"magnitude 2^{e}, eps along",
            2.0**e * build.ordinary(16, 3),
            eps=max(4.0**e / 2, 2.0**-120),
            running_var=_clipped(build, 4.0**e),
            running_mean=0.0,
        )
        yield build.case(f"magnitude 2^{e}", 2.0**e * build.ordinary(6, 3), eps=2.0**-10)
    top = build.format.max / 64
    rows = np.arange(build.rows(6))[:, None]
    signs = np.where(rows % 2 == 0, 1.0, -1.0) * np.ones((1, build.columns(2)))
    yield build.case("half the range, both signs", top * signs * 16)
    least = build.format.sub * 8
    tiny = least * build.rng.integers(-8, 9, (build.rows(12), build.columns(3)))
    yield build.case("subnormal x", tiny, eps=2.0**-20)
    # what is added would hide that x was flushed
    yield build.case("subnormal x, nothing added", tiny, eps=2.0**-20, beta=0.0, running_mean=0.0)
    yield build.case(
        "running variance tiny and huge",
        build.ordinary(6, 3),
        running_var=[2.0**-30, 2.0**-13, 2.0**17],
        eps=2.0**-16,
    )
    yield build.case(
        "running mean large",
        build.ordinary(6, 3),
        running_mean=[60000.0, -300.0, 0.0],
        running_var=1.0,
    )


def _clipped(build: Builder, value: float) -> float:
    return float(min(max(value, build.parameters.tiny), build.parameters.max / 8))
