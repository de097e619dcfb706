"""Named families of arrangements, most of them with a known number of cells.

The contents page; each module has one idea:

- :mod:`~arrangement.families.deformations`: braid, catalan, ish, ish_b, linial, semiorder, shi;
- :mod:`~arrangement.families.reflections`: coxeter;
- :mod:`~arrangement.families.point_configurations`: cross_polytope, demicube, permutohedron,
  resonance, ternary, threshold;
- :mod:`~arrangement.families.polytopes`: facets, zonotope;
- :mod:`~arrangement.families.representations`: specht;
- :mod:`~arrangement.families.graphs`: bigraphical, g_semiorder, g_shi, graphical;
- :mod:`~arrangement.families.position`: discriminantal, generic, soft_discriminantal;
- :mod:`~arrangement.families.grids`: grid, multigrid;
- :mod:`~arrangement.families.matroids`: matroid;
- :mod:`~arrangement.families.regular`: regular_polytope, simplicial;
- :mod:`~arrangement.families.known`: known_counts, what theorems and tables say of them.
"""

from __future__ import annotations

from collections.abc import Callable

from arrangement.arrangement import Arrangement
from arrangement.families.deformations import (
    braid,
    catalan,
    ish,
    ish_b,
    linial,
    semiorder,
    shi,
)
from arrangement.families.graphs import bigraphical, g_semiorder, g_shi, graphical
from arrangement.families.grids import grid, multigrid
from arrangement.families.known import KnownCounts, known_counts
from arrangement.families.matroids import matroid
from arrangement.families.point_configurations import (
    cross_polytope,
    demicube,
    permutohedron,
    resonance,
    ternary,
    threshold,
)
from arrangement.families.polytopes import facets, zonotope
from arrangement.families.position import discriminantal, generic, soft_discriminantal
from arrangement.families.reflections import coxeter
from arrangement.families.regular import regular_polytope, simplicial
from arrangement.families.representations import specht

__all__ = [
    "FAMILIES",
    "KnownCounts",
    "bigraphical",
    "braid",
    "catalan",
    "coxeter",
    "cross_polytope",
    "demicube",
    "discriminantal",
    "facets",
    "g_semiorder",
    "g_shi",
    "generic",
    "graphical",
    "grid",
    "ish",
    "ish_b",
    "known_counts",
    "linial",
    "matroid",
    "multigrid",
    "permutohedron",
    "regular_polytope",
    "resonance",
    "semiorder",
    "shi",
    "simplicial",
    "soft_discriminantal",
    "specht",
    "ternary",
    "threshold",
    "zonotope",
]

FAMILIES: dict[str, Callable[..., Arrangement]] = {
    family.__name__: family
    for family in (
        bigraphical, braid, catalan, coxeter, cross_polytope, demicube, discriminantal,
        facets, g_semiorder, g_shi, generic, graphical, grid, ish, ish_b, linial,
        matroid, multigrid, permutohedron, regular_polytope, resonance, semiorder, shi,
        simplicial, soft_discriminantal, specht, ternary, threshold, zonotope,
    )
}  # fmt: skip
"""The families by name, as the command line calls them."""


def __dir__() -> list[str]:
    return sorted(__all__)
