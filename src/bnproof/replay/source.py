"""A script's source text, out of calls and what they should have given.

Whatever comes from a file or from a target is written as a number, as a quoted text, or in a
comment of one line, so that none of it can become code.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bnproof.engine.execution.transcript import SECOND, Call, Given
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import ADDED, DOUBLE, GRADIENTS, MODES
from bnproof.replay.expectations import (
    Expectation,
    Form,
    Raises,
    Returns,
    SameBits,
    Unchanged,
    Values,
)
from bnproof.replay.imports import import_lines
from bnproof.replay.literals import (
    WIDTH,
    NoScript,
    argument_name,
    call_lines,
    cut,
    literal,
    quoted,
)
from bnproof.replay.script_parts import ARRAY, COMPARE, END, LAID_OUT, PACKED, SHIFTED
from bnproof.store.arrays import to_table
from bnproof.targets.text import Target

OBJECT = "IMPLEMENTATION = TARGET() if isinstance(TARGET, type) else TARGET"
SECOND_OBJECT = "SECOND = type(IMPLEMENTATION)()"
SECOND_ADAPTED = "SECOND = IMPLEMENTATION  # which makes a new object for each call"
NEGLIGIBLE = 2.0**-20  # of the bound: what is due is then one float64
RETURNED = {
    "train": ("y", "new_mean", "new_var", "backward"),
    "infer": ("y", "new_mean", "new_var", "backward"),
    "backward": GRADIENTS,
    "double": tuple(name.replace(" ", "_") for name in DOUBLE),
    "layer": ("layer",),
    "state": ("state",),
}
RESULT: dict[str, str] = {
    "running_mean": "new_mean",
    "running_var": "new_var",
    **{name: name.replace(" ", "_") for name in DOUBLE},
}


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
        functions = {"array": ARRAY, "packed": PACKED, "laid_out": LAID_OUT, "shifted": SHIFTED}
        helpers = [text for name, text in functions.items() if name in self._used]
        parts = [
            "\n".join(f"# {line}".rstrip() for line in comment),
            "\n".join(import_lines(self.target, self.folder, self.standalone, self._used)),
            *(part.strip("\n") for part in (*helpers, COMPARE)),
            "\n".join(self._objects_called(calls)),
            "\n".join(self._inputs),
            "# the calls\n" + "\n".join(self._calls),
            "# what is due\n" + "\n".join(self._checks),
        ]
        return "\n\n\n".join(part.rstrip("\n") for part in parts if part) + "\n" + END

    def _objects_called(self, calls: Sequence[Call]) -> Iterator[str]:
        """The implementation, and another instance of it where calls are made on one."""
        adapter = self.standalone.strip("\n")
        yield adapter or OBJECT
        if any(call.owner == SECOND for call in calls):
            yield SECOND_ADAPTED if adapter else SECOND_OBJECT

    # --- calls ------------------------------------------------------------------------------------

    def _call(self, call: Call, *, raising: bool, due: Sequence[Expectation]) -> None:
        owner = self._owner(call)
        copied = call.owner >= 0 and call.method not in ("backward", "double")
        arguments = [self._argument(a, copied=copied) for a in call.arguments]
        settings = [
            f"{argument_name(n)}={self._argument(v, copied=copied)}"
            for n, v in call.settings.items()
        ]
        self._calls += self._kept_arguments(call, due)
        # what a target does to an array is not to be done again by the script
        self._held |= {
            self._objects[o]: held for o, held in call.left.items() if o in self._objects
        }
        if raising:
            made = call_lines(f"{owner}(", [*arguments, *settings])
            self._calls += ["try:", *(f"    {line}" for line in made), "except Exception as error:"]
            self._calls += ['    print("raised", type(error).__name__)', "else:"]
            self._calls += ['    fail("it returned, where an error is due")']
            return
        names = self._results(call)
        head = f"{', '.join(names)} = {owner}(" if names else f"{owner}("
        self._calls += call_lines(head, [*arguments, *settings])
        self._calls += self._kept_results(call, due)

    def _owner(self, call: Call) -> str:
        if call.owner < 0:
            return f"{'SECOND' if call.owner == SECOND else 'IMPLEMENTATION'}.{call.method}"
        if call.method in ("backward", "double"):
            backward = self._returned[call.owner]["backward"]
            return backward if call.method == "backward" else f"{backward}.double"
        return f"{self._returned[call.owner]['layer']}.{call.method}"

    def _results(self, call: Call) -> list[str]:
        """Names for what a call returns, the same for all of it: y_2, new_mean_2, ..."""
        names = RETURNED.get(call.method, ())
        if call.method == "backward":
            names += tuple(name for name in ADDED if name in call.results)
        if call.owner >= 0 and call.method in MODES:
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
            return f"{held['state']}[{quoted(output)}]"
        return held[RESULT.get(output, output)]

    def _argument(self, value: Any, *, copied: bool) -> str:
        if isinstance(value, dict):
            pairs = ((k, self._argument(named(k, v), copied=copied)) for k, v in value.items())
            return "{\n" + "".join(f"    {quoted(str(k))}: {v},\n" for k, v in pairs) + "}"
        if not isinstance(value, Given):
            return literal(value)
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
        if given.object not in self._objects and given.made_by is not None:
            number, output = given.made_by
            if number in self._returned:  # it is what an earlier call of the script returned
                name = self._returned[number][RESULT.get(output, output)]
                self._objects[given.object], self._held[name] = name, content
        if given.object not in self._objects:
            name = self._objects[given.object] = self._new(given.name)
            plain = given.strides == given.values.strides
            self._inputs += self._made(name, given.values, None if plain else given.strides)
            self._inputs += self._placed(name, given)
        name = self._objects[given.object]
        if self._held.setdefault(name, content) != content:
            self._calls += self._made(f"{name}[...]", given.values, None)
            self._held[name] = content
        return name

    def _placed(self, name: str, given: Given) -> Iterator[str]:
        """Lines that put a contiguous array where it lay, and protect one that was read-only."""
        if given.shift:
            self._used.add("shifted")
            yield f"{name} = shifted({name}, {given.shift})"
        if not given.writeable:
            yield f"{name}.flags.writeable = False"

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
        kind = "bfloat16" if dtype == "bfloat16" else quoted(dtype)
        function = "packed" if "base64" in table else "array"
        self._used |= {function, kind}
        text = table.get("values", table.get("base64", ""))
        head = f"{name} = {function}({kind}, {tuple(table['shape'])}, "
        if len(head) + len(text) + 3 <= WIDTH:
            lines = [f"{head}{quoted(text)})"]
        else:
            lines = [f"{name} = {function}(", f"    {kind},", f"    {tuple(table['shape'])},"]
            lines += [*(f"    {quoted(line)}" for line in cut(text)), ")"]
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
                f"if form != ({quoted(dtype)}, {e.shape}):",
                f'    fail(f"{e.output}: dtype and shape {{form}}, due {e.dtype} {e.shape}")',
            ]
        if isinstance(e, SameBits):
            first, second = self._result(e.call, e.output), self._result(e.other, e.output)
            told = f"{e.output}: the same call gave other bits"
            return [
                f"if np.asarray({first}).tobytes() != np.asarray({second}).tobytes():",
                f"    fail({quoted(told)})",
            ]
        what = self._watched(e)
        told = f"{e.what} was changed"
        return [f"if {what}.tobytes() != before:", f"    fail({quoted(told)})"]

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
        return [*lines, f"compare({quoted(e.output)}, {got}, {name}, bound_{said}{end})"]


def named(key: Any, value: Any) -> Any:
    """An array of a state, by its key; a number of no axes is a number."""
    if isinstance(value, Given):
        value = value.values
    if not isinstance(value, np.ndarray):
        return value
    return value.item() if value.ndim == 0 else Given(-1, str(key), value, value.strides)
