"""Tensors whose entries are affine functions of inputs and of hidden units, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.errors import InputError
from arrangement.memory import refuse
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.weights import exact_product, exact_values

__all__ = ["Affine", "Units", "concatenated", "equal", "finite", "product", "total"]

Numbers = NDArray[Any]
"""float64, or an array of ints and Fractions where float64 would round."""

Positions = NDArray[np.int64]

MANY = 2**20
"""From this many terms on a composition of full matrices is a product of integers."""


@dataclass(frozen=True, eq=False)
class Affine:
    """A tensor with an affine function of the variables in each entry.

    Attributes
    ----------
    shape : tuple of int
        Its entries are the rows below, in C order.
    index : ndarray of int64, shape (M, T)
        The variables of each entry, each at most once; −1 where there are fewer than T.
    value : ndarray, shape (M, T)
        Their coefficients; 0 where the index is −1.
    offset : ndarray, shape (M,)

    Examples
    --------
    >>> x = Units(2).inputs((1, 2))
    >>> y = x.combined(np.array([[0, 1]]), np.array([[0.5, 2.0]]), (1,)).shifted(np.ones(1))
    >>> y.index.tolist(), y.value.tolist(), y.offset.tolist()
    ([[0, 1]], [[0.5, 2.0]], [1.0])
    """

    shape: tuple[int, ...]
    index: Positions
    value: Numbers
    offset: Numbers

    @classmethod
    def constant(cls, values: Numbers) -> Affine:
        """A tensor that depends on nothing."""
        M = values.size
        return cls(values.shape, np.zeros((M, 0), np.int64), np.zeros((M, 0)), values.ravel())

    @property
    def positions(self) -> Positions:
        """The number of each entry: what moves entries is applied to these."""
        return np.arange(len(self.offset)).reshape(self.shape)

    @property
    def n_terms(self) -> Positions:
        """How many variables each entry has, shape (M,)."""
        return (self.index >= 0).sum(axis=1)

    def take(self, positions: ArrayLike) -> Affine:
        """The tensor of the entries at these positions; 0 where a position is −1."""
        at = np.asarray(positions)
        refuse(16 * at.size * (self.index.shape[1] + 2), "the entries", "reduce the network")
        at = at.astype(np.int64)
        rows, none = at.ravel(), at.ravel() < 0
        index, value, offset = self.index[rows], self.value[rows], self.offset[rows]
        if none.any():
            index[none], value[none], offset[none] = -1, 0, 0
        return Affine(at.shape, index, value, offset)

    def shifted(self, values: Numbers) -> Affine:
        """With a constant added to each entry, of the same shape."""
        return Affine(self.shape, self.index, self.value, total(self.offset, values.ravel()))

    def scaled(self, values: Numbers) -> Affine:
        """With each entry multiplied by its own constant."""
        factor = values.ravel()
        value = product(self.value, np.broadcast_to(factor[:, None], self.value.shape))
        return _without_zeros(
            Affine(self.shape, self.index, value, product(self.offset, factor))
        )

    def rounded(self, factors: Numbers, shifts: Numbers) -> Affine:
        """Each entry times its constant and plus another, rounded to float64."""
        value, offset = (np.asarray(v, dtype=np.float64) for v in (self.value, self.offset))
        a, b = factors.ravel(), shifts.ravel()
        with np.errstate(all="ignore"):
            result = Affine(self.shape, self.index, value * a[:, None], offset * a + b)
        return _without_zeros(result)

    def plus(self, other: Affine) -> Affine:
        """The sum with a tensor of the same shape."""
        index = np.concatenate([self.index, other.index], axis=1)
        value = _joined([self.value, other.value], axis=1)
        return _merged(Affine(self.shape, index, value, total(self.offset, other.offset)))

    def combined(self, source: Positions, factors: Numbers, shape: Sequence[int]) -> Affine:
        """Sums of entries times constants: entry i is Σ_j factors[i, j]·self[source[i, j]].

        Parameters
        ----------
        source : ndarray of int64, shape (M, J)
            Positions, −1 for no entry.
        factors : ndarray, shape (M, J)
        shape : sequence of int
            Of M entries.
        """
        none = source < 0
        if none.any():
            factors = np.where(none, 0, factors)
        M, J = source.shape
        T = self.index.shape[1]
        refuse(32 * M * J * max(T, 1), "an affine operator", "reduce the network")
        single = T <= 1 and bool((self.value == 1).all()) and not self.offset.any()
        if single and T == 1:
            index = np.where(none, -1, self.index[source, 0])
            return _merged(_without_zeros(Affine(tuple(shape), index, factors, np.zeros(M))))
        shifts = product(factors, np.where(none, 0, self.offset[source]))
        offset = _row_sums(shifts)
        used = np.unique(source[~none]) if M * J * T > MANY else np.zeros(0, np.int64)
        # Windows of a convolution have few of the entries; a full matrix has all of them.
        if len(used) and len(used) * len(np.unique(self.index[used])) <= 4 * J * T:
            column = np.searchsorted(used, source[~none])
            table = np.zeros((M, len(used)), dtype=object)
            rows = np.broadcast_to(np.arange(M)[:, None], source.shape)[~none]
            np.add.at(table, (rows, column), _exact(factors[~none]))
            variables, dense = self._dense(used)
            value = exact_product(table, dense)
            index = np.broadcast_to(variables, value.shape).copy()
        else:
            index = np.where(none[:, :, None], -1, self.index[source]).reshape(M, J * T)
            spread = np.broadcast_to(factors[:, :, None], (M, J, T))
            value = product(spread, self.value[source]).reshape(M, J * T)
        return _merged(_without_zeros(Affine(tuple(shape), index, value, offset)))

    def _dense(self, rows: Positions) -> tuple[Positions, Numbers]:
        """The variables of some entries, and a full matrix of exact coefficients."""
        index, value = self.index[rows], _exact(self.value[rows])
        variables, column = np.unique(index[index >= 0], return_inverse=True)
        dense = np.zeros((len(rows), len(variables)), dtype=object)
        dense[np.nonzero(index >= 0)[0], column.ravel()] = value[index >= 0]
        return variables, dense


class Units:
    """The inputs and hidden units of a network that is being read, and its layers at the end.

    A unit is z where its affine function z of variables before it is positive, and s·z, with
    its own slope s, elsewhere. One of slope 1 only carries a value.

    Parameters
    ----------
    n_inputs : int

    Examples
    --------
    The residual block x + max(0, x) of one input:

    >>> units = Units(1)
    >>> x = units.inputs((1,))
    >>> units.network(x.plus(units.bent(x, np.zeros(1))))
    Network(1 → 2 → 1, leaky_relu of slopes 0 (1), 1 (1))
    """

    def __init__(self, n_inputs: int) -> None:
        self.n_inputs = n_inputs
        self._blocks: list[tuple[Affine, NDArray[np.float64]]] = []
        self._level = np.zeros(n_inputs, dtype=np.int64)

    def inputs(self, shape: Sequence[int]) -> Affine:
        """The inputs as a tensor."""
        n = prod(shape)
        return Affine(tuple(shape), np.arange(n)[:, None], np.ones((n, 1)), np.zeros(n))

    def bent(self, x: Affine, slopes: NDArray[np.float64]) -> Affine:
        """Each entry z as it is where it is positive, and times its slope where it is not."""
        s = np.asarray(slopes, dtype=np.float64).ravel()
        fixed = x.n_terms == 0
        below = product(x.offset, s)
        offset = np.where(fixed, np.where(x.offset > 0, x.offset, below), x.offset)
        x = Affine(x.shape, x.index, x.value, offset)
        return self._with_units(x, ~fixed & (s != 1.0), s)

    def held(self, x: Affine, chosen: NDArray[np.bool_]) -> Affine:
        """The same tensor, with a linear unit for each chosen entry of several variables."""
        return self._with_units(x, chosen & (x.n_terms > 1), np.ones(len(x.offset)))

    def larger(self, x: Affine, y: Affine) -> Affine:
        """The larger of two rows of entries, one by one: y + max(0, x − y)."""
        swap = (y.n_terms > 1) & (x.n_terms <= 1)
        both, n = concatenated([x, y]), len(x.offset)
        first, second = np.where(swap, np.arange(n) + n, np.arange(n)), np.arange(n)
        x, y = both.take(first), both.take(np.where(swap, second, second + n))
        difference = x.plus(y.scaled(np.full(n, -1.0)))
        y = self.held(y, difference.n_terms > 0)
        return y.plus(self.bent(difference, np.zeros(n)))

    def _with_units(
        self, x: Affine, chosen: NDArray[np.bool_], slopes: NDArray[np.float64]
    ) -> Affine:
        """The tensor with units in place of the chosen entries."""
        rows = np.flatnonzero(chosen)
        if not len(rows):
            return x
        start = len(self._level)
        self._add(x.take(rows), slopes[rows])
        index, value, offset = x.index.copy(), x.value.copy(), x.offset.copy()
        index[rows], value[rows], offset[rows] = -1, 0, 0
        index[rows, 0], value[rows, 0] = start + np.arange(len(rows)), 1
        return _packed(Affine(x.shape, index, value, offset))

    def _add(self, block: Affine, slopes: NDArray[np.float64]) -> None:
        levels = np.append(self._level, -1)[block.index]
        self._level = np.concatenate([self._level, 1 + levels.max(axis=1)])
        self._blocks.append((block, slopes))

    def of_one_sample(self, output: Affine, samples: int) -> tuple[Units, Affine] | None:
        """What computes the first of some samples, if it is what computes each of them.

        The entries of a sample follow one another in the inputs and in the output. None if a
        unit or an entry depends on several samples, or samples are not treated alike.
        """
        if output.shape[:1] != (samples,):
            return None
        each = self.n_inputs // samples
        owner, number = np.divmod(np.arange(self.n_inputs), each)
        first = Units(each)
        for block, slopes in self._blocks:
            own = _owners(block, owner)
            if own is None or np.ptp(np.bincount(own, minlength=samples)):
                return None
            rows = np.argsort(own, kind="stable").reshape(samples, -1)
            parts = [_renumbered(block.take(part), number) for part in rows]
            if not all(equal(part, parts[0]) for part in parts):
                return None
            if np.any(slopes[rows] != slopes[rows[0]]):
                return None
            mine = np.empty(len(own), dtype=np.int64)
            mine[rows] = len(first._level) + np.arange(rows.shape[1])
            first._add(parts[0], slopes[rows[0]])
            owner, number = np.concatenate([owner, own]), np.concatenate([number, mine])
        rows = np.arange(len(output.offset)).reshape(samples, -1)
        own = _owners(output, owner)
        if own is None or np.any(
            (own != np.arange(samples).repeat(rows.shape[1])) & (own >= 0)
        ):
            return None
        parts = [_renumbered(output.take(part), number) for part in rows]
        return (first, parts[0]) if all(equal(part, parts[0]) for part in parts) else None

    def equals(self, other: Units) -> bool:
        """Have both the same units, in the same order?"""
        return len(self._blocks) == len(other._blocks) and all(
            equal(x, y) and np.array_equal(s, t)
            for (x, s), (y, t) in zip(self._blocks, other._blocks, strict=True)
        )

    def network(self, output: Affine, labels: ArrayLike | None = None) -> FeedForward:
        """The layers that compute a tensor; what is used later is carried by linear units."""
        n, level = len(self._level), self._level
        starts = self.n_inputs + np.cumsum([0, *(len(s) for _, s in self._blocks)])
        last = np.zeros(n + 1, dtype=np.int64)  # in which layer a variable is used last
        depth = int(max(np.append(level, 0)[output.index].max(initial=0), 0))
        last[output.index] = depth + 1
        last[-1] = 0
        for start, (block, _) in zip(starts[::-1][1:], self._blocks[::-1], strict=True):
            own = np.arange(start, start + len(block.offset))
            used = last[own] > 0
            at = block.index[used]
            np.maximum.at(last, at, np.broadcast_to(level[own][used][:, None], at.shape))
            last[-1] = 0
        place = np.empty(n + 1, dtype=np.int64)
        place[: self.n_inputs] = np.arange(self.n_inputs)
        width = self.n_inputs
        layers, slopes = [], []
        for l in range(1, depth + 1):
            parts, bends, found = [], [], []
            for start, (block, s) in zip(starts, self._blocks, strict=False):
                own = start + np.arange(len(s))
                rows = np.flatnonzero((level[own] == l) & (last[own] > 0))
                if len(rows):
                    parts.append(block.take(rows))
                    bends.append(s[rows])
                    found.append(own[rows])
            carried = np.flatnonzero((level < l) & (last[:-1] > l))
            m = len(carried)
            parts.append(Affine((m,), carried[:, None], np.ones((m, 1)), np.zeros(m)))
            layers.append(_layer(concatenated(parts), place, width))
            slopes.append(np.concatenate([*bends, np.ones(m)]))
            own = np.concatenate([*found, carried])
            place[own] = np.arange(len(own))
            width = len(own)
        layers.append(_layer(output, place, width))
        weights, biases = zip(*layers, strict=True)
        return FeedForward(weights, biases, "leaky_relu", slopes, labels)


def _layer(x: Affine, place: Positions, width: int) -> tuple[Numbers, Numbers]:
    """Weights and biases of a layer, where variables are found in the one before."""
    M = len(x.offset)
    refuse(
        8 * M * width, f"a layer of {M:,} neurons and {width:,} inputs", "reduce the network"
    )
    W = np.zeros((M, width), dtype=x.value.dtype)
    rows, terms = np.nonzero(x.index >= 0)
    W[rows, place[x.index[rows, terms]]] = x.value[rows, terms]
    return W, x.offset


def concatenated(parts: Sequence[Affine]) -> Affine:
    """All entries of some tensors in a row, of shape (M,)."""
    most = max(part.index.shape[1] for part in parts)
    index, value = [], []
    for part in parts:
        M, T = part.index.shape
        index.append(np.concatenate([part.index, np.full((M, most - T), -1)], axis=1))
        value.append(_joined([part.value, np.zeros((M, most - T))], axis=1))
    offset = _joined([part.offset for part in parts])
    return Affine(offset.shape, np.concatenate(index), _joined(value), offset)


def finite(values: Numbers, name: str) -> Numbers:
    """Floating-point constants widened to float64, or exact ones; an InputError for others."""
    if values.dtype == object:
        return values
    if values.dtype.kind in "iub":
        return exact_values(values) if values.itemsize == 8 else values.astype(np.float64)
    if values.dtype.kind != "f":
        raise InputError(f"{name}: numbers of type {values.dtype} are not read")
    result = values.astype(np.float64)
    if not np.isfinite(result).all():
        index = tuple(map(int, np.argwhere(~np.isfinite(result))[0]))
        raise InputError(f"{name}: the number at {index} is {result[index]}, not finite")
    return result


def total(a: Numbers, b: Numbers) -> Numbers:
    """The exact sum, entry by entry: in float64 where nothing is rounded."""
    if a.dtype != object and b.dtype != object:
        with np.errstate(all="ignore"):
            s = a + b
            t = s - a
            if np.all((a - (s - t)) + (b - t) == 0) and np.isfinite(s).all():
                return np.asarray(s)
    return np.asarray(_exact(a) + _exact(b), dtype=object)


def product(a: Numbers, b: Numbers) -> Numbers:
    """The exact product, entry by entry: in float64 where nothing is rounded."""
    if a.dtype == object or b.dtype == object:
        return np.asarray(_exact(a) * _exact(b), dtype=object)
    if _is_shift(a, b) or _is_shift(b, a) or (_is_float32(a) and _is_float32(b)):
        return np.asarray(a * b)  # of 24 digits each: at most 48
    return np.asarray(_exact(a) * _exact(b), dtype=object)


def _is_shift(a: Numbers, b: Numbers) -> bool:
    """Are these zeros and powers of two, which round none of the others in a product?"""
    if not np.isin(np.abs(np.frexp(a)[0]), (0.0, 0.5)).all():
        return False
    with np.errstate(all="ignore"):
        return bool(np.all((a == 0) | (a * b / a == b)))


def _is_float32(a: Numbers) -> bool:
    with np.errstate(over="ignore"):
        return bool((a.astype(np.float32) == a).all())


def _exact(a: Numbers) -> Numbers:
    return np.asarray(exact_values(a), dtype=object)


def _joined(parts: Sequence[Numbers], axis: int = 0) -> Numbers:
    """Arrays in a row; exact if one of them is."""
    if any(part.dtype == object for part in parts):
        parts = [_exact(part) for part in parts]
    return np.concatenate(parts, axis=axis)


def _row_sums(values: Numbers) -> Numbers:
    if not values.any():
        return np.zeros(len(values))
    result = values[:, 0]
    for j in range(1, values.shape[1]):
        result = total(result, values[:, j])
    return result


def _without_zeros(x: Affine) -> Affine:
    """Without the terms whose coefficient is 0."""
    zero = (x.value == 0) & (x.index >= 0)
    if not zero.any():
        return x
    index, value = np.where(zero, -1, x.index), np.where(x.index < 0, 0, x.value)
    return _packed(Affine(x.shape, index, value, x.offset))


def _packed(x: Affine) -> Affine:
    """With the terms of each entry in front, and no more columns than are needed."""
    here = x.index >= 0
    order = np.argsort(~here, axis=1, kind="stable")[:, : int(here.sum(axis=1).max(initial=0))]
    index = np.take_along_axis(x.index, order, axis=1)
    value = np.take_along_axis(x.value, order, axis=1)
    if (index < 0).any():
        value = np.where(index < 0, 0, value)
    return Affine(x.shape, index, value, x.offset)


def _merged(x: Affine) -> Affine:
    """With each variable at most once in an entry."""
    order = np.argsort(x.index, axis=1, kind="stable")
    index = np.take_along_axis(x.index, order, axis=1)
    same = (index[:, 1:] == index[:, :-1]) & (index[:, 1:] >= 0)
    if not same.any():
        return x
    value = np.take_along_axis(x.value, order, axis=1)
    M, T = index.shape
    start = np.concatenate([np.ones((M, 1), np.bool_), ~same], axis=1)
    sums = np.add.reduceat(_exact(value).ravel(), np.flatnonzero(start.ravel()))
    result = np.zeros((M, T), dtype=object)
    result[start] = sums
    return _without_zeros(
        _packed(Affine(x.shape, np.where(start, index, -1), _plain(result), x.offset))
    )


def _owners(x: Affine, owner: Positions) -> Positions | None:
    """To which sample each entry belongs, −1 if it has no variables; None if to several."""
    most = np.append(owner, -1)[x.index].max(axis=1, initial=-1)
    least = np.append(owner, len(owner))[x.index].min(axis=1, initial=len(owner))
    return None if np.any((least != most) & (most >= 0)) else most


def _renumbered(x: Affine, number: Positions) -> Affine:
    """The same with other numbers of variables, in their order."""
    index = np.append(number, -1)[x.index]
    order = np.argsort(index, axis=1, kind="stable")
    value = np.take_along_axis(x.value, order, axis=1)
    return _packed(Affine(x.shape, np.take_along_axis(index, order, axis=1), value, x.offset))


def equal(x: Affine, y: Affine) -> bool:
    """Have two tensors the same entries, in the same order of variables?"""
    return (
        np.array_equal(x.index, y.index)
        and bool(np.all(x.value == y.value))
        and bool(np.all(x.offset == y.offset))
    )


def _plain(values: Numbers) -> Numbers:
    """Exact numbers as float64 where none is rounded."""
    try:
        floats = values.astype(np.float64)
    except OverflowError:
        return values
    if all(
        Fraction(f) == v
        for f, v in zip(floats.ravel().tolist(), values.ravel().tolist(), strict=True)
    ):
        return floats
    return values
