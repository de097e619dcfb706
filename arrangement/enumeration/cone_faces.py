"""Cells and faces in a cone, listed: the first row that cuts it splits it, and so its parts.

These are those below, above and, for faces of higher codimension, on the row; a cone that no
row cuts is a face. The faces of a cone that at most two rows cut are known without splitting.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from arrangement.enumeration.cone_edges import Edges
from arrangement.enumeration.cones import Cone, Floats, Integers, Show
from arrangement.enumeration.ray_values import RayValues, attempts
from arrangement.exact.packing import Words, pack_signs, word_count
from arrangement.kernels.cells import cone_rays as kernel
from arrangement.kernels.cells.cone_splitting import Cones, Corners, Found, split_cells

__all__ = ["Splitting", "count_faces", "faces", "inner_points", "words"]

Block = tuple[Words, Words, NDArray[np.bool_], Floats]
"""Of faces: which rows are positive and zero there, whether they touch a wall, a point."""

BLOCK = 2**16
"""Cells in a block."""

POINTS = 2**10
"""Points in a block: it stays in the processor's cache."""

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


def count_faces(
    rows: Integers, walls: Integers, show: Show = lambda done, total: None
) -> list[int]:
    """The numbers of faces of linear hyperplanes in the open cone {x : walls x > 0}.

    Parameters
    ----------
    rows, walls, show
        As in :func:`~arrangement.enumeration.cone_counts.count`.

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
    cone = Cone(rows, walls)
    counts = [0] * cone.dimension
    for numbers in () if cone.is_empty else attempts(cone):
        splitting = Splitting(numbers, show, -1)
        for _ in splitting.blocks():
            pass
        if not splitting.failed:
            counts = [cone.copies * int(c) for c in splitting.found.counts[:-1]]
            break
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
        As in :func:`~arrangement.enumeration.cone_counts.count`.

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
        As in :func:`words`. A face has codimension c if it spans a flat of rank c.
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
        :func:`~arrangement.enumeration.cones.homogeneous` it says which faces are unbounded
        modulo lineality. Else empty.

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
    cone = Cone(rows, walls, rays)
    done = 0
    if not cone.is_empty and codimension < cone.dimension:
        for positive, zero, touches, _ in _blocks(cone, codimension, show, touching):
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
        As in :func:`words`; there is at least one wall.

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
    cone = Cone(rows, walls)
    if not cone.is_empty:
        for _, _, _, found in _blocks(cone, 0, located=True):
            points = np.zeros((len(found), rows.shape[1]))
            points[:, cone.columns] = found[:, : cone.dimension]
            yield points


def _blocks(
    cone: Cone,
    codimension: int,
    show: Show = lambda done, total: None,
    touching: int | None = None,
    located: bool = False,
) -> Iterator[Block]:
    """The faces of one codimension in a cone that is not empty."""
    done = 0
    for numbers in attempts(cone, located=located):
        skip = done  # the order of the faces does not depend on the kind of numbers
        splitting = Splitting(numbers, show, codimension, touching)
        for positive, zero, touches, points in splitting.blocks():
            yield positive[skip:], zero[skip:], touches[skip:], points[skip:]
            done += max(0, len(positive) - skip)
            skip = max(0, skip - len(positive))
        if not splitting.failed:
            return


class Splitting:
    """A cone that is split by rows, and its parts in turn, with one kind of numbers.

    Parameters
    ----------
    numbers : RayValues
    show : callable
    codimension : int
        Of the faces to list; −1 counts those of each.
    touching : int, optional
        A wall to ask about.

    Attributes
    ----------
    found : Found
        What the compiled loop has found: at the end, the counts.
    failed : bool
        Does the kind of numbers not suffice? Then not all blocks came.
    """

    def __init__(
        self, numbers: RayValues, show: Show, codimension: int, touching: int | None = None
    ) -> None:
        self.numbers, self.codimension, self.touching = numbers, codimension, touching
        self.report = numbers.cone.reporter(show)
        self.corners = NO_CORNERS
        self.failed = False
        cone = numbers.cone
        n, lines = len(cone.rows), len(cone.dividing)
        W = word_count(n)
        size = 2 * n + 4
        block = 4 if codimension < 0 else POINTS if numbers.located else BLOCK
        self.cones = Cones(
            table=np.zeros((size, kernel.N_COLUMNS), dtype=np.int64),
            cutting=np.zeros((size, W), dtype=np.uint64),
            positive=np.zeros((size, W), dtype=np.uint64),
            zero=np.zeros((size, W), dtype=np.uint64),
            walls=np.zeros((size, word_count(len(cone.walls) + n)), dtype=np.uint64),
            shares=np.zeros(size + 1),
        )
        first = self.cones.table[0]
        first[[kernel.RAYS, kernel.LIST_END]] = len(numbers.first)
        first[kernel.FREE] = len(cone.edges) + lines
        first[kernel.LINES], first[kernel.HALF] = lines, cone.copies - 1
        self.cones.cutting[0] = pack_signs(np.ones((1, n), dtype=np.int8))[0]
        self.cones.walls[0] = cone.bounding[0]
        self.cones.shares[0] = 1.0
        self.found = Found(
            np.empty((block, W), dtype=np.uint64),
            np.zeros((block if codimension else 0, W), dtype=np.uint64),
            np.zeros(block, dtype=np.bool_),
            np.empty((block, numbers.rays.coordinates.shape[1])),
            np.zeros(cone.dimension + 1, dtype=np.int64),
        )

    def blocks(self) -> Iterator[Block]:
        """The faces."""
        numbers, cones, found = self.numbers, self.cones, self.found
        cone = numbers.cone
        state, rows = np.array([1, 0, 0, 0], dtype=np.int64), np.empty(len(cone.rows), np.int64)
        total = 0
        while True:
            reason = split_cells(
                state, cones, numbers.rays, numbers.room, numbers.lists, rows, found,
                self.corners, len(cone.walls), cone.dimension, self.codimension,
                -1 if self.touching is None else self.touching, numbers.kind == "integers",
            )  # fmt: skip
            self.failed = numbers.failed(reason)
            if self.failed or reason in (kernel.DONE, kernel.FULL):
                count = int(state[1])
                total += count
                self.report(total, float(cones.shares[-1]))
                positive, zero = found.positive[:count], found.zero[:count]
                yield (
                    positive.copy(),
                    zero.copy() if self.codimension else np.zeros_like(positive),
                    found.touching[:count].copy(),
                    found.points[:count].copy(),
                )
                state[1] = self.corners.counts[1] = 0
                if self.failed or reason == kernel.DONE:
                    return
            elif reason == kernel.GROW:
                self.grow(int(cones.table[state[0] - 1, kernel.RAYS]))
            else:
                bits = cones.positive[state[0] - 1]
                above = [int(bits[i >> 6]) >> (i & 63) & 1 for i in cone.dividing]
                turn = 2 * np.array(above, dtype=np.int64) - 1
                numbers.settle(numbers.room.asked[: state[3]], rows[: state[2]], turn)

    def grow(self, n_rays: int) -> None:
        """Room to go on with a cone of so many rays."""
        self.numbers.grow()
