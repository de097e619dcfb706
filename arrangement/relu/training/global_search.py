"""The search for a network of least loss: a local search, then bounds of all others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from fractions import Fraction
from itertools import product
from math import gcd, inf, isqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import fmpz
from numpy.typing import NDArray

from arrangement import exact, kernels
from arrangement.bounds import cover
from arrangement.checks import generator
from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import common_denominator, shown
from arrangement.exact.packing import Words
from arrangement.kernels.landscape.branching import Nodes
from arrangement.kernels.landscape.cone_fit import Cones, Data, cone_fit, workspace
from arrangement.kernels.landscape.matrix_ranks import Exact
from arrangement.memory import memory
from arrangement.progress import Progress, reporter
from arrangement.relu.multisets import multisets_at, n_multisets
from arrangement.relu.training.exact_bound import ExactFit, Solution, exact_loss
from arrangement.relu.weight_space import Floats, Indices, Mask, Samples, Signs, lengths

if TYPE_CHECKING:
    from arrangement.results.cells import Cells

__all__ = ["MOST_PATTERNS", "GlobalSearch", "check_tolerance", "exact_data", "seconds"]

PORTION = 1 << 16
"""Tuples in one call of the compiled screen."""

QUICK = 1 << 22
"""60 steps of the local search take a fraction of a second for samples times weights² below."""

FEW_NEURONS, SHORT = 4, 1 << 24
"""The local search is short for so few neurons and so small a sum of N n² over its starts."""

SECONDS_PER_ENTRY = 5e-9
"""An exact step takes this times the fourth power of the size of its linear system."""

WORK = 1 << 28
"""About how many products a local search, and the nodes after it, may take unasked: seconds."""

STARTS = 192
"""Starts of the local search, times one more than the neurons."""

MOST_PATTERNS = 4_000_000
"""Cells that are enumerated."""

MOST_RESIDUES = 1 << 25
"""Bits in the samples modulo all primes."""

MOST_NEURONS = 16
"""Each step of branch and bound has 2^K children."""

FIRST_ROOM = 1 << 14
"""Rows of the first table of nodes; it doubles when it is full."""

OPEN_NODES = 4_000_000
"""Open nodes kept in a heap; beyond them the search goes depth first."""


class _LateError(Exception):
    """There is no time left for the cells."""


def seconds(time_limit: Any) -> float:
    """The seconds of a time limit; infinity for None."""
    if time_limit is None:
        return np.inf
    if not _number(time_limit) >= 0:
        raise InputError(f"time_limit={time_limit!r} must be a number of seconds, or None")
    return float(time_limit)


def check_tolerance(tolerance: Any) -> None:
    """An InputError unless it is a share that a gap may have."""
    if not 0 < _number(tolerance) < 1:
        raise InputError(f"tolerance={shown(tolerance)} must lie between 0 and 1")


def _number(value: Any) -> float:
    """The value as a float; NaN if it is none."""
    if isinstance(value, str | bytes):
        return np.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan


class GlobalSearch:
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
        check_tolerance(tolerance)
        if hidden > MOST_NEURONS:
            raise SizeError(
                f"{hidden} hidden neurons: each step of branch and bound looks at 2^{hidden} "
                f"choices; at most {MOST_NEURONS} neurons (the convex program is for networks "
                "of any width)"
            )
        self.started = time.monotonic()
        self.stop = np.zeros(1, dtype=np.bool_)
        self.time_limit = seconds(time_limit)
        self.max_nodes, self.most_starts, self.spent = inf, STARTS * (hidden + 1), False
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
        unit = np.ascontiguousarray(self.Q / length[:, None])
        u = np.finfo(np.float64).eps / 2
        # X differs from the true samples by two roundings an entry, and Q from X B⁻¹, with
        # B⁻¹ as computed, by those of a sum of d products.
        off = (samples.X.shape[1] + 3) * u * float(np.linalg.norm(white))
        rows = lengths(samples.X)
        limits = np.array(
            [(N + 4) * u + 2 * off * np.linalg.norm(rows), 4 * u + off * (rows / length).max()]
        )
        residues = exact_data(samples, hidden, self.slope, output_bias)
        self.constant = N**-0.5 if output_bias else 0.0
        cones = Cones(unit, residues, limits)
        self.data = Data(self.Q, self.y, self.constant, self.slope, cones)
        n = hidden * r + output_bias
        self.best = np.concatenate([[1.0], np.ones(hidden)])
        self.point = np.zeros(n)
        self.lower = 0.0
        # A short local search is done whatever the time, so that all runs are alike.
        self.short = hidden <= FEW_NEURONS and STARTS * (hidden + 1) * N * n * n < SHORT
        # The best network of exact arithmetic, at first one that is zero.
        weights = np.zeros((hidden, samples.X.shape[1]))
        self.fitted = self.loss(weights, np.ones(hidden), 0.0), weights, np.ones(hidden), 0.0

    def limit_work(self) -> None:
        """Take as many starts and nodes as take seconds: the same on every machine."""
        size = len(self.y) * len(self.point) ** 2
        if size > QUICK:
            raise SizeError(
                f"{len(self.y)} samples for {len(self.point)} weights: without a time limit "
                "their local search has no end in sight: give a time limit (time_limit), or "
                "take fewer samples or features"
            )
        self.most_starts = min(self.most_starts, WORK // size)
        self.max_nodes = max(1, WORK // (size << self.hidden))

    def exhausted(self, nodes: int) -> bool:
        """Are these all nodes that may be taken?"""
        self.spent = nodes >= self.max_nodes
        return self.spent

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.started + self.time_limit - time.monotonic()

    @property
    def late(self) -> bool:
        """Is the time up?"""
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
        if cover(N, rank) > MOST_PATTERNS or self.late:
            return None
        end = time.monotonic() + self.left / 2

        def watch(done: int, total: int) -> None:
            if time.monotonic() > end:
                raise _LateError

        try:
            return enumerate_cells(progress=watch)
        except _LateError:
            return None

    def descend(self, random_state: int) -> None:
        """A good network first: what the bounds are compared with."""
        rng = generator(random_state, "random_state")
        K, count = self.hidden, self.most_starts
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
                self.data,
                starts[rows],
                choices[rows],
                60,
                np.zeros(1, dtype=np.bool_) if quick else self.stop,
                self.best,
                self.point,
            )
            if self.late and not self.short:
                return
            first = rows.stop
        self.polish()

    def fit(
        self,
        signs: Signs,
        tuples: Indices,
        bounds: Floats,
        sided: bool = True,
        tolerance: float = 0.0,
        stop: Mask | None = None,
    ) -> int:
        """Raise the bounds of tuples of patterns; see `kernels.fit_tuples`."""
        stop = self.stop if stop is None else stop
        arguments = self.data, signs, tuples, bounds, sided, tolerance, stop
        fitted: int = self.run(kernels.fit_tuples, *arguments, self.best, self.point)
        return fitted

    def polish(self) -> None:
        """Move to the best network of the closed cells around, until they hold no better."""
        K, r = self.hidden, self.Q.shape[1]
        stop = np.zeros(1, dtype=np.bool_) if self.short else self.stop
        for _ in range(100):
            before = self.best[0]
            R = self.best[1:, None] * self.point[: K * r].reshape(K, r)
            inner = R @ self.data.cones.unit.T
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
                rows = np.array(tuples[first : first + step])
                self.fit(np.array(table, dtype=np.int8), rows, np.zeros(len(rows)), stop=stop)
            if self.best[0] >= before * (1 - 1e-9):
                break

    def screen(self, cells: Cells, progress: Progress) -> tuple[int, int]:
        """Bound every tuple by least squares; fit the promising ones, lowest bound first."""
        signs, m = cells.signs, len(cells)
        total = n_multisets(m, self.hidden)
        report = reporter(progress, "tuples of cells", self.note)
        least, done, held = np.inf, 0, 0
        kept, bounds = [], []
        while done < total:
            if self.late:
                return 0, total - done
            places = np.arange(done, min(done + PORTION, total))
            tuples = multisets_at(places, m, self.hidden)
            found = np.zeros(len(tuples))
            self.fit(signs, tuples, found, sided=False, tolerance=self.tolerance)
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
            fitted += self.fit(signs, todo[rows], bound[rows], tolerance=self.tolerance)
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
            report(self.share, 1000)
            if self.late or self.exhausted(int(counts[3])):
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
                self.data,
                sides,
                self.tolerance,
                Nodes(keys, nodes, heap, free, leaves, counts),
                most,
                int(min(1000, self.max_nodes - counts[3])),
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
        N = len(self.y)
        blocks = [np.where(on[:, None], self.Q, self.slope * self.Q) for on in active]
        if self.constant:
            blocks.append(np.full((N, 1), self.constant))
        A = np.concatenate(blocks, axis=1)
        sides = np.where(active, 1, -1).astype(np.int8)
        turn = (sides * s[:, None]).astype(np.int8)
        normal = A.T @ A, A.T @ self.y, float(self.y @ self.y)
        work = workspace(A.shape[1])
        cones = self.data.cones
        cone_fit(cones, *normal, np.arange(N), N, sides, N, turn, 0.0, np.inf, work)
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
        given = self.samples.arrangement.normals, self.samples.y
        return exact_loss(*given, weights, z, offset, self.slope)

    @property
    def share(self) -> int:
        """Thousandths of the loss that are proven."""
        best = self.best[0]
        return int(1000 * max(self.lower, 0.0) / best) if best else 1000

    def note(self) -> str:
        """The gap, for the line of progress."""
        scale = self.norm**2 / len(self.y)
        return f"loss {self.best[0] * scale:.6g}, bound {max(self.lower, 0.0) * scale:.6g}"


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


def exact_data(samples: Samples, hidden: int, slope: float, output_bias: bool) -> Exact:
    """The samples modulo primes enough for exact ranks."""
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
    return Exact(
        np.array(primes, dtype=np.int64),
        np.array([rows % p for p in primes], dtype=np.int64).reshape(-1, *rows.shape),
        np.array(
            [steep.numerator * pow(steep.denominator, -1, p) % p for p in primes]
            or [int(steep != 0)],
            dtype=np.int64,
        ),
        np.asarray(lines, dtype=np.int64),
    )
