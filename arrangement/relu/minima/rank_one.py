"""Decisions for one neuron and several outputs under squared loss, in algebraic numbers.

Outputs are a zᵀ with a = σ(X w) in R^N and z in R^m, targets Y in R^(N×m). For a given w with
a ≠ 0 the best z is Yᵀa/‖a‖², and N·L is then ‖Y‖² − ρ(w), ρ = ‖Yᵀa‖²/‖a‖²; since that z is
continuous in w, (w, z) is a local minimum of L iff w is a local maximum of ρ. Let λ be ρ there,
q(x) = λ‖x‖² − ‖Yᵀx‖² for x in R^N, and Q its matrix: ρ ≤ λ near w iff q(σ(X v)) ≥ 0 for all v
near w.

*On a face* (in a cell, if the face is one) a = A c is linear, and q ∘ A ≥ 0, q(a) = 0 says that
λ is the largest eigenvalue of the pencil (AᵀYYᵀA, AᵀA), c an eigenvector: rank-one reduced-rank
regression. All other eigenvectors are saddles. λ = 0 means Yᵀa = 0 and so z = 0.

*Off the face* a changes by Δ(v), linear on each cell C around it. There q(a + Δ) =
2 aᵀQΔ + q(Δ) is a quadratic function on a polyhedral cone, and 0 is a local minimum of it iff
h(v) = aᵀQ Δ(v) ≥ 0 on the rays v of the face, and q ≥ 0 on the cone of those with h = 0 and the
face's own directions (Majthay 1971). Up to a positive factor h is Σ_i (z·r_i) Δ_i(v), r_i the
residuals of sample i: the criterion of one output with z·r_i. What the face's own directions
take off q is a Schur complement G, so that the last condition is that G is copositive on the
rays with h = 0.

*Without outputs*, a = 0 or z = 0, the residuals are −Y. (w, z) with z = 0 and w in a cell is a
minimum iff Σ_i y_i σ(v·x_i) = 0 for v near w, all outputs of it. With z ≠ 0 and a = 0 on a
face N·L changes by −2 z′·Yᵀσ(X v) + ‖z′‖²‖σ(X v)‖²: a minimum iff −z′·Yᵀσ(X v) ≥ 0 for all z′
near z and all v, that is iff z·p > 0 for each p = −YᵀΔ(v) ≠ 0 of a ray v. In the cell without
active samples z is free.

*Exactly.* A multiple of λ is an algebraic integer, and eigenvectors are found in its field:
whether λ is a multiple eigenvalue, and every sign, is decided there. Float64 refuses what fails
by far. With a multiple λ a face may have conditions h ≥ 0 that differ in the eigenspace; where
they hold with equality only, the face is doubtful, and so is one with more than two rays of
h = 0 of which some G_kl < 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from math import floor
from typing import Any

import numpy as np
from flint import fmpq, fmpz_mat

from arrangement import exact
from arrangement.exact.fields import FieldElement, field_of_root
from arrangement.exact.roots import as_fmpq, precision, roots_of
from arrangement.relu.minima.minima_table import Minima
from arrangement.relu.minima.neuron_faces import deepest
from arrangement.relu.minima.rational import Integers, RationalDecider, product
from arrangement.relu.weight_space import Floats, Indices, Mask

__all__ = ["RankOneDecider"]

GRID = 100
"""Losses that agree to 2^-100 of mean ‖y‖² count as equal in orders."""

CLEAR, GAP = 1e-6, 1e-3
"""An inequality that fails by this share fails, beside eigenvalues so far from each other."""

DEPENDENT = 1e-5


class RankOneDecider(RationalDecider):
    """Decides faces of one neuron with several outputs, whose targets come row by row."""

    fits_samples = False

    @cached_property
    def Y(self) -> Integers:
        """The targets, shape (N, m)."""
        return self.targets.reshape(len(self.faces.given.X), -1)

    @cached_property
    def squares(self) -> int:
        """‖Y‖²."""
        return sum(v * v for v in self.targets.tolist())

    # --- the largest eigenvalue -------------------------------------------------------------

    def _top(self, A: Integers) -> tuple[Any, int] | None:
        """The largest eigenvalue λ of (AᵀYYᵀA, AᵀA) times a number, and that number."""
        mixed = product(A.T, self.Y)
        if not np.any(mixed):
            return None
        gram = fmpz_mat(product(A.T, A).tolist())
        cross = fmpz_mat(mixed.tolist())
        # Its eigenvalues but 0 are those of YᵀA (AᵀA)⁻¹ AᵀY.
        inner = cross.transpose() * gram.inv() * cross
        table, scale = inner.numer_denom()
        polynomial = table.charpoly()
        factors = [f for f, _ in polynomial.factor()[1]]
        bits = 64
        while True:
            with precision(bits):
                roots = [roots_of(f)[0] for f in factors]
                tops = [own[-1] for own in roots]
                best = max(range(len(tops)), key=lambda k: tops[k].mid())
                if all(tops[k] < tops[best] for k in range(len(tops)) if k != best):
                    break
            bits *= 2
        f = factors[best]
        if f.degree() == 1:
            return -int(f[0]), int(scale)
        coefficients = tuple(int(c) for c in f.coeffs())
        return field_of_root(coefficients, len(roots[best]) - 1).generator, int(scale)

    def _eigenspace(self, A: Integers) -> tuple[Integers, Any, int] | None:
        """The eigenvectors of the largest eigenvalue in columns, it, and its multiple."""
        found = self._top(A)
        if found is None:
            return None
        value, scale = found
        mixed = product(A.T, self.Y)
        matrix = scale * product(mixed, mixed.T) - value * product(A.T, A)
        return exact.nullspace(matrix), value, scale

    # --- decisions --------------------------------------------------------------------------

    def _decisions(self, tuples: Indices) -> Iterator[tuple[list[Minima], Indices]]:
        for row in tuples:
            if self.certain or not self._clearly_none(int(row[0])):
                found = self._piece_on(int(row[0]))
                held = [found] if isinstance(found, Minima) else []
                yield held, row[None] if found is None else tuples[:0]

    def _piece_on(self, face: int) -> Minima | bool | None:
        """The piece on a face, False if there is none, None if that is open."""
        A = self.map(face)
        pivots = exact.independent_columns(A)
        own = self._eigenspace(A[:, pivots])
        if own is None:
            return False
        space, value, scale = own
        n, times = A.shape[1], space.shape[1]
        solutions = np.full((n, times), 0, dtype=object)
        solutions[pivots] = space
        if len(pivots) < n:
            solutions = np.concatenate([solutions, exact.nullspace(A)], axis=1)
        signs = self.faces.signs[face]
        off = signs != 0
        Z = self.flat(int(self.faces.flat[face]))[1]
        sides = signs[off, None].astype(object) * Z[off].dot(solutions)
        pulls, level = self._pulls(face, A[:, pivots].dot(space), value, scale)
        t = _inside([sides, pulls], solutions.shape[1])
        if t is None:
            # With one eigenvector no h ≥ 0 but h = 0 holds with equality.
            several = times > 1 and len(pulls)
            open_ = several and _inside([sides], solutions.shape[1]) is not None
            return None if open_ else False
        second = self._copositive(face, level, A[:, pivots], value, scale)
        if not second:
            return second
        c = [_close(v) for v in solutions.dot(np.array(t, dtype=object))]
        residuals, a = self._residuals(A, c)
        largest = max(map(abs, a))
        outputs = np.array([float(v / largest) for v in a])
        z = outputs @ (self.Y.astype(np.float64) / self.target_scale) / (outputs @ outputs)
        size = Fraction(float(np.linalg.norm(z)))
        w = [size / largest * v for v in self._weights(face, c)]
        point = self._coordinates(w)
        return Minima(
            np.array([[face]]),
            np.ones((1, 1), dtype=np.int8),
            point[None, None],
            np.zeros(1),
            np.array([float(self._loss_of(value, scale))]),
            np.array([self._room(face, point)]),
            np.array([solutions.shape[1] - 1]),
            np.ones(1, dtype=bool),
            np.array([list(map(float, residuals))]),
        )

    def _pulls(
        self, face: int, a: Integers, value: Any, scale: int
    ) -> tuple[Integers, Indices]:
        """h on the rays of a face for outputs a in columns, where it is not 0 for all of them,
        and which the other rays are."""
        H = self.exact_turns(face)
        if not len(H):
            return np.zeros((0, a.shape[1]), dtype=object), np.zeros(0, dtype=np.int64)
        Qa = value * a - scale * self.Y.dot(self.Y.T.dot(a))
        h = H.dot(Qa)
        some = np.array([any(row) for row in h.tolist()], dtype=bool)
        return h[some], np.flatnonzero(~some)

    def _copositive(
        self, face: int, rays: Indices, A: Integers, value: Any, scale: int
    ) -> bool | None:
        """Is q ≥ 0 on the cones of rays with h = 0, beside the face? None if that is open."""
        if not len(rays):
            return True

        def form(left: Integers, right: Integers) -> Integers:
            return value * left.T.dot(right) - scale * left.T.dot(self.Y).dot(
                self.Y.T.dot(right)
            )

        turns = self.exact_turns(face)
        D = turns[rays].T
        G = form(D, D)
        inner, cross = form(A, A), form(A, D)
        chosen = exact.independent_columns(inner)
        if chosen:
            # Integers of the field: Gᵀ det − cross adj cross, det > 0 on these columns.
            inverse, det = exact.inverse(inner[np.ix_(chosen, chosen)])
            G = G - cross[chosen].T.dot(inverse).dot(cross[chosen]) * Fraction(1, det)
        S = np.array([[exact.sign(v) for v in row] for row in G])
        if np.any(np.diag(S) < 0):
            return False
        # With independent hyperplanes the opposite of each ray is half a table further, and any
        # others span a cone with no kink inside.
        half = int(self.faces.codimension[face])
        simple = 2 * half == len(turns)
        if simple:
            S[np.abs(rays[:, None] - rays) == half] = 0
        if np.all(S >= 0):
            return True
        for i, j in np.argwhere(np.triu(S < 0, 1)).tolist():
            if exact.sign(G[i, i] * G[j, j] - G[i, j] * G[i, j]) < 0:
                return False if simple else None
        return True if len(S) == 2 else None

    def _residuals(
        self, A: Integers, c: list[Fraction]
    ) -> tuple[list[Fraction], list[Fraction]]:
        """f − y row by row for the best z, and a = A c."""
        a = [sum((x * v for x, v in zip(row, c, strict=True)), Fraction(0)) for row in A]
        size = sum(v * v for v in a) * self.target_scale
        z = [sum((x * v for x, v in zip(a, y, strict=True)), Fraction(0)) for y in self.Y.T]
        return [
            x * v / size - Fraction(y, self.target_scale)
            for x, row in zip(a, self.Y.tolist(), strict=True)
            for v, y in zip(z, row, strict=True)
        ], a

    def _loss_of(self, value: Any, scale: int) -> Fraction:
        return (self.squares - _close(value) / scale) / (len(self.Y) * self.target_scale**2)

    def without_neurons(self) -> Minima:
        """The one minimum of no active neuron."""
        loss = Fraction(self.squares, len(self.Y) * self.target_scale**2)
        return Minima(
            np.zeros((1, 0), np.int64),
            np.zeros((1, 0), np.int8),
            np.zeros((1, 0, self.faces.rank)),
            np.zeros(1),
            np.array([float(loss)]),
            np.ones(1),
            np.zeros(1, np.int64),
            np.ones(1, dtype=bool),
            -self.y[None],
        )

    def solve(self, faces: Indices) -> None:
        """Nothing: what a neuron without outputs may be does not depend on others."""

    def _signed_shares(
        self, face: int, row: Indices, solution: None
    ) -> tuple[Floats, Mask, Mask]:
        holds = np.array([self._outward(face) is not None, False])
        return np.ones(2), holds, np.ones(2, dtype=bool)

    def _vanishing(self, face: int, row: Indices, solution: None) -> tuple[bool, bool] | None:
        return None if np.any(product(self.map(face).T, self.Y)) else (True, True)

    def _outward(self, face: int) -> list[Any] | None:
        """z with z·p > 0 for each p = −YᵀΔ ≠ 0 of the rays of a face without outputs."""
        p = -product(self.exact_turns(face), self.Y)
        rows = p[[any(row) for row in p.tolist()]]
        if not len(rows):
            return [Fraction(int(k == 0)) for k in range(self.Y.shape[1])]
        return _inside([rows], self.Y.shape[1])

    def output_weights(self, minima: Minima) -> Floats:
        """z of each piece, of length one, or 0; shape (rows, 1, m)."""
        z = np.zeros((len(minima), 1, self.Y.shape[1]))
        targets = self.Y.astype(np.float64) / self.target_scale
        for k, (face,) in enumerate(minima.faces.tolist()):
            if not minima.output_signs[k, 0]:
                continue
            if self.faces.idle[face]:
                z[k, 0] = [float(v) for v in self._outward(face) or []]
            else:
                slopes = self.faces.slopes(np.array([face]))[0]
                a = slopes * (self.faces.samples.X @ minima.points[k, 0])
                z[k, 0] = (a / np.abs(a).max()) @ (targets / np.abs(targets).max())
            z[k, 0] /= np.linalg.norm(z[k, 0])
        return z

    # --- what is asked of a decider ---------------------------------------------------------

    def loss(self, faces: Indices) -> fmpq:
        """The least loss of the outputs of a face, to 2^-`GRID` of that of no neuron."""
        most = Fraction(self.squares, len(self.Y) * self.target_scale**2)
        least = most
        if len(faces):
            A = self.map(int(faces[0]))
            found = self._top(A[:, exact.independent_columns(A)])
            least = most if found is None else self._loss_of(*found)
        if not most:
            return fmpq(0)
        share = Fraction(floor(least / most * 2**GRID + Fraction(1, 2)), 1 << GRID) * most
        return as_fmpq(share)

    def _fit_on(self, row: Indices, points: bool) -> tuple[float, int, Any]:
        """The least loss, the rank, and weights u = ‖z‖ w where these are asked for."""
        loss, A = self.loss(row), self.map(int(row[0]))
        pivots = exact.independent_columns(A)
        own = self._eigenspace(A[:, pivots]) if pivots and points else None
        c = [Fraction(0)] * A.shape[1]
        if own is not None:
            for pivot, v in zip(pivots, own[0][:, 0].tolist(), strict=True):
                c[pivot] = _close(v)
        return int(loss.p) / int(loss.q), len(pivots), self._neurons(row, c)

    def residuals_of(self, faces: Indices, signs: Any) -> tuple[int, ...]:
        """Nothing: a piece on a face of a cell's closure with its loss is in the closure of
        the cell's piece, the eigenvectors of λ in the closed cell."""
        return ()

    def vanishes(self, face: int, residuals: tuple[int, ...]) -> bool:
        """Do all outputs of Σ_i y_i σ(v·x_i) vanish for v near a face?"""
        return not np.any(product(self.exact_turns(face), self.Y))

    def _clearly_none(self, face: int) -> bool:
        """Does float64 refuse a face far beyond rounding?"""
        A = self.faces.transposed(np.array([face]))[0].T
        e = int(self.faces.sizes[face])
        U, S, Vt = np.linalg.svd(A[:, :e], full_matrices=False)
        if not S[0] or S[-1] < DEPENDENT * S[0]:
            return False
        Y = self.y.reshape(self.Y.shape)
        values, vectors = np.linalg.eigh(U.T @ Y @ Y.T @ U)
        if not values[-1] or (e > 1 and values[-1] - values[-2] < GAP * values[-1]):
            return False
        q = vectors[:, -1]
        c = Vt.T @ (q / S)
        signs = self.faces.signs[face]
        Z = self.faces.restricted(self.faces.flat[face : face + 1])[0][:, :e]
        length = np.linalg.norm(Z, axis=1)
        off = (signs != 0) & (length > 0)
        sided = signs[off] * (Z[off] @ c) / (length[off] * np.linalg.norm(c))
        if sided.min(initial=1) < -CLEAR and sided.max(initial=-1) > CLEAR:
            return True
        side = 1.0 if sided.sum() > 0 else -1.0
        if not self.faces.codimension[face] or abs(sided).min(initial=1) < CLEAR:
            return False
        a = side * (U @ q)
        Qa = values[-1] * a - Y @ (Y.T @ a)
        H = self.faces.turns(face)
        terms = np.abs(H) @ (values[-1] * np.abs(a) + np.abs(Y) @ (np.abs(Y).T @ np.abs(a)))
        return bool(np.any(H @ Qa < -CLEAR * terms))


def _inside(tables: list[Integers], width: int) -> list[Any] | None:
    """A point at which all rows are positive, far from their zeros, or None: both are proofs.

    Rows may have fewer columns than there are coordinates, the last ones then being 0.
    """
    rows = [[*row, *[0] * (width - len(row))] for table in tables for row in table.tolist()]
    # The columns of the first table are scaled alike, then rows: the float64 program is well
    # scaled, whatever the units of the others.
    close = [[_close(v) for v in row] for row in rows]
    first = close[: len(tables[0])]
    columns = [max(map(abs, column)) or Fraction(1) for column in zip(*first, strict=True)]
    scaled = np.empty((len(rows), width))
    for k, row in enumerate(close):
        own = [v / c for v, c in zip(row, columns, strict=True)]
        largest = max(map(abs, own)) or Fraction(1)
        scaled[k] = [float(v / largest) for v in own]
    scaled /= np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1e-300)
    t = deepest(scaled).tolist()
    point = [Fraction(v) / c for v, c in zip(t, columns, strict=True)]
    if all(
        exact.sign(sum((a * v for a, v in zip(row, point, strict=True)), Fraction(0))) > 0
        for row in rows
    ):
        return point
    found = exact.interior_point([[*row, 0] for row in rows])
    return None if found is None else list(found)


def _close(value: Any) -> Fraction:
    """A fraction within 2^-300 of a number, as a share of it."""
    if not isinstance(value, FieldElement):
        return Fraction(value)
    m, _, q = value.enclosure(300)
    return Fraction(m, q)
