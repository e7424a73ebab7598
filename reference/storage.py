"""Trained networks in files: parameters, running statistics, and an optimizer's memory.

A file is NumPy's .npz, with numbers and one text, and no pickle: reading one runs no code.
"""

import json
import zipfile
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from bnproof.reference.architecture import Architecture
from bnproof.reference.checks import Array, refuse
from bnproof.reference.network import Network
from bnproof.reference.optimizers import Memory

FORMAT = "bnproof network 1"
Arrays = dict[str, Array]


def save(path: str | PathLike[str], network: Network, memory: Memory | None = None) -> None:
    """Write a network to a file, and what its optimizer remembers, to go on training with.

    >>> import tempfile
    >>> from bnproof.reference.network import initialized
    >>> network = initialized(Architecture((2, 3, 1)), np.random.default_rng(0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Path(folder, "network.npz"), network)
    ...     again, memory = load(Path(folder, "network.npz"))
    >>> bool((again.parameters["W1"] == network.parameters["W1"]).all()), memory.t
    (True, 0)
    """
    memory = Memory() if memory is None else memory
    head = {"format": FORMAT, "architecture": asdict(network.architecture), "t": memory.t}
    averages = {
        f"average {index} of {name}": value
        for name, values in memory.averages.items()
        for index, value in enumerate(values)
    }
    arrays = {**network.parameters, **network.running, **averages}
    with Path(path).open("wb") as file:  # a name would be given another ending
        np.savez(file, allow_pickle=False, head=np.array(json.dumps(head)), **arrays)


def load(path: str | PathLike[str]) -> tuple[Network, Memory]:
    """Read a network, and the memory of its optimizer, which is empty if none was written.

    Raises ValueError for a file that `save` did not write, or that does not fit together, and
    OSError for one that cannot be read.
    """
    head, arrays = _read(path)
    settings = head["architecture"]
    try:
        architecture = Architecture(**{**settings, "sizes": tuple(settings["sizes"])})
        parameters = {name: arrays.pop(name) for name in architecture.shapes()}
        running = {name: arrays.pop(name) for name in architecture.running_shapes()}
        network = Network(architecture, parameters, running)
        return network, Memory(head["t"], _averages(arrays, parameters))
    except (TypeError, KeyError) as error:
        refuse(f"{path}: {error} is missing or not known; the file is damaged")
    except ValueError as error:
        refuse(f"{path}: {error}")


def _read(path: str | PathLike[str]) -> tuple[dict[str, Any], Arrays]:
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
        head = json.loads(str(arrays.pop("head")))
        due = head.pop("format") == FORMAT
    except (AttributeError, KeyError, TypeError, ValueError, zipfile.BadZipFile, EOFError):
        due = False
    if not due:
        refuse(f"{path} is not a network written by bnproof.reference.save ({FORMAT})")
    return head, arrays


def _averages(arrays: Arrays, parameters: Arrays) -> dict[str, tuple[Array, ...]]:
    averages: dict[str, tuple[Array, ...]] = {}
    for key in sorted(arrays):
        name = key.rpartition(" ")[2]
        if arrays[key].shape != parameters[name].shape:
            refuse(f"{key} has shape {arrays[key].shape}; due is {parameters[name].shape}")
        averages[name] = (*averages.get(name, ()), arrays[key])
    return averages
