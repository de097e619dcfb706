"""Exact cells of hyperplane arrangements, and the exact loss landscape of ReLU networks.

The contents page: everything public is named here or in one of the modules

- :mod:`arrangement.families`, :mod:`arrangement.bounds`, :mod:`arrangement.counting`,
- :mod:`arrangement.operations`, :mod:`arrangement.matroid`, :mod:`arrangement.regions`,
- :mod:`arrangement.poset` (Whitney numbers of the intersection poset),
- :mod:`arrangement.graph` (networkx and GraphML),
- :mod:`arrangement.relu` (landscapes of ReLU networks, data sets),
- :mod:`arrangement.plot` (pictures; needs matplotlib).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from arrangement.errors import (
    ArrangementError,
    InputError,
    MissingExtraError,
    NearlyDegenerateWarning,
    SizeError,
    SolverError,
)

if TYPE_CHECKING:
    from arrangement import (
        bounds,
        counting,
        families,
        graph,
        matroid,
        operations,
        plot,
        poset,
        regions,
        relu,
    )
    from arrangement.cells import Cell, Cells
    from arrangement.faces import Face, Faces
    from arrangement.flats import Flat, Flats
    from arrangement.hyperplanes import Arrangement
    from arrangement.restrict import ArrangementBuilder

__version__ = "0.1.0.dev0"

__all__ = [
    "Arrangement",
    "ArrangementBuilder",
    "ArrangementError",
    "Cell",
    "Cells",
    "Face",
    "Faces",
    "Flat",
    "Flats",
    "InputError",
    "MissingExtraError",
    "NearlyDegenerateWarning",
    "SizeError",
    "SolverError",
    "bounds",
    "counting",
    "families",
    "graph",
    "matroid",
    "operations",
    "plot",
    "poset",
    "regions",
    "relu",
]

# Imported when first used, so that `import arrangement` stays quick.
_LAZY = {
    "Arrangement": "arrangement.hyperplanes",
    "ArrangementBuilder": "arrangement.restrict",
    "Cell": "arrangement.cells",
    "Cells": "arrangement.cells",
    "Face": "arrangement.faces",
    "Faces": "arrangement.faces",
    "Flat": "arrangement.flats",
    "Flats": "arrangement.flats",
}
_MODULES = (
    "bounds",
    "counting",
    "families",
    "graph",
    "matroid",
    "operations",
    "plot",
    "poset",
    "regions",
    "relu",
)


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    if name in _MODULES:
        return import_module(f"arrangement.{name}")
    raise AttributeError(f"module 'arrangement' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
