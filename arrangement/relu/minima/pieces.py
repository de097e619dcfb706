"""Pieces of a landscape: sets of local minima, in columns and one by one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from arrangement.relu.minima.minima_table import Minima
from arrangement.relu.minima.neuron_faces import NeuronFaces
from arrangement.relu.predictor import Predictor
from arrangement.relu.weight_space import Floats, Indices, Mask, Signs
from arrangement.results.columns import Columnar, Columns

__all__ = ["KINDS", "Piece", "Pieces"]

KINDS = ("isolated", "continuum", "dead", "boundary", "zero")


@dataclass(frozen=True, eq=False)
class Piece(Predictor):
    """A connected set of local minima with one loss, each neuron in one cell or on one face.

    Attributes
    ----------
    kind : str
        ``"boundary"`` if some neuron is on a face with w·x_i = 0 for some samples but not for
        all, where the loss is not differentiable; else ``"zero"`` if some neuron has w·x = 0
        on all samples and z ≠ 0, or z = 0 and w in a cell where it would have outputs; else
        ``"dead"`` if some neuron is in the cell in which no sample is active; else
        ``"isolated"``, the single minimizer of a tuple of cells, up to the scaling (αw, z/α)
        of neurons, or ``"continuum"``, a flat of minimizers cut with the open cells.
    loss : float
    dimension : int
        Dimension of the set of points (u_j = |z_j| w_j) of the piece, that is up to scaling.
        A neuron with z = 0 adds nothing to it, though w is free in its cell.
    signs : ndarray of int8, shape (K, N)
        Signs of w_j·x_i.
    output_signs : ndarray of int8, shape (K,)
        Signs of the output weights. 0 if z = 0, and for a dead neuron, whose output weight is
        free: the loss does not depend on it. With several outputs 1 stands for z ≠ 0.
    margin : float
        The narrowest inequality that was decided for the piece, beside the size of its terms:
        s·sign_i·w·x_i over ‖w‖‖x_i‖ for the strict signs (columns of X scaled to length one,
        with a bias centred before), and h(v) of the face's multiplier test. Near 0 a small
        change of the data may remove the piece.
    decided : bool
        Is every inequality and rank of the piece beyond the error of the arithmetic? Always
        with ``exact=True``.
    weights, output_weights, bias, output_bias, negative_slope
        Of one point of the piece, see :class:`~arrangement.relu.predictor.Predictor`.

    Examples
    --------
    >>> from arrangement.relu import OneHiddenLayer
    >>> landscape = OneHiddenLayer([[0], [1], [2]], [1, 0, 1]).landscape()
    >>> piece = landscape.pieces[0]
    >>> piece.kind, piece.signs.tolist(), round(piece.loss, 6)
    ('isolated', [[1, 1, 1]], 0.222222)
    """

    kind: str
    loss: float
    dimension: int
    signs: Signs
    output_signs: Signs
    margin: float
    decided: bool

    def __repr__(self) -> str:
        narrow = "" if self.decided else ", undecided"
        return (
            f"Piece({self.kind}, loss {self.loss:.6g}, dimension {self.dimension}, "
            f"margin {self.margin:.2g}{narrow})"
        )


class Pieces(Columnar[Piece]):
    """Pieces by rising loss, in columns; `pieces[k]` is a view of row k.

    Made by :meth:`OneHiddenLayer.landscape`.

    Attributes
    ----------
    table : NeuronFaces
        The faces of one neuron.
    faces : ndarray of int, shape (m, K)
        The face of each neuron, a row of `table`; the first `len(cells)` are the cells.
    output_signs : ndarray of int8, shape (m, K)
    kind : ndarray of str, shape (m,)
    output_weights : ndarray, shape (m, K)
        The output weights of one point; with several outputs of shape (m, K, outputs).
    loss, margin, output_bias : ndarray, shape (m,)
        Losses that are exactly equal are one float.
    level : ndarray of int, shape (m,)
        Rises with the exact loss, and is the same where losses are exactly equal.
    dimension : ndarray of int, shape (m,)
    decided : ndarray of bool, shape (m,)
    residuals : ndarray, shape (m, N)
        f(x_i) − y_i; with several outputs of shape (m, N, outputs).
    points : ndarray, shape (m, K, D)
        The weights in the coordinates of `table`.

    Examples
    --------
    >>> from arrangement.relu import OneHiddenLayer
    >>> pieces = OneHiddenLayer([[0.0], [1.0], [2.0]], [1.0, 0.0, 1.0]).landscape().pieces
    >>> pieces
    9 pieces (4 boundary, 2 continuum, 1 dead, 1 isolated, 1 zero)
    >>> pieces.loss[pieces.kind == "continuum"].round(6).tolist()
    [0.333333, 0.333333]
    >>> pieces[0]
    Piece(isolated, loss 0.222222, dimension 0, margin 0.63)
    """

    _name = "piece"

    def __init__(
        self,
        table: NeuronFaces,
        minima: Minima,
        level: Indices,
        bias: float | None,
        kind: str | None = None,
        output_weights: Floats | None = None,
    ) -> None:
        self.table, self.level, self.bias = table, level, bias
        self.output_weights: Floats = (
            minima.output_signs.astype(np.float64) if output_weights is None else output_weights
        )
        self._minima = minima
        self.points = minima.points
        self.faces, self.output_signs = minima.faces, minima.output_signs
        self.loss, self.margin, self.output_bias = minima.loss, minima.margin, minima.offset
        self.decided = minima.decided
        shape = len(minima), len(table.given.X), *self.output_weights.shape[2:]
        self.residuals = minima.residuals.reshape(shape)
        silent = (self.output_signs == 0) & ~table.idle[self.faces]
        lineality = table.given.X.shape[1] - table.rank
        self.dimension: Indices = minima.dimension + lineality * np.sum(~silent, axis=1)
        self.kind = self._kinds(silent) if kind is None else np.full(len(minima), kind)
        self._made: dict[int, Piece] = {}

    def of_kinds(self, kinds: Collection[str]) -> Pieces:
        """The pieces of some kinds.

        Parameters
        ----------
        kinds : collection of str

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> landscape = OneHiddenLayer([[0], [1], [2]], [1, 0, 1]).landscape()
        >>> landscape.pieces.of_kinds(['isolated'])
        1 pieces (1 isolated)
        """
        if set(kinds) >= set(KINDS):
            return self
        rows = np.isin(self.kind, list(kinds))
        return Pieces(
            self.table,
            self._minima.take(rows),
            self.level[rows],
            self.bias,
            output_weights=self.output_weights[rows],
        )

    def on(self, table: NeuronFaces) -> Pieces:
        """The pieces on the faces of another table of the same problem.

        Parameters
        ----------
        table : NeuronFaces

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> landscape = OneHiddenLayer([[0], [1], [2]], [1, 0, 1]).landscape()
        >>> landscape.pieces.on(landscape.table)
        9 pieces (4 boundary, 2 continuum, 1 dead, 1 isolated, 1 zero)
        """
        own = {signs.tobytes(): k for k, signs in enumerate(self.table.signs)}
        place = np.full(len(own), -1)
        for k, signs in enumerate(table.signs):
            face = own.get(signs.tobytes(), -1)
            if face >= 0:
                place[face] = k
        faces = place[self.faces]
        rows = np.all(faces >= 0, axis=1)
        minima = replace(self._minima, faces=faces).take(rows)
        return Pieces(table, minima, self.level[rows], self.bias)

    def _kinds(self, silent: Mask) -> NDArray[np.str_]:
        codimension = self.table.codimension[self.faces]
        origin = codimension == self.table.rank
        return np.select(
            [
                np.any((codimension > 0) & ~origin, axis=1),
                np.any(origin | silent, axis=1),
                np.any(self.table.idle[self.faces], axis=1),
                self.dimension > 0,
            ],
            ["boundary", "zero", "dead", "continuum"],
            "isolated",
        )

    def node_columns(self) -> Columns:
        """What a table says of each piece: loss, kind, dimension, margin, decided.

        Returns
        -------
        dict of str to columns

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> landscape = OneHiddenLayer([[0], [1], [2]], [1, 0, 1]).landscape()
        >>> list(landscape.pieces.node_columns())
        ['loss', 'kind', 'dimension', 'margin', 'decided', 'output_bias']
        """
        names = ("loss", "kind", "dimension", "margin", "decided", "output_bias")
        return {name: getattr(self, name) for name in names}

    @property
    def signs(self) -> Signs:
        """The signs of w_j·x_i, shape (m, K, N)."""
        return self.table.signs[self.faces]

    @cached_property
    def weights(self) -> Floats:
        """The weights of a point of each piece, for the samples as given; shape (m, K, d)."""
        return self.table.weights(self.points)

    def __len__(self) -> int:
        return len(self.loss)

    def _item(self, k: int) -> Piece:
        if k not in self._made:
            self._made[k] = Piece(
                str(self.kind[k]),
                float(self.loss[k]),
                int(self.dimension[k]),
                self.table.signs[self.faces[k]],
                self.output_signs[k],
                float(self.margin[k]),
                bool(self.decided[k]),
                weights=self.weights[k],
                output_weights=self.output_weights[k],
                bias=self.bias,
                output_bias=float(self.output_bias[k]),
                negative_slope=self.table.negative_slope,
            )
        return self._made[k]

    def __repr__(self) -> str:
        kinds, counts = np.unique(self.kind, return_counts=True)
        each = ", ".join(f"{n} {kind}" for kind, n in zip(kinds, counts, strict=True))
        return f"{len(self)} pieces ({each})"
