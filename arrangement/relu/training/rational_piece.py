"""The proofs of :mod:`arrangement.relu.training.piece_proof` in rational arithmetic."""

from __future__ import annotations

from fractions import Fraction
from math import comb, lcm
from typing import Any

import numpy as np
from flint import fmpq_mat, fmpz_mat
from numpy.typing import NDArray

from arrangement import exact
from arrangement.exact.numbers import whole_columns
from arrangement.relu.minima.rational import along_ray, null_space
from arrangement.relu.training.piece_proof import OFF_FACE, Faces, Proof, columns_that_span
from arrangement.relu.weight_space import Floats

__all__ = ["rational_proof"]

MOST_RAYS = 2000
"""Of the arrangement of all samples, for a neuron without weights."""


def rational_proof(faces: Faces, targets: NDArray[Any], u: Floats) -> Proof | str:
    """Decide exactly whether the faces hold a piece of minima near a point.

    Columns that depend on others keep the coefficients of the point, as the floats that they
    are; all else is solved, and every equation and inequality is that of rational numbers.

    Parameters
    ----------
    faces : Faces
    targets : ndarray, shape (N,)
        Exactly as given.
    u : ndarray, shape (K, d)
        In the coordinates of the samples.
    """
    X, scale = whole_columns(faces.samples.arrangement.normals)
    n, e = len(X), faces.free.shape[1]
    up, down = Fraction(faces.leak).denominator, Fraction(faces.leak).numerator
    w = faces.samples.weights(u)
    bases, blocks, start = [], [np.full((n, e), 1, dtype=object)], [Fraction(0)] * e
    for j, flat in enumerate(faces.flats):
        T = null_space(X[flat.chosen])
        Z = X @ T
        if np.any(Z[flat.on]):
            return "samples on a face do not depend on each other"
        slope = np.select([faces.signs[j] > 0, faces.signs[j] < 0], [up, down], 0)
        blocks.append(int(faces.s[j]) * slope.astype(object)[:, None] * Z)
        even = np.array(scale, dtype=object)[:, None] * T
        largest = [max(map(abs, column)) for column in even.T.tolist()]
        own = np.linalg.lstsq(_scaled(even, largest), w[j], rcond=None)[0]
        start += [Fraction(v) / m / up for v, m in zip(own.tolist(), largest, strict=True)]
        bases.append(Z)
    A = np.concatenate(blocks, axis=1)
    sizes = [max(map(abs, column), default=0) or 1 for column in A.T.tolist()]
    S = columns_that_span(_scaled(A, sizes))
    rest = [k for k in range(A.shape[1]) if k not in set(S.tolist())]
    y = [Fraction(v) for v in targets.tolist()]
    c = list(start)
    goal = [
        v - sum((a * c[k] for k, a in zip(rest, row, strict=True) if a), Fraction(0))
        for v, row in zip(y, A[:, rest].tolist(), strict=True)
    ]
    common = lcm(*(v.denominator for v in goal))
    basis = fmpz_mat(n, len(S), [int(v) for v in A[:, S].ravel()])
    right = fmpz_mat(n, 1, [int(v * common) for v in goal])
    if len(S):
        try:
            solved = (basis.transpose() * basis).solve(basis.transpose() * right)
        except ZeroDivisionError:
            return "the neurons' outputs are too nearly dependent"
        for k, value in zip(S.tolist(), solved.entries(), strict=True):
            c[k] = Fraction(int(value.p), int(value.q)) / common
        fitted = basis * solved - fmpq_mat(right)
    else:
        fitted = -fmpq_mat(right)
    shared = lcm(*(int(v.q) for v in fitted.entries()))
    r = [int(v.p) * (shared // int(v.q)) for v in fitted.entries()]  # r times common·shared
    if any(map(int, (fmpz_mat(1, n, r) * fmpz_mat(A.tolist())).entries())):
        return "the rank of the neurons' outputs"
    at = e
    for j, Z in enumerate(bases):
        own = c[at : at + Z.shape[1]]
        at += Z.shape[1]
        whole = lcm(*(v.denominator for v in own))
        t = Z @ np.array([int(v * whole) for v in own], dtype=object)
        if any(exact.sign(v) != s for v, s in zip(t, faces.signs[j].tolist(), strict=True)):
            return OFF_FACE
    if any(r) and not _rises(faces, X, r, up, down):
        return "a multiplier"
    total = common * shared
    offsets = [flat.basis.T @ row for flat, row in zip(faces.flats, u, strict=True)]
    coefficients = np.concatenate([[float(v) for v in c[:e]], *offsets])
    residuals = np.array([float(Fraction(v, total)) for v in r])
    return Proof(coefficients, residuals, 0.0, 0.0, A.shape[1] - len(S))


def _rises(faces: Faces, X: NDArray[np.object_], r: list[int], up: int, down: int) -> bool:
    """Is h ≥ 0 on all rays of all neurons?"""
    for j, flat in enumerate(faces.flats):
        if flat.is_origin and comb(len(X), len(flat.chosen) - 1) > MOST_RAYS:
            return False
        if not len(flat.chosen):
            continue
        for side in flat.rays.side:
            v = along_ray(X, flat.on & (side == 0), side)
            signs = faces.signs[j] + side
            slope = np.select([signs > 0, signs < 0], [up, down], 0).astype(object)
            if int(faces.s[j]) * sum((slope * v * np.array(r, dtype=object)).tolist()) < 0:
                return False
    return True


def _scaled(matrix: NDArray[np.object_], sizes: list[int]) -> Floats:
    """Integers of any size, column by column, divided by sizes and rounded."""
    columns = zip(matrix.T.tolist(), sizes, strict=True)
    table = [[v / size for v in column] for column, size in columns]
    return np.array(table, dtype=np.float64).reshape(matrix.T.shape).T
