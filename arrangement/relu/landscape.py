"""The loss landscape of one hidden layer of ReLU: the problem, its minima, the result."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from arrangement.checks import check_flag, check_instance
from arrangement.in_notebooks import InNotebooks
from arrangement.relu.minima.connected import components
from arrangement.relu.minima.critical_points import CriticalPoints, critical_points
from arrangement.relu.minima.neuron_faces import NeuronFaces
from arrangement.relu.minima.piece_files import save_pieces
from arrangement.relu.minima.pieces import KINDS, Piece, Pieces
from arrangement.relu.minima.product import ProductGraph, product_graph
from arrangement.relu.minima.rational import RationalDecider
from arrangement.relu.minima.saddles import saddles
from arrangement.relu.minima.search import refuse_large_table, refuse_too_many
from arrangement.relu.minima.ties import rising
from arrangement.relu.multisets import multiset_index
from arrangement.relu.problem import Problem, checked_loss
from arrangement.relu.weight_space import Floats, Indices, Signs
from arrangement.results.columns import Columns

if TYPE_CHECKING:
    import networkx as nx

    from arrangement.results.cells import Cells

__all__ = ["Landscape", "Piece"]


@dataclass(frozen=True, eq=False)
class Landscape(InNotebooks):
    """The minima of a problem, beside the columns of its tuples of cells and of their edges.

    The cells, faces and edges are exact, and so is every order of losses; which tuples hold
    pieces is decided as the notes of :meth:`OneHiddenLayer.landscape` say. The columns of nodes
    are float64, so that there samples that depend on each other up to rounding only may count
    as dependent.

    Columns follow the nodes and edges of :attr:`graph`: with one neuron the m cells, with K
    neurons their multisets. They are computed when they are first asked for.

    Attributes
    ----------
    problem : OneHiddenLayer
    table : NeuronFaces
        The faces of one neuron that were gone through; with one neuron and many faces, those
        that may hold a minimum.
    pieces : Pieces
        All local minima that were asked for, by rising loss.
    doubtful : int
        Tuples of faces that hold no piece, though an inequality was too narrow to tell.
    exact : bool
        Was everything decided in rational arithmetic?

    Examples
    --------
    >>> from arrangement.relu import OneHiddenLayer
    >>> OneHiddenLayer([[1.0], [2.0]], [1.0, 4.0], bias=None).landscape()
    Landscape: 2 cells, 3 pieces, least loss 0.4 (isolated)
    """

    problem: Problem
    table: NeuronFaces
    pieces: Pieces
    doubtful: int
    exact: bool

    @cached_property
    def cells(self) -> Cells:
        """The cells of one neuron."""
        cells = self.table.cells
        return cells if cells.complete else self.problem.arrangement.cells()

    @cached_property
    def n_faces(self) -> tuple[int, ...]:
        """How many faces of each dimension there are for one neuron, the cells last.

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> OneHiddenLayer([[0], [1], [2]], [1, 0, 1]).landscape().n_faces
        (1, 6, 6)
        """
        return self.problem.arrangement.face_vector(method="enumerate")

    @cached_property
    def _graphed(self) -> tuple[NeuronFaces, Pieces]:
        """All cells and facets, perhaps with other faces, and the pieces on them."""
        if self.table.cells.complete:
            return self.table, self.pieces
        problem = self.problem
        refuse_large_table(sum(self.n_faces[-2:]), problem.n_samples, problem.dimension)
        table = problem.faces(2)
        return table, self.pieces.on(table)

    @property
    def global_minimum(self) -> Piece:
        """The first piece of least loss.

        A logistic loss may fall below it without a minimum, see :attr:`may_be_lower`.

        Raises
        ------
        LookupError
            If there is no piece of the loss and the kinds that were asked for.
        """
        if not len(self.pieces):
            raise LookupError("no piece: there is none of this loss and these kinds")
        return self.pieces[0]

    @cached_property
    def _decider(self) -> RationalDecider:
        return self.problem.search(self.table).rational

    @cached_property
    def graph(self) -> ProductGraph:
        """The graph of the multisets of K cells; with one neuron, of the cells.

        Raises
        ------
        SizeError
            If there are too many faces, or multisets, to hold.
        """
        problem, (table, pieces) = self.problem, self._graphed
        return product_graph(
            table.cells,
            problem.hidden,
            problem.search(table).rational,
            pieces,
            problem.hidden * problem.dimension + int(problem.output_bias),
        )

    @cached_property
    def component(self) -> Indices:
        """The connected component of each piece, numbered by rising loss, shape (m,).

        Of equal losses the component of the earlier piece is first.
        """
        return components(self.pieces, self._decider)

    @property
    def components(self) -> list[Indices]:
        """The connected components of the set of local minima: rows of `pieces`, by loss.

        Pieces that lie in each other's closure are joined, up to the scaling and the order of
        neurons; see :mod:`arrangement.relu.minima.connected`. Of the pieces that were asked
        for. Each has the shape (k,).

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> landscape = OneHiddenLayer([[0.0], [1.0], [2.0]], [1.0, 0.0, 1.0]).landscape()
        >>> [part.tolist() for part in landscape.components]
        [[0], [1, 3], [2, 4], [5, 6, 7, 8]]
        """
        order = np.argsort(self.component, kind="stable")
        cuts = np.flatnonzero(np.diff(self.component[order])) + 1
        return np.split(order, cuts) if len(order) else []

    def saddles(self, max_loss: float | None = None, on_faces: bool = False) -> Pieces:
        """The differentiable saddles: critical points with z_j = 0 that are no minima.

        Some neurons have z_j = 0 and w_j in an open cell, orthogonal to g_j = Σ_i r_i D_i x_i,
        not all g_j zero; the others are critical without them. There are no saddles with all
        z_j ≠ 0. Whether g_j ⟂ w_j in a cell is decided exactly.

        Parameters
        ----------
        max_loss : float, optional
            Only those of at most this loss.
        on_faces : bool
            The others may be on faces, too: where no direction descends in first order, and
            the loss is not differentiable.

        Returns
        -------
        Pieces
            By rising loss, of kind ``"saddle"``, one for each multiset of cells, or of faces.

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> layer = OneHiddenLayer([[0.0], [1.0], [2.0]], [1.0, 1.0, -1.0])
        >>> for saddle in layer.landscape().saddles():
        ...     print(saddle, saddle.signs.tolist(), saddle.weights.round(3).tolist())
        Piece(saddle, loss 1, dimension 0, margin 0.33) [[1, 1, 1]] [[0.471, 0.471]]
        """
        self.problem.refuse_other_losses("saddles()")
        check_flag(on_faces, "on_faces")
        table, n, d = self.table, self.problem.n_samples, self.problem.dimension
        if table.codimension[-1] < table.rank or not table.cells.complete:
            refuse_large_table(sum(self.n_faces), n, d)
            table = self.problem.faces()
        kinds = KINDS if on_faces else ("isolated", "continuum", "dead")
        search = self.problem.search(table, checked_loss(max_loss), kinds, self.exact).suited()
        refuse_too_many(len(search.positions), self.problem.hidden - 1, n, d)
        found = rising(saddles(search), search.rational)
        return Pieces(table, *found, self.problem.bias, "saddle")

    def critical_points(self, saddles: Pieces | None = None) -> CriticalPoints:
        """All minima and saddles with their indices, in one table.

        Parameters
        ----------
        saddles : Pieces, optional
            The saddles that :meth:`saddles` has found; all of them, those on faces included,
            if left out.

        Returns
        -------
        CriticalPoints

        Notes
        -----
        Ranks and signs are decided in rational arithmetic, at the exact points. Critical is a
        point from which no direction descends in first order. Where z_j ≠ 0, neurons may be on
        faces; where z_j = 0, w_j is in an open cell, as :meth:`saddles` says. There are further
        critical points with z_j = 0 and w_j on a face, among them (w_j, z_j) = 0. From them the
        loss may fall in second order across the kinks, which no Hessian on a tangent space
        tells, and they are not listed.

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> points = OneHiddenLayer([[0], [1], [2]], [1, 1, -1], hidden=2).landscape()
        >>> points = points.critical_points()
        >>> points
        57 critical points: 52 of index 0, 4 of index 1, 1 of index 2
        >>> points.share[points.kind == "saddle"].max().round(3), points.multiplicity.max()
        (np.float64(0.333), np.int64(2))
        """
        self.problem.refuse_other_losses("critical_points()")
        if saddles is None:
            saddles = self.saddles(on_faces=True)
        check_instance(saddles, "saddles", "Pieces")
        other = self.problem.search(saddles.table).rational
        return critical_points((self.pieces, self._decider), (saddles, other), self.component)

    @cached_property
    def falling(self) -> tuple[Indices, Signs, Floats]:
        """Where a logistic loss falls for ever: rows of `table`, output signs s, and limits.

        On these open faces F each output s·σ(v·x_i) of a neuron with weights v in F has the
        sign of y_i or is 0, and not all are: along each ray the loss falls to the limit
        (log 2 / N)·(samples with output 0), other neurons and the output bias 0, and the limit
        is not attained. Each of shape (k,), empty for other losses.

        The loss may fall further: to less than a limit beside a ray, where neurons or samples
        that add nothing along it do their part, and with several neurons or an output bias
        from where no output of one neuron alone is right; see :attr:`may_be_lower`. Without
        ``"boundary"`` among the kinds only cells are in `table`.

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> layer = OneHiddenLayer([[1], [2], [-1]], [1, 1, -1], bias=None, loss="logistic")
        >>> faces, signs, limits = layer.landscape().falling
        >>> signs.tolist(), limits.round(6).tolist()
        ([1, -1], [0.231049, 0.462098])
        """
        table = self.table
        if not self.problem.loss.separable:
            faces, s = np.zeros((2, 0), dtype=np.int64)
            return faces, s.astype(np.int8), np.zeros(0)
        outputs = np.sign(table.slopes(slice(None)) * table.signs)
        right = outputs * self.problem.targets
        holds = np.array([np.all(right >= 0, axis=1), np.all(right <= 0, axis=1)])
        faces, side = np.nonzero((holds & right.any(axis=1)).T)
        limits = np.log(2) * np.mean(outputs[faces] == 0, axis=1)
        return faces, (1 - 2 * side).astype(np.int8), limits

    @property
    def may_be_lower(self) -> bool:
        """May the infimum of the loss be below the least minimum of all kinds?

        False is a proof: the loss is none that falls for ever, or there is one neuron, no
        output bias, and no face in :attr:`falling`.

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> X, y = [[0], [0], [1], [3], [3]], [1, -1, 1, 1, -1]
        >>> one, two = (OneHiddenLayer(X, y, hidden=K, loss="logistic") for K in (1, 2))
        >>> one.landscape().may_be_lower
        False

        Two neurons make a bump over x = 1, and the loss falls towards 4/5 log 2:

        >>> two.landscape()
        Landscape: 2 neurons, 6 cells, 50 pieces, least loss 0.671202 (continuum), may be lower
        """
        problem, table = self.problem, self.table
        if not problem.loss.separable:
            return False
        alone = problem.hidden == 1 and not problem.output_bias
        every = table.cells.complete and table.codimension[-1] == table.rank
        return not (alone and every) or len(self.falling[0]) > 0

    @property
    def min_loss(self) -> Floats:
        """The least loss (1/N)‖A A† y − y‖² of each node's linear map, shape (M,)."""
        return self.graph.min_loss

    @property
    def rank(self) -> Indices:
        """Rank of A, shape (M,)."""
        return self.graph.rank

    @property
    def attained(self) -> NDArray[np.bool_]:
        """Is that loss taken at some (w, z) with w in the open cells, shape (M,)?

        Of the pieces that were asked for.
        """
        return self.graph.attained

    @property
    def boundary_loss(self) -> Floats:
        """For each edge the loss of the non-differentiable minimum on the open facet.

        NaN where there is none. In the order of the edges of the cells, shape (E,).
        """
        return self.graph.boundary_loss

    @property
    def unique(self) -> NDArray[np.bool_]:
        """Is the node's minimizer unique (rank K·d), shape (M,)?"""
        return self.graph.unique

    @cached_property
    def _minimizers(self) -> tuple[Floats, Signs]:
        nodes = self.graph.nodes
        R = self.graph.decider.fits(nodes)[2]
        signs = np.zeros(nodes.shape, dtype=np.int8)
        table, pieces = self._graphed
        inside = np.flatnonzero(np.all(table.codimension[pieces.faces] == 0, axis=1))[::-1]
        place = multiset_index(pieces.faces[inside], len(table.cells))
        R[place] = pieces.points[inside] * pieces.output_signs[inside][:, :, None]
        signs[place] = pieces.output_signs[inside]
        return table.weights(R), signs

    @property
    def minimizer(self) -> Floats:
        """A minimizer R_j = z_j w_j of ‖A R − y‖, with w in the cells where that is attained.

        Shape (m, d) with one neuron, else (M, K, d).
        """
        R = self._minimizers[0]
        return R[:, 0] if self.problem.hidden == 1 else R

    @property
    def output_sign(self) -> Signs:
        """The sign of z there; 0 where the loss is not attained, z = 0, or z is free.

        Shape (m,) with one neuron, else (M, K).
        """
        signs = self._minimizers[1]
        return signs[:, 0] if self.problem.hidden == 1 else signs

    @property
    def activations(self) -> NDArray[np.bool_]:
        """Which samples are active in each cell, shape (m, N)."""
        return self.cells.signs > 0

    @property
    def boundary_minimum(self) -> NDArray[np.bool_]:
        """Does the open facet of each edge hold a non-differentiable minimum, shape (E,)?"""
        return self.graph.boundary_minimum

    def node_columns(self) -> Columns:
        """The columns of the nodes: those of `Cells`, min_loss, rank, unique, attained.

        Returns
        -------
        dict of str to columns

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> landscape = OneHiddenLayer([[0], [1], [2]], [1, 0, 1]).landscape()
        >>> list(landscape.node_columns())[-3:], list(landscape.edge_columns())
        (['rank', 'unique', 'attained'], ['hyperplane', 'boundary_minimum', 'boundary_loss'])
        """
        return self.graph.node_columns()

    def edge_columns(self) -> Columns:
        """The columns of the edges: hyperplane, boundary_minimum, boundary_loss.

        Returns
        -------
        dict of str to columns
        """
        return self.graph.edge_columns()

    def to_networkx(self) -> nx.Graph:
        """The graph with the columns as attributes; see :meth:`ProductGraph.to_networkx`.

        Returns
        -------
        networkx.Graph

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> landscape = OneHiddenLayer([[0], [1], [2]], [1, 0, 1]).landscape()
        >>> len(landscape.to_networkx()) == len(landscape.cells)
        True
        """
        return self.graph.to_networkx()

    def write_graphml(self, path: str | os.PathLike[str]) -> None:
        """Write the graph as GraphML, compressed if the name ends in ``.gz``.

        Parameters
        ----------
        path : path-like

        Examples
        --------
        >>> import tempfile
        >>> from arrangement.relu import OneHiddenLayer
        >>> landscape = OneHiddenLayer([[0], [1], [2]], [1, 0, 1]).landscape()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     landscape.write_graphml(f"{folder}/landscape.graphml")
        """
        self.graph.write_graphml(path)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the pieces, by rising loss, as ``.npz`` or as a table of text, ``.csv``.

        The arrays are those of :class:`Pieces`: loss, kind, dimension, margin, decided, signs,
        output_signs, weights, output_weights, output_bias, and the component of each piece. The
        table has one line a piece; the signs of a neuron on the samples are a word of +, - and
        0. The file appears only when it is whole.

        Parameters
        ----------
        path : path-like

        Raises
        ------
        InputError
            If the suffix is neither.

        Examples
        --------
        >>> import tempfile
        >>> from arrangement.relu import OneHiddenLayer
        >>> landscape = OneHiddenLayer([[0], [1], [2]], [1, 0, 1]).landscape()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     landscape.save(f"{folder}/minima.csv")
        """
        save_pieces(path, self.pieces, self.component)

    def __repr__(self) -> str:
        neurons = "" if self.problem.hidden == 1 else f"{self.problem.hidden} neurons, "
        best = ""
        if len(self.pieces):
            best = f", least loss {self.global_minimum.loss:.6g} ({self.global_minimum.kind})"
        limits = self.falling[2]
        if len(limits) and not np.any(self.pieces.loss <= limits.min()):
            best += f", falls towards {limits.min():.6f}"
        elif self.may_be_lower:
            best += ", may be lower"
        return f"Landscape: {neurons}{self.n_faces[-1]} cells, {len(self.pieces)} pieces{best}"
