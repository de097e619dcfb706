"""Least squares fits of the targets, as bases of what their columns span."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from arrangement.relu.samples import Floats

__all__ = ["Fit", "fit"]


@dataclass(frozen=True, eq=False)
class Fit:
    """The least squares fit of the targets by some columns.

    Attributes
    ----------
    basis : ndarray, shape (N, rank)
        Orthonormal, of what the columns span.
    back : ndarray, shape (columns, rank)
        The coefficients of least norm are back @ along.
    along : ndarray, shape (rank,)
        basisᵀ y.
    rest : ndarray, shape (N,)
        y − basis basisᵀ y.
    condition : float
        Largest over smallest singular value that counts.
    """

    basis: Floats
    back: Floats
    along: Floats
    rest: Floats
    condition: float


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
