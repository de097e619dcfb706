"""Restrict and split: enumerate the cells of any arrangement, one hyperplane at a time, no LP.

Hyperplane H_k splits exactly those cells of {H_1, …, H_{k−1}} that the cells of the restricted
arrangement on H_k cut, one dimension lower: recurse there. The recursion ends on lines, whose
cells are the stretches between sorted points. Each cell is born once per level, so the work is
at most proportional to (d + 1) times the output.

Where the entries of the restrictions are not small integers, or a domain is given, cells are
split with the rays of the domain instead: :mod:`arrangement.cones`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import cones, exact
from arrangement.arguments import whole
from arrangement.cells import Cells
from arrangement.hyperplanes import Arrangement
from arrangement.memory import refuse_large
from arrangement.packing import pack_signs, word_count
from arrangement.progress import Progress, reporter
from arrangement.recursion import Recursion
from arrangement.reduction import (
    Reduction,
    all_columns,
    distinct_essential_rows,
    distinct_rows,
    face_columns,
)

__all__ = [
    "ArrangementBuilder",
    "Recursion",
    "blocks",
    "cells",
    "count",
    "is_simple",
    "unbounded",
]

Integers = NDArray[np.object_]
Words = NDArray[np.uint64]


def cells(
    arrangement: Arrangement, walls: Integers | None = None, progress: Progress = None
) -> Cells:
    """All cells of an arrangement, or those that meet a domain; see :meth:`Arrangement.cells`.

    Parameters
    ----------
    arrangement, progress
        See :meth:`Arrangement.cells`.
    walls : ndarray of Python ints, shape (m, d + 1), optional
        The domain as :func:`~arrangement.domain.parse_domain` reads it.

    Examples
    --------
    >>> import numpy as np
    >>> from arrangement import families
    >>> braid, positive = families.braid(3), np.eye(3, 4, dtype=int).astype(object)
    >>> len(cells(braid)), len(cells(braid, positive[:2])), len(cells(braid, braid.rows[:2]))
    (6, 6, 2)
    """
    words = None
    if walls is None:
        reduction = Reduction(arrangement)
        if reduction.rows.shape[1] == 1:
            words = reduction.expand(np.zeros((1, word_count(len(reduction.rows))), np.uint64))
        else:
            recursion = Recursion(reduction.rows)
            if recursion.exact:
                words = reduction.expand(recursion.cells(reporter(progress, "hyperplanes")))
            else:
                recursion.refuse_too_many()
    if words is None:
        found = []
        for block in blocks(arrangement, walls, progress):
            found.append(block)
            refuse_large(found, "cells")
        words = np.concatenate(found)
    limited = walls is not None and len(walls) > 0
    return Cells(arrangement, words, domain=walls if limited else None, progress=progress)


def blocks(
    arrangement: Arrangement, walls: Integers | None, progress: Progress = None
) -> Iterator[Words]:
    """The packed signs of the cells that meet a domain, in blocks: by rays of the domain.

    Parameters
    ----------
    arrangement : Arrangement
    walls : ndarray of Python ints, shape (m, d + 1), or None
        The domain as :func:`~arrangement.domain.parse_domain` reads it, or the whole space.
    """
    rows, walls = cones.homogeneous(distinct_rows(arrangement), walls)
    for block in cones.words(rows, walls, reporter(progress, "cells")):
        yield all_columns(arrangement, block)


def count(
    arrangement: Arrangement, walls: Integers | None = None, progress: Progress = None
) -> int:
    """Number of cells, or of those that meet a domain, without storing them.

    Parameters
    ----------
    arrangement, walls, progress
        See :func:`cells`.

    Examples
    --------
    >>> from arrangement import families
    >>> count(families.shi(4))
    125
    """
    if walls is None:
        reduction = Reduction(arrangement)
        deep = reduction.rows.shape[1] > 1
        return reduction.copies * (Recursion(reduction.rows).count() if deep else 1)
    rows, walls = cones.homogeneous(distinct_rows(arrangement), walls)
    return cones.count(rows, walls, reporter(progress, "cells"))


def is_simple(arrangement: Arrangement) -> bool:
    """Does every non-empty intersection of k hyperplanes have codimension exactly k?"""
    rows = distinct_essential_rows(arrangement)
    if len(rows) < arrangement.n_hyperplanes:
        return False
    if arrangement.is_central:
        return arrangement.n_hyperplanes == arrangement.rank
    recursion = Recursion(rows)
    recursion.count(stop_unless_simple=True)
    return recursion.simple


def unbounded(
    arrangement: Arrangement,
    codimension: int = 0,
    show: Callable[[int, int], None] | None = None,
) -> tuple[Words, Words]:
    """The faces of one codimension that are unbounded modulo the lineality space.

    A face is unbounded iff x_c = +M or x_c = −M cuts it for some coordinate c of the
    essentialization and every large M. The faces on such a hyperplane are enumerated with M
    as a symbol, infinitely large.

    Parameters
    ----------
    arrangement : Arrangement
    codimension : int
        0 for the cells.

    Returns
    -------
    positive, zero : ndarray of uint64, shape (m', words)
        Bit i is 1 where the face is on the positive side of hyperplane i, and on it. A face
        may appear several times.
    """
    rows = distinct_essential_rows(arrangement)
    rank = rows.shape[1] - 1
    positive = [np.zeros((0, word_count(len(rows))), dtype=np.uint64)]
    zero = [positive[0]]
    for c in range(rank if codimension < rank else 0):
        for side in (1, -1):
            free = [k for k in range(rank) if k != c]
            far = np.column_stack([rows[:, free], side * rows[:, c], rows[:, -1]])
            if free:
                recursion = Recursion(far, n_constants=2)
                words, flat = recursion.faces_of_codimension(codimension)
                positive.append(words)
                zero.append(recursion.flats_of_codimension(codimension)[flat])
            else:
                first = [next(exact.sign(v) for v in row if v) for row in far]
                positive.append(pack_signs(np.array([first], dtype=np.int8)))
                zero.append(np.zeros_like(positive[-1]))
            if show is not None:
                show(len(positive) - 1, 2 * rank)
    return face_columns(arrangement, np.concatenate(positive), np.concatenate(zero))


_MOST_COORDINATES = 10**6


class ArrangementBuilder:
    """Build an arrangement one hyperplane at a time.

    Parameters
    ----------
    dimension : int
        Dimension d of the space.

    Examples
    --------
    >>> from arrangement import ArrangementBuilder
    >>> builder = ArrangementBuilder(2)
    >>> hyperplanes = [([1, 0], 0), ([0, 1], 0), ([1, 1], -1)]
    >>> [builder.insert(normal, offset) for normal, offset in hyperplanes]
    [1, 2, 3]
    >>> len(builder.cells())
    7
    """

    def __init__(self, dimension: int) -> None:
        dimension = whole(dimension, "dimension", 0, _MOST_COORDINATES)
        self._arrangement = Arrangement(np.zeros((0, dimension)))
        self._n_cells = 1
        self._cells: Cells | None = None

    @property
    def arrangement(self) -> Arrangement:
        """The arrangement of the hyperplanes inserted so far."""
        return self._arrangement

    @property
    def n_cells(self) -> int:
        """Number of cells so far."""
        return self._n_cells

    def insert(self, normal: Any, offset: Any = 0) -> int:
        """Insert the hyperplane {x : normal·x + offset = 0}.

        Returns
        -------
        int
            How many cells it split: the number of cells that the earlier hyperplanes cut on
            it, or 0 when it was there before.

        Raises
        ------
        InputError
            If the normal is zero, not finite or of the wrong length.
        """
        larger = self._arrangement._with(normal, offset)
        last = larger.n_hyperplanes - 1
        new = larger.coincidence[0][last] == last
        split = count(larger.restriction(last)) if new else 0
        self._arrangement = larger
        self._n_cells += split
        self._cells = None
        return split

    def cells(self) -> Cells:
        """The cells of the hyperplanes inserted so far."""
        if self._cells is None:
            self._cells = cells(self._arrangement)
        return self._cells
