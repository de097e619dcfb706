"""Global training: the least loss of a network with one hidden layer, with a proof."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import comb
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from arrangement import kernels
from arrangement.arguments import choice, generator
from arrangement.errors import InputError, SizeError
from arrangement.progress import Progress, reporter
from arrangement.relu.exact_bound import ExactBound
from arrangement.relu.predictor import Predictor
from arrangement.relu.samples import Floats, Mask, Samples, Signs

if TYPE_CHECKING:
    from arrangement.cells import Cells

__all__ = ["Certificate", "GlobalOptimum", "global_optimum"]

PORTION = 1 << 16
"""Tuples in one call of the compiled screen."""

FEW_NEURONS = 4
"""For so many the local search is short: it is done whatever the time, alike in every run."""

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
        Cells of the samples' arrangement: exact, so no pattern is missing.
    n_tuples : int
        Multisets of K cells, each with every choice of output signs.
    n_bounds : int
        Tuples whose quadratic program was solved, or nodes that were expanded.
    n_open : int
        Tuples or nodes that were not settled in time.
    weight_bound : float
        The bound holds for all networks whose neurons have |z_j|·‖X w_j‖ at most this, with
        ‖·‖ over the samples, constant coordinate included.
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
    weight_bound: float
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
        No network has a smaller loss (see :class:`Certificate` for the bound on its weights).
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
    weight_bound: float = 1e4,
    method: Literal["auto", "screen", "branch"] = "auto",
    random_state: int = 0,
    progress: Progress = None,
) -> GlobalOptimum:
    """The network of least loss; see :meth:`OneHiddenLayer.fit_global`."""
    search = _Search(
        samples, hidden, output_bias, negative_slope, time_limit, tolerance, weight_bound
    )
    choice(method, ("auto", "screen", "branch"), "method")
    if search.norm == 0.0:
        return search.result(bias, "screen", 0, 0, 0, 0)
    _refuse_large(samples.arrangement.n_hyperplanes, samples.arrangement.rank)
    signs = cells().signs.copy()
    search.descend(random_state)
    n_tuples = comb(len(signs) + hidden - 1, hidden)
    if method == "auto":
        method = "screen" if hidden == 1 else "branch"
    run = search.screen if method == "screen" else search.branch
    settled, still_open = run(signs, progress)
    search.polish()
    return search.result(bias, method, len(signs), n_tuples, settled, still_open)


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

    The samples are X = Q B with Q (N, r) of orthonormal columns and y has length one, so that
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
        weight_bound: float,
    ) -> None:
        if time_limit is not None and not _number(time_limit) >= 0:
            raise InputError(f"time_limit={time_limit!r} must be a number of seconds, or None")
        if not 0 < _number(tolerance) < 1:
            raise InputError(f"tolerance={tolerance!r} must lie between 0 and 1")
        if not 0 < _number(weight_bound) < np.inf:
            raise InputError(f"weight_bound={weight_bound!r} must be positive and finite")
        if hidden > MOST_NEURONS:
            raise SizeError(
                f"{hidden} hidden neurons: each step of branch and bound looks at 2^{hidden} "
                f"choices; at most {MOST_NEURONS} neurons (the convex program is for networks "
                "of any width)"
            )
        self.started = time.monotonic()
        self.time_limit = np.inf if time_limit is None else time_limit
        self.samples, self.hidden, self.slope = samples, hidden, float(slope)
        self.tolerance = tolerance
        N = len(samples.y)
        largest = float(np.abs(samples.y).max())
        self.norm = largest * float(np.linalg.norm(samples.y / largest)) if largest else 0.0
        self.y = samples.y / (self.norm or 1.0)
        U, S, Vt = np.linalg.svd(samples.X, full_matrices=False)
        r = samples.arrangement.rank
        self.Q = np.ascontiguousarray(U[:, :r])
        self.weights_of = samples.weights((Vt[:r].T / S[:r]).T).T
        lengths = np.linalg.norm(self.Q, axis=1)
        self.unit = np.ascontiguousarray(self.Q / lengths[:, None])
        u = np.finfo(np.float64).eps / 2
        # X differs from the true samples by two roundings an entry, and Q from X B⁻¹ by what
        # is computed here, itself with d + 1 roundings an entry.
        off = np.linalg.norm(samples.X - (self.Q * S[:r]) @ Vt[:r])
        off += (samples.X.shape[1] + 3) * u * np.linalg.norm(samples.X)
        eta = float(off / S[r - 1])
        self.limits = np.array(
            [weight_bound * (1 + 1e-6), (N + 4) * u + 2 * eta, 4 * u + eta / lengths.min()],
            dtype=np.float64,
        )
        self.weight_bound = weight_bound
        self.constant = N**-0.5 if output_bias else 0.0
        n = hidden * r + output_bias
        self.best = np.concatenate([[1.0], np.ones(hidden)])
        self.point = np.zeros(n)
        self.lower = 0.0

    @property
    def late(self) -> bool:
        return time.monotonic() - self.started >= self.time_limit

    @property
    def data(self) -> tuple[Floats, Floats, Floats, float]:
        return self.Q, self.unit, self.y, self.constant

    def descend(self, random_state: int) -> None:
        """A good network first: what the bounds are compared with."""
        rng = generator(random_state, "random_state")
        K, count = self.hidden, 192 * (self.hidden + 1)
        starts = rng.normal(size=(count, len(self.point)))
        starts *= np.array([0.3, 1.0, 3.0])[rng.integers(0, 3, count), None]
        choices = np.where(np.arange(K) < np.arange(count)[:, None] % (K + 1), -1.0, 1.0)
        step = max(1, 64 // K)
        for first in range(0, count, step):
            rows = slice(first, first + step)
            kernels.local_search(
                *self.data, self.slope, starts[rows], choices[rows], 60, self.best, self.point
            )
            if self.late and K > FEW_NEURONS:
                return
        self.polish()

    def polish(self) -> None:
        """Move to the best network of the closed cells around, until they hold no better."""
        K, r = self.hidden, self.Q.shape[1]
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
                if self.late and K > FEW_NEURONS:
                    return
                rows = tuples[first : first + step]
                kernels.fit_tuples(
                    *self.data,
                    np.array(table, dtype=np.int8),
                    np.array(rows),
                    np.zeros(len(rows)),
                    self.slope,
                    self.limits,
                    0.0,
                    self.best,
                    self.point,
                )
            if self.best[0] >= before * (1 - 1e-9):
                break

    def screen(self, signs: Signs, progress: Progress) -> tuple[int, int]:
        """Bound every tuple by least squares; fit the promising ones, lowest bound first."""
        total = comb(len(signs) + self.hidden - 1, self.hidden)
        report = reporter(progress, "tuples of cells", self.note)
        least, done = np.inf, 0
        kept, bounds = [], []
        for tuples in _tuples(len(signs), self.hidden):
            if self.late:
                return 0, total - done
            found = np.empty(len(tuples))
            kernels.bound_tuples(
                *self.data,
                signs,
                tuples,
                self.slope,
                self.best[0] - self.tolerance,
                self.limits,
                found,
            )
            open_ = found < self.best[0] - self.tolerance
            least = min(least, found[~open_].min(initial=np.inf))
            kept.append(tuples[open_])
            bounds.append(found[open_])
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
            fitted += kernels.fit_tuples(
                *self.data,
                signs,
                todo[rows],
                bound[rows],
                self.slope,
                self.limits,
                self.tolerance,
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

    def branch(self, signs: Signs, progress: Progress) -> tuple[int, int]:
        """Branch and bound over samples."""
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
        sides = np.stack([_bits(signs.T < 0), _bits(signs.T > 0)])
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
            kernels.branch(
                *self.data,
                self.slope,
                sides,
                self.limits,
                self.tolerance,
                keys,
                nodes,
                heap,
                free,
                leaves,
                counts,
                OPEN_NODES,
                1000,
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
        """Bound tuples exactly where float64 could not, and lower the bound to theirs.

        A tuple is a pattern, its output signs, and the bound so far. Returns how many were
        left as they are for want of time.
        """
        exact, passed = None, 0
        for active, s, low in weak:
            bound = float(low)
            if bound < self.best[0] - self.tolerance and bound < self.lower:
                if self.late:
                    passed += 1
                else:
                    exact = exact or ExactBound(
                        self.samples,
                        self.Q,
                        self.unit,
                        self.weights_of,
                        self.norm,
                        self.limits,
                        self.slope,
                        self.constant,
                    )
                    bound = max(bound, exact(active, s))
            self.lower = min(self.lower, bound)
        return passed

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
        from arrangement.exact import signs_at

        K, r = self.hidden, self.Q.shape[1]
        N = len(self.y)
        s = self.best[1:].copy()
        R = self.point[: K * r].reshape(K, r) * s[:, None] * self.norm
        weights = R @ self.weights_of.T
        offset = float(self.point[-1] * self.constant * self.norm) if self.constant else 0.0
        arrangement = self.samples.arrangement
        fun = _exact_loss(arrangement.normals, self.samples.y, weights, s, offset, self.slope)
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
            self.weight_bound * self.norm,
            self.tolerance * share,
            signs_at(arrangement.rows, weights),
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


def _bits(table: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Rows of booleans as words of 64 bits, the first in the lowest bit."""
    padded = np.zeros((len(table), -(-table.shape[1] // 64) * 64), dtype=np.bool_)
    padded[:, : table.shape[1]] = table
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)


def _exact_loss(
    X: NDArray[np.generic], y: Floats, weights: Floats, z: Floats, offset: float, slope: float
) -> float:
    """The mean squared error in rational arithmetic, rounded up."""
    total = Fraction(0)
    exact = [[Fraction(v) for v in row] for row in X.tolist()]
    columns = [[Fraction(v) for v in w] for w in weights.tolist()]
    for row, target in zip(exact, y.tolist(), strict=True):
        f = Fraction(offset) - Fraction(target)
        for w, out in zip(columns, z.tolist(), strict=True):
            t = sum((a * b for a, b in zip(w, row, strict=True)), Fraction(0))
            f += Fraction(out) * (t if t > 0 else Fraction(slope) * t)
        total += f * f
    mean = total / len(y)
    value = float(mean)
    return value if Fraction(value) >= mean else float(np.nextafter(value, np.inf))


def _refuse_large(N: int, rank: int) -> None:
    most = 2 * sum(comb(N - 1, k) for k in range(rank))
    if most > 4_000_000:
        raise SizeError(
            f"{N} samples of rank {rank} have up to {most:,} activation patterns, and global "
            "training handles 4,000,000: take fewer samples or features"
        )
