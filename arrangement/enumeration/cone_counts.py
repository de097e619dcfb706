"""Cells in a cone, counted: one and, for each row, those that the earlier rows cut on it.

That is deletion and restriction, and each cell is a node of the recursion.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.enumeration.cone_edges import Edges
from arrangement.enumeration.cones import Cone, Integers, Show
from arrangement.enumeration.integral_counts import TooLarge
from arrangement.enumeration.ray_values import RayValues, attempts
from arrangement.exact.numbers import primitive
from arrangement.kernels.cells import cone_rays as kernel
from arrangement.kernels.cells.cone_counting import count_cells

__all__ = ["count"]

STEP = 2**20
"""Cells that are counted between reports."""


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
    cone = Cone(rows, walls, rays)
    total = 0 if cone.is_empty else cone.copies * _count(cone, show)
    show(total, total)
    return total


def _count(cone: Cone, show: Show) -> int:
    """The number of cells in a cone that is not empty; half of them where there are copies."""
    if cone.is_small():
        with suppress(TooLarge):
            return cone.integral().count(cone.reporter(show))
    found = (_restricted(numbers, show) for numbers in attempts(cone, "floats"))
    return next(number for number in found if number is not None)


def _restricted(numbers: RayValues, show: Show) -> int | None:
    """The number of cells; None if the kind of numbers does not suffice."""
    cone = numbers.cone
    n, D, n_first = len(cone.rows), cone.dimension, len(numbers.first)
    free = len(cone.dividing) - (cone.copies - 1)  # half of the space by symmetry
    report = cone.reporter(show)
    levels = np.zeros((D + 1, kernel.N_COLUMNS), dtype=np.int64)
    levels[0, [kernel.RAYS, kernel.LIST_END]] = n_first
    levels[0, kernel.FREE] = len(cone.edges) + len(cone.dividing)
    state = np.array([0, 0, 0, 0, STEP, 0], dtype=np.int64)
    # No row becomes a wall.
    numbers.make_room(int(np.flatnonzero(cone.bounding)[-1]) + 1)
    cuts, table, positions = np.empty(4 * n, np.int64), np.empty(n, np.int64), np.empty(n)
    while True:
        reason = count_cells(
            state, levels, numbers.rays, numbers.room, numbers.lists, cuts, table, positions,
            cone.bounding, len(cone.walls), free, D,
        )  # fmt: skip
        found, level = int(state[3]), levels[state[0]]
        if reason == kernel.DONE:
            return found
        if reason == kernel.GROW:
            numbers.grow()
            cuts = np.concatenate([cuts, cuts])
        elif reason == kernel.RAY:
            above = levels[state[0] - 1]
            rows = cuts[above[kernel.CUTS] :][: above[kernel.K]]
            lines = numbers.lists[n_first - len(cone.dividing) : n_first]
            numbers.settle(numbers.room.asked[: state[2]], rows, 1 - 2 * (lines & 1))
        elif reason == kernel.LEAF:
            rows = cuts[level[kernel.CUTS] :][: level[kernel.N_CUTS]]
            state[3] += 1 + _points_on_line(
                numbers, numbers.lists[level[kernel.LIST] :][:2], rows
            )
        elif reason == kernel.STEPPED:
            state[4] = found + STEP
            share = (levels[0, kernel.K] / levels[0, kernel.N_CUTS]) ** (D - 1)
            report(found, (int(state[5]) + share) / 2**free)
        if numbers.failed(reason):
            return None


def _points_on_line(
    numbers: RayValues, ends: NDArray[np.int64], rows: NDArray[np.int64]
) -> int:
    """How many points rows have on the line through two rays."""
    numbers.asked_for += 1
    tight = np.bitwise_and.reduce(numbers.rays.tight[ends])
    basis = exact.nullspace(numbers.cone.sides_of(tight))
    points = set()
    for pair in (numbers.cone.rows[rows] @ basis).tolist():
        a, b = primitive(pair)
        points.add((a, b) if (a, b) > (0, 0) else (-a, -b))
    return len(points)
