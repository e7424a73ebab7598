"""The table of libraries and a translation, as text."""

from bnproof.conventions.libraries.entry import Library
from bnproof.conventions.libraries.table import LIBRARIES
from bnproof.conventions.libraries.translate import Translation
from bnproof.report.lines import wrapped

HEAD = ("library", "momentum", "weighs", "eps", "running variance", "channel axis", "starts from")


def row(library: Library) -> tuple[str, ...]:
    """One library's conventions, in the order of `HEAD`.

    >>> row(LIBRARIES["torch"])
    ('torch', 'momentum=0.1', 'new', 'eps=1e-5', 'unbiased', '1', '1')
    """
    momentum, eps = library.momentum, library.eps
    weighs = momentum.weighs or "unknown"
    return (
        library.id,
        f"{momentum.argument}={momentum.default or '?'}",
        f"{weighs}, debiased" if momentum.debiased else weighs,
        f"{eps.argument}={eps.default or '?'}",
        library.running_variance or "see note",
        f"{library.axis.default or 'see note'}"
        + (f", {library.axis.argument}=" if library.axis.argument else ""),
        library.initial_variance or "?",
    )


def table() -> str:
    """All libraries, one line each, in columns."""
    rows = [HEAD, *(row(library) for library in LIBRARIES.values())]
    widths = [max(len(each[column]) for each in rows) for column in range(len(HEAD))]
    lines = ["  ".join(f"{c:{w}}" for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]
    return "\n".join([*lines, "", *_legend(), ""])


def _legend() -> list[str]:
    return [
        "weighs: the term of the running average that momentum multiplies; debiased: divided by",
        "the weights seen so far. starts from: the first running variance. ?: none, or unknown.",
        "All normalise by the biased variance, with eps added to it inside the root.",
        "Sources and notes: bnproof translate --list --format md",
    ]


def page() -> str:
    """The table with sources and notes, in Markdown."""
    lines = [
        "# Conventions of batch normalization",
        "",
        "What `bnproof translate` and `bnproof identify` know of libraries; written by",
        "`bnproof translate --list --format md`. *weighs* is the term of the running average that",
        "momentum multiplies, *starts from* the first running variance, ? a setting without",
        "default, or what is not known. All normalise by the biased variance, with eps added to it",
        "inside the root.",
        "",
        _cells(HEAD),
        _cells(["---"] * len(HEAD)),
        *(_cells(row(library)) for library in LIBRARIES.values()),
        "",
        "## Sources and notes",
    ]
    for library in LIBRARIES.values():
        lines += ["", f"**{library.id}**: {library.name}.", *_details(library)]
    return "\n".join(lines) + "\n"


def _cells(texts: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _details(library: Library) -> list[str]:
    """Sources, facts of one source together; limits; notes."""
    by_source: dict[str, list[str]] = {}
    for fact in library.sources:
        by_source.setdefault(library.sources[fact], []).append(fact.replace("_", " "))
    told = [
        f"- {source}" + ("" if len(facts) == len(library.sources) else f" ({', '.join(facts)})")
        for source, facts in by_source.items()
    ]
    if library.eps.minimum:
        told.append(f"- a smaller eps than {library.eps.minimum} is {library.eps.below}")
    if library.momentum.cumulative:
        told.append(f"- average over all batches so far: `{library.momentum.cumulative}`")
    return told + ([f"- {library.note}"] if library.note else [])


def translation(made: Translation) -> str:
    """The line to write, how each setting came about, and what has no counterpart."""
    lines = [made.line or f"nothing to set in {made.target.id}", ""]
    width = max(len(what) for what, _ in (*made.steps, *made.lost)) + 2
    for what, how in made.steps:
        lines += [t.plain for t in wrapped(how, " " * (width + 2), f"  {what:{width}}")]
    if made.lost:
        lines += ["", "not converted"]
    for what, why in made.lost:
        lines += [t.plain for t in wrapped(why, " " * (width + 2), f"  {what:{width}}")]
    return "\n".join(lines) + "\n"
