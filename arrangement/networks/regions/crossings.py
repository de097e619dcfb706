"""From a region through its facets to the regions beyond, exactly, in any number of inputs.

Regions are known by the pieces of their neurons in force, and their inequalities. **Beyond a
facet there is one region.** A network is continuous, so that each neuron's function on this
side and on that are equal on the facet; one that is 0 at a point of its relative interior and
not negative here is 0 on all of it. So the regions are a polyhedral complex, and the pattern
beyond is that just behind any such point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.exact.inner_points import largest_in_cone
from arrangement.exact.solver import WORTH_CONFIRMING, FeasibilitySolver, ProgramSolver
from arrangement.networks.complex.domains import is_bounded
from arrangement.networks.layers import Layers, homogeneous
from arrangement.networks.regions.division import Point
from arrangement.networks.regions.inequalities import Choices, Inequalities, Origin
from arrangement.networks.regions.region_search import PatternSearch

__all__ = ["Crossings", "Outline", "Side"]

Integers = NDArray[np.object_]

MOST_SEARCHED = 64
"""With more inputs the tables of the search are larger than the linear programs they save."""


class Side(NamedTuple):
    """A facet of a region.

    Attributes
    ----------
    row : int
        Of the outline.
    wall : int or None
        The row of the domain on which it lies; the first, if several do.
    neuron : int or None
        The first neuron whose kink it lies on, where the domain goes on.
    beyond : tuple of int or None
        The pieces in force on the other side; None where the domain ends.
    """

    row: int
    wall: int | None
    neuron: int | None
    beyond: Choices | None


class Outline(NamedTuple):
    """The different inequalities of a region, and where they are from.

    Attributes
    ----------
    choices : tuple of int
        The piece of each neuron in force.
    rows : ndarray of Python ints, shape (r, d + 1)
        [g | c], g·x + c > 0 inside; no two are equal.
    walls : list of int or None
        The first row of the domain that each is.
    origins : list of lists of (neuron, piece, rival)
        The contests that each is.
    needed : list of int
        Rows that imply the others, among them those of all facets.
    is_tied : bool
        Is there a contest that is 0 in the whole region?
    """

    choices: Choices
    rows: Integers
    walls: list[int | None]
    origins: list[list[Origin]]
    needed: list[int]
    is_tied: bool


class Crossings:
    """Facets of regions, what is beyond them, and how far regions are from a point.

    Parameters
    ----------
    layers : Layers
    walls : ndarray of Python ints, shape (r, d + 1)
        Rows [g | c] of the domain, g·x + c > 0 inside; it may be unbounded.
    """

    def __init__(self, layers: Layers, walls: Integers) -> None:
        self.layers, self.walls = layers, walls
        self.inequalities = Inequalities(layers, walls)
        self._programs = ProgramSolver()

    @cached_property
    def _search(self) -> PatternSearch | None:
        """The search that tells which neurons' kinks are near; it needs a bounded domain."""
        d = self.layers.input_dimension
        bounded = d <= MOST_SEARCHED and len(self.walls) > d and is_bounded(self.walls)
        return PatternSearch(self.layers, self.walls) if bounded else None

    def behind(self, x: Point, direction: Sequence[Any]) -> Choices:
        """The pieces in force at x + ε·direction + ε²·e_1 + ε³·e_2 + …, for small ε > 0."""
        *near, scale = (int(v) for v in homogeneous(x))
        found: list[int] = []
        for l, width in enumerate(self.layers.hidden_widths):
            table = self.inequalities.functions(found)
            k = self.layers.pieces
            jets = [
                [
                    sum(a * v for a, v in zip(row, near, strict=False)) + row[-1] * scale,
                    sum(a * v for a, v in zip(row, direction, strict=False)),
                    *row[:-1],
                ]
                for row in table[: width * k]
            ]
            if self.layers.is_maxout:  # of equal pieces max takes the first
                parts = [jets[j : j + k] for j in range(0, len(jets), k)]
                found += [max(range(k), key=part.__getitem__) for part in parts]
            else:
                zero = [0] * (len(near) + 2)
                linear = self.layers.slopes[l] == 1.0
                found += [
                    int(is_linear or jet > zero)
                    for jet, is_linear in zip(jets, linear.tolist(), strict=True)
                ]
        return tuple(found)

    def outline(self, choices: Choices) -> Outline:
        """The different inequalities of a region that there is."""
        place: dict[tuple[int, ...], int] = {}
        walls: list[int | None] = []
        origins: list[list[Origin]] = []
        is_tied = False

        def number(row: list[int], wall: int | None) -> int:
            at = place.setdefault(tuple(row), len(walls))
            if at == len(walls):
                walls.append(wall)
                origins.append([])
            return at

        for w, row in enumerate(self.walls.tolist()):
            number(row, w)
        for origin, row in self.inequalities.contests(choices):
            if any(row[:-1]):
                origins[number(row, None)].append(origin)
            is_tied |= not any(row)
        rows = np.array(list(place), dtype=object).reshape(len(place), self.walls.shape[1])
        needed = list(range(len(rows)))
        if self._search is not None:
            cutting = self._search.cutting(choices)
            needed = [
                k for k in needed
                if walls[k] is not None or any(cutting[i] for i, _, _ in origins[k])
            ]  # fmt: skip
        return Outline(choices, rows, walls, origins, needed, is_tied)

    def sides(
        self,
        outline: Outline,
        inside: Point,
        is_neighbor: Callable[[Choices], bool | None] = lambda beyond: None,
    ) -> Iterator[Side]:
        """The facets of a region.

        Parameters
        ----------
        outline : Outline
        inside : tuple of Fractions
            A point inside.
        is_neighbor : callable, optional
            Is there a facet to the region of these pieces, if there is one? None if nothing is
            known, so that it is sought.
        """
        seeker = _FacetSeeker(outline.rows[outline.needed], inside, self._programs)
        for at, k in enumerate(outline.needed):
            wall, origins = outline.walls[k], outline.origins[k]
            if wall is not None:
                if seeker.ray_through(at) is not None:
                    yield Side(k, wall, None, None)
                continue
            i, _, q = origins[0]
            # The functions of all other neurons are not 0 on the facet.
            simple = len(origins) == 1 and not outline.is_tied
            beyond = (*outline.choices[:i], q, *outline.choices[i + 1 :])
            known = is_neighbor(beyond) if simple else None
            if known is False:
                continue
            ray = None if known else seeker.ray_through(at)
            if not known and ray is None:
                continue
            if not simple:
                assert ray is not None
                outward = [-v for v in outline.rows[k, :-1].tolist()]
                beyond = self.behind(seeker.point_on(at, ray), outward)
            yield Side(k, None, i, beyond)

    def distance(self, rows: Integers, x: Point) -> tuple[Fraction, Point]:
        """How far a region is from a point in l∞, and the point of its closure that is nearest.

        The closure has a point x + t u with |u| ≤ 1 and t > 0 iff rows·(u, 0) + rows(x)/t ≥ 0:
        a linear program for s = 1/t, in the box −1 ≤ u ≤ 1.
        """
        column = [int(v) for v in homogeneous(x)]
        at = rows @ np.array(column, dtype=object)
        violated = np.flatnonzero(at < 0)
        if len(violated) == 0:
            return Fraction(0), x
        scale = column[-1]
        most = min(Fraction(int(np.abs(rows[i, :-1]).sum()), -int(at[i])) for i in violated)
        # s is counted in units of its bound.
        normals, values = rows[:, :-1] * most.denominator, at * most.numerator
        table = np.column_stack([normals, values, np.zeros(len(rows), int)])
        cost = np.array([*[0] * len(x), 1], dtype=object)
        share, (*u, _) = largest_in_cone(self._programs, cost, table)
        distance = 1 / (share * most * scale)
        return distance, tuple(a + distance * b for a, b in zip(x, u, strict=True))


class _FacetSeeker:
    """Which of the inequalities of a region, all different, are 0 on a facet?

    Those for which there is a point at which they alone are negative.
    """

    def __init__(self, rows: Integers, inside: Point, programs: ProgramSolver) -> None:
        self.rows, self.inside, self.programs = rows, inside, programs
        self.signs = np.ones(len(rows), dtype=np.int64)
        self.solver = FeasibilitySolver(rows) if len(rows) else None
        self.floats = exact.float_rows(rows)
        self.at = rows @ np.array([int(v) for v in homogeneous(inside)], dtype=object)

    def ray_through(self, k: int) -> Sequence[Any] | None:
        """A ray from the point inside through the relative interior of the facet of row k.

        None if there is no facet.
        """
        assert self.solver is not None
        self.signs[k] = -1
        slack, wanted = self.solver.solve(self.signs), self.signs.copy()
        self.signs[k] = 1
        if np.isfinite(slack.x).all() and self._has_signs(slack.x, wanted):
            outside = map(Fraction, slack.x.tolist())
            return [b - a for a, b in zip(self.inside, outside, strict=True)]
        support = np.flatnonzero(slack.duals > WORTH_CONFIRMING).tolist()
        turned = self.rows * wanted[:, None]
        return None if exact.is_infeasible(turned, support) else self._by_program(k)

    def _has_signs(self, x: NDArray[np.float64], wanted: NDArray[np.int64]) -> bool:
        values, errors, _ = self.floats
        point = np.append(x, 1.0)
        with np.errstate(over="ignore", invalid="ignore"):
            bound = exact.dot_product_error(np.abs(point)[None], values, errors)[0]
            if (values @ point * wanted > bound).all():
                return True
        return bool((exact.signs_at(self.rows, x[None])[0] == wanted).all())

    def _by_program(self, k: int) -> Sequence[Any] | None:
        """The same by a linear program in rational numbers.

        Seen from the point inside, (u, s) are the points at u / s, at infinity where s is 0:
        a cone, of which any box round the origin shows enough.
        """
        table = np.column_stack([self.rows[:, :-1], self.at, np.zeros(len(self.rows), int)])
        cost = -table[k, :-1]
        value, (*u, _) = largest_in_cone(self.programs, cost, np.delete(table, k, axis=0))
        return u if value > 0 else None

    def point_on(self, k: int, direction: Sequence[Any]) -> Point:
        """Where a ray from the point inside meets the hyperplane of row k."""
        row = self.rows[k].tolist()
        here = sum(a * v for a, v in zip(row, self.inside, strict=False)) + row[-1]
        step = Fraction(here) / -sum(a * v for a, v in zip(row, direction, strict=False))
        return tuple(a + step * v for a, v in zip(self.inside, direction, strict=True))
