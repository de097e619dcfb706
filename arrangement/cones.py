"""Cells in a cone: restrict and split with the rays of the cone, without a linear program.

The cone carries its extreme rays, each with the walls that it lies on, and the values of the
rows on them (the double description of Motzkin, Raiffa, Thompson and Thrall 1953; Fukuda and
Prodon 1996). A row cuts the open cone iff it is positive on one ray and negative on another,
and the rays of a part or of a section are those of the cone and one new ray for each pair of
adjacent ones that the row separates. That is all there is to do, in two ways:

- **counting**: the cells in a cone are one and, for each row, those that the earlier rows cut
  on it (deletion and restriction). Each cell is a node of that recursion.
- **listing**: the first row that cuts the cone splits it in two; a cone that no row cuts is a
  cell. There is one split fewer than cells.

What is outside the cone costs nothing, and memory is the depth. An arrangement in the whole
space is cut into pointed cones by hyperplanes of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.fields import FieldElement, field_of, in_one_field
from arrangement.kernels import cones as kernel
from arrangement.packing import Words, pack_signs, word_count
from arrangement.parsing import integral, primitive
from arrangement.polyhedron import extreme_rays

__all__ = ["count", "homogeneous", "words"]

Integers = NDArray[np.object_]
Floats = NDArray[np.float64]
Show = Callable[[int, int], None]

KINDS = ("integers", "floats", "twofold", "residues")
"""Numbers of the compiled loops, the quickest first: integers up to `INTEGER_LIMIT`; float64
with error bounds; sums of two float64 with bounds; these and residues that prove zeros."""

INTEGER_LIMIT = 2**26

PATIENCE = 100
"""How many rays may be asked for before the next kind of numbers is tried."""

ROOM = 2**12
"""Values for which there is room at first."""

BLOCK = 2**16
"""Cells in a block."""

STEP = 2**20
"""Cells that are counted between reports."""


def homogeneous(rows: Integers, domain: Integers | None = None) -> tuple[Integers, Integers]:
    """Affine hyperplanes and the inequalities of a domain as linear ones.

    Parameters
    ----------
    rows : ndarray of Python ints, shape (n, d + 1)
        [normal | offset].
    domain : ndarray of Python ints, shape (m, d + 1), optional
        [g | c], with g·x + c > 0 inside.

    Returns
    -------
    rows, walls : ndarray
        In dimension d where all offsets are 0; else in dimension d + 1, and the last wall says
        that the last coordinate is positive.
    """
    walls = np.zeros((0, rows.shape[1]), dtype=object) if domain is None else domain
    both = np.concatenate([rows, walls])
    if field_of(both) is not None:
        both = np.array([integral(row) for row in in_one_field(both)], dtype=object)
        rows, walls = both[: len(rows)], both[len(rows) :]
    if not rows[:, -1].any() and not walls[:, -1].any():
        return rows[:, :-1], walls[:, :-1]
    infinity = np.array([[0] * (rows.shape[1] - 1) + [1]], dtype=object)
    return rows, np.concatenate([walls, infinity])


def count(rows: Integers, walls: Integers, show: Show = lambda done, total: None) -> int:
    """The number of cells of linear hyperplanes in the open cone {x : walls x > 0}.

    Parameters
    ----------
    rows : ndarray of Python ints, shape (n, D)
        None zero; copies, and walls among them, cut nothing more.
    walls : ndarray of Python ints, shape (m, D)
        There may be none.
    show : callable
        Called with (cells so far, about how many in all).

    Returns
    -------
    int
        0 if the cone is empty.

    Examples
    --------
    The three lines of the braid arrangement, in the plane and in a quadrant of it:

    >>> import numpy as np
    >>> lines = np.array([[1, 0], [0, 1], [1, -1]], dtype=object)
    >>> count(lines, lines[:0]), count(lines, lines[:2])
    (6, 2)
    """
    if not len(rows) and not len(walls):
        return 1
    total, kind = 0, KINDS[0]
    cones = _pointed_cones(rows, walls)
    for i, given in enumerate(cones):
        cone = _Cone(given, kind)
        total += cone.count(_shown(show, total, i, len(cones)))
        kind = cone.kind
    show(total, total)
    return total if len(walls) else 2 * total


def words(
    rows: Integers, walls: Integers, show: Show = lambda done, total: None
) -> Iterator[Words]:
    """The signs of the rows on the cells in the open cone {x : walls x > 0}, in blocks.

    Parameters
    ----------
    rows, walls, show
        As in :func:`count`.

    Yields
    ------
    ndarray of uint64, shape (m, ceil(n / 64))
        Bit i is 1 where the cell is on the positive side of row i.

    Examples
    --------
    >>> import numpy as np
    >>> lines = np.array([[1, 0], [0, 1], [1, -1]], dtype=object)
    >>> [block.ravel().tolist() for block in words(lines, lines[:2])]
    [[7, 3]]
    """
    if not len(rows) and not len(walls):
        yield np.zeros((1, 0), dtype=np.uint64)
        return
    done, kind = 0, KINDS[0]
    opposite = pack_signs(np.ones((1, len(rows)), dtype=np.int8))
    cones = _pointed_cones(rows, walls)
    for i, given in enumerate(cones):
        cone = _Cone(given, kind)
        for block in cone.words(_shown(show, done, i, len(cones))):
            yield block
            if not len(walls):
                yield block ^ opposite
            done += len(block)
        kind = cone.kind
    show(done, done)


def _shown(show: Show, before: int, i: int, cones: int) -> Callable[[int, float], None]:
    """From the cells of one cone so far, and what share of it that is, to those of all."""

    def report(found: int, share: float) -> None:
        done = before + found
        show(done, max(done + 1, round(done * cones / (i + max(share, 1e-9)))))

    return report


@dataclass(frozen=True)
class _Given:
    """A pointed cone with interior points.

    Attributes
    ----------
    rows : ndarray of Python ints, shape (n, D)
    walls : ndarray of Python ints, shape (m, D)
    rays : ndarray of Python ints, shape (r, D)
        The extreme rays.
    masks : list of int
        Bit i is 1 where a ray lies on wall i.
    """

    rows: Integers
    walls: Integers
    rays: Integers
    masks: list[int]


def _pointed_cones(rows: Integers, walls: Integers) -> list[_Given]:
    """Pointed cones that make up a cone, but for some of the hyperplanes.

    Where there are no walls, half of the space: the other half is opposite.
    """
    both = np.concatenate([walls, rows])
    both = both[:, exact.independent_columns(both)]
    rows, walls = both[len(walls) :], both[: len(walls)]
    m = len(walls)
    chosen = exact.independent_columns(both.T)
    dividing = [i for i in chosen if i >= m]
    simplicial = len(chosen) == m + len(dividing)
    if simplicial:  # the rays are the columns of the inverse, on one side or the other
        inverse = exact.inverse(both[chosen])
        assert inverse is not None, "the rows are independent"
        edges = np.array([primitive(y) for y in inverse[0].T], dtype=object)
        masks = [(1 << len(chosen)) - 1 ^ 1 << k for k in range(len(chosen))]
    fixed = 0 if m else 1
    found = []
    for signs in product((1, -1), repeat=len(dividing) - fixed):
        turn = np.array([1] * (m + fixed) + list(signs), dtype=object)[:, None]
        sides = np.concatenate([walls, both[dividing]]) * turn
        if simplicial:
            found.append(_Given(rows, sides, edges * turn, masks))
            continue
        generators = extreme_rays(sides, 0)
        rays = np.array([y for y, _ in generators], dtype=object).reshape(-1, both.shape[1])
        if len(rays) and all(v > 0 for v in (sides @ rays.T).sum(axis=1)):
            found.append(_Given(rows, sides, rays, [mask for _, mask in generators]))
    return found


class _Cone:
    """The recursion in one pointed cone.

    Parameters
    ----------
    given : _Given
    kind : str
        The kind of numbers to begin with, one of `KINDS`; then the one that sufficed.
    """

    def __init__(self, given: _Given, kind: str) -> None:
        self.rows, self.walls, self.rays = given.rows, given.walls, given.rays
        self.masks = given.masks
        self.values = self.rows @ self.rays.T
        self.field = field_of(np.concatenate([self.walls, self.rows]))
        self.kind = kind

    def count(self, report: Callable[[int, float], None]) -> int:
        """The number of cells."""
        cutting = [i for i, row in enumerate(self.values) if min(row) < 0 < max(row)]
        if not cutting:
            return 1
        self.rows, self.values = self.rows[cutting], self.values[cutting]
        for _ in self._attempts(len(self.walls)):
            found = self._count(report)
            if found is not None:
                return found
        raise AssertionError("twofold numbers and residues suffice")

    def words(self, report: Callable[[int, float], None]) -> Iterator[Words]:
        """The signs of the cells, packed, in blocks."""
        done = 0
        for _ in self._attempts(len(self.walls) + len(self.rows)):
            skip = done  # the order of the cells does not depend on the kind of numbers
            for block in self._split(report):
                if block is None:
                    break
                new = block[skip:]
                skip = max(0, skip - len(block))
                done += len(new)
                yield new
            else:
                return

    def _attempts(self, n_bits: int) -> Iterator[None]:
        """Make the buffers for one kind of numbers; should it fail, for the next."""
        for kind in KINDS[KINDS.index(self.kind) :]:
            if kind != "integers" or self._is_small():
                self.kind = kind
                self._begin(n_bits)
                yield

    def _is_small(self) -> bool:
        if self.field is not None:
            return False
        sizes = (max(map(abs, row)) // max(1, gcd(*row)) for row in self.values)
        return max(sizes, default=0) < INTEGER_LIMIT

    def _begin(self, n_bits: int) -> None:
        n, r = self.values.shape
        integral, twofold = self.kind == "integers", self.kind in ("twofold", "residues")
        if integral:
            high = np.array([[v // max(1, gcd(*row)) for v in row] for row in self.values])
            high = high.reshape(n, r).astype(np.float64)
            low = np.zeros_like(high)
        else:
            high, low = self._rounded()
        self.error = 0.0 if integral else 2.0**-100 if twofold else 2.0**-53
        self.primes: list[tuple[int, int]] = []
        if self.kind == "residues":
            both = np.concatenate([self.walls, self.rows])
            self.primes = exact.proof_primes(both, 2**26 - 1)
        self.guard = self.walls.sum(axis=0)
        size, room = max(ROOM, 2 * high.size), max(ROOM, 2 * r)
        self.buffers = kernel.Rays(
            values=np.empty(size),
            lows=np.empty(size if twofold else 0),
            errors=np.full(room, self.error),
            residues=np.empty((len(self.primes), size)),
            guards=np.empty((len(self.primes), room)),
            primes=np.array([p for p, _ in self.primes], dtype=np.float64),
            tight=np.zeros((room, word_count(n_bits)), dtype=np.uint64),
        )
        self.buffers.values[: high.size] = high.T.ravel()
        if twofold:
            self.buffers.lows[: low.size] = low.T.ravel()
        values = exact.residues(self.values.T, self.primes, self.field)
        self.buffers.residues[:, : high.size] = values.reshape(len(self.primes), high.size)
        self.buffers.guards[:, :r] = exact.residues(
            self.rays @ self.guard, self.primes, self.field
        )
        for k, mask in enumerate(self.masks):
            for w in range(word_count(n_bits)):
                self.buffers.tight[k, w] = mask >> 64 * w & 2**64 - 1
        self.ids, self.cuts = np.empty(ROOM + n, np.int64), np.empty(ROOM + n, np.int64)
        self.asked_for = 0

    def _rounded(self) -> tuple[Floats, Floats]:
        """The values as sums of two float64, near 1: rays and rows scaled by powers of two."""
        rays = [max((exact.magnitude(v) for v in c if v), default=0) for c in self.values.T]
        self.shifts = [
            max(exact.magnitude(v) - e for v, e in zip(row, rays, strict=True) if v)
            for row in self.values
        ]
        pairs = [
            [_twofold(v, e + shift) for v, e in zip(row, rays, strict=True)]
            for row, shift in zip(self.values, self.shifts, strict=True)
        ]
        both = np.array(pairs).reshape(*self.values.shape, 2)
        return both[:, :, 0], both[:, :, 1]

    def _failed(self, reason: int) -> bool:
        impatient = self.kind in ("floats", "twofold") and self.asked_for > PATIENCE
        return reason == kernel.LARGE or impatient

    def _grow(self) -> None:
        """Twice the room."""
        old = self.buffers
        self.buffers = old._replace(
            tight=np.concatenate([old.tight, old.tight]),
            **{
                name: np.concatenate([buffer, buffer], axis=-1)
                for name, buffer in old._asdict().items()
                if name not in ("primes", "tight")
            },
        )
        self.ids, self.cuts = (np.concatenate([a, a]) for a in (self.ids, self.cuts))

    # --- counting ---------------------------------------------------------------------------

    def _count(self, report: Callable[[int, float], None]) -> int | None:
        """The number of cells; None if the kind of numbers does not suffice."""
        n, r = self.values.shape
        D = self.rows.shape[1]
        self.levels = np.zeros((D + 1, kernel.N_COLUMNS), dtype=np.int64)
        self.levels[0, kernel.ROWS], self.levels[0, kernel.RAYS] = n, r
        self.state = np.array([0, 0, 0, 0, STEP], dtype=np.int64)
        table, sides, positions = (
            np.empty(4 * n + 4, np.int64),
            np.empty(n, np.uint8),
            np.empty(n),
        )
        while True:
            reason = kernel.count_cells(
                self.state, self.levels, self.buffers, self.cuts, self.ids, table, sides,
                positions, D, self.kind == "integers",
            )  # fmt: skip
            if reason == kernel.DONE:
                return int(self.state[3])
            if reason == kernel.GROW:
                self._grow()
            elif reason == kernel.RAY:
                self._settle_flat_ray()
            elif reason == kernel.LEAF:
                self.state[3] += 1 + self._points_on_line()
            elif reason == kernel.STEPPED:
                self.state[4] += STEP
                report(int(self.state[3]), (int(self.levels[0, kernel.K]) / n) ** (D - 1))
            if self._failed(reason):
                return None

    def _chain(self, level: int) -> list[int]:
        """The rows that are restricted to, down to a level."""
        return [int(self.ids[l[kernel.CUTS] + l[kernel.K]]) for l in self.levels[:level]]

    def _settle_flat_ray(self) -> None:
        """The exact values of the ray that was made last, on a flat."""
        l, made = int(self.state[0]), int(self.state[2]) - 1
        above, below = self.levels[l], self.levels[l + 1]
        k = int(below[kernel.ROWS])
        first = above[kernel.CUTS]
        self._settle(
            int(below[kernel.FIRST]) + made,
            int(below[kernel.VALUES]) + made * k,
            self.ids[first : first + k].tolist(),
            self._chain(l + 1),
        )

    def _points_on_line(self) -> int:
        """How many points the cutting rows of the last level have."""
        self.asked_for += 1
        l = int(self.state[0])
        first, count = self.levels[l, kernel.CUTS], self.levels[l, kernel.N_CUTS]
        chain = self._chain(l)
        basis = exact.nullspace(self.rows[chain])
        values = self.rows[self.ids[first : first + count]] @ basis
        points = set()
        for pair in values.tolist():
            a, b = primitive(pair)
            points.add((a, b) if (a, b) > (0, 0) else (-a, -b))
        return len(points)

    # --- listing ----------------------------------------------------------------------------

    def _split(self, report: Callable[[int, float], None]) -> Iterator[Words | None]:
        """Blocks of cells; None at the end if the kind of numbers does not suffice."""
        n, r = self.values.shape
        self.ids[:n] = np.arange(n)
        stack = np.zeros((n + 3, kernel.N_COLUMNS), dtype=np.int64)
        stack[0, kernel.ROWS], stack[0, kernel.RAYS] = n, r
        state = np.array([1, 0, 0, 0, 0, 0], dtype=np.int64)
        signs = np.zeros((n + 3, word_count(n)), dtype=np.uint64)
        shares = np.zeros(n + 4)
        shares[0] = 1.0
        block = np.empty((BLOCK, word_count(n)), dtype=np.uint64)
        sides = np.empty(n, np.uint8)
        pairs, asked = np.empty((ROOM, 2), np.int64), np.empty(ROOM, np.int64)
        found = 0
        while True:
            reason = kernel.split_cells(
                state, stack, self.buffers, self.cuts, self.ids, signs, shares, sides, pairs,
                asked, block, len(self.walls), self.rows.shape[1], self.kind == "integers",
            )  # fmt: skip
            failed = self._failed(reason)
            if failed or reason in (kernel.DONE, kernel.FULL):
                found += int(state[2])
                report(found, float(shares[-1]))
                yield block[: state[2]].copy()
                state[2] = 0
                if failed:
                    yield None
                if reason != kernel.FULL:
                    return
            elif reason == kernel.GROW:
                self._grow()
                pairs, asked = np.concatenate([pairs, pairs]), np.concatenate([asked, asked])
            else:
                part = stack[state[0]]
                k, first = int(part[kernel.ROWS]), int(part[kernel.CUTS])
                rows = self.ids[first : first + k].tolist()
                for j in asked[: state[5]].tolist():
                    self._settle(
                        int(part[kernel.FIRST]) + j, int(part[kernel.VALUES]) + j * k, rows, []
                    )

    # --- what the compiled loops ask for ----------------------------------------------------

    def _settle(self, ray: int, at: int, rows: list[int], chain: list[int]) -> None:
        """Values of rows on a ray, exact and then rounded, from the walls that it lies on."""
        self.asked_for += 1
        sides = np.concatenate([self.walls, self.rows])
        octets = self.buffers.tight[ray].view(np.uint8)
        on = np.flatnonzero(np.unpackbits(octets, bitorder="little"))
        zero = np.concatenate([self.rows[chain], sides[on]])
        y: Integers = np.array(primitive([*exact.nullspace(zero)[:, 0]]), dtype=object)
        guard = self.guard @ y
        if guard < 0:
            y, guard = -y, -guard
        values, shifts = self.rows[rows] @ y, [self.shifts[i] for i in rows]
        sizes = [exact.magnitude(v) - s for v, s in zip(values, shifts, strict=True) if v]
        top = max(sizes, default=0)
        pairs = [_twofold(v, top + s) for v, s in zip(values, shifts, strict=True)]
        here = slice(at, at + len(rows))
        self.buffers.values[here] = [high for high, _ in pairs]
        if len(self.buffers.lows):
            self.buffers.lows[here] = [low for _, low in pairs]
        self.buffers.errors[ray] = self.error
        self.buffers.residues[:, here] = exact.residues(values, self.primes, self.field)
        self.buffers.guards[:, ray] = exact.residues(
            np.array(guard, dtype=object), self.primes, self.field
        )


def _twofold(value: Any, exponent: int) -> tuple[float, float]:
    """value / 2**exponent, at most about 1, as a sum of two float64 within 2^-106 of it.

    The first has the sign of the value.
    """
    if isinstance(value, FieldElement):
        value, _, q = value.enclosure(128)  # q is a power of two
        exponent += q.bit_length() - 1
    cut = max(abs(value).bit_length() - 120, 0)
    value >>= cut
    high = float(value)
    low = float(value - int(high))
    high, low = (float(np.ldexp(v, cut - exponent)) for v in (high, low))
    return (high, low) if high else (exact.sign(value) * 2.0**-1074, 0.0)
