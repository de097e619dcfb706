"""How likely a cell holds a differentiable minimum, over data sets of several sizes.

    python benchmarks/minima_probability.py [--seeds 20] [--large] [--jobs 1] [--plot DIR]
    python benchmarks/minima_probability.py --data NAME|FILE --samples N ... --features D ...

The share of cells, or of tuples of cells with several neurons, that hold a non-dead
differentiable minimum: mean and standard error over the seeds, d counting the bias. That is
`landscape(kinds=("isolated", "continuum")).attained.mean()` of one data set, but without its
pieces; seconds are the median for one data set on one core.

Without --data these are Gaussian samples with labels ±1, and MNIST's zeros and ones (-1 and +1,
equally many), reduced by principal components (PCA) or random directions (LSH) and normalised.
With it, all combinations of --samples, --features and --hidden are gone through, on data sets
drawn anew for every seed; "gaussian" are standard normal samples. "drawn" tells how many tuples
of a data set were looked at where they are too many.
"""

import argparse
import contextlib
import csv
import functools
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product, repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement.bounds import cover
from arrangement.cli.results_written import check_outputs
from arrangement.data import DataSet, gaussian, load, mnist, prepare
from arrangement.enumeration.tasks import start_worker
from arrangement.errors import ArrangementError, InputError, SizeError
from arrangement.files.output import atomic_output
from arrangement.memory import refuse
from arrangement.plot.canvas import Target, canvas, figure_of
from arrangement.plot.marks import entitle
from arrangement.progress import Progress, reporter
from arrangement.relu import OneHiddenLayer
from arrangement.relu.minima.search import (
    BYTES_PER_SIGN,
    MAX_TUPLES,
    SECONDS_PER_TUPLE,
    Search,
    active_minima,
    duration,
    rounded,
)
from arrangement.relu.multisets import n_multisets
from arrangement.results.cells import Cells

Source = Callable[[int, int, int], DataSet]
"""Gives the data set of (samples, features, seed)."""

GROUP = 32
"""So many tuples that differ in one cell are drawn together."""

PORTION = 1 << 22
"""Signs of cells on samples in a portion of cells."""

MOST_CELLS = 10**9
"""Cells of a data set that are gone through to draw tuples of them: minutes."""

LARGEST = 10**300
"""More tuples of cells than float64 can count are refused, even if few are drawn."""

DIFFERENTIABLE = ("isolated", "continuum")


# --- one data set ---


class Share(NamedTuple):
    """What one data set has."""

    cells: int
    tuples: float
    looked_at: int
    share: float
    doubtful: int  # they count as holding none
    seconds: float


def share_of(layer: OneHiddenLayer, seed: int, draws: int | None) -> Share:
    """Go through the tuples of cells of one data set, or some of them."""
    started = time.perf_counter()
    K = layer.hidden
    if K == 1:
        m, found = streamed(layer)
    elif draws is not None:
        m, found = drawn(layer, draws, np.random.default_rng([seed, K]))
    else:
        search = search_in(layer, layer.arrangement.cells())
        m, found = len(search.faces), exhausted(search)
    return Share(m, float(n_multisets(m, K)), *found, time.perf_counter() - started)


def search_in(layer: OneHiddenLayer, cells: Cells) -> Search:
    """The search in some cells only."""
    faces = layer.faces_of(cells)
    return layer.search(faces, kinds=DIFFERENTIABLE).suited()


def exhausted(search: Search) -> tuple[int, float, int]:
    """How many tuples are looked at, the share that holds a minimum, how many are doubtful."""
    tuples, holding, doubtful = n_multisets(len(search.faces), search.hidden), 0, 0
    for minima, open_, _ in active_minima(search, search.hidden):
        # A tuple may hold minima for several choices of output signs.
        holding += len(np.unique(minima.faces, axis=0))
        doubtful += len(open_)
    return tuples, holding / tuples, doubtful


def streamed(layer: OneHiddenLayer) -> tuple[int, tuple[int, float, int]]:
    """The cells, and as `exhausted`, for one neuron, a portion of cells at a time."""
    m = doubtful = 0
    holding = 0.0
    for cells in layer.arrangement.iter_cells(PORTION // layer.n_samples + 1):
        _, share, open_ = exhausted(search_in(layer, cells))
        m, holding, doubtful = m + len(cells), holding + share * len(cells), doubtful + open_
    return m, (m, round(holding) / m, doubtful)


def drawn(
    layer: OneHiddenLayer, draws: int, rng: np.random.Generator
) -> tuple[int, tuple[int, float, int]]:
    """The cells, and as `drawn_share` for all tuples, keeping only the cells in those drawn.

    The cells are counted first, so that the numbers of those in the tuples can be drawn.
    """
    K, n = layer.hidden, layer.n_samples
    size = PORTION // n + 1
    m = idle = 0
    for portion in layer.arrangement.iter_cells(size):
        m += len(portion)
        if not layer.negative_slope:
            idle += int(np.sum(~portion.packed.any(axis=1)))
    if draws >= n_multisets(m, K):
        return m, exhausted(search_in(layer, layer.arrangement.cells()))
    refuse(draws * n * BYTES_PER_SIGN, f"the cells of {draws:,} tuples", "draw fewer")
    groups = Groups.drawn(m - idle, K, draws, rng)
    wanted = groups.members()
    found = []
    start = 0
    for portion in layer.arrangement.iter_cells(size):
        words = portion.packed
        if idle:
            words = words[words.any(axis=1)]
        low, high = np.searchsorted(wanted, [start, start + len(words)])
        found.append(words[wanted[low:high] - start])
        start += len(words)
    cells = Cells(layer.arrangement, np.concatenate(found), complete=False)
    looked_at, share, doubtful = drawn_share(search_in(layer, cells), groups.among(wanted))
    share *= n_multisets(m - idle, K) / n_multisets(m, K)
    return m, (looked_at, share, doubtful)


class Groups(NamedTuple):
    """Tuples of cells that are drawn together.

    Tuples are drawn uniformly, and for each, in place of its last cell, several that may stand
    there: one fit of the first cells is then enough for all. The mean of the shares of these
    groups is unbiased, as a group is drawn with a probability proportional to its size.
    """

    often: dict[tuple[int, ...], int]  # of the first cells, how often they were drawn
    last: list[NDArray[np.int64]]

    @classmethod
    def drawn(cls, n: int, K: int, draws: int, rng: np.random.Generator) -> "Groups":
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

    def among(self, cells: NDArray[np.int64]) -> "Groups":
        """The same tuples by the numbers of their cells among some."""
        often = {
            tuple(np.searchsorted(cells, prefix).tolist()): times
            for prefix, times in self.often.items()
        }
        return Groups(often, [np.searchsorted(cells, last) for last in self.last])


def drawn_share(search: Search, groups: Groups) -> tuple[int, float, int]:
    """The tuples in the groups, the mean share of them with a minimum, the doubtful ones.

    The cells of the groups are among the active ones of the search.
    """
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


# --- many data sets ---


@dataclass(frozen=True, eq=False)
class Table:
    """Shares of tuples of cells that hold a differentiable minimum; one setting a row.

    Columns have shape (m,), or (m, s) with a number for each of the `seeds`.
    """

    features: NDArray[np.int64]
    hidden: NDArray[np.int64]
    samples: NDArray[np.int64]
    dimension: NDArray[np.int64]
    seeds: NDArray[np.int64]
    cells: NDArray[np.int64]
    tuples: NDArray[np.float64]
    looked_at: NDArray[np.int64]
    shares: NDArray[np.float64]
    doubtful: NDArray[np.int64]
    seconds: NDArray[np.float64]

    @property
    def share(self) -> NDArray[np.float64]:
        """The mean share over the seeds."""
        return self.shares.mean(axis=1)

    @property
    def standard_error(self) -> NDArray[np.float64]:
        """Of the mean, from how the seeds differ; NaN with one seed."""
        n = len(self.seeds)
        if n == 1:
            return np.full(len(self.shares), np.nan)
        return self.shares.std(axis=1, ddof=1) / n**0.5

    def rows(self) -> list[dict[str, Any]]:
        """Each row's means over the seeds, for `seconds` the median, in Python's numbers.

        Of `looked_at` and `doubtful` the sums.
        """
        columns = {
            "samples": self.samples,
            "features": self.features,
            "dimension": self.dimension,
            "hidden": self.hidden,
            "seeds": np.full(len(self.shares), len(self.seeds)),
            "cells": self.cells.mean(axis=1),
            "tuples": self.tuples.mean(axis=1),
            "looked_at": self.looked_at.sum(axis=1),
            "share": self.share,
            "standard_error": self.standard_error,
            "doubtful": self.doubtful.sum(axis=1),
            "seconds": np.median(self.seconds, axis=1),
        }
        lists = [column.tolist() for column in columns.values()]
        return [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]

    def write_csv(self, path: str) -> None:
        """Write the rows as text separated by commas, with a line of names."""
        rows = self.rows()
        with atomic_output(path, "w") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def markdown(self) -> str:
        """A table for reading, in Markdown; shares in percent."""
        some = bool(np.any(self.looked_at < self.tuples))
        head = ["N", "d", "K", "cells", "tuples", *(["drawn"] if some else [])]
        lines = [[*head, "share", "seconds"]]
        for row in self.rows():
            numbers = [row["samples"], row["dimension"], row["hidden"]]
            numbers += [row["cells"], row["tuples"]]
            if some:
                numbers.append(row["looked_at"] / row["seeds"])
            share = percent(row["share"], row["standard_error"])
            line = [rounded(round(number)) for number in numbers]
            lines.append([*line, share, f"{row['seconds']:.2g}"])
        widths = [max(2, *map(len, column)) for column in zip(*lines, strict=True)]
        lines.insert(1, ["-" * (width - 1) + ":" for width in widths])
        return "".join(
            f"| {' | '.join(t.rjust(w) for t, w in zip(line, widths, strict=True))} |\n"
            for line in lines
        )


def percent(share: float, error: float) -> str:
    """A share and its standard error, to two digits of the error."""
    if not error > 0:
        return f"{100 * share:.3g} %"
    digits = max(0, 1 - int(np.floor(np.log10(100 * error))))
    return f"{100 * share:.{digits}f} ± {100 * error:.{digits}f} %"


def minima_probability(
    source: Source = gaussian,
    samples: Sequence[int] = (5, 10, 20),
    features: Sequence[int] = (2,),
    hidden: Sequence[int] = (1,),
    seeds: Sequence[int] = range(20),
    bias: float | None = 1.0,
    output_bias: bool = False,
    negative_slope: float = 0.0,
    draws: int | None = None,
    executor: Executor | None = None,
    progress: Progress = None,
) -> Table:
    """The share of parameter cells that hold a differentiable minimum, as N, d and K grow.

    A parameter cell, a multiset of K cells of one neuron, counts if it holds a piece of kind
    "isolated" or "continuum": all neurons are inside their cells, with z_j ≠ 0 and at least one
    active sample each. The share is of all parameter cells, those with dead neurons included
    (B. Liu, *Understanding the loss landscape of one-hidden-layer ReLU networks*,
    Knowledge-Based Systems 220, 2021).

    With `draws` so many tuples of cells of a data set are looked at at most (but at least a
    group), where K > 1 and there are more: random groups of 32 that differ in one cell. That
    leaves the share unbiased, and the standard error, which is that of the seeds' shares,
    includes what it adds. Where few minima are found, both are rough. All cells of one neuron
    are gone through to draw them, but only those drawn are kept.
    """
    settings = list(product(features, hidden, samples))
    refuse_too_many(settings, len(seeds), bias is not None, draws)

    def layers() -> Iterator[OneHiddenLayer]:
        for (d, K, n), seed in product(settings, seeds):
            data = source(n, d, seed)
            if data.X.shape != (n, d):
                raise InputError(
                    f"{data.name}: {data.X.shape[0]} samples of {data.X.shape[1]} features, "
                    f"where {n} of {d} were asked for"
                )
            yield OneHiddenLayer(data.X, data.y, K, bias, output_bias, negative_slope)

    report = reporter(progress, "data sets")
    shape = len(settings), len(seeds)
    found = (executor.map if executor else map)(
        share_of, layers(), [*seeds] * len(settings), repeat(draws)
    )
    shares = []
    for share in found:
        shares.append(share)
        report(len(shares), shape[0] * shape[1])
    return Table(
        *np.array(settings).T,
        np.array([d + (bias is not None) for d, _, _ in settings]),
        np.array(seeds),
        *(np.array(column).reshape(shape) for column in zip(*shares, strict=True)),
    )


def refuse_too_many(
    settings: list[tuple[int, int, int]], seeds: int, bias: bool, draws: int | None
) -> None:
    """Refuse a sweep that would take hours, by the cells of samples in general position."""
    cells = [cover(n, min(n, d + bias)) for d, _, n in settings]
    counts = [n_multisets(m, K) for m, (_, K, _) in zip(cells, settings, strict=True)]
    if draws is not None and max(counts) < LARGEST:
        if max(cells) > MOST_CELLS:
            d, _, n = settings[cells.index(max(cells))]
            raise SizeError(
                f"{n} samples of {d} features{' and a bias' * bias} have about "
                f"{rounded(max(cells))} cells, and to draw tuples of them all cells are gone "
                f"through once, at most {MOST_CELLS:,}: take fewer samples or features"
            )
        counts = [min(count, draws) for count in counts]
    total = seeds * sum(counts)
    if total <= MAX_TUPLES:
        return
    d, K, n = settings[counts.index(max(counts))]
    time = duration(total, SECONDS_PER_TUPLE)
    raise SizeError(
        f"{seeds} seeds of {len(settings)} settings have about {rounded(total)} tuples of "
        f"cells, the most of them ({n} samples, {d} features{' and a bias' * bias}, "
        f"{K} neurons) {rounded(max(counts))} each: {time} on one core, "
        f"more than the limit of {MAX_TUPLES:.0g}; take fewer samples, features, neurons or "
        "seeds, or draw some of the tuples (draws, say 100000)"
    )


# --- the picture ---

# Okabe and Ito's colours without their yellow, which is too light for a line.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
SHAPES = "osD^vPX"
STYLES = ("-", "--", "-.", ":")


def draw(table: Table, target: Target = None, title: str = "", source: str | None = None):
    """Draw the share of cells that hold a non-dead differentiable minimum against N.

    Both axes are logarithmic. There is a line for each pair of features and neurons: colours
    and marks are for the features, strokes for the neurons. The bars are one standard error
    to either side. A share of zero, for which there is no place, is an open triangle at one
    over the number of tuples that were looked at.
    """
    dimensions = np.unique(table.dimension).tolist()
    neurons = np.unique(table.hidden).tolist()
    lowest = 1 / table.looked_at.sum(axis=1)
    error = np.nan_to_num(table.standard_error)
    with canvas(target, (6.4, 4.6)) as axes:
        from matplotlib.lines import Line2D

        handles = []
        axes.set_xscale("log")
        axes.set_yscale("log", nonpositive="clip")
        for (k, d), (j, K) in product(enumerate(dimensions), enumerate(neurons)):
            rows = np.flatnonzero((table.dimension == d) & (table.hidden == K))
            rows = rows[np.argsort(table.samples[rows])]
            style: dict[str, Any] = {
                "color": COLOURS[k % len(COLOURS)],
                "marker": SHAPES[k % len(SHAPES)],
                "markersize": 5,
                "linestyle": STYLES[j % len(STYLES)],
                "linewidth": 1.5,
            }
            handles.append(Line2D([], [], label=f"d = {d}, K = {K}", **style))
            seen = rows[table.share[rows] > 0]
            axes.errorbar(
                table.samples[seen], table.share[seen], error[seen], capsize=3, **style
            )
            none = rows[table.share[rows] == 0]
            style |= {"marker": "v", "markerfacecolor": "white", "linestyle": "none"}
            axes.plot(table.samples[none], lowest[none], **style)
        shown = np.where(table.share > 0, table.share, lowest)
        axes.set_ylim(shown.min() / 2, min(1.2, 2 * (shown + error).max()))
        plain_ticks(axes, np.unique(table.samples).tolist())
        axes.grid(color="0.9", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_xlabel("samples N")
        what = "cells" if neurons == [1] else "tuples of cells"
        axes.set_ylabel(f"share of {what} with a non-dead\ndifferentiable minimum")
        if title or source is not None:
            entitle(axes, title, source=source)
        if not table.share.all():
            style = {"color": "0.3", "marker": "v", "markerfacecolor": "white"}
            handles.append(Line2D([], [], linestyle="none", label="none found", **style))
        axes.legend(handles=handles, frameon=False, fontsize="small", handlelength=4.5)
        return figure_of(axes)


def plain_ticks(axes: Any, samples: list[int]) -> None:
    """Ticks at the samples' numbers themselves, and shares in percent."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter

    while len(samples) > 10:
        samples = samples[::2]
    axes.xaxis.set_major_locator(FixedLocator(samples))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:,.0f}"))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    low, high = axes.get_ylim()
    steps = (1.0,) if high > 300 * low else (1.0, 2.0, 5.0)
    axes.yaxis.set_major_locator(LogLocator(subs=steps, numticks=20))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.10g} %"))
    axes.yaxis.set_minor_formatter(NullFormatter())


# --- what is run ---


@functools.cache
def digits() -> DataSet:
    return mnist()


def zeros_and_ones(samples: int, features: int, seed: int, reduction: str) -> DataSet:
    return prepare(
        digits(), [0, 1], samples, features, reduction=reduction, labels="sign", seed=seed
    )


SOURCES = {
    "Gaussian": gaussian,
    "MNIST 0 and 1, PCA": functools.partial(zeros_and_ones, reduction="pca"),
    "MNIST 0 and 1, LSH": functools.partial(zeros_and_ones, reduction="lsh"),
}


def known_sources(options: argparse.Namespace, executor: Executor | None) -> None:
    """README's figures, then three sources with one neuron and more."""
    samples = [5, 10, 20, 40] + [80, 160] * options.large
    features = [2, 3] + [4] * options.large
    seeds = range(options.seed, options.seed + options.seeds)
    draws = 20_000 if options.draws is None else options.draws
    print("## K = 1, two inputs, Gaussian: the figures of the theory\n")
    for bias in (None, 1.0):
        table = minima_probability(seeds=seeds, bias=bias)
        print(f"{'no bias' if bias is None else 'bias 1'}\n\n{table.markdown()}")
    for name, source in SOURCES.items():
        started = time.perf_counter()
        parts = {
            "K = 1": (samples, features, [1]),
            "K = 2, 3": (samples[:4], features[:2], [2, 3]),
        }
        for part, sizes in parts.items():
            table = minima_probability(
                source, *sizes, seeds, draws=draws, executor=executor, progress=True
            )
            print(f"## {name}, {part}\n\n{table.markdown()}", flush=True)
            if options.plot is not None:
                kind = f"{name}, {part}".lower().replace(",", "").replace(" = ", "")
                target = os.path.join(options.plot, f"{kind.replace(' ', '_')}.png")
                draw(table, target, f"{name}, {options.seeds} seeds")
        print(f"{name}: {time.perf_counter() - started:.0f} s\n", flush=True)


def sweep(options: argparse.Namespace, executor: Executor | None) -> None:
    """All combinations of the sizes that were asked for, on the data that were asked for."""
    if options.samples is None or options.features is None:
        raise InputError("--data: of how many samples and features? give one or several")
    check_outputs(options, options.data, saved=(".csv",))
    name, source = "gaussian", gaussian
    if options.data != "gaussian":
        data = load(options.data)
        name = os.path.basename(data.name)

        def source(samples: int, features: int, seed: int) -> DataSet:
            return prepare(
                data,
                options.classes,
                samples,
                features,
                options.reduction,
                options.normalise,
                options.labels,
                seed,
            )

    started = time.perf_counter()
    table = minima_probability(
        source,
        options.samples,
        options.features,
        options.hidden,
        range(options.seed, options.seed + options.seeds),
        options.bias,
        options.output_bias,
        options.negative_slope,
        options.draws,
        executor,
        progress=True,
    )
    seconds = round(time.perf_counter() - started, 3)
    if options.out is not None:
        table.write_csv(options.out)
    if options.plot is not None:
        draw(table, options.plot, f"{options.seeds} data sets a point", name)
    if options.json:
        print(json.dumps({"data": name, "rows": table.rows(), "seconds": seconds}))
    else:
        print(table.markdown(), end="")


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is too small, the least is 1")
    return number


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    many: dict[str, Any] = {"type": positive, "nargs": "+"}
    parser.add_argument("--data", metavar="NAME|FILE", help="gaussian, or a data set")
    parser.add_argument("--samples", metavar="N", **many)
    parser.add_argument("--features", metavar="D", **many, help="the bias not counted")
    parser.add_argument("--hidden", metavar="K", **many, default=[1], help="neurons")
    parser.add_argument("--seeds", type=positive, default=20, help="data sets a row")
    parser.add_argument("--seed", type=int, default=0, help="the first of them")
    parser.add_argument("--draws", type=positive, help="tuples of a data set")
    parser.add_argument("--classes", nargs="+", help="keep the samples with these labels")
    parser.add_argument("--reduction", choices=("pca", "lsh"), default="pca")
    parser.add_argument("--no-normalise", dest="normalise", action="store_false")
    parser.add_argument("--labels", choices=("regression", "sign"), default="regression")
    parser.add_argument(
        "--bias", type=lambda text: None if text == "none" else float(text), default=1.0
    )
    parser.add_argument("--output-bias", action="store_true")
    parser.add_argument("--negative-slope", type=float, default=0.0)
    parser.add_argument("--large", action="store_true", help="more samples and features")
    parser.add_argument("--jobs", type=positive, default=1, help="processes")
    parser.add_argument("--out", metavar="FILE.csv", help="of --data")
    parser.add_argument("--plot", metavar="DIR|FILE", help="a picture a source, or of --data")
    parser.add_argument("--json", action="store_true", help="of --data")
    options = parser.parse_args(arguments)
    context: Any = contextlib.nullcontext()
    if options.jobs > 1:
        context = ProcessPoolExecutor(options.jobs, initializer=start_worker)
    try:
        with context as executor:
            (known_sources if options.data is None else sweep)(options, executor)
    except ArrangementError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
