"""Values of the layers of a network on regions, modulo a prime.

A region's affine map may be evaluated anywhere, also outside the region. A relation between
the values of neurons that holds on a region holds there too, and then for every combination
of regions and points. So what is independent in random combinations of them, modulo a prime, is
independent on the domain; what is dependent there may be so by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import Any

import numpy as np
from flint import fmpz, nmod_mat
from numpy.typing import NDArray

from arrangement.networks.layers import Layers

__all__ = ["MixedValues"]

Floats = NDArray[np.float64]

BLOCK = 2**11
"""Regions of which values are in memory at once."""

MORE = 8
"""Combinations beyond as many as there are columns."""


class MixedValues:
    """Random combinations of the values of layers on regions, modulo a prime.

    Parameters
    ----------
    layers : Layers
    patterns : list of arrays, shape (m, width)
        Per hidden layer: bool, or the piece of each maxout neuron.
    regions : ndarray of int
        Whose values are taken, each at a point for every time that it is there; again and
        again if they are few.

    Attributes
    ----------
    prime : int
        Sums of as many products of residues as there are in a row or in a block are float64.
    outputs : list of arrays, shape (rows, width + 1)
        Of the input and of each hidden layer; the last column belongs to the constant.
    preactivations : list of arrays, shape (rows, out)
        Of each layer.
    """

    def __init__(
        self, layers: Layers, patterns: Sequence[NDArray[Any]], regions: NDArray[Any]
    ) -> None:
        sizes = [layers.input_dimension, *layers.hidden_widths]
        self._slopes = [] if layers.is_maxout else [
            layers.integer_slopes(l) for l in range(len(layers.hidden_widths))
        ]  # fmt: skip
        below = isqrt(2**53 // max(BLOCK, *(n + 1 for n in sizes)))
        scales = [matrix[matrix.nrows() - 1, matrix.ncols() - 1] for matrix in layers.integers]
        scales += [b for _, b in self._slopes]
        self.prime = p = next(
            p for p in range(below, 1, -1) if fmpz(p).is_prime() and all(s % p for s in scales)
        )
        matrices = [_residues(matrix.table(), p).T for matrix in layers.integers]
        rows = max(sizes) + 1 + MORE
        self.outputs = [np.zeros((rows, n + 1)) for n in sizes]
        self.preactivations = [np.zeros((rows, len(w))) for w in layers.weights]
        rng = np.random.default_rng(0)
        taken = np.resize(regions, max(len(regions), 3 * rows))
        for start in range(0, len(taken), BLOCK):
            part = taken[start : start + BLOCK]
            k = len(part)
            mix = rng.integers(0, p, (rows, k)).astype(np.float64)
            values = rng.integers(0, p, (k, sizes[0] + 1)).astype(np.float64)
            self._add(self.outputs[0], mix, values)
            for l, matrix in enumerate(matrices):
                values = np.fmod(values @ matrix, p)
                self._add(self.preactivations[l], mix, values[:, :-1])
                if l < len(patterns):
                    values = self._activated(layers, l, values, patterns[l][part])
                    self._add(self.outputs[l + 1], mix, values)

    def _add(self, total: Floats, mix: Floats, values: Floats) -> None:
        total += np.fmod(mix @ values, self.prime)
        np.fmod(total, self.prime, out=total)

    def _activated(
        self, layers: Layers, l: int, values: Floats, pattern: NDArray[Any]
    ) -> Floats:
        """The activation of layer l by the patterns of regions; the last column is constant."""
        if layers.is_maxout:
            chosen = np.arange(pattern.shape[1]) * layers.pieces + pattern
            return np.hstack([np.take_along_axis(values, chosen, axis=1), values[:, -1:]])
        p, (below, above) = self.prime, self._slopes[l]
        low = np.array([int(a % p) for a in below], dtype=np.float64)
        factors = np.where(pattern, float(above % p), low)
        values[:, :-1] *= factors
        values[:, -1] *= float(above % p)
        return np.fmod(values, p)

    def basis(self, layer: int) -> tuple[list[int], dict[int, list[int]]]:
        """Outputs that are independent, and on which of them each of the others may depend.

        The constant is −1. The outputs from the left are preferred, the constant to all.
        """
        table = np.roll(self.outputs[layer + 1], 1, axis=1)
        rows = self._echelon(table)
        pivots = [next(c for c, v in enumerate(row) if v) for row in rows]
        others = sorted({*range(1, table.shape[1])} - {*pivots})
        depends = {
            c - 1: [at - 1 for at, row in zip(pivots, rows, strict=True) if row[c]]
            for c in others
        }
        return [c - 1 for c in pivots if c], depends

    def may_combine(self, layer: int, columns: Sequence[int], others: Floats) -> list[bool]:
        """Which columns may be combinations of some outputs of a layer and the constant?

        Parameters
        ----------
        layer : int
        columns : sequence of int
        others : ndarray, shape (rows, k)

        Returns
        -------
        list of k bool
            False is certain.
        """
        own = self.outputs[layer + 1][:, [*columns, -1]]
        n = own.shape[1]
        rows = self._echelon(np.hstack([own, others]))
        if any(not row[i] for i, row in enumerate(rows[:n])):
            return [True] * others.shape[1]
        return [not any(row[n + j] for row in rows[n:]) for j in range(others.shape[1])]

    def mixed(self, columns: Floats) -> Floats:
        """One random combination of some columns."""
        factors = np.random.default_rng(1).integers(1, self.prime, columns.shape[1])
        products = np.fmod(columns * factors, self.prime)
        return np.fmod(products.sum(axis=1, keepdims=True), self.prime)

    def _echelon(self, table: Floats) -> list[list[int]]:
        """The rows of the reduced echelon form that are not zero."""
        entries = table.astype(np.int64).ravel().tolist()
        echelon, rank = nmod_mat(*table.shape, entries, self.prime).rref()
        return [[int(v) for v in row] for row in echelon.table()[: int(rank)]]


def _residues(table: Sequence[Sequence[Any]], p: int) -> Floats:
    return np.array([[int(v % p) for v in row] for row in table], dtype=np.float64)
