"""All cells counted in one chamber of a group of reflections, and in its faces.

Let W be a finite group of reflections that permutes the hyperplanes, D a chamber of it and S
the walls of D. Each orbit of cells has one member C that meets D. Reflections in the walls
J ⊆ S on which C ∩ D has a facet generate what keeps C, so the orbit has |W|/|W_J| members. As
Σ (−1)^|K| / |W_K| over K ⊆ J is 1/|W_J| (Solomon 1966), and K ⊆ J where C meets the open face
D_K, which lies on the walls K,

    the number of cells is |W| Σ (−1)^|K| c(D_K) / |W_K| over K ⊆ S,

where c(D_K) is the number of cells in D_K, and 0 if a hyperplane contains it. These are counted
by restriction: each in no memory to speak of, and each in parts that are tasks.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import ceil, inf, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement.enumeration import cone_counts, cones
from arrangement.enumeration.checkpoints import digest
from arrangement.enumeration.estimate import either_side
from arrangement.enumeration.integral_counts import IntegralCount, TooLarge
from arrangement.enumeration.intervals import Interval
from arrangement.enumeration.restricted_cones import RestrictedCone
from arrangement.enumeration.sources import Parts
from arrangement.exact.packing import Words
from arrangement.symmetry.reflection_groups import ReflectionGroup

__all__ = ["ChamberCounts", "Face", "Task"]

Integers = NDArray[np.object_]

PORTION = 2**24
"""About so many cells are one task: less than a second."""

MOST_TASKS = 2**14
"""About so many tasks at most: then portions are larger."""

EXACT = 2**14
"""About so many cells are counted where they would be estimated: it takes no longer."""

SAMPLES, FEW_SAMPLES = 64, 12
"""Of the cells of a face, and of one of many rows, to estimate their number."""

DIVIDED = 8
"""Rows that cut what another cuts out are divided among tasks if there are more than that."""


class Face(NamedTuple):
    """An open face D_K of the chamber that no hyperplane contains.

    Attributes
    ----------
    walls : tuple of int
        Those that contain it, K.
    order : int
        |W_K|.
    """

    walls: tuple[int, ...]
    order: int


class Task(NamedTuple):
    """Some of the cells in a face.

    Attributes
    ----------
    face : int
        Which of the faces.
    orthant : int
        Which part of it, if hyperplanes cut it into pointed cones; −1 for all.
    first, last : int
        The rows that cut out cells, from the first to before the last; −1 for all. The first
        row comes with the cell of no row.
    start, stop : int
        Of one row: which of the rows that cut what it cuts out; −1 for all.
    """

    face: int
    orthant: int = -1
    first: int = -1
    last: int = -1
    start: int = -1
    stop: int = -1


class ChamberCounts(Parts):
    """The numbers of cells in the faces of a chamber, in tasks: a source of tasks.

    Parameters
    ----------
    rows : ndarray of Python ints or algebraic integers, shape (n, D)
        Different hyperplanes through the origin, which span.
    infinity : ndarray, shape (0 or 1, D)
        Positive on the cells that are counted.
    group : ReflectionGroup
        Of R^D, which permutes the hyperplanes and keeps infinity.

    Attributes
    ----------
    group : str
        The type of the group.
    order : int
        Its order.
    faces : list of Face
    tasks : ndarray of int64, shape (t, 6)
        See :class:`Task`: the same on every machine.
    expected, doubt : ndarray of float64, shape (t,)
        Unbiased estimates of the numbers of cells in the tasks, and their standard errors.

    Examples
    --------
    >>> from arrangement import families
    >>> from arrangement.symmetry.symmetries import Symmetries
    >>> found = Symmetries(families.threshold(4), "auto")
    >>> counts = ChamberCounts(found.rows, found.infinity, found.reflections)
    >>> whole, = counts.intervals()
    >>> numbers = [int(words[0, 0]) for words in counts.blocks(whole)]
    >>> counts.n_classes(numbers), counts.n_cells(numbers)
    (7, 1882)
    """

    n, n_words = 64, 1

    def __init__(self, rows: Integers, infinity: Integers, group: ReflectionGroup) -> None:
        basis = np.concatenate([group.chamber_rays, group.lineality])
        self._rows, self._infinity = rows @ basis.T, infinity @ basis.T
        self._rank = group.rank
        self.group = group.coxeter_type
        self.order = group.order
        self.faces = [
            Face(*face) for face in group.faces() if self._is_met(self._kept(face.walls))
        ]
        self._last: tuple[int, _CountedFace] | None = None
        self._divide()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_last": None}

    def _kept(self, walls: tuple[int, ...]) -> list[int]:
        """The coordinates that are not 0 on a face."""
        return [j for j in range(self._rows.shape[1]) if j not in set(walls)]

    def _is_met(self, kept: list[int]) -> bool:
        """Does no hyperplane contain the face, and has it points that are not at infinity?"""
        nonzero = self._rows[:, kept].astype(bool).any(axis=1).all()
        return bool(nonzero and self._infinity[:, kept].astype(bool).any(axis=1).all())

    def _face(self, k: int) -> _CountedFace:
        if self._last is None or self._last[0] != k:
            kept = self._kept(self.faces[k].walls)
            n_rays = sum(j < self._rank for j in kept)
            face = _CountedFace(self._rows[:, kept], self._infinity[:, kept], n_rays)
            self._last = k, face
        return self._last[1]

    # --- what is divided --------------------------------------------------------------------

    def _divide(self) -> None:
        """Into tasks, by estimates that draw the same numbers everywhere."""
        found: list[tuple[Task, float, float]] = []
        # The chamber has about as many cells as its faces together.
        expected = 2 * self._face(0).expected(np.random.default_rng(0)) if self.faces else 0.0
        portion = max(PORTION, expected / MOST_TASKS)
        for k in range(len(self.faces)):
            found += self._face(k).tasks(k, portion, np.random.default_rng(k))
        self.tasks = np.array([task for task, _, _ in found], dtype=np.int64).reshape(-1, 6)
        self.expected = np.array([mean for _, mean, _ in found])
        self.doubt = np.array([error for _, _, error in found])

    @property
    def tables(self) -> tuple[NDArray[Any], ...]:
        """What the numbers of cells depend on."""
        return self._rows, self._infinity, self.tasks

    @cached_property
    def key(self) -> str:
        """What the counts are known by."""
        return digest(*self.tables)[:16]

    def intervals(self) -> list[Interval]:
        """All tasks."""
        return [Interval(0, 0, len(self.tasks))]

    def blocks(
        self, interval: Interval, budget: float = inf
    ) -> Generator[Words, None, Interval | None]:
        """The number of cells in each of some tasks, as a word.

        Returns
        -------
        Interval or None
            Always None: no task is left.
        """
        for i in range(interval.start, interval.stop):
            yield np.array([[self.count(i)]], dtype=np.uint64)
        return None

    def count(self, i: int) -> int:
        """The number of cells in a task."""
        task = Task(*self.tasks[i].tolist())
        return self._face(task.face).count(task)

    def count_again(self, i: int) -> int:
        """The same in Python's integers, which takes thousands of times as long."""
        task = Task(*self.tasks[i].tolist())
        return self._face(task.face).count_again(task)

    def count_piece(self, i: int, rng: np.random.Generator, most: int) -> tuple[int, int]:
        """The cells in a random piece of a task, at most so many: compiled, and in Python."""
        task = Task(*self.tasks[i].tolist())
        return self._face(task.face).count_piece(task, rng, most)

    # --- what they tell ---------------------------------------------------------------------

    def n_cells(self, counts: list[int]) -> int:
        """The number of all cells, from the counts of all tasks."""
        total = sum(
            (Fraction((-1) ** len(face.walls) * c, face.order) for face, c in self._by(counts)),
            Fraction(0),
        )
        total *= self.order
        assert total.denominator == 1, "orbits have a whole number of members"
        return int(total)

    def n_classes(self, counts: list[int]) -> int:
        """The number of orbits: of cells in the chamber itself."""
        return sum(c for face, c in self._by(counts) if not face.walls)

    def _by(self, counts: list[int]) -> Iterator[tuple[Face, int]]:
        """The count of each task with the face that it is of."""
        for k, count in zip(self.tasks[:, 0].tolist(), counts, strict=True):
            yield self.faces[k], count

    @cached_property
    def estimate(self) -> tuple[float, float]:
        """About how many cells are counted one by one, in all faces; the standard error."""
        return float(self.expected.sum()), sqrt(float((self.doubt**2).sum()))

    def estimated_cells(self) -> tuple[float, float]:
        """About how many cells there are in all, and the standard error."""
        weights = np.array(
            [
                (-1.0) ** len(face.walls) * float(Fraction(self.order, face.order))
                for face in (self.faces[k] for k in self.tasks[:, 0].tolist())
            ]
        )
        return (
            float((weights * self.expected).sum()),
            sqrt(float(((weights * self.doubt) ** 2).sum())),
        )


class _CountedFace:
    """A face in coordinates in which it is a coordinate subspace: n_rays of them positive."""

    def __init__(self, rows: Integers, infinity: Integers, n_rays: int) -> None:
        different = {either_side(row): None for row in rows.tolist()}
        D = rows.shape[1]
        self.rows = np.array(list(different), dtype=object).reshape(len(different), D)
        positive = np.array(np.eye(D, dtype=int)[:n_rays], dtype=object)
        self.walls = np.concatenate([positive, infinity])
        self.integral: IntegralCount | None = None
        self.copies = 1
        if D and (len(self.rows) or len(self.walls)):
            self.cone = cones.Cone(self.rows, self.walls)
            self.copies = self.cone.copies
            if self.cone.is_small():
                try:
                    self.integral = self.cone.integral()
                except TooLarge:
                    self.integral = None

    def expected(self, rng: np.random.Generator) -> float:
        """About how many cells there are; 0 if nothing is known."""
        if self.integral is None:
            return 0.0
        try:
            _, means, _ = self._estimates(self.integral, rng)
        except TooLarge:
            return 0.0
        return float(means.mean()) * self.integral.n_orthants

    def _estimates(
        self, cone: IntegralCount, rng: np.random.Generator
    ) -> tuple[list[int], NDArray[np.float64], NDArray[np.float64]]:
        """Some of the orthants, all if they are few, and the cells in each with their error."""
        n = cone.n_orthants
        few = list(range(n))
        if n > SAMPLES:
            few = sorted(set(rng.integers(n, size=SAMPLES).tolist()))
        estimates = []
        for orthant in few:
            cone.enter(orthant)
            estimates.append(cone.estimate(SAMPLES, rng))
        means, errors = np.array(estimates).T * self.copies
        return few, means, errors

    def tasks(
        self, k: int, portion: float, rng: np.random.Generator
    ) -> list[tuple[Task, float, float]]:
        """The tasks of this face, the k-th, each with an estimate and its error."""
        cone = self.integral
        if cone is not None:
            with suppress(TooLarge):
                return self._divided(k, cone, portion, rng)
        return [(Task(k), 1.0, 0.0)]

    def _divided(
        self, k: int, cone: IntegralCount, portion: float, rng: np.random.Generator
    ) -> list[tuple[Task, float, float]]:
        few, means, errors = self._estimates(cone, rng)
        n = cone.n_orthants
        total = float(means.mean()) * n
        if total <= EXACT:
            return [(Task(k), float(self.copies * cone.count()), 0.0)]
        if total <= portion:
            spread = float(means.std()) if len(few) < n else 0.0
            error = sqrt((spread**2 + float((errors**2).mean())) / len(few)) * n
            return [(Task(k), total, error)]
        known = dict(zip(few, zip(means.tolist(), errors.tolist(), strict=True), strict=True))
        found = []
        for orthant in range(n):
            mean, error = known.get(orthant, (total / n, float(means.std())))
            if n > 1 and mean <= portion:
                found.append((Task(k, orthant), mean, error))
            else:
                cone.enter(orthant)
                found += self._by_rows(k, orthant, cone, portion, rng)
        return found

    def _by_rows(
        self,
        k: int,
        orthant: int,
        cone: IntegralCount,
        portion: float,
        rng: np.random.Generator,
    ) -> list[tuple[Task, float, float]]:
        portion /= self.copies
        found = []
        first, mean, error = 0, 1.0, 0.0
        for row in range(cone.n_cuts):
            m, e = cone.estimate(FEW_SAMPLES, rng, row)
            if row > first and mean + m > portion:
                found.append((Task(k, orthant, first, row), mean, error))
                first, mean, error = row, 0.0, 0.0
            below = cone.n_below(row)
            if m > portion and below > DIVIDED:
                pieces = min(ceil(m / portion), below)
                ends = [round(below * (i / pieces) ** 0.25) for i in range(pieces + 1)]
                for start, stop in pairwise(ends):
                    if start < stop:
                        task = Task(k, orthant, row, row + 1, start, stop)
                        found.append((task, m / pieces, e / sqrt(pieces)))
                first = row + 1
            else:
                mean, error = mean + m, sqrt(error**2 + e**2)
        if first < cone.n_cuts:
            found.append((Task(k, orthant, first, cone.n_cuts), mean, error))
        return [(task, self.copies * mean, self.copies * error) for task, mean, error in found]

    def count(self, task: Task) -> int:
        """The number of cells in a task."""
        cone = self.integral
        if cone is None:
            return cone_counts.count(self.rows, self.walls)
        try:
            if task.orthant < 0:
                return self.copies * cone.count()
            cone.enter(task.orthant)
            if task.first < 0:
                return self.copies * cone.count_orthant()
            if task.start >= 0:
                return self.copies * cone.part(task.first, task.start, task.stop)
            parts = sum(cone.part(row) for row in range(task.first, task.last))
            return self.copies * (parts + (task.first == 0))
        except TooLarge:
            return self._slowly(task, again=False)

    def count_again(self, task: Task) -> int:
        """The number of cells in a task, in Python's integers."""
        if self.integral is None:
            return cone_counts.count(self.rows, self.walls)
        return self._slowly(task, again=True)

    def count_piece(self, task: Task, rng: np.random.Generator, most: int) -> tuple[int, int]:
        """The cells of a random row of a task, or of rows in rows until they are few."""
        assert self.integral is not None, "what is not counted in integers is one task"
        while True:
            orthant = task.orthant
            if orthant < 0:
                orthant = int(rng.integers(self.integral.n_orthants))
            cone: RestrictedCone | None = self.cone.restricted(orthant)
            assert cone is not None
            chosen = [task[2:4], task[4:]] if task.start >= 0 else [task[2:4]]
            while cone is not None and cone.rows:
                first, last = chosen.pop(0) if chosen else (-1, -1)
                if first < 0:
                    first, last = 0, len(cone.rows)
                cone = cone.restricted(int(rng.integers(first, last)))
                if cone is not None and not chosen and (found := cone.compiled_count()) <= most:
                    return found, cone.count()

    def _slowly(self, task: Task, again: bool) -> int:
        assert self.integral is not None
        orthants = range(self.integral.n_orthants) if task.orthant < 0 else [task.orthant]
        total = 0
        for orthant in orthants:
            cone = self.cone.restricted(orthant)
            part = cone.part if again else cone.compiled_part
            if task.start >= 0:
                total += part(task.first, task.start, task.stop)
                continue
            first, last = (0, len(cone.rows)) if task.first < 0 else task[2:4]
            total += (first == 0) + sum(part(row) for row in range(first, last))
        return self.copies * total
