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
from functools import cached_property, lru_cache
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.exact.inner_points import guided_maximum, inner_point, largest_in_cone
from arrangement.exact.rational_programs import Program
from arrangement.exact.solver import WORTH_CONFIRMING, FeasibilitySolver, ProgramSolver, Slack
from arrangement.networks.complex.domains import is_bounded, stated_box
from arrangement.networks.complex.vertices import nearest
from arrangement.networks.layers import Layers, homogeneous
from arrangement.networks.regions.division import Floats, Point
from arrangement.networks.regions.inequalities import Choices, Inequalities, Origin
from arrangement.networks.regions.region_search import PatternSearch

__all__ = ["Crossings", "Outline", "Side"]

Integers = NDArray[np.object_]

NEARLY_ZERO = 1e-9
"""A row that is this part of its terms at a point is taken for 0; of guesses only."""

SPANNED = 1e-12
"""A direction in which squares of normals are this part of the largest is left out."""

TINY = 1e-280
"""More than is lost to numbers that are too small for float64."""

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
    values, errors : ndarray of float64, shape (r, d + 1)
        The rows, each times a power of two; |values − exact| ≤ errors.
    """

    choices: Choices
    rows: Integers
    walls: list[int | None]
    origins: list[list[Origin]]
    needed: list[int]
    is_tied: bool
    values: Floats
    errors: Floats


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
        self._places: dict[tuple[int, ...], int] = {}
        self._first: list[int] = []
        for w, row in enumerate(map(tuple, walls.tolist())):
            if self._places.setdefault(row, len(self._first)) == len(self._first):
                self._first.append(w)
        self._row = lru_cache(maxsize=512)(self._contest)
        self.outline = lru_cache(maxsize=8)(self._outline)

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

    @cached_property
    def _box(self) -> list[tuple[Fraction, Fraction]] | None:
        return stated_box(self.walls)

    @cached_property
    def _is_side(self) -> NDArray[np.bool_]:
        """Which rows of the domain are of one coordinate, as outlines count them?"""
        return np.asarray((self.walls[self._first, :-1] != 0).sum(axis=1) == 1)

    @cached_property
    def _wall_floats(self) -> tuple[Floats, Floats]:
        return exact.float_rows(self.walls[self._first])[:2]

    def _contest(
        self, before: Choices, origin: Origin
    ) -> tuple[tuple[int, ...], Floats, Floats]:
        row = self.inequalities.contest(before, *origin)
        values, errors, _ = exact.float_rows(np.array([row], dtype=object))
        return tuple(row), values, errors

    def _outline(self, choices: Choices) -> Outline:
        """The different inequalities of a region that there is; those of the domain first."""
        place = dict(self._places)
        walls: list[int | None] = [*self._first]
        origins: list[list[Origin]] = [[] for _ in walls]
        values, errors = ([part] for part in self._wall_floats)
        is_tied = False
        for origin in self.inequalities.origins(choices):
            layer, _ = self.inequalities.place(origin[0])
            row, *near = self._row(choices[: self.inequalities.starts[layer]], origin)
            if not any(row):
                is_tied = True
            if not any(row[:-1]):
                continue
            at = place.setdefault(row, len(walls))
            if at == len(walls):
                walls.append(None)
                origins.append([])
                values.append(near[0])
                errors.append(near[1])
            origins[at].append(origin)
        new = np.array(list(place)[len(self._first) :], dtype=object)
        d = self.layers.input_dimension
        rows = np.concatenate([self.walls[self._first], new.reshape(-1, d + 1)])
        needed = list(range(len(rows)))
        if self._search is not None:
            cutting = self._search.cutting(choices)
            needed = [
                k for k in needed
                if walls[k] is not None or any(cutting[i] for i, _, _ in origins[k])
            ]  # fmt: skip
        near_rows = np.concatenate(values), np.concatenate(errors)
        return Outline(choices, rows, walls, origins, needed, is_tied, *near_rows)

    def wall_sides(self, outline: Outline, inside: Point) -> Iterator[Side]:
        """The facets of a region on the boundary of the domain."""
        seeker = _FacetSeeker(outline, outline.needed, inside, self._programs, None)
        at = [k for k, i in enumerate(outline.needed) if outline.walls[i] is not None]
        seeker.shoot(at)
        for k in at:
            if seeker.is_facet(k):
                row = outline.needed[k]
                yield Side(row, outline.walls[row], None, None)

    def sides(
        self,
        outline: Outline,
        inside: Point,
        is_neighbor: Callable[[Choices], bool | None] = lambda beyond: None,
    ) -> Iterator[Side]:
        """The facets of a region beyond which the domain goes on.

        Parameters
        ----------
        outline : Outline
        inside : tuple of Fractions
            A point inside.
        is_neighbor : callable, optional
            Is there a facet to the region of these pieces, if there is one? None if nothing is
            known, so that it is sought.
        """
        kept = outline.needed
        if self._box is not None:
            kept = [k for k in kept if k >= len(self._first) or not self._is_side[k]]
        seeker = _FacetSeeker(outline, kept, inside, self._programs, self._box)
        sought = []
        for at, k in enumerate(kept):
            if outline.walls[k] is not None:
                continue
            (i, _, q), *others = outline.origins[k]
            # The functions of all other neurons are not 0 on the facet.
            simple = not others and not outline.is_tied
            beyond = (*outline.choices[:i], q, *outline.choices[i + 1 :]) if simple else None
            known = is_neighbor(beyond) if beyond is not None else None
            if known is not False:
                sought.append((at, k, i, beyond, known))
        seeker.shoot([at for at, *_, known in sought if not known])
        for at, k, i, beyond, known in sought:
            if not known and not seeker.is_facet(at):
                continue
            if beyond is None:
                outward = [-v for v in outline.rows[k, :-1].tolist()]
                beyond = self.behind(seeker.point_on(at), outward)
            yield Side(k, None, i, beyond)

    def inside(self, outline: Outline, near: Point) -> Point:
        """A point inside a region, from one of its closure.

        The way leads off all rows that are about 0 there, half as far as the others allow.
        """
        at = np.array([nearest(v) for v in near])
        needed = outline.needed
        values, errors = outline.values[needed], outline.errors[needed]
        with np.errstate(all="ignore"):
            length = np.linalg.norm(values[:, :-1], axis=1)
            height = (values[:, :-1] @ at + values[:, -1]) / length
            size = np.abs(values) @ np.append(np.abs(at), 1.0) / length
            tight = height <= NEARLY_ZERO * size
            normals = values[tight, :-1] / length[tight, None]
            if len(needed) and np.isfinite(size).all() and np.isfinite(at).all():
                step = np.linalg.lstsq(normals, np.ones(len(normals)))[0]
                falls = -(values[:, :-1] @ step) / length
                ends = ~tight & (falls > 0)
                room = (height[ends] / falls[ends]).min(initial=np.inf)
                # Where nothing ends the way, it is as long as the rows are far.
                far = float(np.abs(height).max()) / max(float(np.linalg.norm(step)), 1e-300)
                found = at + min(room / 2, far) * step
                if _are_sure(values, errors, found[None], np.ones((1, len(needed))))[0]:
                    return tuple(map(Fraction, found.tolist()))
        inside = inner_point(outline.rows[needed], at)
        assert inside is not None, "beyond a facet there is a region"
        return inside

    def distance(self, outline: Outline, x: Point) -> tuple[Fraction, Point]:
        """How far a region is from a point in l∞, and the point of its closure that is nearest.

        Of the domain's rows those are taken that what has been found violates.
        """
        chosen = [k for k in outline.needed if outline.walls[k] is None]
        while True:
            found = self._distance(outline.rows[chosen], outline.values[chosen], x)
            more = set(self._beyond(found[1])) - set(chosen)
            if not more:
                return found
            chosen += sorted(more)

    def _beyond(self, x: Point) -> list[int]:
        """The rows of the domain that are negative at a point, as outlines count them."""
        near = [exact.to_float(v.numerator, v.denominator) for v in x]
        points, wrong = np.array([*near, (1.0, 0.0)]).T[:, None, :]
        at, bound = exact.dot_products(*self._wall_floats, points, wrong)
        open_ = np.flatnonzero(~(at[:, 0] >= bound[:, 0])).tolist()
        column = np.array([int(v) for v in homogeneous(x)], dtype=object)
        return [k for k in open_ if self.walls[self._first[k]] @ column < 0]

    def _distance(self, rows: Integers, near: Floats, x: Point) -> tuple[Fraction, Point]:
        """The same of a polyhedron, whose rows are about some multiples of others in float64.

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
        zero = np.zeros(len(rows), dtype=int)
        table = np.column_stack([normals, values, zero])
        cost = np.array([*[0] * len(x), 1], dtype=object)
        with np.errstate(all="ignore"):
            height = near @ np.append([nearest(v) for v in x], 1.0)
            floats = np.column_stack([near[:, :-1], height * nearest(most * scale), zero])
        found = largest_in_cone(self._programs, cost, table, floats)
        share, (*u, _) = found
        distance = 1 / (share * most * scale)
        return distance, tuple(a + distance * b for a, b in zip(x, u, strict=True))


class _FacetSeeker:
    """Which of the inequalities of a region, all different, are 0 on a facet?

    Those for which there is a point at which they alone are negative.
    """

    def __init__(
        self,
        outline: Outline,
        kept: list[int],
        inside: Point,
        programs: ProgramSolver,
        box: list[tuple[Fraction, Fraction]] | None,
    ) -> None:
        self.rows, self.inside, self.programs = outline.rows[kept], inside, programs
        self.values, self.errors = outline.values[kept], outline.errors[kept]
        self.own = [k for k, i in enumerate(kept) if outline.walls[i] is None]
        self.here = np.array([nearest(v) for v in inside])
        self.box = box
        ends: Any = [(-inf, inf)] * len(inside) if box is None else box
        self.low, self.high = np.array([list(map(nearest, end)) for end in ends]).T
        self._beyond: dict[int, Floats] = {}
        self._rays: dict[int, Sequence[Any]] = {}

    @cached_property
    def solver(self) -> FeasibilitySolver:
        """Looks for points at which some rows are negative."""
        return FeasibilitySolver(self.rows)

    @cached_property
    def _spanned(self) -> tuple[FeasibilitySolver, Floats] | None:
        """The same for the neurons' rows alone, in coordinates of the space that they span.

        In many inputs that is of few dimensions: the kinks of later layers depend on what the
        first one lets pass. None where there is nothing to be gained, or floats fail.
        """
        normals = self._normals[self.own]
        if not len(normals) or not np.isfinite(normals).all():
            return None
        sizes, vectors = np.linalg.eigh(normals @ normals.T)
        kept = sizes > SPANNED * sizes[-1]
        basis = (vectors[:, kept] / np.sqrt(sizes[kept])).T @ normals
        if len(basis) == len(self.here) and len(self.own) == len(self.rows):
            return None
        rows = np.column_stack([normals @ basis.T, self._heights[self.own]])
        return FeasibilitySolver(rows), basis

    @cached_property
    def _units(self) -> Floats:
        """How far each coordinate may go in the box, so that no way soon ends at its sides."""
        units = np.minimum(self.here - self.low, self.high - self.here)
        most = units[units < np.inf].max(initial=0.0) or 1.0
        return np.where((units > 0) & (units < np.inf), units, most)

    @cached_property
    def _normals(self) -> Floats:
        """The normals in these units, each of length 1."""
        with np.errstate(all="ignore"):
            return self._scaled / np.linalg.norm(self._scaled, axis=1)[:, None]

    @cached_property
    def _unit_rows(self) -> tuple[Floats, Floats]:
        """The rows with normals of length 1, and bounds on their errors but for this."""
        length = np.linalg.norm(self.values[:, :-1], axis=1)[:, None]
        return self.values / length, self.errors / length

    @cached_property
    def _scaled(self) -> Floats:
        with np.errstate(all="ignore"):
            return self.values[:, :-1] * self._units

    @cached_property
    def _heights(self) -> Floats:
        """How far the hyperplanes are from the point inside, in these units."""
        with np.errstate(all="ignore"):
            at = self.values @ np.append(self.here, 1.0)
            return at / np.linalg.norm(self._scaled, axis=1)

    @cached_property
    def at(self) -> Integers:
        """The rows at the point inside, times its denominator."""
        return self.rows @ np.array([int(v) for v in homogeneous(self.inside)], dtype=object)

    def shoot(self, which: Sequence[int]) -> None:
        """Look for points beyond some rows alone against their normals, without programs."""
        self._shoot(which, self._normals[which])

    def _shoot(self, which: Sequence[int], directions: Floats) -> None:
        """Look for points beyond rows alone, each against a direction."""
        if not which:
            return
        place, wanted = np.arange(len(which)), np.ones((len(which), len(self.rows)))
        wanted[place, which] = -1
        with np.errstate(all="ignore"):
            falls = directions @ self._normals.T
            ends = np.where(falls > 0, self._heights / falls, np.inf)
            own = ends[place, which]
            ends[place, which] = np.inf
            ways = directions * self._units
            room = np.where(ways > 0, self.here - self.low, self.high - self.here)
            room = np.where(ways == 0, np.inf, room / np.abs(ways)).min(axis=1)
            others = np.minimum(ends.min(axis=1), room)
            length = np.where(others < np.inf, (own + others) / 2, 2 * own)
            points = self.here - length[:, None] * ways
            in_box = ((points > self.low) & (points < self.high)).all(axis=1)
            hits = np.flatnonzero((own < others) & in_box & np.isfinite(points).all(axis=1))
        sure = _are_sure(self.values, self.errors, points[hits], wanted[hits])
        self._beyond |= {which[i]: points[i] for i in hits[sure].tolist()}

    def is_facet(self, k: int) -> bool:
        """Is row k 0 on a facet?"""
        if k in self._beyond:
            return True
        if k in self.own and self._spanned is not None:
            solver, basis = self._spanned
            asked = np.where(np.array(self.own) == k, -1, 1)
            slack = solver.solve(asked)
            if np.isfinite(slack.x).all():
                self._shoot([k], -(slack.x @ basis)[None])
                if k in self._beyond:
                    return True
            if self._is_refuted(k, [self.own[i] for i in _blamed(slack)]):
                return False
        if k in self.own and self.box is not None:
            return self._is_in_box(k, self.box)
        wanted = np.ones(len(self.rows), dtype=np.int64)
        wanted[k] = -1
        slack = self.solver.solve(wanted)
        if np.isfinite(slack.x).all() and self._has_signs(slack.x, wanted):
            self._beyond[k] = slack.x
            return True
        return not self._is_refuted(k, _blamed(slack)) and self._by_program(k)

    def _is_refuted(self, k: int, support: list[int]) -> bool:
        """Do some rows prove that there is no point beyond row k alone?"""
        turned = self.rows[support]
        turned[[i == k for i in support]] *= -1
        return exact.is_infeasible(turned, range(len(turned)))

    def _is_in_box(self, k: int, box: list[tuple[Fraction, Fraction]]) -> bool:
        """The same by a linear program in which most of the domain's rows are bounds.

        Its point, or its prices, decide in float64 if they can.
        """
        others = [i for i in range(len(self.rows)) if i != k]
        with np.errstate(all="ignore"):
            unit, wrong = self._unit_rows
            program = Program(-unit[k, :-1], unit[others], self.low, self.high)
            guess = self.programs.solve(program)
            if guess.point is not None:
                self._shoot([k], (self.here - guess.point)[None] / self._units)
                weights = np.insert(guess.prices, 0, -1.0)
                rows = [k, *others]
                # −row_k is at most this in the region, as the others are positive.
                over = weights @ unit[rows]
                gamma = 4 * exact.UNIT_ROUNDOFF * (len(rows) + len(self.here) + 4)
                lost = np.abs(weights) @ (gamma * np.abs(unit[rows]) + 2 * wrong[rows])
                ends = self.low, self.high
                size = np.append(np.maximum(*np.abs(ends)), 1.0) * (1 + 1e-9)
                most = np.maximum(*(over[:-1] * end for end in ends)).sum() + over[-1]
                slack = size @ (lost + gamma * np.abs(over))
                if k not in self._beyond and most + 2 * slack < -TINY:
                    return False
        if k in self._beyond:
            return True
        low, high = np.array(box, dtype=object).T
        program = Program(-self.rows[k, :-1], self.rows[others], low, high)
        found = guided_maximum(self.programs, program, self.values[others])
        assert found is not None, "the region has points"
        value, point = found
        if value > self.rows[k, -1]:
            self._rays[k] = [b - a for a, b in zip(self.inside, point, strict=True)]
        return k in self._rays

    def _has_signs(self, x: Floats, wanted: NDArray[np.int64]) -> bool:
        sure = _are_sure(self.values, self.errors, x[None], wanted[None])[0]
        return bool(sure or (exact.signs_at(self.rows, x[None])[0] == wanted).all())

    def _by_program(self, k: int) -> bool:
        """The same by a linear program in rational numbers.

        Seen from the point inside, (u, s) are the points at u / s, at infinity where s is 0:
        a cone, of which any box round the origin shows enough.
        """
        table = np.column_stack([self.rows[:, :-1], self.at, np.zeros(len(self.rows), int)])
        cost = -table[k, :-1]
        value, (*u, _) = largest_in_cone(self.programs, cost, np.delete(table, k, axis=0))
        if value > 0:
            self._rays[k] = u
        return value > 0

    def point_on(self, k: int) -> Point:
        """A point of the relative interior of the facet of row k."""
        direction = self._rays.get(k)
        if direction is None:
            outside = map(Fraction, self._beyond[k].tolist())
            direction = [b - a for a, b in zip(self.inside, outside, strict=True)]
        row = self.rows[k].tolist()
        here = sum(a * v for a, v in zip(row, self.inside, strict=False)) + row[-1]
        step = Fraction(here) / -sum(a * v for a, v in zip(row, direction, strict=False))
        return tuple(a + step * v for a, v in zip(self.inside, direction, strict=True))


def _blamed(slack: Slack) -> list[int]:
    return np.flatnonzero(slack.duals > WORTH_CONFIRMING).tolist()


def _are_sure(
    values: Floats, errors: Floats, points: Floats, signs: NDArray[Any]
) -> NDArray[np.bool_]:
    """At which float64 points do rows certainly have these signs, (points, rows)?"""
    column = np.column_stack([points, np.ones(len(points))])
    with np.errstate(over="ignore", invalid="ignore"):
        bound = exact.dot_product_error(np.abs(column), values, errors)
        return np.asarray((column @ values.T * signs > bound).all(axis=1))
