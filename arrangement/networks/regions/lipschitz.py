"""The Lipschitz constant of a network on a domain: the largest norm of a region's slope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.checks import choice
from arrangement.in_notebooks import InNotebooks
from arrangement.kernels.rounding import INFLATE, TINY, UNIT_ROUNDOFF
from arrangement.networks.complex.vertices import nearest
from arrangement.networks.layers import Layers
from arrangement.networks.regions.division import Floats, Point

__all__ = ["Lipschitz", "lipschitz"]

NORMS = ("l1", "l2", "linf")


@dataclass(frozen=True)
class Lipschitz(InNotebooks):
    """The least L with ‖f(x) − f(y)‖ ≤ L ‖x − y‖ for all x and y of the domain.

    Attributes
    ----------
    norm : {"l1", "l2", "linf"}
        Of inputs and outputs.
    lower, upper : Fraction
        The constant lies between them; they are equal, and it is known exactly, for l1 and
        linf.
    region : int
        The region whose slope has norm `lower` (l1, linf) or at least `lower` (l2).

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> Network([[[3, 4]]], [[0]]).regions([(-1, 1), (-1, 1)]).lipschitz("l2").value
    5.000000000002287
    """

    norm: str
    lower: Fraction
    upper: Fraction
    region: int

    @property
    def value(self) -> float:
        """The float64 nearest to the middle of the bounds; infinite beyond its range."""
        return nearest((self.lower + self.upper) / 2)


def lipschitz(
    layers: Layers,
    slope: Floats,
    numbers: NDArray[np.int64],
    exact_slope: Callable[[int], list[Point]],
    norm: str,
) -> Lipschitz:
    """See :meth:`LinearRegions.lipschitz`.

    Bounds in float64 say which regions may have the largest norm; these are computed exactly,
    the largest bound first, until no bound is left that exceeds what was found.

    Parameters
    ----------
    layers : Layers
    slope : ndarray of float64, shape (m, out, in)
        Of each region.
    numbers : ndarray of int64, shape (m,)
        Of the regions' affine maps.
    exact_slope : callable
        The rows of a region's slope.
    norm : {"l1", "l2", "linf"}
    """
    choice(norm, NORMS, "norm")
    _, first = np.unique(numbers, return_index=True)
    high = _bounds(slope[first], _slope_error(layers), norm)
    best = Lipschitz(norm, Fraction(-1), Fraction(-1), -1)
    for k in np.argsort(-high, kind="stable").tolist():
        if high[k] < best.lower:
            break
        i = int(first[k])
        rows = exact_slope(i)
        if norm == "l2":
            low, up = _largest_singular_value(rows)
        else:
            lines = rows if norm == "linf" else list(zip(*rows, strict=True))
            low = up = max(sum(map(abs, line), Fraction(0)) for line in lines)
        up = max(up, best.upper)
        if low > best.lower or (low == best.lower and i < best.region):
            best = Lipschitz(norm, low, up, i)
        else:
            best = Lipschitz(norm, best.lower, up, best.region)
    return best


def _bounds(slope: Floats, error: Floats, norm: str) -> Floats:
    """What the norm of each slope is at most, by its errors; infinite beyond float64."""
    finite: Any = np.isfinite(slope).all(axis=(1, 2))
    slope = np.where(finite[:, None, None], slope, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        if norm == "l2":
            found = _spectral_bounds(slope) + float(np.sqrt((error**2).sum()))
        else:
            axis = 1 if norm == "l1" else 2
            found = np.abs(slope).sum(axis=axis).max(axis=1)
            found += error.sum(axis=axis - 1).max()
        found *= 1 + 4 * sum(error.shape) * UNIT_ROUNDOFF
    return np.where(finite & ~np.isnan(found), found, np.inf)


def _slope_error(layers: Layers) -> Floats:
    """Bounds on the errors of all float64 slopes, shape (out, d), whatever the region."""
    most = np.eye(layers.input_dimension)
    error = np.zeros_like(most)
    for l, weights in enumerate(layers.weights):
        rounding = (weights.shape[1] + 6) * UNIT_ROUNDOFF
        with np.errstate(over="ignore", invalid="ignore"):
            error = np.abs(weights) @ (error + rounding * (most + error)) * INFLATE + TINY
            most = np.abs(weights) @ most * INFLATE + TINY
            if l < len(layers.hidden_widths):
                if layers.is_maxout:
                    shape = (-1, layers.pieces, most.shape[1])
                    most, error = most.reshape(shape).max(1), error.reshape(shape).max(1)
                else:
                    factor = np.maximum(1.0, np.abs(layers.slopes[l]))[:, None]
                    error = factor * (error + 2 * UNIT_ROUNDOFF * (most + error)) * INFLATE
                    most = factor * most * INFLATE
    return np.asarray(error)


def _spectral_bounds(matrices: Floats) -> Floats:
    """What the largest singular values of finite matrices, shape (m, a, b), are at most.

    With a nearly orthogonal V, found by rounding arithmetic, x = V y has
    |A x|² = yᵀ (AV)ᵀ(AV) y ≤ ‖(AV)ᵀ(AV)‖∞ |y|² and |x|² ≥ (1 − ‖VᵀV − I‖∞) |y|².
    """
    if matrices.shape[1] < matrices.shape[2]:
        matrices = matrices.swapaxes(1, 2)
    a, n = matrices.shape[1:]
    _, exponent = np.frexp(np.abs(matrices).max(axis=(1, 2)))
    A = np.ldexp(matrices, -exponent[:, None, None])
    V = np.linalg.eigh(A.swapaxes(1, 2) @ A)[1]
    image = A @ V
    most = np.abs(image.swapaxes(1, 2) @ image).sum(axis=2).max(axis=1)
    most += 4 * n * (a + 2 * n + 4) * UNIT_ROUNDOFF * (A**2).sum(axis=(1, 2))
    skew = np.abs(V.swapaxes(1, 2) @ V - np.eye(n)).sum(axis=2).max(axis=1)
    skew += 4 * n * (n + 4) * UNIT_ROUNDOFF
    assert (skew < 0.5).all(), "eigenvectors are nearly orthogonal"
    with np.errstate(over="ignore"):
        return np.asarray(np.ldexp(np.sqrt(most / (1 - skew)) * INFLATE, exponent))


def _largest_singular_value(rows: list[Point]) -> tuple[Fraction, Fraction]:
    """Bounds on the largest singular value of a rational matrix."""
    largest = max(abs(v) for row in rows for v in row)
    if not largest:
        return Fraction(0), Fraction(0)
    near = np.array([[float(v / largest) for v in row] for row in rows])
    # The entries are rounded: by at most half an ulp, or where they are subnormal.
    up = Fraction(float(_spectral_bounds(near[None])[0])) * largest
    up *= 1 + Fraction(sum(near.shape), 2**50)
    direction = np.linalg.svd(near)[2][0]
    x = [Fraction(v) for v in direction.tolist()]
    image = [sum((v * c for v, c in zip(row, x, strict=True)), Fraction(0)) for row in rows]
    square = sum((v * v for v in image), Fraction(0)) / sum(c * c for c in x)
    bits = max(0, 64 + (square.denominator.bit_length() - square.numerator.bit_length()) // 2)
    low = Fraction(isqrt((square.numerator << 2 * bits) // square.denominator), 1 << bits)
    return low, up
