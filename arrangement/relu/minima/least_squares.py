"""Least squares fits of the targets, as bases of what their columns span."""

from __future__ import annotations

import numpy as np

from arrangement.kernels.landscape.screening import Fit
from arrangement.relu.weight_space import Floats

__all__ = ["fit"]


def fit(columns: Floats, y: Floats, rank: int | None = None) -> Fit:
    """Fit y by columns of shape (N, n); if it is not given the rank counts as NumPy's does."""
    U, S, Vt = np.linalg.svd(columns, full_matrices=False)
    kept = (S[:1] * (max(columns.shape) * np.finfo(np.float64).eps)) < S
    r = int(kept.sum()) if rank is None else rank
    S = np.maximum(S, 1e-300)
    basis = np.ascontiguousarray(U[:, :r])
    along = basis.T @ y
    return Fit(
        basis,
        np.ascontiguousarray(Vt[:r].T / S[:r]),
        along,
        y - basis @ along,
        float(S[0] / S[r - 1]) if r else 1.0,
    )
