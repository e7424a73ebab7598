"""The kill table as text, as JSON, and as a page."""

import json
from collections import Counter

from bnproof.mutants.catalogue import mutant_of
from bnproof.mutants.variants.catalogue import COMBINED, SINGLE, UNKNOWN
from bnproof.selftest.kill_table import KillTable, Row
from bnproof.selftest.named_causes import NamingTable


def text(table: KillTable) -> list[str]:
    """A line per property with how many mutants it rejects, what is wrong, and the totals."""
    kills = Counter(name for row in table.mutants for name in row.failed)
    alone = Counter(row.failed[0] for row in table.mutants if len(row.failed) == 1)
    width = max(map(len, table.properties))
    lines = [f"{'property':<{width}}  mutants rejected   by it alone"]
    lines += [f"{name:<{width}}  {kills[name]:>16}  {alone[name]:>12}" for name in table.properties]
    lines.append("")
    for what, ids in problems(table):
        lines += [f"{what}: {', '.join(ids)}"]
    if table.naming.rows:
        lines.append(_named(table.naming))
    killed, distinct = table.distinct
    accepted = len(table.controls) - len(table.rejected_controls)
    lines.append(
        f"{killed} of {distinct} distinct mistakes rejected ({len(table.mutants)} mutants with all "
        f"grades), {accepted} of {len(table.controls)} right "
        f"implementations accepted, profile {table.profile}"
    )
    return lines


def _named(naming: NamingTable) -> str:
    """How well causes are named, in a sentence."""
    counts = [len(naming.of(variants)) for variants in (SINGLE, COMBINED, UNKNOWN)]
    return (
        f"causes: right for {naming.single:.0%} of {counts[0]} single mistakes written without "
        f"the library, {naming.mean_named:.1f} named on average; one of {naming.combined:.0%} and "
        f"both of {naming.both:.0%} of {counts[1]} pairs; something for {naming.misnamed:.0%} of "
        f"{counts[2]} mistakes that it does not have"
    )


def problems(table: KillTable) -> list[tuple[str, tuple[str, ...]]]:
    """What is wrong with the suite, in words, with the ids concerned."""
    idle = table.idle if table.controls else ()  # some mutants alone leave most idle
    found = [
        ("survive", table.survivors),
        ("right, but rejected", table.rejected_controls),
        ("properties that reject no mutant", idle),
        ("fewer cases ran than promised", table.incomplete),
        ("theorems of behaviour without a property", table.untested),
        ("causes not named, or misnamed", table.naming.wrong),
    ]
    return [(what, ids) for what, ids in found if ids]


def as_json(table: KillTable) -> str:
    """All rows, and what is wrong."""
    killed, distinct = table.distinct
    told = {
        "schema": 1,
        "profile": table.profile,
        "strong": table.strong,
        "killed": killed,
        "distinct": distinct,
        "problems": {what: list(ids) for what, ids in problems(table)},
        "causes": _causes(table.naming),
        "mutants": [_row(row) for row in table.mutants],
        "controls": [_row(row) for row in table.controls],
    }
    return json.dumps(told, indent=1) + "\n"


def _causes(naming: NamingTable) -> dict[str, object]:
    """The shares, and what was named for each variant."""
    rows = [
        {"id": r.id, "true": list(map(list, r.true)), "named": list(r.named)} for r in naming.rows
    ]
    return {
        "single": naming.single,
        "mean_named": naming.mean_named,
        "one_of_two": naming.combined,
        "both_of_two": naming.both,
        "misnamed": naming.misnamed,
        "variants": rows,
    }


def _row(row: Row) -> dict[str, object]:
    return {"id": row.id, "counts_as": row.group, "failed": list(row.failed)}


def page(table: KillTable) -> str:
    """The table as one static page; needs the extra ``html``."""
    from bnproof.report.page import environment, look  # noqa: PLC0415  # jinja2 is an extra

    template = environment("bnproof.selftest").get_template("table.html.jinja")
    rows = [(row, mutant_of(row.id)) for row in table.mutants]
    return template.render(
        table=table,
        rows=rows,
        problems=problems(table),
        summary=text(table)[-2 if table.naming.rows else -1 :],
        look=look(),
    )
