"""Bounded domains and their faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.exact.floats import to_float
from arrangement.exact.inner_points import guided_maximum, unbounded_direction
from arrangement.exact.numbers import exact_text
from arrangement.exact.one_field import field_of
from arrangement.exact.polyhedron import Polyhedron
from arrangement.exact.rational_programs import Program
from arrangement.exact.solver import ProgramSolver
from arrangement.hyperplanes.domain import parse_domain

__all__ = [
    "Polytope",
    "bounded_domain",
    "bounded_rows",
    "box_round",
    "float_box",
    "is_bounded",
    "polytope_of",
    "rational_rows",
    "stated_box",
]


Floats = NDArray[np.float64]

MOST_BINADES = 1000
"""Powers of two between 1 and the ranges and volumes that are computed in float64."""

FURTHEST = 2**20
"""A domain that is further from the origin than this many widths has volumes from integers."""


@dataclass(frozen=True, eq=False)
class Polytope:
    """A full-dimensional polytope with all its faces.

    Attributes
    ----------
    rows : ndarray of Python ints, shape (r, d + 1)
        [g | c], with g·x + c ≥ 0 on the polytope.
    vertices : list of tuples of d Fractions
    faces : list of d + 1 lists of lists of int
        faces[k] are the faces of dimension k by the faces of dimension k − 1 on their
        boundary; faces[0] = [[0], [1], …] are the vertices.
    walls : list of int
        The row that is 0 on each facet (faces[d − 1]).
    """

    rows: NDArray[np.object_]
    vertices: list[tuple[Any, ...]]
    faces: list[list[list[int]]]
    walls: list[int]

    @cached_property
    def has_float64_points(self) -> bool:
        """Do float64 coordinates reach, and tell its points apart?"""
        return all(
            abs(size) <= MOST_BINADES and far <= FURTHEST * width
            for width, far, size in self._widths
        )

    @cached_property
    def has_float64_volumes(self) -> bool:
        """Are volumes from float64 coordinates right?"""
        total = sum(abs(size) for *_, size in self._widths)
        return self.has_float64_points and total <= MOST_BINADES

    @cached_property
    def _widths(self) -> list[tuple[Fraction, Fraction, int]]:
        """Of each coordinate the range, the largest, and about the logarithm of the range."""
        result = []
        for column in zip(*self.vertices, strict=True):
            low, high = Fraction(min(column)), Fraction(max(column))
            width = high - low
            size = width.numerator.bit_length() - width.denominator.bit_length()
            result.append((width, max(abs(low), abs(high)), size))
        return result


def bounded_domain(domain: Any, dimension: int) -> Polytope:
    """A box or polytope with its face lattice.

    Parameters
    ----------
    domain : sequence of (low, high), or pair (G, h)
        As in :func:`~arrangement.hyperplanes.domain.parse_domain`, all ends finite.
    dimension : int

    Raises
    ------
    InputError
        If it is malformed, has no interior points or is unbounded.

    Examples
    --------
    >>> square = bounded_domain([(0, 1), (0, 1)], 2)
    >>> [len(level) for level in square.faces], square.walls
    ([4, 4, 1], [0, 1, 2, 3])
    """
    return polytope_of(rational_rows(domain, dimension))


def bounded_rows(domain: Any, dimension: int) -> NDArray[np.object_]:
    """The rows [g | c] of a bounded domain, g·x + c > 0 inside, without its faces.

    Raises
    ------
    InputError
        As :func:`bounded_domain` does.
    """
    rows = rational_rows(domain, dimension)
    if stated_box(rows) is None:
        _refuse_unbounded(unbounded_direction(rows))
    return rows


def box_round(rows: NDArray[np.object_]) -> list[tuple[Fraction, Fraction]]:
    """A box round a bounded polytope, a low and a high end for each coordinate.

    Its ends are those that the rows state, or if some are missing those of the polytope, by
    linear programs.

    Examples
    --------
    >>> triangle = bounded_rows(([[-1, 0], [0, -1], [1, 1]], [0, 0, 1]), 2)
    >>> [(str(low), str(high)) for low, high in box_round(triangle)]
    [('0', '1'), ('0', '1')]
    """
    stated = stated_box(rows)
    if stated is not None:
        return stated
    d, solver, reach = rows.shape[1] - 1, ProgramSolver(), 1
    ends = []
    for cost in np.concatenate([-np.eye(d, dtype=int), np.eye(d, dtype=int)]).astype(object):
        while True:
            high = np.array([reach] * d, dtype=object)
            found = guided_maximum(solver, Program(cost, rows, -high, high))
            # What no side of the cube holds back is the largest of all.
            if found is not None and max(map(abs, found[1])) < reach:
                break
            reach *= 2**8
        ends.append(found[0])
    return [(-low, high) for low, high in zip(ends[:d], ends[d:], strict=True)]


def stated_box(rows: NDArray[np.object_]) -> list[tuple[Fraction, Fraction]] | None:
    """The box of the rows of a single coordinate, None if they leave an end open.

    Examples
    --------
    >>> stated_box(rational_rows([(0, 1), (None, 1)], 2))
    """
    lows: dict[int, Fraction] = {}
    highs: dict[int, Fraction] = {}
    for *g, constant in rows.tolist():
        on = [c for c, v in enumerate(g) if v]
        if len(on) == 1:
            (c,) = on
            end = Fraction(-constant, g[c])
            ends, tighter = (lows, max) if g[c] > 0 else (highs, min)
            ends[c] = tighter(end, ends.get(c, end))
    columns = range(rows.shape[1] - 1)
    if not all(c in lows and c in highs for c in columns):
        return None
    return [(lows[c], highs[c]) for c in columns]


def float_box(box: Sequence[tuple[Fraction, Fraction]]) -> tuple[Floats, Floats]:
    """The low and the high ends of a box in float64, rounded outward."""
    ends = []
    for side, values in zip((-np.inf, np.inf), zip(*box, strict=True), strict=True):
        near = [to_float(v.numerator, v.denominator) for v in values]
        ends.append(np.array([np.nextafter(v, side) if error else v for v, error in near]))
    return ends[0], ends[1]


def is_bounded(rows: NDArray[np.object_]) -> bool:
    """Is a domain bounded?"""
    if stated_box(rows) is not None:
        return True
    return unbounded_direction(rows) is None


def rational_rows(domain: Any, dimension: int) -> NDArray[np.object_]:
    """The rows [g | c] of a domain that may be unbounded, g·x + c > 0 inside.

    Raises
    ------
    InputError
        If it is malformed, has no interior points, or its ends are irrational.
    """
    rows = parse_domain(domain, dimension)
    if field_of(rows) is not None:
        raise InputError("domain: irrational ends; the domain of a network has rational ones")
    return rows


def _is_box(rows: NDArray[np.object_]) -> bool:
    """Are these a low and a high end for each coordinate, and nothing else?"""
    signs = np.sign(rows[:, :-1])
    d = signs.shape[1]
    units = np.concatenate([np.eye(d), -np.eye(d)]).tolist()
    return sorted(signs.tolist()) == sorted(units)


def _refuse_unbounded(direction: Sequence[Any] | None) -> None:
    if direction is not None:
        shown = ", ".join(map(exact_text, direction))
        raise InputError(
            f"domain: unbounded in the direction ({shown}); regions are enumerated in a box or "
            "a bounded polytope, so give finite ends"
        )


def polytope_of(rows: NDArray[np.object_]) -> Polytope:
    """The polytope {x : row·(x, 1) ≥ 0 for all rows}, which has interior points.

    Raises
    ------
    InputError
        If it is unbounded.
    """
    if not _is_box(rows):
        return _polytope(rows)
    columns = range(rows.shape[1] - 1)
    lows = [int(np.flatnonzero(rows[:, c] > 0)[0]) for c in columns]
    highs = [int(np.flatnonzero(rows[:, c] < 0)[0]) for c in columns]
    return _box(rows, lows, highs)


def _box(rows: NDArray[np.object_], lows: list[int], highs: list[int]) -> Polytope:
    """A box: its faces fix some coordinates at an end and leave the others free."""
    d = len(lows)
    ends = [
        (Fraction(-rows[a, -1], rows[a, c]), Fraction(-rows[b, -1], rows[b, c]))
        for c, (a, b) in enumerate(zip(lows, highs, strict=True))
    ]
    number: dict[tuple[int, ...], int] = {}
    faces: list[list[list[int]]] = [[] for _ in range(d + 1)]
    walls = []
    FREE = 2
    kinds = sorted(product((0, 1, FREE), repeat=d), key=lambda kind: kind.count(FREE))
    vertices: list[tuple[Any, ...]] = []
    for kind in kinds:
        k = kind.count(FREE)
        number[kind] = len(faces[k])
        if k == 0:
            faces[0].append([len(vertices)])
            vertices.append(tuple(ends[c][side] for c, side in enumerate(kind)))
        else:
            faces[k].append(
                [
                    number[(*kind[:c], side, *kind[c + 1 :])]
                    for c in range(d)
                    if kind[c] == FREE
                    for side in (0, 1)
                ]
            )
        if k == d - 1:
            fixed = next(c for c in range(d) if kind[c] != FREE)
            walls.append((lows, highs)[kind[fixed]][fixed])
    return Polytope(rows, vertices, faces, walls)


def _polytope(rows: NDArray[np.object_]) -> Polytope:
    body = Polyhedron(rows)
    _refuse_unbounded(next(iter(body.lines or body.rays), None))
    d = rows.shape[1] - 1
    levels = body.faces
    number = [{on: i for i, on in enumerate(level)} for level in levels]
    faces: list[list[list[int]]] = []
    vertices: list[tuple[Any, ...]] = []
    for k in range(d + 1):
        level = levels[d - k]
        if k == 0:
            faces.append([[i] for i in range(len(level))])
            for on in level:
                *x, scale = body.relative_interior(on)
                vertices.append(tuple(Fraction(v, scale) for v in x))
        else:
            faces.append(
                [[number[d - k + 1][other] for other in covered] for covered in level.values()]
            )
    facets = {body.incident(1 << i): i for i in reversed(range(len(rows)))}
    walls = [facets[on] for on in levels[1]]
    return Polytope(rows, vertices, faces, walls)
