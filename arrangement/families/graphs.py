"""Arrangements of graphs: hyperplanes x_u − x_v = c for every edge uv."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arrangement.arrangement import Arrangement
from arrangement.errors import InputError
from arrangement.exact.numbers import shown
from arrangement.families.root_systems import positive
from arrangement.families.sizes import family_generator, refuse_if_large

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Graph", "bigraphical", "g_semiorder", "g_shi", "given_graph", "graphical"]

Graph: TypeAlias = "nx.Graph | Iterable[tuple[object, object]]"
"""A graph of networkx, or a list of edges."""

GENERIC = 10**6
"""Constants in general position are drawn from 1 to this."""


def graphical(graph: Graph) -> Arrangement:
    """The graphical arrangement: x_u = x_v for every edge uv of a graph, in R^V.

    Its cells are the acyclic orientations of the graph: x_u > x_v is the edge from u to v. Its
    characteristic polynomial is the chromatic polynomial, its rank the number of nodes less
    the number of connected components.

    Parameters
    ----------
    graph : networkx.Graph, or list of pairs
        Coordinate i is the i-th node, hyperplane k the k-th edge (u, v) of ``graph.edges``,
        with normal e_u − e_v. Parallel edges of a multigraph are copies of a hyperplane, and
        the directions of a directed graph are those of the normals. The nodes of a list of
        edges are in increasing order.

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
    >>> graphical([(0, 2), (1, 2)]).normals.astype(int).tolist()
    [[1, 0, -1], [0, 1, -1]]
    """
    return Arrangement(_differences("graphical", given_graph("graphical", graph)))


def g_shi(graph: Graph) -> Arrangement:
    """The Shi arrangement of a graph: x_u − x_v = 0 and 1 for every edge uv, in R^V.

    The first node of an edge is the one that comes first in the graph. Every G-parking
    function labels a cell of it. Of a complete graph it is the Shi arrangement. (SageMath's
    ``G_Shi``.)

    Parameters
    ----------
    graph : networkx.Graph, or list of pairs
        As for :func:`graphical`; directions and parallel edges do not count.

    Raises
    ------
    InputError
        If it is no graph, or has a loop; SizeError if it has too many edges.

    References
    ----------
    A. M. Duval, C. Klivans and J. Martin, *The G-Shi arrangement, and its relation to
    G-parking functions* (2011).

    Examples
    --------
    >>> from arrangement.families import g_shi
    >>> g_shi([(0, 1), (1, 2)]).n_cells()
    9
    """
    return _parallels("g_shi", graph, (0, 1))


def g_semiorder(graph: Graph) -> Arrangement:
    """The semiorder arrangement of a graph: x_u − x_v = −1 and 1 for every edge uv, in R^V.

    Of a complete graph it is the semiorder arrangement. (SageMath's ``G_semiorder``.)

    Parameters
    ----------
    graph : networkx.Graph, or list of pairs
        As for :func:`g_shi`.

    Raises
    ------
    InputError
        If it is no graph, or has a loop; SizeError if it has too many edges.

    References
    ----------
    S. Hopkins and D. Perkinson, *Bigraphical arrangements*, Trans. Amer. Math. Soc. 368
    (2016).

    Examples
    --------
    >>> from arrangement.families import g_semiorder
    >>> g_semiorder([(0, 1), (1, 2), (0, 2)]).n_cells()
    19
    """
    return _parallels("g_semiorder", graph, (-1, 1))


def bigraphical(graph: Graph, rng: int | np.random.Generator = 0) -> Arrangement:
    """The bigraphical arrangement of a graph: x_u − x_v = a_uv and x_v − x_u = a_vu, in R^V.

    The constants are random integers from 1 to 10^6, and generic with probability near one;
    then there are Σ 2^|F| cells, one term for each forest F in the graph: 2^(n−1) T(3/2, 1)
    of a connected graph with n nodes and Tutte polynomial T.

    Parameters
    ----------
    graph : networkx.Graph, or list of pairs
        As for :func:`g_shi`.
    rng : int or numpy.random.Generator, optional
        The seed, or the generator to draw from.

    Raises
    ------
    InputError
        If it is no graph, or has a loop; SizeError if it has too many edges.

    References
    ----------
    S. Hopkins and D. Perkinson, *Bigraphical arrangements*, Trans. Amer. Math. Soc. 368
    (2016), Theorem 1.1.

    Examples
    --------
    >>> from arrangement.families import bigraphical
    >>> bigraphical([(0, 1), (1, 2), (0, 2)]).n_cells()  # 1 + 3·2 + 3·4
    19
    """
    normals = _ordered("bigraphical", graph, 2)
    constants = family_generator("bigraphical", rng).integers(1, GENERIC + 1, len(normals))
    normals[1::2] *= -1
    return Arrangement(normals, -constants)


def given_graph(name: str, graph: Graph) -> nx.Graph:
    """The graph that a family is called with, without loops.

    Examples
    --------
    >>> list(given_graph("graphical", [(2, 0), (0, 1)]))
    [0, 1, 2]
    """
    import networkx as nx

    if not isinstance(graph, nx.Graph):
        edges: Any = graph.tolist() if isinstance(graph, np.ndarray) else graph
        if isinstance(edges, str) or not isinstance(edges, Iterable):
            raise InputError(
                f"{name}: a networkx graph or a list of edges is needed, not {shown(graph)}"
            )
        edges = list(edges)
        for edge in edges:
            if isinstance(edge, str) or not isinstance(edge, Sequence) or len(edge) != 2:
                raise InputError(f"{name}: {shown(edge)} is no edge, which is a pair of nodes")
        graph = nx.MultiGraph()
        try:
            graph.add_nodes_from(sorted({node for edge in edges for node in edge}))
        except TypeError:
            raise InputError(
                f"{name}: the nodes of a list of edges are numbers or texts, not both"
            ) from None
        graph.add_edges_from(edges)
    for u, v in graph.edges():
        if u == v:
            raise InputError(f"{name}: node {shown(u)} has a loop, which is no hyperplane")
    return graph


def _differences(name: str, graph: nx.Graph, copies: int = 1) -> NDArray[np.int64]:
    """A normal e_u − e_v for each edge, as often as there are copies."""
    n, m = graph.number_of_nodes(), graph.number_of_edges()
    refuse_if_large(f"{name}({graph})", copies * m, n)
    coordinate = {node: i for i, node in enumerate(graph)}
    normals = np.zeros((m, n), dtype=np.int64)
    for row, (u, v) in zip(normals, graph.edges(), strict=True):
        row[coordinate[u]], row[coordinate[v]] = 1, -1
    return np.repeat(normals, copies, axis=0)


def _parallels(name: str, graph: Graph, constants: Sequence[int]) -> Arrangement:
    """x_u − x_v = c for the edges of a simple graph, u before v, and c in the constants."""
    normals = _ordered(name, graph, len(constants))
    return Arrangement(normals, -np.tile(constants, len(normals) // len(constants)))


def _ordered(name: str, graph: Graph, copies: int) -> NDArray[np.int64]:
    """The normals of the edges of a simple graph, the positive entry first."""
    import networkx as nx

    return positive(_differences(name, nx.Graph(given_graph(name, graph)), copies))
