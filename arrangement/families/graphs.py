"""Graphical arrangements: a hyperplane for each edge of a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from arrangement.arrangement import Arrangement
from arrangement.errors import InputError
from arrangement.exact.numbers import shown
from arrangement.families.sizes import refuse_if_large

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["graphical"]


def graphical(graph: nx.Graph) -> Arrangement:
    """The graphical arrangement: x_u = x_v for every edge uv of a graph, in R^V.

    Its cells are the acyclic orientations of the graph: x_u > x_v is the edge from u to v. Its
    characteristic polynomial is the chromatic polynomial, its rank the number of nodes less
    the number of connected components.

    Parameters
    ----------
    graph : networkx.Graph
        Coordinate i is the i-th node, hyperplane k the k-th edge (u, v) of ``graph.edges``,
        with normal e_u − e_v. Parallel edges of a multigraph are copies of a hyperplane, and
        the directions of a directed graph are those of the normals.

    Raises
    ------
    InputError
        If it is no graph, or has a loop; SizeError if it has too many edges.

    References
    ----------
    R. P. Stanley, *Acyclic orientations of graphs*, Discrete Math. 5 (1973); C. Greene and
    T. Zaslavsky, *On the interpretation of Whitney numbers through arrangements of
    hyperplanes, zonotopes, non-Radon partitions, and orientations of graphs*, Trans. Amer.
    Math. Soc. 280 (1983).

    Examples
    --------
    >>> import networkx as nx
    >>> from arrangement.families import graphical
    >>> graphical(nx.path_graph("abc")).normals.astype(int).tolist()
    [[1, -1, 0], [0, 1, -1]]
    >>> len(graphical(nx.cycle_graph(5)).cells())  # all orientations but the two cycles
    30
    """
    import networkx as nx

    if not isinstance(graph, nx.Graph):
        raise InputError(f"graphical: a networkx graph is needed, not {shown(graph)}")
    n, m = graph.number_of_nodes(), graph.number_of_edges()
    refuse_if_large(f"graphical({graph})", m, n)
    coordinate = {node: i for i, node in enumerate(graph)}
    normals = np.zeros((m, n), dtype=np.int64)
    for row, (u, v) in zip(normals, graph.edges(), strict=True):
        if u == v:
            raise InputError(f"graphical: node {shown(u)} has a loop, which is no hyperplane")
        row[coordinate[u]], row[coordinate[v]] = 1, -1
    return Arrangement(normals)
