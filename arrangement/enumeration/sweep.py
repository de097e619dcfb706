"""Sweep over vertices: each cell from the vertex where it begins, independent of all others.

In coordinates x_1, …, x_d in general position let F_i be the flat x_1 = −M_1, …,
x_{d−i} = −M_{d−i} with 1 ≪ M_1 ≪ M_2 ≪ …. Every cell that meets F_i and on which
x_{d−i+1} is bounded below there begins at a vertex: at the point where i hyperplanes meet F_i;
every other cell that meets F_i meets F_{i−1}. So each cell is found exactly once, and in a
simple arrangement each set of at most d hyperplanes that meets in a point of its F_i gives one.
A set of i − 1 hyperplanes fixes a line of F_i; along it a sign costs one multiplication.

Where more hyperplanes pass through a vertex than its codimension, the cells that begin there
are cells of the local arrangement: those of the hyperplanes through it. That a hyperplane
passes through a vertex is proved modulo primes, and rational numbers are used for signs that
are known not to be zero.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from fractions import Fraction
from functools import cached_property
from math import comb, inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.enumeration import cone_faces
from arrangement.enumeration.intervals import Interval, line_at, next_line, rank_of
from arrangement.exact.numbers import primitive
from arrangement.exact.one_field import field_of
from arrangement.exact.packing import Words, pack_signs, unpack_signs, word_count
from arrangement.kernels import reasons
from arrangement.kernels.cells import sweep_lines as kernel
from arrangement.kernels.cells.dependence import Moduli
from arrangement.kernels.cells.dictionary import Lines

__all__ = [
    "FiniteSweep",
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
        self.primes: list[tuple[int, int]] = []
        self.needed = 0
        """As many of the primes as this prove a zero."""
        self.settled = 0
        """How many vertices and lines were not left to the compiled loop."""
        self._levels: dict[int, _Level] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        # The coordinates are given, not drawn: another release of numpy may draw others.
        return type(self), (self.given, self.change)

    @property
    def tables(self) -> tuple[Integers, ...]:
        """What the cells of an interval depend on: rows in the coordinates drawn."""
        return (self.rows,)

    @cached_property
    def doubles(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """The rows as sums of two float64; see :func:`exact.double_rows`."""
        return exact.double_rows(self.rows)

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

    def draw_primes(self) -> None:
        """Other primes than before, and some more than are needed."""
        last = self.primes[-1][0] if self.primes else 2**26
        self.primes = []
        while True:
            found = exact.proof_primes(self.rows, last - 1)
            self.primes += found
            last = found[-1][0]
            # As many of any of these, none of them smaller, will do.
            self.needed = len(found)
            room = 8 * (self.needed // 8 + 1)
            if len(self.primes) >= room:
                self.primes = self.primes[:room]
                return

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
        self.is_last = i == d
        self.table = np.concatenate([self.constant[:, None], self.linear], axis=1)
        if i == 0:
            return
        depths, columns, room = i, i + 1, 64 * sweep.n_words
        wide = 8 * -(-columns // 8)
        self.lines = Lines(
            values=np.zeros((depths, columns, room)),
            root=np.zeros((2, columns, room)),
            root_errors=np.zeros(columns),
            fine=np.zeros((2, columns, room)),
            offsets=np.zeros((2, room)),
            errors=np.zeros((depths, wide)),
            norms=np.zeros((depths, wide)),
            factors=np.zeros(wide),
            bits=np.uint64(1) << np.arange(64, dtype=np.uint64),
            meet=np.zeros((2, room)),
            facts=np.zeros((3, sweep.n_words), dtype=np.uint64),
            negative=np.zeros((sweep.n_words, room), dtype=np.uint64),
            picked=np.zeros((depths, sweep.n_words), dtype=np.uint64),
            parallel=_parallel(self.linear),
            doubt=np.zeros((2, sweep.n_words), dtype=np.uint64),
            valid=np.zeros(depths, dtype=np.int64),
            rescaled=np.zeros(depths, dtype=np.int64),
            pick=np.zeros(depths, dtype=np.int64),
            stop=np.zeros(depths, dtype=np.int64),
            state=np.zeros(5, dtype=np.int64),
        )
        high, low, rest = sweep.doubles
        lines, n = self.lines, sweep.n
        lines.offsets[0, :n] = high[:, 0]
        lines.offsets[1, :n] = np.abs(low[:, 0]) + rest[:, 0]
        high, low, rest = high[:, d - i :].copy(), low[:, d - i :].copy(), rest[:, d - i :]
        if not self.is_last:
            high[:, 0], low[:, 0] = -high[:, 0], -low[:, 0]
        lines.root[0, :, :n], lines.root[1, :, :n] = high.T, low.T
        lines.root_errors[:] = rest.max(axis=0, initial=0.0)
        self._fill(0, high, np.abs(low) + rest)
        self.moduli = self._modulo([], 0)
        room = BLOCK + kernel.AHEAD + depths + 2
        self._out = np.empty((room, sweep.n_words), dtype=np.uint64)

    def _modulo(self, primes: list[tuple[int, int]], needed: int) -> Moduli:
        """The rows modulo some primes, none of them picked."""
        width = self.sweep.dimension + 1
        k, length = len(primes), width + self.i
        values = exact.residues(self.sweep.rows, primes, field_of(self.sweep.rows)).astype(
            np.float64
        )
        numbers = np.array([p for p, _ in primes], dtype=np.float64)
        return Moduli(
            residues=np.ascontiguousarray(np.moveaxis(values, 0, -1)),
            primes=numbers,
            reciprocals=1.0 / numbers,
            basis=np.zeros((self.i, length, k)),
            vector=np.zeros((length, k)),
            pivots=np.zeros(self.i, dtype=np.int64),
            alive=np.ones((self.i + 1, k), dtype=np.bool_),
            members=np.zeros(self.i, dtype=np.int64),
            support=np.zeros(self.i, dtype=np.bool_),
            level=np.array([self.sweep.dimension - self.i, 0, needed]),
        )

    def _fill(
        self, depth: int, values: NDArray[np.float64], errors: NDArray[np.float64]
    ) -> None:
        lines, columns = self.lines, slice(values.shape[1])
        lines.values[depth, :, : len(values)] = values.T
        lines.errors[depth, columns] = errors.max(axis=0, initial=0.0)
        largest = np.abs(values).max(axis=0, initial=0.0)
        lines.norms[depth, columns] = largest + lines.errors[depth, columns]
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
        lines.pick[: depths - 1] = np.array(line_at(interval.start, sweep.n, depths)) - 1
        self._stop_at(line_at(stop, sweep.n, depths) if stop < comb(sweep.n, depths) else ())
        lines.state[:4] = (0, 0, depths - 1, 0)
        out = self._out
        while True:
            reason = kernel.sweep_lines(lines, self.moduli, sweep.n, self.is_last, out)
            depth, written = int(lines.state[0]), int(lines.state[1])
            picks = [int(p) for p in lines.pick[: depth + 1]]
            born = out[:0]
            if reason == reasons.SPECIAL:
                raise SpecialPosition
            if reason == reasons.MORE_PRIMES:
                self._give_primes()
            elif reason == reasons.PREFIX:
                self._go_below(picks)
            elif reason in (reasons.VERTEX, reasons.CROWDED):
                born = self._born_at(picks, out[written], reason == reasons.CROWDED)
            if reason in (reasons.PREFIX, reasons.VERTEX, reasons.CROWDED):
                sweep.settled += 1
            if written + len(born) <= len(out):
                out[written : written + len(born)] = born
                lines.state[1] = written + len(born)
                born = out[:0]
            if reason in (reasons.DONE, reasons.FULL) or len(born):
                yield out[:written]
                if len(born):
                    yield born
                lines.state[1] = 0
            if reason == reasons.DONE:
                return Interval(depths, stop, interval.stop) if stop < interval.stop else None
            work = int(lines.state[3]) + SETTLING * (sweep.settled - settled)
            if work > budget and depth == depths - 1 and depth > 0 and stop == interval.stop:
                following = next_line(tuple(picks[:-1]))
                stop = min(stop, rank_of(following, sweep.n, depths))
                self._stop_at(following)

    def _stop_at(self, picks: tuple[int, ...]) -> None:
        self.lines.stop[:] = self.sweep.n
        self.lines.stop[: len(picks)] = picks

    def _give_primes(self) -> None:
        """Primes for the compiled loop; other ones, should it have some already."""
        sweep = self.sweep
        if not sweep.primes or len(self.moduli.primes):
            sweep.draw_primes()
        self.moduli = self._modulo(sweep.primes, sweep.needed)

    def _go_below(self, picks: list[int]) -> None:
        """Go on below some independent picks, with a dictionary that is filled exactly."""
        lines, depth, table = self.lines, len(picks), self.table
        columns = [2 + c for c in exact.independent_columns(self.linear[picks, 1:])]
        rest = [c for c in range(self.i + 1) if c not in columns]
        inverse, scale = exact.inverse(table[np.ix_(picks, columns)])
        slacks = table[:, columns] @ inverse
        kept = scale * table[:, rest] - slacks @ table[np.ix_(picks, rest)]
        entries = np.concatenate([kept[:, :2], slacks, kept[:, 2:]], axis=1)
        entries = entries * Fraction(1, scale)
        values, errors = np.zeros(entries.shape), np.zeros(entries.shape)
        for k in range(self.sweep.n):
            top = 0 if k in picks else max(exact.magnitude(v) for v in entries[k] if v)
            for c, v in enumerate(entries[k]):
                values[k, c], errors[k, c] = exact.scaled_float(v, top)
        self._fill(depth, values, errors)
        lines.rescaled[depth] = 1
        lines.picked[depth] = lines.picked[depth - 1]
        lines.picked[depth, picks[-1] >> 6] |= lines.bits[picks[-1] & 63]
        prescribed = max(0, int(lines.state[2]) - 1)
        lines.state[0], lines.state[2] = depth, prescribed
        if prescribed == 0 or depth == self.i - 1:
            lines.pick[depth] = lines.pick[depth - 1]

    def _born_at(self, picks: list[int], found: Words, certain: bool) -> Words:
        """The cells born where some independent picks meet.

        Parameters
        ----------
        picks : list of int
        found : ndarray of uint64, shape (words,)
            The signs there of rows that neither vanish nor are unsure and, if they are
            certain, of the picks on the cell above.
        certain : bool
            Is nothing unsure?
        """
        n = self.sweep.n
        signs = unpack_signs(found[None], n)[0].copy()
        zeros, unsure = (
            np.flatnonzero(unpack_signs(row[None], n)[0] > 0).tolist()
            for row in self.lines.doubt.copy()
        )
        if not certain:
            inverse, scale = exact.inverse(self.linear[picks])
            vertex = -inverse @ self.constant[picks]
            at = scale * self.constant[unsure] + self.linear[unsure] @ vertex
            signs[unsure] = [exact.sign(v) for v in at]
            signs[picks] = [exact.sign(v) for v in inverse[0]]
            assert signs.all(), "what vanishes is proved to, modulo primes"
        if not zeros:
            return pack_signs(signs[None])
        local = sorted([*picks, *zeros])
        born = self._born_locally(local)
        result = np.repeat(signs[None], len(born), axis=0)
        result[:, local] = born
        return pack_signs(result)

    def _born_locally(self, local: list[int]) -> NDArray[np.int8]:
        """The cells of the arrangement of some rows through a vertex that begin at it.

        They are those on which the sweep coordinate t is bounded below. A cell that is not
        meets {t = −M}, if M is larger than t at any vertex, and a cell of a cone that has a
        vertex is bounded there or on the opposite side.
        """
        linear, offsets = self.linear[local], self.sweep.rows[local, :1]
        both = np.concatenate([linear, offsets], axis=1)
        n = len(local)
        sweeping = np.full((1, self.i + 1), 0, dtype=object)
        sweeping[0, 0] = 1
        infinity = np.full((1, self.i + 1), 0, dtype=object)
        infinity[0, -1] = 1
        if self.is_last or exact.rank(both) == self.i:
            blocks = cone_faces.words(linear, sweeping[:, :-1])
            cells = unpack_signs(np.concatenate(list(blocks)), n)
            reaching = {(-row).tobytes() for row in cells}
        else:
            # A quotient of minors, of which one that is not zero has a norm of at least 1.
            sweeping[0, -1] = 1 + exact.minor_bound(both)
            blocks = cone_faces.words(np.concatenate([both, sweeping]), infinity)
            signs = unpack_signs(np.concatenate(list(blocks)), n + 1)
            cells = np.ascontiguousarray(signs[signs[:, -1] > 0, :-1])
            reaching = {row[:-1].tobytes() for row in signs if row[-1] < 0}
        return cells[[row.tobytes() not in reaching for row in cells]]


def random_change(dimension: int, draw: int) -> Integers:
    """A regular matrix of random integers."""
    rng = np.random.default_rng(draw)
    while True:
        change = rng.integers(-(2**15), 2**15, size=(dimension, dimension)).astype(object)
        if exact.rank(change) == dimension:
            return change


def _parallel(normals: Integers) -> Words:
    """Per row the bits of the others with the same direction, or its opposite."""
    directions: dict[tuple[Any, ...], list[int]] = {}
    for k, row in enumerate(normals):
        leading = next((v for v in row if v), 0)
        if leading != 0:
            directions.setdefault(tuple(primitive(row if leading > 0 else -row)), []).append(k)
    parallel = np.zeros((len(normals), len(normals)), dtype=np.bool_)
    for rows in directions.values():
        parallel[np.ix_(rows, rows)] = True
    np.fill_diagonal(parallel, False)
    return pack_signs(parallel)


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
    with np.errstate(all="ignore"):
        table /= np.linalg.norm(table[:, :-1], axis=1, keepdims=True)
        normals = table[picks, :-1]
        singular = np.abs(np.linalg.det(normals)) < 1e-9
        normals[singular] = np.eye(d)
        points = -np.linalg.solve(normals, table[picks, -1:])[..., 0]
        at = np.abs(points @ table[:, :-1].T + table[:, -1])
        size = np.abs(points) @ np.abs(table[:, :-1]).T + np.abs(table[:, -1])
        crowded = (at <= 1e-9 * size).sum(axis=1) > d
    return int((singular | crowded).sum()) > samples // 32
