"""The inertia of the loss at every critical point, exactly.

Let the neurons of a critical point be on faces, as :mod:`arrangement.relu.minima.stationary`
has them, and let the Hessian be restricted to the tangent space of the face; see
:mod:`arrangement.relu.curvature`. Neurons with z_j ≠ 0 are stationary on their faces, so g_j
vanishes on their tangent spaces; where z_j = 0 the columns of w_j in J vanish. With a change v
of the w_j, ζ of the z_j, and β of the output bias, N/2 times the second derivative is therefore

    ‖Jd‖² + 2 Σ_{z_j = 0} ζ_j g_j·v_j,

where J has the columns of A (those of z_j are among them) and D_j X w_j for each z_j = 0. Each
of the m neurons with z_j = 0 and g_j ≠ 0 gives a hyperbolic plane, in which ζ_j and g_j·v_j may
be anything. So n₋ = m and n₊ = m + rank [A, D_j X w_j for the others with z_j = 0]: the index
is the number of neurons with z_j = 0 that can pull the loss down, and it is 0 at a minimum.

Off the face the loss rises, along the directions d with a positive one-sided derivative, in
first order. Along others it is f's one-sided derivative that counts: with N/2 times the second
derivative ‖f′(d)‖² + 2 Σ_{z_j = 0} ζ_j g_j·v_j. The index is thus that of all directions, and
it is only n₊ that the directions across kinks may add to, where these are not *strict*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import cache
from math import factorial, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.exact.numbers import integral
from arrangement.in_notebooks import InNotebooks
from arrangement.relu.minima.pieces import Pieces
from arrangement.relu.minima.rational import RationalDecider
from arrangement.relu.minima.ties import active_sets
from arrangement.relu.weight_space import Floats, Indices, Mask

__all__ = ["CriticalPoints", "critical_points"]


@dataclass(frozen=True, eq=False)
class CriticalPoints(InNotebooks):
    """Sets of critical points of the loss in columns, one a row, by rising loss.

    Attributes
    ----------
    loss : ndarray, shape (m,)
    kind : ndarray of str, shape (m,)
        Of the piece, see :class:`Piece`, or ``"saddle"``.
    inertia : ndarray of int, shape (m, 3)
        How many eigenvalues of the Hessian in (w, z) and the output bias are negative, zero
        and positive, exactly: on the tangent space of the face, which has the changes v_j of
        w_j with v_j·x_i = 0 wherever w_j·x_i = 0. In a cell these are all. It is the same at
        all points of a row, but where z_j = 0 and w_j is free in its cell: there it is that of
        the point that the row of `pieces` or of the saddles shows.
    codimension : ndarray of int, shape (m,)
        Of the tangent space: the number of parameters less the sum of the inertia.
    strict : ndarray of bool, shape (m,)
        Does the loss rise in first order along every direction that leaves the tangent space?
        Always in a cell. If not, there are directions across the kinks along which it rises
        in second order, or not at all; there is no direction in which it falls beside those
        that the inertia counts.
    dimension : ndarray of int, shape (m,)
        As of :class:`Piece`: of the points u_j = |z_j| w_j.
    multiplicity : ndarray of int, shape (m,)
        The number K!/|stabiliser| of different copies by permutation of the neurons.
    component : ndarray of int, shape (m,)
        The connected component of the set of minima; −1 for saddles.
    decided : ndarray of bool, shape (m,)
        As of :class:`Piece`: without it, that this is a critical point is not proved.
    row : ndarray of int, shape (m,)
        The row in the landscape's `pieces`, or in the saddles.

    Examples
    --------
    >>> from arrangement.relu import OneHiddenLayer
    >>> landscape = OneHiddenLayer([[0], [1], [2]], [1, 0, 1]).landscape()
    >>> points = landscape.critical_points()
    >>> points
    9 critical points: 9 of index 0
    >>> points.index[:3].tolist(), sorted(points.to_dict())[:2]
    ([0, 0, 0], ['codimension', 'component'])
    """

    loss: Floats
    kind: NDArray[np.str_]
    inertia: Indices
    codimension: Indices
    strict: Mask
    dimension: Indices
    multiplicity: Indices
    component: Indices
    decided: Mask
    row: Indices

    @property
    def index(self) -> Indices:
        """How many eigenvalues are negative, shape (m,)."""
        return self.inertia[:, 0]

    @property
    def share(self) -> Floats:
        """The share of negative eigenvalues, shape (m,)."""
        share: Floats = self.index / self.inertia.sum(axis=1)
        return share

    def to_dict(self) -> dict[str, Any]:
        """The columns as lists, the index among them.

        Returns
        -------
        dict of str to lists
        """
        columns = {field.name: getattr(self, field.name).tolist() for field in fields(self)}
        return {"loss": columns.pop("loss"), "index": self.index.tolist(), **columns}

    def __len__(self) -> int:
        return len(self.loss)

    def __repr__(self) -> str:
        counts = sorted(Counter(self.index.tolist()).items())
        each = ", ".join(f"{n:,} of index {index}" for index, n in counts)
        return f"{len(self):,} critical points{': ' if each else ''}{each}"


def critical_points(
    minima: tuple[Pieces, RationalDecider],
    saddles: tuple[Pieces, RationalDecider],
    component: Indices,
) -> CriticalPoints:
    """The table of pieces and saddles, each with what decides exactly on its faces."""
    parts = [_columns(*minima, component)]
    parts.append(_columns(*saddles, np.full(len(saddles[0]), -1)))
    columns = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(CriticalPoints)
    }
    order = np.argsort(columns["loss"], kind="stable")
    return CriticalPoints(**{name: column[order] for name, column in columns.items()})


def _columns(pieces: Pieces, rational: RationalDecider, component: Indices) -> CriticalPoints:
    table = pieces.table
    sets = active_sets(table, pieces.faces, pieces.output_signs)
    distinct, label = np.unique(sets, axis=0, return_inverse=True)
    negative, positive = (np.zeros(len(pieces), dtype=np.int64) for _ in range(2))
    strict = np.ones(len(pieces), dtype=bool)
    outputs = _outputs(rational)
    order = np.argsort(label.reshape(-1), kind="stable")
    cuts = np.searchsorted(label.reshape(-1)[order], np.arange(1, len(distinct)))
    groups = np.split(order, cuts) if len(order) else []
    for active, rows in zip(distinct, groups, strict=True):
        point = _Active(rational, active[active >= 0])
        for k in rows.tolist():
            states = list(zip(pieces.faces[k].tolist(), pieces.output_signs[k], strict=True))
            silent = [j for j, (f, s) in enumerate(states) if not s and not table.idle[f]]
            still = [j for j in silent if not point.pulls(states[j][0])]
            columns = [outputs(states[j][0], tuple(pieces.weights[k, j])) for j in still]
            negative[k] = len(silent) - len(still)
            positive[k] = negative[k] + point.rank(columns)
            strict[k] = all(point.is_strict(f) for f, s in states if s)
    codimension = table.codimension[pieces.faces].sum(axis=1)
    K, d = pieces.faces.shape[1], table.given.X.shape[1]
    size = K * (d + 1) + rational.free.shape[1] - codimension
    return CriticalPoints(
        pieces.loss,
        pieces.kind,
        np.column_stack([negative, size - negative - positive, positive]),
        codimension,
        strict,
        pieces.dimension,
        _multiplicity(pieces),
        component,
        pieces.decided,
        np.arange(len(pieces)),
    )


def _multiplicity(pieces: Pieces) -> Indices:
    """K! over the permutations that exchange neurons in the same state."""
    K = pieces.faces.shape[1]
    states = np.stack([pieces.faces, pieces.output_signs], axis=2).tolist()
    stabilisers = [prod(map(factorial, Counter(map(tuple, row)).values())) for row in states]
    return np.array([factorial(K) // s for s in stabilisers], dtype=np.int64)


def _outputs(rational: RationalDecider) -> Callable[[int, tuple[float, ...]], list[int]]:
    """The outputs D X w of neurons in cells, times a positive number, in integers."""
    given = rational.faces.samples.arrangement.normals
    X = np.array([[Fraction(v) for v in row] for row in given.tolist()], dtype=object)
    up, down = rational.up, rational.down

    @cache
    def outputs(cell: int, w: tuple[float, ...]) -> list[int]:
        along = X.dot(np.array([Fraction(v) for v in w], dtype=object))
        slopes = [up if s > 0 else down for s in rational.faces.signs[cell].tolist()]
        return integral([s * v for s, v in zip(slopes, along, strict=True)])

    return outputs


class _Active:
    """What the critical points with the same neurons of z ≠ 0 have in common."""

    def __init__(self, rational: RationalDecider, faces: Indices) -> None:
        self.rational, self.faces = rational, faces
        solution = rational.solve(faces)
        self.residuals, self._rank = solution.residuals, solution.rank
        self.pulls, self.is_strict = cache(self._pulls), cache(self._is_strict)

    def rank(self, more: list[list[int]]) -> int:
        """The rank of A with more columns."""
        if not more:
            return self._rank
        columns = np.array(more, dtype=object).T
        return exact.rank(np.concatenate([self.rational.columns(self.faces), columns], axis=1))

    def _pulls(self, cell: int) -> bool:
        """Is g ≠ 0 in a cell?"""
        return any(self.residuals.dot(self.rational.map(cell)))

    def _is_strict(self, face: int) -> bool:
        """Is h(v) ≠ 0 on all rays v of a face?"""
        return all(self.rational.exact_turns(face).dot(self.residuals))
