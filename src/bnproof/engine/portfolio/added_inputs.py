"""An input added to y before its activation, for targets that declare to take one."""

from collections.abc import Iterator

from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.layouts import Alias
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import SMALL_EPS, Builder, to_rank

LARGE = (6007, 20)
SHAPES = {2: (12, 5), 3: (4, 5, 6), 4: (4, 6, 3, 5), 5: (2, 5, 3, 2, 4)}


def cases(build: Builder) -> Iterator[Case]:
    """Added inputs of ordinary size, small, large, equal to x, and opposite to y."""
    if not build.declaration.residual or build.declaration.fixes("shape"):
        return
    for rank in build.ranks():
        base = build.case("added", build.normal(*SHAPES[rank]), eps=SMALL_EPS)
        added: dict[str, Array] = {
            "of ordinary size": build.normal(*base.x.shape),
            "small": build.normal(*base.x.shape) / 256,
            "large": 64 * build.normal(*base.x.shape),
            "equal to x": base.x.astype(float),
            "opposite to x": -base.x.astype(float),
        }
        for what, values in added.items():
            residual = build.format.round(values)
            name = f"added input {what}, rank {rank}"
            made = base.with_(name=name, residual=residual, data_key=name)
            same = what == "equal to x"
            yield made.with_(layouts={"residual": Alias("x")}) if same else made


def large(build: Builder) -> Iterator[Case]:
    """More than 10^5 elements, in one rank and one dtype."""
    declaration = build.declaration
    if not declaration.residual or declaration.fixes("shape", "channels") or build.compiled:
        return
    if build.in_turn(0):
        tags = frozenset({Tag.LARGE})
        case = build.case(
            "added input large", build.normal(*LARGE), eps=SMALL_EPS, calls="short", tags=tags
        )
        made = to_rank(case, declaration.ranks[-1])
        yield made.with_(residual=build.format.round(build.normal(*made.x.shape)))
