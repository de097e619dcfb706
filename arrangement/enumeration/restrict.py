"""Restrict and split: the cells of any arrangement by the rays of cones, no LP.

Cells are counted by deletion and restriction, and listed by splitting: see
:mod:`arrangement.enumeration.cone_counts`, which also knows what a domain holds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arrangement.enumeration import cone_counts, cone_faces, cones
from arrangement.exact.packing import Words, word_count
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.hyperplanes.reduction import all_columns, distinct_rows
from arrangement.progress import Progress, reporter

__all__ = [
    "count",
    "is_simple",
    "unbounded",
]

Integers = NDArray[np.object_]


def count(
    arrangement: Hyperplanes, walls: Integers | None = None, progress: Progress = None
) -> int:
    """Number of cells, or of those that meet a domain, without storing them.

    Parameters
    ----------
    arrangement, progress
        See :meth:`Arrangement.cells`.
    walls : ndarray of Python ints, shape (m, d + 1), optional
        The domain as :func:`~arrangement.hyperplanes.domain.parse_domain` reads it.

    Examples
    --------
    >>> from arrangement import families
    >>> count(families.shi(4))
    125
    """
    rows, walls = cones.homogeneous(distinct_rows(arrangement), walls)
    return cone_counts.count(rows, walls, reporter(progress, "cells"))


def is_simple(arrangement: Hyperplanes) -> bool:
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
    faces = cone_faces.faces(*cones.homogeneous(rows), rank)
    return all((np.bitwise_count(zero).sum(axis=1) == rank).all() for _, zero, _ in faces)


def unbounded(arrangement: Hyperplanes, show: cones.Show = lambda done, total: None) -> Words:
    """The packed signs of the cells that are unbounded modulo the lineality space.

    They have a ray at infinity. The arrangement must not be central.
    """
    rows, walls = cones.homogeneous(distinct_rows(arrangement))
    found = [np.zeros((0, word_count(len(rows))), dtype=np.uint64)]
    for words, _, far in cone_faces.faces(rows, walls, 0, show, len(walls) - 1):
        found.append(words[far])
    return all_columns(arrangement, np.concatenate(found))
