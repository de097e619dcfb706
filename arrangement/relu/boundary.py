"""The non-differentiable minima of one neuron: those on faces where it switches samples.

At a point u of a face let P be the samples with u·x_i > 0, B those with u·x_i = 0, r the
residuals and g = Σ_P r_i x_i. With output sign s, u is a local minimum iff

    h(v) = s (g·v + Σ_B r_i max(0, v·x_i)) ≥ 0  for all v,

because N·(L(u + v) − L(u)) = 2 h(v) + ‖change of the outputs‖² for small v, and
h(t v) = t h(v) for t ≥ 0.

How h ≥ 0 is decided. h is linear on each cell of the local arrangement of the samples B. On
the flat Y = {v : v·x_i = 0 for i in B} it is s g·v, which vanishes at a point that solves the
least squares problem on Y; so h descends to R^d / Y, of dimension k = rank of B. There the
cells are pointed cones, each the convex hull of its rays, and a linear function is ≥ 0 on a
cone iff it is on the rays. Hence h ≥ 0 iff h ≥ 0 on the finitely many rays, whatever the signs
of the r_i, and however many samples meet in Y.

Samples on one hyperplane are one class ρ: with x_i = c_i e_ρ, e_ρ of length one, they add
a_ρ max(0, t) + b_ρ max(0, −t) at t = v·e_ρ, where a_ρ and b_ρ sum |c_i| r_i over c_i > 0 and
c_i < 0. A sample on the face has output zero, so r_i = −y_i there: a_ρ and b_ρ are the same
on every face. If B has exactly k classes, its rays are ±v_ρ of the dual basis, and the test
reads −a_ρ ≤ g·v_ρ ≤ b_ρ (for s = 1), the multipliers of the classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arrangement.relu.minima import (
    STRICT,
    interior_minimizer,
    least_squares,
    margins,
    null_basis,
)
from arrangement.relu.samples import Floats, Mask, Samples, Signs

__all__ = ["WEAK", "FaceMinima", "face_minima", "slack", "zero_minima"]

WEAK = 1e-9
"""A weak inequality a ≥ 0 holds when a exceeds minus this share of the size of its terms.

It is looser than `STRICT`, so that a minimum at rounding distance from a face is found on the
face when the cell beside it is refused."""


@dataclass(frozen=True, eq=False)
class FaceMinima:
    """The local minima on faces, one a row: f of them.

    Attributes
    ----------
    face : ndarray of int, shape (f,)
        Row of the table of faces.
    output_sign : ndarray of int8, shape (f,)
    R : ndarray, shape (f, d)
        A minimizer on the face, in the coordinates of `Samples`.
    loss, margin : ndarray, shape (f,)
    dimension : ndarray of int, shape (f,)
        Dimension of the set of minima on the face.
    """

    face: NDArray[np.int64]
    output_sign: Signs
    R: Floats
    loss: Floats
    margin: Floats
    dimension: NDArray[np.int64]


def face_minima(samples: Samples, signs: Signs, codimension: int) -> FaceMinima:
    """The local minima with z ≠ 0 on the given faces.

    Parameters
    ----------
    samples : Samples
    signs : ndarray of int8, shape (m, N)
        Sign vectors in {−1, 0, +1} of faces of one codimension, each with some sign not zero.
    codimension : int
        At least 1, below the rank of the samples.

    Returns
    -------
    FaceMinima

    Notes
    -----
    On a face u = s R with R = T c, T a basis of the flat Y of the face, and c solves the least
    squares problem of D_P X T. The solution is unique when that matrix has full rank; then the
    signs are read off. Otherwise the residuals are still those of every solution, so the
    multipliers are tested first, and a linear program looks for a solution in the open face.
    A face without active samples has all of Y for solutions, with either s.
    """
    active = signs > 0
    bases, _ = flat_bases(samples, signs == 0, codimension)
    e = bases.shape[2]
    fits = least_squares(samples, active, bases)
    unique = fits.rank == e
    some = active.any(axis=1)
    seen = np.where(unique[:, None], signs, np.where(active, signs, 0)).astype(np.int8)
    s, margin = margins(samples, fits.R, seen)
    settled = some & (margin > STRICT)
    free_sign = np.flatnonzero(~some)
    face = np.concatenate([np.flatnonzero(settled), free_sign, free_sign])
    sign = np.concatenate(
        [s[settled], np.ones(len(free_sign), np.int8), -np.ones(len(free_sign), np.int8)]
    )
    order = np.argsort(face, kind="stable")
    face, sign = face[order], sign[order].astype(np.int8)

    width = slack(samples, signs[face] == 0, active[face], fits.R[face], sign, codimension)
    kept = width >= -WEAK
    face, sign = face[kept], sign[kept]
    # Where the face takes no rank from the fit, g = 0 by the normal equations of the cells
    # around it. An inequality 0 >= 0 is then no narrow one: decide the margin without g.
    pulled = active[face]
    pulled[least_squares(samples, pulled).rank == fits.rank[face]] = False
    width = slack(samples, signs[face] == 0, pulled, fits.R[face], sign, codimension)
    width = np.clip(width, 0.0, None)
    R, found = fits.R[face], np.minimum(margin[face], width)
    inside = np.ones(len(face), dtype=bool)
    for k in np.flatnonzero(~unique[face]):
        at = face[k]
        free = null_basis(samples, active[at], bases[at], int(fits.rank[at]))
        point = interior_minimizer(samples, fits.R[at], free, signs[at], int(sign[k]))
        inside[k] = point is not None
        if point is not None:
            R[k], found[k] = point[0], min(point[1], width[k])
    return FaceMinima(
        face[inside],
        sign[inside],
        R[inside],
        fits.loss[face[inside]],
        found[inside],
        e - fits.rank[face[inside]],
    )


def flat_bases(samples: Samples, on: Mask, codimension: int) -> tuple[Floats, float]:
    """Orthonormal bases of {v : v·x_i = 0 for all i in B}, shape (m, d, d − codimension).

    The rank of the samples B is known to be the codimension, so no tolerance decides it. The
    second result is the largest condition of the directions of the samples of one B.
    """
    d = samples.X.shape[1]
    size = on.sum(axis=1)
    bases = np.empty((len(on), d, d - codimension))
    condition = 1.0
    for count in np.unique(size):
        step = max(1, (1 << 21) // (int(count) * d + d * d))
        same = np.flatnonzero(size == count)
        for start in range(0, len(same), step):
            rows = same[start : start + step]
            members = np.nonzero(on[rows])[1].reshape(-1, count)
            _, S, Vt = np.linalg.svd(_triangle(samples.unit[members]), full_matrices=True)
            bases[rows] = np.swapaxes(Vt[:, codimension:], 1, 2)
            with np.errstate(divide="ignore"):
                condition = max(condition, float(np.max(S[:, 0] / S[:, codimension - 1])))
    return bases, condition


def _triangle(rows: Floats) -> Floats:
    """Matrices with the singular values and right vectors of the given ones, at most d rows."""
    if rows.shape[1] <= rows.shape[2]:
        return rows
    triangle: Floats = np.linalg.qr(rows, mode="r")  # type: ignore[assignment]
    return triangle


def slack(
    samples: Samples, on: Mask, active: Mask, R: Floats, s: Signs, codimension: int
) -> Floats:
    """The least h(v) over the rays v of each local arrangement, beside the size of its terms.

    Parameters
    ----------
    samples : Samples
    on : ndarray of bool, shape (m, N)
        The samples B of each face, of the given codimension.
    active : ndarray of bool, shape (m, N)
        The samples summed in g; none where g is known to vanish.
    R : ndarray, shape (m, d)
        A solution of the least squares problem on the face.
    s : ndarray of int8, shape (m,)
        The output sign.

    Returns
    -------
    ndarray, shape (m,)
        In [−1, 1], or +inf where every h(v) is an empty sum. The point is a minimum iff it is
        ≥ 0. Where two opposite rays already forbid that it is given as −1.
    """
    classes = Classes(samples)
    on = on[:, classes.representative]
    least = np.full(len(on), np.inf)
    independent = on.sum(axis=1) == codimension
    # Along ±v_rho the linear parts cancel: s(a + b) >= 0 is needed in every class.
    never = np.array([-1, 1])[:, None] * (classes.a + classes.b) < -WEAK * classes.size
    hopeless = independent & np.any(on & never[(s > 0).astype(int)], axis=1)
    least[hopeless] = -1.0
    todo = np.flatnonzero(independent & ~hopeless)
    step = max(1, (1 << 17) // (len(samples.y) * codimension))
    for start in range(0, len(todo), step):
        rows = todo[start : start + step]
        members = np.nonzero(on[rows])[1].reshape(-1, codimension)
        V: Floats = np.linalg.pinv(classes.unit[members]).astype(np.float64)
        linear, size = _linear_part(samples, active[rows], R[rows], V)
        up = s[rows, None] * (linear + classes.a[members])
        down = s[rows, None] * (classes.b[members] - linear)
        least[rows] = np.minimum(
            _share(up, size + classes.a_size[members]).min(axis=1),
            _share(down, size + classes.b_size[members]).min(axis=1),
        )
    dependent = np.flatnonzero(~independent)
    _, flat = np.unique(np.packbits(on[dependent], axis=1), axis=0, return_inverse=True)
    for rows in _groups(dependent, flat.reshape(-1)):
        at = on[rows[0]]
        V, t = classes.rays(at, codimension)
        linear, size = _linear_part(samples, active[rows], R[rows], V[None])
        up, down = np.clip(t, 0.0, None), np.clip(-t, 0.0, None)
        kinks = classes.a[at] @ up + classes.b[at] @ down
        size += classes.a_size[at] @ up + classes.b_size[at] @ down
        least[rows] = _share(s[rows, None] * (linear + kinks), size).min(axis=1)
    return least


def zero_minima(samples: Samples, rank: int, points: Floats) -> dict[int, float]:
    """The output signs s with which the zero neuron (u = 0) is a local minimum, with margins.

    Parameters
    ----------
    samples : Samples
    rank : int
        Rank of the samples.
    points : ndarray, shape (m, d)
        Some directions, in the coordinates of `samples`, in which h is looked at first.
    """
    terms = np.linalg.norm(samples.X, axis=1) * samples.y
    value, size = np.empty(len(points)), np.empty(len(points))
    for rows in samples.chunks(len(points)):
        outputs = np.clip(points[rows] @ samples.unit.T, 0.0, None)
        value[rows], size[rows] = outputs @ -terms, outputs @ np.abs(terms)
    found = {}
    for s in (1, -1):
        if np.any(s * value < -WEAK * size):
            continue
        on = np.ones((1, len(samples.y)), dtype=bool)
        origin = np.zeros((1, samples.X.shape[1]))
        least = float(slack(samples, on, ~on, origin, np.array([s], np.int8), rank)[0])
        if least >= -WEAK:
            found[s] = min(max(least, 0.0), 1.0)
    return found


def _groups(rows: NDArray[np.int64], labels: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The rows with equal labels, together."""
    order = np.argsort(labels, kind="stable")
    cuts = np.flatnonzero(np.diff(labels[order])) + 1
    return [part for part in np.split(rows[order], cuts) if len(part)]


def _linear_part(samples: Samples, active: Mask, R: Floats, V: Floats) -> tuple[Floats, Floats]:
    """g·v for the columns v of each V, and the size Σ_P (|f_i| + |y_i|)|v·x_i| of its terms."""
    if not active.any():
        return np.zeros((len(R), V.shape[2])), np.zeros((len(R), V.shape[2]))
    f = active * (R @ samples.X.T)
    along = samples.X @ V
    linear = np.einsum("mn,mnk->mk", f - active * samples.y, along)
    size = np.einsum("mn,mnk->mk", np.abs(f) + active * np.abs(samples.y), np.abs(along))
    return linear, size


def _share(value: Floats, size: Floats) -> Floats:
    return np.divide(value, size, out=np.full_like(value, np.inf), where=size > 0)


class Classes:
    """The distinct hyperplanes of the samples, with the sums a and b of the module's text."""

    def __init__(self, samples: Samples) -> None:
        first, orientation = samples.arrangement.coincidence
        self.samples = samples
        self.representative = np.flatnonzero(first == np.arange(len(first)))
        self.unit = samples.unit[self.representative]
        place = np.searchsorted(self.representative, first)
        length = np.linalg.norm(samples.X, axis=1)

        def sums(side: int, weight: Floats) -> Floats:
            terms = np.where(orientation == side, length * weight, 0.0)
            return np.bincount(place, terms, len(self.representative)).astype(np.float64)

        self.a, self.b = sums(1, -samples.y), sums(-1, -samples.y)
        self.a_size, self.b_size = sums(1, np.abs(samples.y)), sums(-1, np.abs(samples.y))
        self.size = self.a_size + self.b_size

    def rays(
        self, on: Mask, codimension: int, signs: Signs | None = None
    ) -> tuple[Floats, Floats]:
        """The rays (columns) of the local arrangement of some classes, and their v·e_ρ.

        The zeros and signs are exact, those of the one-dimensional faces modulo the flat, if
        they are not given; v·e_ρ is set to zero where they say so.
        """
        from arrangement.hyperplanes import Arrangement

        exact = self.samples.arrangement.rows[self.representative[on], :-1]
        if signs is None or not len(signs):
            signs = faces(Arrangement(exact), codimension - 1)
        unit = self.unit[on]
        span = np.linalg.svd(_triangle(unit[None])[0], full_matrices=True)[2][:codimension].T
        members = unit @ span
        V = np.empty((codimension, len(signs)))
        size = (signs == 0).sum(axis=1)
        for count in np.unique(size):
            rows = np.flatnonzero(size == count)
            zeros = np.nonzero(signs[rows] == 0)[1].reshape(-1, count)
            last = np.linalg.svd(_triangle(members[zeros]), full_matrices=True)[2][:, -1]
            V[:, rows] = last.T
        t = members @ V * (signs != 0).T
        turn = np.where(np.sum(t * signs.T, axis=0) < 0, -1.0, 1.0)
        return span @ (V * turn), t * turn
