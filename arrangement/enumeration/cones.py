"""Cells in a cone: restrict and split with the rays of the cone, without a linear program.

The cone carries its extreme rays, each with the walls that it lies on, and the values of the
rows on them (the double description of Motzkin, Raiffa, Thompson and Thrall 1953; Fukuda and
Prodon 1996). A row cuts the open cone iff it is positive on one ray and negative on another,
and the rays of a part or of a section are those of the cone and one new ray for each pair of
adjacent ones that the row separates. That is all there is to do, in two ways:

- **counting**: the cells in a cone are one and, for each row, those that the earlier rows cut
  on it (deletion and restriction). Each cell is a node of that recursion.
- **listing**: the first row that cuts the cone splits it into the parts below, above and, for
  faces of higher codimension, on the row; a cone that no row cuts is a face. The faces of a
  cone that at most two rows cut are known without splitting.

What is outside the cone costs nothing, and memory is the depth. A cone that contains lines is
cut into pointed ones by independent rows of its own: each is positive on a ray or on its
opposite, where the others are zero, or on neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from math import gcd
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.enumeration.cone_edges import FEWER, Edges, cut_simplex, rays_of
from arrangement.enumeration.integral_counts import INTEGER_LIMIT, IntegralCount, TooLarge
from arrangement.enumeration.restricted_cones import RestrictedCone
from arrangement.exact.fields import FieldElement
from arrangement.exact.numbers import integral, primitive
from arrangement.exact.one_field import field_of, in_one_field
from arrangement.exact.packing import Words, pack_signs, unpack_signs, word_count
from arrangement.kernels.cells import cone_rays as kernel
from arrangement.kernels.cells.cone_counting import count_cells
from arrangement.kernels.cells.cone_splitting import (
    Cones,
    Corners,
    Found,
    fill_slots,
    split_cells,
)
from arrangement.memory import refuse

__all__ = [
    "CellRays",
    "Cone",
    "cell_rays",
    "count",
    "count_faces",
    "faces",
    "homogeneous",
    "inner_points",
    "words",
]

Integers = NDArray[np.object_]
Floats = NDArray[np.float64]
Show = Callable[[int, int], None]
Block = tuple[Words, Words, NDArray[np.bool_], Floats]
"""Of faces: which rows are positive and zero there, whether they touch a wall, a point."""

KINDS = ("integers", "floats", "twofold", "residues")
"""Numbers of the compiled loops, the quickest first: integers up to `INTEGER_LIMIT`; float64
with error bounds; sums of two float64 with bounds; these and residues that prove zeros."""

PATIENCE = 100
"""How many rays may be asked for before the next kind of numbers is tried."""

NEAR = 2.0**-42
"""Values with smaller errors are taken as sums of float64 are."""

ROOM = 2**15
"""Values for which there is room at first."""

BLOCK = 2**16
"""Cells in a block."""

LEAST = np.iinfo(np.int64).min
"""For no exponent."""

CORNERS = 2**12
"""Rays of cells for which there is room at first."""

POINTS = 2**10
"""Points in a block: it stays in the processor's cache."""

STEP = 2**20
"""Cells that are counted between reports."""

NO_CORNERS = Corners(
    numbers=np.zeros(0, dtype=np.int64),
    tight=np.zeros((0, 0), dtype=np.uint64),
    sides=np.zeros(0, dtype=np.int64),
    slots=np.zeros(0, dtype=np.int64),
    members=np.zeros(0, dtype=np.int64),
    ends=np.zeros(0, dtype=np.int64),
    counts=np.zeros(2, dtype=np.int64),
)
"""Where the rays of cells are not listed."""


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
        In dimension d where all offsets are 0, or become so where the hyperplanes are moved to
        a point that all contain; else in dimension d + 1, and the last wall says that the last
        coordinate is positive.
    """
    walls = np.zeros((0, rows.shape[1]), dtype=object) if domain is None else domain
    both = np.concatenate([rows, walls])
    if field_of(both) is not None:
        both = np.array([integral(row) for row in in_one_field(both)], dtype=object)
        rows, walls = both[: len(rows)], both[len(rows) :]
    linear = not rows[:, -1].any() and not walls[:, -1].any()
    if linear or (not len(walls) and exact.rank(rows) == exact.rank(rows[:, :-1])):
        return rows[:, :-1], walls[:, :-1]
    infinity = np.array([[0] * (rows.shape[1] - 1) + [1]], dtype=object)
    return rows, np.concatenate([walls, infinity])


def count(
    rows: Integers,
    walls: Integers,
    show: Show = lambda done, total: None,
    rays: Edges | None = None,
) -> int:
    """The number of cells of linear hyperplanes in the open cone {x : walls x > 0}.

    Parameters
    ----------
    rows : ndarray of Python ints, shape (n, D)
        None zero; copies, and walls among them, cut nothing more.
    walls : ndarray of Python ints, shape (m, D)
        There may be none.
    show : callable
        Called with (cells so far, about how many in all).
    rays : (rays, masks), optional
        What :func:`~arrangement.enumeration.cone_edges.rays_of` says of the walls.

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
    cone = Cone(rows, walls, show, rays=rays)
    total = 0 if cone.is_empty else cone.count()
    show(cone.copies * total, cone.copies * total)
    return cone.copies * total


def count_faces(
    rows: Integers, walls: Integers, show: Show = lambda done, total: None
) -> list[int]:
    """The numbers of faces of linear hyperplanes in the open cone {x : walls x > 0}.

    Parameters
    ----------
    rows, walls, show
        As in :func:`count`.

    Returns
    -------
    list of int
        By codimension, from 0 to the rank of rows and walls together; less 1 if there are
        walls, whose cone does not contain the origin.

    Examples
    --------
    >>> import numpy as np
    >>> lines = np.array([[1, 0], [0, 1], [1, -1]], dtype=object)
    >>> count_faces(lines, lines[:0]), count_faces(lines, lines[:2])
    ([6, 6, 1], [2, 1])
    """
    if not len(rows) and not len(walls):
        return [1]
    cone = Cone(rows, walls, show)
    counts = [0] * cone.dimension if cone.is_empty else cone.count_faces()
    counts = [cone.copies * c for c in counts]
    return counts if len(walls) else [*counts, 1]


def words(
    rows: Integers,
    walls: Integers,
    show: Show = lambda done, total: None,
    rays: Edges | None = None,
) -> Iterator[Words]:
    """The signs of the rows on the cells in the open cone {x : walls x > 0}, in blocks.

    Parameters
    ----------
    rows, walls, show, rays
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
    for positive, _, _ in faces(rows, walls, 0, show, rays=rays):
        yield positive


def faces(
    rows: Integers,
    walls: Integers,
    codimension: int,
    show: Show = lambda done, total: None,
    touching: int | None = None,
    rays: Edges | None = None,
) -> Iterator[tuple[Words, Words, NDArray[np.bool_]]]:
    """The faces of one codimension in the open cone {x : walls x > 0}, in blocks.

    Parameters
    ----------
    rows, walls, show, rays
        As in :func:`count`. A face has codimension c if it spans a flat of rank c.
    codimension : int
        At least 0; the origin has the rank of the rows, and is there if there are no walls.
    touching : int, optional
        A wall to ask about.

    Yields
    ------
    positive, zero : ndarray of uint64, shape (m, ceil(n / 64))
        Bit i is 1 where row i is positive or zero on the face.
    touches : ndarray of bool, shape (m,)
        Where a wall is asked about: does it contain a point of the closure of the face beyond
        those that all rows and walls contain? For the wall at infinity of
        :func:`homogeneous` it says which faces are unbounded modulo lineality. Else empty.

    Examples
    --------
    >>> import numpy as np
    >>> lines = np.array([[1, 0], [0, 1], [1, -1]], dtype=object)
    >>> [[v.ravel().tolist() for v in block] for block in faces(lines, lines[:2], 1)]
    [[[3], [4], []]]
    """
    asked = 0 if touching is None else 1
    whole = pack_signs(np.ones((1, len(rows)), dtype=np.int8))
    none = np.zeros_like(whole)
    if not len(rows) and not len(walls):
        if codimension == 0:
            yield whole, none, np.zeros(0, dtype=np.bool_)
        return
    cone = Cone(rows, walls, show, rays=rays)
    done = 0
    if not cone.is_empty and codimension < cone.dimension:
        for positive, zero, touches, _ in cone.faces(codimension, touching):
            yield positive, zero, touches[: asked * len(touches)]
            if not len(walls):
                yield whole & ~(positive | zero), zero, touches[:0]
            done += cone.copies * len(positive)
    elif codimension == cone.dimension and not len(walls):
        yield none, whole, np.zeros(0, dtype=np.bool_)
        done = 1
    show(done, done)


def inner_points(rows: Integers, walls: Integers) -> Iterator[Floats]:
    """Points in the cells of :func:`words`, in their order, in blocks: rounded, not proven.

    Parameters
    ----------
    rows, walls
        As in :func:`count`; there is at least one wall.

    Yields
    ------
    ndarray of float64, shape (m, D)
        Integers where rays are, and fit.

    Examples
    --------
    >>> import numpy as np
    >>> lines = np.array([[1, 0], [0, 1], [1, -1]], dtype=object)
    >>> [block.tolist() for block in inner_points(lines, lines[:2])]
    [[[2.0, 1.0], [1.0, 2.0]]]
    """
    cone = Cone(rows, walls, located=True)
    if not cone.is_empty:
        for _, _, _, found in cone.faces(0, None):
            points = np.zeros((len(found), rows.shape[1]))
            points[:, cone.columns] = found[:, : cone.dimension]
            yield points


class CellRays(NamedTuple):
    """The cells in a cone with the extreme rays of their closures, each of these once.

    Attributes
    ----------
    words : ndarray of uint64, shape (m, ceil(n / 64))
        The signs of the rows, as :func:`words` has them.
    members, ends : ndarray of int64, shapes (l,) and (m,)
        The rays of one cell after the other, by number, and where those of each cell end.
    rays : ndarray of Python ints, shape (g, D)
        0 in the coordinates that rows and walls do not need. Not coprime.
    zero : ndarray of uint64, shape (g, ceil((m + n) / 64))
        Bit i is 1 where the ray lies on wall i, bit m + i where it lies on row i, for m walls.
    """

    words: Words
    members: NDArray[np.int64]
    ends: NDArray[np.int64]
    rays: Integers
    zero: Words


def cell_rays(
    rows: Integers, walls: Integers, show: Show = lambda done, total: None
) -> CellRays:
    """The cells of linear hyperplanes in the open cone {x : walls x > 0}, with their rays.

    Parameters
    ----------
    rows, walls, show
        As in :func:`count`.

    Returns
    -------
    CellRays
        The cell of no rows and walls, the space, has no ray.

    Examples
    --------
    >>> import numpy as np
    >>> lines = np.array([[1, 0], [0, 1], [1, -1]], dtype=object)
    >>> found = cell_rays(lines, lines[:2])
    >>> [found.rays[part].tolist() for part in np.split(found.members, found.ends[:-1])]
    [[[1, 1], [1, 0]], [[0, 1], [1, 1]]]
    """
    D = rows.shape[1]
    words = pack_signs(np.ones((1, len(rows)), dtype=np.int8))
    none = np.zeros(0, dtype=np.int64)
    cone = Cone(rows, walls, show) if len(rows) or len(walls) else None
    if cone is None or cone.is_empty or not cone.dimension:
        count = 0 if cone is not None and cone.is_empty else 1
        zero = np.zeros((0, word_count(len(rows) + len(walls))), dtype=np.uint64)
        no_rays = np.zeros((0, D), dtype=object)
        return CellRays(words[:count], none, np.zeros(count, dtype=np.int64), no_rays, zero)
    return cone.cell_rays()


class Cone:
    """The cone {x : walls x > 0}, and rows that cut it, modulo what all contain.

    It is the sum of a pointed cone, on which as many `dividing` rows are zero as it contains
    independent lines, and of these lines, on each of which one of these rows is not zero.

    Parameters
    ----------
    rows, walls : ndarray of Python ints, shapes (n, D) and (m, D)
        Not both empty.
    show : callable
        See :func:`count`.
    located : bool
        Do the rays carry their coordinates, for points in cells?

    Attributes
    ----------
    dimension : int
    columns : list of int
        Where its coordinates stand in those given.
    copies : int
        2 where there are no walls and this is half of the space.
    """

    def __init__(
        self,
        rows: Integers,
        walls: Integers,
        show: Show = lambda done, total: None,
        located: bool = False,
        rays: Edges | None = None,
    ) -> None:
        m = len(walls)
        self.copies = 1 if m else 2
        self.show = show
        self.located = located
        self.kind = KINDS[0]
        self.walls, self.rows = walls, rows
        self.width = rows.shape[1]
        self.columns = list(range(self.width))
        self.dividing: list[int] = []
        if rays is None and (rays := rays_of(walls)) is None:
            rays = self._edges(m)
        self.edges, self.masks = rays
        inside = self.edges[len(self.dividing) :].sum(axis=0)
        self.is_empty = m > 0 and not all(v > 0 for v in self.walls @ inside)
        self.dimension = len(self.columns)
        self.field = field_of(self.sides)

    def _edges(self, m: int) -> Edges:
        """Lines and rays of what is not all of the space, or contains lines; m walls."""
        both = np.concatenate([self.walls, self.rows])
        self.columns = exact.independent_columns(both)
        both = both[:, self.columns]
        chosen = exact.independent_columns(both.T)
        self.walls, self.rows = both[:m], both[m:]
        self.dividing = [i - m for i in chosen if i >= m]
        lines, (rays, masks) = cut_simplex(both, chosen, m)
        others = ([i for i in chosen if i != k] for k in chosen if k >= m)
        through = [sum(1 << i for i in on) | (1 << m) - 1 for on in others]
        return np.concatenate([lines, rays]), through + masks

    @cached_property
    def sides(self) -> Integers:
        """The walls, then the rows, as bits of rays count them."""
        return np.concatenate([self.walls, self.rows])

    @cached_property
    def values(self) -> Integers:
        """The values of the rows on the edges."""
        return self.rows @ self.edges.T

    def count(self) -> int:
        """The number of cells."""
        if self.is_small():
            with suppress(TooLarge):
                return self.integral().count(self._report)
        for _ in self._attempts("floats"):
            found = self._count()
            if found is not None:
                return found
        raise AssertionError("twofold numbers and residues suffice")

    def count_faces(self) -> list[int]:
        """The numbers of faces by codimension, the origin left out."""
        for _ in self._attempts():
            blocks = list(self._split(-1, None))
            if blocks[-1] is not None:
                return [int(c) for c in self.found.counts[:-1]]
        raise AssertionError("twofold numbers and residues suffice")

    def faces(self, codimension: int, touching: int | None) -> Iterator[Block]:
        """The faces of one codimension in blocks."""
        done = 0
        for _ in self._attempts():
            skip = done  # the order of the faces does not depend on the kind of numbers
            for block in self._split(codimension, touching):
                if block is None:
                    break
                positive, zero, touches, points = block
                yield positive[skip:], zero[skip:], touches[skip:], points[skip:]
                done += max(0, len(positive) - skip)
                skip = max(0, skip - len(positive))
            else:
                return

    def cell_rays(self) -> CellRays:
        """The cells and their extreme rays; see :func:`cell_rays`."""
        n, m = len(self.rows), len(self.walls)
        found: list[tuple[Words, NDArray[np.int64], NDArray[np.int64]]] = []
        for _ in self._attempts():
            self._begin_corners()
            last: Block | None = None
            found, held = [], 0
            for last in self._split(0, None):
                if last is not None:
                    ends = self.corners.ends[: len(last[0])].copy()
                    members = self.corners.members[: ends[-1] if len(ends) else 0].copy()
                    found.append((last[0], members, ends))
                    held += len(members)
                    refuse(32 * self.copies * held, f"{held:,} rays of cells or more", FEWER)
            if last is not None:
                break
        words = np.concatenate([block for block, _, _ in found])
        members = np.concatenate([block for _, block, _ in found])
        before = np.cumsum([0, *(len(block) for _, block, _ in found)])
        ends = np.concatenate([block[2] + k for block, k in zip(found, before, strict=False)])
        count = int(self.corners.counts[0])
        zero, sides = self.corners.tight[:count].copy(), self.corners.sides[:count].copy()
        if self.copies == 2:
            zero, sides = np.concatenate([zero, zero]), np.concatenate([sides, sides ^ 1])
            keys = np.column_stack([zero, sides.view(np.uint64)])
            _, first, number = np.unique(keys, axis=0, return_index=True, return_inverse=True)
            new = np.sort(first[first >= count])
            number = first[number.reshape(-1)]  # the first of two is one that was listed
            number[new] = np.arange(count, count + len(new))
            kept = np.concatenate([np.arange(count), new])
            zero, sides = zero[kept], sides[kept]
            words = np.concatenate([words, pack_signs(np.ones((1, n), dtype=np.int8)) & ~words])
            members = np.concatenate([members, number[count:][members]])
            ends = np.concatenate([ends, ends + ends[-1]])
        on = unpack_signs(zero, m + n) > 0
        # The lowest row, or else wall, on which a ray does not lie tells it from its opposite.
        turning = np.where(sides >= 0, m + (sides >> 1), (~on).argmax(axis=1))
        above = np.where(sides >= 0, sides & 1, 1) == 1
        rays = exact.null_vectors(self.sides, on)
        values = np.matmul(self.sides[turning][:, None], rays[:, :, None])[:, 0, 0]
        turn = (values > 0).astype(np.bool_) != above
        rays[turn] = -rays[turn]
        wide = np.full((len(rays), self.width), 0, dtype=object)
        wide[:, self.columns] = rays
        return CellRays(words, members, ends, wide, zero)

    def _begin_corners(self) -> None:
        """Room for the rays of cells."""
        size = CORNERS
        self.corners = Corners(
            numbers=np.full(len(self.rays.values), -1, dtype=np.int64),
            tight=np.empty((size, self.rays.tight.shape[1]), dtype=np.uint64),
            sides=np.empty(size, dtype=np.int64),
            slots=np.full(2 * size, -1, dtype=np.int64),
            members=np.empty(4 * size, dtype=np.int64),
            ends=np.empty(BLOCK, dtype=np.int64),
            counts=np.zeros(2, dtype=np.int64),
        )

    def integral(self) -> IntegralCount:
        """Its cells to be counted in integers: half of them where there are copies."""
        order, masks = self._rays_then_lines()
        n_lines = len(self.dividing) - (self.copies - 1)
        return IntegralCount(self._divided().T[order], masks, self.dimension, n_lines)

    def restricted(self, orthant: int) -> RestrictedCone:
        """One of its orthants, as :meth:`IntegralCount.enter` numbers them."""
        order, masks = self._rays_then_lines()
        signs = [-1 if orthant >> i & 1 else 1 for i in range(len(order))][::-1]
        values = self.values[:, order] * np.array(signs, dtype=object)
        return RestrictedCone(values.tolist(), masks, self.dimension)

    def _rays_then_lines(self) -> tuple[list[int], list[int]]:
        """The order of the edges, and which walls and dividing rows each lies on."""
        lines = len(self.dividing)
        bounding = self._bounding()[0].tolist()
        chosen = sum(1 << i for i, bound in enumerate(bounding) if bound)
        order = [*range(lines, len(self.edges)), *range(lines)]
        return order, [self.masks[i] & chosen for i in order]

    def _attempts(self, first: str = "integers") -> Iterator[None]:
        """Make the buffers for one kind of numbers; should it fail, for the next."""
        for kind in KINDS[KINDS.index(first) :]:
            if kind != "integers" or self.is_small():
                self.kind = kind
                self._begin()
                yield

    def is_small(self) -> bool:
        """Are the values on its edges small integers?"""

        def fit(values: Integers) -> bool:
            sizes = (max(map(abs, row)) // max(1, gcd(*row)) for row in values)
            return all(size < INTEGER_LIMIT for size in sizes)

        # The first row most often tells.
        return self.field is None and fit(self.rows[:1] @ self.edges.T) and fit(self.values)

    def _divided(self) -> Floats:
        """Integer values on the edges, each row divided by their greatest common divisor."""
        common = np.array([max(1, gcd(*row)) for row in self.values], dtype=object)
        return (self.values // common[:, None]).astype(np.float64)

    def _bounding(self) -> NDArray[np.int8]:
        """Of walls and rows 1 for the walls, and the rows that divide."""
        m = len(self.walls)
        bounding = np.zeros((1, m + len(self.rows)), dtype=np.int8)
        bounding[0, [*range(m), *(m + i for i in self.dividing)]] = 1
        return bounding

    def _begin(self) -> None:
        """Put the edges into the buffers: first the lines, each with its opposite."""
        m, n, r = len(self.walls), len(self.rows), len(self.edges)
        lines = len(self.dividing)
        source = np.concatenate([np.repeat(np.arange(lines), 2), np.arange(lines, r)])
        turned = np.arange(len(source)) < 2 * lines
        turned[::2] = False
        turn = np.where(turned, -1.0, 1.0)[:, None]
        integral, twofold = self.kind == "integers", self.kind in ("twofold", "residues")
        self.error = 0.0 if integral else 2.0**-100 if twofold else 2.0**-53
        if integral:
            high = self._divided()
            low = np.zeros_like(high)
            scales, errors = (
                np.zeros(len(self.edges), dtype=np.int64),
                np.zeros(len(self.edges)),
            )
        else:
            high, low, scales, errors = self._rounded(self.kind == "floats")
        self.primes: list[tuple[int, int]] = []
        if self.kind == "residues":
            self.primes = exact.proof_primes(self.sides, 2**26 - 1)
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
            coordinates=np.zeros((room, -(-self.dimension // 8) * 8 if self.located else 0)),
        )
        if self.located:
            edges = self._located(self.edges, scales)[source] * turn
            self.rays.coordinates[:r, : self.dimension] = edges
        self.rays.values[:r] = high.T[source] * turn
        self.rays.errors[:r] = errors[source]
        if twofold:
            self.rays.lows[:r] = low.T[source] * turn
            self.rays.doubts[:r] = self._doubts(high.T[source])
        if self.primes:
            self.rays.residues[:r] = np.moveaxis(self._residues(self.values.T), 0, 1)[source]
            opposite = self.rays.residues[:r][turned]
            self.rays.residues[:r][turned] = (primes[:, None] - opposite) % primes[:, None]
            positive = np.concatenate([self.walls, self.rows[self.dividing]])
            guards = (positive @ self.edges.T).sum(axis=0)
            self.rays.guards[:r] = self._residues(guards).T[source]
        for w in range(self.rays.tight.shape[1]):
            words = [mask >> 64 * w & 2**64 - 1 for mask in self.masks]
            self.rays.tight[:r, w] = np.array(words, dtype=np.uint64)[source]
        kernel.mark(self.rays, np.arange(n), 0, n, m, 0, r)
        self.bounding = self._bounding()
        self.first = np.array([*range(2 * lines, r), *range(0, 2 * lines, 2)])
        # Each of the cones that are waiting has a list.
        self.lists = np.empty(4 * room, np.int64)
        self.lists[: len(self.first)] = self.first
        self.wall_words = self.rays.tight.shape[1]
        self._make_room()
        self.corners = NO_CORNERS
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
        values = near if nearly else self.values
        errors = np.full(len(self.edges), self.error)
        above, below = values > 0, values < 0
        lines = np.arange(len(self.edges)) < len(self.dividing)
        both = (above | below) & lines
        cuts = (above | both).any(axis=1) & (below | both).any(axis=1)
        high = above.astype(np.float64) - below
        low = np.zeros_like(high)
        self.shifts = np.zeros(len(high), dtype=np.int64)
        scales = self._sizes(self.edges)
        if cuts.any():
            if nearly:
                high[cuts], leading = np.frexp(near[cuts])
                exponents = leading + units[cuts]
            else:
                high[cuts], low[cuts], exponents = _twofold(self.values[cuts], self.kind)
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
        rows, row_errors, row_units = exact.float_rows(self.rows)
        edges, edge_errors, edge_units = exact.float_rows(self.edges)
        values, wrong = exact.dot_products(rows, row_errors, edges, edge_errors)
        units = np.add.outer(row_units, edge_units)
        unsure = np.nonzero(np.abs(values) <= wrong)
        if len(unsure[0]):
            sums = (self.rows[unsure[0]] * self.edges[unsure[1]]).sum(axis=1)
            high, _, exponents = _twofold(sums, "floats")
            values[unsure] = _scaled(high, high, exponents - units[unsure])[0]
            wrong[unsure] = np.abs(values[unsure]) * exact.UNIT_ROUNDOFF
            # Beside the others in its row it may be too small for float64.
            lost = (np.abs(values[unsure]) < 2.0**-900) & (sums != 0)
            wrong[unsure[0][lost], unsure[1][lost]] = np.inf
        return values, wrong, units

    def _failed(self, reason: int) -> bool:
        impatient = self.kind in ("floats", "twofold") and self.asked_for > PATIENCE
        return reason == kernel.LARGE or impatient

    def _grow(self) -> None:
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
        numbers = np.concatenate([self.corners.numbers, self.corners.numbers])
        self.corners = self.corners._replace(numbers=numbers)
        self._make_room()

    def _grow_corners(self, r: int) -> bool:
        """Room for r more rays of a cell, if that is what lacks."""
        corners = self.corners
        if not len(corners.numbers):
            return False
        numbers, members = corners.counts.tolist()
        lacks_numbers = numbers + r > len(corners.tight)
        if not len(corners.numbers) or not (
            lacks_numbers or members + r > len(corners.members)
        ):
            return False
        if lacks_numbers:
            size = 2 * max(len(corners.tight), r)
            refuse(
                8 * size * (corners.tight.shape[1] + 4), f"more than {numbers:,} rays", FEWER
            )
            tight = np.empty((size, corners.tight.shape[1]), dtype=np.uint64)
            sides = np.empty(size, dtype=np.int64)
            tight[:numbers], sides[:numbers] = corners.tight[:numbers], corners.sides[:numbers]
            slots = np.full(2 << size.bit_length(), -1, dtype=np.int64)
            self.corners = corners._replace(tight=tight, sides=sides, slots=slots)
            fill_slots(self.corners)
        else:
            members = np.empty(2 * len(corners.members) + r, dtype=np.int64)
            members[: len(corners.members)] = corners.members
            self.corners = corners._replace(members=members)
        return True

    def _make_room(self) -> None:
        size = len(self.rays.values)
        self.room = kernel.Room(
            ordered=np.empty(size, np.int64),
            on=np.empty(size, np.int64),
            tight=np.empty((self.wall_words, size + 8), np.uint64),
            pairs=np.empty((size, 2), np.int64),
            asked=np.empty(size, np.int64),
            sizes=np.empty(5, np.int64),
            sums=np.empty((5, self.rays.coordinates.shape[1] + 2)),
            ups=np.empty(word_count(len(self.rows)), np.uint64),
            downs=np.empty(word_count(len(self.rows)), np.uint64),
        )

    # --- counting ---------------------------------------------------------------------------

    def _count(self) -> int | None:
        """The number of cells; None if the kind of numbers does not suffice."""
        n, D = len(self.rows), self.dimension
        free = len(self.dividing) - (self.copies - 1)  # half of the space by symmetry
        self.levels = np.zeros((D + 1, kernel.N_COLUMNS), dtype=np.int64)
        self.levels[0, [kernel.RAYS, kernel.LIST_END]] = len(self.first)
        self.levels[0, kernel.FREE] = len(self.edges) + len(self.dividing)
        self.state = np.array([0, 0, 0, 0, STEP, 0], dtype=np.int64)
        # No row becomes a wall.
        self.wall_words = word_count(int(np.flatnonzero(self.bounding)[-1]) + 1)
        self._make_room()
        self.cuts, table, positions = (
            np.empty(4 * n, np.int64),
            np.empty(n, np.int64),
            np.empty(n),
        )
        while True:
            reason = count_cells(
                self.state, self.levels, self.rays, self.room, self.lists, self.cuts, table,
                positions, pack_signs(self.bounding), len(self.walls), free, D,
            )  # fmt: skip
            found = int(self.state[3])
            if reason == kernel.DONE:
                return found
            if reason == kernel.GROW:
                self._grow()
                self.cuts = np.concatenate([self.cuts, self.cuts])
            elif reason == kernel.RAY:
                above = self.levels[self.state[0] - 1]
                rows = self.cuts[above[kernel.CUTS] :][: above[kernel.K]]
                lines = self.lists[len(self.first) - len(self.dividing) : len(self.first)]
                self._settle(self.room.asked[: self.state[2]], rows, 1 - 2 * (lines & 1))
            elif reason == kernel.LEAF:
                self.state[3] += 1 + self._points_on_line()
            elif reason == kernel.STEPPED:
                self.state[4] = found + STEP
                first = self.levels[0]
                share = (first[kernel.K] / first[kernel.N_CUTS]) ** (D - 1)
                self._report(found, (int(self.state[5]) + share) / 2**free)
            if self._failed(reason):
                return None

    def _report(self, found: int, share: float) -> None:
        """Tell how far this is: a share of the work is done."""
        total = max(found + 1, round(found / max(share, 1e-9)))
        self.show(self.copies * found, self.copies * total)

    def _points_on_line(self) -> int:
        """How many points the cutting rows of the last level have."""
        self.asked_for += 1
        level = self.levels[self.state[0]]
        rays = self.lists[level[kernel.LIST] :][:2]
        basis = exact.nullspace(self._zero(np.bitwise_and.reduce(self.rays.tight[rays])))
        rows = self.cuts[level[kernel.CUTS] :][: level[kernel.N_CUTS]]
        points = set()
        for pair in (self.rows[rows] @ basis).tolist():
            a, b = primitive(pair)
            points.add((a, b) if (a, b) > (0, 0) else (-a, -b))
        return len(points)

    # --- listing ----------------------------------------------------------------------------

    def _split(self, codimension: int, touching: int | None) -> Iterator[Block | None]:
        """Blocks of faces; None at the end if the kind of numbers does not suffice.

        Of codimension −1: their numbers, by codimension.
        """
        n, lines = len(self.rows), len(self.dividing)
        W = word_count(n)
        size = 2 * n + 4
        block = 4 if codimension < 0 else POINTS if self.located else BLOCK
        cones = Cones(
            table=np.zeros((size, kernel.N_COLUMNS), dtype=np.int64),
            cutting=np.zeros((size, W), dtype=np.uint64),
            positive=np.zeros((size, W), dtype=np.uint64),
            zero=np.zeros((size, W), dtype=np.uint64),
            walls=np.zeros((size, word_count(len(self.walls) + n)), dtype=np.uint64),
            shares=np.zeros(size + 1),
        )
        first = cones.table[0]
        first[[kernel.RAYS, kernel.LIST_END]] = len(self.first)
        first[kernel.FREE] = len(self.edges) + lines
        first[kernel.LINES], first[kernel.HALF] = lines, self.copies - 1
        cones.cutting[0] = pack_signs(np.ones((1, n), dtype=np.int8))[0]
        cones.walls[0] = pack_signs(self.bounding)[0]
        cones.shares[0] = 1.0
        self.found = Found(
            np.empty((block, W), dtype=np.uint64),
            np.zeros((block if codimension else 0, W), dtype=np.uint64),
            np.zeros(block, dtype=np.bool_),
            np.empty((block, self.rays.coordinates.shape[1])),
            np.zeros(self.dimension + 1, dtype=np.int64),
        )
        state, rows = np.array([1, 0, 0, 0], dtype=np.int64), np.empty(n, np.int64)
        total = 0
        while True:
            reason = split_cells(
                state, cones, self.rays, self.room, self.lists, rows, self.found,
                self.corners, len(self.walls), self.dimension, codimension,
                -1 if touching is None else touching, self.kind == "integers",
            )  # fmt: skip
            failed = self._failed(reason)
            if failed or reason in (kernel.DONE, kernel.FULL):
                found = int(state[1])
                total += found
                self._report(total, float(cones.shares[-1]))
                positive, zero = self.found.positive[:found], self.found.zero[:found]
                yield (
                    positive.copy(),
                    zero.copy() if codimension else np.zeros_like(positive),
                    self.found.touching[:found].copy(),
                    self.found.points[:found].copy(),
                )
                state[1] = self.corners.counts[1] = 0
                if failed:
                    yield None
                if reason != kernel.FULL:
                    return
            elif reason == kernel.GROW:
                if not self._grow_corners(int(cones.table[state[0] - 1, kernel.RAYS])):
                    self._grow()
            else:
                bits = cones.positive[state[0] - 1]
                above = [int(bits[i >> 6]) >> (i & 63) & 1 for i in self.dividing]
                turn = 2 * np.array(above, dtype=np.int64) - 1
                self._settle(self.room.asked[: state[3]], rows[: state[2]], turn)

    # --- what the compiled loops ask for ----------------------------------------------------

    def _zero(self, tight: Words) -> Integers:
        """The walls and rows whose bits are set."""
        on = np.unpackbits(tight.view(np.uint8), bitorder="little")
        return self.sides[np.flatnonzero(on)]

    def _settle(
        self, rays: NDArray[np.int64], rows: NDArray[np.int64], turn: NDArray[np.int64]
    ) -> None:
        """Values of rows on rays, exact and then rounded, from the walls that these lie on.

        Parameters
        ----------
        turn : ndarray of int64
            The signs of the dividing rows where these rays are.
        """
        self.asked_for += len(rays)
        dividing = turn.astype(object) @ self.rows[self.dividing]
        guard = self.walls.sum(axis=0) + dividing  # positive on the rays
        tight = np.unpackbits(self.rays.tight[rays].view(np.uint8), axis=1, bitorder="little")
        edges: Integers = np.empty((len(rays), self.dimension), dtype=np.object_)
        for k, on in enumerate(tight):
            edges[k] = primitive(exact.null_vector(self.sides[np.flatnonzero(on)]))
        values = edges @ np.concatenate([self.rows[rows], guard[None]]).T
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
            self.rays.coordinates[rays, : self.dimension] = located
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
            self.rays, rows, 0, len(rows), len(self.walls), int(rays[0]), int(rays[-1]) + 1
        )


def _twofold(values: Integers, kind: str) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Numbers as (high + low)·2^exponent within 2^-106 of themselves, 1/2 ≤ |high| < 1.

    The first is 0 where the number is. For the kind "floats" the other is not looked for.
    """
    if kind == "floats" and (rounded := exact.rounded_numbers(values)) is not None:
        high, leading = np.frexp(rounded)
        return high, np.zeros_like(high), leading.astype(np.int64)
    parts = []
    for value in values.ravel().tolist():
        exponent = 0
        if isinstance(value, FieldElement):
            value, _, q = value.enclosure(128)  # q is a power of two
            exponent = 1 - q.bit_length()
        cut = value.bit_length() - 512
        if cut > 0:
            value >>= cut
            exponent += cut
        nearest = float(value)
        parts.append((nearest, float(value - int(nearest)), exponent))
    both = np.array([part[:2] for part in parts]).reshape(*values.shape, 2)
    exponents = np.array([part[2] for part in parts], dtype=np.int64).reshape(values.shape)
    high, leading = np.frexp(both[..., 0])
    return high, np.ldexp(both[..., 1], -leading), exponents + leading


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
