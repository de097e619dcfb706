"""How likely a cell holds a differentiable minimum, over data sets of several sizes."""

from __future__ import annotations

import csv
import operator
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import inf
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arrangement.arguments import check_executor, check_instance, whole
from arrangement.bounds import cover
from arrangement.cells import Cells
from arrangement.errors import InputError, SizeError
from arrangement.memory import refuse
from arrangement.output import atomic_output
from arrangement.packing import Words
from arrangement.parsing import shown
from arrangement.progress import Progress, reporter
from arrangement.relu.data import gaussian
from arrangement.relu.dataset import DataSet
from arrangement.relu.enumeration import (
    BYTES_PER_SIGN,
    MAX_TUPLES,
    Search,
    active_minima,
    duration,
    rounded,
)
from arrangement.relu.faces import NeuronFaces
from arrangement.relu.one_hidden_layer import OneHiddenLayer
from arrangement.relu.samples import Floats
from arrangement.relu.tuples import n_multisets

__all__ = ["MinimaProbability", "Source", "minima_probability"]

Source: TypeAlias = Callable[[int, int, int], DataSet]
"""Gives the data set of (samples, features, seed)."""

GROUP = 32
"""So many tuples that differ in one cell are drawn together."""

PORTION = 1 << 22
"""Signs of cells on samples in a portion of cells."""

STORED = 1 << 26
"""More signs of cells on samples than this are not kept: the cells are gone through in
portions, in memory that does not grow with them."""

MOST_CELLS = 10**9
"""Cells of a data set that are gone through to draw tuples of them: minutes."""

LARGEST = 10**300
"""More tuples of cells than float64 can count are refused, even if few are drawn."""

_MOST_SEEDS = 10**6

DIFFERENTIABLE = frozenset({"isolated", "continuum"})


class _Count(NamedTuple):
    """What one data set has."""

    cells: int
    tuples: float
    looked_at: int
    share: float
    doubtful: int
    seconds: float


@dataclass(frozen=True, eq=False)
class MinimaProbability:
    """Shares of tuples of cells that hold a differentiable minimum; one setting a row.

    Attributes
    ----------
    samples, features, dimension, hidden : ndarray of int, shape (m,)
        N, the features without and with a bias, and the number K of neurons.
    seeds : ndarray of int, shape (s,)
        The data sets of a row are those of these seeds.
    cells : ndarray of int, shape (m, s)
        Cells of one neuron.
    tuples : ndarray of float, shape (m, s)
        Multisets of K of them: the parameter cells, up to the order of the neurons.
    looked_at : ndarray of int, shape (m, s)
        How many of these were looked at; all, unless tuples were drawn.
    shares : ndarray, shape (m, s)
        The share of the tuples that hold a minimum, estimated if they were drawn.
    doubtful : ndarray of int, shape (m, s)
        How many could not be decided in float64; they count as holding none.
    seconds : ndarray, shape (m, s)
        For the cells and the minima of one data set.

    Examples
    --------
    >>> from arrangement.relu.probability import minima_probability
    >>> table = minima_probability(samples=[5, 10], features=2, seeds=4, bias=None)
    >>> table
    MinimaProbability: 2 rows, 4 seeds
    >>> table.shares.tolist()
    [[0.2, 0.5, 0.3, 0.2], [0.1, 0.1, 0.15, 0.15]]
    >>> table.share.tolist(), table.standard_error.round(4).tolist()
    ([0.3, 0.125], [0.0707, 0.0144])
    """

    samples: NDArray[np.int64]
    features: NDArray[np.int64]
    dimension: NDArray[np.int64]
    hidden: NDArray[np.int64]
    seeds: NDArray[np.int64]
    cells: NDArray[np.int64]
    tuples: Floats
    looked_at: NDArray[np.int64]
    shares: Floats
    doubtful: NDArray[np.int64]
    seconds: Floats

    @property
    def share(self) -> Floats:
        """The mean share over the seeds, shape (m,)."""
        return np.asarray(self.shares.mean(axis=1))

    @property
    def standard_error(self) -> Floats:
        """Of the mean, from how the seeds differ, shape (m,); NaN with one seed."""
        n = len(self.seeds)
        if n == 1:
            return np.full(len(self), np.nan)
        return np.asarray(self.shares.std(axis=1, ddof=1) / n**0.5)

    def columns(self) -> dict[str, NDArray[Any]]:
        """One value a row: means over the seeds, for `seconds` the median.

        Of `looked_at` and `doubtful` the sums.
        """
        return {
            "samples": self.samples,
            "features": self.features,
            "dimension": self.dimension,
            "hidden": self.hidden,
            "seeds": np.full(len(self), len(self.seeds)),
            "cells": self.cells.mean(axis=1),
            "tuples": self.tuples.mean(axis=1),
            "looked_at": self.looked_at.sum(axis=1),
            "share": self.share,
            "standard_error": self.standard_error,
            "doubtful": self.doubtful.sum(axis=1),
            "seconds": np.median(self.seconds, axis=1),
        }

    def rows(self) -> list[dict[str, Any]]:
        """The columns row by row, in Python's numbers."""
        columns = self.columns()
        lists = [column.tolist() for column in columns.values()]
        return [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the columns as text separated by commas, with a line of names."""
        with atomic_output(path, "w") as stream:
            writer = csv.DictWriter(stream, list(self.columns()), lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows())

    def markdown(self) -> str:
        """A table for reading, in Markdown; shares in percent.

        Examples
        --------
        >>> from arrangement.relu.probability import minima_probability
        >>> table = minima_probability(samples=[5], features=2, seeds=4, bias=None)
        >>> print(table.markdown())  # doctest: +ELLIPSIS
        |  N |  d |  K | cells | tuples |        share | seconds |
        | -: | -: | -: | ----: | -----: | -----------: | ------: |
        |  5 |  2 |  1 |    10 |     10 | 30.0 ± 7.1 % | ... |
        """
        drawn = bool(np.any(self.looked_at < self.tuples))
        head = ["N", "d", "K", "cells", "tuples", *(["drawn"] if drawn else [])]
        lines = [[*head, "share", "seconds"]]
        for row in self.rows():
            numbers = [row["samples"], row["dimension"], row["hidden"]]
            numbers += [row["cells"], row["tuples"]]
            if drawn:
                numbers.append(row["looked_at"] / row["seeds"])
            share = _percent(row["share"], row["standard_error"])
            line = [rounded(round(number)) for number in numbers]
            lines.append([*line, share, f"{row['seconds']:.2g}"])
        widths = [max(2, *map(len, column)) for column in zip(*lines, strict=True)]
        lines.insert(1, ["-" * (width - 1) + ":" for width in widths])
        return "".join(
            f"| {' | '.join(t.rjust(w) for t, w in zip(line, widths, strict=True))} |\n"
            for line in lines
        )

    def __len__(self) -> int:
        return len(self.samples)

    def __repr__(self) -> str:
        return f"MinimaProbability: {len(self)} rows, {len(self.seeds)} seeds"


def _percent(share: float, error: float) -> str:
    """A share and its standard error, to two digits of the error."""
    if not error > 0:
        return f"{100 * share:.3g} %"
    digits = max(0, 1 - int(np.floor(np.log10(100 * error))))
    return f"{100 * share:.{digits}f} ± {100 * error:.{digits}f} %"


def minima_probability(
    source: Source = gaussian,
    samples: int | Sequence[int] = (5, 10, 20),
    features: int | Sequence[int] = 2,
    hidden: int | Sequence[int] = 1,
    seeds: int | Sequence[int] = 20,
    bias: float | None = 1.0,
    output_bias: bool = False,
    negative_slope: float = 0.0,
    draws: int | None = None,
    executor: Executor | None = None,
    progress: Progress = None,
) -> MinimaProbability:
    """The share of cells that hold a differentiable minimum, as N, d and K grow.

    For every setting (N, features, K) and every seed a data set is made, and its parameter
    cells, the multisets of K cells of one neuron, are gone through. One counts if it holds a
    non-dead differentiable minimum: all neurons are inside their cells, with z_j ≠ 0 and at
    least one active sample each. That is a piece of kind ``"isolated"`` or ``"continuum"``
    (see :class:`Piece`). The share is of all parameter cells, those with dead neurons
    included.

    Parameters
    ----------
    source : callable
        Gives the data set of (samples, features, seed). By default `data.gaussian`: standard
        normal samples and labels ±1; with `functools.partial` of a function that calls
        `data.prepare` any other data, see the example.
    samples, features, hidden : int or sequence of int
        All combinations are gone through.
    seeds : int or sequence of int
        Their number, from 0 on, or the seeds.
    bias, output_bias, negative_slope
        Of the layer, see :class:`OneHiddenLayer`.
    draws : int, optional
        Look at this many tuples of cells of a data set at most (but at least a group), where
        K > 1 and there are more: random groups of 32 that differ in one cell. That leaves the
        share unbiased, and the standard error, which is that of the seeds' shares, includes
        what it adds. Where few minima are found, both are rough. All cells of one neuron are
        gone through to draw them, but only those drawn are kept.
    executor : concurrent.futures.Executor, optional
        Where data sets are worked through side by side.
    progress : bool or callable, optional
        True shows progress on stderr when that is a terminal; a callable is called with
        (data sets done, data sets in all).

    Returns
    -------
    MinimaProbability
        A row for each (features, hidden, samples), in this order.

    Raises
    ------
    InputError
        If a number is not what it must be, or the source refuses one.
    SizeError
        If there are too many tuples of cells, or, with `draws`, more than a billion cells,
        before any is looked at.

    References
    ----------
    B. Liu, *Understanding the loss landscape of one-hidden-layer ReLU networks*,
    Knowledge-Based Systems 220 (2021).

    Examples
    --------
    >>> from arrangement.relu.data import iris, prepare
    >>> from arrangement.relu.probability import minima_probability
    >>> flowers = iris()
    >>> def source(samples, features, seed):
    ...     return prepare(flowers, [0, 1], samples, features, labels="sign", seed=seed)
    >>> table = minima_probability(source, [6, 12], features=2, hidden=[1, 2], seeds=3)
    >>> table.hidden.tolist(), table.samples.tolist()
    ([1, 1, 2, 2], [6, 12, 6, 12])
    >>> bool(table.share[0] > table.share[1] > 0)
    True
    """
    settings = list(
        product(
            _numbers(features, "features"),
            _numbers(hidden, "hidden"),
            _numbers(samples, "samples"),
        )
    )
    check_executor(executor)
    if not callable(source):
        raise InputError(
            f"source must be a function of (samples, features, seed), not {shown(source)}"
        )
    if isinstance(seeds, int | np.integer):
        seeds = list(range(whole(seeds, "seeds", 0, _MOST_SEEDS)))
    chosen = _numbers(seeds, "seeds", least=0)
    if draws is not None:
        if np.ndim(draws):
            raise InputError(f"draws must be one integer, not {shown(draws)}")
        (draws,) = _numbers(draws, "draws")
    _refuse_too_many(settings, len(chosen), bias is not None, draws)
    report = reporter(progress, "data sets")
    work = [(setting, seed) for setting in settings for seed in chosen]

    def layers() -> Iterator[tuple[OneHiddenLayer, int]]:
        for (d, K, n), seed in work:
            data = source(n, d, seed)
            check_instance(data, "what source gives", "DataSet")
            if data.X.shape != (n, d):
                raise InputError(
                    f"{data.name}: {data.X.shape[0]} samples of {data.X.shape[1]} features, "
                    f"where {n} of {d} were asked for"
                )
            layer = OneHiddenLayer(data.X, data.y, K, bias, output_bias, negative_slope)
            yield layer, seed

    counts: list[_Count] = []
    dimension = [d + (bias is not None) for d, _, _ in settings]
    with _results(partial(_count, draws=draws), layers(), executor) as results:
        for count in results:
            counts.append(count)
            report(len(counts), len(work))
    table = [np.array(column) for column in zip(*counts, strict=True)]
    shape = (len(settings), len(chosen))
    features_, hidden_, samples_ = np.array(settings, dtype=np.int64).T
    return MinimaProbability(
        samples_,
        features_,
        np.array(dimension),
        hidden_,
        np.array(chosen),
        *(column.reshape(shape) for column in table),
    )


@contextmanager
def _results(
    function: Callable[[OneHiddenLayer, int], _Count],
    arguments: Iterator[tuple[OneHiddenLayer, int]],
    executor: Executor | None,
) -> Iterator[Iterator[_Count]]:
    """What a function gives for arguments, in their order."""
    if executor is None:
        yield (function(*each) for each in arguments)
        return
    futures = [executor.submit(function, *each) for each in arguments]
    try:
        yield (future.result() for future in futures)
    finally:
        for future in futures:
            future.cancel()


def _count(layer: OneHiddenLayer, seed: int, draws: int | None) -> _Count:
    """Go through the tuples of cells of one data set, or some of them."""
    started = time.perf_counter()
    K = layer.hidden
    many = cover(layer.n_samples, layer.arrangement.rank) * layer.n_samples > STORED
    if many and K == 1:
        m, found = _streamed(layer)
    elif many and draws is not None:
        m, found = _drawn_from_stream(layer, draws, np.random.default_rng([seed, K]))
    else:
        faces = layer.faces(codimensions=1)
        m, search = len(faces), _search(layer, faces)
        if draws is not None and draws < n_multisets(m, K) and K > 1:
            looked_at, share, doubtful = _drawn(search, draws, np.random.default_rng([seed, K]))
            share *= n_multisets(len(search.positions), K) / n_multisets(m, K)
            found = looked_at, share, doubtful
        else:
            found = _all(search)
    seconds = time.perf_counter() - started
    return _Count(m, float(n_multisets(m, K)), *found, seconds)


def _search(layer: OneHiddenLayer, faces: NeuronFaces) -> Search:
    y, targets = layer.samples.y, layer.exact_targets
    search = Search(faces, y, layer.free, layer.hidden, inf, DIFFERENTIABLE, targets)
    return search.suited()


def _faces(layer: OneHiddenLayer, cells: Cells) -> NeuronFaces:
    """The table of some cells only."""
    return NeuronFaces(layer.samples, cells, layer.bias is not None, layer.negative_slope, 1)


def _all(search: Search) -> tuple[int, float, int]:
    """How many tuples are looked at, the share that holds a minimum, how many are doubtful."""
    tuples, holding, doubtful = n_multisets(len(search.faces), search.hidden), 0, 0
    for minima, open_, _ in active_minima(search, search.hidden):
        # A tuple may hold minima for several choices of output signs.
        holding += len(np.unique(minima.faces, axis=0))
        doubtful += len(open_)
    return tuples, holding / tuples, doubtful


def _streamed(layer: OneHiddenLayer) -> tuple[int, tuple[int, float, int]]:
    """The cells, and as `_all`, for one neuron, a portion of cells at a time."""
    m = doubtful = 0
    holding = 0.0
    for cells in layer.arrangement.iter_cells(PORTION // layer.n_samples + 1):
        _, share, open_ = _all(_search(layer, _faces(layer, cells)))
        m, holding, doubtful = m + len(cells), holding + share * len(cells), doubtful + open_
    return m, (m, round(holding) / m, doubtful)


def _drawn_from_stream(
    layer: OneHiddenLayer, draws: int, rng: np.random.Generator
) -> tuple[int, tuple[int, float, int]]:
    """The cells, and as `_drawn` for all tuples, keeping only the cells in those drawn.

    The cells are counted first, so that the numbers of those in the tuples can be drawn.
    """
    K, n = layer.hidden, layer.n_samples
    refuse(draws * n * BYTES_PER_SIGN, f"the cells of {draws:,} tuples", "draw fewer")
    size = PORTION // n + 1
    m = idle = 0
    for portion in layer.arrangement.iter_cells(size):
        m += len(portion)
        if not layer.negative_slope:
            idle += int(np.sum(~portion.packed.any(axis=1)))
    if draws >= n_multisets(m, K):
        return m, _all(_search(layer, layer.faces(codimensions=1)))
    groups = _Groups.drawn(m - idle, K, draws, rng)
    wanted = groups.members()
    found: list[Words] = []
    start = 0
    for portion in layer.arrangement.iter_cells(size):
        words = portion.packed
        if idle:
            words = words[words.any(axis=1)]
        low, high = np.searchsorted(wanted, [start, start + len(words)])
        found.append(words[wanted[low:high] - start])
        start += len(words)
    cells = Cells(layer.arrangement, np.concatenate(found), complete=False)
    search = _search(layer, _faces(layer, cells))
    looked_at, share, doubtful = _share(search, groups.among(wanted))
    share *= n_multisets(m - idle, K) / n_multisets(m, K)
    return m, (looked_at, share, doubtful)


class _Groups(NamedTuple):
    """Tuples of cells that are drawn together.

    Tuples are drawn uniformly, and for each, in place of its last cell, several that may stand
    there: one fit of the first cells is then enough for all. The mean of the shares of these
    groups is unbiased, as a group is drawn with a probability proportional to its size.
    """

    often: dict[tuple[int, ...], int]  # of the first cells, how often they were drawn
    last: list[NDArray[np.int64]]

    @classmethod
    def drawn(cls, n: int, K: int, draws: int, rng: np.random.Generator) -> _Groups:
        """Groups of about `draws` tuples of K of n cells."""
        prefixes: Counter[tuple[int, ...]] = Counter()
        for _ in range(max(1, draws // GROUP)):
            # Multisets of K numbers below n are K-subsets of n + K − 1 numbers, less 0, 1, ….
            chosen = np.sort(rng.choice(n + K - 1, K, replace=False)) - np.arange(K)
            prefixes[tuple(chosen[:-1].tolist())] += 1
        last = []
        for prefix, often in prefixes.items():
            low = prefix[-1]
            size = min(often * GROUP, n - low)
            last.append(low + np.sort(rng.choice(n - low, size, replace=False)))
        return cls(dict(prefixes), last)

    def members(self) -> NDArray[np.int64]:
        """The cells in the tuples, in order."""
        first = np.array(list(self.often), dtype=np.int64).ravel()
        return np.unique(np.concatenate([first, *self.last]))

    def among(self, cells: NDArray[np.int64]) -> _Groups:
        """The same tuples by the numbers of their cells among some."""
        often = {
            tuple(np.searchsorted(cells, prefix).tolist()): times
            for prefix, times in self.often.items()
        }
        return _Groups(often, [np.searchsorted(cells, last) for last in self.last])


def _drawn(search: Search, draws: int, rng: np.random.Generator) -> tuple[int, float, int]:
    """Estimate the share of tuples of active cells that hold a minimum; see `_Groups`."""
    return _share(search, _Groups.drawn(len(search.positions), search.hidden, draws, rng))


def _share(search: Search, groups: _Groups) -> tuple[int, float, int]:
    """The tuples in the groups, the mean share of them with a minimum, the doubtful ones."""
    K = search.hidden
    decider = search.decider()
    screen = search.screen(decider)
    left = [np.zeros((0, K), dtype=np.int64)]
    size: dict[tuple[int, ...], int] = {}
    for prefix, last in zip(groups.often, groups.last, strict=True):
        size[prefix] = len(last)
        survivors = screen.survivors(prefix, last)
        left.append(np.column_stack([np.tile(prefix, (len(survivors), 1)), survivors]))
    minima, open_ = decider.minima(search.positions[np.concatenate(left)])
    found = np.searchsorted(search.positions, np.unique(minima.faces, axis=0)[:, :-1])
    share = sum(groups.often[p] / size[p] for p in map(tuple, found.tolist()))
    return sum(size.values()), share / sum(groups.often.values()), len(open_)


def _refuse_too_many(
    settings: list[tuple[int, int, int]], seeds: int, bias: bool, draws: int | None
) -> None:
    """Refuse a sweep that would take hours, by the cells of samples in general position."""
    cells = [cover(n, min(n, d + bias)) for d, _, n in settings]
    counts = [n_multisets(m, K) for m, (_, K, _) in zip(cells, settings, strict=True)]
    if max(cells) > MOST_CELLS:
        d, _, n = settings[max(range(len(cells)), key=cells.__getitem__)]
        if draws is not None and max(counts) < LARGEST:
            raise SizeError(
                f"{n} samples of {d} features{' and a bias' * bias} have about "
                f"{rounded(max(cells))} cells, and to draw tuples of them all cells are gone "
                f"through once, at most {MOST_CELLS:,}: take fewer samples or features"
            )
    if draws is not None and max(counts) < LARGEST:
        counts = [min(count, draws) for count in counts]
    total = seeds * sum(counts)
    if total <= MAX_TUPLES:
        return
    most = max(range(len(counts)), key=counts.__getitem__)
    d, K, n = settings[most]
    raise SizeError(
        f"{seeds} seeds of {len(settings)} settings have about {rounded(total)} tuples of "
        f"cells, the most of them ({n} samples, {d} features{' and a bias' * bias}, "
        f"{K} neurons) {rounded(counts[most])} each: {duration(total)} on one core, "
        f"more than the limit of {MAX_TUPLES:.0g}; take fewer samples, features, neurons or "
        "seeds, or draw some of the tuples (draws, say 100000)"
    )


def _numbers(values: int | Sequence[int], name: str, least: int = 1) -> list[int]:
    """Different integers, at least `least`, in their order."""
    try:
        chosen = [operator.index(v) for v in np.atleast_1d(np.asarray(values, dtype=object))]
    except TypeError:
        raise InputError(f"{name}={shown(values)}: an integer, or several") from None
    if not chosen:
        raise InputError(f"{name}={shown(values)}: at least one is needed")
    seen: set[int] = set()
    for number in chosen:
        if number < least:
            raise InputError(f"{name}: {number} is too small, the least is {least}")
        if number in seen:
            raise InputError(f"{name}: {number} is given twice")
        seen.add(number)
    return chosen
