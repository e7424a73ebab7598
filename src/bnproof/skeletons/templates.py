"""Which adapters can be started from, and how one is written to a file."""

import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

ADAPTED = ("numpy", "torch", "jax", "jaxlib", "flax", "bnproof")


class SkeletonError(Exception):
    """The files cannot be written; the message is one line for the user."""


@dataclass(frozen=True)
class Skeleton:
    """An adapter to start from.

    Attributes:
        text: file beside this one that holds it.
        attribute: what in it is the target.
        needs: a module that it imports and bnproof does not need.
        program: file beside this one with an example of a program, "" if it needs none.
    """

    text: str
    attribute: str
    needs: str = ""
    program: str = ""


SKELETONS = {
    "numpy": Skeleton("numpy_functions.py.txt", "MyBatchNorm"),
    "torch": Skeleton("torch_module.py.txt", "MyBatchNorm2d", needs="torch"),
    "jax": Skeleton("jax_module.py.txt", "MyBatchNorm", needs="jax"),
    "program": Skeleton("external_program.py.txt", "MyBatchNorm", program="example_program.py.txt"),
}
"""The skeletons by their kind."""


def write_skeleton(kind: str, file: Path, *, force: bool = False) -> list[Path]:
    """Write an adapter, and what it needs beside it; return the files.

    Raises SkeletonError, before anything is written, if the name is none of a Python file or hides
    a module, if a file exists (unless ``force`` is given), or if there is no such folder.
    """
    skeleton = SKELETONS[kind]
    _check_name(file)
    program = file.with_name(f"{file.stem}_program.py")
    texts = {file: _text(skeleton.text)}
    if skeleton.program:
        texts[program] = _text(skeleton.program)
    for path in texts:
        if path.is_dir() or (path.exists() and not force):
            kind_of = "a folder" if path.is_dir() else "there already; --force replaces it"
            raise SkeletonError(f"{path} is {kind_of}")
    try:
        for path, text in texts.items():
            made = Template(text).safe_substitute(FILE=file.name, PROGRAM=program.name)
            path.write_text(made, encoding="utf-8", newline="\n")
    except OSError as error:
        raise SkeletonError(f"cannot write {file}: {error.strerror}") from error
    return list(texts)


def _check_name(file: Path) -> None:
    if file.suffix != ".py" or not file.stem.isidentifier():
        raise SkeletonError(f"{file} is not a name for a Python module; write it as my_bn.py")
    if file.stem in ADAPTED or file.stem in sys.stdlib_module_names:
        raise SkeletonError(f"{file.name} would hide the module {file.stem}; name it my_bn.py")
    if not file.parent.is_dir():
        raise SkeletonError(f"cannot write {file}: there is no folder {file.parent}")


def _text(name: str) -> str:
    return files("bnproof.skeletons").joinpath(name).read_text(encoding="utf-8")
