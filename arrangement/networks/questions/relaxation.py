"""Linear bounds on a network in parts of its domain, rigorous in float64, and exact programs.

A neuron of one kink, f(z) = max(z, s z) for a slope s ≤ 1, lies on an interval of z between its
chord and any line through the origin of slope between s and 1. Put into an output from the last
layer to the first, such lines bound it by an affine function of the input (Zhang et al. 2018,
Singh et al. 2019); multipliers of what holds in a part of the domain may be added on the way
(Wang et al. 2021). Every bound here holds whatever the slopes and multipliers are, which are
therefore taken from a linear program that a solver solved: they need not be right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arrangement import exact as exactly
from arrangement.exact.rational_programs import Program
from arrangement.kernels.rounding import INFLATE, TINY, UNIT_ROUNDOFF
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.weights import exact_product, exact_values

__all__ = ["Multipliers", "Parts", "Relaxation", "Split", "in_box"]

Floats: TypeAlias = NDArray[np.float64]
Split: TypeAlias = tuple[int, int, int]
"""Layer, neuron, and the sign that its preactivation has."""


@dataclass
class Parts:
    """Parts of the domain: a box each, and between what the preactivations are.

    Attributes
    ----------
    low, high : ndarray, shape (k, d)
        Boxes that contain the parts.
    least, most : list of ndarrays, shape (k, width)
        Per hidden layer.
    """

    low: Floats
    high: Floats
    least: list[Floats]
    most: list[Floats]

    def __getitem__(self, index: Any) -> Parts:
        return Parts(
            self.low[index],
            self.high[index],
            [v[index] for v in self.least],
            [v[index] for v in self.most],
        )

    def unstable(self, slopes: tuple[Floats, ...]) -> list[NDArray[np.bool_]]:
        """Which neurons have their kink inside, per hidden layer."""
        return [
            (a < 0) & (b > 0) & (s != 1)
            for a, b, s in zip(self.least, self.most, slopes, strict=True)
        ]

    def is_empty(self) -> NDArray[np.bool_]:
        """Which parts have no point, for some bounds contradict each other."""
        empty = np.asarray((self.low > self.high).any(axis=1))
        for a, b in zip(self.least, self.most, strict=True):
            empty |= (a > b).any(axis=1)
        return empty


class Multipliers(NamedTuple):
    """What a linear program says of one part, as hints for a bound.

    Attributes
    ----------
    output : float
        The multiplier of the output that is to be at least 0; 1 for one that is maximised.
    splits : list of ndarrays, shape (width,)
        What is added to the coefficients of preactivations, per hidden layer.
    lines : list of ndarrays, shape (width,)
        Slopes of lines through the origin; NaN where nothing is said.
    walls : ndarray, shape (r,)
        Multipliers of the rows of the domain.
    """

    output: float
    splits: list[Floats]
    lines: list[Floats]
    walls: Floats


class _Lines(NamedTuple):
    """f(z) ≤ up·z + up0 and f(z) ≥ down·z + down0, shape (k, width)."""

    up: Floats
    up0: Floats
    down: Floats
    down0: Floats


class Relaxation:
    """A network of one kink a neuron on a domain, and its linear bounds.

    Parameters
    ----------
    network : FeedForward
        Of activation "relu" or "leaky_relu".
    walls : ndarray of Python ints, shape (r, d + 1)
        Rows of the domain beyond its box, g·x + c ≥ 0.

    Attributes
    ----------
    support : callable
        (A, low, high) ↦ the largest of A·x in a box, or in what of it is of interest, and the
        size of what was added up for it.
    """

    def __init__(self, network: FeedForward, walls: NDArray[np.object_]) -> None:
        self.network, self.walls = network, walls
        self.support = in_box
        self.weights, self.biases = network.weights, network.biases
        self.slopes = network.slopes
        self.float_walls = exactly.float_rows(walls)[:2]
        self._sizes = [np.abs(W) for W in self.weights]
        # A product of k terms, some sums more, and weights that may be rounded.
        self._rounding = [(max(W.shape) + 18) * UNIT_ROUNDOFF * INFLATE for W in self.weights]

    def tighten(self, parts: Parts) -> None:
        """Bound all preactivations whose signs are not known yet, layer by layer."""
        k = len(parts.low)
        for l, slopes in enumerate(self.slopes):
            open_ = ((parts.least[l] < 0) & (parts.most[l] > 0) & (slopes != 1)).any(axis=0)
            # A linear neuron has no sign to find; its size is a part of errors.
            asked = np.flatnonzero(open_ | ~np.isfinite(parts.most[l]).all(axis=0))
            if not len(asked):
                continue
            unit = np.zeros((2 * len(asked), len(slopes)))
            unit[range(len(asked)), asked] = 1.0
            unit[range(len(asked), 2 * len(asked)), asked] = -1.0
            ends, _ = self.upper(parts, l, np.broadcast_to(unit, (k, *unit.shape)))
            most, least = ends[:, : len(asked)], -ends[:, len(asked) :]
            parts.most[l][:, asked] = np.minimum(parts.most[l][:, asked], most)
            parts.least[l][:, asked] = np.maximum(parts.least[l][:, asked], least)

    def upper(
        self,
        parts: Parts,
        l: int,
        coefficients: Floats,
        hints: Multipliers | None = None,
        support: Callable[..., tuple[Floats, Floats]] | None = None,
    ) -> tuple[Floats, Floats]:
        """Upper bounds on combinations of the values of layer l, before its activation.

        Parameters
        ----------
        parts : Parts
            Of k parts, with bounds on all layers before l.
        l : int
        coefficients : ndarray, shape (k, r, rows)
        hints : Multipliers, optional
        support : callable, optional
            (A, low, high) ↦ the largest of A·x and a function of x that is added, in a box,
            and the size of what was added up for it; without it that of the relaxation.

        Returns
        -------
        bounds : ndarray, shape (k, r)
        slopes : ndarray, shape (k, r, d)
            Of the affine functions of the input that are bounds, too.
        """
        with np.errstate(all="ignore"):  # what overflows is NaN at last, and no bound
            inputs = np.maximum(np.abs(parts.low), np.abs(parts.high))
            value = np.zeros(coefficients.shape[:2])
            size, error = value.copy(), value.copy()
            A = coefficients
            for i in range(l, -1, -1):
                reach = inputs if i == 0 else self._reach(parts, i - 1)
                reach = reach @ self._sizes[i].T + np.abs(self.biases[i])
                total = (np.abs(A) @ reach[..., None])[..., 0]
                error += self._rounding[i] * total
                value += A @ self.biases[i]
                size += total
                A = A @ self.weights[i]
                if i == 0:
                    break
                lines = self._lines(parts, i - 1, hints)
                above, below = np.maximum(A, 0.0), np.minimum(A, 0.0)
                for part, constant in ((above, lines.up0), (below, lines.down0)):
                    value += (part @ constant[..., None])[..., 0]
                    size += (np.abs(part) @ np.abs(constant)[..., None])[..., 0]
                A = above * lines.up[:, None] + below * lines.down[:, None]
                if hints is not None:
                    A = A + hints.splits[i - 1]
            if hints is not None and len(hints.walls):
                rows, off = self.float_walls
                A = A + hints.walls @ rows[:, :-1]
                value += hints.walls @ rows[:, -1]
                far = np.abs(hints.walls) @ (np.abs(rows) + off)
                size += far[-1] + inputs @ far[:-1]
            size += (np.abs(A) * inputs[:, None]).sum(axis=-1)
            if support is None:
                support = self.support
            added, more = support(A, parts.low[:, None], parts.high[:, None])
            value += added
            size += more
            most = max(max(W.shape) for W in self.weights)
            error += size * (most + len(self.walls) + 16) * 2 * UNIT_ROUNDOFF
            bounds = value + 2 * error + TINY
            bounds[np.isnan(bounds)] = np.inf
        return bounds, A

    def variation(self, parts: Parts, outputs: Sequence[int]) -> Floats:
        """How much the slope of an output may vary in each part, about: shape (k, d).

        Intervals of the slopes, from the last layer to the first: their middles and radii.
        """
        middle = self.weights[-1][outputs]
        radius = np.zeros_like(middle)
        unstable = parts.unstable(self.slopes)
        for l in range(len(self.slopes) - 1, -1, -1):
            s = self.slopes[l]
            known = np.where(parts.least[l] >= 0, 1.0, s)
            centre = np.where(unstable[l], (1 + s) / 2, known)
            spread = np.where(unstable[l], np.abs(1 - s) / 2, 0.0)
            radius = radius * (np.abs(centre) + spread) + np.abs(middle) * spread
            radius = radius @ self._sizes[l]
            middle = (middle * centre) @ self.weights[l]
        return radius

    def _reach(self, parts: Parts, l: int) -> Floats:
        """The largest absolute values of the neurons of a hidden layer."""
        up, down = np.maximum(parts.most[l], 0.0), np.maximum(-parts.least[l], 0.0)
        slopes = np.abs(self.slopes[l])
        return np.maximum(up, np.where(slopes > 0, slopes * down, 0.0))

    def _lines(self, parts: Parts, l: int, hints: Multipliers | None = None) -> _Lines:
        """A line above and one below each neuron of a hidden layer."""
        a, b, s = parts.least[l], parts.most[l], self.slopes[l]
        with np.errstate(all="ignore"):
            known = np.where((a >= 0) | (s == 1), 1.0, np.where(b <= 0, s, np.nan))
            chord = (b - s * a) / (b - a)
            # At both ends the chord may be off by its rounding; in between it is off by less.
            off = 8 * UNIT_ROUNDOFF * (np.abs(b) + np.abs(s * a) + np.abs(chord) * (b - a))
            ends = b - chord * b, s * a - chord * a
            through = np.where(b > -a, 1.0, s)
            if hints is not None:
                given = np.clip(hints.lines[l], np.minimum(s, 1.0), np.maximum(s, 1.0))
                through = np.where(np.isnan(given), through, given)
            convex = s < 1
            is_known, zero = ~np.isnan(known), np.zeros_like(a)
            up = np.where(is_known, known, np.where(convex, chord, through))
            down = np.where(is_known, known, np.where(convex, through, chord))
            up0 = np.where(is_known | ~convex, zero, np.maximum(*ends) + off + TINY)
            down0 = np.where(is_known | convex, zero, np.minimum(*ends) - off - TINY)
        return _Lines(up, up0, down, down0)

    def program(
        self, part: Parts, splits: tuple[Split, ...], exact: bool
    ) -> tuple[Program, NDArray[Any], list[tuple[str, int, int]]]:
        """What holds in one part: in terms of the input and of the neurons that are unstable.

        Parameters
        ----------
        part : Parts
            Of one part.
        splits : tuple of Split
        exact : bool
            In Fractions, or in float64 with its rounding.

        Returns
        -------
        program : Program
            Of cost 0. The variables are the d inputs, and the output of each unstable neuron.
        outputs : ndarray, shape (output_dimension, n + 1)
            The outputs in terms of these.
        names : list of (kind, layer, neuron)
            What each row says: "split", "line of slope s", "line of slope 1", "chord", "wall".
        """
        network = self.network
        weights = network.exact_weights if exact else self.weights
        biases = network.exact_biases if exact else self.biases
        kind: Any = object if exact else np.float64
        number: Any = exact_values if exact else np.asarray
        d, unstable = network.input_dimension, part.unstable(self.slopes)
        n = d + sum(int(one.sum()) for one in unstable)
        table = np.zeros((d, n + 1), dtype=kind)
        table[range(d), range(d)] = 1
        rows: list[NDArray[Any]] = []
        names: list[tuple[str, int, int]] = []
        low, high = [part.low[0]], [part.high[0]]
        column = d
        signs = {(l, j): sign for l, j, sign in splits}
        for l, (W, b) in enumerate(zip(weights, biases, strict=True)):
            if l == 0:
                table = np.zeros((len(W), n + 1), dtype=kind)
                table[:, :d] = W
            else:
                table = exact_product(W, table) if exact else W @ table
            table[:, n] = table[:, n] + b
            if l == len(self.slopes):
                break
            s = number(self.slopes[l])
            for j in (j for i, j in signs if i == l):
                rows.append(signs[l, j] * table[j])
                names.append(("split", l, j))
            after = np.where(((part.least[l][0] >= 0) | (self.slopes[l] == 1))[:, None],
                             table, s[:, None] * table)  # fmt: skip
            lines = self._lines(part, l)
            for j in np.flatnonzero(unstable[l][0]).tolist():
                convex = s[j] < 1
                side = 1 if convex else -1
                own = np.zeros(n + 1, dtype=kind)
                own[column] = 1
                chord = (lines.up, lines.up0) if convex else (lines.down, lines.down0)
                slope, constant = (number(v[:, j])[0] for v in chord)
                above = slope * table[j] - own
                above[n] += constant
                rows += [side * (own - table[j]), side * (own - s[j] * table[j]), side * above]
                names += [(name, l, j) for name in ("slope 1", "slope s", "chord")]
                after[j] = own
                a, b_ = part.least[l][0, j], part.most[l][0, j]
                ends = sorted((0.0, b_, self.slopes[l][j] * a))
                # The rows say more: prices of these ends would be no hints.
                room = ends[-1] - ends[0] + TINY
                low.append(np.array([ends[0] - room]))
                high.append(np.array([ends[-1] + room]))
                column += 1
            table = after
        for i, wall in enumerate(self.walls if exact else self.float_walls[0]):
            row = np.zeros(n + 1, dtype=kind)
            row[:d], row[n] = wall[:-1], wall[-1]
            rows.append(row)
            names.append(("wall", i, 0))
        every = np.array(rows, dtype=kind).reshape(len(rows), n + 1)
        ends = [number(np.concatenate(v)).copy() for v in (low, high)]
        return Program(np.zeros(n, dtype=kind), every, *ends), table, names

    def hints(
        self, names: list[tuple[str, int, int]], prices: Floats, splits: tuple[Split, ...]
    ) -> Multipliers:
        """The multipliers for :meth:`upper` of the prices of a program's rows."""
        signs = {(l, j): sign for l, j, sign in splits}
        added = [np.zeros(len(s)) for s in self.slopes]
        shares = [np.zeros((2, len(s))) for s in self.slopes]
        walls = np.zeros(len(self.walls))
        for (name, l, j), price in zip(names, prices.tolist(), strict=True):
            if name == "split":
                added[l][j] += signs[l, j] * price
            elif name == "wall":
                walls[l] = price
            elif name != "chord":
                shares[l][int(name == "slope s"), j] = price
        with np.errstate(all="ignore"):
            lines = [
                (own[0] + own[1] * s) / own.sum(axis=0)
                for own, s in zip(shares, self.slopes, strict=True)
            ]
        return Multipliers(1.0, added, lines, walls)


def in_box(A: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """The largest of A·x in boxes, and the size of what was added up."""
    ends = np.where(A > 0, A * high, A * low)
    return ends.sum(axis=-1), np.abs(ends).sum(axis=-1)
