"""Branch and bound over the directions of the neurons.

A node has output signs and for each neuron a simplicial cone of weights; its bound is that of
`kernels.bound_cones`, which is nearer to the loss by the square of the cones' width. Cones are
divided in the middle of an edge between two generators, as long as that is exact in float64, so
that they cover what they did, and the search ends where no sample that matters changes its sign
on a cone: few divisions of cones around the optimum settle it, whatever the number of samples.
The cones of all but one of e_1, …, e_r and −Σ_k e_k cover R^r; weights zero are in every cone,
and neurons of the same output sign can be exchanged, so that multisets of cones are enough.
"""

from __future__ import annotations

import heapq
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations_with_replacement, pairwise, product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from arrangement import kernels
from arrangement.memory import memory
from arrangement.progress import Progress, reporter
from arrangement.relu.weight_space import Floats, Indices, Mask, Signs

if TYPE_CHECKING:
    from arrangement.relu.training.global_search import GlobalSearch

__all__ = ["MOST_DIRECTIONS", "MOST_WIDE", "search_directions"]

MOST_DIRECTIONS, MOST_WIDE = 5, 3
"""Dimensions and neurons up to which cones of directions are divided."""

BATCH = 128
"""Nodes in one call of the compiled loop."""

THREADS = 2

FEW_MIXED = 1
"""Nodes are settled by their cells when so few samples have both signs on a cone."""

MOST_LEAVES = 256
"""Leaves that are settled at once."""

MOST_PATTERNS_OF_LEAF = 64
"""Tuples of cells by which a node is settled that cannot be divided."""


class _Batch(NamedTuple):
    """Nodes, one a row; see `kernels.bound_cones`."""

    choices: Floats  # (m, K)
    cones: Floats  # (m, K, r, r)
    points: Floats  # (m, n)
    bounds: Floats  # (m,)
    losses: Floats  # (m,)
    splits: Indices  # (m, 4)

    def rows(self, start: int, end: int | None) -> _Batch:
        return _Batch._make(column[start:end] for column in self)


_Node = tuple[float, int, Floats, Floats, Floats]
"""The bound, a number, the output signs, the cones, and a network near the solution."""


def search_directions(search: GlobalSearch, progress: Progress) -> tuple[int, int]:
    """Bound all networks; returns the nodes that were bounded, and those left open."""
    report = reporter(progress, "thousandths of the loss proven", search.note)
    tree = _Tree(search)
    expanded = 0
    with ThreadPoolExecutor(THREADS) as pool:
        while len(tree) or tree.leaves:
            if len(tree.leaves) >= MOST_LEAVES or not len(tree):
                tree.settle()
                continue
            search.lower = tree.lower
            report(search.share, 1000)
            if search.late or search.exhausted(expanded):
                return expanded, len(tree) + len(tree.leaves) + len(tree.weak)
            nodes = tree.take()
            if nodes is None:
                continue
            cutoff = search.best[0] - search.tolerance
            parts = [nodes.rows(k, k + BATCH) for k in range(0, len(nodes.bounds), BATCH)]
            try:
                tasks = []
                for part in parts:
                    given: list[Any] = [search.data, *part, cutoff, search.stop]
                    tasks.append(pool.submit(kernels.bound_cones, *given))
                done = [task.result() for task in tasks]
            except KeyboardInterrupt:
                search.halt()
                raise
            for part, count in zip(parts, done, strict=True):
                tree.divide(part.rows(0, count))
                tree.put(part.rows(count, None))
                expanded += count
    search.lower = min(tree.closed, float(search.best[0]))
    open_ = tree.n_open + search.sharpen(tree.weak)
    report(1000, 1000)
    return expanded, open_


class _Tree:
    """The open nodes, the least bound of those that were closed, and the leaves."""

    def __init__(self, search: GlobalSearch) -> None:
        self.search = search
        K, r = search.hidden, search.Q.shape[1]
        # Without each generator in turn they generate cones that cover the space.
        generators = np.concatenate([np.eye(r), -np.ones((1, r))])
        roots = [np.delete(generators, k, axis=0) for k in range(r + 1)]
        # Nodes by their bounds; those for which that has no room are taken first.
        self.heap: list[_Node] = []
        self.stack: list[_Node] = []
        self.closed = np.inf
        self.leaves: list[tuple[float, Floats, Floats]] = []
        # Tuples of cells whose bounds rounding leaves too low.
        self.weak: list[tuple[Mask, Floats, float]] = []
        self.n_open = 0
        self.count = 0
        # Nodes of the heap; beyond it the search goes depth first.
        self.most = memory() // (8 * (8 * K * r * (r + 2) + 400))
        for negative in range(K + 1):
            # Neurons of equal sign are alike: only one order of their cones.
            choice = np.where(np.arange(K) < negative, -1.0, 1.0)
            low = combinations_with_replacement(range(r + 1), negative)
            for one in low:
                for other in combinations_with_replacement(range(r + 1), K - negative):
                    cones = np.array([roots[k] for k in (*one, *other)])
                    self.push(0.0, choice, cones, _inside(choice, cones, search.point))

    @property
    def lower(self) -> float:
        """No network has a smaller loss."""
        leaves = min((bound for bound, *_ in self.leaves), default=np.inf)
        weak = min((bound for *_, bound in self.weak), default=np.inf)
        first = min((node[0] for node in (*self.heap[:1], *self.stack)), default=np.inf)
        return min(self.closed, leaves, weak, first, float(self.search.best[0]))

    def __len__(self) -> int:
        return len(self.heap) + len(self.stack)

    def push(self, bound: float, choice: Floats, cones: Floats, point: Floats) -> None:
        """Add a node."""
        node = bound, self.count, choice, cones, point
        if len(self.heap) < self.most:
            heapq.heappush(self.heap, node)
        else:
            self.stack.append(node)
        self.count += 1

    def put(self, nodes: _Batch) -> None:
        """Add nodes as they are."""
        for q in range(len(nodes.bounds)):
            self.push(float(nodes.bounds[q]), nodes.choices[q], nodes.cones[q], nodes.points[q])

    def take(self) -> _Batch | None:
        """The newest nodes of the stack, or those of least bounds; None when none is open."""
        cutoff = self.search.best[0] - self.search.tolerance
        kept: list[tuple[float, Floats, Floats, Floats]] = []
        while len(self) and len(kept) < THREADS * BATCH:
            node = self.stack.pop() if self.stack else heapq.heappop(self.heap)
            bound = node[0]
            if bound >= cutoff:
                self.closed = min(self.closed, bound)
            else:
                kept.append((bound, *node[2:]))
        if not kept:
            return None
        bounds, choices, cones, points = (np.array(part) for part in zip(*kept, strict=True))
        m = len(bounds)
        return _Batch(
            choices, cones, points, bounds, np.zeros(m), np.zeros((m, 4), dtype=np.int64)
        )

    def divide(self, nodes: _Batch) -> None:
        """Close nodes, or divide them; first a better network is looked for near the best."""
        search = self.search
        if not len(nodes.bounds):
            return
        best = int(nodes.losses.argmin())
        if nodes.losses[best] < search.best[0] * NEAR:
            before = search.best[0]
            one = nodes.rows(best, best + 1)
            arguments = search.data, one.points, one.choices, 60, search.stop
            search.run(kernels.local_search, *arguments, search.best, search.point)
            if search.best[0] < before * (1 - 1e-9):
                search.polish()
        cutoff = search.best[0] - search.tolerance
        for bound, choice, cones, point, (j, k, l, mixed) in zip(
            nodes.bounds.tolist(),
            nodes.choices,
            nodes.cones,
            nodes.points,
            nodes.splits.tolist(),
            strict=True,
        ):
            if bound >= cutoff:
                self.closed = min(self.closed, bound)
                continue
            middle = _middle(cones[j, k], cones[j, l]) if j >= 0 else None
            if middle is None or mixed <= FEW_MIXED:
                self.leaves.append((bound, choice, cones))
                continue
            for end in (k, l):
                half = cones.copy()
                half[j, end] = middle
                self.push(bound, choice, half, point)

    def settle(self) -> None:
        """Bound the leaves by the tuples of closed cells that hold them."""
        search = self.search
        # More than what the compiled loop takes for rounding.
        doubt = 1e-14 * search.Q.shape[1] + 2 * float(search.data.cones.limits[1])
        leaves, self.leaves = self.leaves, []
        for bound, choice, cones in leaves:
            patterns = [_patterns(cone, search.Q, doubt) for cone in cones]
            total = np.prod([float(len(some)) for some in patterns])
            j, k, l = _longest_edge(cones)
            middle = _middle(cones[j, k], cones[j, l])
            if total > MOST_PATTERNS_OF_LEAF and middle is not None:
                for end in (k, l):
                    half = cones.copy()
                    half[j, end] = middle
                    self.push(bound, choice, half, _inside(choice, half, search.point))
                continue
            if search.late or total > MOST_PATTERNS_OF_LEAF:
                self.closed = min(self.closed, bound)
                self.n_open += 1
                continue
            starts = np.cumsum([0, *map(len, patterns)])
            ranges = [range(a, b) for a, b in pairwise(starts.tolist())]
            tuples = np.array(list(product(*ranges)), dtype=np.int64)
            signs = np.concatenate(patterns)
            bounds = np.full(len(tuples), bound)
            search.fit(signs, tuples, bounds, tolerance=search.tolerance)
            for row, low in zip(tuples, bounds.tolist(), strict=True):
                if low < search.best[0] - search.tolerance:
                    self.weak.append((signs[row] > 0, choice, low))
                else:
                    self.closed = min(self.closed, low)


NEAR = 1.02
"""A network whose loss is less than this times the best is a start of the local search."""


def _inside(choice: Floats, cones: Floats, like: Floats) -> Floats:
    """A network with directions within the cones."""
    point = np.zeros_like(like)
    inside = (choice[:, None] * cones.sum(axis=1)).ravel()
    point[: len(inside)] = inside
    return point


def _longest_edge(cones: Floats) -> tuple[int, int, int]:
    """The neuron and the two generators that are farthest apart in direction."""
    unit = cones / np.linalg.norm(cones, axis=2)[:, :, None]
    apart = np.linalg.norm(unit[:, :, None] - unit[:, None], axis=3)
    j, k, l = np.unravel_index(int(apart.argmax()), apart.shape)
    return int(j), int(k), int(l)


def _middle(a: Floats, b: Floats) -> Floats | None:
    """(a + b)/2, or None if it is no vector of floats."""
    total = a + b
    back = total - a
    rest = (a - (total - back)) + (b - back)
    return None if rest.any() else 0.5 * total


def _patterns(cone: Floats, Q: Floats, doubt: float) -> Signs:
    """The signs of the samples on a cone, with both signs where they are not sure."""
    t = cone @ Q.T
    near = doubt * np.linalg.norm(cone, axis=1)[:, None] * np.linalg.norm(Q, axis=1)
    sure = (t > near).all(axis=0) | (t < -near).all(axis=0)
    signs = np.where(t.sum(axis=0) > 0, 1, -1).astype(np.int8)
    free = np.flatnonzero(~sure)
    if 1 << min(len(free), 60) > MOST_PATTERNS_OF_LEAF:
        return np.repeat(signs[None], MOST_PATTERNS_OF_LEAF + 1, axis=0)
    result = np.repeat(signs[None], 1 << len(free), axis=0)
    for row, choice in zip(result, product((-1, 1), repeat=len(free)), strict=True):
        row[free] = choice
    return result
