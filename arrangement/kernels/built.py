"""The loops that were built when the package was installed."""

from __future__ import annotations

import functools
import hashlib
import importlib
import json
import os
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["description", "fingerprint", "functions", "has_vectors", "name_of"]

_FOLDER = Path(__file__).parent


def description() -> Path:
    """The file that says what was built for this Python, and from which sources."""
    return _FOLDER / f"_built{EXTENSION_SUFFIXES[0]}.json"


@functools.cache
def fingerprint() -> str:
    """A hash of the sources of the loops."""
    digest = hashlib.sha256()
    for path in sorted(_FOLDER.rglob("*.py")):
        digest.update(f"{path.relative_to(_FOLDER).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def name_of(function: Callable[..., Any]) -> str:
    """The name of a loop among those that were built."""
    module = function.__module__.removeprefix(f"{__package__}.")
    return f"{module}.{function.__name__}".replace(".", "__")


@functools.cache
def functions() -> dict[str, Callable[..., Any]]:
    """All by name; none if none were built from these very sources, for this machine."""
    if any(os.environ.get(name, "0") != "0" for name in _ASKS_NUMBA):
        return {}
    try:
        said = json.loads(description().read_text())
        if said["sources"] != fingerprint() or (said["processor"] and not has_vectors()):
            return {}
        modules = [importlib.import_module(f"{__package__}.{name}") for name in said["modules"]]
    except (OSError, ImportError):
        return {}
    return {
        name: function
        for module in modules
        for name, function in vars(module).items()
        if "__" in name.strip("_")
    }


_ASKS_NUMBA = ("NUMBA_BOUNDSCHECK", "NUMBA_DISABLE_JIT")


def has_vectors() -> bool:
    """Has this machine what processors of level x86-64-v3 have?"""
    features = np._core._multiarray_umath.__cpu_features__  # type: ignore[attr-defined]
    return bool(features.get("AVX2") and features.get("FMA3"))
