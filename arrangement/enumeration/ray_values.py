"""The values of rows on the rays of a cone, as the compiled loops hold them.

In one kind of numbers; what they cannot decide is settled in exact ones.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.enumeration.cone_edges import FEWER
from arrangement.enumeration.cones import Cone, Floats, Integers
from arrangement.exact.numbers import primitive
from arrangement.exact.one_field import field_of
from arrangement.exact.packing import word_count
from arrangement.kernels.cells import cone_rays as kernel
from arrangement.memory import refuse

__all__ = ["RayValues", "attempts"]

KINDS = ("integers", "floats", "twofold", "residues")
"""Numbers of the compiled loops, the quickest first: integers up to `INTEGER_LIMIT`; float64
with error bounds; sums of two float64 with bounds; these and residues that prove zeros."""

PATIENCE = 100
"""How many rays may be asked for before the next kind of numbers is tried."""

NEAR = 2.0**-42
"""Values with smaller errors are taken as sums of float64 are."""

ROOM = 2**15
"""Values for which there is room at first."""

LEAST = np.iinfo(np.int64).min
"""For no exponent."""


def attempts(cone: Cone, first: str = "integers", located: bool = False) -> Iterator[RayValues]:
    """The rays of a cone in one kind of numbers, and should it fail, in the next."""
    for kind in KINDS[KINDS.index(first) :]:
        if kind != "integers" or cone.is_small():
            yield RayValues(cone, kind, located)
    raise AssertionError("twofold numbers and residues suffice")


class RayValues:
    """The rays of a cone and of what rows cut from it, with the values of the rows on them.

    Parameters
    ----------
    cone : Cone
    kind : str
        Of `KINDS`.
    located : bool
        Do the rays carry their coordinates, for points in cells?

    Attributes
    ----------
    rays, room : Rays, Room
        The buffers of the compiled loops: first the lines, each with its opposite, then the
        rays of the cone, then those that the loops add.
    lists : ndarray of int64
        The rays of each cone that is waiting.
    first : ndarray of int64
        The rays of the cone, and then its lines.
    asked_for : int
        How often exact numbers had to help.
    """

    def __init__(self, cone: Cone, kind: str, located: bool) -> None:
        self.cone, self.kind, self.located = cone, kind, located
        self.field = field_of(cone.sides)
        m, n, r = len(cone.walls), len(cone.rows), len(cone.edges)
        lines = len(cone.dividing)
        source = np.concatenate([np.repeat(np.arange(lines), 2), np.arange(lines, r)])
        turned = np.arange(len(source)) < 2 * lines
        turned[::2] = False
        turn = np.where(turned, -1.0, 1.0)[:, None]
        integral, twofold = kind == "integers", kind in ("twofold", "residues")
        self.error = 0.0 if integral else 2.0**-100 if twofold else 2.0**-53
        if integral:
            high = cone.divided()
            low = np.zeros_like(high)
            scales, errors = np.zeros(r, dtype=np.int64), np.zeros(r)
        else:
            high, low, scales, errors = self._rounded(kind == "floats")
        self.primes: list[tuple[int, int]] = []
        if kind == "residues":
            self.primes = exact.proof_primes(cone.sides, 2**26 - 1)
        r = len(source)
        room = max(ROOM // max(n, 1), 4 * r, 64)
        refuse(8 * room * (n * (1 + 2 * twofold + len(self.primes)) + 16), f"{r:,} rays", FEWER)
        primes = np.array([p for p, _ in self.primes], dtype=np.float64)
        self.rays = kernel.Rays(
            values=np.empty((room, n)),
            lows=np.empty((room if twofold else 0, n)),
            doubts=np.empty((room if twofold else 0, n)),
            errors=np.full(room, self.error),
            residues=np.empty((room, len(primes), n)),
            guards=np.empty((room, len(primes))),
            primes=primes,
            tight=np.zeros((room, word_count(m + n)), dtype=np.uint64),
            above=np.zeros((room, word_count(n)), dtype=np.uint64),
            below=np.zeros((room, word_count(n)), dtype=np.uint64),
            coordinates=np.zeros((room, -(-cone.dimension // 8) * 8 if located else 0)),
        )
        if located:
            edges = self._located(cone.edges, scales)[source] * turn
            self.rays.coordinates[:r, : cone.dimension] = edges
        self.rays.values[:r] = high.T[source] * turn
        self.rays.errors[:r] = errors[source]
        if twofold:
            self.rays.lows[:r] = low.T[source] * turn
            self.rays.doubts[:r] = self._doubts(high.T[source])
        if self.primes:
            self.rays.residues[:r] = np.moveaxis(self._residues(cone.values.T), 0, 1)[source]
            opposite = self.rays.residues[:r][turned]
            self.rays.residues[:r][turned] = (primes[:, None] - opposite) % primes[:, None]
            positive = np.concatenate([cone.walls, cone.rows[cone.dividing]])
            guards = (positive @ cone.edges.T).sum(axis=0)
            self.rays.guards[:r] = self._residues(guards).T[source]
        for w in range(self.rays.tight.shape[1]):
            words = [mask >> 64 * w & 2**64 - 1 for mask in cone.masks]
            self.rays.tight[:r, w] = np.array(words, dtype=np.uint64)[source]
        kernel.mark(self.rays, np.arange(n), 0, n, m, 0, r)
        self.first = np.array([*range(2 * lines, r), *range(0, 2 * lines, 2)])
        # Each of the cones that are waiting has a list.
        self.lists = np.empty(4 * room, np.int64)
        self.lists[: len(self.first)] = self.first
        self.make_room(self.rays.tight.shape[1])
        self.asked_for = 0

    def _residues(self, values: Integers) -> NDArray[np.int64]:
        return exact.residues(values, self.primes, self.field)

    def _doubts(self, values: Floats) -> Floats:
        """Bounds on the errors of values that were rounded, each relative to its size."""
        return self.error * np.abs(values) + kernel.TINIEST

    def _located(self, edges: Integers, scales: NDArray[np.int64]) -> Floats:
        """Rounded coordinates of rays, in units of powers of two."""
        high, _, exponents = _twofold(edges, "floats")
        with np.errstate(over="ignore"):  # such points prove to be none
            return np.ldexp(high, exponents - scales[:, None])

    def _sizes(self, edges: Integers) -> NDArray[np.int64]:
        """Exponents that rays are scaled by if no value on them is, where that matters."""
        if not self.located:
            return np.zeros(len(edges), dtype=np.int64)
        high, _, exponents = _twofold(edges, "floats")
        return _largest(exponents, high, 1)[:, 0]

    def _rounded(self, nearly: bool) -> tuple[Floats, Floats, NDArray[np.int64], Floats]:
        """The values as sums of two float64, near 1: rays and rows scaled by powers of two.

        Of a row that does not cut the cone only the signs matter. If sums of float64 are near
        enough, exact ones are left out. The last two are the exponents of the units of the
        rays, and bounds on the errors of the values on each.
        """
        if nearly:
            near, wrong, units = self._nearly()
            if not np.isfinite(wrong).all():
                return self._rounded(False)
        cone = self.cone
        values = near if nearly else cone.values
        errors = np.full(len(cone.edges), self.error)
        above, below = values > 0, values < 0
        lines = np.arange(len(cone.edges)) < len(cone.dividing)
        both = (above | below) & lines
        cuts = (above | both).any(axis=1) & (below | both).any(axis=1)
        high = above.astype(np.float64) - below
        low = np.zeros_like(high)
        self.shifts = np.zeros(len(high), dtype=np.int64)
        scales = self._sizes(cone.edges)
        if cuts.any():
            if nearly:
                high[cuts], leading = np.frexp(near[cuts])
                exponents = leading + units[cuts]
            else:
                high[cuts], low[cuts], exponents = _twofold(cone.values[cuts], self.kind)
            scales = _largest(exponents, high[cuts], 0, scales)[0]
            exponents -= scales
            self.shifts[cuts] = _largest(exponents, high[cuts], 1)[:, 0]
            exponents -= self.shifts[cuts, None]
            high[cuts], low[cuts] = _scaled(high[cuts], low[cuts], exponents)
            if nearly:
                units = units[cuts] - scales - self.shifts[cuts, None]
                errors = np.maximum(errors, np.ldexp(wrong[cuts], units).max(axis=0))
                if not (errors < NEAR).all():
                    return self._rounded(False)
        return high, low, scales, errors

    def _nearly(self) -> tuple[Floats, Floats, NDArray[np.int64]]:
        """The values as float64 of certain sign, bounds on their errors, exponents of units."""
        cone = self.cone
        rows, row_errors, row_units = exact.float_rows(cone.rows)
        edges, edge_errors, edge_units = exact.float_rows(cone.edges)
        values, wrong = exact.dot_products(rows, row_errors, edges, edge_errors)
        units = np.add.outer(row_units, edge_units)
        unsure = np.nonzero(np.abs(values) <= wrong)
        if len(unsure[0]):
            sums = (cone.rows[unsure[0]] * cone.edges[unsure[1]]).sum(axis=1)
            high, _, exponents = _twofold(sums, "floats")
            values[unsure] = _scaled(high, high, exponents - units[unsure])[0]
            wrong[unsure] = np.abs(values[unsure]) * exact.UNIT_ROUNDOFF
            # Beside the others in its row it may be too small for float64.
            lost = (np.abs(values[unsure]) < 2.0**-900) & (sums != 0)
            wrong[unsure[0][lost], unsure[1][lost]] = np.inf
        return values, wrong, units

    def failed(self, reason: int) -> bool:
        """Is the next kind of numbers to be tried, after a loop has stopped so?"""
        impatient = self.kind in ("floats", "twofold") and self.asked_for > PATIENCE
        return reason == kernel.LARGE or impatient

    def grow(self) -> None:
        """Twice the room."""
        held = sum(buffer.nbytes for buffer in (*self.rays, self.lists, *self.room))
        refuse(2 * held, f"more than {len(self.rays.values):,} rays of cones", FEWER)
        self.rays = self.rays._replace(
            **{
                name: np.concatenate([buffer, buffer])
                for name, buffer in self.rays._asdict().items()
                if name != "primes"
            }
        )
        self.lists = np.concatenate([self.lists, self.lists])
        self.make_room(len(self.room.tight))

    def make_room(self, wall_words: int) -> None:
        """Room to work; `wall_words` of the words of what rays lie on are of walls."""
        size, words = self.rays.above.shape
        self.room = kernel.Room(
            ordered=np.empty(size, np.int64),
            on=np.empty(size, np.int64),
            tight=np.empty((wall_words, size + 8), np.uint64),
            pairs=np.empty((size, 2), np.int64),
            asked=np.empty(size, np.int64),
            sizes=np.empty(5, np.int64),
            sums=np.empty((5, self.rays.coordinates.shape[1] + 2)),
            ups=np.empty(words, np.uint64),
            downs=np.empty(words, np.uint64),
        )

    def settle(
        self, rays: NDArray[np.int64], rows: NDArray[np.int64], turn: NDArray[np.int64]
    ) -> None:
        """Values of rows on rays, exact and then rounded, from the walls that these lie on.

        Parameters
        ----------
        turn : ndarray of int64
            The signs of the dividing rows where these rays are.
        """
        cone = self.cone
        self.asked_for += len(rays)
        dividing = turn.astype(object) @ cone.rows[cone.dividing]
        guard = cone.walls.sum(axis=0) + dividing  # positive on the rays
        edges: Integers = np.empty((len(rays), cone.dimension), dtype=np.object_)
        for k, tight in enumerate(self.rays.tight[rays]):
            edges[k] = primitive(exact.null_vector(cone.sides_of(tight)))
        values = edges @ np.concatenate([cone.rows[rows], guard[None]]).T
        outside = values[:, -1] < 0
        edges[outside] = -edges[outside]
        values[outside] = -values[outside]
        place = np.ix_(rays, rows)
        high, low, exponents = _twofold(values[:, :-1], self.kind)
        exponents -= self.shifts[rows]
        scales = _largest(exponents, high, 1, self._sizes(edges)[:, None])
        high, low = _scaled(high, low, exponents - scales)
        if self.located:
            located = self._located(edges, scales[:, 0])
            self.rays.coordinates[rays, : cone.dimension] = located
        self.rays.values[place] = high
        if len(self.rays.lows):
            self.rays.lows[place] = low
            self.rays.doubts[place] = self._doubts(high)
        self.rays.errors[rays] = self.error
        if self.primes:
            residues = np.moveaxis(self._residues(values), 0, 2)
            self.rays.residues[rays[:, None], :, rows] = residues[:, :-1]
            self.rays.guards[rays] = residues[:, -1]
        # One after another, and what is not asked for among them stays as it is.
        kernel.mark(
            self.rays, rows, 0, len(rows), len(cone.walls), int(rays[0]), int(rays[-1]) + 1
        )


def _twofold(values: Integers, kind: str) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Numbers as (high + low)·2^exponent within 2^-106 of themselves, 1/2 ≤ |high| < 1.

    The first is 0 where the number is. For the kind "floats" the other is not looked for.
    """
    if kind == "floats" and (rounded := exact.rounded_numbers(values)) is not None:
        high, leading = np.frexp(rounded)
        return high, np.zeros_like(high), leading.astype(np.int64)
    parts = np.empty((3, values.size))
    for k, value in enumerate(values.ravel().tolist()):
        m, _, q = exact.enclosure(value, 128)  # q is a power of two
        cut = max(0, m.bit_length() - 512)
        m >>= cut
        nearest = float(m)
        parts[:, k] = nearest, float(m - int(nearest)), cut + 1 - q.bit_length()
    first, second, exponents = parts.reshape(3, *values.shape)
    high, leading = np.frexp(first)
    return high, np.ldexp(second, -leading), exponents.astype(np.int64) + leading


def _largest(
    exponents: NDArray[np.int64], high: Floats, axis: int, default: NDArray[np.int64] | int = 0
) -> NDArray[np.int64]:
    """The largest exponents of numbers that are not 0; the default where all are."""
    largest = np.where(high != 0, exponents, LEAST).max(axis=axis, keepdims=True)
    return np.where(largest == LEAST, default, largest)


def _scaled(high: Floats, low: Floats, exponents: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """(high + low)·2^exponents, where nothing but 0 becomes 0."""
    scaled = np.ldexp(high, exponents)
    lost = (scaled == 0) & (high != 0)
    return np.where(lost, np.copysign(2.0**-1074, high), scaled), np.ldexp(low, exponents)
