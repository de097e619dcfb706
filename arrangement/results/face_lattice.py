"""The face lattice of an arrangement, as a networkx graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from arrangement.counting.poset import covers, face_numbers
from arrangement.errors import SizeError
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.ragged import places
from arrangement.results.cell_lattice import EMPTY
from arrangement.results.face_enumeration import faces
from arrangement.results.sign_vectors import sign_strings

if TYPE_CHECKING:
    import networkx as nx


__all__ = ["face_lattice"]

LARGEST = 10**5
"""How many faces a networkx graph may hold."""

TOP = "top"


def face_lattice(arrangement: Hyperplanes) -> nx.DiGraph:
    """All faces by inclusion of their closures, with a least and a greatest element.

    Nodes are sign strings such as "+0-", with `dimension` and `bounded`; the empty face
    "empty" of dimension −1 is below all, and "top" of dimension d + 1 above all. Edges are
    the cover relations, from a face to those of one dimension more around it.
    :func:`arrangement.files.graphml.write_poset` and networkx write it as GraphML.

    On a flat Y of one dimension more, a flat X is a hyperplane, so that each face on X is the
    common facet of two faces on Y, which differ in the signs of the hyperplanes that contain X
    but not Y.

    Returns
    -------
    networkx.DiGraph

    Raises
    ------
    SizeError
        If there are more than 100,000 faces.

    References
    ----------
    A. Björner, M. Las Vergnas, B. Sturmfels, N. White, G. M. Ziegler, *Oriented
    Matroids* (1999), §4.1.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> lattice = Arrangement([[1], [1]], [0, -1]).face_lattice()
    >>> sorted(lattice.successors("empty")), sorted(lattice.successors("0-"))
    (['+0', '0-'], ['+-', '--'])
    >>> from arrangement import families
    >>> lattice = families.braid(3).face_lattice()
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
    names = [sign_strings(level.signs) for level in levels]
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
        begin = smaller.begin
        pair, face = places(begin[relation.smaller], np.diff(begin)[relation.smaller])
        zero = larger.flats.packed[relation.larger[pair]]
        new = smaller.flats.packed[relation.smaller[pair]] & ~zero
        # On the larger flat these are all proportional: they have one side in common, or not,
        # on all faces of it.
        side = new & larger.packed[larger.begin[relation.larger[pair]]]
        for signs in (side, new & ~side):
            around = larger.look_up(smaller.packed[face] | signs, zero)
            assert (around >= 0).all(), "a facet has a face on both sides"
            graph.add_edges_from(
                (names[k + 1][a], names[k][b])
                for a, b in zip(face.tolist(), around.tolist(), strict=True)
            )
    graph.add_edges_from((node, TOP) for node in names[0])
    return graph
