"""Networks in files: nothing is lost, nothing is run, and what is no network is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bnproof.reference import Adam, Architecture, Memory, Network, initialized, load, save, training


def trained() -> tuple[Network, Memory]:
    """A network whose every number has moved."""
    rng, memory = np.random.default_rng(0), Memory()
    network = initialized(Architecture((2, 4, 3, 2), "tanh", eps=1e-3), rng)
    X, Y = rng.normal(size=(2, 32)), np.eye(2)[:, rng.integers(2, size=32)]
    for step in training(network, X, Y, Adam(), epochs=2, batch_size=8, rng=rng):
        memory = step.memory
    return network, memory


def test_a_network_comes_back_as_it_was(tmp_path: Path) -> None:
    """Catch running statistics, settings, or an optimizer's averages left out of the file."""
    network, memory = trained()
    save(tmp_path / "network", network, memory)
    again, remembered = load(tmp_path / "network")

    assert again.architecture == network.architecture
    for one, other in ((network.parameters, again.parameters), (network.running, again.running)):
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[name], other[name]) for name in one)
    assert remembered.t == memory.t == 8
    assert remembered.averages.keys() == memory.averages.keys()
    for name, averages in memory.averages.items():
        for kept, read in zip(averages, remembered.averages[name], strict=True):
            assert np.array_equal(kept, read)
    x = np.ones((2, 1))
    assert np.array_equal(network.infer(x), again.infer(x))


def test_a_file_holds_no_pickle(tmp_path: Path) -> None:
    """Catch an object array, which NumPy would have to unpickle."""
    save(tmp_path / "network", *trained())
    with np.load(tmp_path / "network", allow_pickle=False) as file:
        assert {file[name].dtype.kind for name in file.files} == {"f", "U"}


def rewritten(path: Path, change: Any) -> Path:
    """A network's file, changed."""
    save(path, *trained())
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    change(arrays)
    with path.open("wb") as out:
        np.savez(out, **arrays)
    return path


def with_head(**changes: Any) -> Any:
    """Change what is said of the network."""

    def change(arrays: dict[str, Any]) -> None:
        arrays["head"] = np.array(json.dumps({**json.loads(str(arrays["head"])), **changes}))

    return change


DAMAGED: list[tuple[Any, str]] = [
    (lambda a: a.pop("head"), "is not a network written by"),
    (with_head(format="other 1"), "is not a network written by"),
    (lambda a: a.pop("gamma1"), "'gamma1' is missing or not known"),
    (lambda a: a.pop("running_var2"), "'running_var2' is missing"),
    (lambda a: a.update(W1=np.ones((2, 4))), r"W1 has shape \(2, 4\); due is \(4, 2\)"),
    (lambda a: a.update(W1=a["W1"].astype(np.float32)), "W1 is float32; due is"),
    (lambda a: a.update({"average 0 of W1": np.ones(2)}), r"average 0 of W1 has shape \(2,\)"),
    (lambda a: a.update({"average 0 of W9": np.ones(2)}), "'W9' is missing or not known"),
    (with_head(architecture={"sizes": [2, 4, 3, 2], "depth": 3}), "is missing or not known"),
    (with_head(architecture={"sizes": [2, 4, 3, 2], "loss": "hinge"}), "loss = 'hinge'; due is"),
]


@pytest.mark.parametrize(("change", "message"), DAMAGED)
def test_a_damaged_file_is_refused(change: Any, message: str, tmp_path: Path) -> None:
    """Catch a network that is half another one, and an error that does not name the file."""
    path = rewritten(tmp_path / "network", change)
    with pytest.raises(ValueError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no network", b"PK\x03\x04 damaged"])
def test_another_file_is_refused(content: bytes, tmp_path: Path) -> None:
    """Catch an error of NumPy's about pickles, where the file is simply another one."""
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is not a network written by"):
        load(path)
    np.save(tmp_path / "array.npy", np.ones(2))
    with pytest.raises(ValueError, match="is not a network written by"):
        load(tmp_path / "array.npy")
