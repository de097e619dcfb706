"""Named families of arrangements, most of them with a known number of cells.

The contents page; each module has one idea:

- :mod:`~arrangement.families.deformations`: braid, catalan, ish, linial, semiorder, shi;
- :mod:`~arrangement.families.reflections`: coxeter;
- :mod:`~arrangement.families.point_configurations`: cross_polytope, demicube, permutohedron,
  resonance, threshold;
- :mod:`~arrangement.families.graphs`: graphical;
- :mod:`~arrangement.families.position`: discriminantal, generic;
- :mod:`~arrangement.families.grids`: grid;
- :mod:`~arrangement.families.regular`: regular_polytope, simplicial;
- :mod:`~arrangement.families.known`: known_counts, what theorems and tables say of them.
"""

from __future__ import annotations

from collections.abc import Callable

from arrangement.arrangement import Arrangement
from arrangement.families.deformations import braid, catalan, ish, linial, semiorder, shi
from arrangement.families.graphs import graphical
from arrangement.families.grids import grid
from arrangement.families.known import KnownCounts, known_counts
from arrangement.families.point_configurations import (
    cross_polytope,
    demicube,
    permutohedron,
    resonance,
    threshold,
)
from arrangement.families.position import discriminantal, generic
from arrangement.families.reflections import coxeter
from arrangement.families.regular import regular_polytope, simplicial

__all__ = [
    "FAMILIES",
    "KnownCounts",
    "braid",
    "catalan",
    "coxeter",
    "cross_polytope",
    "demicube",
    "discriminantal",
    "generic",
    "graphical",
    "grid",
    "ish",
    "known_counts",
    "linial",
    "permutohedron",
    "regular_polytope",
    "resonance",
    "semiorder",
    "shi",
    "simplicial",
    "threshold",
]

FAMILIES: dict[str, Callable[..., Arrangement]] = {
    family.__name__: family
    for family in (
        braid, catalan, coxeter, cross_polytope, demicube, discriminantal, generic, graphical,
        grid, ish, linial, permutohedron, regular_polytope, resonance, semiorder, shi,
        simplicial, threshold,
    )
}  # fmt: skip
"""The families by name, as the command line calls them."""


def __dir__() -> list[str]:
    return sorted(__all__)
