"""Whatever a file says: it is read, or refused with one clear line, and nothing of it is run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bnproof.known_failures.file import read
from bnproof.store.fields import StoreError
from bnproof.store.replay_file import Replay, dumps, loads

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
HOSTILE: tuple[Any, ...] = (
    "../../../etc/passwd",
    "__import__('os').system('false')",
    "x" * 100_000,
    "\x1b[31m\n\r\x00",
    "nan",
    "0x1p99999",
    10**30,
    -1,
    [2**62, 2**62],
    [-1],
    float("nan"),
    [[[[[]]]]],
    {},
    None,
    True,
)
IN_TOML = (
    '"../../../etc/passwd"',
    '""',
    '"\\u001b[31m"',
    "nan",
    "-1",
    "1e400",
    "9" * 5000,
    "[]",
    "[[[]]]",
    "{}",
    "true",
    "2020-01-01",
    "[4611686018427387904, 4611686018427387904]",
    "[-1]",
    '"' + "x" * 100_000 + '"',
    "12:00:00",
    "2020-01-01T00:00:00",
)
FEW = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def refused(reads: Callable[[], object]) -> None:
    """It reads something, or says in one line what is wrong."""
    try:
        reads()
    except StoreError as error:
        text = str(error)
        assert text.isprintable()
        assert len(text) < 600


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a tree of lists and tables."""
    if isinstance(tree, dict):
        return [path, *(p for key in tree for p in places(tree[key], (*path, key)))]
    if isinstance(tree, list):
        return [path, *(p for key in range(len(tree)) for p in places(tree[key], (*path, key)))]
    return [path]


def changed(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A tree with another value in one place."""
    if not path:
        return value
    copy = tree.copy()
    copy[path[0]] = changed(tree[path[0]], path[1:], value)
    return copy


@FEW
@given(share=st.floats(0, 0.999))
def test_truncated(replay: Replay, share: float) -> None:
    """Catches a half-written file that is taken for a whole one, or ends in a traceback."""
    text = dumps(replay)

    with pytest.raises(StoreError, match="truncated"):
        loads(text[: int(share * (len(text) - 2))], "a file")


@FEW
@given(data=st.data(), value=st.sampled_from(HOSTILE) | ANYTHING)
def test_one_place_changed(replay: Replay, data: st.DataObject, value: Any) -> None:
    """Catches a field that is believed, whatever it holds."""
    tree = json.loads(dumps(replay))
    path = data.draw(st.sampled_from(places(tree)))

    refused(lambda: loads(json.dumps(changed(tree, path, value)), "a file"))


@FEW
@given(text=st.text() | ANYTHING.map(json.dumps))
@example("[" * 100_000)
@example('{"a":' * 100_000)
@example("NaN")
@example("9" * 10_000)
def test_any_text(text: str) -> None:
    """Catches a text that no reader expects."""
    with pytest.raises(StoreError):
        loads(text, "a file")


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("schema",), 2, "schema version 2, and this bnproof reads version 1"),
        (("counterexample", "case", "x", "shape"), [2**20, 2**20], "at most 67108864 elements"),
        (("counterexample", "case", "x", "shape"), [0, 2**40], "at most 67108864 elements"),
        (("counterexample", "case", "x", "shape"), [-3, -2], "at most 5 sizes"),
        (("counterexample", "case", "x", "shape"), [4, 2], "6 values for a shape of 8"),
        (("counterexample", "case", "x", "strides"), [-800, 8], "unknown field 'strides'"),
        (("counterexample", "case", "x", "dtype"), "object", "due is one of float64"),
        (("counterexample", "case", "eps"), "nan", "due is a finite number"),
        (
            ("counterexample", "case", "calls"),
            "eval",
            "calls is 'eval'; due is a value that this version knows",
        ),
        (("counterexample", "case", "layouts"), {"x": "same as dy"}, "an earlier argument"),
        (
            ("counterexample", "case", "script"),
            [{"kind": "load", "layer": 0, "batch": "the batch", "number": 7}],
            "load 7 was not made",
        ),
        (("property",), "forward/nothing", "due is a value that this version knows"),
        (("surprise",), 1, "unknown field 'surprise'"),
        (("variant",), "two\nlines", "one line"),
    ],
)
def test_said_what_is_wrong(replay: Replay, path: tuple[str, ...], value: Any, said: str) -> None:
    """Catches an error that does not say which field, what it holds and what is due."""
    tree = json.loads(dumps(replay))
    inside = tree
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value

    with pytest.raises(StoreError) as refusal:
        loads(json.dumps(tree), "a file")
    assert said in str(refusal.value)


# --- known failures -------------------------------------------------------------------------------


@FEW
@given(data=st.data(), value=st.sampled_from(IN_TOML))
def test_known_failures_changed(
    known_text: str, tmp_path: Path, data: st.DataObject, value: str
) -> None:
    """Catches a field of a known failure that is believed, whatever it holds."""
    lines = known_text.splitlines()
    fields = [number for number, line in enumerate(lines) if " = " in line]
    number = data.draw(st.sampled_from(fields))
    lines[number] = f"{lines[number].split(' = ')[0]} = {value}"
    file = tmp_path / "known.toml"
    file.write_text("\n".join(lines), encoding="utf-8")

    refused(lambda: read(file))


@FEW
@given(share=st.floats(0, 1))
def test_known_failures_truncated(known_text: str, tmp_path: Path, share: float) -> None:
    """Catches a truncated file that ends in a traceback."""
    file = tmp_path / "known.toml"
    file.write_text(known_text[: int(share * len(known_text))], encoding="utf-8")

    refused(lambda: read(file))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "schema is missing"),
        ("schema = 2", "schema is 2"),
        ("schema = 1\nentry = 3", "unknown field 'entry'"),
        ("schema = 1\nknown = 3", "due is a list of tables"),
        ("a = " + "[" * 50_000, "nested too deeply"),
        ("a = " + "{a=" * 50_000, "nested too deeply"),
        ("not toml", "no TOML"),
        ("schema = 1\n[[known]]\nproperty = 'forward/agrement'", "did you mean forward/agreement"),
    ],
)
def test_known_failures_said(tmp_path: Path, text: str, said: str) -> None:
    """Catches an error that does not say what is wrong."""
    file = tmp_path / "known.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(StoreError) as refusal:
        read(file)
    assert said in str(refusal.value)


def test_not_text(tmp_path: Path) -> None:
    """Catches bytes, folders and absent files that end in a traceback."""
    file = tmp_path / "known.toml"
    file.write_bytes(b"\xff\xfe\x00")

    for path, said in ((file, "no UTF-8"), (tmp_path, "no file"), (tmp_path / "no", "No such")):
        with pytest.raises(StoreError, match=said):
            read(path)
