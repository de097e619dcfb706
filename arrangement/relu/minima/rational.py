"""The decisions of :mod:`arrangement.relu.minima.stationary` in rational arithmetic.

The samples and targets are scaled to integers, column by column. On a flat the samples have
integer coordinates Z = X T, T a basis of its null space; a tuple of faces has an integer matrix
A, and its least squares solutions are those of the normal equations, found by fraction-free
elimination (python-flint). Signs, ranks and multipliers are then signs of integers; where the
solutions are a continuum, a linear program is proposed in float64 and confirmed exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Any

import numpy as np
from flint import fmpq, fmpz, fmpz_mat
from numpy.typing import NDArray

from arrangement import exact, kernels
from arrangement.arrangement import Arrangement
from arrangement.errors import SolverError
from arrangement.exact.numbers import common_denominator, whole_columns
from arrangement.relu.losses.losses import SQUARED, Loss
from arrangement.relu.minima.minima_table import Minima
from arrangement.relu.minima.neuron_faces import NeuronFaces
from arrangement.relu.minima.stationary import Decider, sign_choices
from arrangement.relu.weight_space import Floats, Indices, Mask, Signs

__all__ = [
    "Integers",
    "RationalDecider",
    "Solution",
    "along_ray",
    "product",
    "scaled",
    "solutions",
]

Integers = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Solution:
    """All least squares solutions of a tuple: (c + N t)/denominator, denominator > 0."""

    c: Integers  # (n,)
    null: Integers  # (n, q)
    denominator: int
    residuals: Integers  # (N,), over the same denominator
    rank: int
    held: Sides = ()  # value + moves t > 0 in some minimisers of other losses


Sides = Sequence[tuple[Integers, Integers]]
"""Linear forms value + moves t in the coefficients t of a null space, in groups."""


class RationalDecider(Decider):
    """Decides tuples of faces exactly, for the data as given.

    Parameters
    ----------
    faces : NeuronFaces
    targets : ndarray, shape (N,)
        Numbers exactly as given.
    y : ndarray, shape (N,)
        The same in float64.
    free : ndarray, shape (N, e)
    certain : bool
        Of other losses and of several outputs: is nothing refused in float64, however clear?
    kind : Loss
    """

    fits_samples = True
    """Is a sample whose output is free beside the others' without loss, whatever its target?"""

    def __init__(
        self,
        faces: NeuronFaces,
        targets: NDArray[np.object_],
        y: Floats,
        free: Floats,
        certain: bool = False,
        kind: Loss = SQUARED,
    ) -> None:
        super().__init__(faces, y, free)
        self.certain, self.kind = certain, kind
        self.exact_targets: NDArray[np.object_] = targets
        given = faces.samples.arrangement.normals[:, faces.columns]
        self.X, self.scale = whole_columns(given)
        numbers = map(Fraction, [*targets.tolist(), kind.threshold])
        whole, self.target_scale = common_denominator(list(numbers))
        self.targets, self.limit = whole[:-1], whole[-1]
        self.down, self.up = faces.negative_slope.as_integer_ratio()
        self._flats: dict[int, tuple[Integers, Integers]] = {}
        self._turns: dict[int, Integers] = {}
        self._interior: dict[int, Floats] = {}
        self._scale = faces.given.scale[faces.columns].tolist()

    # --- integer tables ---------------------------------------------------------------------

    def flat(self, flat: int) -> tuple[Integers, Integers]:
        """The basis T (D, e) of a flat and the samples Z = X T on it, (N, e)."""
        if flat not in self._flats:
            on = self.faces.on[flat]
            T = exact.nullspace(self.X[on])
            self._flats[flat] = T, product(self.X, T)
        return self._flats[flat]

    def map(self, face: int) -> Integers:
        """The outputs of a neuron on a face: D Z, with slopes scaled to integers."""
        signs = self.faces.signs[face]
        slopes = np.where(signs > 0, self.up, np.where(signs < 0, self.down, 0)).astype(object)
        return np.asarray(slopes[:, None] * self.flat(int(self.faces.flat[face]))[1])

    def exact_turns(self, face: int) -> Integers:
        """Positive multiples of the rows of `faces.turns(face)`."""
        if face in self._turns:
            return self._turns[face]
        signs = self.faces.signs[face]
        n, k = len(signs), int(self.faces.codimension[face])
        rows = []
        for zeros, side in self._rays(int(self.faces.flat[face]), k):
            v = along_ray(self.X, zeros, side)
            slope = np.where(
                (signs > 0) | (signs == 0) & np.array([x > 0 for x in v]), self.up, self.down
            ).astype(object)
            rows.append(slope * v)
        self._turns[face] = np.array(rows, dtype=object).reshape(len(rows), n)
        return self._turns[face]

    def _rays(self, flat: int, codimension: int) -> list[tuple[Mask, NDArray[np.int8]]]:
        """The rays of a flat: the samples on it that vanish there, and their signs."""
        if not codimension:
            return []
        on = self.faces.on[flat]
        first, orientation = self.faces.samples.arrangement.coincidence
        classes = np.unique(first[on])
        if len(classes) == codimension:
            local = np.concatenate([np.eye(codimension), -np.eye(codimension)]).astype(np.int8)
        elif codimension == self.faces.rank:
            local = self.faces.signs[self.faces.lines][:, classes]
        else:
            rows = self.faces.samples.arrangement.rows[classes, :-1]
            local = Arrangement(rows).faces(rows.shape[1] - codimension + 1).signs
        result = []
        for row in local:
            side = np.zeros(len(on), dtype=np.int8)
            side[on] = row[np.searchsorted(classes, first[on])] * orientation[on]
            result.append((on & (side == 0), side))
        return result

    # --- decisions --------------------------------------------------------------------------

    def rank_of(self, faces: Indices) -> int:
        """Exact rank of the columns of some faces, an output bias included."""
        return exact.rank(self.columns(faces))

    def columns(self, faces: Indices) -> Integers:
        """The matrix A of some faces, its columns scaled, behind that of an output bias."""
        free = np.full(self.free.shape, 1, dtype=object)
        return np.concatenate([free, *(self.map(int(face)) for face in faces)], axis=1)

    def solve(self, faces: Indices) -> Any:
        """All least squares solutions on a tuple of faces."""
        columns, _, echelon, denominator, pivots = self._normal_equations(faces)
        if denominator < 0:
            echelon, denominator = -echelon, -denominator
        c, null = solutions(_table(echelon), denominator, pivots)
        residuals = columns * fmpz_mat([[v] for v in (*c.tolist(), -denominator)])
        return Solution(c, null, denominator, _table(residuals)[:, 0], len(pivots))

    def _normal_equations(
        self, faces: Indices
    ) -> tuple[fmpz_mat, list[list[fmpz]], fmpz_mat, int, list[int]]:
        """[A | y], its Gram matrix, [AᵀA | Aᵀy] in reduced form times a number, the pivots."""
        A = np.concatenate([self.columns(faces), self.targets[:, None]], axis=1)
        columns = fmpz_mat(A.tolist())
        gram, n = (columns.transpose() * columns).tolist(), A.shape[1] - 1
        if not n:
            return columns, gram, fmpz_mat(0, 1), 1, []
        echelon, denominator, rank = fmpz_mat(gram[:n]).rref()
        rows = echelon.tolist()
        pivots = [next(c for c in range(n) if rows[i][c]) for i in range(int(rank))]
        return columns, gram, echelon, int(denominator), pivots

    def loss(self, faces: Indices) -> fmpq:
        """The least loss of the columns of some faces."""
        _, gram, echelon, denominator, pivots = self._normal_equations(faces)
        n = len(gram) - 1
        # ‖f − y‖² = ‖y‖² − y·f, and y·f is a sum over the pivots.
        fall = sum((echelon[i, n] * gram[c][n] for i, c in enumerate(pivots)), fmpz(0))
        squares = gram[n][n] - fmpq(fall, denominator)
        return squares / (len(self.targets) * self.target_scale**2)

    def residuals_of(self, faces: Indices, signs: Signs) -> tuple[int, ...]:
        """The residuals of a piece, as integers, and last what they are to be divided by."""
        active = faces[(signs != 0) & ~self.faces.idle[faces]]
        solution = self.solve(active)
        whole = (*solution.residuals.tolist(), solution.denominator * self.target_scale)
        common = gcd(*whole)
        return tuple(v // common for v in whole)

    def ray(self, face: int) -> tuple[Integers, Floats, Fraction]:
        """Of a ray: a neuron's outputs along it (multiples by `up`), its direction, of size
        one, and the factor between them."""
        Z = self.flat(int(self.faces.flat[face]))[1]
        signs = self.faces.signs[face]
        at = int(np.flatnonzero(signs)[0])
        turn = exact.sign(Z[at, 0]) * int(signs[at])
        w = self._weights(face, [Fraction(turn)])
        factor = 1 / self._largest(w)
        return turn * self.map(face)[:, 0], self._coordinates([v * factor for v in w]), factor

    def _largest(self, w: list[Fraction]) -> Fraction:
        """The largest coordinate of weights."""
        return max(abs(v * Fraction(s)) for v, s in zip(w, self._scale, strict=True))

    def fits(
        self, tuples: Indices, points: bool = True
    ) -> tuple[Floats, Indices, Floats, Floats]:
        """The same with exact ranks, and exact losses where float64 is not to be trusted."""
        if not self.faces.rough and type(self) is RationalDecider:
            loss, rank, R, error = super().fits(tuples, points)
            for k in np.flatnonzero(~np.isfinite(error)).tolist():
                rank[k] = self.rank_of(tuples[k])
            return loss, rank, R, error
        m, K = tuples.shape
        loss, rank = np.empty(m), np.empty(m, dtype=np.int64)
        R = np.zeros((m, K, self.faces.rank))
        for k, row in enumerate(tuples):
            loss[k], rank[k], R[k] = self._fit_on(row, points)
        return loss, rank, R, np.spacing(loss)

    def _fit_on(self, row: Indices, points: bool) -> tuple[float, int, Any]:
        """The least loss, the rank, and coefficients where they are asked for, else 0."""
        solution, R = self.solve(row), np.zeros(())
        if points:
            scale = solution.denominator * self.target_scale
            R = self._neurons(row, [Fraction(v, scale) for v in solution.c.tolist()])
        return self._loss(solution)[0], solution.rank, R

    def without_neurons(self) -> Minima:
        """The one minimum of no active neuron."""
        none = np.zeros(0, dtype=np.int64)
        solution = self.solve(none)
        scale = solution.denominator * self.target_scale
        c = [Fraction(v, scale) for v in solution.c.tolist()]
        return self._piece(none, (), c, solution, 1.0)

    def _decisions(self, tuples: Indices) -> Iterator[tuple[list[Minima], Indices]]:
        for row in tuples:
            yield self._pieces_on(row, self.solve(row))[0], tuples[:0]

    def _pieces_on(self, row: Indices, solution: Any) -> tuple[list[Minima], bool]:
        """The pieces on one tuple, and whether an output sign is open that holds none."""
        allowed, moving, open_ = self._sides(row, solution)
        if not allowed.any(axis=1).all():
            return [], open_
        share, sure = np.ones((len(row), 2)), np.ones((len(row), 2), dtype=bool)
        for j, face in enumerate(row.tolist()):
            if self.faces.codimension[face]:
                share[j], holds, sure[j] = self._signed_shares(face, row, solution)
                allowed[j] &= holds
        result = []
        for choice in sign_choices(row, allowed):
            c = self._coefficients(moving, choice, solution)
            open_ |= c is None
            if c:
                side = [0 if s > 0 else 1 for s in choice]
                weak = share[range(len(row)), side].min()
                piece = self._piece(row, choice, c, solution, float(weak))
                piece.decided[:] = sure[range(len(row)), side].all()
                result.append(piece)
        return result, open_

    def _blocks(self, row: Indices) -> Iterator[tuple[slice, Signs, Integers]]:
        """Of each neuron its coefficients, and of the samples off its face the signs and the
        coordinates on the flat."""
        at = self.free.shape[1]
        for face in row.tolist():
            Z = self.flat(int(self.faces.flat[face]))[1]
            signs = self.faces.signs[face]
            off = signs != 0
            yield slice(at, at + Z.shape[1]), signs[off], Z[off]
            at += Z.shape[1]

    def _sides(self, row: Indices, solution: Any) -> tuple[Mask, list[Any], bool]:
        """Output signs allowed where no choice of a solution matters, (K, 2), the forms of the
        other samples, and whether some sign is open."""
        allowed, moving = np.ones((len(row), 2), dtype=bool), []
        for j, (block, signs, Z) in enumerate(self._blocks(row)):
            if len(Z) and not np.any(solution.c[block]) and not np.any(solution.null[block]):
                allowed[j] = False  # w = 0 in every solution
            sided = signs[:, None].astype(object) * Z
            value = product(sided, solution.c[block, None])[:, 0]
            moves = product(sided, solution.null[block])
            moved = np.array([any(v) for v in moves], dtype=bool)
            fixed = value[~moved]
            allowed[j] &= all(v > 0 for v in fixed), all(v < 0 for v in fixed)
            if not allowed[j].any():
                break
            moving.append((value[moved], moves[moved]))
        return allowed, moving, False

    def _coefficients(
        self, moving: list[Any], choice: tuple[int, ...], solution: Any
    ) -> list[Fraction] | None:
        """Coefficients with all signs right; empty if there are none, None if that is open."""
        held = (1,) * len(solution.held)
        t = self._point_inside([*moving, *solution.held], (*choice, *held))
        scale = Fraction(solution.denominator * self.target_scale)
        return (
            []
            if t is None
            else [
                (a + sum(b * x for b, x in zip(line, t, strict=True))) / scale
                for a, line in zip(solution.c.tolist(), solution.null.tolist(), strict=True)
            ]
        )

    def _signed_shares(
        self, face: int, row: Indices, solution: Any
    ) -> tuple[Floats, Mask, Mask]:
        """The least s·h(v) beside its size (1 where that, too, is zero or it is zero in all
        fits on the tuple), whether it is ≥ 0, and whether that is sure, for s = +1 and −1."""
        H, sure = self.exact_turns(face), np.ones(2, dtype=bool)
        if not len(H):
            return np.ones(2), sure, sure
        values = product(H, solution.residuals[:, None])[:, 0].tolist()
        outputs = solution.residuals + solution.denominator * self.targets
        size = np.abs(outputs) + solution.denominator * np.abs(self.targets)
        sizes = product(np.abs(H), size[:, None])[:, 0].tolist()
        shares = [Fraction(v, z) for v, z in zip(values, sizes, strict=True) if v]
        least = [float(min((s * v for v in shares if s * v > 0), default=1)) for s in (1, -1)]
        zeros = [k for k, (v, z) in enumerate(zip(values, sizes, strict=True)) if z and not v]
        if zeros and not self._spanned(row, H[zeros].T, solution.rank):
            least = [0.0, 0.0]
        holds = np.array([all(v >= 0 for v in values), all(v <= 0 for v in values)])
        return np.array(least), holds, sure

    def _spanned(self, row: Indices, changes: Integers, rank: int) -> bool:
        """Are changes of the outputs in the span of the columns of a tuple, of this rank?"""
        return exact.rank(np.concatenate([self.columns(row), changes], axis=1)) == rank

    def vanishes(self, face: int, residuals: tuple[int, ...]) -> bool:
        """Is Σ_i r_i σ(v·x_i) zero for v near a face that holds a neuron of a minimum?"""
        r = np.array(residuals[:-1], dtype=object)
        return not np.any(product(self.exact_turns(face), r[:, None]))

    def _point_inside(self, sides: Sides, choice: tuple[int, ...]) -> list[Fraction] | None:
        """Coefficients t with all signs right, or None: both are proofs."""
        moves = np.concatenate([s * moves for s, (_, moves) in zip(choice, sides, strict=True)])
        value = np.concatenate([s * v for s, (v, _) in zip(choice, sides, strict=True)])
        q = moves.shape[1]
        if not len(moves):
            return [Fraction(0)] * q
        rows = np.concatenate([moves, value[:, None]], axis=1)
        # The columns are scaled alike, so that the float64 program is well scaled.
        table, columns = scaled(rows)
        longest = np.abs(table[:, :-1]).max(axis=1, keepdims=True)
        table /= np.maximum(longest, 1e-300) * np.sqrt(q)
        table[:, -1] = np.clip(table[:, -1], -1e150, 1e150)
        t, basis = np.zeros(q), np.full(q + 1, -1, dtype=np.int64)
        slack = kernels.largest_slack(
            np.ascontiguousarray(table[:, :-1]), table[:, -1].copy(), t, basis
        )
        ratio = [Fraction(columns[-1], c) for c in columns[:-1]]
        if slack > 0 and np.isfinite(t).all():
            point = [Fraction(float(v)) * r for v, r in zip(t, ratio, strict=True)]
            terms = (zip(row, (*point, 1), strict=True) for row in rows.tolist())
            if all(sum((a * x for a, x in row), Fraction(0)) > 0 for row in terms):
                return point
        support = [int(i) for i in basis if 0 <= i < len(rows)]
        if not slack > 0 and exact.is_infeasible(rows, support):
            return None
        found = exact.interior_point(rows.tolist())
        return None if found is None else list(found)

    def _piece(
        self,
        row: Indices,
        choice: tuple[int, ...],
        c: list[Fraction],
        solution: Any,
        margin: float,
    ) -> Minima:
        signs = np.array([choice], dtype=np.int8).reshape(1, -1)
        points = signs[:, :, None] * self._neurons(row, c) + 0.0
        margin = min([margin, *map(self._room, row.tolist(), points[0])])
        loss, residuals = self._loss(solution)
        return Minima(
            row[None].copy(),
            signs,
            points,
            np.array([_rounded(sum(c[: self.free.shape[1]], Fraction(0)))]),
            np.array([loss]),
            np.array([margin]),
            np.array([solution.null.shape[1]]),
            np.ones(1, dtype=bool),
            np.array([residuals]),
        )

    def _loss(self, solution: Any) -> tuple[float, list[float]]:
        """The loss and the residuals, rounded."""
        scale = solution.denominator * self.target_scale
        whole = solution.residuals.tolist()
        loss = Fraction(sum(v * v for v in whole), scale * scale * len(whole))
        return float(loss), [float(Fraction(v, scale)) for v in whole]

    def _neurons(self, row: Indices, c: list[Fraction]) -> Floats:
        """The R_j of neurons for coefficients of all columns, rounded, shape (K, D)."""
        R, at = np.empty((len(row), self.faces.rank)), self.free.shape[1]
        for j, face in enumerate(row.tolist()):
            own = c[at : at + int(self.faces.sizes[face])]
            at += len(own)
            R[j] = self._coordinates(self._weights(face, own))
        return R

    def _weights(self, face: int, c: list[Fraction]) -> list[Fraction]:
        """Weights R of the given samples for coefficients of a face's map."""
        T, _ = self.flat(int(self.faces.flat[face]))
        return [
            self.up * scale * sum((t * v for t, v in zip(line, c, strict=True)), Fraction(0))
            for line, scale in zip(T.tolist(), self.scale, strict=True)
        ]

    def _room(self, face: int, point: Floats) -> float:
        """How far inside a face weights are, as rounded: 0 where rounding takes them out."""
        signs = self.faces.signs[face]
        off = signs != 0
        largest = float(np.abs(point).max(initial=0.0))
        if not off.any() or not largest:
            return float(not off.any())
        if self.faces.rough:
            rows = self.faces.samples.arrangement.rows
            w = self.faces.weights(point / largest)
            if not np.array_equal(exact.signs_at(rows, w[None])[0][off], signs[off]):
                return 0.0
        value = signs * (self.faces.samples.unit @ (point / largest))
        size = float(np.linalg.norm(point / largest))
        return max(float(value[off].min()) / size, 0.0)

    def interior(self, face: int) -> Floats:
        """Essential weights inside a face, rounded."""
        if not self.faces.rough or self.faces.codimension[face] == self.faces.rank:
            return super().interior(face)
        if face not in self._interior:
            signs = self.faces.signs[face]
            off = signs != 0
            sides = (
                signs[off, None].astype(object) * self.flat(int(self.faces.flat[face]))[1][off]
            )
            c = self._point_inside([(sides[:, 0] * 0, sides)], (1,))
            if c is None:
                raise AssertionError("a face is not empty")
            w = self._weights(face, c)
            largest = self._largest(w)
            self._interior[face] = self._coordinates([v / largest for v in w])
        return self._interior[face]

    def _coordinates(self, w: list[Fraction]) -> Floats:
        """Weights of the given samples in the coordinates of `faces`, rounded at the end.

        Raises
        ------
        SolverError
            If they are beyond float64.
        """
        samples, columns = self.faces.given, self.faces.columns
        v = list(w)
        for x in w:
            _rounded(x)
        if samples.shift.any():
            v[-1] += sum(
                (x * Fraction(samples.shift[c]) for x, c in zip(w, columns, strict=True)),
                Fraction(0),
            )
        return np.array(
            [_rounded(x * Fraction(samples.scale[c])) for x, c in zip(v, columns, strict=True)]
        )

    def states(
        self, minima: Minima, idle: Indices, silent: Indices
    ) -> list[list[tuple[int, int, float, bool]]]:
        """The same, and all of them decided."""
        states = []
        for row in minima.faces:
            solution = self.solve(row)
            own: list[tuple[int, int, float, bool]] = []
            for face in idle.tolist():
                if not self.faces.codimension[face]:
                    own.append((face, 0, self._share(face), True))
                    continue
                share, holds, sure = self._signed_shares(face, row, solution)
                own += [
                    (face, 1 - 2 * side, float(share[side]), bool(sure[side]))
                    for side in np.flatnonzero(holds).tolist()
                ]
            for face in silent.tolist():
                found = self._vanishing(face, row, solution)
                if found is not None:
                    own.append((face, 0, found[0] * self._share(face), found[1]))
            states.append(own)
        return states

    def _vanishing(self, face: int, row: Indices, solution: Any) -> tuple[bool, bool] | None:
        """Where Σ_i r_i D_i x_i may vanish in a cell: by structure, and surely?"""
        if np.any(product(solution.residuals[None], self.map(face))):
            return None
        return self._spanned(row, self.map(face), solution.rank), True

    def _share(self, face: int) -> float:
        """The margin of a neuron inside a cell that adds nothing."""
        return float(self.holds(face, self.interior(face)))

    def holds(self, face: int, point: Floats) -> bool:
        """Are weights still on their face after rounding, as far as that is in question?"""
        return not self.faces.rough or self._room(face, point) > 0


def _rounded(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        raise SolverError(
            "a minimum has weights of more than 1e308, beyond float64; scale the data"
        ) from None


def solutions(form: Integers, denominator: int, pivots: list[int]) -> tuple[Integers, Integers]:
    """Of equations [A | b] in reduced echelon form the solutions (c + N t)/denominator."""
    n = form.shape[1] - 1
    others = [k for k in range(n) if k not in pivots]
    c, null = np.zeros(n, dtype=object), np.zeros((n, len(others)), dtype=object)
    c[pivots] = form[: len(pivots), n]
    null[others, range(len(others))] = denominator
    null[pivots] = -form[: len(pivots), others]
    return c, null


def product(a: Integers, b: Integers) -> Integers:
    """The product of matrices of integers."""
    if 0 in (*a.shape, *b.shape):
        return np.zeros((a.shape[0], b.shape[1]), dtype=object)
    return _table(fmpz_mat(a.tolist()) * fmpz_mat(b.tolist()))


def _table(matrix: fmpz_mat) -> Integers:
    rows = [[int(v) for v in row] for row in matrix.tolist()]
    return np.array(rows, dtype=object).reshape(matrix.nrows(), matrix.ncols())


def scaled(matrix: Integers) -> tuple[Floats, list[int]]:
    """A matrix of integers of any size in units of the largest of each column, and these."""
    largest = [max(map(abs, column), default=0) or 1 for column in matrix.T.tolist()]
    rows = [[v / m for v, m in zip(row, largest, strict=True)] for row in matrix.tolist()]
    return np.array(rows, dtype=np.float64).reshape(matrix.shape), largest


def along_ray(X: Integers, zeros: Mask, side: Signs) -> Integers:
    """x_i·v, shape (N,), for a v with which some samples vanish and some have these signs."""
    along, off = product(X, exact.nullspace(X[zeros])), np.flatnonzero(side).tolist()
    # One column, of those that leave the flat, gives the ray modulo the flat.
    v = along[:, next(c for c in range(along.shape[1]) if any(along[off, c]))]
    i = next(i for i in off if v[i])
    return np.asarray(v * (exact.sign(v[i]) * int(side[i])))
