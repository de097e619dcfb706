"""The loss landscape of one hidden layer of ReLU: the problem, its minima, the result."""

from __future__ import annotations

import operator
import os
from collections.abc import Collection
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.arguments import check_executor, check_flag
from arrangement.bounds import cover
from arrangement.errors import InputError, SizeError, SolverError
from arrangement.parsing import exact_number, shown
from arrangement.progress import Progress, reporter
from arrangement.relu.enumeration import (
    Search,
    enumerate_minima,
    refuse_large_table,
    refuse_too_many,
)
from arrangement.relu.faces import NeuronFaces
from arrangement.relu.pieces import KINDS, Piece, Pieces
from arrangement.relu.product import ProductGraph
from arrangement.relu.rational import RationalDecider
from arrangement.relu.samples import (
    SPREAD,
    Floats,
    Samples,
    Signs,
    sample_arrangement,
    sample_targets,
)
from arrangement.relu.ties import rising

if TYPE_CHECKING:
    import networkx as nx

    from arrangement.cells import Cells
    from arrangement.relu.optimum import GlobalOptimum

__all__ = ["Landscape", "OneHiddenLayer", "Piece"]


class OneHiddenLayer:
    """Least squares regression with one hidden layer of ReLU neurons.

    f(x) = Σ_j z_j max(0, w_j·x), with loss L(w, z) = (1/N) Σ_i (f(x_i) − y_i)². The samples
    are normals of a central arrangement in the space of one neuron's weights w, and on each
    of its cells a neuron is active on the same samples.

    Parameters
    ----------
    X : array_like, shape (N, features)
        The samples, each taken exactly as given.
    y : array_like, shape (N,)
        The targets.
    hidden : int
        Number K of hidden neurons, at least one.
    bias : number, optional
        The value of a constant coordinate appended to every sample, so that the last entry of
        w is a bias; None for neurons without bias.
    output_bias : bool
        Add a free constant to the outputs.
    negative_slope : float
        α of the activation max(t, αt) with |α| < 1; 0 for ReLU.

    Attributes
    ----------
    arrangement : Arrangement
        Of the N samples, in dimension d: the features, and one more with a bias.
    targets : ndarray, shape (N,)
    hidden : int
    bias : float or None
    output_bias : bool
    negative_slope : float

    Raises
    ------
    InputError
        If X or y is not a table of finite numbers of matching length, or if a sample is zero
        and there is no bias. The message names the row.

    Examples
    --------
    >>> from arrangement.relu import OneHiddenLayer
    >>> landscape = OneHiddenLayer([[0.0], [1.0], [2.0]], [1.0, 0.0, 1.0]).landscape()
    >>> for piece in landscape.pieces:
    ...     print(piece.kind, round(piece.loss, 6), piece.dimension, piece.output_signs)
    isolated 0.222222 0 [1]
    continuum 0.333333 1 [1]
    continuum 0.333333 1 [1]
    boundary 0.333333 0 [1]
    boundary 0.333333 0 [1]
    dead 0.666667 2 [0]
    boundary 0.666667 1 [-1]
    boundary 0.666667 1 [-1]
    zero 0.666667 0 [-1]

    Two neurons fit these samples in many ways:

    >>> import numpy as np
    >>> two = OneHiddenLayer([[0.0], [1.0], [2.0]], [1.0, 0.0, 1.0], hidden=2).landscape()
    >>> best = two.global_minimum
    >>> round(best.loss, 9), np.abs(best.predict([[0], [1], [2]]).round(9)).tolist()
    (0.0, [1.0, 0.0, 1.0])
    """

    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        hidden: int = 1,
        bias: float | Fraction | str | None = 1.0,
        output_bias: bool = False,
        negative_slope: float = 0.0,
    ) -> None:
        if isinstance(hidden, bool) or not isinstance(hidden, int | np.integer) or hidden < 1:
            raise InputError(f"hidden={shown(hidden)}: a number of hidden neurons, at least 1")
        if not isinstance(output_bias, bool | np.bool_):
            raise InputError(f"output_bias={shown(output_bias)}: True or False")
        try:
            exact_slope = Fraction(exact_number(negative_slope))
        except (AttributeError, TypeError, ValueError, OverflowError, ZeroDivisionError):
            exact_slope = Fraction(1)
        if not abs(exact_slope) < 1:
            raise InputError(
                f"negative_slope={shown(negative_slope)}: a number between -1 and 1"
            )
        slope = float(exact_slope)
        if slope != exact_slope:
            raise InputError(
                f"negative_slope={shown(negative_slope)}: the number is no float64"
            )
        self.hidden = operator.index(hidden)
        self.arrangement = sample_arrangement(X, bias)
        self.bias = None if bias is None else float(exact_number(bias))
        self.output_bias, self.negative_slope = bool(output_bias), slope
        self.targets, self.exact_targets = sample_targets(y, self.n_samples)

    @property
    def n_samples(self) -> int:
        """Number of samples N."""
        return self.arrangement.n_hyperplanes

    @property
    def dimension(self) -> int:
        """Dimension d of the weights of one neuron, the bias included."""
        return self.arrangement.dimension

    @cached_property
    def samples(self) -> Samples:
        """The samples and targets for work in float64."""
        samples = Samples.of(self.arrangement, self.targets, self.bias is not None)
        return samples if samples.spread <= SPREAD else samples.uncentred()

    @property
    def free(self) -> Floats:
        """Columns with free coefficients, shape (N, e): of ones for an output bias, or none."""
        return np.ones((self.n_samples, int(self.output_bias)))

    def faces(self, codimensions: int | None = None, progress: Progress = None) -> NeuronFaces:
        """The faces of the samples' arrangement with the linear maps of a neuron on them.

        Parameters
        ----------
        codimensions : int, optional
            Only faces of a codimension below this; 1 gives the cells. All by default.
        """
        cells = self.arrangement.cells(progress=progress)
        return self._faces(self.samples, cells, codimensions, progress)

    def _faces(
        self, samples: Samples, cells: Cells, codimensions: int | None, progress: Progress
    ) -> NeuronFaces:
        bias = self.bias is not None
        return NeuronFaces(samples, cells, bias, self.negative_slope, codimensions, progress)

    def landscape(
        self,
        max_loss: float | None = None,
        kinds: Collection[str] | str | None = None,
        exact: bool = False,
        executor: Executor | None = None,
        progress: Progress = None,
    ) -> Landscape:
        """All local minima of the loss.

        Parameters
        ----------
        max_loss : float, optional
            Only minima of at most this loss. Tuples of faces whose least squares loss, without
            any condition on signs, is larger are left out before anything else is computed: it
            is a lower bound of every minimum on them.
        kinds : collection of str, optional
            Only pieces of these kinds (see :class:`Piece`). Without ``"boundary"`` only cells
            are gone through, which is several times less work.
        exact : bool
            Decide all ranks, strict inequalities and multipliers in rational arithmetic, for
            the data as given, not only those that float64 leaves open.
        executor : concurrent.futures.Executor, optional
            Where tuples of two and more neurons are worked through, for example a
            `ProcessPoolExecutor`.
        progress : bool or callable, optional
            True shows progress on stderr when that is a terminal; a callable is called with
            (tuples of faces done, tuples in all).

        Returns
        -------
        Landscape

        Raises
        ------
        InputError
            If an argument is not what it must be.
        SizeError
            If there are too many tuples of faces to go through, before that is begun.
        SolverError
            If the samples are beyond float64 (the message names two rows) and have too many
            tuples for rational arithmetic, or a minimum has weights beyond float64.

        Notes
        -----
        Cells, faces and losses are exact, the losses rounded at the end: pieces are in exact
        order, and of equal losses the one with the earlier faces and output signs is first.
        Without `exact`, ranks and inequalities are decided in float64. A strict inequality has
        to hold by 1e-11 of the size of its terms and by more than its rounding error, else the
        tuple of faces is refused, and doubtful if that may be due to rounding; a weak one may
        fail by 1e-9 or by the rounding of the fit, and its piece is not `decided` if it may
        hold only by rounding. Tuples that are doubtful or hold such a piece (those of repeated
        samples, equal targets and integers, where inequalities hold with equality) are decided
        again in rational arithmetic, as long as they are few: of each million tuples as many
        as take an estimated 20 seconds, and 0.1 ms for each that is decided in float64. Where a
        sample is within 1e-9 of its length of a flat that it is not on, that is every tuple.
        What is beyond that is counted in `doubtful`, or not `decided`. The margin of a piece is
        how wide its narrowest inequality was, 0 where it holds with equality and not in all
        fits on the tuple, or where rounding moves the weights off their faces.

        Samples that leave float64 few digits, because their lengths differ by more than 10^6 or
        some are as nearly dependent, are decided in rational arithmetic, as with `exact`, up to
        200,000 tuples.

        Complete, up to the scaling and the order of neurons. A neuron with z ≠ 0 has u = |z| w
        in a cell, on a face with some w·x_i ≠ 0, or on all hyperplanes ("zero"); every
        multiset of these is looked at. A neuron with z = 0 is in place iff
        Σ_i r_i max(0, v·x_i) vanishes for v near w, r the residuals, that is on every cell
        around w: it is reported in the cells where this holds, with output sign 0, as a neuron
        in the cell without an active sample is, whose z is free; minima with z = 0 on faces are
        in the closures of these pieces.

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> layer = OneHiddenLayer([[-1], [1], [2]], [1, 0, 3], hidden=2, bias=None)
        >>> layer.landscape().pieces
        10 pieces (4 continuum, 1 isolated, 5 zero)
        >>> layer.landscape(max_loss=1.0, exact=True).pieces
        5 pieces (2 continuum, 1 isolated, 2 zero)
        """
        bound = self._max_loss(max_loss)
        wanted = self._kinds(kinds)
        quiet = None if callable(progress) else progress
        check_flag(exact, "exact")
        check_executor(executor)
        self._refuse_too_many("boundary" in wanted)
        codimensions = None if wanted & {"boundary", "zero"} else 1
        faces = self.faces(codimensions, quiet)
        search = Search(
            faces,
            self.samples.y,
            self.free,
            self.hidden,
            bound,
            wanted,
            self.exact_targets,
            exact,
        )
        refuse_too_many(len(search.positions), self.hidden, self.n_samples, self.dimension)
        search = search.suited()
        if search.exhaustive:
            # Float64 decides nothing here, and uncentred samples keep the weights' digits.
            samples = self.samples.uncentred()
            faces = self._faces(samples, faces.cells, codimensions, quiet)
            search = replace(search, faces=faces)
        minima, doubtful = enumerate_minima(search, executor, reporter(progress, "tuples"))
        pieces = Pieces(faces, *rising(minima, search.rational), self.bias)
        if not len(pieces) and not doubtful and bound == inf and wanted == set(KINDS):
            raise SolverError(
                "no minimum was found: the samples are too ill-conditioned for float64"
            )
        return Landscape(
            self, faces, pieces.of_kinds(wanted), sum(map(len, doubtful)), search.exact
        )

    def _max_loss(self, value: Any) -> float:
        if value is None:
            return inf
        try:
            bound = float(value)
        except (TypeError, ValueError):
            bound = -1.0
        if not bound >= 0:
            raise InputError(f"max_loss={shown(value)}: a loss, at least 0")
        return bound

    def _kinds(self, kinds: Collection[str] | str | None) -> frozenset[str]:
        if kinds is None:
            return frozenset(KINDS)
        try:
            wanted = frozenset([kinds] if isinstance(kinds, str) else kinds)
        except TypeError:
            wanted = frozenset()
        unknown = wanted - set(KINDS)
        if unknown or not wanted:
            raise InputError(f"kinds={shown(kinds)}: some of {', '.join(KINDS)}")
        return wanted

    def _refuse_too_many(self, boundary: bool) -> None:
        """Refuse what is far too large before faces are enumerated."""
        from math import comb

        n, d = self.n_samples, self.arrangement.rank
        most = [comb(n, k) * cover(n - k, d - k) for k in range(min(d, n) if boundary else 1)]

        def refuse(n_faces: int) -> None:
            if self.hidden > 1:
                refuse_too_many(n_faces, self.hidden, n, self.dimension)
            refuse_large_table(n_faces, n, self.dimension)

        try:
            refuse(sum(most))
        except SizeError as error:
            # So many are there in general position. A lower bound is quick; only where it
            # leaves room are the cells that these samples have counted.
            lower = self.samples.some_cells() * sum(most) // most[0]
            try:
                refuse(lower)
            except SizeError:
                raise error from None
            refuse(self.arrangement.n_cells() * sum(most) // most[0])

    def fit_global(
        self,
        time_limit: float | None = None,
        progress: Progress = None,
        *,
        tolerance: float = 1e-8,
        method: Literal["auto", "screen", "branch"] = "auto",
        random_state: int = 0,
    ) -> GlobalOptimum:
        """A network of least loss, proven to be one.

        Parameters
        ----------
        time_limit : float, optional
            Seconds after which the search stops with the best network and the best bound so
            far, kept to a second or 5 %, compiling at first use (once, some 20 s) aside; None
            searches to the end.
        progress : bool or callable, optional
            True shows progress, the loss and its bound on stderr when that is a terminal; a
            callable is called with (done, total).
        tolerance : float
            The gap between the loss and its lower bound that counts as none, as a share of
            mean(y²).
        method : {"auto", "screen", "branch"}
            ``"screen"`` bounds every tuple of cells by least squares and fits the promising
            ones, lowest bound first; ``"branch"`` is branch and bound over samples. The default
            screens for one neuron.
        random_state : int
            Seed of the local search that finds a good network first; the proof does not
            depend on it.

        Returns
        -------
        GlobalOptimum

        Raises
        ------
        SizeError
            If the samples may have more than 4,000,000 activation patterns and there is no time
            limit. With one the search goes on without the cells.

        Notes
        -----
        With u_j = |z_j| w_j and output signs s_j, the loss is a convex quadratic on each tuple
        of closed cells, and closed cells cover everything, minima on faces included. A node of
        the search says which neurons are active on some of the samples; the squared loss on
        these alone, under the linear constraints that the pattern puts on u, is a lower bound
        for all networks of the node. The bound is the value of a dual point whose residuals
        are taken off, with bounds for the rounding of every sum, so that no solver's word is
        trusted; ranks are exact, and no weight is too large for it. What rounding leaves open
        is solved in rational arithmetic, and a network found there counts. The patterns are
        those of the exact cells; the returned loss is evaluated in rational arithmetic.

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> X, y = [[-2], [-1], [0], [1], [2]], [1, 0, 2, 0, 1]
        >>> best = OneHiddenLayer(X, y, hidden=2).fit_global()
        >>> round(best.fun, 6), best.status
        (0.5, 'optimal')
        """
        from arrangement.relu.optimum import global_optimum

        return global_optimum(
            Samples.of(self.arrangement, self.targets, self.bias is not None),
            self.arrangement.cells,
            self.hidden,
            bias=self.bias,
            output_bias=self.output_bias,
            negative_slope=self.negative_slope,
            time_limit=time_limit,
            tolerance=tolerance,
            method=method,
            random_state=random_state,
            progress=progress,
        )

    def __repr__(self) -> str:
        bias = "no bias" if self.bias is None else f"bias {self.bias:g}"
        neurons = "1 neuron" if self.hidden == 1 else f"{shown(self.hidden)} neurons"
        return (
            f"OneHiddenLayer: {self.n_samples} samples, weights of dimension "
            f"{self.dimension}, {neurons}, {bias}"
        )


@dataclass(frozen=True, eq=False)
class Landscape:
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
        The faces of one neuron that were gone through.
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

    problem: OneHiddenLayer
    table: NeuronFaces
    pieces: Pieces
    doubtful: int
    exact: bool

    @property
    def cells(self) -> Cells:
        """The cells of one neuron."""
        return self.table.cells

    @property
    def global_minimum(self) -> Piece:
        """The first piece of least loss.

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
        problem = self.problem
        return RationalDecider(
            self.table, problem.exact_targets, problem.samples.y, problem.free
        )

    @cached_property
    def graph(self) -> ProductGraph:
        """The graph of the multisets of K cells; with one neuron, of the cells."""
        problem = self.problem
        return ProductGraph.of(
            self.cells,
            problem.hidden,
            self._decider,
            self.pieces,
            problem.hidden * problem.dimension + int(problem.output_bias),
        )

    @cached_property
    def component(self) -> NDArray[np.int64]:
        """The connected component of each piece, numbered by rising loss, shape (m,).

        Of equal losses the component of the earlier piece is first.
        """
        from arrangement.relu.components import components

        return components(self.pieces, self._decider)

    @property
    def components(self) -> list[NDArray[np.int64]]:
        """The connected components of the set of local minima: rows of `pieces`, by loss.

        Pieces that lie in each other's closure are joined, up to the scaling and the order of
        neurons; see :mod:`arrangement.relu.components`. Of the pieces that were asked for.

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

    def saddles(self, max_loss: float | None = None) -> Pieces:
        """The differentiable saddles: critical points with z_j = 0 that are no minima.

        Some neurons have z_j = 0 and w_j in an open cell, orthogonal to g_j = Σ_i r_i D_i x_i,
        not all g_j zero; the others are critical without them. There are no saddles with all
        z_j ≠ 0. Whether g_j ⟂ w_j in a cell is decided exactly.

        Parameters
        ----------
        max_loss : float, optional
            Only those of at most this loss.

        Returns
        -------
        Pieces
            By rising loss, of kind ``"saddle"``, one for each multiset of cells.

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> layer = OneHiddenLayer([[0.0], [1.0], [2.0]], [1.0, 1.0, -1.0])
        >>> for saddle in layer.landscape().saddles():
        ...     print(saddle, saddle.signs.tolist(), saddle.weights.round(3).tolist())
        Piece(saddle, loss 1, dimension 0, margin 0.33) [[1, 1, 1]] [[0.471, 0.471]]
        """
        from arrangement.relu.saddles import saddles

        problem = self.problem
        table = self.table
        if table.codimension[-1] < table.rank:
            table = problem.faces()
        search = Search(
            table,
            problem.samples.y,
            problem.free,
            problem.hidden,
            problem._max_loss(max_loss),
            frozenset({"isolated", "continuum", "dead"}),
            problem.exact_targets,
            self.exact,
        ).suited()
        found = rising(saddles(search), search.rational)
        return Pieces(table, *found, problem.bias, "saddle")

    @property
    def min_loss(self) -> Floats:
        """The least loss (1/N)‖A A† y − y‖² of each node's linear map, shape (M,)."""
        return self.graph.min_loss

    @property
    def rank(self) -> NDArray[np.int64]:
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
        """For each edge the loss of the non-differentiable minimum on the open facet, (E,).

        NaN where there is none.
        """
        return self.graph.boundary_loss

    @property
    def unique(self) -> NDArray[np.bool_]:
        """Is the node's minimizer unique (rank K·d), shape (M,)?"""
        return self.graph.unique

    @cached_property
    def _minimizers(self) -> tuple[Floats, Signs]:
        from arrangement.relu.product import multiset_index

        nodes = self.graph.nodes
        R = self._decider.fits(nodes)[2]
        signs = np.zeros(nodes.shape, dtype=np.int8)
        pieces = self.pieces
        inside = np.flatnonzero(np.all(self.table.codimension[pieces.faces] == 0, axis=1))[::-1]
        place = multiset_index(pieces.faces[inside], len(self.cells))
        R[place] = pieces.points[inside] * pieces.output_signs[inside][:, :, None]
        signs[place] = pieces.output_signs[inside]
        return self.table.weights(R), signs

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

    def node_columns(self) -> dict[str, Any]:
        """The columns of the nodes: those of `Cells`, min_loss, rank, unique, attained."""
        return self.graph.node_columns()

    def edge_columns(self) -> dict[str, Any]:
        """The columns of the edges: hyperplane, boundary_minimum, boundary_loss."""
        return self.graph.edge_columns()

    def to_networkx(self) -> nx.Graph:
        """The graph with the columns as attributes; see :meth:`ProductGraph.to_networkx`."""
        return self.graph.to_networkx()

    def write_graphml(self, path: str | os.PathLike[str]) -> None:
        """Write the graph as GraphML, compressed if the name ends in ``.gz``."""
        self.graph.write_graphml(path)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the pieces, by rising loss, as ``.npz`` or as a table of text, ``.csv``.

        The arrays are those of :class:`Pieces`: loss, kind, dimension, margin, decided, signs,
        output_signs, weights, output_weights, output_bias, and the component of each piece. The
        table has one line a piece; the signs of a neuron on the samples are a word of +, - and
        0. The file appears only when it is whole.

        Raises
        ------
        InputError
            If the suffix is neither.
        """
        from arrangement.relu.saving import save_pieces

        save_pieces(path, self.pieces, self.component)

    def __repr__(self) -> str:
        neurons = "" if self.problem.hidden == 1 else f"{self.problem.hidden} neurons, "
        best = ""
        if len(self.pieces):
            best = f", least loss {self.global_minimum.loss:.6g} ({self.global_minimum.kind})"
        return f"Landscape: {neurons}{len(self.cells)} cells, {len(self.pieces)} pieces{best}"
