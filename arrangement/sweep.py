"""Sweep over vertices: each cell from the vertex where it begins, independent of all others.

In coordinates x_1, …, x_d in general position let F_i be the flat x_1 = −M_1, …,
x_{d−i} = −M_{d−i} with 1 ≪ M_1 ≪ M_2 ≪ …. Every cell that meets F_i and on which
x_{d−i+1} is bounded below there begins at a vertex: at the point where i hyperplanes meet F_i;
every other cell that meets F_i meets F_{i−1}. So each cell is found exactly once, and in a
simple arrangement each set of at most d hyperplanes that meets in a point of its F_i gives one.
A set of i − 1 hyperplanes fixes a line of F_i; along it a sign costs one multiplication.

Where more hyperplanes pass through a vertex than its codimension, the cells that begin there
are cells of the local arrangement: those of the hyperplanes through it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from math import comb, inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact, kernels
from arrangement.fields import field_of
from arrangement.packing import Words, pack_signs, unpack_signs, word_count
from arrangement.recursion import Recursion

__all__ = [
    "FiniteSweep",
    "Interval",
    "SpecialPosition",
    "Sweep",
    "TooDegenerate",
    "looks_degenerate",
]

Integers = NDArray[np.object_]

BLOCK = 2**16
"""Cells are handed on in blocks of about this many."""

SETTLING = 5000
"""How many certain vertices take as long as one that is settled exactly, in round numbers."""


class SpecialPosition(Exception):
    """The coordinates drawn at random are not in general position after all: draw again."""


class TooDegenerate(Exception):
    """More vertices than allowed had to be settled one by one."""


@dataclass(frozen=True, order=True)
class Interval:
    """Consecutive lines of one level, in lexicographic order of the hyperplanes picked.

    The level-subsets of hyperplanes are ranked lexicographically; a line meets those that begin
    with its picks. `start` and `stop` are ranks at which a line begins.
    """

    level: int
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def pieces(self, size: int, n: int) -> Iterator[Interval]:
        """This interval cut into intervals of about `size` subsets of n hyperplanes."""
        start = self.start
        while start < self.stop:
            stop = self.stop
            if self.level > 1 and start + size < stop:
                stop = _rank(_line_at(start + size, n, self.level), n, self.level)
                if stop <= start:  # one line longer than that
                    stop = _rank(_next_line(_line_at(start, n, self.level)), n, self.level)
            yield Interval(self.level, start, min(stop, self.stop))
            start = min(stop, self.stop)


def _line_at(rank: int, n: int, level: int) -> tuple[int, ...]:
    """The picks of the line that meets the level-subset of a given rank."""
    picks: list[int] = []
    low = 0
    while len(picks) < level - 1:
        while rank >= (below := comb(n - 1 - low, level - 1 - len(picks))):
            rank -= below
            low += 1
        picks.append(low)
        low += 1
    return tuple(picks)


def _next_line(picks: tuple[int, ...]) -> tuple[int, ...]:
    """The least picks after all those of a line (they need not fit)."""
    return (*picks[:-1], picks[-1] + 1)


def _rank(picks: tuple[int, ...], n: int, level: int) -> int:
    """How many level-subsets come before all those that begin with some picks."""
    rank, low = 0, 0
    for place, pick in enumerate(picks):
        rank += comb(n - low, level - place) - comb(n - pick, level - place)
        low = pick + 1
    return rank


class Sweep:
    """The sweep over one set of rows.

    Parameters
    ----------
    rows : ndarray of Python ints, shape (n, d + 1)
        Pairwise different hyperplanes of rank d ≥ 1.
    draw : int, or ndarray of Python ints, shape (d, d)
        Which random coordinates, or these.
    mirrored : bool
        With −x_1 in place of x_1: the levels below d are then the other end of the space.
    """

    unit = "lines"

    def __init__(
        self, rows: Integers, draw: int | Integers = 0, mirrored: bool = False
    ) -> None:
        self.given = rows
        self.n, width = rows.shape
        self.dimension = d = width - 1
        self.n_words = word_count(self.n)
        change = random_change(d, draw) if isinstance(draw, int) else draw.copy()
        if mirrored:
            change[:, 0] = -change[:, 0]
        self.change = change
        # Column j is the coefficient of −M_j for j ≥ 1; column 0 is the offset.
        self.rows = np.concatenate([rows[:, -1:], rows[:, :-1].dot(change)], axis=1)
        self.circuits = kernels.Circuits(
            masks=np.zeros((64, self.n_words), dtype=np.uint64),
            top=np.zeros(64, dtype=np.int64),
            kappa=np.zeros(64, dtype=np.int64),
            known=np.zeros(1, dtype=np.int64),
        )
        self.settled = 0
        """How many vertices the filter could not decide."""
        self._levels: dict[int, _Level] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        # The coordinates are given, not drawn: another release of numpy may draw others.
        return type(self), (self.given, self.change)

    @property
    def tables(self) -> tuple[Integers, ...]:
        """What the cells of an interval depend on: rows in the coordinates drawn."""
        return (self.rows,)

    def intervals(self) -> list[Interval]:
        """All lines of all levels, level by level; their cells together are all cells."""
        return [Interval(i, 0, comb(self.n, i)) for i in range(self.dimension + 1)]

    def pieces(self, interval: Interval, size: int) -> Iterator[Interval]:
        """An interval cut into some of about `size` subsets of hyperplanes."""
        return interval.pieces(size, self.n)

    def position(self, interval: Interval) -> int:
        """How many subsets of hyperplanes come before an interval, lower levels first."""
        return sum(comb(self.n, i) for i in range(interval.level)) + interval.start

    def blocks(
        self, interval: Interval, budget: float = inf
    ) -> Generator[Words, None, Interval | None]:
        """The cells born on some lines, packed, in blocks; each is valid until the next.

        Parameters
        ----------
        interval : Interval
        budget : float
            Stop after a line on which the vertices met, those settled exactly counted
            `SETTLING` fold, become more than this.

        Returns
        -------
        Interval or None
            The lines not yet visited.
        """
        if len(interval) == 0:
            return None
        level = self._level(interval.level)
        if interval.level == 0:
            yield level.first_cell()
            return None
        return (yield from level.blocks(interval, budget))

    def _level(self, i: int) -> _Level:
        if i not in self._levels:
            self._levels[i] = _Level(self, i)
        return self._levels[i]


class FiniteSweep(Sweep):
    """A sweep of the last level alone: of the cells that begin at a vertex, as all bounded do.

    Hyperplanes that are parallel, and meet at infinity, cost nothing then.
    """

    def intervals(self) -> list[Interval]:
        """All lines of the last level."""
        return super().intervals()[-1:]

    def position(self, interval: Interval) -> int:
        """How many subsets of hyperplanes of the level come before an interval."""
        return interval.start


class _Level:
    """The sweep of F_i: its rows with a constant, the sweep coordinate, the others."""

    def __init__(self, sweep: Sweep, i: int) -> None:
        self.sweep, self.i = sweep, i
        rows, d = sweep.rows, sweep.dimension
        signed = rows.copy()
        signed[:, 1:] = -signed[:, 1:]
        self.constant = signed[:, d - i]
        self.linear = rows[:, d - i + 1 :]
        self.smaller = signed[:, d - i - 1 :: -1] if i < d else rows[:, :0]
        self.is_last = i == d
        self.table = np.concatenate([self.constant[:, None], self.linear], axis=1)
        if i == 0:
            return
        depths, columns, room = i, i + 1, 64 * sweep.n_words
        self.lines = kernels.Lines(
            values=np.zeros((depths, columns, room)),
            root=np.zeros((2, columns, room)),
            root_errors=np.zeros(columns),
            fine=np.zeros((2, columns, room)),
            errors=np.zeros((depths, columns)),
            norms=np.zeros((depths, columns)),
            bits=np.uint64(1) << np.arange(64, dtype=np.uint64),
            meet=np.zeros((3, room)),
            negative=np.zeros((sweep.n_words, room), dtype=np.uint64),
            slack=np.full((depths, columns), -1, dtype=np.int64),
            valid=np.zeros(depths, dtype=np.int64),
            pick=np.zeros(depths, dtype=np.int64),
            stop=np.zeros(depths, dtype=np.int64),
            state=np.zeros(4, dtype=np.int64),
        )
        high, low, rest = exact.double_rows(self.table)
        self.lines.root[0, :, : sweep.n], self.lines.root[1, :, : sweep.n] = high.T, low.T
        self.lines.root_errors[:] = rest.max(axis=0, initial=0.0)
        self._fill(0, high, np.abs(low) + rest)
        self._field = field_of(self.table)
        self._linear = exact.quotients(self.linear, self._field)
        self._out = np.empty((BLOCK + depths + 2, sweep.n_words), dtype=np.uint64)

    def _fill(
        self, depth: int, values: NDArray[np.float64], errors: NDArray[np.float64]
    ) -> None:
        lines = self.lines
        lines.values[depth, :, : len(values)] = values.T
        lines.errors[depth] = errors.max(axis=0, initial=0.0)
        lines.norms[depth] = np.abs(values).max(axis=0, initial=0.0) + lines.errors[depth]
        lines.valid[depth] = 0

    def first_cell(self) -> Words:
        """The cell of the point at infinity F_0."""
        signs = [exact.sign(v) for v in self.constant]
        if 0 in signs:
            raise SpecialPosition
        return pack_signs(np.array([signs], dtype=np.int8).reshape(1, self.sweep.n))

    def blocks(
        self, interval: Interval, budget: float
    ) -> Generator[Words, None, Interval | None]:
        """See :meth:`Sweep.blocks`."""
        sweep, lines, depths = self.sweep, self.lines, self.i
        settled = sweep.settled
        stop = interval.stop
        lines.pick[:] = -1
        lines.pick[: depths - 1] = np.array(_line_at(interval.start, sweep.n, depths)) - 1
        self._stop_at(_line_at(stop, sweep.n, depths) if stop < comb(sweep.n, depths) else ())
        lines.state[:] = (0, 0, depths - 1, 0)
        out = self._out
        while True:
            reason = kernels.sweep_lines(lines, sweep.circuits, sweep.n, self.is_last, out)
            depth, written = int(lines.state[0]), int(lines.state[1])
            picks = [int(p) for p in lines.pick[: depth + 1]]
            born = out[:0]
            if reason == kernels.PREFIX:
                self._go_below(picks)
            elif reason == kernels.VERTEX:
                born = self._born_at(picks)
            if reason in (kernels.PREFIX, kernels.VERTEX):
                sweep.settled += 1
            if written + len(born) <= len(out):
                out[written : written + len(born)] = born
                lines.state[1] = written + len(born)
                born = out[:0]
            if reason in (kernels.SWEPT, kernels.FULL) or len(born):
                yield out[:written]
                if len(born):
                    yield born
                lines.state[1] = 0
            if reason == kernels.SWEPT:
                return Interval(depths, stop, interval.stop) if stop < interval.stop else None
            work = int(lines.state[3]) + SETTLING * (sweep.settled - settled)
            if work > budget and depth == depths - 1 and depth > 0 and stop == interval.stop:
                following = _next_line(tuple(picks[:-1]))
                stop = min(stop, _rank(following, sweep.n, depths))
                self._stop_at(following)

    def _stop_at(self, picks: tuple[int, ...]) -> None:
        self.lines.stop[:] = self.sweep.n
        self.lines.stop[: len(picks)] = picks

    def _go_below(self, picks: list[int]) -> None:
        """Settle whether some picks are independent, and if so go on below them."""
        lines, depth = self.lines, len(picks)
        prescribed = max(0, int(lines.state[2]) - 1)
        if not self._refresh(picks):
            lines.state[2] = 0
            return
        lines.state[0], lines.state[2] = depth, prescribed
        if prescribed == 0 or depth == self.i - 1:
            lines.pick[depth] = lines.pick[depth - 1]

    def _refresh(self, picks: list[int]) -> bool:
        """Fill the dictionary below some picks exactly; False if they are dependent."""
        others = self.linear[:, 1:]
        depth = len(picks)
        chosen = exact.independent_columns(others[picks])
        if len(chosen) < depth:
            self._learn_dependent(picks)
            return False
        table = self.table
        columns = [2 + c for c in chosen]
        rest = [c for c in range(self.i + 1) if c not in columns]
        inverse = exact.quotients(table[np.ix_(picks, columns)], self._field).inv()
        slacks = exact.quotients(table[:, columns], self._field) * inverse
        moved = slacks * exact.quotients(table[np.ix_(picks, rest)], self._field)
        entries = np.empty((self.sweep.n, self.i + 1), dtype=object)
        for k in range(self.sweep.n):
            for q, c in enumerate(columns):
                entries[k, c] = slacks[k, q]
            for q, c in enumerate(rest):
                entries[k, c] = table[k, c] - moved[k, q]
        values, errors = np.zeros(entries.shape), np.zeros(entries.shape)
        for k in range(self.sweep.n):
            top = 0 if k in picks else max(exact.magnitude(v) for v in entries[k] if v)
            for c, v in enumerate(entries[k]):
                values[k, c], errors[k, c] = exact.scaled_float(v, top)
        self._fill(depth, values, errors)
        self.lines.slack[depth] = -1
        for q, c in enumerate(columns):
            self.lines.slack[depth, c] = picks[q]
        return True

    def _learn_dependent(self, picks: list[int]) -> None:
        """Remember the circuit of normals among some picks."""
        normals = self.sweep.rows[picks, 1:]
        kernel = exact.nullspace(normals.T)
        if kernel.shape[1] == 0:
            raise SpecialPosition
        self._learn({k: g for k, g in zip(picks, kernel[:, 0], strict=True) if g})

    def _learn(self, gamma: dict[int, Any]) -> None:
        """Remember a circuit: Σ gamma[l]·(row l) is a constant."""
        circuits = self.sweep.circuits
        q = int(circuits.known[0])
        if q == len(circuits.top):
            if q >= 2**13:
                return
            circuits = self.sweep.circuits = kernels.Circuits(
                masks=np.concatenate([circuits.masks, np.zeros_like(circuits.masks)]),
                top=np.concatenate([circuits.top, np.zeros_like(circuits.top)]),
                kappa=np.concatenate([circuits.kappa, np.zeros_like(circuits.kappa)]),
                known=circuits.known,
            )
        top = max(gamma)
        side = -1 if gamma[top] > 0 else 1
        left = sum(g * self.sweep.rows[l, 0] for l, g in gamma.items())
        members = np.zeros((1, self.sweep.n), dtype=np.int8)
        members[0, list(gamma)] = 1
        circuits.masks[q] = pack_signs(members)[0]
        circuits.top[q] = top
        circuits.kappa[q] = side * exact.sign(left)
        circuits.known[0] = q + 1

    def _born_at(self, picks: list[int]) -> Words:
        """The cells born where some picks meet, exactly."""
        table = self.table
        none = np.zeros((0, self.sweep.n_words), dtype=np.uint64)
        system = exact.quotients(table[picks, 1:], self._field)
        if system.rank() < len(picks):
            self._learn_dependent(picks)
            return none
        inverse = system.inv()
        vertex = inverse * exact.quotients(-table[picks, :1], self._field)
        left = self._linear * vertex
        at = [c + v for c, v in zip(self.constant, left.entries(), strict=True)]
        signs = np.array([exact.sign(v) for v in at], dtype=np.int8)
        alpha = [exact.sign(inverse[0, q]) for q in range(len(picks))]
        if 0 in alpha:
            raise SpecialPosition
        zeros = [k for k in np.flatnonzero(signs == 0).tolist() if k not in picks]
        first = True
        for k in zeros:
            beta = (exact.quotients(table[k : k + 1, 1:], self._field) * inverse).entries()
            gamma = {b: g for b, g in zip(picks, beta, strict=True) if g != 0}
            gamma[k] = -1
            if any(
                sum(g * self.sweep.rows[l, c] for l, g in gamma.items())
                for c in range(1, self.sweep.dimension - self.i)
            ):
                raise SpecialPosition
            self._learn(gamma)
            first = first and max(gamma) == k
        if not first:
            return none
        if not zeros:
            signs[picks] = alpha
            return pack_signs(signs[None])
        local = sorted([*picks, *zeros])
        born = self._born_locally(local)
        result = np.repeat(signs[None], len(born), axis=0)
        result[:, local] = born
        return pack_signs(result)

    def _born_locally(self, local: Sequence[int]) -> NDArray[np.int8]:
        """The cells of the arrangement of some rows through a vertex that begin at it.

        They are those that do not reach down to {sweep coordinate = −M}, M infinitely large.
        """
        linear, smaller = self.linear[local], self.smaller[local]
        if smaller.shape[1] == 0:
            smaller = np.zeros((len(local), 1), dtype=object)
        inner = Recursion(np.concatenate([linear, smaller], axis=1), smaller.shape[1])
        cells = unpack_signs(inner.cells(), len(local))
        far = np.concatenate([linear[:, 1:], -linear[:, :1], smaller], axis=1)
        if linear.shape[1] > 1:
            reaching = unpack_signs(Recursion(far, smaller.shape[1] + 1).cells(), len(local))
        else:
            reaching = np.array(
                [[next(exact.sign(v) for v in row if v) for row in far]], dtype=np.int8
            )
        below = {row.tobytes() for row in reaching}
        return cells[[row.tobytes() not in below for row in cells]]


def random_change(dimension: int, draw: int) -> Integers:
    """A regular matrix of random integers."""
    rng = np.random.default_rng(draw)
    while True:
        change = rng.integers(-(2**15), 2**15, size=(dimension, dimension)).astype(object)
        if exact.rank(change) == dimension:
            return change


def looks_degenerate(rows: Integers, samples: int = 64) -> bool:
    """Do some vertices of a random choice seem to lie on too many hyperplanes?

    A guess in float64, which decides how to enumerate and nothing else.
    """
    n, d = len(rows), rows.shape[1] - 1
    if n <= d:
        return False
    table = exact.float_rows(rows)[0]
    rng = np.random.default_rng(0)
    picks = rng.random((samples, n)).argpartition(d - 1, axis=1)[:, :d]
    normals = table[picks, :-1]
    with np.errstate(all="ignore"):
        singular = np.abs(np.linalg.det(normals)) < 1e-9
        normals[singular] = np.eye(d)
        points = -np.linalg.solve(normals, table[picks, -1:])[..., 0]
        at = np.abs(points @ table[:, :-1].T + table[:, -1])
        size = np.abs(points) @ np.abs(table[:, :-1]).T + np.abs(table[:, -1])
        crowded = (at <= 1e-9 * size).sum(axis=1) > d
    return int((singular | crowded).sum()) > samples // 32
