"""Exact cells of hyperplane arrangements, and the exact loss landscape of ReLU networks.

The contents page. Public is what is named here and in

- :mod:`arrangement.families` (named arrangements with their known counts),
- :mod:`arrangement.bounds` (bounds on the numbers of cells, and of regions of networks),
- :mod:`arrangement.relu` (one hidden layer: landscapes, global and convex training),
- :mod:`arrangement.networks` (deep networks and their linear regions),
- :mod:`arrangement.data` (samples for landscapes),
- :mod:`arrangement.plot` (pictures; needs matplotlib).

What stands in other modules may change without notice.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from arrangement.errors import (
    ArrangementError,
    InputError,
    MissingExtraError,
    ModelWarning,
    NearlyDegenerateWarning,
    SizeError,
    SolverError,
)
from arrangement.in_notebooks import InNotebooks
from arrangement.version import __version__

if TYPE_CHECKING:
    from arrangement import bounds, data, families, networks, plot, relu
    from arrangement.arrangement import Arrangement
    from arrangement.builder import ArrangementBuilder
    from arrangement.exact.fields import NumberField
    from arrangement.files.graphml import write_poset
    from arrangement.hyperplanes.hyperplanes import Hyperplane
    from arrangement.results.cell_classes import CellClasses
    from arrangement.results.cells import Cell, Cells
    from arrangement.results.faces import Face, Faces
    from arrangement.results.flats import Flat, Flats
    from arrangement.results.polyhedra import Polyhedra
    from arrangement.results.unoriented_matroid import Matroid
    from arrangement.symmetry.reflection_groups import ReflectionGroup

__all__ = [
    "Arrangement",
    "ArrangementBuilder",
    "ArrangementError",
    "Cell",
    "CellClasses",
    "Cells",
    "Face",
    "Faces",
    "Flat",
    "Flats",
    "Hyperplane",
    "InputError",
    "Matroid",
    "MissingExtraError",
    "ModelWarning",
    "NearlyDegenerateWarning",
    "NumberField",
    "Polyhedra",
    "ReflectionGroup",
    "SizeError",
    "SolverError",
    "__version__",
    "bounds",
    "data",
    "families",
    "networks",
    "plot",
    "relu",
    "write_poset",
]

# Imported when first used, so that `import arrangement` stays quick.
_LAZY = {
    "Arrangement": "arrangement.arrangement",
    "ArrangementBuilder": "arrangement.builder",
    "Cell": "arrangement.results.cells",
    "CellClasses": "arrangement.results.cell_classes",
    "Cells": "arrangement.results.cells",
    "Face": "arrangement.results.faces",
    "Faces": "arrangement.results.faces",
    "Flat": "arrangement.results.flats",
    "Flats": "arrangement.results.flats",
    "Hyperplane": "arrangement.hyperplanes.hyperplanes",
    "Matroid": "arrangement.results.unoriented_matroid",
    "NumberField": "arrangement.exact.fields",
    "Polyhedra": "arrangement.results.polyhedra",
    "ReflectionGroup": "arrangement.symmetry.reflection_groups",
    "write_poset": "arrangement.files.graphml",
}
_PACKAGES = ("bounds", "data", "families", "networks", "plot", "relu")


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    if name in _PACKAGES:
        return import_module(f"arrangement.{name}")
    raise AttributeError(f"module 'arrangement' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def _in_notebook(result: object) -> str:
    from arrangement.plot.notebooks import html  # Only notebooks wait for it.

    return html(result)


InNotebooks._drawn = staticmethod(_in_notebook)
