"""All faces of one dimension, and how many there are: enumerated, or counted from flats."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from arrangement import exact
from arrangement.checks import choice, given_points
from arrangement.counting.poset import covers, face_numbers
from arrangement.enumeration import cone_faces, cones
from arrangement.enumeration.estimate import refuse_too_many_faces
from arrangement.errors import InputError
from arrangement.exact.numbers import shown
from arrangement.exact.one_field import in_one_field
from arrangement.exact.packing import Words, by_first_bits, word_count
from arrangement.hyperplanes.domain import parse_domain
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.hyperplanes.reduction import distinct_rows, face_columns
from arrangement.memory import refuse_large
from arrangement.progress import Progress, reporter
from arrangement.results.cells import cells_of
from arrangement.results.faces import Face, Faces, Integers, packed_signs
from arrangement.results.flats import Flats

__all__ = ["METHODS", "face_vector", "faces", "locate"]

METHODS = ("count", "enumerate")


def faces(
    arrangement: Hyperplanes, dimension: int, progress: Progress = None, domain: Any = None
) -> Faces:
    """The faces of one dimension: the cells that the hyperplanes cut on each flat.

    A face of dimension d − k is a cell of the arrangement that is cut on a flat of rank k; its
    signs are 0 on the hyperplanes that contain the flat.

    Parameters
    ----------
    dimension : int
        d − rank (the faces that are flats) to d (the cells); there is no other.
    progress : bool or callable, optional
        See :meth:`cells`.
    domain : optional
        Only the faces that meet the interior of a box or polyhedron; see :meth:`cells`.

    Returns
    -------
    Faces
        Flat after flat, in the order of :meth:`flats`, and those on one flat in
        lexicographic order of their signs, − before +; those of dimension d in the order
        of :meth:`cells`.

    Raises
    ------
    InputError
        If `dimension` is no integer, or the domain is none.
    SizeError
        If the faces would not fit in memory.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> triangle = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    >>> triangle.faces(0).signs.tolist()
    [[0, 0, -1], [0, 1, 0], [1, 0, 0]]
    >>> len(triangle.faces(1)), int(triangle.faces(1).bounded.sum())
    (9, 3)
    >>> triangle.faces(1, domain=[(0, 1), (0, 1)]).signs.tolist()
    [[1, 1, 0]]
    >>> [len(triangle.faces(k, domain=[("1/3", 2), (-1, 2)])) for k in range(3)]
    [1, 4, 4]
    >>> Arrangement([[1], [2]], [0, -2]).faces(0).signs.tolist()
    [[0, -1], [1, 0]]
    """
    try:
        wanted = operator.index(dimension)
    except TypeError:
        raise InputError(f"a dimension is an integer, not {shown(dimension)}") from None
    n, codimension = arrangement.n_hyperplanes, arrangement.dimension - wanted
    given, walls = _rows_and_walls(arrangement, domain)
    words = np.zeros((1, word_count(n)), dtype=np.uint64)
    if not 0 <= codimension <= arrangement.rank:
        flats = Flats(arrangement, codimension, words[:0])
        return Faces(flats, np.zeros(0, dtype=np.int64), words[:0], walls)
    if codimension == 0:
        packed = cells_of(arrangement, domain=domain, progress=progress).packed
        flats = Flats(arrangement, 0, words)
        flat = np.zeros(len(packed), dtype=np.int64)
        return Faces(flats, flat, packed, walls, progress)
    if walls is None:
        refuse_too_many_faces(given, codimension)
    positive, zero = _listed(given, walls, codimension, reporter(progress, "faces"))
    order = by_first_bits(np.concatenate([~zero, positive], axis=1))
    positive, zero = positive[order], zero[order]
    new = np.ones(len(zero), dtype=np.bool_)
    new[1:] = (zero[1:] != zero[:-1]).any(axis=1)
    flat = np.cumsum(new) - 1
    packed, contains = face_columns(arrangement, positive, zero)
    flats = Flats(arrangement, codimension, contains[new])
    return Faces(flats, flat, packed, walls, progress)


def locate(arrangement: Hyperplanes, x: ArrayLike) -> Face:
    """The face that a point is in the relative interior of; no other is looked for.

    Parameters
    ----------
    x : array_like, shape (d,)
        As in :meth:`sign_vector`.

    Returns
    -------
    Face
        Of any dimension: d off all hyperplanes. It stands alone in its ``faces``.

    Raises
    ------
    InputError
        If that is no point of the space.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> axes = Arrangement([[1, 0], [0, 1]])
    >>> axes.locate([3, 0]), axes.locate([3, 0]).dimension, axes.locate([3, 0]).rays()
    (Face 0: +0, 1, [(Fraction(1, 1), Fraction(0, 1))])
    """
    points, single = given_points(x, arrangement.dimension, irrational=True)
    if not single:
        raise InputError(f"one point is located at a time; the shape given is {points.shape}")
    signs = arrangement.sign_vector(points)
    codimension = exact.rank(arrangement.rows[np.flatnonzero(signs[0] == 0)])
    positive, zero = packed_signs(signs)
    return Faces(Flats(arrangement, codimension, zero), np.zeros(1, np.int64), positive)[0]


def _rows_and_walls(arrangement: Hyperplanes, domain: Any) -> tuple[Integers, Integers | None]:
    """The different hyperplanes and the inequalities of a domain, if any, in one field."""
    rows = distinct_rows(arrangement)
    if domain is None:
        return rows, None
    walls = parse_domain(domain, arrangement.dimension)
    both = in_one_field(np.concatenate([rows, walls]))
    return both[: len(rows)], both[len(rows) :] if len(walls) else None


def _listed(
    rows: Integers, domain: Integers | None, codimension: int, show: cones.Show
) -> tuple[Words, Words]:
    """The faces of one codimension: positive and zero bits."""
    none = np.zeros((0, word_count(len(rows))), dtype=np.uint64)
    positive, zero = [none], [none]
    for above, on, _ in cone_faces.faces(*cones.homogeneous(rows, domain), codimension, show):
        positive.append(above)
        zero.append(on)
        refuse_large(positive, "faces", 10)  # to sort them takes keys, and copies of these
    return np.concatenate(positive), np.concatenate(zero)


def face_vector(
    arrangement: Hyperplanes, method: str | None = None, domain: Any = None
) -> tuple[int, ...]:
    """How many faces of each dimension there are, from 0 to d.

    Parameters
    ----------
    method : {"count", "enumerate"}, optional
        ``"count"``: f_k = Σ |μ(X, Y)| over flats X of dimension k and Y ⊆ X (Zaslavsky
        1975, Theorem A for every restriction), from the intersection poset; for the whole
        space, where it is the default.
        ``"enumerate"``: every face is found, though not stored; in a domain the default.
    domain : optional
        Only the faces that meet the interior of a box or polyhedron; see :meth:`cells`.

    Returns
    -------
    tuple of d + 1 ints

    Raises
    ------
    InputError
        If the method is none of these, or cannot count in a domain.

    Examples
    --------
    >>> from arrangement import families
    >>> families.braid(4).face_vector()
    (0, 1, 14, 36, 24)
    >>> families.braid(4).face_vector(domain=[(0, 1), (0, 1), (0, 1), (2, 3)])
    (0, 0, 1, 6, 6)
    >>> families.braid(4).face_vector(method="enumerate")
    (0, 1, 14, 36, 24)
    """
    if method is not None:
        choice(method, METHODS, "method")
    if domain is not None and method == "count":
        raise InputError("method 'count' is for the whole space: leave it or the domain out")
    if domain is None and method != "enumerate":
        counts = face_numbers(arrangement, covers(arrangement))
    else:
        rows, walls = _rows_and_walls(arrangement, domain)
        counts = cone_faces.count_faces(*cones.homogeneous(rows, walls))
        counts = (counts + [0] * arrangement.rank)[: arrangement.rank + 1]
    return (*[0] * (arrangement.dimension - arrangement.rank), *reversed(counts))
