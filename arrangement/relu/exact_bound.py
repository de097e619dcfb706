"""The dual bound of one tuple of cells in integer arithmetic, where rounding costs nothing.

The float bound of :mod:`arrangement.kernels.cone_fit` gives away what its sums may have lost to
rounding, times the largest weights allowed: about 1e-7 of ‖y‖², and more where two neurons
nearly cancel. For the few tuples that this leaves open the same dual point is evaluated once
more, exactly and on the samples as given: then only its true residuals are taken off.
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt, lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.kernels.cone_fit import cone_fit, workspace
from arrangement.relu.samples import Floats, Mask, Samples

__all__ = ["ExactBound"]

Integers = NDArray[np.object_]


class ExactBound:
    """Bounds for tuples of cells of one problem.

    Parameters
    ----------
    samples : Samples
    white, unit : ndarray, shape (N, r)
        The samples in coordinates with orthonormal columns, and their directions.
    back : ndarray, shape (d, r)
        Takes those coordinates of a neuron to weights for the samples as given.
    norm : float
        About ‖y‖.
    limits : ndarray, shape (3,)
        As in `cone_fit`.
    slope : float
    constant : float
        N^(−1/2) with an output bias, else 0.
    """

    def __init__(
        self,
        samples: Samples,
        white: Floats,
        unit: Floats,
        back: Floats,
        norm: float,
        limits: Floats,
        slope: float,
        constant: float,
    ) -> None:
        self.white, self.unit, self.back, self.norm = white, unit, back, norm
        self.limits, self.slope, self.constant = limits, slope, constant
        self.lengths = np.linalg.norm(white, axis=1)
        self.y_float = samples.y / norm
        self.X, self.x_scale = _integers(samples.arrangement.normals)
        self.y, self.y_scale = _integers(samples.y)
        self.P, self.p_scale = _integers(back)
        image = (self.X @ self.P) / Fraction(self.x_scale * self.p_scale)
        # Weights P R have ‖X P R‖ ≥ (1 − ε)‖R‖ where X P is within ε of orthonormal columns.
        epsilon = float(np.linalg.norm(image.astype(np.float64) - white)) + 1e-9
        self.reach = Fraction(limits[0]) * Fraction(norm) / Fraction(max(1 - epsilon, 1e-6))

    def __call__(self, active: Mask, s: Floats) -> float:
        """A lower bound on ‖f − y‖²/norm² for patterns (K, N) and output signs (K,)."""
        K, N = active.shape
        r = self.white.shape[1]
        blocks = [np.where(on[:, None], self.white, self.slope * self.white) for on in active]
        if self.constant:
            blocks.append(np.full((N, 1), self.constant))
        A = np.concatenate(blocks, axis=1)
        turn = np.where(active, s[:, None], -s[:, None]).astype(np.int8)
        work = workspace(A.shape[1])
        target = self.y_float
        rounded = cone_fit(
            A.T @ A,
            A.T @ target,
            float(target @ target),
            self.unit,
            np.arange(N),
            N,
            turn,
            r,
            np.inf,
            self.limits,
            work,
        )
        point, multipliers = work[1][0] * self.norm, np.maximum(work[1][3], 0.0) * self.norm
        slope = Fraction(self.slope)
        factor = np.where(active, slope.denominator, slope.numerator).astype(object)
        weights, w_scale = _integers(point[: K * r].reshape(K, r) @ self.back.T)
        offset = Fraction(float(point[-1] * self.constant) if self.constant else 0.0)
        # All residuals ρ over one denominator.
        scale = self.x_scale * w_scale * slope.denominator
        whole = lcm(scale, self.y_scale, offset.denominator)
        f = (factor.T * (self.X @ weights.T)).sum(axis=1) * (whole // scale)
        target_whole = self.y * (whole // self.y_scale)
        rho = target_whole - f - int(offset * whole)
        value = Fraction(int((2 * rho * target_whole - rho * rho).sum()), whole * whole)
        pulls = (factor * rho) @ self.X  # over whole · x_scale · slope's denominator
        error = Fraction(0)
        for j in range(K):
            pull = [Fraction(v, whole * self.x_scale * slope.denominator) for v in pulls[j]]
            for k, (neuron, i) in enumerate(work[2].tolist()):
                if neuron == j and multipliers[k] > 0.0:
                    weight = Fraction(float(multipliers[k] / self.lengths[i])) * int(turn[j, i])
                    for a in range(len(pull)):
                        pull[a] += weight * Fraction(self.X[i, a], self.x_scale)
            inside = [
                sum((p * v for p, v in zip(column, pull, strict=True)), Fraction(0))
                / self.p_scale
                for column in self.P.T
            ]
            error += _length(inside)
        if self.constant:
            error += _length([Fraction(int(rho.sum()), whole)]) * Fraction(self.constant)
        value = (value - 2 * self.reach * error) / Fraction(self.norm) ** 2
        return max(rounded, float(np.nextafter(float(value), -np.inf)))


def _integers(values: Any) -> tuple[Integers, int]:
    """Numbers over one denominator: (integers, denominator)."""
    exact = [Fraction(v) for v in np.asarray(values).ravel().tolist()]
    scale = lcm(*(v.denominator for v in exact))
    whole = np.empty(len(exact), dtype=object)
    whole[:] = [v.numerator * (scale // v.denominator) for v in exact]
    return whole.reshape(np.shape(values)), scale


def _length(vector: list[Fraction]) -> Fraction:
    """An upper bound on the length of a vector, within 2^-60 of it."""
    square = sum((v * v for v in vector), Fraction(0))
    if not square:
        return square
    shift = max(0, 60 + (square.denominator.bit_length() - square.numerator.bit_length()) // 2)
    return Fraction(isqrt(int(square * (1 << (2 * shift)))) + 1, 1 << shift)
