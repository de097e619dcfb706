"""The layers of a network as exact numbers: forward passes without rounding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from flint import fmpz, fmpz_mat
from numpy.typing import NDArray

from arrangement.exact.numbers import common_denominator
from arrangement.kernels.rounding import INFLATE, TINY, UNIT_ROUNDOFF
from arrangement.networks.feed_forward import FeedForward

__all__ = ["Column", "Layers", "homogeneous"]

Column: TypeAlias = list[Any]  # fmpz entries; the last is the common denominator


class Layers:
    """The layers of a network for many points at once: exact, or float64 with error bounds.

    Parameters
    ----------
    network : Network

    Attributes
    ----------
    weights, biases : tuple of float64 arrays, shapes (out, in) and (out,)
        The nearest to the network's numbers.
    pieces, hidden_widths, input_dimension, output_dimension
        Those of the network.
    is_maxout : bool
    slopes : tuple of float64 arrays
        The slope of each neuron below zero, per hidden layer; not of maxout.

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> layers = Layers(Network([[[1], [-1]], [[1, 1]]], [[0, 0], [0]]))
    >>> layers.preactivations([[-1, 3], [2, 5]], 1)  # at −1/3 and 2/5: 1/3 and 2/5
    [[1, 3], [2, 5]]
    """

    def __init__(self, network: FeedForward) -> None:
        self.network = network
        self.weights, self.biases = network.weights, network.biases
        self.pieces, self.is_maxout = network.pieces, network.pieces > 1
        self.slopes, self.hidden_widths = network.slopes, network.hidden_widths
        self.input_dimension = network.input_dimension
        self.output_dimension = network.output_dimension

    def __reduce__(self) -> tuple[Any, ...]:
        return Layers, (self.network,)

    def rows(self, l: int) -> NDArray[Any]:
        """Rows [weights | bias] of a layer times some number: float64 or ints, exactly."""
        if self.network.layer_is_float64(l):
            return np.concatenate([self.weights[l], self.biases[l][:, None]], axis=1)
        table = [list(map(int, row)) for row in self.integers[l].table()[:-1]]
        return np.array(table, dtype=object)

    @cached_property
    def integers(self) -> list[fmpz_mat]:
        """Each layer as a multiple of the matrix [[W, b], [0, 1]]."""
        result = []
        for l, (w, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            if not self.network.layer_is_float64(l):
                w, b = self.network.exact_weights[l], self.network.exact_biases[l]
            rows, scale = common_denominator(np.column_stack([w, b]))
            result.append(fmpz_mat([*rows.tolist(), [0] * w.shape[1] + [scale]]))
        return result

    def composed(self, l: int, table: list[list[fmpz]] | None) -> list[list[fmpz]]:
        """The rows of a layer after an affine map, or after none, and their denominators."""
        matrix = self.integers[l]
        return (matrix if table is None else matrix * fmpz_mat(table)).table()

    def preactivations(self, columns: Sequence[Column], layer: int) -> list[Column]:
        """The exact values of all rows of a layer, before its activation.

        Parameters
        ----------
        columns : sequence of k lists of d + 1 integers
            Points (x q, q) with q > 0.
        layer : int

        Returns
        -------
        list of k lists of fmpz
            The values times a common denominator, which comes last.
        """
        if not columns:
            return []
        table: Any = [list(row) for row in zip(*columns, strict=True)]
        for l in range(layer + 1):
            table = self.composed(l, table)
            if l < layer:
                table = self.activated(table, l)
        return [list(column) for column in zip(*table, strict=True)]

    def activated(self, table: list[list[Any]], l: int) -> list[list[Any]]:
        """The activation of layer l on rows of integers; the last holds the denominators."""
        *rows, bottom = table
        if self.is_maxout:
            k = self.pieces
            return [
                *([max(v) for v in zip(*rows[j : j + k], strict=True)]
                  for j in range(0, len(rows), k)),
                bottom,
            ]  # fmt: skip
        factors, b = self.integer_slopes(l)
        below = zip(rows, factors, strict=True)
        return [
            *([v * b if v > 0 else v * a for v in row] for row, a in below),
            [v * b for v in bottom],
        ]

    def integer_slopes(self, l: int) -> tuple[list[fmpz], fmpz]:
        """The slopes of hidden layer l below zero, and their denominator."""
        slopes, b = common_denominator(self.slopes[l])
        return list(map(fmpz, slopes)), fmpz(b)

    def activate(self, values: NDArray[np.float64], l: int) -> NDArray[np.float64]:
        """The activation of layer l on rows of float64, shape (rows, k)."""
        if self.is_maxout:
            return values.reshape(-1, self.pieces, values.shape[1]).max(axis=1)
        if not self.slopes[l].any():
            return np.maximum(values, 0.0)
        with np.errstate(over="ignore", invalid="ignore"):
            return np.where(values > 0, values, self.slopes[l][:, None] * values)

    def propagate(
        self, l: int, inputs: NDArray[np.float64], error: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The values of layer l in float64, with bounds on their errors.

        Parameters
        ----------
        l : int
        inputs, error : ndarray, shape (in, k)
            What the layer is given at k points, and bounds on its errors.

        Returns
        -------
        values, bound : ndarray, shape (out, k)
        """
        weights, bias = self.weights[l], self.biases[l]
        rounded = not self.network.layer_is_float64(l)
        rounding = (weights.shape[1] + 4 + 2 * rounded) * UNIT_ROUNDOFF
        with np.errstate(over="ignore", invalid="ignore"):
            values = weights @ inputs
            values += bias[:, None]
            bound = np.abs(weights) @ (error + rounding * np.abs(inputs))
            bound += 2 * UNIT_ROUNDOFF * np.abs(values)
            if rounded:
                bound += 2 * UNIT_ROUNDOFF * np.abs(bias)[:, None]
            bound *= INFLATE
            bound += TINY
        bound[np.isnan(bound)] = np.inf  # 0 times an infinite bound
        if not rounded:
            # Where all inputs are exactly 0 the values are the biases.
            bound[:, ~(inputs.any(axis=0) | error.any(axis=0))] = 0.0
        return values, bound

    def pass_on(
        self,
        l: int,
        values: NDArray[np.float64],
        error: NDArray[np.float64],
        sure: NDArray[np.bool_] | bool = False,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The activation of layer l in float64, with bounds; `sure`: the signs are right."""
        outputs = self.activate(values, l)
        if self.is_maxout:
            return outputs, error.reshape(-1, self.pieces, values.shape[1]).max(axis=1)
        slope = np.abs(self.slopes[l])[:, None]
        with np.errstate(over="ignore", invalid="ignore"):
            # A bound may be infinite, where the value may be −∞ and says nothing; 0 times the
            # bound would make NaN.
            off = (values < -error) | (sure & (values <= 0))
            if not slope.any():
                return outputs, np.where(off, 0.0, error)
            below = np.where(slope > 0, slope * error, 0.0)
            error = np.where(off, below, np.maximum(1.0, slope) * error)
            rounded = 2 * UNIT_ROUNDOFF * slope * np.abs(values)
            error += np.where((slope == 0) | (slope == 1), 0.0, rounded)
        return outputs, error


def homogeneous(x: Iterable[Any]) -> Column:
    """A rational point as integers (x q, q)."""
    return list(map(fmpz, common_denominator([*map(Fraction, x), Fraction(1)])[0]))
