"""The exact inequalities of a region by the pieces of its neurons in force."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.exact.numbers import primitive
from arrangement.networks.complex import affine_maps
from arrangement.networks.layers import Layers

__all__ = ["Choices", "Inequalities", "Origin"]

Integers = NDArray[np.object_]
Choices = tuple[int, ...]
Table = list[list[Any]]
Row = list[int]

Origin = tuple[int, int, int]
"""A neuron, its piece, and the piece that it is compared with."""


class Inequalities:
    """What is positive inside a region: the walls of the domain, and contests of pieces.

    A ReLU has piece 1, which is in force where it is active, and piece 0; of equal pieces of a
    maxout neuron the first is in force.

    Parameters
    ----------
    layers : Layers
    walls : ndarray of Python ints, shape (r, d + 1)
        Rows [g | c] of the domain, g·x + c > 0 inside.
    """

    def __init__(self, layers: Layers, walls: Integers) -> None:
        self.layers, self.walls = layers, walls
        widths = layers.hidden_widths
        self.starts = [sum(widths[:l]) for l in range(len(widths) + 1)]
        self._functions = lru_cache(maxsize=64)(self._compose)

    def rows(self, choices: Sequence[int]) -> Integers | None:
        """The inequalities of the region where the first neurons have these pieces.

        Returns
        -------
        ndarray of Python ints, shape (r, d + 1), or None
            Rows [g | c], g·x + c > 0 inside: walls, then contests. None if one is constant
            and not positive, so that there is no region.
        """
        found = self.walls.tolist()
        for (_, p, q), row in self.contests(choices):
            if any(row[:-1]):
                found.append(row)
            elif row[-1] < 0 or (row[-1] == 0 and p > q):
                return None
        return np.array(found, dtype=object).reshape(len(found), self.walls.shape[1])

    def contests(self, choices: Sequence[int]) -> Iterator[tuple[Origin, Row]]:
        """What the pieces in force win: neuron, piece and rival, and the function."""
        for origin in self.origins(choices):
            yield origin, self.contest(choices, *origin)

    def origins(self, choices: Sequence[int]) -> Iterator[Origin]:
        """Neuron, piece and rival of each contest."""
        for i, p in enumerate(choices):
            for q in range(max(2, self.layers.pieces)):
                if p != q:
                    yield i, p, q

    def place(self, i: int) -> tuple[int, int]:
        """The hidden layer of a neuron, and its place in it."""
        layer = bisect_right(self.starts, i) - 1
        return layer, i - self.starts[layer]

    def contest(self, choices: Sequence[int], i: int, p: int, q: int) -> Row:
        """The function [g | c] that is positive where piece p of neuron i wins over q."""
        layers = self.layers
        (l, j), k = self.place(i), layers.pieces
        table = self._functions(tuple(choices[: self.starts[l]]))
        if layers.is_maxout:
            pair = zip(table[j * k + p], table[j * k + q], strict=True)
            return primitive([int(a - b) for a, b in pair])
        sign = 1 if p > q else -1
        if layers.slopes[l][j] == 1.0:  # always counted as active: no cut
            return [0] * (len(table[j]) - 1) + [sign]
        return primitive([sign * int(v) for v in table[j]])

    def functions(self, choices: Sequence[int]) -> Table:
        """The functions of the layer after these pieces, times positive numbers."""
        return self._functions(tuple(choices))

    def _compose(self, choices: Choices) -> Table:
        """The functions of the next layer where these pieces are in force."""
        l = self.starts.index(len(choices))
        if l == 0:
            return self.layers.composed(0, None)
        start = self.starts[l - 1]
        before = self._functions(choices[:start])
        pattern = np.array(choices[start:])
        table = affine_maps.chosen_rows(self.layers, l - 1, before, pattern)
        return self.layers.composed(l, table)
