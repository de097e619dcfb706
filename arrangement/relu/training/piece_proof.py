"""Proofs that a piece of minima is where float64 has found it.

A face of every neuron is fixed: P and B are the samples with w·x > 0 and = 0. With T a basis of
the null space of X_B, the outputs there are linear, A c, and the piece holds the least squares
fits c* of the targets. Nothing is solved exactly: norms bound how far c* and its residuals r*
are from what was computed, every rounding counted, and what has to be positive has to be so by
more than that.

Let A have full rank and Q = A R⁻¹ be nearly orthonormal, R⁻¹ some floats: with
ρ = ‖I − QᵀQ‖ < 1 the change of R c from c to c* is at most ‖Qᵀ r‖/(1 − ρ), and of r at most
√(1+ρ) times that. Columns that float64 takes to depend on others are left out: that the rank is
no larger is proved modulo primes. Where A has N independent columns, r* = 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from flint import fmpz_mat, nmod_mat
from numpy.typing import NDArray
from scipy.linalg import qr, solve_triangular

from arrangement import exact
from arrangement.arrangement import Arrangement
from arrangement.exact.modular import proof_primes
from arrangement.exact.numbers import whole_columns
from arrangement.relu.weight_space import Floats, Indices, Mask, Samples, Signs

__all__ = [
    "DEPENDENT", "OFF_FACE", "Faces", "Flat", "Proof", "Rays", "columns_that_span", "proof",
]  # fmt: skip

OFF_FACE = "whether a neuron is on its face"

UNIT = 2.0**-53
WIDE = float(np.finfo(np.longdouble).eps)
SLACK = 1.001
"""Covers the rounding of bounds themselves."""

INDEPENDENT, DEPENDENT = 1e-9, 1e-11
"""What is left of a sample, or of a column, beside it, if others that it does not depend on are
taken away; what is less is taken for rounding, until it is proved."""

KNOWN = 1e-6
"""Residuals that may be wrong by more, beside the targets, do not tell the loss."""


def gamma(n: int) -> float:
    """What rounding makes of a sum of n products, beside the sum of their absolute values."""
    return SLACK * n * UNIT


class Rays(NamedTuple):
    """Directions v that leave a flat, on whose sides h has to be checked."""

    v: Floats  # (m, d)
    error: Floats  # (m,), of their lengths
    side: Signs  # (m, N): signs of v·x on the samples of the flat


@dataclass(frozen=True, eq=False)
class Flat:
    """{v : v·x_i = 0 for i in B}, in float64.

    Attributes
    ----------
    on : ndarray of bool, shape (N,)
        B, with every sample that vanishes on the flat.
    chosen : ndarray of int
        Samples of B that are independent and span it.
    basis : ndarray, shape (d, d − len(chosen))
    """

    samples: Samples
    on: Mask
    chosen: Indices
    basis: Floats

    @classmethod
    def of(cls, samples: Samples, on: Mask) -> Flat:
        """The flat on which some samples vanish, and others with them."""
        X, d = samples.unit, samples.X.shape[1]
        where = np.flatnonzero(on)
        if not len(where):
            return cls(samples, on, where, np.eye(d))
        full, R, order = qr(X[where].T, pivoting=True)
        rank = int(np.sum(np.abs(np.diag(R)) > INDEPENDENT))
        basis = np.ascontiguousarray(full[:, rank:])
        closed = on | (np.linalg.norm(X @ basis, axis=1) <= INDEPENDENT)
        return cls(samples, closed, np.sort(where[order[:rank]]), basis)

    @cached_property
    def is_origin(self) -> bool:
        """Do all samples vanish on it?"""
        return bool(self.on.all())

    @cached_property
    def dual(self) -> Floats:
        """Nearly a right inverse of the chosen samples, (d, k)."""
        return np.asarray(np.linalg.pinv(self.samples.X[self.chosen]))

    @cached_property
    def rays(self) -> Rays:
        """The rays of the local arrangement of B modulo the flat."""
        n, k = len(self.on), len(self.chosen)
        if k == int(self.on.sum()):
            side = np.zeros((2 * k, n), dtype=np.int8)
            side[np.arange(k), self.chosen] = 1
            side[np.arange(k, 2 * k), self.chosen] = -1
            error = np.full(2 * k, self.errors[0])
            return Rays(np.concatenate([self.dual.T, -self.dual.T]), error, side)
        arrangement = self.samples.arrangement
        rows = arrangement.rows[self.on, :-1]
        columns = exact.independent_columns(rows)
        local = Arrangement(rows[:, columns]).faces(1)
        scale = [Fraction(v) for v in self.samples.scale]
        shift = [Fraction(v) for v in self.samples.shift]
        v = np.zeros((len(local), len(scale)))
        for row, point in zip(v, list(local.witness), strict=True):
            w: list[Any] = [Fraction(0)] * len(scale)
            for c, value in zip(columns, point, strict=True):
                w[c] = value
            w[-1] += sum((a * b for a, b in zip(w, shift, strict=True)), Fraction(0))
            moved = [a * b for a, b in zip(w, scale, strict=True)]
            largest = max(map(abs, moved))
            row[:] = [float(a / largest) for a in moved]
        side = np.zeros((len(local), n), dtype=np.int8)
        side[:, self.on] = local.signs
        return Rays(v, 2 * UNIT * np.linalg.norm(v, axis=1), side)

    @cached_property
    def errors(self) -> tuple[float, float]:
        """Bounds for the lengths of errors of the dual vectors and of the basis.

        Some exact basis of the flat is as near to `basis`, and vectors that are exactly dual
        to the chosen samples to `dual`; infinite if that is not proved.
        """
        if not len(self.chosen):
            return 0.0, 0.0
        X, Y, T = self.samples.X[self.chosen], self.dual, self.basis
        d, k = Y.shape
        moved = float(np.linalg.norm(rounding(self.samples)[self.chosen]))
        length = float(np.linalg.norm(Y))
        miss = float(np.linalg.norm(np.eye(k) - X @ Y)) + moved * length
        miss += gamma(d + 2) * (float(np.linalg.norm(np.abs(X) @ np.abs(Y))) + sqrt(k))
        if not miss < 0.5:
            return np.inf, np.inf
        inverse = SLACK * length / (1 - miss)
        off = float(np.linalg.norm(X @ T)) + moved * 1.01
        off += gamma(d) * float(np.linalg.norm(np.abs(X) @ np.abs(T)))
        return inverse * miss, SLACK * inverse * off

    @cached_property
    def is_proved(self) -> bool:
        """Do the samples of B that were not chosen vanish with those that were, exactly?"""
        if len(self.chosen) == int(self.on.sum()):
            return True
        return exact.rank(self.samples.arrangement.rows[self.on, :-1]) == len(self.chosen)


def rounding(samples: Samples) -> Floats:
    """Bounds for the errors of `samples.X`, which was centred and scaled in float64."""
    constant = np.abs(samples.arrangement.normals[0, -1:].astype(np.float64))
    return 4 * UNIT * (np.abs(samples.X) + np.abs(samples.shift) * constant / samples.scale)


@dataclass(frozen=True, eq=False)
class Faces:
    """A face for each of K neurons, the signs of its output weights, and a point there.

    Attributes
    ----------
    samples : Samples
    free : ndarray, shape (N, e)
        Columns with free coefficients: of ones for an output bias, or none.
    leak : float
        Slope of an inactive neuron.
    flats : list of Flat
    signs : ndarray of int8, shape (K, N)
        Signs of u_j·x_i, 0 exactly on the flats.
    s : ndarray of int8, shape (K,)
        Signs of the output weights.
    """

    samples: Samples
    free: Floats
    leak: float
    flats: list[Flat]
    signs: Signs
    s: Signs

    @cached_property
    def slopes(self) -> Floats:
        """Slopes of the neurons on the samples, (K, N); 0 on the flats, where outputs are 0."""
        return np.select([self.signs > 0, self.signs < 0], [1.0, self.leak], 0.0)

    @property
    def active(self) -> Mask:
        """Which neurons have outputs on some sample."""
        return np.asarray(self.slopes.any(axis=1))

    @cached_property
    def columns(self) -> Floats:
        """A, the free columns first."""
        blocks = [
            float(s) * slope[:, None] * (self.samples.X @ flat.basis)
            for s, slope, flat in zip(self.s, self.slopes, self.flats, strict=True)
        ]
        return np.concatenate([self.free, *blocks], axis=1)

    @cached_property
    def starts(self) -> list[slice]:
        """The columns of each neuron."""
        ends = self.free.shape[1] + np.cumsum([0, *(f.basis.shape[1] for f in self.flats)])
        return [slice(int(a), int(b)) for a, b in pairwise(ends)]

    def points(self, c: Floats) -> Floats:
        """The u_j of coefficients of the columns, shape (K, d)."""
        parts = zip(self.flats, self.starts, strict=True)
        return np.array([flat.basis @ c[part] for flat, part in parts])

    def slants(self, j: int, r: Floats) -> tuple[Floats, Floats, Floats]:
        """h of neuron j, times its sign, on the rays of its flat; the changes of its outputs
        along them, and their sizes."""
        v, _, side = self.flats[j].rays
        t = v @ self.samples.X.T
        t[:, self.flats[j].on] *= side[:, self.flats[j].on] != 0
        change = np.where(side > 0, 1.0, np.where(side < 0, self.leak, self.slopes[j])) * t
        return float(self.s[j]) * (change @ r), change, np.abs(change) @ np.abs(r)

    def left(self, side: Signs) -> Faces:
        """The faces beside these, on the given sides of some of the chosen samples."""
        flats = [
            Flat.of(self.samples, flat.on & (row == 0)) if row.any() else flat
            for flat, row in zip(self.flats, side, strict=True)
        ]
        return replace(self, flats=flats, signs=self.signs + side)

    def rank_is_at_most(self, rank: int) -> bool:
        """A proof, modulo primes, that A has no larger rank."""
        X = whole_columns(self.samples.arrangement.normals)[0]
        up, down = Fraction(self.leak).denominator, Fraction(self.leak).numerator
        d, e = X.shape[1], self.free.shape[1]
        top = [np.full(self.free.shape, 1, dtype=object)]
        fixed = []
        for j in np.flatnonzero(self.active).tolist():
            flat = self.flats[j]
            slope = np.select([self.signs[j] > 0, self.signs[j] < 0], [up, down], 0)
            at = e + d * (len(top) - 1)
            top.append(slope.astype(object)[:, None] * X)
            fixed += [(at, X[i]) for i in flat.chosen]
        A = np.concatenate(top, axis=1)
        below = np.full((len(fixed), A.shape[1]), 0, dtype=object)
        for row, (at, x) in zip(below, fixed, strict=True):
            row[at : at + d] = x
        matrix = np.concatenate([A, below])
        whole = fmpz_mat(matrix.tolist())
        most = rank + len(fixed)
        return all(nmod_mat(whole, p).rank() <= most for p, _ in proof_primes(matrix, 2**62))


def columns_that_span(A: Floats) -> Indices:
    """Columns that float64 takes for a basis of what all columns span."""
    if not A.size:
        return np.zeros(0, dtype=np.int64)
    R, order = qr(A, mode="r", pivoting=True)
    size = np.abs(np.diag(R))
    found: Indices = np.sort(order[: int(np.sum(size > DEPENDENT * size[0]))])
    return found


class Proof(NamedTuple):
    """What was proved of the faces.

    `coefficients` are near those of the piece; `margin` is the least strict inequality beside
    the size of its terms; `dimension` is that of the piece.
    """

    coefficients: Floats
    residuals: Floats
    error: float  # of the residuals' length
    margin: float
    dimension: int


def proof(faces: Faces, y: Floats, c: Floats) -> Proof | str:
    """Prove that the faces hold a piece of minima near a point, or say what is not proved.

    Parameters
    ----------
    faces : Faces
    y : ndarray, shape (N,)
    c : ndarray
        Coefficients of the columns near a least squares fit.
    """
    samples, flats = faces.samples, faces.flats
    X, dX = samples.X, rounding(samples)
    n, d = X.shape
    A = faces.columns
    if not all(flat.is_proved for flat in flats):
        return "samples on a face do not depend on each other"
    bases = np.array([flat.errors[1] for flat in flats])
    if not (bases < 0.1).all():
        return "a face is too narrow"
    moved, length = float(np.linalg.norm(dX)), float(np.linalg.norm(X))
    product = [float(np.linalg.norm(np.abs(X) @ np.abs(flat.basis))) for flat in flats]
    parts = 1.2 * moved + length * bases + gamma(d + 2) * np.array(product)
    dA = SLACK * float(np.linalg.norm(parts[faces.active]))
    S = columns_that_span(A)
    fitted = len(S) == n
    basis = A[:, S]
    if fitted:
        inverse = np.linalg.pinv(basis)
    else:
        R = qr(basis, mode="economic")[1]
        inverse = solve_triangular(R, np.eye(len(S))) if len(S) else np.zeros((0, 0))
    stretch = float(np.linalg.norm(inverse))
    Q = basis @ inverse
    dQ = dA * stretch + gamma(len(S)) * float(np.linalg.norm(np.abs(basis) @ np.abs(inverse)))
    size = float(np.linalg.norm(Q)) + dQ
    if fitted:
        rho = float(np.linalg.norm(np.eye(n) - Q)) + dQ + UNIT * (size + n)
    else:
        rho = float(np.linalg.norm(np.eye(len(S)) - Q.T @ Q)) + 2 * size * dQ
        rho += gamma(n + 1) * (float(np.linalg.norm(np.abs(Q).T @ np.abs(Q))) + len(S))
    if not rho < 0.5:
        return "the neurons' outputs are too nearly dependent"
    c = c.copy()
    for _ in range(3):
        r = _residuals(A, c, y)
        c[S] -= inverse @ (r if fitted else Q.T @ r)
    r = _residuals(A, c, y)
    rest = float(np.linalg.norm(r))
    sizes = np.abs(A) @ np.abs(c) + np.abs(y)
    dr = SLACK * (
        dA * float(np.linalg.norm(c))
        + SLACK * (A.shape[1] + 2) * WIDE * float(np.linalg.norm(sizes))
        + UNIT * (rest + float(np.linalg.norm(y)))
    )
    if fitted:
        step = SLACK * (rest + dr) / (1 - rho)
        r, error = np.zeros(n), 0.0
    elif any(flat.is_origin for flat in flats):
        return "a neuron without weights"
    else:
        pull = float(np.linalg.norm(Q.T @ r)) + dQ * rest + sqrt(1 + rho) * dr
        pull += gamma(n) * float(np.linalg.norm(np.abs(Q).T @ np.abs(r)))
        step = SLACK * pull / (1 - rho)
        error = SLACK * (dr + sqrt(1 + rho) * step)
        if not error <= KNOWN * (float(np.linalg.norm(y)) or 1.0):
            return "the loss, beside the rounding of large weights"
        idle = sum(faces.flats[j].basis.shape[1] for j in np.flatnonzero(~faces.active))
        if len(S) < A.shape[1] - idle and not faces.rank_is_at_most(len(S)):
            return "the rank of the neurons' outputs"
    margin = 1.0
    level: tuple[Signs, Signs] = np.zeros_like(faces.signs), np.zeros_like(faces.signs)
    row_size, row_error = np.linalg.norm(X, axis=1), np.linalg.norm(dX, axis=1)
    for j, (flat, part) in enumerate(zip(flats, faces.starts, strict=True)):
        own = c[part]
        t = X @ (flat.basis @ own)
        inside = (part.start <= S) & (part.stop > S)
        change = bases[j] * float(np.linalg.norm(own))
        change += 1.2 * float(np.linalg.norm(inverse[inside])) * step
        near = float(np.linalg.norm(own))
        bound = (
            row_size * (change + 1.2 * gamma(2 * d) * sqrt(d) * near) + 1.2 * row_error * near
        )
        off = ~flat.on
        room = (faces.signs[j] * t)[off] - SLACK * bound[off]
        if not (room > 0).all():
            return OFF_FACE
        margin = min(margin, float((room / (row_size[off] * near)).min(initial=1.0)))
        if fitted or not len(flat.chosen):
            continue
        v, dv, _ = flat.rays
        h, changes, terms = faces.slants(j, r)
        width = np.linalg.norm(changes, axis=1)
        # Where no sample has outputs h is zero, exactly.
        some = changes != 0
        seen, off = (np.sqrt(some @ np.square(size)) for size in (row_size, row_error))
        slip = dv * seen + np.linalg.norm(v, axis=1) * (off + gamma(2 * d) * seen)
        doubt = error * (width + slip) + rest * slip + gamma(n) * terms
        room = h - SLACK * doubt
        for side in flat.rays.side[room < 0]:
            if np.count_nonzero(side) > 1 or (h + SLACK * doubt)[room < 0].min() < 0:
                return "a multiplier"
            level[int(side.sum() < 0)][j] += side
        clear = room >= 0
        share = room[clear] / np.maximum(terms[clear], 1e-300)
        margin = min(margin, float(share.min(initial=1.0)) if clear.all() else 0.0)
    # Where h may be zero on a ray, it is if the outputs gain nothing that is not there already.
    for side in level:
        if side.any() and not faces.left(side).rank_is_at_most(len(S)):
            return "a multiplier"
    return Proof(c, r, error, margin, A.shape[1] - len(S))


def _residuals(A: Floats, c: Floats, y: Floats) -> Floats:
    """A c − y, summed in the longest floats that there are."""
    wide = np.longdouble
    total: NDArray[np.longdouble] = A.astype(wide) @ c.astype(wide) - y.astype(wide)
    return total.astype(np.float64)
