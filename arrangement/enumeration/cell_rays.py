"""Cells in a cone with the extreme rays of their closures, each ray once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.enumeration.cone_edges import FEWER
from arrangement.enumeration.cone_faces import Splitting
from arrangement.enumeration.cones import Cone, Integers, Show
from arrangement.enumeration.ray_values import RayValues, attempts
from arrangement.exact.packing import Words, pack_signs, unpack_signs, word_count
from arrangement.kernels.cells.cone_splitting import Corners, fill_slots
from arrangement.memory import refuse

__all__ = ["CellRays", "cell_rays"]

CORNERS = 2**12
"""Rays of cells for which there is room at first."""


class CellRays(NamedTuple):
    """The cells in a cone with the extreme rays of their closures, each of these once.

    Attributes
    ----------
    words : ndarray of uint64, shape (m, ceil(n / 64))
        The signs of the rows, as :func:`~arrangement.enumeration.cone_faces.words` has them.
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
        As in :func:`~arrangement.enumeration.cone_counts.count`.

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
    cone = Cone(rows, walls) if len(rows) or len(walls) else None
    if cone is None or cone.is_empty or not cone.dimension:
        count = 0 if cone is not None and cone.is_empty else 1
        zero = np.zeros((0, word_count(len(rows) + len(walls))), dtype=np.uint64)
        no_rays = np.zeros((0, D), dtype=object)
        return CellRays(words[:count], none, np.zeros(count, dtype=np.int64), no_rays, zero)
    for numbers in attempts(cone):
        splitting = _SplittingWithRays(numbers, show)
        listed = splitting.cells()
        if not splitting.failed:
            break
    corners, (words, members, ends) = splitting.corners, listed
    count = int(corners.counts[0])
    zero, sides = corners.tight[:count].copy(), corners.sides[:count].copy()
    if cone.copies == 2:
        zero, sides = np.concatenate([zero, zero]), np.concatenate([sides, sides ^ 1])
        keys = np.column_stack([zero, sides.view(np.uint64)])
        _, first, number = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        new = np.sort(first[first >= count])
        number = first[number.reshape(-1)]  # the first of two is one that was listed
        number[new] = np.arange(count, count + len(new))
        kept = np.concatenate([np.arange(count), new])
        zero, sides = zero[kept], sides[kept]
        words = np.concatenate(
            [words, pack_signs(np.ones((1, len(rows)), dtype=np.int8)) & ~words]
        )
        members = np.concatenate([members, number[count:][members]])
        ends = np.concatenate([ends, ends + ends[-1]])
    wide = np.full((len(zero), D), 0, dtype=object)
    wide[:, cone.columns] = _coordinates(cone, zero, sides)
    return CellRays(words, members, ends, wide, zero)


def _coordinates(cone: Cone, zero: Words, sides: NDArray[np.int64]) -> Integers:
    """Rays from what they lie on, and on which side they are of a row that they do not."""
    m = len(cone.walls)
    on = unpack_signs(zero, len(cone.sides)) > 0
    # The lowest row, or else wall, on which a ray does not lie tells it from its opposite.
    turning = np.where(sides >= 0, m + (sides >> 1), (~on).argmax(axis=1))
    above = np.where(sides >= 0, sides & 1, 1) == 1
    rays = exact.null_vectors(cone.sides, on)
    values = np.matmul(cone.sides[turning][:, None], rays[:, :, None])[:, 0, 0]
    turn = (values > 0).astype(np.bool_) != above
    rays[turn] = -rays[turn]
    return rays


class _SplittingWithRays(Splitting):
    """Cells that are listed with the rays of each."""

    def __init__(self, numbers: RayValues, show: Show) -> None:
        super().__init__(numbers, show, 0)
        size = CORNERS
        self.corners = Corners(
            numbers=np.full(len(numbers.rays.values), -1, dtype=np.int64),
            tight=np.empty((size, numbers.rays.tight.shape[1]), dtype=np.uint64),
            sides=np.empty(size, dtype=np.int64),
            slots=np.full(2 * size, -1, dtype=np.int64),
            members=np.empty(4 * size, dtype=np.int64),
            ends=np.empty(len(self.found.positive), dtype=np.int64),
            counts=np.zeros(2, dtype=np.int64),
        )

    def cells(self) -> tuple[Words, NDArray[np.int64], NDArray[np.int64]]:
        """The signs of the cells, the numbers of their rays, and where those of each end."""
        words, members, ends, held = [], [], [], 0
        for positive, *_ in self.blocks():
            words.append(positive)
            ends.append(self.corners.ends[: len(positive)] + held)
            members.append(self.corners.members[: self.corners.counts[1]].copy())
            held += len(members[-1])
            copies = self.numbers.cone.copies
            refuse(32 * copies * held, f"{held:,} rays of cells or more", FEWER)
        return np.concatenate(words), np.concatenate(members), np.concatenate(ends)

    def grow(self, n_rays: int) -> None:
        """Room for more rays of cells, if that is what lacks."""
        corners = self.corners
        numbers, members = corners.counts.tolist()
        if numbers + n_rays > len(corners.tight):
            size, words = 2 * max(len(corners.tight), n_rays), corners.tight.shape[1]
            refuse(8 * size * (words + 4), f"more than {numbers:,} rays", FEWER)
            tight = np.empty((size, words), dtype=np.uint64)
            sides = np.empty(size, dtype=np.int64)
            tight[:numbers], sides[:numbers] = corners.tight[:numbers], corners.sides[:numbers]
            slots = np.full(2 << size.bit_length(), -1, dtype=np.int64)
            self.corners = corners._replace(tight=tight, sides=sides, slots=slots)
            fill_slots(self.corners)
        elif members + n_rays > len(corners.members):
            more = np.empty(len(corners.members) + n_rays, dtype=np.int64)
            self.corners = corners._replace(members=np.concatenate([corners.members, more]))
        else:
            super().grow(n_rays)
            held = np.concatenate([corners.numbers, corners.numbers])
            self.corners = corners._replace(numbers=held)
