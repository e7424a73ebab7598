"""From a target as the user wrote it to objects of the contract; every mistake is a TargetError.

This runs in the worker, where the user's code may print, exit or raise as it likes.
"""

import importlib
import importlib.util
import inspect
import pkgutil
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from bnproof.run.candidates import listed, pair_of, usable
from bnproof.run.frames import ALL, is_ours
from bnproof.run.target import WHOLE, Target, TargetError, parse, suggestion


def load(text: str) -> list[Any]:
    """The variants of a target, as objects of the contract.

    Raises TargetError, with a message of one or two lines, if there is no such target.

    >>> load("no.such.module:thing")
    Traceback (most recent call last):
    bnproof.run.target.TargetError: no module named 'no'
    """
    return variants_of(text, find(parse(text)))


def variants_of(text: str, found: Any) -> list[Any]:
    """The variants of what was found under a target's name; TargetError as in `load`."""
    from bnproof.implementations import variants  # noqa: PLC0415  # adapters cost an import
    from bnproof.properties.contract import ContractError  # noqa: PLC0415  # costs time that not everybody needs

    try:
        return list(variants(found))
    except ContractError as error:
        raise TargetError(f"{text} cannot be used: {error}", loaded=True) from error
    except BaseException as error:  # a constructor of the user's may do anything
        if isinstance(error, TypeError) and "is not an implementation" in str(error):
            hint = _pair(text, found) or _misspelt(found)
            raise TargetError(f"{error}{hint}", loaded=True) from error
        made = f"{text} was found, but making an instance of it raised {_in_words(error)}"
        raise TargetError(f"{made}{_where(error, text)}", loaded=True) from error


def _misspelt(found: Any) -> str:
    """What methods are called that should have been train, infer or layer."""
    from bnproof.properties.spelling import misspelt  # noqa: PLC0415  # after a mistake only

    hints = misspelt(found)
    return "\n" + "; ".join(hints) if hints else ""


def _pair(text: str, found: Any) -> str:
    """A hint for a function that was named without its backward."""
    if not inspect.isfunction(found):
        return ""
    pair = pair_of(inspect.getmodule(found), found.__name__)
    return f"\nwrite {text.rpartition(':')[0]}:{pair}" if pair else ""


def find(target: Target) -> Any:
    """The object that a target names, or a pair of them, as the user wrote it."""
    if target.text == "reference":
        from bnproof.reference import BatchNorm  # noqa: PLC0415  # costs time that not everybody needs

        return BatchNorm
    module = _import_file(target.path) if target.is_file else _import_module(target.place)
    if target.attributes == (WHOLE,):
        return vars(module)
    found = tuple(_attribute(module, dotted, target) for dotted in target.attributes)
    return found if len(found) > 1 else found[0]


def _import_module(name: str) -> ModuleType:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise TargetError(_unknown_module(name, error.name)) from error
        raise TargetError(_needs(name, error)) from error
    except BaseException as error:  # a module may even exit
        raise TargetError(
            f"importing {name} raised {_in_words(error)}{_where(error, name)}"
        ) from error


def _unknown_module(name: str, missing: str) -> str:
    if missing == "torch":
        return f"{name} needs torch, which is not installed: pip install 'bnproof[torch]'"
    parent, _, last = missing.rpartition(".")
    if not parent:
        here = [m.name for m in pkgutil.iter_modules() if not m.name.startswith("_")]
        return f"no module named {last!r}{suggestion(last, here)}"
    package = sys.modules[parent]
    if hasattr(package, last):
        return f"{missing} is not a module; write {parent}:{last}"
    if not hasattr(package, "__path__"):
        return f"{parent} is a module, not a package; write {parent}:{last} for what is in it"
    inside = [m.name for m in pkgutil.iter_modules(package.__path__)]
    return f"no module named {last!r} in {parent}{suggestion(last, inside)}"


def _import_file(path: Path) -> ModuleType:
    if path.is_dir():
        raise TargetError(
            f"{path} is a folder; write the file in it, as {path / 'bn.py'}:ATTRIBUTE"
        )
    if not path.is_file():
        raise TargetError(_unknown_file(path))
    path = path.resolve()
    sys.path.insert(0, str(path.parent))
    # a file called numpy.py or calendar.py must not replace the module of that name for others
    taken = path.stem in sys.modules or path.stem in sys.stdlib_module_names
    name = f"bnproof_target_{path.stem}" if taken else path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise TargetError(f"{path.name} is not a Python file: its name has to end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    before = dict(sys.modules)
    try:
        spec.loader.exec_module(module)
    except ModuleNotFoundError as error:
        raise TargetError(_needs(path.name, error)) from error
    except BaseException as error:  # a script may even exit
        raise TargetError(
            f"importing {path.name} raised {_in_words(error)}{_where(error, str(path))}"
        ) from error
    finally:
        for lost in before.keys() - sys.modules.keys():  # what was deleted is still needed here
            sys.modules[lost] = before[lost]
    return module


def _unknown_file(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"no file {path}: there is no folder {folder}"
    files = sorted(p.name for p in folder.glob("*.py"))
    hint = suggestion(path.name, files)
    return f"no file {path}{hint}" + ("" if hint else listed("Python files there", files))


def _needs(name: str, error: ModuleNotFoundError) -> str:
    if error.name == "torch":
        return f"{name} needs torch, which is not installed: pip install 'bnproof[torch]'"
    return f"{name} needs the module {error.name!r}, which is not installed{_where(error, name)}"


def _attribute(module: ModuleType, dotted: str, target: Target) -> Any:
    found: Any = module
    for name in dotted.split("."):
        try:
            found = getattr(found, name)
        except AttributeError as error:
            raise TargetError(_unknown_attribute(found, name, target)) from error
    return found


def _unknown_attribute(found: Any, name: str, target: Target) -> str:
    place = target.path.name if target.is_file else target.place
    owner = place if isinstance(found, ModuleType) else f"{found!r} in {place}"
    names = [n for n in dir(found) if not n.startswith("_")]
    candidates = usable(found)
    single = [candidate for candidate in candidates if "," not in candidate]
    hint = suggestion(name, single) or suggestion(name, names)
    return f"no {name!r} in {owner}{hint}" + listed("what looks usable there", candidates)


def _in_words(error: BaseException) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, SyntaxError):
        text = error.msg
    name = type(error).__name__
    return f"{name}: {text[:200]}" if text else name


def _where(error: BaseException, text: str) -> str:
    """The line of the user's file that an exception came from, on a line of its own."""
    if isinstance(error, SyntaxError) and error.filename:
        line = (error.text or "").strip()
        return f"\n{Path(error.filename).name}, line {error.lineno}: {line}"[:300]
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _is_users(f.filename)]
    own = [f for f in frames if Path(f.filename).name in text] or frames
    if not own:
        return ""
    return f"\n{Path(own[-1].filename).name}, line {own[-1].lineno}: {own[-1].line or ''}"[:300]


def _is_users(filename: str) -> bool:
    return not filename.startswith("<") and not is_ours(filename, ALL)
