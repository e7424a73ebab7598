"""From a target as the user wrote it to objects of the contract; every mistake is a TargetError.

This runs in the worker, where the user's code may print, exit or raise as it likes.
"""

import importlib
import importlib.util
import pkgutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from bnproof.engine.wording.text import suggestion
from bnproof.recognition.exceptions import in_words, where
from bnproof.recognition.functions.user_functions import is_function
from bnproof.targets.candidates import candidates, listed, usable, with_partners
from bnproof.targets.packages import Place, packaged, wanted
from bnproof.targets.text import WHOLE, Target, TargetError, parse, unusable


@dataclass(frozen=True)
class Located:
    """What a target names.

    Attributes:
        target: with the attributes that were meant where none, or one of a pair, was written.
        found: the object, or a tuple of functions, as the user wrote it.
    """

    target: Target
    found: Any


def load(text: str) -> list[Any]:
    """The variants of a target, as objects of the contract.

    Raises TargetError, with a message of one or two lines, if there is no such target.

    >>> load("no.such.module:thing")
    Traceback (most recent call last):
    bnproof.targets.text.TargetError: no module named 'no'
    """
    return variants_of(text, locate(parse(text)).found)


def variants_of(text: str, found: Any) -> list[Any]:
    """The variants of what was found under a target's name; TargetError as in `load`."""
    from bnproof.engine.contract.declaration import ContractError  # noqa: PLC0415  # likewise
    from bnproof.implementations import variants  # noqa: PLC0415  # adapters cost an import
    from bnproof.recognition.errors import NotRecognised  # noqa: PLC0415  # likewise

    try:
        return list(variants(found))
    except ContractError as error:
        raise unusable(text, error) from error
    except NotRecognised as error:
        raise TargetError(f"{text}: {error}{_misspelt(found)}", loaded=True) from error


def _misspelt(found: Any) -> str:
    """What methods are called that should have been train, infer or layer."""
    from bnproof.engine.contract.spelling import misspelt  # noqa: PLC0415  # after a mistake only

    hints = misspelt(found)
    return "\n" + "; ".join(hints) if hints else ""


def locate(target: Target) -> Located:
    """The object that a target names, or a tuple of functions, as the user wrote it.

    A file alone stands for the one thing in it that looks like a batch normalization; one function
    of a pair stands for the pair.
    """
    if target.text == "reference":
        from bnproof.reference import BatchNorm  # noqa: PLC0415  # costs time that not everybody needs

        return Located(target, BatchNorm)
    if target.is_file:
        module, place = _import_file(target.path)
        if place is not None:
            target = replace(target, root=str(place.root), module=place.module)
    else:
        module = _import_module(target.place)
    if target.attributes == (WHOLE,):
        return Located(target, vars(module))
    target = replace(target, attributes=_meant(module, target))
    found = tuple(_attribute(module, dotted, target) for dotted in target.attributes)
    return Located(target, found if len(found) > 1 else found[0])


def _meant(module: ModuleType, target: Target) -> tuple[str, ...]:
    """The attributes that are meant, where the user wrote none or one function of a pair."""
    if not target.attributes:
        return _only(module, target)
    first, *rest = target.attributes
    if rest or not is_function(getattr(module, first, None)):
        return target.attributes
    return with_partners(vars(module), first)


def _only(module: ModuleType, target: Target) -> tuple[str, ...]:
    """The one candidate of a file."""
    found = candidates(module)
    if len(found) == 1:
        return found[0].attributes
    name = target.path.name
    if not found:
        raise TargetError(
            f"nothing in {name} looks like a batch normalization\n"
            f"name what to check, as bnproof check {target.text}:NAME"
        )
    commands = [f"bnproof check {target.text}:{candidate.text}" for candidate in found]
    raise TargetError(
        f"{name} has {len(found)} things that look like a batch normalization"
        f"{listed('check one of them', commands)}"
    )


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
            f"importing {name} raised {in_words(error)}{_line(error, name)}"
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


def _import_file(path: Path) -> tuple[ModuleType, Place | None]:
    """A file as a module, and its place in a package if it was imported as a part of one."""
    if path.is_dir():
        raise TargetError(
            f"{path} is a folder; write the file in it, as {path / 'bn.py'}:ATTRIBUTE"
        )
    if not path.is_file():
        raise TargetError(_unknown_file(path))
    path = path.resolve()
    sys.path.insert(0, str(path.parent))
    place = packaged(path)
    if place is not None and not _is_taken(place):
        return _import_packaged(path, place), place
    try:
        return _execute(path), None
    except ImportError as error:
        place = wanted(path, error)
        if place is not None and not _is_taken(place):
            return _import_packaged(path, place), place
        if isinstance(error, ModuleNotFoundError):
            raise TargetError(_needs(path.name, error)) from error
        raise _import_raised(path, error) from error
    except BaseException as error:  # a script may even exit
        raise _import_raised(path, error) from error


def _is_taken(place: Place) -> bool:
    """Whether the first name of a package is that of a module that is loaded from elsewhere."""
    top = place.module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return True
    known = getattr(sys.modules.get(top), "__path__", None)
    return top in sys.modules and str(place.root / top) not in list(known or ())


def _import_packaged(path: Path, place: Place) -> ModuleType:
    """A file of a package, with its package imported first."""
    sys.path.insert(0, str(place.root))
    before = dict(sys.modules)
    try:
        return importlib.import_module(place.module)
    except ModuleNotFoundError as error:
        raise TargetError(_needs(path.name, error)) from error
    except BaseException as error:  # a module may even exit
        raise _import_raised(path, error) from error
    finally:
        _restore(before)


def _execute(path: Path) -> ModuleType:
    """A file in a plain folder as a module; raises what its code raises."""
    # a file called numpy.py or calendar.py must not replace the module of that name for others
    taken = path.stem in sys.modules or path.stem in sys.stdlib_module_names
    name = f"bnproof_target_{path.stem}" if taken else path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise TargetError(f"{path.name} is not a Python file: expected a name that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    before = dict(sys.modules)
    try:
        spec.loader.exec_module(module)
    finally:
        _restore(before)
    return module


def _restore(before: dict[str, ModuleType]) -> None:
    """Put back the modules that a file deleted: they are still needed here."""
    for lost in before.keys() - sys.modules.keys():
        sys.modules[lost] = before[lost]


def _import_raised(path: Path, error: BaseException) -> TargetError:
    if isinstance(error, TargetError):
        return error
    said = f"importing {path.name} raised {in_words(error)}"
    return TargetError(f"{said}{_line(error, str(path))}")


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
    return f"{name} needs the module {error.name!r}, which is not installed{_line(error, name)}"


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


def _line(error: BaseException, near: str) -> str:
    """The line of the user's file that an exception came from, on a line of its own."""
    line = where(error, near)
    return f"\n{line}" if line else ""
