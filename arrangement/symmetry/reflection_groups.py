"""Finite reflection groups: their mirrors, a chamber, its walls, rays and faces.

A reflection is s(x) = x − 2·a(x)/a(v)·v: it fixes the mirror {a = 0} and turns the direction v
round. Nothing depends on an inner product: one that the group keeps may be hidden by the
coordinates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import combinations, count
from math import factorial, prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from arrangement import exact
from arrangement.checks import whole
from arrangement.errors import InputError, SizeError
from arrangement.exact.fields import FieldElement
from arrangement.exact.numbers import exact_table, integral, primitive, primitive_rows, shown
from arrangement.exact.one_field import in_one_field, simplest

__all__ = ["ChamberFace", "ReflectionGroup", "ray"]

Integers = NDArray[np.object_]

MOST_MIRRORS = 2**10
"""A group with more is taken for infinite."""

ORDERS = {
    "E6": 51_840,
    "E7": 2_903_040,
    "E8": 696_729_600,
    "F4": 1152,
    "H3": 120,
    "H4": 14_400,
}
"""Orders of the exceptional groups."""


class ChamberFace(NamedTuple):
    """An open face of a chamber: where some of its walls are 0 and the others positive.

    Attributes
    ----------
    walls : tuple of int
        Which walls contain it, ascending.
    order : int
        Order of the subgroup that they generate, which fixes each of its points.
    """

    walls: tuple[int, ...]
    order: int


class ReflectionGroup:
    """A finite group that reflections of R^D generate.

    Parameters
    ----------
    mirrors : array_like, shape (N, D)
        Linear functionals a, one a reflection: the mirror is {x : a·x = 0}. Numbers as
        :class:`~arrangement.Arrangement` takes them. They generate the group, and may be all of
        its mirrors or some.
    directions : array_like, shape (N, D), optional
        The directions v that the reflections turn round; a·v is not 0. The mirrors' normals if
        left out: reflections that are orthogonal.

    Raises
    ------
    InputError
        If a direction lies in its mirror, or the group is infinite.
    SizeError
        If there are more than 1,024 mirrors, as where the group is infinite, too.

    Attributes
    ----------
    mirrors, directions : ndarray of Python ints or algebraic integers, shape (N, D)
        Of all reflections in the group, each once; positive on the chamber.
    simple : ndarray of int64, shape (r,)
        Which mirrors are walls of the chamber.

    References
    ----------
    J. E. Humphreys, *Reflection Groups and Coxeter Groups* (1990), §1.3–1.12 and ch. 2.

    Examples
    --------
    >>> group = ReflectionGroup([[1, 0, 0], [1, -1, 0], [0, 1, -1]])
    >>> group.coxeter_type, group.order, len(group.mirrors)
    ('B3', 48, 9)
    >>> group.walls.tolist(), group.chamber_rays.tolist()
    ([[1, -1, 0], [0, 1, -1], [0, 0, 1]], [[1, 0, 0], [1, 1, 0], [1, 1, 1]])

    Mirrors in other coordinates than those of the directions:

    >>> group = ReflectionGroup([[1, 0], [0, 1]], [[2, -1], [-1, 2]])
    >>> group.coxeter_type, group.mirrors.tolist()
    ('A2', [[1, 0], [0, 1], [1, 1]])
    """

    def __init__(self, mirrors: ArrayLike, directions: ArrayLike | None = None) -> None:
        table = exact_table(mirrors, "mirrors", "row", 2, irrational=True)
        turned = table
        if directions is not None:
            turned = exact_table(directions, "directions", "row", 2, irrational=True)
        if table.shape != turned.shape:
            raise InputError(
                f"directions have the shape {turned.shape}, and mirrors {table.shape}: each "
                "reflection needs one of both"
            )
        self.dimension = table.shape[1]
        both = in_one_field(np.concatenate([table, turned]))
        mirror, direction = both[: len(table)], both[len(table) :]
        for i in range(len(table)):
            if not mirror[i] @ direction[i]:
                raise InputError(
                    f"mirrors: row {i} is zero, or contains the direction in which it reflects"
                )
        pairs = [_Reflection.of(a, v) for a, v in zip(mirror, direction, strict=True)]
        found = _closure(pairs)
        parts = [s.mirror for s in found], [s.direction for s in found]
        shape = 2, len(found), self.dimension
        self.mirrors, self.directions = np.array(parts, dtype=object).reshape(shape)
        self._orient()

    def _orient(self) -> None:
        """Mirrors and directions are positive on one side of the mirror, that of a chamber."""
        N, D = self.mirrors.shape
        for base in count(2):
            # No mirror contains all points of this curve: one is met by few of its points.
            inside = np.array([base**k for k in range(D - 1, -1, -1)], dtype=object)
            heights = self.mirrors @ inside
            if all(heights):
                break
        for i in range(N):
            if exact.sign(heights[i]) < 0:
                self.mirrors[i], heights[i] = -self.mirrors[i], -heights[i]
            if exact.sign(self.mirrors[i] @ self.directions[i]) < 0:
                self.directions[i] = -self.directions[i]
        # A wall is a mirror whose reflection takes the chamber across no other mirror.
        values = self.mirrors @ self.directions.T
        crossed = np.zeros(N, dtype=np.int64)
        for i in range(N):
            images = values[i, i] * heights - 2 * heights[i] * values[:, i]
            crossed[i] = sum(exact.sign(v) < 0 for v in images)
        self.simple: NDArray[np.int64] = np.flatnonzero(crossed == 1)

    def __repr__(self) -> str:
        kind, order = self.coxeter_type, self.order
        return f"ReflectionGroup {kind} of order {order} in R^{self.dimension}"

    @property
    def walls(self) -> Integers:
        """The walls of the chamber {x : walls·x > 0}, shape (r, D); they are independent."""
        return self.mirrors[self.simple]

    @property
    def wall_directions(self) -> Integers:
        """The directions of the reflections in the walls, shape (r, D)."""
        return self.directions[self.simple]

    @property
    def rank(self) -> int:
        """The number r of walls: dimension of the space that the directions span."""
        return len(self.simple)

    @cached_property
    def chamber_rays(self) -> Integers:
        """The ray of the chamber off each wall, shape (r, D): the other walls contain it.

        In the space that the directions span; the chamber is the sum of the cone over these
        rays and :attr:`lineality`. With these rays and lines as coordinates its faces are
        coordinate subspaces.
        """
        directions = self.wall_directions
        if not len(directions):
            return directions
        inverse, _ = exact.inverse(self.walls @ directions.T)  # simple roots are independent
        return primitive_rows(inverse.T @ directions, self.dimension)

    @cached_property
    def lineality(self) -> Integers:
        """A basis of what all mirrors contain, shape (D − r, D)."""
        if self.rank == 0:
            return np.array(np.eye(self.dimension, dtype=int), dtype=object)
        return primitive_rows(exact.nullspace(self.walls).T, self.dimension)

    @cached_property
    def coxeter_matrix(self) -> NDArray[np.int64]:
        """The order m_ij of the product of the reflections in walls i and j, shape (r, r).

        Examples
        --------
        >>> ReflectionGroup([[1, 0, 0], [1, -1, 0], [0, 1, -1]]).coxeter_matrix.tolist()
        [[1, 3, 2], [3, 1, 4], [2, 4, 1]]
        """
        r, N = self.rank, len(self.mirrors)
        images, turned = self.signed_permutations(self.mirrors)
        # Roots: point i is mirror i, point N + i its opposite.
        roots = np.concatenate([images, (images + N) % (2 * N)], axis=1)
        roots = (roots + N * np.concatenate([turned < 0, turned < 0], axis=1)) % (2 * N)
        matrix = np.eye(r, dtype=np.int64)
        for i, j in combinations(range(r), 2):
            product = roots[i, roots[j]]
            power, m = product, 1
            while (power != np.arange(2 * N)).any():
                power, m = product[power], m + 1
            matrix[i, j] = matrix[j, i] = m
        return matrix

    @cached_property
    def coxeter_type(self) -> str:
        """The irreducible components, such as ``"A2 × B3"``; ``"1"`` if there is no mirror."""
        return " × ".join(sorted(self._types(range(self.rank)))) or "1"

    @cached_property
    def order(self) -> int:
        """The order of the group: the number of its chambers."""
        return self.parabolic_order(range(self.rank))

    def parabolic_order(self, walls: Iterable[int]) -> int:
        """The order of the subgroup that the reflections in some walls generate.

        Parameters
        ----------
        walls : iterable of int
            Numbers of walls, from 0 to r − 1.

        Examples
        --------
        >>> group = ReflectionGroup([[1, 0, 0], [1, -1, 0], [0, 1, -1]])
        >>> group.parabolic_order([0, 1]), group.parabolic_order([0, 2])
        (6, 4)
        """
        return prod(map(_order, self._types(walls)))

    def _types(self, walls: Iterable[int]) -> list[str]:
        """The types of the components that some walls have."""
        if not isinstance(walls, Iterable) or not getattr(walls, "ndim", 1):
            raise InputError(f"walls {shown(walls)}: give a list of numbers")
        chosen = sorted({whole(i, "wall", 0) for i in walls})
        if not all(i < self.rank for i in chosen):
            raise InputError(f"walls {shown(chosen)}: there are {self.rank}, counted from 0")
        labels = self.coxeter_matrix[np.ix_(chosen, chosen)]
        n, component = connected_components(csr_array(labels > 2), directed=False)
        parts = [np.flatnonzero(component == k) for k in range(n)]
        return [_type(labels[np.ix_(part, part)]) for part in parts]

    def faces(self) -> Iterator[ChamberFace]:
        """The 2^r open faces of the chamber, the chamber first, by codimension.

        Yields
        ------
        ChamberFace

        Examples
        --------
        >>> group = ReflectionGroup([[1, -1, 0], [0, 1, -1]])
        >>> [(face.walls, face.order) for face in group.faces()]
        [((), 1), ((0,), 2), ((1,), 2), ((0, 1), 6)]
        """
        for k in range(self.rank + 1):
            for walls in combinations(range(self.rank), k):
                yield ChamberFace(walls, self.parabolic_order(walls))

    def signed_permutations(self, rows: Integers) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """What the reflection in each wall does to hyperplanes through the origin.

        Parameters
        ----------
        rows : ndarray of exact numbers, shape (n, D)
            Their normals, pairwise not parallel.

        Returns
        -------
        images : ndarray of int64, shape (r, n)
            Reflection k takes hyperplane i to hyperplane ``images[k, i]``.
        orientation : ndarray of int8, shape (r, n)
            −1 where it takes the positive side of hyperplane i to the negative side of that.

        Raises
        ------
        InputError
            If a hyperplane goes to none of them.

        Examples
        --------
        >>> group = ReflectionGroup([[1, -1, 0]])
        >>> images, orientation = group.signed_permutations(group.mirrors)
        >>> images.tolist(), orientation.tolist()
        ([[0]], [[-1]])
        """
        place = {ray(row): i for i, row in enumerate(rows)}
        images = np.empty((self.rank, len(rows)), dtype=np.int64)
        orientation = np.ones((self.rank, len(rows)), dtype=np.int8)
        for k, s in enumerate(self.simple):
            reflection = _Reflection(self.mirrors[s], self.directions[s])
            for i, row in enumerate(rows):
                image = ray(reflection.applied(row))
                found = place.get(image)
                if found is None:
                    found, orientation[k, i] = place.get(tuple(-v for v in image)), -1
                if found is None:
                    mirror = shown(reflection.mirror.tolist())
                    raise InputError(
                        f"hyperplane {i}: its image in the mirror {mirror} is no hyperplane of "
                        "the arrangement"
                    )
                images[k, i] = found
        return images, orientation


def ray(row: Any) -> tuple[Any, ...]:
    """A row up to positive factors: the same tuple for all its multiples, in whatever fields.

    Examples
    --------
    >>> from arrangement.exact.fields import NumberField
    >>> root = NumberField("sqrt(5)").generator
    >>> ray([4, -2]), ray([2 * root, -root]), ray([root, 1])
    ((2, -1), (2, -1), (1, 1/5*sqrt(5)))
    """
    if FieldElement in map(type, row):
        factor = exact.ratio(1, abs(next(v for v in row if v)))
        row = [simplest(v * factor) for v in row]
        if FieldElement in map(type, row):
            return tuple(row)
    return tuple(integral(row))


class _Reflection(NamedTuple):
    mirror: Any  # sequence of numbers a_1, …, a_D
    direction: Any

    @classmethod
    def of(cls, mirror: Any, direction: Any) -> _Reflection:
        """In primitive numbers, the first that is not 0 positive."""
        a, v = (np.array(primitive(w), dtype=object) for w in (mirror, direction))
        return cls(*(w * exact.sign(next((x for x in w if x), 1)) for w in (a, v)))

    def applied(self, functional: Any) -> list[Any]:
        """The functional b ∘ s = b − 2·b(v)/a(v)·a, scaled by a positive number."""
        a, v = self
        size = a @ v
        return primitive(exact.sign(size) * (size * functional - 2 * (functional @ v) * a))

    def moved(self, direction: Any) -> list[Any]:
        """The vector s(w) = w − 2·a(w)/a(v)·v, up to scale."""
        a, v = self
        return primitive((a @ v) * direction - 2 * (a @ direction) * v)


def _closure(generators: list[_Reflection]) -> list[_Reflection]:
    """All reflections in the group: the conjugates of its generators (Dyer 1990)."""
    found: dict[tuple[Any, ...], _Reflection] = {}
    used: list[_Reflection] = []

    def is_new(s: _Reflection) -> bool:
        known = found.get(tuple(s.mirror))
        if known is not None and list(known.direction) != list(s.direction):
            raise InputError(
                f"mirrors: two reflections have the mirror {shown(list(s.mirror))}, so they "
                "generate an infinite group"
            )
        return known is None

    for generator in generators:
        if not is_new(generator):
            continue
        used.append(generator)
        waiting = [(generator, t) for t in found.values()]
        found[tuple(generator.mirror)] = generator
        waiting += [(s, generator) for s in used]
        while waiting:
            s, t = waiting.pop()
            image = _Reflection.of(s.applied(t.mirror), s.moved(t.direction))
            if is_new(image):
                found[tuple(image.mirror)] = image
                if len(found) > MOST_MIRRORS:
                    raise SizeError(
                        f"mirrors: more than {MOST_MIRRORS:,} in the group that they generate, "
                        "which may be infinite; give fewer"
                    )
                waiting += [(s, image) for s in used]
    return list(found.values())


def _type(labels: NDArray[np.int64]) -> str:
    """The type of a connected Coxeter graph, whose group is finite (Humphreys 1990, §2.4)."""
    r = len(labels)
    m = int(labels.max(initial=1))
    if r == 1:
        return "A1"
    if r == 2:
        return {3: "A2", 4: "B2", 6: "G2"}.get(m, f"I2({m})")
    degree = (labels > 2).sum(axis=1)
    if m == 5:
        return f"H{r}"
    if m == 4:
        end = degree[np.flatnonzero((labels == 4).any(axis=1))].min() == 1
        return f"B{r}" if end else "F4"
    if degree.max() < 3:
        return f"A{r}"
    # Two of the three arms of D_r have length one; of E_r one has.
    arms = np.flatnonzero(labels[int(degree.argmax())] == 3)
    return f"D{r}" if (degree[arms] == 1).sum() >= 2 else f"E{r}"


def _order(name: str) -> int:
    """The order of an irreducible group of such a type."""
    if name in ORDERS:
        return ORDERS[name]
    letter = name[0]
    if letter == "I":
        return 2 * int(name[3:-1])
    r = int(name[1:])
    if letter == "G":
        return 12
    if letter == "A":
        return factorial(r + 1)
    return 2 ** (r - (letter == "D")) * factorial(r)
