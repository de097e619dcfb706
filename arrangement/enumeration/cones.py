"""A cone and rows that cut it: its extreme rays, each with the walls that it lies on.

The cone carries its rays and the values of the rows on them (the double description of Motzkin,
Raiffa, Thompson and Thrall 1953; Fukuda and Prodon 1996). A row cuts the open cone iff it is
positive on one ray and negative on another, and the rays of a part or of a section are those of
the cone and one new ray for each pair of adjacent ones that the row separates. No linear
program is solved, what is outside the cone costs nothing, and memory is the depth. A cone that
contains lines is cut into pointed ones by independent rows of its own: each is positive on a
ray or on its opposite, where the others are zero, or on neither.

:mod:`arrangement.enumeration.cone_counts` counts cells so, and
:mod:`arrangement.enumeration.cone_faces` lists them and their faces.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from math import gcd

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.enumeration.cone_edges import Edges, cut_simplex, rays_of
from arrangement.enumeration.integral_counts import INTEGER_LIMIT, IntegralCount
from arrangement.enumeration.restricted_cones import RestrictedCone
from arrangement.exact.numbers import integral
from arrangement.exact.one_field import field_of, in_one_field
from arrangement.exact.packing import Words, pack_signs

__all__ = ["Cone", "Show", "homogeneous"]

Integers = NDArray[np.object_]
Floats = NDArray[np.float64]
Show = Callable[[int, int], None]
"""What is told of (cells so far, about how many in all)."""


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


class Cone:
    """The cone {x : walls x > 0}, and rows that cut it, modulo what all contain.

    It is the sum of a pointed cone, on which as many `dividing` rows are zero as it contains
    independent lines, and of these lines, on each of which one of these rows is not zero.

    Parameters
    ----------
    rows, walls : ndarray of Python ints, shapes (n, D) and (m, D)
        Not both empty.
    rays : (rays, masks), optional
        What :func:`~arrangement.enumeration.cone_edges.rays_of` says of the walls.

    Attributes
    ----------
    dimension : int
    columns : list of int
        Where its coordinates stand in those given.
    copies : int
        2 where there are no walls and this is half of the space.
    edges : ndarray of Python ints, shape (r, dimension)
        The lines, each with the sign of its dividing row, and then the rays.
    masks : list of int
        Bit i is 1 where the edge lies on wall i, bit m + i where it lies on dividing row i, for
        m walls.
    """

    def __init__(self, rows: Integers, walls: Integers, rays: Edges | None = None) -> None:
        m = len(walls)
        self.copies = 1 if m else 2
        self.walls, self.rows = walls, rows
        self.columns = list(range(rows.shape[1]))
        self.dividing: list[int] = []
        if rays is None and (rays := rays_of(walls)) is None:
            rays = self._edges(m)
        self.edges, self.masks = rays
        inside = self.edges[len(self.dividing) :].sum(axis=0)
        self.is_empty = m > 0 and not all(v > 0 for v in self.walls @ inside)
        self.dimension = len(self.columns)

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

    def sides_of(self, tight: Words) -> Integers:
        """The walls and rows whose bits are set."""
        on = np.unpackbits(tight.view(np.uint8), bitorder="little")
        return self.sides[np.flatnonzero(on)]

    @cached_property
    def values(self) -> Integers:
        """The values of the rows on the edges."""
        return self.rows @ self.edges.T

    def reporter(self, show: Show) -> Callable[[int, float], None]:
        """Tell `show` of the cells that are found and the share of the work that is done."""

        def report(found: int, share: float) -> None:
            total = max(found + 1, round(found / max(share, 1e-9)))
            show(self.copies * found, self.copies * total)

        return report

    def integral(self) -> IntegralCount:
        """Its cells to be counted in integers: half of them where there are copies."""
        order, masks = self._rays_then_lines()
        n_lines = len(self.dividing) - (self.copies - 1)
        return IntegralCount(self.divided().T[order], masks, self.dimension, n_lines)

    def restricted(self, orthant: int) -> RestrictedCone:
        """One of its orthants, as :meth:`IntegralCount.enter` numbers them."""
        order, masks = self._rays_then_lines()
        signs = [-1 if orthant >> i & 1 else 1 for i in range(len(order))][::-1]
        values = self.values[:, order] * np.array(signs, dtype=object)
        return RestrictedCone(values.tolist(), masks, self.dimension)

    def _rays_then_lines(self) -> tuple[list[int], list[int]]:
        """The order of the edges, and which walls and dividing rows each lies on."""
        lines = len(self.dividing)
        order = [*range(lines, len(self.edges)), *range(lines)]
        return order, [self.masks[i] for i in order]

    def is_small(self) -> bool:
        """Are the values on its edges small integers?"""

        def fit(values: Integers) -> bool:
            sizes = (max(map(abs, row)) // max(1, gcd(*row)) for row in values)
            return all(size < INTEGER_LIMIT for size in sizes)

        # The first row most often tells.
        return (
            field_of(self.sides) is None
            and fit(self.rows[:1] @ self.edges.T)
            and fit(self.values)
        )

    def divided(self) -> Floats:
        """Integer values on the edges, each row divided by their greatest common divisor."""
        common = np.array([max(1, gcd(*row)) for row in self.values], dtype=object)
        return (self.values // common[:, None]).astype(np.float64)

    @cached_property
    def bounding(self) -> Words:
        """Of walls and rows the bits of the walls, and of the rows that divide."""
        m = len(self.walls)
        bounding = np.zeros((1, m + len(self.rows)), dtype=np.int8)
        bounding[0, [*range(m), *(m + i for i in self.dividing)]] = 1
        return pack_signs(bounding)
