"""What the source of a target says of the shapes that it takes.

Code for rows takes images by broadcasting, and so does code for images with a mistake: they behave
alike.  The difference is what the author says: a docstring or comment with a shape such as
(N, C, H, W), a name such as BatchNorm2d, or code that looks at the number of axes.
"""

import inspect
import re
from typing import Any

from bnproof.recognition.patterns import RANKS

_SHAPE = re.compile(r"\(\s*(\w+(?:\s*[,x*\u00d7]\s*\w+){1,4})\s*\)")
_SAMPLES = ("n", "m", "b", "bs", "batch", "batch_size", "samples", "num_samples", "examples", "nb")
_BY_NAME = (
    (re.compile(r"2d$|image|spatial|conv", re.IGNORECASE), (4,)),
    (re.compile(r"3d$", re.IGNORECASE), (5,)),
)
_AXES_COUNTED = re.compile(
    r"(?:\.ndim|\.dim\(\)|len\(\s*\w+\.(?:shape|size\(\))\s*\))\s*"
    r"(?:==|!=|in|not in)\s*([\d(\[{,\s)\]}]+)"
)
_REDUCED = re.compile(r"[(\[]\s*0\s*((?:,\s*\d\s*)+)[)\]]")


def claimed_ranks(target: Any) -> set[int]:
    """The ranks that a target's name or source speaks of; empty where it says nothing.

    >>> class BatchNorm2d: ...
    >>> claimed_ranks(BatchNorm2d)
    {4}
    """
    text = source_of(target)
    name = getattr(maker_of(target), "__name__", "")
    found = {rank for pattern, ranks in _BY_NAME if pattern.search(name) for rank in ranks}
    found |= {len(sides) for sides in _shapes(text) if sides[0] in _SAMPLES}
    found |= {int(n) for numbers in _AXES_COUNTED.findall(text) for n in re.findall(r"\d", numbers)}
    found |= {_rank_of([0, *map(int, re.findall(r"\d", rest))]) for rest in _REDUCED.findall(text)}
    return found & set(RANKS)


def _rank_of(axes: list[int]) -> int:
    """The rank of an array that is reduced over some axes: all but axis 1, or all but the last."""
    return len(axes) + 1 if axes == list(range(len(axes))) else max(axes) + 1


def speaks_of_columns(target: Any) -> bool:
    """Whether a target's source says that samples are columns, as (features, m)."""
    text = source_of(target)
    shapes = [sides for sides in _shapes(text) if len(sides) == 2]  # a matrix
    columns = any(b in _SAMPLES and a not in _SAMPLES for a, b in shapes)
    return columns or re.search(r"samples? (?:are|is|as|in) .{0,12}columns?", text) is not None


def _shapes(text: str) -> list[list[str]]:
    return [re.split(r"\s*[,x*\u00d7]\s*", found.lower()) for found in _SHAPE.findall(_prose(text))]


def _prose(text: str) -> str:
    """Docstrings and comments, where shapes are written; code has other tuples."""
    documented = re.findall(r'"""(.*?)"""|\'\'\'(.*?)\'\'\'', text, re.DOTALL)
    comments = re.findall(r"#(.*)", text)
    return "\n".join([*("".join(parts) for parts in documented), *comments])


def source_of(target: Any) -> str:
    """The source text of a class, function, or the class of an instance; "" where there is none."""
    try:
        return inspect.getsource(maker_of(target))
    except (OSError, TypeError):
        return ""


def maker_of(target: Any) -> Any:
    """The class or function that makes objects; of an instance, its class."""
    made = getattr(target, "func", target)
    return made if isinstance(made, type) or inspect.isroutine(made) else type(made)
