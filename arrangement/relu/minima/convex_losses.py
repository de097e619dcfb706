"""What float64 refuses for a convex loss, far beyond rounding.

The loss of a tuple of faces is minimised by Newton's steps in orthonormal columns, for many
tuples at once. Where they stand still, at a Hessian whose least eigenvalue is not small, an
inequality that fails by a millionth of its terms fails: the tuple holds no piece. All else is
decided exactly.
"""

from __future__ import annotations

import numpy as np

from arrangement.relu.minima.rational import RationalDecider
from arrangement.relu.weight_space import Floats, Indices, Mask

__all__ = ["ConvexDecider"]

STEPS = 60
"""Newton's steps, many more than it takes where there is a minimum."""

CLEAR = 1e-6
"""A share of the terms of an inequality that rounding cannot make up, if columns have a
condition below 1 / `DEPENDENT` and Hessians no eigenvalue below `FLAT`."""

DEPENDENT, FLAT = 1e-5, 1e-4

LEAST = {"huber": 1e-3, "log_cosh": 1e-30, "logistic": 1e-30}
"""Second derivatives are taken to be no less in steps, whose length is searched for anyway."""


class ConvexDecider(RationalDecider):
    """Decides tuples of faces for a differentiable convex loss."""

    def unclear(self, tuples: Indices) -> Indices:
        """The tuples that have to be decided exactly."""
        if self.certain or not len(tuples):
            return tuples
        clear = [self._clearly_none(tuples[rows]) for rows in self._portions(tuples)]
        return tuples[~np.concatenate(clear)]

    def descended(self, Q: Floats, kept: Mask) -> tuple[Floats, Mask]:
        """Newton's steps in orthonormal columns Q, (m, N, r), of which some are kept."""
        y, kind = self.y, self.kind
        q = np.zeros((len(Q), Q.shape[2]))
        padding = np.eye(Q.shape[2]) * ~kept[:, None, :]
        steady = np.zeros(len(Q), dtype=bool)
        left = np.arange(len(Q))
        value = kind.values(np.zeros((len(Q), len(y))), y).sum(axis=1)
        for _ in range(STEPS):
            f = np.einsum("mnr,mr->mn", Q[left], q[left])
            g = np.einsum("mnr,mn->mr", Q[left], kind.derivative(f, y))
            D = np.maximum(kind.curvature_product(f, y, np.ones_like(f)), LEAST[kind.name])
            H = np.einsum("mnr,mn,mns->mrs", Q[left], D, Q[left]) + padding[left]
            scale = np.trace(H, axis1=1, axis2=2)[:, None, None]
            H += 1e-15 * scale * np.eye(Q.shape[2])
            step = -np.linalg.solve(H, g[:, :, None])[:, :, 0]
            slope = np.einsum("mr,mr->m", g, step)
            t = np.ones(len(left))
            for _ in range(40):
                moved = q[left] + t[:, None] * step
                new = kind.values(np.einsum("mnr,mr->mn", Q[left], moved), y).sum(axis=1)
                short = new > value[left] + 1e-4 * t * slope + 1e-14 * np.abs(value[left])
                if not short.any():
                    break
                t[short] /= 2
            q[left], value[left] = moved, new
            size = np.linalg.norm(q[left], axis=1)
            done = np.linalg.norm(step, axis=1) <= 1e-9 * (1e-6 + size)
            steady[left[done]] = True
            left = left[~done & (np.abs(q[left]).max(axis=1) < 1e3 * (1 + np.abs(y).max()))]
            if not len(left):
                break
        return q, steady

    def _clearly_none(self, tuples: Indices) -> Mask:
        """Tuples on which for some neuron both output signs are refused beyond doubt."""
        m, K = tuples.shape
        D, e = self.faces.rank, self.free.shape[1]
        A = self.stacked(tuples)
        U, S, Vt = np.linalg.svd(A, full_matrices=False)
        kept = DEPENDENT * S[:, :1] < S
        good = ~np.any(~kept & (1e-13 * S[:, :1] < S), axis=1)
        Q = U * kept[:, None, :]
        q, steady = self.descended(Q, kept)
        good &= steady
        f = np.einsum("mnr,mr->mn", Q, q)
        r = self.kind.derivative(f, self.y)
        # A sample at the threshold of a Huber loss, where minimisers may end, is beyond it.
        beyond = self.y + (1 + CLEAR) * (f - self.y)
        D2 = self.kind.curvature_product(beyond, self.y, np.ones_like(f))
        least = np.einsum("mnr,mn,mns->mrs", Q, D2, Q) + np.eye(Q.shape[2]) * ~kept[:, None, :]
        good &= np.linalg.eigvalsh(least)[:, 0] > FLAT
        c = np.einsum("mrc,mr->mc", Vt, np.divide(q, S, out=np.zeros_like(q), where=kept))
        null = np.eye(A.shape[2]) - np.swapaxes(Vt, 1, 2) @ (kept[:, :, None] * Vt)
        refused = np.zeros(m, dtype=bool)
        for j in range(K):
            block = slice(e + j * D, e + (j + 1) * D)
            _, _, low, high = self.sided(tuples[:, j], c[:, block], null[:, :, block])
            size = np.linalg.norm(c, axis=1)
            no = np.column_stack([low < -CLEAR * size, high > CLEAR * size])
            undecided = good & ~no.all(axis=1) & (self.faces.codimension[tuples[:, j]] > 0)
            for k in np.flatnonzero(undecided).tolist():
                H = self.faces.turns(int(tuples[k, j]))
                h, most = H @ r[k], np.abs(H).sum(axis=1)
                no[k, 0] |= np.any(h < -CLEAR * most)
                no[k, 1] |= np.any(h > CLEAR * most)
            refused |= no.all(axis=1)
        return np.asarray(good & refused)
