"""The face lattice of one cell, as a networkx graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from arrangement import exact
from arrangement.exact.polyhedron import Polyhedron
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.results.sign_vectors import sign_strings

if TYPE_CHECKING:
    import networkx as nx


__all__ = ["EMPTY", "cell_lattice"]

EMPTY = "empty"


def cell_lattice(hyperplanes: Hyperplanes, polyhedron: Polyhedron) -> nx.DiGraph:
    """The faces of one cell; see :meth:`Cell.face_lattice`."""
    import networkx as nx

    levels = polyhedron.faces
    graph = nx.DiGraph()
    graph.add_node(EMPTY, dimension=-1, bounded=True)
    name: dict[int, str] = {}
    for k, level in reversed(list(enumerate(levels))):
        points = [polyhedron.relative_interior(on) for on in level]
        signs = [
            [exact.sign(v) for v in hyperplanes.rows @ np.array(y, dtype=object)]
            for y in points
        ]
        for on, node, covered in zip(level, sign_strings(signs), level.values(), strict=True):
            name[on] = node
            bounded = polyhedron.is_bounded(on)
            graph.add_node(node, dimension=hyperplanes.dimension - k, bounded=bounded)
            below = [name[other] for other in covered] or [EMPTY]
            graph.add_edges_from((other, node) for other in below)
    return graph
