"""Restrict and split: the cells of any arrangement by the rays of cones, no LP.

Cells are counted by deletion and restriction, and listed by splitting: see
:mod:`arrangement.cones`, which also knows what a domain holds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import cones
from arrangement.arguments import whole
from arrangement.cells import Cells
from arrangement.estimate import refuse_too_many
from arrangement.hyperplanes import Arrangement
from arrangement.memory import refuse_large
from arrangement.packing import Words, word_count
from arrangement.progress import Progress, reporter
from arrangement.reduction import Reduction, all_columns, distinct_rows

__all__ = [
    "ArrangementBuilder",
    "cells",
    "count",
    "is_simple",
    "unbounded",
]

Integers = NDArray[np.object_]


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
    if walls is None:
        refuse_too_many(Reduction(arrangement))
    found = []
    rows, inward = cones.homogeneous(distinct_rows(arrangement), walls)
    for block in cones.words(rows, inward, reporter(progress, "cells")):
        found.append(all_columns(arrangement, block))
        refuse_large(found, "cells")
    words = np.concatenate(found)
    limited = walls is not None and len(walls) > 0
    return Cells(arrangement, words, domain=walls if limited else None, progress=progress)


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
    rows, walls = cones.homogeneous(distinct_rows(arrangement), walls)
    return cones.count(rows, walls, reporter(progress, "cells"))


def is_simple(arrangement: Arrangement) -> bool:
    """Does every non-empty intersection of k hyperplanes have codimension exactly k?

    Where k + 1 hyperplanes or more meet in codimension k, cutting what they have in common down
    to the least flats adds one hyperplane at least for each dimension: it is enough to look at
    the faces of the least dimension, which are those flats.
    """
    rows = distinct_rows(arrangement)
    if len(rows) < arrangement.n_hyperplanes:
        return False
    rank = arrangement.rank
    if arrangement.is_central:
        return len(rows) == rank
    faces = cones.faces(*cones.homogeneous(rows), rank)
    return all((np.bitwise_count(zero).sum(axis=1) == rank).all() for _, zero, _ in faces)


def unbounded(arrangement: Arrangement, show: cones.Show = lambda done, total: None) -> Words:
    """The packed signs of the cells that are unbounded modulo the lineality space.

    They have a ray at infinity. The arrangement must not be central.
    """
    rows, walls = cones.homogeneous(distinct_rows(arrangement))
    found = [np.zeros((0, word_count(len(rows))), dtype=np.uint64)]
    for words, _, far in cones.faces(rows, walls, 0, show, len(walls) - 1):
        found.append(words[far])
    return all_columns(arrangement, np.concatenate(found))


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
