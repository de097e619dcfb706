"""Where the loss is not differentiable: flats, their samples, and the rays around them.

At a point u of a face let P be the samples with u·x_i > 0, B those with u·x_i = 0, r the
residuals and g = Σ_P r_i x_i. With output sign s, u is a local minimum iff

    h(v) = s (g·v + Σ_B r_i max(0, v·x_i)) ≥ 0  for all v,

because N·(L(u + v) − L(u)) = 2 h(v) + ‖change of the outputs‖² for small v, and
h(t v) = t h(v) for t ≥ 0. With more neurons 2 h(v) is a sum over them, so that the test is made
for each by itself; with a negative slope the samples beyond P and B add to g.

How h ≥ 0 is decided. h is linear on each cell of the local arrangement of the samples B. On
the flat Y = {v : v·x_i = 0 for i in B} it is s g·v, which vanishes at a point that solves the
least squares problem on Y; so h descends to R^d / Y, of dimension k = rank of B. There the
cells are pointed cones, each the convex hull of its rays, and a linear function is ≥ 0 on a
cone iff it is on the rays. Hence h ≥ 0 iff h ≥ 0 on the finitely many rays, whatever the signs
of the r_i, and however many samples meet in Y.

Samples on one hyperplane are one class ρ: x_i = c_i e_ρ, e_ρ of length one. If B has exactly k
classes, its rays are ±v_ρ of the dual basis, and the test bounds the multiplier of each class.
"""

from __future__ import annotations

import numpy as np

from arrangement.arrangement import Arrangement
from arrangement.relu.weight_space import Floats, Mask, Samples, Signs

__all__ = ["Classes", "flat_bases"]


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


class Classes:
    """The distinct hyperplanes of the samples: for each class its first sample."""

    def __init__(self, samples: Samples) -> None:
        first, _ = samples.arrangement.coincidence
        self.samples = samples
        self.representative = np.flatnonzero(first == np.arange(len(first)))
        self.unit = samples.unit[self.representative]

    def rays(
        self, on: Mask, codimension: int, signs: Signs | None = None
    ) -> tuple[Floats, Floats]:
        """The rays (columns) of the local arrangement of some classes, and their v·e_ρ.

        The zeros and signs are exact, those of the one-dimensional faces modulo the flat, if
        they are not given; v·e_ρ is set to zero where they say so.
        """
        exact = self.samples.arrangement.rows[self.representative[on], :-1]
        if signs is None or not len(signs):
            signs = Arrangement(exact).faces(exact.shape[1] - codimension + 1).signs
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
