"""Face lattices, of an arrangement and of one cell, as networkx graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from arrangement import exact
from arrangement.errors import InputError, SizeError
from arrangement.faces import faces
from arrangement.poset import covers, face_numbers

if TYPE_CHECKING:
    import networkx as nx

    from arrangement.cells import Cell
    from arrangement.hyperplanes import Arrangement

__all__ = ["cell_lattice", "face_lattice"]

LARGEST = 10**5
"""How many faces a networkx graph may hold."""

EMPTY, TOP = "empty", "top"


def face_lattice(arrangement: Arrangement) -> nx.DiGraph:
    """All faces by inclusion; see :meth:`Arrangement.face_lattice`.

    On a flat Y of one dimension more, a flat X is a hyperplane, so that each face on X is the
    common facet of two faces on Y, which differ in the signs of the hyperplanes that contain X
    but not Y.

    Examples
    --------
    >>> from arrangement import families
    >>> lattice = face_lattice(families.braid(3))
    >>> len(lattice), len(list(lattice.successors("000")))
    (15, 6)
    """
    import networkx as nx

    relations = covers(arrangement)
    count = sum(face_numbers(arrangement, relations))
    if count > LARGEST:
        raise SizeError(
            f"{count:,} faces, and a face lattice may have {LARGEST:,}: use faces(dimension) "
            "and their incidence instead"
        )
    d, rank = arrangement.dimension, arrangement.rank
    levels = [faces(arrangement, d - k) for k in range(rank + 1)]
    names = [_names(level.signs) for level in levels]
    graph = nx.DiGraph()
    graph.add_node(EMPTY, dimension=-1, bounded=True)
    for level, nodes in reversed(list(zip(levels, names, strict=True))):
        for node, bounded in zip(nodes, level.bounded.tolist(), strict=True):
            graph.add_node(node, dimension=level.dimension, bounded=bounded)
    graph.add_node(TOP, dimension=d + 1, bounded=rank == 0)
    graph.add_edges_from((EMPTY, node) for node in names[-1])
    for k, relation in enumerate(relations):
        larger, smaller = levels[k], levels[k + 1]
        # Each pair of flats once for every face on the smaller one.
        size = np.diff(smaller._begin)[relation.smaller]
        pair = np.repeat(np.arange(len(size)), size)
        face = np.arange(len(pair)) + np.repeat(
            smaller._begin[relation.smaller] - (np.cumsum(size) - size), size
        )
        zero = larger.flats.packed[relation.larger[pair]]
        new = smaller.flats.packed[relation.smaller[pair]] & ~zero
        # On the larger flat these are all proportional: they have one side in common, or not,
        # on all faces of it.
        side = new & larger.packed[larger._begin[relation.larger[pair]]]
        for signs in (side, new & ~side):
            around = larger._look_up(smaller.packed[face] | signs, zero)
            assert (around >= 0).all(), "a facet has a face on both sides"
            graph.add_edges_from(
                (names[k + 1][a], names[k][b])
                for a, b in zip(face.tolist(), around.tolist(), strict=True)
            )
    graph.add_edges_from((node, TOP) for node in names[0])
    return graph


def cell_lattice(cell: Cell) -> nx.DiGraph:
    """The faces of one cell; see :meth:`Cell.face_lattice`.

    Examples
    --------
    >>> from arrangement import families
    >>> len(cell_lattice(families.shi(3).cells()[0])) > 1
    True
    """
    import networkx as nx

    if cell.cells.domain is not None:
        raise InputError(
            "cells that meet a domain have no face lattice by signs: add the sides of the "
            "domain to the hyperplanes instead"
        )
    arrangement, polyhedron = cell.cells.arrangement, cell.polyhedron
    levels = polyhedron.faces
    graph = nx.DiGraph()
    graph.add_node(EMPTY, dimension=-1, bounded=True)
    name: dict[int, str] = {}
    for k, level in reversed(list(enumerate(levels))):
        points = [polyhedron.relative_interior(on) for on in level]
        signs = [
            [exact.sign(v) for v in arrangement.rows @ np.array(y, dtype=object)]
            for y in points
        ]
        for on, node, covered in zip(level, _names(signs), level.values(), strict=True):
            name[on] = node
            bounded = polyhedron.is_bounded(on)
            graph.add_node(node, dimension=arrangement.dimension - k, bounded=bounded)
            below = [name[other] for other in covered] or [EMPTY]
            graph.add_edges_from((other, node) for other in below)
    return graph


def _names(signs: Any) -> list[str]:
    """Sign vectors as strings."""
    return ["".join("-0+"[s + 1] for s in row) for row in signs]
