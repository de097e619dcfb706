"""The loss landscape of one hidden layer of ReLU: the problem, its minima, the result."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.errors import InputError, SolverError
from arrangement.hyperplanes import Arrangement
from arrangement.parsing import exact_number
from arrangement.progress import Progress, reporter
from arrangement.relu.boundary import FaceMinima, face_minima, zero_minima
from arrangement.relu.minima import CellMinima, cell_minima, margins
from arrangement.relu.samples import Floats, Samples, Signs, sample_arrangement, sample_targets

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
        Number K of hidden neurons; :meth:`landscape` supports one.
    bias : number, optional
        The value of a constant coordinate appended to every sample, so that the last entry of
        w is a bias; None for a neuron without bias.

    Attributes
    ----------
    arrangement : Arrangement
        Of the N samples, in dimension d: the features, and one more with a bias.
    targets : ndarray, shape (N,)
    hidden : int
    bias : float or None

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
    """

    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        hidden: int = 1,
        bias: float | Fraction | str | None = 1.0,
    ) -> None:
        if isinstance(hidden, bool) or not isinstance(hidden, int) or hidden < 1:
            raise InputError(f"hidden={hidden!r}: give the number of hidden neurons, 1 or more")
        self.hidden = hidden
        self.arrangement = sample_arrangement(X, bias)
        self.bias = None if bias is None else float(exact_number(bias))
        self.targets = sample_targets(y, self.n_samples)

    @property
    def n_samples(self) -> int:
        """Number of samples N."""
        return self.arrangement.n_hyperplanes

    @property
    def dimension(self) -> int:
        """Dimension d of the weights of one neuron, the bias included."""
        return self.arrangement.dimension

    def landscape(self, progress: Progress = None) -> Landscape:
        """All local minima of the loss, and the least loss of every cell.

        Parameters
        ----------
        progress : bool or callable, optional
            True shows progress on stderr when that is a terminal; a callable is called with
            (codimensions of faces done, codimensions in all).

        Returns
        -------
        Landscape

        Raises
        ------
        SolverError
            If the samples are too ill-conditioned for float64 to find a minimum.

        Notes
        -----
        Cells and faces are exact. Losses, ranks and inequalities are decided in float64: a
        strict inequality has to hold by 1e-11 of the size of its terms, a weak one may fail by
        1e-9 of it. The margin of a piece is how wide its narrowest inequality was.

        Complete for one neuron. A point with z ≠ 0 has u = |z| w in a cell ("isolated",
        "continuum", "dead"), on a face with some w·x_i ≠ 0 ("boundary"), or on all hyperplanes
        ("zero"). A point with z = 0 is a minimum iff Σ_i y_i max(0, v·x_i) vanishes for v near
        w, that is on every cell around w. Such a cell is reported as "dead" if it has no active
        sample, else as "zero" with output sign 0; minima with z = 0 on faces are in the
        closures of these pieces.
        """
        if self.hidden != 1:
            raise InputError(
                f"hidden={self.hidden}: landscapes are those of one neuron; take hidden=1"
            )
        report = reporter(progress, "codimensions")
        quiet = None if callable(progress) else progress
        samples = Samples.of(self.arrangement, self.targets, self.bias is not None)
        rank = self.arrangement.rank
        cells = self.arrangement.cells(progress=quiet)
        inside = cell_minima(samples, cells)
        report(1, rank + 1)
        pieces = list(_cell_pieces(self, samples, cells, inside))

        boundary_loss = np.full(len(cells.edges), np.nan)
        for codimension in range(1, rank):
            if codimension == 1:
                signs = _facets(self.arrangement, cells)
            else:
                dimension = self.arrangement.dimension - codimension
                signs = self.arrangement.faces(dimension, progress=quiet).signs
            found = face_minima(samples, signs, codimension)
            if codimension == 1:
                boundary_loss[found.face] = found.loss
            pieces += _face_pieces(self, samples, signs, found)
            report(codimension + 1, rank + 1)
        origin = zero_minima(samples, rank, np.nan_to_num(cells.points) * samples.scale)
        for s, margin in origin.items():
            pieces.append(
                _piece(
                    self,
                    "zero",
                    samples.zero_loss,
                    self.dimension - rank,
                    np.zeros(self.n_samples, dtype=np.int8),
                    np.zeros(self.dimension),
                    s,
                    margin,
                )
            )
        if rank == 1 and origin:
            boundary_loss[:] = samples.zero_loss
        report(rank + 1, rank + 1)
        if not pieces:
            raise SolverError(
                "no minimum was found: the samples are too ill-conditioned for float64"
            )
        return Landscape(
            self,
            cells,
            inside.loss,
            inside.rank,
            inside.attained,
            inside.output_sign,
            samples.weights(inside.R),
            boundary_loss,
            tuple(sorted(pieces, key=lambda piece: piece.loss)),
        )

    def fit_global(
        self,
        time_limit: float | None = None,
        progress: Progress = None,
        *,
        tolerance: float = 1e-8,
        weight_bound: float = 1e4,
        method: Literal["auto", "screen", "branch"] = "auto",
        random_state: int = 0,
    ) -> GlobalOptimum:
        """A network of least loss, proven to be one.

        Parameters
        ----------
        time_limit : float, optional
            Seconds after which the search stops with the best network and the best bound so
            far; None searches to the end.
        progress : bool or callable, optional
            True shows progress, the loss and its bound on stderr when that is a terminal; a
            callable is called with (done, total).
        tolerance : float
            The gap between the loss and its lower bound that counts as none, as a share of
            mean(y²).
        weight_bound : float
            The lower bound holds for networks whose neurons have |z_j|·‖X w_j‖ at most this
            many times ‖y‖, with norms over the samples. What rounding may do to the bound
            grows with it.
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
            If the samples may have more than 4,000,000 activation patterns.

        Notes
        -----
        With u_j = |z_j| w_j and output signs s_j, the loss is a convex quadratic on each tuple
        of closed cells, and closed cells cover everything, minima on faces included. A node of
        the search says which neurons are active on some of the samples; the squared loss on
        these alone, under the linear constraints that the pattern puts on u, is a lower bound
        for all networks of the node. The bound is the value of a dual point that is checked as
        computed: its residuals, times the largest weights allowed, and bounds for the rounding
        of every sum are taken off, so that no solver's word is trusted. The patterns are those
        of the exact cells; the returned loss is evaluated in rational arithmetic.

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
            lambda: self.arrangement.cells(),
            self.hidden,
            bias=self.bias,
            time_limit=time_limit,
            tolerance=tolerance,
            weight_bound=weight_bound,
            method=method,
            random_state=random_state,
            progress=progress,
        )

    def __repr__(self) -> str:
        bias = "no bias" if self.bias is None else f"bias {self.bias:g}"
        return (
            f"OneHiddenLayer: {self.n_samples} samples, weights of dimension "
            f"{self.dimension}, {self.hidden} neuron, {bias}"
        )


@dataclass(frozen=True, eq=False)
class Piece:
    """A connected set of local minima with one loss, in one cell or on one face.

    Attributes
    ----------
    kind : str
        With one neuron: ``"isolated"``, the single minimizer of a cell, up to the scaling
        (αw, z/α); ``"continuum"``, a flat of minimizers cut with the open cell; ``"dead"``,
        the cell in which no sample is active; ``"boundary"``, on a face, where the loss is not
        differentiable; ``"zero"``, the zero function, either with w·x = 0 on all samples and
        z ≠ 0, or with z = 0 and w in a cell with some sample active.
    loss : float
    dimension : int
        Dimension of the set of points u = |z| w of the piece, that is up to scaling. With
        z = 0 the only u is the origin, though w is free in its cell.
    signs : ndarray of int8, shape (K, N)
        Signs of w_j·x_i.
    output_signs : ndarray of int8, shape (K,)
        Signs of the output weights. 0 if z = 0, and for a dead neuron, whose output weight is
        free: the loss does not depend on it.
    weights : ndarray, shape (K, d)
        The weights w of one point of the piece.
    output_weights : ndarray, shape (K,)
        Its output weights z.
    margin : float
        The narrowest inequality that was decided for the piece, beside the size of its terms:
        s·sign_i·w·x_i over ‖w‖‖x_i‖ for the strict signs (columns of X scaled to length one,
        with a bias centred before), and h(v) of the face's multiplier test. Near 0 a small
        change of the data may remove the piece.
    bias : float or None
        The value of the constant coordinate.
    """

    kind: str
    loss: float
    dimension: int
    signs: Signs
    output_signs: Signs
    weights: Floats
    output_weights: Floats
    margin: float
    bias: float | None

    def predict(self, X: ArrayLike) -> Floats:
        """The outputs f(x) at samples without the constant coordinate.

        Parameters
        ----------
        X : array_like, shape (M, features)

        Returns
        -------
        ndarray, shape (M,)

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> best = OneHiddenLayer([[1], [2]], [1, 3]).landscape().global_minimum
        >>> best.predict([[1], [2], [3]]).round(9).tolist()
        [1.0, 3.0, 5.0]
        """
        X = np.asarray(X, dtype=np.float64)
        features = self.weights.shape[1] - (self.bias is not None)
        if X.ndim != 2 or X.shape[1] != features:
            raise InputError(f"X must have shape (M, {features}), not {X.shape}")
        if self.bias is not None:
            X = np.column_stack([X, np.full(len(X), self.bias)])
        outputs: Floats = np.maximum(X @ self.weights.T, 0.0) @ self.output_weights
        return outputs

    def __repr__(self) -> str:
        return (
            f"Piece({self.kind}, loss {self.loss:.6g}, dimension {self.dimension}, "
            f"margin {self.margin:.2g})"
        )


@dataclass(frozen=True, eq=False)
class Landscape:
    """The minima of a problem, beside the columns of its cells and of their edges.

    The cells, faces and edges are exact; losses, ranks and what follows from them are decided
    in float64 (see the notes of :meth:`OneHiddenLayer.landscape`), so that samples that depend
    on each other up to rounding only may count as dependent.

    Attributes
    ----------
    problem : OneHiddenLayer
    cells : Cells
        The m cells of the samples' arrangement; the columns below follow their order.
    min_loss : ndarray, shape (m,)
        The least loss (1/N)‖A A† y − y‖² of the cell's linear map, A = D_P X.
    rank : ndarray of int, shape (m,)
        Rank of A.
    attained : ndarray of bool, shape (m,)
        Is that loss taken at some (w, z) with w in the open cell?
    output_sign : ndarray of int8, shape (m,)
        The sign of z there, which is unique; 0 where the loss is not attained, where it is
        attained by z = 0, and on the dead cell, where z is free.
    minimizer : ndarray, shape (m, d)
        A minimizer R = z w of ‖A R − y‖, one with w in the cell where the loss is attained.
    boundary_loss : ndarray, shape (E,)
        For each edge of `cells.edges` the loss of the non-differentiable minimum on the
        open facet, NaN where there is none.
    pieces : tuple of Piece
        All local minima, by rising loss.

    Examples
    --------
    >>> from arrangement.relu import OneHiddenLayer
    >>> OneHiddenLayer([[1.0], [2.0]], [1.0, 4.0], bias=None).landscape()
    Landscape: 2 cells, 3 pieces, least loss 0.4 (isolated)
    """

    problem: OneHiddenLayer
    cells: Cells
    min_loss: Floats
    rank: NDArray[np.int64]
    attained: NDArray[np.bool_]
    output_sign: Signs
    minimizer: Floats
    boundary_loss: Floats
    pieces: tuple[Piece, ...]

    @property
    def global_minimum(self) -> Piece:
        """A piece of least loss."""
        return self.pieces[0]

    @property
    def unique(self) -> NDArray[np.bool_]:
        """Is the cell's minimizer R unique (rank d), shape (m,)?"""
        return np.equal(self.rank, self.problem.dimension)

    @property
    def activations(self) -> NDArray[np.bool_]:
        """Which samples are active in each cell, shape (m, N)."""
        return self.cells.signs > 0

    @cached_property
    def boundary_minimum(self) -> NDArray[np.bool_]:
        """Does the open facet of each edge hold a non-differentiable minimum, shape (E,)?"""
        return ~np.isnan(self.boundary_loss)

    def node_columns(self) -> dict[str, Any]:
        """The columns of the cells: those of `Cells`, min_loss, rank, unique, attained."""
        return {
            **self.cells.node_columns(),
            "min_loss": self.min_loss,
            "rank": self.rank,
            "unique": self.unique,
            "attained": self.attained,
        }

    def edge_columns(self) -> dict[str, Any]:
        """The columns of the edges: hyperplane, boundary_minimum, boundary_loss."""
        return {
            **self.cells.edge_columns(),
            "boundary_minimum": self.boundary_minimum,
            "boundary_loss": self.boundary_loss,
        }

    def to_networkx(self) -> nx.Graph:
        """The graph of the cells, a node a cell, with the columns as attributes."""
        from arrangement.graph import cell_graph

        return cell_graph(self.node_columns(), self.cells.edges[:, :2], self.edge_columns())

    def write_graphml(self, path: str | os.PathLike[str]) -> None:
        """Write the graph of the cells as GraphML, compressed if the name ends in ``.gz``."""
        from arrangement.graph import write_graphml

        write_graphml(
            path,
            self.node_columns(),
            self.cells.edges[:, :2],
            self.edge_columns(),
            self.cells.reporter("nodes and edges written"),
        )

    def __repr__(self) -> str:
        best = self.global_minimum
        return (
            f"Landscape: {len(self.cells)} cells, {len(self.pieces)} pieces, "
            f"least loss {best.loss:.6g} ({best.kind})"
        )


def _cell_pieces(
    problem: OneHiddenLayer, samples: Samples, cells: Cells, inside: CellMinima
) -> list[Piece]:
    d = problem.dimension
    pieces = []
    for k in np.flatnonzero(inside.attained):
        signs, s = cells.signs[k], int(inside.output_sign[k])
        if s:
            kind, dimension = "continuum", d - int(inside.rank[k])
            if not dimension:
                kind = "isolated"
            w, margin = s * inside.R[k], float(inside.margin[k])
        else:
            w = samples.coordinates(_interior_point(cells, int(k)))
            kind, dimension, margin = "zero", 0, 0.0
            if not np.any(signs > 0):
                kind, dimension = "dead", d
                margin = float(margins(samples, w[None], signs[None])[1][0])
        loss = float(inside.loss[k])
        pieces.append(
            _piece(problem, kind, loss, dimension, signs, samples.weights(w), s, margin)
        )
    return pieces


def _face_pieces(
    problem: OneHiddenLayer, samples: Samples, signs: Signs, found: FaceMinima
) -> list[Piece]:
    weights = samples.weights(found.output_sign[:, None] * found.R)
    return [
        _piece(
            problem,
            "boundary",
            float(found.loss[k]),
            int(found.dimension[k]),
            signs[found.face[k]],
            weights[k],
            int(found.output_sign[k]),
            float(found.margin[k]),
        )
        for k in range(len(weights))
    ]


def _piece(
    problem: OneHiddenLayer,
    kind: str,
    loss: float,
    dimension: int,
    signs: Signs,
    w: Floats,
    s: int,
    margin: float,
) -> Piece:
    """A piece of one neuron at the point with weights w and output weight s."""
    return Piece(
        kind,
        loss,
        dimension,
        signs[None].copy(),
        np.array([s], dtype=np.int8),
        w[None].copy(),
        np.array([float(s)]),
        margin,
        problem.bias,
    )


def _interior_point(cells: Cells, k: int) -> Floats:
    """The interior point of a cell; where float64 has none, the exact one, rounded."""
    point: Floats = cells.points[k]
    if np.isnan(point).any():
        point = np.array([float(v) for v in cells.witness[k]])
    return point


def _facets(arrangement: Arrangement, cells: Cells) -> Signs:
    """The sign vectors of the facets, in the order of `cells.edges`, shape (E, N)."""
    first, _ = arrangement.coincidence
    signs = cells.signs[cells.edges[:, 0]].copy()
    signs[first == first[cells.edges[:, 2]][:, None]] = 0
    return signs
