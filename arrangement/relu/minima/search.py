"""All local minima of a problem: tuples of active faces, then neurons that add nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import SizeError
from arrangement.exact.numbers import shown
from arrangement.memory import refuse
from arrangement.relu.losses.losses import SQUARED, Loss
from arrangement.relu.minima.huber import HuberDecider
from arrangement.relu.minima.minima_table import Minima
from arrangement.relu.minima.neuron_faces import NeuronFaces
from arrangement.relu.minima.pruning import Pruning
from arrangement.relu.minima.rank_one import RankOneDecider
from arrangement.relu.minima.rational import RationalDecider
from arrangement.relu.minima.settling import SettlingDecider
from arrangement.relu.minima.smooth import SmoothDecider
from arrangement.relu.minima.stationary import Decider
from arrangement.relu.minima.ties import within
from arrangement.relu.minima.tuples import Screen
from arrangement.relu.multisets import n_multisets
from arrangement.relu.weight_space import Floats, Indices

__all__ = [
    "BYTES_PER_SIGN", "MAX_PIECES", "MAX_TUPLES", "SECONDS_PER_TUPLE", "VERY_FEW", "Search",
    "active_minima", "duration", "enumerate_minima", "refuse_large_table", "refuse_long",
    "refuse_too_many", "rounded", "squares_below",
]  # fmt: skip

MAX_TUPLES = 5_000_000_000
"""More tuples of faces than this are refused: hours of work."""

MAX_SIGNS = 2_000_000_000_000
"""More signs of the faces of one neuron on samples than this are refused: hours of work."""

SECONDS_PER_SIGN = 8e-9
"""Measured by benchmarks/portions.py, rounded up."""

BYTES_PER_SIGN = 7
"""Of faces in a table, at 100 samples with 3 features and a bias."""

MAX_PIECES = 20_000_000

FEW, VERY_FEW = 200_000, 2_000
"""So many tuples are decided in rational arithmetic within half a minute, those that the screen
leaves and all of them."""

SECONDS_PER_TUPLE = 2.5e-6
"""Measured by benchmarks/landscape_tuples.py, rounded up."""

TASK = 1_000_000


@dataclass(frozen=True, eq=False)
class Search:
    """What is to be enumerated.

    Attributes
    ----------
    faces : NeuronFaces
    y : ndarray, shape (N,), or (N·m,) with m outputs
    free : ndarray, shape (N, e)
        Columns with free coefficients.
    hidden : int
    max_loss : float
        Infinite for no limit.
    kinds : frozenset of str
    targets : ndarray, shape (N,)
        The targets exactly as given.
    exact : bool
        Decide in rational arithmetic alone; else only what float64 leaves open.
    loss : Loss
        For another than squares nothing is screened: each tuple is decided.
    """

    faces: NeuronFaces
    y: Floats
    free: Floats
    hidden: int
    max_loss: float
    kinds: frozenset[str]
    targets: NDArray[Any]
    exact: bool = False
    loss: Loss = SQUARED

    @property
    def several(self) -> bool:
        """Are there several outputs?"""
        return len(self.y) > len(self.faces.given.X)

    @property
    def screened(self) -> bool:
        """Does the screen for squares of one output apply?"""
        return self.loss.name == "squared" and not self.several

    @property
    def room(self) -> float:
        """The largest squared residual to look at."""
        return squares_below(self.max_loss, self.y)

    @cached_property
    def positions(self) -> Indices:
        """The active faces, cells first, that can be part of what is asked for."""
        active = self.faces.active
        if "boundary" in self.kinds:
            return active
        return active[self.faces.codimension[active] == 0]

    @cached_property
    def pruning(self) -> Pruning | None:
        """What leaves out tuples by the losses of coarser ones, if there is a largest loss."""
        bounded = np.isfinite(self.max_loss) and self.screened and self.hidden > 1
        if not bounded or not len(self.positions) or self.exhaustive:
            return None
        return Pruning(self.faces, self.y, self.free, self.room, self.positions, self.exact)

    @cached_property
    def rational(self) -> RationalDecider:
        """Decides exactly."""
        given = self.faces, self.targets, self.y, self.free
        if self.several:
            return RankOneDecider(*given, self.exact or self.faces.rough)
        if self.loss.name == "squared":
            return RationalDecider(*given)
        kind = HuberDecider if self.loss.name == "huber" else SmoothDecider
        return kind(*given, self.exact or self.faces.rough, self.loss)

    def screen(self, decider: Decider) -> Screen:
        """The screen of its tuples."""
        positions = self.positions if self.pruning is None else self.pruning.positions
        return Screen(decider, positions, self.room, self.exhaustive or not self.screened)

    def decider(self) -> Decider:
        """Decides what the screen leaves."""
        if self.exact or not self.screened:
            return self.rational
        return SettlingDecider(self.rational)

    @cached_property
    def n_tuples(self) -> int:
        """How many tuples of faces there are, of all numbers of active neurons."""
        return sum(n_multisets(len(self.positions), k) for k in range(self.hidden + 1))

    @cached_property
    def exhaustive(self) -> bool:
        """Is every tuple decided in rational arithmetic, whatever float64 says of it?"""
        return self.exact and self.n_tuples <= VERY_FEW and self.faces.rough

    def suited(self) -> Search:
        """This search, in rational arithmetic where float64 may not do and tuples are few.

        Raises
        ------
        SolverError
            If float64 cannot do and there are too many.
        """
        if self.exact:
            return self
        if self.n_tuples <= FEW and self.faces.rough:
            return replace(self, exact=True)
        self.faces.given.refuse_beyond()
        return self


def squares_below(max_loss: float, y: Floats) -> float:
    """A hair above the squared residual of the largest loss that is asked for."""
    return max_loss * len(y) * (1 + 1e-9) + 1e-12 * float(y @ y)


def refuse_too_many(n_faces: int, hidden: int, n: int, d: int) -> None:
    """Raise a SizeError if multisets of `hidden` faces are too many to go through."""
    count = n_multisets(n_faces, hidden)
    if count <= MAX_TUPLES:
        return
    time = duration(count, SECONDS_PER_TUPLE)
    raise SizeError(
        f"{n} samples in dimension {d} have about {rounded(n_faces)} faces for one neuron, "
        f"and so {rounded(count)} multisets of {shown(hidden)}: {time} on one core, "
        f"more than the limit of {MAX_TUPLES:.0g} multisets; take fewer samples, fewer "
        "features (or no bias) or fewer hidden neurons, or ask for fewer kinds (without "
        "'boundary' only cells are gone through)"
    )


def refuse_long(n_faces: int, n: int, d: int) -> None:
    """Raise a SizeError if the faces of one neuron are too many to go through."""
    if n_faces * n > MAX_SIGNS:
        raise SizeError(
            f"{n} samples in dimension {d} have about {rounded(n_faces)} faces for one neuron: "
            f"{duration(n_faces * n, SECONDS_PER_SIGN)}, more than the limit of "
            f"{MAX_SIGNS:.0g} signs on samples; take fewer samples, fewer features (or no "
            "bias), or ask for fewer kinds (without 'boundary' only cells are gone through)"
        )


def refuse_large_table(n_faces: int, n: int, d: int) -> None:
    """Raise a SizeError if the faces of one neuron, with their signs, are too many to hold."""
    refuse(
        n_faces * n * BYTES_PER_SIGN,
        f"the about {rounded(n_faces)} faces of {n} samples in dimension {d}",
        "take fewer samples, fewer features (or no bias), or ask for fewer kinds",
    )


def rounded(number: int) -> str:
    """The number for reading; it may be beyond what float64 holds."""
    if number < 10**15:
        return f"{number:,}"
    return f"10^{round(math.log10(number))}"


def duration(count: int, each: float) -> str:
    """How long it takes to go through so many, of so many seconds each, for reading."""
    if count > 3e16 / each:
        return "more than a billion years"
    seconds = count * each
    for size, name in ((31_557_600, "years"), (86_400, "days"), (3_600, "hours")):
        if seconds > 2 * size:
            return f"about {seconds / size:,.0f} {name}"
    return f"about {seconds / 60:,.0f} minutes"


def enumerate_minima(
    search: Search, executor: Executor | None, report: Callable[[int, int], None]
) -> tuple[Minima, list[Indices]]:
    """All local minima, in no particular order, and the tuples of faces that are doubtful.

    Every minimum has some number k ≤ K of neurons on active faces with z ≠ 0, which are a
    stationary tuple by themselves, and K − k that add nothing to the outputs: on idle faces,
    or with z = 0. Whether these are in place depends on the residuals alone.
    """
    K, faces = search.hidden, search.faces
    n, D = len(search.y), faces.rank
    decider = search.decider()
    totals = [n_multisets(len(search.positions), k) for k in range(K + 1)]
    done, total = 0, sum(totals)
    found: list[Minima] = [Minima.empty(K, n, D)]
    doubtful: list[Indices] = []
    codimension = faces.codimension
    allowed = (
        (codimension == 0) if "boundary" not in search.kinds else np.ones(len(faces), bool)
    )
    allowed = allowed | (codimension == faces.rank) & ("zero" in search.kinds)
    idle = np.flatnonzero(faces.idle & allowed)
    silent = np.flatnonzero(~faces.idle & (codimension == 0))
    if "zero" not in search.kinds and "boundary" not in search.kinds:
        silent = silent[:0]
    pieces = 0
    for k in range(K + 1):
        for minima, open_, count in active_minima(search, k, executor):
            minima = within(minima, search.max_loss, search.rational)
            done += count
            report(min(done, total), total)
            if len(open_):
                doubtful.append(open_)
            parts = [minima] if k == K else decider.completed(minima, K - k, idle, silent)
            for part in parts:
                pieces += len(part)
                if pieces > MAX_PIECES:
                    raise SizeError(
                        f"more than {MAX_PIECES:,} sets of local minima; give max_loss, or "
                        "fewer kinds, samples or neurons"
                    )
                found.append(part)
    report(total, total)
    return Minima.concatenated(found), doubtful


def active_minima(
    search: Search, k: int, executor: Executor | None = None
) -> Iterator[tuple[Minima, Indices, int]]:
    """The minima of k neurons on active faces with z ≠ 0, in portions.

    Yields
    ------
    (Minima, ndarray of int, int)
        The minima, the doubtful tuples, and how many tuples the portion was drawn from.
    """
    if k == 0:
        yield search.rational.without_neurons(), np.zeros((0, 0), np.int64), 1
        return
    if not len(search.positions):
        return
    if k == 1:
        yield from _work(search, k, None)
        return
    items = len(search.positions)
    pruning = search.pruning
    if pruning is not None:
        items = len(pruning.levels[0].maps)
    share = n_multisets(len(search.positions), k) / n_multisets(items, k)
    tasks: list[range] = []
    start, size = 0, 0.0
    for first in range(items):
        size += share * n_multisets(items - first, k - 1)
        if size >= TASK or first == items - 1:
            tasks.append(range(start, first + 1))
            start, size = first + 1, 0.0
    # The same tasks one after the other, so that each has the same time for exact decisions.
    if executor is None:
        screen = search.screen(search.decider())
        for task in tasks:
            yield from _work(search, k, task, screen)
        return
    futures = [executor.submit(_work_all, search, k, task) for task in tasks]
    try:
        for future in futures:
            yield from future.result()
    finally:
        for future in futures:
            future.cancel()


def _work_all(search: Search, k: int, first: range) -> list[tuple[Minima, Indices, int]]:
    return list(_work(search, k, first))


def _work(
    search: Search, k: int, first: range | None, screen: Screen | None = None
) -> Iterator[tuple[Minima, Indices, int]]:
    """The minima of k active neurons, a portion of tuples at a time."""
    decider = search.decider()
    screen = search.screen(decider) if screen is None else screen
    waiting: list[Indices] = []
    count = held = 0
    pruning = search.pruning
    if pruning is None or k == 1:
        portions: Iterator[tuple[Indices, int]] = screen.tuples(k, first)
        share = 1.0
    else:
        portions = screen.pruned_tuples(pruning, k, first)
        tops = n_multisets(len(pruning.levels[0].maps), k - 1)
        share = n_multisets(len(search.positions), k) / tops
    for tuples, n in portions:
        waiting.append(tuples)
        held += len(tuples)
        count += int(n * share)
        if held >= 1 << 14 or count >= TASK:
            yield *decider.minima(np.concatenate(waiting)), count
            waiting, count, held = [], 0, 0
    if waiting:
        yield *decider.minima(np.concatenate(waiting)), count
