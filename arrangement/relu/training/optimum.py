"""Global training: the least loss of a network with one hidden layer, with a proof."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import comb, gcd, isqrt
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from flint import fmpz
from numpy.typing import NDArray

from arrangement import exact, kernels
from arrangement.checks import choice, generator
from arrangement.errors import InputError, SizeError
from arrangement.exact.packing import Words
from arrangement.kernels.landscape.cone_fit import cone_fit, workspace
from arrangement.memory import memory
from arrangement.progress import Progress, reporter
from arrangement.relu.predictor import Predictor
from arrangement.relu.training.exact_bound import ExactFit, Solution, common_denominator
from arrangement.relu.weight_space import Floats, Mask, Samples, Signs, lengths

if TYPE_CHECKING:
    from arrangement.results.cells import Cells

__all__ = ["Certificate", "GlobalOptimum", "global_optimum", "seconds"]

PORTION = 1 << 16
"""Tuples in one call of the compiled screen."""

QUICK = 1 << 22
"""60 steps of the local search take a fraction of a second for samples times weights² below."""

FEW_NEURONS, SHORT = 4, 1 << 24
"""The local search is short for so few neurons and so small a sum of N n² over its starts."""

SECONDS_PER_ENTRY = 5e-9
"""An exact step takes this times the fourth power of the size of its linear system."""

STARTS = 192
"""Starts of the local search, times one more than the neurons."""

MOST_PATTERNS = 4_000_000
"""Cells that are enumerated."""

MOST_RESIDUES = 1 << 25
"""Bits in the samples modulo all primes."""

LARGEST_TABLE = 1 << 28
"""Signs of cells on samples that are unpacked without being asked for."""

MOST_NEURONS = 16
"""Each step of branch and bound has 2^K children."""

FIRST_ROOM = 1 << 14
"""Rows of the first table of nodes; it doubles when it is full."""

OPEN_NODES = 4_000_000
"""Open nodes kept in a heap; beyond them the search goes depth first."""


@dataclass(frozen=True, eq=False)
class Certificate:
    """What the lower bound of a :class:`GlobalOptimum` rests on.

    Attributes
    ----------
    method : str
        ``"screen"``: every tuple of cells has a bound; ``"branch"``: branch and bound over
        samples.
    n_cells : int
        Cells of the samples' arrangement: exact, so no pattern is missing. 0 where there was
        no time for them: then no pattern was left out.
    n_tuples : int
        Multisets of K cells, each with every choice of output signs.
    n_bounds : int
        Tuples whose quadratic program was solved, or nodes that were expanded.
    n_open : int
        Tuples or nodes that were not settled in time.
    tolerance : float
        What was left aside: branches whose bound reaches the loss less this.
    signs : ndarray of int8, shape (K, N)
        The pattern of the returned network: signs of w_j·x_i, in exact arithmetic.
    """

    method: str
    n_cells: int
    n_tuples: int
    n_bounds: int
    n_open: int
    tolerance: float
    signs: Signs


@dataclass(frozen=True, eq=False)
class GlobalOptimum(Predictor):
    """A network of least loss, and a lower bound that proves it.

    Attributes
    ----------
    fun : float
        The mean squared error of the network, from exact arithmetic on its weights, rounded up.
    lower_bound : float
        No network of so many neurons has a smaller loss, however large its weights are.
    weights : ndarray, shape (K, d)
        The weights w_j, the bias last where there is one.
    output_weights : ndarray, shape (K,)
        The output weights z_j.
    status : str
        ``"optimal"`` if `lower_bound` is within the tolerance of `fun`; ``"time_limit"`` if
        the search was stopped; ``"imprecise"`` if it ended and rounding left a wider gap.
    certificate : Certificate
    output_bias : float
        The constant added to the outputs; 0 where the network has none.
    bias : float or None
        The value of the constant coordinate.
    negative_slope : float
        Of the activation max(0, t) + negative_slope·min(0, t).
    """

    fun: float
    lower_bound: float
    weights: Floats
    output_weights: Floats
    status: Literal["optimal", "time_limit", "imprecise"]
    certificate: Certificate
    output_bias: float
    bias: float | None
    negative_slope: float

    @property
    def gap(self) -> float:
        """The loss less its lower bound."""
        return self.fun - self.lower_bound

    def __repr__(self) -> str:
        return (
            f"GlobalOptimum: loss {self.fun:.9g}, at least {self.lower_bound:.9g} "
            f"({self.status}, {len(self.weights)} neurons)"
        )


def global_optimum(
    samples: Samples,
    cells: Callable[[], Cells],
    hidden: int,
    *,
    bias: float | None = None,
    output_bias: bool = False,
    negative_slope: float = 0.0,
    time_limit: float | None = None,
    tolerance: float = 1e-8,
    method: Literal["auto", "screen", "branch"] = "auto",
    random_state: int = 0,
    progress: Progress = None,
) -> GlobalOptimum:
    """The network of least loss; see :meth:`OneHiddenLayer.fit_global`."""
    search = _Search(samples, hidden, output_bias, negative_slope, time_limit, tolerance)
    choice(method, ("auto", "screen", "branch"), "method")
    if search.norm == 0.0:
        return search.result(bias, "screen", 0, 0, 0, 0)
    if time_limit is None:
        _refuse_large(samples.arrangement.n_hyperplanes, samples.arrangement.rank)
    with search.clock():
        search.descend(random_state)
        found = search.cells(cells)
        m = 0 if found is None else len(found)
        small = 0 < m * len(samples.y) <= LARGEST_TABLE
        if method == "auto":
            method = "screen" if hidden == 1 and small else "branch"
        if method == "screen" and found is not None:
            settled, still_open = search.screen(found, progress)
        else:
            method = "branch"
            settled, still_open = search.branch(found, progress)
        search.polish()
    n_tuples = comb(m + hidden - 1, hidden) if m else 0
    return search.result(bias, method, m, n_tuples, settled, still_open)


class _LateError(Exception):
    """There is no time left for the cells."""


def seconds(time_limit: Any) -> float:
    """The seconds of a time limit; infinity for None."""
    if time_limit is None:
        return np.inf
    if not _number(time_limit) >= 0:
        raise InputError(f"time_limit={time_limit!r} must be a number of seconds, or None")
    return float(time_limit)


def _number(value: Any) -> float:
    """The value as a float; NaN if it is none."""
    if isinstance(value, str | bytes):
        return np.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan


class _Search:
    """The state of one search: data in white coordinates, the best network, the bound.

    The samples are X = Q B, the columns of Q (N, r) nearly orthonormal, and y has length one:
    R = s_j B u_j has for its length that of the neuron's pre-activations on the samples.
    """

    def __init__(
        self,
        samples: Samples,
        hidden: int,
        output_bias: bool,
        slope: float,
        time_limit: float | None,
        tolerance: float,
    ) -> None:
        if not 0 < _number(tolerance) < 1:
            raise InputError(f"tolerance={tolerance!r} must lie between 0 and 1")
        if hidden > MOST_NEURONS:
            raise SizeError(
                f"{hidden} hidden neurons: each step of branch and bound looks at 2^{hidden} "
                f"choices; at most {MOST_NEURONS} neurons (the convex program is for networks "
                "of any width)"
            )
        self.started = time.monotonic()
        self.stop = np.zeros(1, dtype=np.bool_)
        self.time_limit = seconds(time_limit)
        self.samples, self.hidden, self.slope = samples, hidden, float(slope)
        self.tolerance = tolerance
        N = len(samples.y)
        largest = float(np.abs(samples.y).max())
        self.norm = largest * float(np.linalg.norm(samples.y / largest)) if largest else 0.0
        self.y = samples.y / (self.norm or 1.0)
        _, S, Vt = np.linalg.svd(samples.X, full_matrices=False)
        r = samples.arrangement.rank
        white = Vt[:r].T / np.maximum(S[:r], 1e-16 * S[0])
        self.Q = np.ascontiguousarray(samples.X @ white)
        self.weights_of = samples.weights(white.T).T
        length = lengths(self.Q)
        self.unit = np.ascontiguousarray(self.Q / length[:, None])
        u = np.finfo(np.float64).eps / 2
        # X differs from the true samples by two roundings an entry, and Q from X B⁻¹, with
        # B⁻¹ as computed, by those of a sum of d products.
        off = (samples.X.shape[1] + 3) * u * float(np.linalg.norm(white))
        rows = lengths(samples.X)
        self.limits = np.array(
            [(N + 4) * u + 2 * off * np.linalg.norm(rows), 4 * u + off * (rows / length).max()]
        )
        self.exact = _residues(samples, hidden, self.slope, output_bias)
        self.constant = N**-0.5 if output_bias else 0.0
        n = hidden * r + output_bias
        self.best = np.concatenate([[1.0], np.ones(hidden)])
        self.point = np.zeros(n)
        self.lower = 0.0
        # A short local search is done whatever the time, so that all runs are alike.
        self.short = hidden <= FEW_NEURONS and STARTS * (hidden + 1) * N * n * n < SHORT
        # The best network of exact arithmetic, at first one that is zero.
        weights = np.zeros((hidden, samples.X.shape[1]))
        self.fitted = self.loss(weights, np.ones(hidden), 0.0), weights, np.ones(hidden), 0.0

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.started + self.time_limit - time.monotonic()

    @property
    def late(self) -> bool:
        return self.left <= 0

    @contextmanager
    def clock(self) -> Iterator[None]:
        """Compiled loops end when the time is up: they look at `stop`."""
        if np.isinf(self.time_limit):
            yield
            return
        timer = threading.Timer(min(max(self.left, 0.0), threading.TIMEOUT_MAX), self.halt)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def halt(self) -> None:
        """Make compiled loops end."""
        self.stop[0] = True

    def run(self, loop: Callable[..., Any], *arguments: Any) -> Any:
        """Run a compiled loop in a thread of its own, so that Ctrl-C can end it."""
        with ThreadPoolExecutor(1) as thread:
            try:
                return thread.submit(loop, *arguments).result()
            except KeyboardInterrupt:
                self.halt()
                raise

    def cells(self, enumerate_cells: Callable[..., Cells]) -> Cells | None:
        """The cells, or None where they are too many or would take half of the time left."""
        N, rank = len(self.y), self.samples.arrangement.rank
        if _most_cells(N, rank) > MOST_PATTERNS or self.late:
            return None
        end = time.monotonic() + self.left / 2

        def watch(done: int, total: int) -> None:
            if time.monotonic() > end:
                raise _LateError

        try:
            return enumerate_cells(progress=watch)
        except _LateError:
            return None

    @property
    def data(self) -> tuple[Floats, Floats, Floats, float]:
        return self.Q, self.unit, self.y, self.constant

    def descend(self, random_state: int) -> None:
        """A good network first: what the bounds are compared with."""
        rng = generator(random_state, "random_state")
        K, count = self.hidden, STARTS * (self.hidden + 1)
        starts = rng.normal(size=(count, len(self.point)))
        starts *= np.array([0.3, 1.0, 3.0])[rng.integers(0, 3, count), None]
        choices = np.where(np.arange(K) < np.arange(count)[:, None] % (K + 1), -1.0, 1.0)
        step = max(1, 64 // K)
        first = 0
        while first < count:
            # One start is gone through whatever the time, if that is quick.
            rows = slice(first, first + step if first else 1)
            quick = self.short or (not first and len(self.y) * len(self.point) ** 2 < QUICK)
            self.run(
                kernels.local_search,
                *self.data,
                self.slope,
                starts[rows],
                choices[rows],
                60,
                self.limits[0],
                np.zeros(1, dtype=np.bool_) if quick else self.stop,
                self.best,
                self.point,
            )
            if self.late and not self.short:
                return
            first = rows.stop
        self.polish()

    def polish(self) -> None:
        """Move to the best network of the closed cells around, until they hold no better."""
        K, r = self.hidden, self.Q.shape[1]
        stop = np.zeros(1, dtype=np.bool_) if self.short else self.stop
        for _ in range(100):
            before = self.best[0]
            R = self.best[1:, None] * self.point[: K * r].reshape(K, r)
            inner = R @ self.unit.T
            signs = np.where(inner > 0, 1, -1).astype(np.int8)
            # The patterns beside it: each neuron's nearest samples switched one at a time.
            share = np.abs(inner) / np.maximum(np.linalg.norm(R, axis=1), 1e-300)[:, None]
            near = np.argsort(share, axis=1)[:, : 2 * r]
            table, tuples = [*signs], [np.arange(K)]
            for j in range(K):
                for i in near[j]:
                    tuples.append(np.where(np.arange(K) == j, len(table), np.arange(K)))
                    table.append(np.where(np.arange(len(self.y)) == i, -signs[j], signs[j]))
            step = max(1, 4096 >> K)
            for first in range(0, len(tuples), step):
                if self.late and not self.short:
                    return
                rows = tuples[first : first + step]
                self.run(
                    kernels.fit_tuples,
                    *self.data,
                    np.array(table, dtype=np.int8),
                    np.array(rows),
                    np.zeros(len(rows)),
                    True,
                    self.slope,
                    self.exact,
                    self.limits,
                    0.0,
                    stop,
                    self.best,
                    self.point,
                )
            if self.best[0] >= before * (1 - 1e-9):
                break

    def screen(self, cells: Cells, progress: Progress) -> tuple[int, int]:
        """Bound every tuple by least squares; fit the promising ones, lowest bound first."""
        signs = cells.signs
        total = comb(len(signs) + self.hidden - 1, self.hidden)
        report = reporter(progress, "tuples of cells", self.note)
        least, done, held = np.inf, 0, 0
        kept, bounds = [], []
        for tuples in _tuples(len(signs), self.hidden):
            if self.late:
                return 0, total - done
            found = np.zeros(len(tuples))
            self.run(
                kernels.fit_tuples,
                *self.data,
                signs,
                tuples,
                found,
                False,
                self.slope,
                self.exact,
                self.limits,
                self.tolerance,
                self.stop,
                self.best,
                self.point,
            )
            open_ = found < self.best[0] - self.tolerance
            least = min(least, found[~open_].min(initial=np.inf))
            kept.append(tuples[open_])
            bounds.append(found[open_])
            held += 4 * (kept[-1].nbytes + bounds[-1].nbytes)
            if held > memory():
                raise SizeError(
                    f"{sum(map(len, kept)):,} tuples of cells have to be fitted, more than fit "
                    "in memory: take method='branch'"
                )
            done += len(tuples)
            report(done - sum(map(len, kept)), total)
        todo, bound = np.concatenate(kept), np.concatenate(bounds)
        order = np.argsort(bound, kind="stable")
        todo, bound = todo[order], bound[order]
        fitted = 0
        for start in range(0, len(todo), 1 << 11):
            # In rising order: what is not fitted yet is bounded by its first tuple.
            self.lower = min(least, bound.min())
            if bound[start] >= self.best[0] - self.tolerance:
                break
            if self.late:
                return fitted, len(todo) - start
            rows = slice(start, start + (1 << 11))
            fitted += self.run(
                kernels.fit_tuples,
                *self.data,
                signs,
                todo[rows],
                bound[rows],
                True,
                self.slope,
                self.exact,
                self.limits,
                self.tolerance,
                self.stop,
                self.best,
                self.point,
            )
            report(total - len(todo) + start + len(todo[rows]), total)
        weak = bound < self.best[0] - self.tolerance
        self.lower = min(least, bound[~weak].min(initial=np.inf))
        choices = np.array(list(product([1.0, -1.0], repeat=self.hidden)))
        open_ = self.sharpen(
            (signs[t] > 0, s, low)
            for t, low in zip(todo[weak], bound[weak], strict=True)
            for s in choices
        )
        report(total, total)
        return fitted, open_

    def branch(self, cells: Cells | None, progress: Progress) -> tuple[int, int]:
        """Branch and bound over samples; without cells no pattern is ruled out by them."""
        N, K = len(self.y), self.hidden
        W = (N + 63) // 64
        report = reporter(progress, "thousandths of the loss proven", self.note)
        capacity = max(FIRST_ROOM, 2 << K)
        keys = np.zeros(capacity)
        nodes = np.zeros((capacity, 2 + (K + 1) * W), dtype=np.uint64)
        heap = np.zeros(capacity, dtype=np.int64)
        free = np.arange(capacity)[::-1].copy()
        nodes[: K + 1, 0] = np.arange(K + 1)
        nodes[: K + 1, 1] = np.argmax(np.abs(self.y))
        heap[: K + 1] = np.arange(K + 1)
        leaves = np.zeros(capacity, dtype=np.int64)
        counts = np.array([K + 1, 0, capacity - K - 1, 0, 0])
        best = np.append(self.best, np.inf)
        # Tables of nodes are copied as they double, from one a little larger than the heap.
        most = min(OPEN_NODES, memory() // (8 * (nodes.itemsize * nodes.shape[1] + 32)))
        sides = (
            np.ones((2, N, 1), dtype=np.uint64) if cells is None else _sides(cells.packed, N)
        )
        while counts[0] + counts[1]:
            opened = heap[: counts[0]], heap[len(heap) - counts[1] :]
            parts = (*opened, leaves[: counts[4]])
            self.lower = min(best[-1], *(keys[part].min(initial=np.inf) for part in parts))
            self.best[:] = best[:-1]
            report(int(1000 * max(self.lower, 0.0) / best[0]) if best[0] else 1000, 1000)
            if self.late:
                return int(counts[3]), int(counts[0] + counts[1])
            if counts[2] < 1 << K:
                more = len(keys)
                keys = np.append(keys, np.zeros(more))
                nodes = np.append(nodes, np.zeros_like(nodes), axis=0)
                leaves = np.append(leaves, np.zeros(more, dtype=np.int64))
                unused = np.zeros(2 * more - counts[0] - counts[1], dtype=np.int64)
                heap = np.concatenate([opened[0], unused, opened[1]])
                fresh = np.arange(more, 2 * more)
                free = np.concatenate([free[: counts[2]], fresh, free[counts[2] :]])
                counts[2] += more
            self.run(
                kernels.branch,
                *self.data,
                self.slope,
                sides,
                self.exact,
                self.limits,
                self.tolerance,
                keys,
                nodes,
                heap,
                free,
                leaves,
                counts,
                most,
                1000,
                self.stop,
                best,
                self.point,
            )
        self.best[:] = best[:-1]
        self.lower = min(best[-1], self.best[0])
        ended = leaves[: counts[4]]
        bits = nodes[ended, 2 + W :].reshape(-1, K, W)
        active = np.unpackbits(bits.view(np.uint8), axis=2, bitorder="little")[:, :, :N]
        output = np.where(np.arange(K) < nodes[ended, :1].astype(np.int64), -1.0, 1.0)
        open_ = self.sharpen(zip(active.astype(np.bool_), output, keys[ended], strict=True))
        report(1000, 1000)
        return int(counts[3]), open_

    def sharpen(self, weak: Iterable[tuple[Mask, Floats, float]]) -> int:
        """Solve tuples exactly where float64 could not, and lower the bound to theirs.

        A tuple is a pattern, its output signs, and the bound so far. Returns how many were
        left as they are for want of time.
        """
        fit = ExactFit(self.samples, self.slope, bool(self.constant))
        passed = 0
        for active, s, low in weak:
            bound = float(low)
            if bound < self.best[0] - self.tolerance and bound < self.lower:
                n = active.shape[0] * self.Q.shape[1]
                solution = None
                if SECONDS_PER_ENTRY * (2 * n) ** 4 < self.left:
                    solution = fit(active, s, self.binding(active, s), lambda: self.late)
                if solution is None:
                    passed += 1
                else:
                    share = solution.value / Fraction(self.norm) ** 2
                    bound = max(bound, float(share) * (1 - 1e-14))
                    self.keep(solution, s)
            self.lower = min(self.lower, bound)
        return passed

    def binding(self, active: Mask, s: Floats) -> list[tuple[int, int]]:
        """The pairs (neuron, sample) whose constraints bind at the optimum in float64."""
        N, r = self.Q.shape
        blocks = [np.where(on[:, None], self.Q, self.slope * self.Q) for on in active]
        if self.constant:
            blocks.append(np.full((N, 1), self.constant))
        A = np.concatenate(blocks, axis=1)
        sides = np.where(active, 1, -1).astype(np.int8)
        turn = (sides * s[:, None]).astype(np.int8)
        work = workspace(A.shape[1])
        cone_fit(
            A.T @ A,
            A.T @ self.y,
            float(self.y @ self.y),
            self.unit,
            np.arange(N),
            N,
            sides,
            N,
            turn,
            r,
            0.0,
            np.inf,
            self.exact,
            self.limits,
            work,
        )
        return [tuple(pair) for pair in work[2][work[1][3] > 0.0].tolist()]

    def keep(self, solution: Solution, s: Floats) -> None:
        """Keep the network of an exact solution, rounded, if it is the best so far."""
        try:
            weights = np.array(solution.vectors, dtype=np.float64)
            offset = float(solution.offset)
        except OverflowError:
            return  # no float64 network
        loss = self.loss(weights, s, offset)
        if loss < self.fitted[0]:
            share = float(loss * len(self.y) / Fraction(self.norm) ** 2)
            self.best[0] = min(self.best[0], share)
            self.fitted = loss, weights, s.copy(), offset

    def loss(self, weights: Floats, z: Floats, offset: float) -> Fraction:
        """The mean squared error of a network in rational arithmetic."""
        return _exact_loss(
            self.samples.arrangement.normals, self.samples.y, weights, z, offset, self.slope
        )

    def note(self) -> str:
        """The gap, for the line of progress."""
        scale = self.norm**2 / len(self.y)
        return f"loss {self.best[0] * scale:.6g}, bound {max(self.lower, 0.0) * scale:.6g}"

    def result(
        self,
        bias: float | None,
        method: str,
        n_cells: int,
        n_tuples: int,
        n_bounds: int,
        n_open: int,
    ) -> GlobalOptimum:
        K, r = self.hidden, self.Q.shape[1]
        N = len(self.y)
        s = self.best[1:].copy()
        R = self.point[: K * r].reshape(K, r) * s[:, None] * self.norm
        weights = R @ self.weights_of.T
        offset = float(self.point[-1] * self.constant * self.norm) if self.constant else 0.0
        loss = self.loss(weights, s, offset)
        if self.fitted[0] < loss:
            loss, weights, s, offset = self.fitted
        fun = float(loss)
        fun = fun if Fraction(fun) >= loss else float(np.nextafter(fun, np.inf))
        share = self.norm * (self.norm / N)
        lower = max(0.0, min(self.lower * share * (1 - 1e-14), fun))
        status: Literal["optimal", "time_limit", "imprecise"] = "optimal"
        if fun - lower > 2 * self.tolerance * share:
            status = "time_limit" if n_open else "imprecise"
        certificate = Certificate(
            method,
            n_cells,
            n_tuples,
            n_bounds,
            n_open,
            self.tolerance * share,
            exact.signs_at(self.samples.arrangement.rows, weights),
        )
        return GlobalOptimum(
            fun, lower, weights, s, status, certificate, offset, bias, self.slope
        )


def _tuples(m: int, K: int) -> Iterator[NDArray[np.int64]]:
    """Multisets of K out of m cells as rows, in portions."""
    rows: list[NDArray[np.int64]] = []
    size = 0
    for first in combinations_with_replacement(range(m), K - 1):
        last = np.arange(first[-1] if first else 0, m)
        block = np.empty((len(last), K), dtype=np.int64)
        block[:, :-1] = first
        block[:, -1] = last
        rows.append(block)
        size += len(last)
        if size >= PORTION:
            yield np.concatenate(rows)
            rows, size = [], 0
    if rows:
        yield np.concatenate(rows)


def _sides(packed: Words, N: int) -> NDArray[np.uint64]:
    """The cells on the negative and on the positive side of each sample, as bits."""
    m = len(packed)
    sides = np.zeros((2, N, -(-m // 64)), dtype=np.uint64)
    for i in range(N):
        positive = (packed[:, i >> 6] >> np.uint64(i & 63) & np.uint64(1)).astype(np.bool_)
        for side, on in enumerate((~positive, positive)):
            bits = np.packbits(on, bitorder="little")
            sides[side, i].view(np.uint8)[: len(bits)] = bits
    return sides


def _exact_loss(
    X: NDArray[np.generic], y: Floats, weights: Floats, z: Floats, offset: float, slope: float
) -> Fraction:
    """The mean squared error in rational arithmetic."""
    (rows, a), (columns, b) = common_denominator(X), common_denominator(weights)
    (outputs, c), steep = common_denominator(z), Fraction(slope)
    p, q = steep.numerator, steep.denominator
    inner = rows @ columns.T
    f = np.where(inner > 0, q * inner, p * inner) @ outputs
    scale, total = a * b * c * q, Fraction(0)
    for value, target in zip(f.tolist(), y.tolist(), strict=True):
        total += (Fraction(value, scale) + Fraction(offset) - Fraction(target)) ** 2
    return total / len(y)


def _residues(
    samples: Samples, hidden: int, slope: float, output_bias: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The samples modulo primes enough for exact ranks; see `cone_fit`."""
    given, scale = common_denominator(samples.arrangement.normals)
    X = given[:, exact.independent_columns(given)]
    X //= np.array([gcd(*column) for column in X.T.tolist()], dtype=object)
    constant = np.full((len(X), 1), scale, dtype=object)
    rows = np.hstack([X, constant])
    rows //= np.array([[gcd(*row)] for row in rows.tolist()], dtype=object)
    steep = Fraction(slope)
    largest = max(abs(steep.numerator), steep.denominator) ** 2
    length = isqrt(hidden * largest * int((rows * rows).sum(axis=1).max())) + 1
    n = hidden * X.shape[1] + output_bias
    primes, product, prime = [], 1, 2**31
    # Far too many would be needed for very many weights: then there are none.
    while n * length.bit_length() * rows.size < MOST_RESIDUES and product <= 2 * length**n:
        prime -= 1
        # None that takes the slope for zero.
        if fmpz(prime).is_prime() and steep.denominator * (steep.numerator or 1) % prime:
            primes.append(prime)
            product *= prime
    lines = samples.arrangement.coincidence[0]
    return (
        np.array(primes, dtype=np.int64),
        np.array([rows % p for p in primes], dtype=np.int64).reshape(-1, *rows.shape),
        np.array(
            [steep.numerator * pow(steep.denominator, -1, p) % p for p in primes]
            or [int(steep != 0)],
            dtype=np.int64,
        ),
        np.asarray(lines, dtype=np.int64),
    )


def _most_cells(N: int, rank: int) -> int:
    """The cells of N samples in general position."""
    return 2 * sum(comb(N - 1, k) for k in range(rank))


def _refuse_large(N: int, rank: int) -> None:
    most = _most_cells(N, rank)
    if most > MOST_PATTERNS:
        raise SizeError(
            f"{N} samples of rank {rank} have up to {most:,} activation patterns, and without "
            f"a time limit global training handles {MOST_PATTERNS:,}: give a time limit "
            "(time_limit), or take fewer samples or features"
        )
