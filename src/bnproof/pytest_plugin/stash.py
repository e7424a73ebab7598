"""What the plugin keeps with pytest's configuration: settings of checks, and what was found out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bnproof.pytest_plugin.options import ASKED

if TYPE_CHECKING:
    from bnproof.targets.outside import Outside
    from bnproof.testing.store import Store

FOLDER = pytest.StashKey[Path]()
SETTINGS = pytest.StashKey[dict[str, Any]]()
STORE = pytest.StashKey["Store"]()
FROM_CONTROLLER = "bnproof_folder"  # key of what a process of pytest-xdist is told at its start


def settings_of(config: pytest.Config) -> dict[str, Any]:
    """What the command line says of checks, with the known failures that pyproject.toml names."""
    if SETTINGS not in config.stash:
        asked = {name: config.getoption(f"bnproof_{name}") for name in ASKED}
        config.stash[SETTINGS] = {
            **asked,
            "known_failures": _known_failures(config),
            "outside": _outside(config),
            "root": config.rootpath,
        }
    return config.stash[SETTINGS]


def _known_failures(config: pytest.Config) -> Path | None:
    from bnproof.check.configuration import (  # noqa: PLC0415  # only for our tests
        ConfigurationError,
        known_failures,
    )

    given: Path | None = config.getoption("bnproof_known")
    if given is not None:
        return (config.invocation_params.dir / given).absolute()
    try:
        return known_failures(config.rootpath)
    except ConfigurationError as error:
        raise pytest.UsageError(str(error)) from error


def _outside(config: pytest.Config) -> "Outside":
    from bnproof.targets.declarations import (  # noqa: PLC0415  # only for our tests
        DeclarationError,
        outside_of,
    )

    declare, without = (config.getoption(f"bnproof_{name}") for name in ("declare", "without"))
    try:
        return outside_of(declare, without, identify=config.getoption("bnproof_identify"))
    except DeclarationError as error:
        raise pytest.UsageError(f"--bnproof: {error}") from error


def store_of(config: pytest.Config) -> "Store":
    """Where this process keeps what it found out, and finds what others did."""
    if STORE not in config.stash:
        from bnproof.testing.store import Store  # noqa: PLC0415  # only for our tests

        told = getattr(config, "workerinput", {}).get(FROM_CONTROLLER)
        config.stash[STORE] = Store(Path(told) if told else None)
    return config.stash[STORE]
