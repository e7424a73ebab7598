"""What ``bnproof replay`` runs again: a violation, with all that it takes, as a JSON text."""

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NoReturn

from bnproof.engine.judging.counterexample import Counterexample
from bnproof.engine.model.verdict import PROFILES, Profile
from bnproof.properties.catalogue import PROPERTIES
from bnproof.recognition.recognised import Part
from bnproof.store.cases import counterexample_table, read_counterexample
from bnproof.store.fields import Fields, StoreError
from bnproof.targets.declarations import DeclarationError, outside_of
from bnproof.targets.outside import Outside

SCHEMA = 1
PROPERTY_IDS = tuple(p.id for p in PROPERTIES)
FIELDS = (
    "schema",
    "target",
    "folder",
    "variant",
    "property",
    "dtype",
    "output",
    "detail",
    "profile",
    "seed",
    "declare",
    "without",
    "counterexample",
)
MOST_SEED = 2**128


@dataclass(frozen=True, eq=False)
class Replay:
    """A violation that can be run again.

    Attributes:
        target, folder: as it was given, and where.
        variant: name of the implementation, among those that the target stands for.
        property, dtype, output: what was violated.
        detail: what was found, in one line.
        profile, seed: of the run, whose other cases may have been needed.
        counterexample: the cases.
        outside: what was declared of the target, or found by probing it.
    """

    target: str
    folder: str
    variant: str
    property: str
    dtype: str
    output: str
    detail: str
    profile: Profile
    seed: int
    counterexample: Counterexample
    outside: Outside = field(default_factory=Outside)

    def id(self) -> str:
        """Eight letters and digits that follow from target, case, property and dtype."""
        content = [self.target, self.variant, self.property, self.dtype]
        table = counterexample_table(self.counterexample)
        declared = [_plain(self.outside.declared), *self.outside.without]
        said = [declared] if any(declared) else []
        text = json.dumps([*content, table, *said], sort_keys=True)
        digest = blake2b(text.encode(), digest_size=5).digest()
        return base64.b32encode(digest).decode("ascii").lower()


def dumps(replay: Replay) -> str:
    """The text of a file."""
    made: dict[str, Any] = {"schema": SCHEMA}
    for name in FIELDS[1:-3]:
        value = getattr(replay, name)
        made[name] = _one_line(value) if isinstance(value, str) else value
    made["declare"] = _plain(replay.outside.declared)
    made["without"] = list(replay.outside.without)
    made["counterexample"] = counterexample_table(replay.counterexample)
    return json.dumps(made, indent=1, allow_nan=False) + "\n"


def loads(text: str, where: str) -> Replay:
    """A replay from the text of a file; StoreError, in one line, for anything else."""
    fields = Fields(_parsed(text, where), where)
    schema = fields.whole("schema", 0, 2**31)
    if schema != SCHEMA:
        raise StoreError(
            f"{where} is of schema version {schema}, and this bnproof reads version {SCHEMA}; "
            "check the target again to save it anew"
        )
    fields.only(FIELDS)
    found = read_counterexample(fields.table("counterexample"))
    dtype = fields.dtype()
    if found.case.dtype != dtype:
        raise fields.wrong("dtype", found.case.dtype)
    return Replay(
        target=fields.text("target"),
        folder=fields.text("folder"),
        variant=fields.text("variant"),
        property=fields.one_of("property", PROPERTY_IDS),
        dtype=dtype,
        output=fields.text("output"),
        detail=fields.text("detail"),
        profile=fields.one_of("profile", PROFILES),
        seed=fields.whole("seed", 0, MOST_SEED),
        counterexample=found,
        outside=_outside(fields),
    )


def _outside(fields: Fields) -> Outside:
    """What was declared; files of earlier versions have none."""
    try:
        declared = fields.table("declare").raw() if "declare" in fields else {}
        return outside_of(declared, fields.texts("without", len(Part)))
    except DeclarationError as error:
        raise StoreError(f"{fields.where}: {str(error)[:200]}") from None


def _plain(value: Any) -> Any:
    """A declared value in the types of JSON; a range with an infinite end as a text.

    >>> _plain({"accepts": {"eps": (0.5, float("inf")), "momentum": (0.0, 1.0)}})
    {'accepts': {'eps': '0.5..inf', 'momentum': [0.0, 1.0]}}
    """
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if not isinstance(value, (list, tuple)):
        return value
    if any(isinstance(each, float) and math.isinf(each) for each in value):
        return "..".join(map(str, value))
    return [_plain(each) for each in value]


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise StoreError(f"{where} is nested too deeply to be read") from None
    except ValueError as error:
        said = " ".join(str(error).split())[:100]
        raise StoreError(f"{where} is truncated or no JSON: {said}") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _one_line(text: str) -> str:
    """A text as `Fields.text` takes it: what targets say may hold anything."""
    return "".join(sign if sign.isprintable() else " " for sign in text)[:2000]
