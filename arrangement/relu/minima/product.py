"""The product graph: tuples of cells, joined where one neuron crosses one facet."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from arrangement.errors import SizeError
from arrangement.files.graphml import cell_graph, write_graphml
from arrangement.memory import refuse
from arrangement.relu.minima.pieces import Pieces
from arrangement.relu.minima.pruning import tuple_losses
from arrangement.relu.minima.rational import RationalDecider
from arrangement.relu.minima.search import VERY_FEW
from arrangement.relu.minima.ties import active_sets, exact_losses, levels, representatives
from arrangement.relu.minima.tuples import Screen
from arrangement.relu.multisets import multiset_index, multisets, multisets_at, n_multisets
from arrangement.relu.weight_space import Floats, Indices, Mask
from arrangement.results.columns import Columns

if TYPE_CHECKING:
    import networkx as nx

    from arrangement.results.cells import Cells

__all__ = ["MAX_GRAPH", "ProductGraph", "cell_fits", "product_graph", "refuse_large_graph"]


MAX_NODES = 50_000_000
MAX_EDGES = 50_000_000
MAX_GRAPH = 1_000_000
"""The most nodes and edges that are given to networkx or written as GraphML."""


def refuse_large_graph(nodes: int, edges: int, what: str) -> None:
    """Raise a SizeError if a graph is too large for networkx and GraphML."""
    if nodes + edges > MAX_GRAPH:
        raise SizeError(
            f"{what} of {nodes:,} nodes and {edges:,} edges is more than {MAX_GRAPH:,}; take "
            "fewer samples or neurons, or use the columns (nodes, edges, min_loss, …) instead"
        )


def cell_fits(
    decider: RationalDecider,
    hidden: int,
    n_cells: int,
    attained: Floats,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Floats, Indices, Indices]:
    """The least loss, its level and the rank of multisets of cells, in lexicographic order.

    Parameters
    ----------
    decider : RationalDecider
    hidden, n_cells : int
    attained : ndarray, shape (M,)
        The loss where it is that of a piece, rounded from the exact one; NaN elsewhere.
    report : callable
        Called with (multisets done, multisets in all).

    Returns
    -------
    loss : ndarray, shape (M,)
        Of the columns of all neurons, an output bias included.
    level : ndarray of int, shape (M,)
        The places of the exact losses, see :func:`~arrangement.relu.minima.ties.levels`.
    rank : ndarray of int, shape (M,)
    """
    faces, y = decider.faces, decider.y
    n = len(y)
    total = n_multisets(n_cells, hidden)
    loss, rank = np.empty(total), np.empty(total, dtype=np.int64)
    error = np.empty(total)
    # Every cell, idle or not.
    screen = Screen(decider, np.arange(n_cells))
    at = 0
    screened = type(decider) is RationalDecider
    exhaustive = not screened or (faces.rough and total <= VERY_FEW)
    hard = [np.arange(total if exhaustive else 0)]
    for prefix in () if exhaustive else multisets(n_cells, hidden - 1):
        before, _ = screen.prefix_fit(prefix)
        for block, table, grams in screen.blocks(prefix[-1] if prefix else 0):
            squares, wrong, sure = tuple_losses(before, table, grams, faces.sizes[block])
            rows = slice(at, at + len(table))
            loss[rows], error[rows] = squares / n, wrong / n
            rank[rows] = before.basis.shape[1] + faces.rank
            hard.append(at + np.flatnonzero(~sure))
            at = rows.stop
        report(at, total)
    places = np.concatenate(hard)
    if len(places):
        tuples = multisets_at(places, n_cells, hidden)
        loss[places], rank[places], _, error[places] = decider.fits(tuples, points=False)

    known = ~np.isnan(attained)
    loss[known], error[known] = attained[known], np.spacing(attained[known])

    def sets(rows: Indices) -> Indices:
        sets = active_sets(faces, multisets_at(rows, n_cells, hidden))
        return representatives(decider, sets)

    return *levels(loss, error, sets, partial(exact_losses, decider)), rank


@dataclass(frozen=True, eq=False)
class ProductGraph:
    """The graph of the parameter cells: nodes are multisets of K cells.

    Node (c_1 ≤ … ≤ c_K) is the set of weights with the neurons in these cells, in some order;
    two nodes are joined where one neuron crosses one facet. The columns follow the order of the
    nodes, which is lexicographic, and of the edges.

    Attributes
    ----------
    cells : Cells
        Of one neuron.
    hidden : int
        The number K of neurons.
    decider : RationalDecider
        Of the problem: what computes `min_loss` and `rank`.
    full_rank : int
        The rank with which the minimizer is unique.
    attained_loss : ndarray, shape (M,)
        The least loss where it is taken at weights inside the open cells, that is by a piece;
        NaN elsewhere.
    boundary_loss : ndarray, shape (E,)
        The least loss of a piece with one neuron on the facet and the others in their cells;
        NaN where there is none.

    Examples
    --------
    >>> from arrangement.relu import OneHiddenLayer
    >>> two = OneHiddenLayer([[1.0], [2.0]], [1.0, 4.0], hidden=2, bias=None)
    >>> graph = two.landscape().graph
    >>> graph.nodes.tolist(), graph.edges[:, :2].tolist()
    ([[0, 0], [0, 1], [1, 1]], [[0, 1], [1, 2]])
    >>> graph.min_loss.round(9).tolist()
    [0.4, 0.4, 8.5]
    >>> graph.lowest_neighbor.tolist(), graph.basin.tolist()
    ([0, 0, 1], [0, 0, 0])
    """

    cells: Cells
    hidden: int
    decider: RationalDecider = field(repr=False)
    full_rank: int
    attained_loss: Floats
    boundary_loss: Floats

    def __len__(self) -> int:
        return len(self.attained_loss)

    @cached_property
    def _fits(self) -> tuple[Floats, Indices, Indices]:
        report = self.cells.reporter("tuples of cells fitted")
        return cell_fits(self.decider, self.hidden, len(self.cells), self.attained_loss, report)

    @property
    def min_loss(self) -> Floats:
        """The least loss of each node's linear map A = [D_1 X … D_K X], shape (M,).

        That is (1/N)‖A A† y − y‖². Losses that are exactly equal are one float, with those
        of pieces.
        """
        return self._fits[0]

    @property
    def level(self) -> Indices:
        """Rises with the exact loss, the same where losses are exactly equal; shape (M,)."""
        return self._fits[1]

    @property
    def rank(self) -> Indices:
        """Rank of A, the column of an output bias included, shape (M,)."""
        return self._fits[2]

    @cached_property
    def nodes(self) -> Indices:
        """The cells of each node, rising, shape (M, K)."""
        return multisets_at(np.arange(len(self)), len(self.cells), self.hidden)

    @cached_property
    def edges(self) -> Indices:
        """(node, node, hyperplane) for each neuron that crosses a facet, shape (E, 3).

        The edge that cell edge e and the i-th multiset of the other neurons' cells give is
        number e·(multisets) + i.
        """
        m = len(self.cells)
        others = n_multisets(m, self.hidden - 1)
        rest = multisets_at(np.arange(others), m, self.hidden - 1)
        own = self.cells.edges
        result = np.empty((len(own) * len(rest), 3), dtype=np.int64)
        for side in range(2):
            rows = np.empty((len(own), len(rest), self.hidden), dtype=np.int64)
            rows[:, :, 0] = own[:, side, None]
            rows[:, :, 1:] = rest
            rows = np.sort(rows.reshape(-1, self.hidden), axis=1)
            result[:, side] = multiset_index(rows, m)
        result[:, 2] = np.repeat(own[:, 2], len(rest))
        return result

    @property
    def attained(self) -> Mask:
        """Is that loss taken at weights inside the open cells, shape (M,)?"""
        return ~np.isnan(self.attained_loss)

    @property
    def unique(self) -> Mask:
        """Is the node's minimizer unique, shape (M,)?"""
        return np.equal(self.rank, self.full_rank)

    @property
    def boundary_minimum(self) -> Mask:
        """Does the facet of each edge hold a non-differentiable minimum, shape (E,)?"""
        return ~np.isnan(self.boundary_loss)

    # --- descent ----------------------------------------------------------------------------

    @cached_property
    def _place(self) -> Indices:
        """Where each node stands by rising loss; equal losses by number."""
        place = np.empty(len(self), dtype=np.int64)
        place[np.argsort(self.level, kind="stable")] = np.arange(len(self))
        return place

    @cached_property
    def lowest_neighbor(self) -> Indices:
        """The neighbour of least `min_loss`, or the node itself if none is lower, shape (M,).

        Of equal losses the earlier node counts as lower.
        """
        best = self._place.copy()
        a, b = self.edges[:, 0], self.edges[:, 1]
        np.minimum.at(best, a, self._place[b])
        np.minimum.at(best, b, self._place[a])
        return np.asarray(np.argsort(self._place)[best])

    @property
    def minima(self) -> Indices:
        """The nodes that no neighbour lies below, by rising loss; shape (k,)."""
        low = np.flatnonzero(self.lowest_neighbor == np.arange(len(self)))
        return low[np.argsort(self._place[low])]

    @cached_property
    def basin(self) -> Indices:
        """The minimum of the graph in which steepest descent from a node ends; shape (M,)."""
        end = self.lowest_neighbor
        while True:
            further = end[end]
            if np.array_equal(further, end):
                return end
            end = further

    @cached_property
    def merges(self) -> tuple[Indices, Floats]:
        """How the minima of the graph flow together as the level rises.

        Returns
        -------
        pairs : ndarray of int, shape (q, 2)
            (a, b): the component of minimum a meets that of the deeper minimum b.
        heights : ndarray, shape (q,)
            The level at which they do, rising: the least height that a path of nodes from a to
            something deeper has to climb to.
        """
        order = np.argsort(self._place)
        top = self._place[self.edges[:, :2]].max(axis=1)
        parent = list(range(len(self)))  # in places: the root of a component is its lowest

        def root(v: int) -> int:
            while parent[v] != v:
                parent[v] = parent[parent[v]]
                v = parent[v]
            return v

        pairs, heights = [], []
        ends = self._place[self.edges[:, :2]]
        for e in np.argsort(top, kind="stable").tolist():
            a, b = root(int(ends[e, 0])), root(int(ends[e, 1]))
            if a == b:
                continue
            a, b = max(a, b), min(a, b)
            parent[a] = b
            if a != top[e]:  # else a is the node itself, just reached
                pairs.append((order[a], order[b]))
                heights.append(self.min_loss[order[top[e]]])
        return np.array(pairs, dtype=np.int64).reshape(-1, 2), np.array(heights)

    def barrier(self, a: int, b: int) -> float:
        """The least height over paths from node a to node b: max of `min_loss` on the path.

        Parameters
        ----------
        a, b : int
            Nodes.

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> graph = OneHiddenLayer([[1.0], [2.0]], [1.0, 4.0], 2, bias=None).landscape().graph
        >>> round(graph.barrier(0, 2), 9)
        8.5
        """
        level = float(max(self.min_loss[a], self.min_loss[b]))
        a, b = int(self.basin[a]), int(self.basin[b])
        pairs, heights = self.merges
        up = dict(zip(pairs[:, 0].tolist(), range(len(pairs)), strict=True))
        while a != b:
            # The one that meets something deeper first has to climb first.
            first, second = sorted((a, b), key=lambda v: up.get(v, len(pairs)))
            a, b = int(pairs[up[first], 1]), second
            level = max(level, float(heights[up[first]]))
        return level

    # --- files ------------------------------------------------------------------------------

    def node_columns(self) -> Columns:
        """The columns of the nodes; with one neuron those of the cells as well.

        Returns
        -------
        dict of str to columns

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> graph = OneHiddenLayer([[1.0], [2.0]], [1.0, 4.0], 2, bias=None).landscape().graph
        >>> list(graph.node_columns())[:2]
        ['cell_0', 'cell_1']
        """
        if self.hidden == 1:
            columns = self.cells.node_columns()
        else:
            columns = {f"cell_{j}": self.nodes[:, j] for j in range(self.hidden)}
        return {
            **columns,
            "min_loss": self.min_loss,
            "rank": self.rank,
            "unique": self.unique,
            "attained": self.attained,
        }

    def edge_columns(self) -> Columns:
        """The columns of the edges: hyperplane, boundary_minimum, boundary_loss.

        Returns
        -------
        dict of str to columns

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> graph = OneHiddenLayer([[1.0], [2.0]], [1.0, 4.0], 2, bias=None).landscape().graph
        >>> list(graph.edge_columns())
        ['hyperplane', 'boundary_minimum', 'boundary_loss']
        """
        return {
            "hyperplane": self.edges[:, 2],
            "boundary_minimum": self.boundary_minimum,
            "boundary_loss": self.boundary_loss,
        }

    def _refuse_too_large(self, what: str) -> None:
        if self.hidden > 1:
            refuse_large_graph(len(self), len(self.boundary_loss), what)

    def to_networkx(self) -> nx.Graph:
        """The graph with the columns as attributes.

        Returns
        -------
        networkx.Graph

        Raises
        ------
        SizeError
            If K > 1 and it has more than a million nodes and edges.

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> graph = OneHiddenLayer([[1.0], [2.0]], [1.0, 4.0], 2, bias=None).landscape().graph
        >>> graph.to_networkx().number_of_nodes() == len(graph)
        True
        """
        self._refuse_too_large("a networkx graph")
        return cell_graph(self.node_columns(), self.edges[:, :2], self.edge_columns())

    def write_graphml(self, path: str | os.PathLike[str]) -> None:
        """Write the graph as GraphML, compressed if the name ends in ``.gz``.

        Parameters
        ----------
        path : path-like

        Raises
        ------
        SizeError
            If K > 1 and it has more than a million nodes and edges.

        Examples
        --------
        >>> import tempfile
        >>> from arrangement.relu import OneHiddenLayer
        >>> graph = OneHiddenLayer([[1.0], [2.0]], [1.0, 4.0], 2, bias=None).landscape().graph
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     graph.write_graphml(f"{folder}/pairs.graphml")
        """
        self._refuse_too_large("a GraphML file")
        write_graphml(
            path,
            self.node_columns(),
            self.edges[:, :2],
            self.edge_columns(),
            self.cells.reporter("nodes and edges written"),
        )

    def __repr__(self) -> str:
        return (
            f"ProductGraph of {self.hidden} x {len(self.cells)} cells: {len(self):,} nodes, "
            f"{len(self.boundary_loss):,} edges"
        )


def product_graph(
    cells: Cells, hidden: int, decider: RationalDecider, pieces: Pieces, full_rank: int
) -> ProductGraph:
    """The graph of a problem with these pieces.

    Parameters
    ----------
    cells : Cells
    hidden : int
    decider : RationalDecider
    pieces : Pieces
    full_rank : int
        Of the normal equations where no columns depend on each other.

    Raises
    ------
    SizeError
        If it has too many nodes or edges to hold.
    """
    m = len(cells)
    n_nodes = n_multisets(m, hidden)
    n_edges = len(cells.edges) * n_multisets(m, hidden - 1)
    if n_nodes > MAX_NODES or n_edges > MAX_EDGES:
        raise SizeError(
            f"the product graph of {m:,} cells and {hidden} neurons has {n_nodes:,} nodes "
            f"and {n_edges:,} edges, more than {MAX_NODES:,} or {MAX_EDGES:,}; take fewer "
            "samples, features or neurons"
        )
    refuse(
        24 * n_nodes + 24 * n_edges,
        f"the {n_nodes:,} nodes and {n_edges:,} edges of the product graph",
        "take fewer samples, features or neurons",
    )
    attained = np.full(n_nodes, np.nan)
    codimension = pieces.table.codimension[pieces.faces]
    inside = np.all(codimension == 0, axis=1)
    attained[multiset_index(pieces.faces[inside], m)] = pieces.loss[inside]
    boundary = np.full(n_edges, np.nan)
    one = np.flatnonzero((codimension.sum(axis=1) == 1) & (codimension.max(axis=1) == 1))
    if len(one):
        # The table of faces begins with the cells and, in the order of edges, the facets,
        # so that the facet is the last of a rising row.
        edge = pieces.faces[one, -1] - m
        place = edge * n_multisets(m, hidden - 1)
        place += multiset_index(pieces.faces[one, :-1], m)
        for k, at in zip(one[::-1].tolist(), place[::-1].tolist(), strict=True):
            boundary[at] = pieces.loss[k]
    return ProductGraph(cells, hidden, decider, full_rank, attained, boundary)
