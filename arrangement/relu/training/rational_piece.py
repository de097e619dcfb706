"""The proofs of :mod:`arrangement.relu.training.piece_proof` in rational arithmetic."""

from __future__ import annotations

from fractions import Fraction
from math import comb, lcm
from typing import Any, NamedTuple

import numpy as np
from flint import fmpq_mat, fmpz_mat
from numpy.typing import NDArray

from arrangement import exact
from arrangement.exact.numbers import whole_columns
from arrangement.relu.minima.rational import along_ray, scaled
from arrangement.relu.training.piece_proof import OFF_FACE, Faces, Proof, columns_that_span

__all__ = ["Point", "pre_activations", "rational_proof"]

MOST_RAYS = 2000
"""Of the arrangement of all samples, for a neuron without weights."""


class Point(NamedTuple):
    """An offset, and weights for the samples as given, shape (K, d): Fractions."""

    offset: Fraction
    weights: NDArray[np.object_]


def rational_proof(
    faces: Faces, targets: NDArray[Any], near: Point
) -> tuple[Proof | str, Point]:
    """Decide exactly whether the faces hold a piece of minima near a point.

    The point is moved onto the flats; columns that depend on others keep its coefficients, all
    else is solved, and every equation and inequality is that of rational numbers.

    Parameters
    ----------
    faces : Faces
    targets : ndarray, shape (N,)
        Exactly as given.
    near : Point

    Returns
    -------
    Proof or str
        Or what is not proved.
    Point
        The least squares fit, if it is on the faces; else the point on the flats.
    """
    X, scale = whole_columns(faces.samples.arrangement.normals)
    n, e = len(X), faces.free.shape[1]
    up, down = Fraction(faces.leak).denominator, Fraction(faces.leak).numerator
    evens, blocks, start = [], [np.full((n, e), 1, dtype=object)], [near.offset] * e
    for j, flat in enumerate(faces.flats):
        T = exact.nullspace(X[flat.chosen])
        Z = X @ T
        if np.any(Z[flat.on]):
            return "samples on a face do not depend on each other", near
        slope = np.select([faces.signs[j] > 0, faces.signs[j] < 0], [up, down], 0)
        blocks.append(int(faces.s[j]) * slope.astype(object)[:, None] * Z)
        even = np.array(scale, dtype=object)[:, None] * T
        start += [v / up for v in _coefficients(even, near.weights[j].tolist())]
        evens.append(even)

    def at(c: list[Fraction]) -> Point:
        own = iter(c[e:])
        w = [_combined(even, [up * next(own) for _ in even.T]) for even in evens]
        return Point(sum(c[:e], Fraction(0)), np.array(w, dtype=object))

    A = np.concatenate(blocks, axis=1)
    S = columns_that_span(scaled(A)[0])
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
            return "the neurons' outputs are too nearly dependent", at(start)
        for k, value in zip(S.tolist(), solved.entries(), strict=True):
            c[k] = Fraction(int(value.p), int(value.q)) / common
        fitted = basis * solved - fmpq_mat(right)
    else:
        fitted = -fmpq_mat(right)
    shared = lcm(*(int(v.q) for v in fitted.entries()))
    r = [int(v.p) * (shared // int(v.q)) for v in fitted.entries()]  # r times common·shared
    if any(map(int, (fmpz_mat(1, n, r) * fmpz_mat(A.tolist())).entries())):
        return "the rank of the neurons' outputs", at(start)
    fit = at(c)
    signs = np.array(
        [[exact.sign(v) for v in row] for row in pre_activations(X, scale, fit)[0]]
    )
    if np.any(signs * faces.signs < 0):
        return OFF_FACE, at(start)
    if np.any(signs != faces.signs):
        return OFF_FACE, fit
    if any(r) and not _rises(faces, X, r, up, down):
        return "a multiplier", fit
    total = common * shared
    u = faces.samples.coordinates(fit.weights)
    offsets = [flat.basis.T @ row for flat, row in zip(faces.flats, u, strict=True)]
    coefficients = np.concatenate([[float(v) for v in c[:e]], *offsets])
    residuals = np.array([float(Fraction(v, total)) for v in r])
    return Proof(coefficients, residuals, 0.0, 0.0, A.shape[1] - len(S)), fit


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


def pre_activations(
    X: NDArray[np.object_], scale: list[int], at: Point
) -> tuple[list[list[int]], int]:
    """The pre-activations w_j·x_i, shape (K, N), as integers times a common denominator."""
    w = [[v / m for v, m in zip(row, scale, strict=True)] for row in at.weights.tolist()]
    common = lcm(*(v.denominator for row in w for v in row))
    whole = fmpz_mat([[int(v * common) for v in row] for row in w])
    along = whole * fmpz_mat(X.T.tolist())
    return [[int(v) for v in row] for row in along.tolist()], common


def _coefficients(basis: NDArray[np.object_], w: list[Fraction]) -> list[Fraction]:
    """Those of the point of a flat that is nearest to w."""
    if not basis.shape[1]:
        return []
    T = fmpz_mat(basis.tolist())
    common = lcm(*(v.denominator for v in w))
    right = T.transpose() * fmpz_mat(len(w), 1, [int(v * common) for v in w])
    found = (T.transpose() * T).solve(right).entries()
    return [Fraction(int(v.p), int(v.q)) / common for v in found]


def _combined(basis: NDArray[np.object_], c: list[Fraction]) -> list[Fraction]:
    """A point of a flat from its coefficients."""
    common = lcm(*(v.denominator for v in c))
    whole = np.array([int(v * common) for v in c], dtype=object)
    return [Fraction(v, common) for v in (basis @ whole).tolist()]
