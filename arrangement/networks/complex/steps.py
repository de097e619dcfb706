"""The functions whose zero sets cut a domain into the regions of a network, step by step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement.exact.numbers import primitive
from arrangement.networks.layers import Layers

__all__ = ["Step", "Steps"]


class Step(NamedTuple):
    """A value of a layer, less the largest of the values low … high − 1 if there are some."""

    layer: int
    row: int
    low: int
    high: int

    def at(self, values: Sequence[Any]) -> Any:
        """The function at a point where the layer has these values."""
        value = values[self.row]
        return value - max(values[self.low : self.high]) if self.high > self.low else value


class Steps:
    """All steps of a network, layer by layer.

    Neurons without weights, and multiples of a neuron before, need no cut: their signs follow.
    Linear neurons have no kink: their sign is noted as positive, whatever their value.
    So does that of a piece of maxout that equals one before, which never wins.

    Parameters
    ----------
    layers : Layers
    by_class : bool
        Is the argmax of the outputs a layer, too?

    Attributes
    ----------
    functions : list of Step
    cutting : list of int64 arrays, shape (s, 4)
        Of each layer the steps that cut: row, low, high, number.
    n_hidden : int
        How many steps belong to hidden layers; they come first.
    """

    def __init__(self, layers: Layers, by_class: bool) -> None:
        self.layers = layers
        self.functions: list[Step] = []
        self._constant: dict[int, int] = {}
        self._copies: list[tuple[int, int, int]] = []
        depth = len(layers.hidden_widths)
        self.cutting = [self._of_layer(l, layers.pieces) for l in range(depth)]
        self.n_hidden = len(self.functions)
        if by_class:
            self.cutting.append(self._of_layer(depth, layers.output_dimension, argmax=True))

    def __len__(self) -> int:
        return len(self.functions)

    def _of_layer(self, l: int, k: int, argmax: bool = False) -> NDArray[np.int64]:
        """Note the steps that bound the k pieces of each neuron; those that cut."""
        maxout = argmax or self.layers.is_maxout
        result = []
        rows = self.layers.rows(l)
        first: dict[tuple[int, ...], tuple[int, int]] = {}
        twins = np.zeros(len(rows), dtype=np.bool_) if maxout else _has_twin(rows)
        for j in range(0, len(rows), k):
            if not maxout:
                number = len(self)
                if self.layers.slopes[l][j] == 1.0:
                    self._constant[number] = 1
                    self.functions.append(Step(l, j, 0, 0))
                    continue
                lead = next((v for v in rows[j, :-1].tolist() if v), 0.0)
                sign = int(lead > 0) - int(lead < 0)
                before = number, sign
                if sign and twins[j]:
                    row = primitive([Fraction(sign * v) for v in rows[j].tolist()])
                    before = first.setdefault(tuple(row), before)
                if sign == 0:
                    self._constant[number] = int(np.sign(rows[j, -1]))
                elif before[0] != number:
                    self._copies.append((number, before[0], before[1] * sign))
                else:
                    result.append((j, 0, 0, number))
                self.functions.append(Step(l, j, 0, 0))
            for p in range(1, k):
                if (rows[j : j + p] == rows[j + p]).all(axis=1).any():
                    self._constant[len(self)] = -1
                else:
                    result.append((j + p, j, j + p, len(self)))
                self.functions.append(Step(l, j + p, j, j + p))
        return np.array(result, dtype=np.int64).reshape(-1, 4)

    def complete(self, signs: NDArray[np.int8]) -> NDArray[np.int8]:
        """Signs of all steps, shape (k, S), with those filled in that follow from others."""
        for number, first, factor in self._copies:
            signs[:, number] = factor * signs[:, first]
        return self.with_constants(signs)

    def with_constants(self, signs: NDArray[np.int8]) -> NDArray[np.int8]:
        """Signs of all steps, with those that are noted of functions that are constant."""
        for number, sign in self._constant.items():
            signs[:, number] = sign
        return signs


def _has_twin(rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows may be multiples of another: equal when divided by their first entries.

    Quotients that are equal are rounded to the same float.
    """
    if rows.dtype == object:
        return np.ones(len(rows), dtype=np.bool_)
    lead = rows[np.arange(len(rows)), (rows[:, :-1] != 0).argmax(axis=1)]
    with np.errstate(all="ignore"):
        scaled = rows / lead[:, None] + 0.0
    names = [row.tobytes() for row in scaled]
    times = Counter(names)
    return np.array([times[name] > 1 for name in names], dtype=np.bool_)
