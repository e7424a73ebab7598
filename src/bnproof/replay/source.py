"""A script's source text, out of calls and what they should have given.

Whatever comes from a file or from a target is written as a number, as a quoted text, or in a
comment of one line, so that none of it can become code.
"""

import keyword
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bnproof.properties.formats import Array
from bnproof.replay.expectations import (
    Expectation,
    Form,
    Raises,
    Returns,
    SameBits,
    Unchanged,
    Values,
)
from bnproof.replay.parts import ARRAY, COMPARE, END, LAID_OUT, PACKED
from bnproof.replay.transcript import Call, Given
from bnproof.run.target import Target
from bnproof.store.arrays import to_table

WIDTH = 96
NEGLIGIBLE = 2.0**-20  # of the bound: what is due is then one float64
RETURNED = {
    "train": ("y", "new_mean", "new_var", "backward"),
    "infer": ("y", "new_mean", "new_var", "backward"),
    "backward": ("dx", "dgamma", "dbeta"),
    "double": ("ddy", "double_dx", "double_dgamma"),
    "layer": ("layer",),
    "state": ("state",),
}
RESULT = {
    "running_mean": "new_mean",
    "running_var": "new_var",
    "dx of double backward": "double_dx",
    "dgamma of double backward": "double_dgamma",
}


class NoScript(Exception):  # noqa: N818  # a limit of scripts, not a mistake
    """No script can show this; the message says why in one line."""


@dataclass
class Source:
    """Collects the lines of a script.

    Attributes:
        target: what is imported.
        standalone: text that stands for the adapter, "" for an object of the contract.
        folder: of the script, which the target's file is found from; None for an absolute path.
        dtype: of x, where it is not the one in the transcript: torch is given bfloat16 as float32.
    """

    target: Target
    standalone: str
    folder: Path | None
    dtypes: dict[str, str] = field(default_factory=dict)
    _inputs: list[str] = field(default_factory=list)
    _calls: list[str] = field(default_factory=list)
    _checks: list[str] = field(default_factory=list)
    _objects: dict[int, str] = field(default_factory=dict)
    _held: dict[str, bytes] = field(default_factory=dict)
    _values: dict[tuple[Any, ...], str] = field(default_factory=dict)
    _names: dict[str, int] = field(default_factory=dict)
    _returned: dict[int, dict[str, str]] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def text(
        self, comment: Sequence[str], calls: Sequence[Call], due: Sequence[Expectation]
    ) -> str:
        """The whole script."""
        raising = {e.call.number for e in due if isinstance(e, Raises)}
        for call in calls:
            self._call(call, raising=call.number in raising, due=due)
        for expectation in due:
            self._checks += self._check(expectation)
        functions = {"array": ARRAY, "packed": PACKED, "laid_out": LAID_OUT}
        helpers = [text for name, text in functions.items() if name in self._used]
        parts = [
            "\n".join(f"# {line}".rstrip() for line in comment),
            "\n".join(self._imports()),
            *(part.strip("\n") for part in (*helpers, COMPARE)),
            self._implementation(),
            "\n".join(self._inputs),
            "# the calls\n" + "\n".join(self._calls),
            "# what is due\n" + "\n".join(self._checks),
        ]
        return "\n\n\n".join(part.rstrip("\n") for part in parts if part) + "\n" + END

    # --- imports ----------------------------------------------------------------------------------

    def _imports(self) -> list[str]:
        modules = {"sys"}
        if self.target.is_file and self.folder is not None:
            modules.add("os")
        if "packed" in self._used:
            modules.add("base64")
        if "copy." in self.standalone:
            modules.add("copy")
        lines = [f"import {name}" for name in sorted(modules)]
        lines += ["", "import numpy as np"]
        if "torch." in self.standalone:
            lines.append("import torch")
        if "bfloat16" in self._used:
            lines.append("from ml_dtypes import bfloat16  # NumPy has none of its own")
        return [*lines, "", *self._target()]

    def _target(self) -> list[str]:
        names = [attribute.split(".")[0] for attribute in self.target.attributes]
        parts = [p for a in self.target.attributes for p in a.split(".")]
        if self.target.text == "reference":
            return ["from bnproof.reference import BatchNorm", "", "TARGET = BatchNorm"]
        if any(keyword.iskeyword(part) or not part.isidentifier() for part in parts):
            raise NoScript(f"{self.target.text!r} is no name that can be imported")
        lines = self._file() if self.target.is_file else self._module()
        held = ", ".join(self.target.attributes)
        tuple_ = f"({held})" if len(names) > 1 else held
        own = ", ".join(dict.fromkeys(names))
        return [*lines[:-1], lines[-1].format(names=own), "", f"TARGET = {tuple_}"]

    def _module(self) -> list[str]:
        parts = self.target.place.split(".")
        if any(keyword.iskeyword(part) or not part.isidentifier() for part in parts):
            raise NoScript(f"{self.target.place!r} is no module that can be imported")
        return [f"from {self.target.place} import {{names}}"]

    def _file(self) -> list[str]:
        path = self.target.path.resolve()
        taken = path.stem in sys.stdlib_module_names or path.stem in ("numpy", "torch", "ml_dtypes")
        if not path.stem.isidentifier() or keyword.iskeyword(path.stem) or taken:
            raise NoScript(f"a file named {path.name} cannot be imported by its name")
        where = _quoted(str(path.parent))
        if self.folder is not None:
            relative = os.path.relpath(path.parent, self.folder.resolve())
            own = "os.path.dirname(os.path.abspath(__file__))"
            where = own if relative == "." else f"os.path.join({own}, {_quoted(relative)})"
            return [
                f"sys.path.insert(0, {where})",
                f"from {path.stem} import {{names}}",
            ]
        return [f"sys.path.insert(0, {where})", f"from {path.stem} import {{names}}"]

    def _implementation(self) -> str:
        if self.standalone:
            return self.standalone.strip("\n")
        return "IMPLEMENTATION = TARGET() if isinstance(TARGET, type) else TARGET"

    # --- calls ------------------------------------------------------------------------------------

    def _call(self, call: Call, *, raising: bool, due: Sequence[Expectation]) -> None:
        owner = self._owner(call)
        copied = call.owner >= 0 and call.method not in ("backward", "double")
        if call.method == "double" and self.standalone:
            raise NoScript("the adapter's double backward is no part of scripts")
        arguments = [self._argument(a, copied=copied) for a in call.arguments]
        settings = [f"{_name(n)}={_literal(v)}" for n, v in call.settings.items()]
        self._calls += self._kept_arguments(call, due)
        if raising:
            made = _call_lines(f"{owner}(", [*arguments, *settings])
            self._calls += ["try:", *(f"    {line}" for line in made), "except Exception as error:"]
            self._calls += ['    print("raised", type(error).__name__)', "else:"]
            self._calls += ['    fail("it returned, where an error is due")']
            return
        names = self._results(call)
        head = f"{', '.join(names)} = {owner}(" if names else f"{owner}("
        self._calls += _call_lines(head, [*arguments, *settings])
        self._calls += self._kept_results(call, due)

    def _owner(self, call: Call) -> str:
        if call.owner < 0:
            return f"IMPLEMENTATION.{call.method}"
        if call.method in ("backward", "double"):
            backward = self._returned[call.owner]["backward"]
            return backward if call.method == "backward" else f"{backward}.double"
        return f"{self._returned[call.owner]['layer']}.{call.method}"

    def _results(self, call: Call) -> list[str]:
        """Names for what a call returns, the same for all of it: y_2, new_mean_2, ..."""
        names = RETURNED.get(call.method, ())
        if call.owner >= 0 and call.method in ("train", "infer"):
            names = ("y", "backward")
        if not names:
            return []
        number = max(self._names.get(name, 0) for name in names) + 1
        self._names |= dict.fromkeys(names, number)
        made = [name if number == 1 else f"{name}_{number}" for name in names]
        self._returned[call.number] = dict(zip(names, made, strict=True))
        return made

    def _result(self, call: Call, output: str) -> str:
        held = self._returned[call.number]
        if "state" in held:
            return f"{held['state']}[{_quoted(output)}]"
        return held[RESULT.get(output, output)]

    def _argument(self, value: Any, *, copied: bool) -> str:
        if isinstance(value, dict):
            pairs = ((k, self._argument(_named(k, v), copied=copied)) for k, v in value.items())
            return "{\n" + "".join(f"    {_quoted(str(k))}: {v},\n" for k, v in pairs) + "}"
        if not isinstance(value, Given):
            return _literal(value)
        return f"{self._content(value)}.copy()" if copied else self._object(value)

    def _content(self, given: Given) -> str:
        """The name of an array with these values, whichever object it was."""
        key = given.values.dtype.name, given.values.shape, given.values.tobytes()
        if key not in self._values:
            self._values[key] = self._new(given.name)
            self._inputs += self._made(self._values[key], given.values, None)
        return self._values[key]

    def _object(self, given: Given) -> str:
        """The name of the very array that was given, filled anew where it held something else."""
        content = given.values.tobytes()
        if given.object not in self._objects:
            name = self._objects[given.object] = self._new(given.name)
            plain = given.strides == given.values.strides
            self._inputs += self._made(name, given.values, None if plain else given.strides)
        name = self._objects[given.object]
        if self._held.setdefault(name, content) != content:
            self._calls += self._made(f"{name}[...]", given.values, None)
            self._held[name] = content
        return name

    def _new(self, name: str) -> str:
        name = name if name.isidentifier() and name.isascii() else "array"
        self._names[f"input {name}"] = number = self._names.get(f"input {name}", 0) + 1
        return f"{name}_in" if number == 1 else f"{name}_in_{number}"

    def _made(self, name: str, values: Array, strides: tuple[int, ...] | None) -> list[str]:
        """Lines that give an array to a name."""
        table = to_table(values)
        dtype = self.dtypes.get(table["dtype"], table["dtype"])
        if dtype != table["dtype"]:
            table = to_table(values.astype(dtype))
        kind = "bfloat16" if dtype == "bfloat16" else _quoted(dtype)
        function = "packed" if "base64" in table else "array"
        self._used |= {function, kind}
        text = table.get("values", table.get("base64", ""))
        head = f"{name} = {function}({kind}, {tuple(table['shape'])}, "
        if len(head) + len(text) + 3 <= WIDTH:
            lines = [f"{head}{_quoted(text)})"]
        else:
            lines = [f"{name} = {function}(", f"    {kind},", f"    {tuple(table['shape'])},"]
            lines += [*(f"    {_quoted(line)}" for line in _cut(text)), ")"]
        if strides is not None:
            self._used.add("laid_out")
            lines.append(f"{name} = laid_out({name}, {strides})")
        return lines

    # --- what is due ------------------------------------------------------------------------------

    def _kept_arguments(self, call: Call, due: Sequence[Expectation]) -> Iterator[str]:
        for e in due:
            if isinstance(e, Unchanged) and not e.is_result and e.call.number == call.number:
                for given in call.arguments:
                    if isinstance(given, Given) and given.name == e.what:
                        yield f"before = {self._objects[given.object]}.tobytes()"

    def _kept_results(self, call: Call, due: Sequence[Expectation]) -> Iterator[str]:
        for e in due:
            if isinstance(e, Unchanged) and e.is_result and e.call.number == call.number:
                yield f"before = {self._result(call, e.what)}.tobytes()"

    def _check(self, e: Expectation) -> list[str]:
        if isinstance(e, Returns | Raises):
            return []
        if isinstance(e, Values):
            return self._values_check(e)
        if isinstance(e, Form):
            got = self._result(e.call, e.output)
            dtype = self.dtypes.get(e.dtype, e.dtype)
            return [
                f"form = (np.asarray({got}).dtype.name, np.shape({got}))",
                f"if form != ({_quoted(dtype)}, {e.shape}):",
                f'    fail(f"{e.output}: dtype and shape {{form}}, due {e.dtype} {e.shape}")',
            ]
        if isinstance(e, SameBits):
            first, second = self._result(e.call, e.output), self._result(e.other, e.output)
            told = f"{e.output}: the same call gave other bits"
            return [
                f"if np.asarray({first}).tobytes() != np.asarray({second}).tobytes():",
                f"    fail({_quoted(told)})",
            ]
        what = self._watched(e)
        told = f"{e.what} was changed"
        return [f"if {what}.tobytes() != before:", f"    fail({_quoted(told)})"]

    def _watched(self, e: Unchanged) -> str:
        if e.is_result:
            return self._result(e.call, e.what)
        names = [
            self._objects[g.object]
            for g in e.call.arguments
            if isinstance(g, Given) and g.name == e.what
        ]
        if not names:
            raise NoScript(f"{e.what} is no argument of the first call")
        return names[0]

    def _values_check(self, e: Values) -> list[str]:
        got = self._result(e.call, e.output)
        said = RESULT.get(e.output, e.output)
        name = f"want_{said}"
        with np.errstate(all="ignore"):
            low = bool((np.abs(e.low) > NEGLIGIBLE * e.bound).any())
        lines = self._made(name, e.want, None)
        lines += self._made(f"bound_{said}", e.bound, None)
        if low:
            lines += self._made(f"low_{said}", e.low, None)
        end = f", low_{said}" if low else ""
        return [*lines, f"compare({_quoted(e.output)}, {got}, {name}, bound_{said}{end})"]


def _call_lines(head: str, arguments: Sequence[str]) -> list[str]:
    """A call in one line, or with a line for each argument."""
    line = f"{head}{', '.join(arguments)})"
    if len(line) <= WIDTH or "\n" in line:
        return [line]
    return [head, *(f"    {argument}," for argument in arguments), ")"]


def _cut(text: str) -> Iterator[str]:
    """A long text in pieces, at blanks where it has some, that give it again side by side."""
    width = WIDTH - 8
    if " " not in text:
        yield from (text[at : at + width] for at in range(0, len(text), width))
        return
    piece = ""
    for word in text.split(" "):
        if piece and len(piece) + len(word) + 1 > width:
            yield piece
            piece = ""
        piece += f"{word} "
    yield piece.rstrip()


def _quoted(text: str) -> str:
    """A text as Python writes it, in double quotes where it can be."""
    if text.isascii() and text.isprintable() and not set(text) & {'"', "\\"}:
        return f'"{text}"'
    return ascii(text)


def _named(key: Any, value: Any) -> Any:
    """An array of a state, by its key; a number of no axes is a number."""
    if isinstance(value, Given):
        value = value.values
    if not isinstance(value, np.ndarray):
        return value
    return value.item() if value.ndim == 0 else Given(-1, str(key), value, value.strides)


def _name(text: str) -> str:
    if not text.isidentifier() or keyword.iskeyword(text):
        raise NoScript(f"{text!r} is no name of an argument")
    return text


def _literal(value: Any) -> str:
    if value is None or isinstance(value, (bool, int)):
        return repr(value)
    if isinstance(value, float):
        return repr(value) if np.isfinite(value) else f'float("{value}")'
    if isinstance(value, (np.integer, np.floating)):
        return _literal(value.item())
    if isinstance(value, str):
        return _quoted(value)
    raise NoScript(f"an argument is a {type(value).__name__}")
