"""The polyhedral complex of a network on a domain, cut neuron by neuron."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import SizeError
from arrangement.exact.numbers import primitive
from arrangement.kernels.networks import subdivision
from arrangement.kernels.rounding import TINY, UNIT_ROUNDOFF
from arrangement.memory import refuse
from arrangement.networks.complex.domains import Polytope
from arrangement.networks.complex.vertices import ExactVertices, height, rounded
from arrangement.networks.layers import Column, Layers, homogeneous
from arrangement.progress import Progress, reporter

__all__ = ["Complex"]

Floats = NDArray[np.float64]

WIDE = 1e-8
"""Vertices whose coordinates are known less well than this are rounded from exact ones."""

BLOCK = 2**13
"""Points are looked up in blocks of this many."""

SMALL = 2**22
"""Up to this many entries room is made generously: pages that are not used cost nothing."""

MOST_ENTRIES = 2**31 - 2**24
"""Faces and the lists of their boundaries are numbered by 32 bits."""


class Complex:
    """All faces of the regions of a network on a polytope, exactly.

    The domain is cut by the zero set of one neuron after the other. On each face of what the
    layers before leave, a layer is affine, and its values at a vertex belong to the vertex,
    whatever the region: the network is continuous. So the sign of a neuron at every vertex
    tells how its zero set cuts every face, and no inequality has to be solved.

    Signs come from float64 values with error bounds. A vertex is the point between two others
    where a neuron vanishes; where the bounds leave a sign open, the exact coordinates follow
    from those of its parents, and the exact value from them.

    Parameters
    ----------
    layers : Layers
    domain : Polytope
    progress : bool or callable, optional
    by_class : bool
        Cut by the argmax of the outputs, too?

    Attributes
    ----------
    faces : ndarray of int32, shape (F, 6)
        Dimension, the part of `pool` that lists the boundary (for a vertex its number twice),
        label. The label of a region is its number, that of a face of codimension 1 the step
        that made it, or −1 − row on the wall `row` of the domain.
    pool : ndarray of int32
    points, spread : ndarray of float64, shapes (V, d) and (V,)
        Coordinates of the vertices, and bounds on their errors.
    exact : ExactVertices
    steps : list of (layer, row, low, high)
        The functions whose zero sets cut, see :class:`ExactVertices`.
    signs_of_regions : ndarray of int8, shape (m, S)
        The sign of each step on each region; 0 where it vanishes identically.
    constant : dict of int to int
        Steps that cut nothing, with the sign that is noted for them.
    origin : ndarray of int32, shape (m, 2)
        The region from which a region was split off, and the step.
    """

    def __init__(
        self,
        layers: Layers,
        domain: Polytope,
        progress: Progress = None,
        by_class: bool = False,
    ) -> None:
        self.layers, self.domain, self.by_class = layers, domain, by_class
        self.dimension = layers.input_dimension
        self.steps: list[tuple[int, int, int, int]] = []
        self._copies: list[tuple[int, int, int]] = []
        self.constant: dict[int, int] = {}
        self.values: Floats = np.zeros((0, 0))
        self.errors: NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)
        self._begin()
        self.exact = ExactVertices(layers, domain.vertices, self.parents, self.steps)
        for v in range(self.n_vertices):
            self._round_coordinates(v)
        show = reporter(progress, "neurons")
        total = sum(layers.hidden_widths)
        for l in range(len(layers.hidden_widths)):
            self.add_layer(l)
            show(sum(layers.hidden_widths[: l + 1]), total)
        self.n_hidden_steps = len(self.steps)
        if by_class:
            self.add_layer(len(layers.hidden_widths))
        self._finish()

    @classmethod
    def restored(
        cls, layers: Layers, domain: Polytope, by_class: bool, columns: dict[str, NDArray[Any]]
    ) -> Complex:
        """The complex whose arrays (see above) were computed before; they are not checked."""
        cells = cls.__new__(cls)
        cells.layers, cells.domain, cells.by_class = layers, domain, by_class
        cells.dimension, cells.counts = layers.input_dimension, None
        cells.steps, cells._copies, cells.constant = [], [], {}
        for l in range(len(layers.hidden_widths)):
            cells._steps_of(l)
        cells.n_hidden_steps = len(cells.steps)
        if by_class:
            cells._steps_of(len(layers.hidden_widths))
        vars(cells).update(columns)
        cells.exact = ExactVertices(layers, domain.vertices, cells.parents, cells.steps)
        return cells

    def _begin(self) -> None:
        """The faces of the domain, and its vertices."""
        d, levels = self.dimension, self.domain.faces
        n_vertices = len(self.domain.vertices)
        count = sum(map(len, levels))
        length = sum(len(face) for level in levels[1:] for face in level)
        self.counts: Any = np.zeros(9, dtype=np.int64)
        self.faces = np.zeros((2 * count + 2000, 6), dtype=np.int32)
        self.pool = np.zeros(4 * length + 8000, dtype=np.int32)
        self.mask = np.zeros(len(self.faces), dtype=np.uint8)
        room = 2 * n_vertices + 1000
        self.points = np.zeros((d, room))
        self.spread = np.zeros(room)
        self.sure = np.zeros(room, dtype=np.bool_)
        self.signs = np.zeros(room, dtype=np.int8)
        self.asked = np.zeros(room, dtype=np.int64)
        self.parents = np.full((room, 3), -1, dtype=np.int32)
        self.origin = np.full((1000, 2), -1, dtype=np.int32)
        n_steps = sum(self.layers.hidden_widths) * max(1, self.layers.pieces - 1)
        n_steps += self.layers.output_dimension
        self.column = np.zeros((n_steps, len(self.origin)), dtype=np.int8)
        f = p = 0
        first = 0
        for k, level in enumerate(levels):
            below, first = first, f
            for i, face in enumerate(level):
                self.faces[f, 0] = k
                if k == 0:
                    self.faces[f, 1:3] = face[0]
                else:
                    self.pool[p : p + len(face)] = [below + e for e in face]
                    self.faces[f, 1:3] = p, p + len(face)
                    p += len(face)
                self.faces[f, 3] = -1 - self.domain.walls[i] if k == d - 1 else 0
                f += 1
        self.counts[:4] = f, p, n_vertices, 1

    @property
    def n_vertices(self) -> int:
        """How many vertices the complex has."""
        return len(self.parents) if self.counts is None else int(self.counts[2])

    def add_layer(self, l: int) -> None:
        """Cut by the neurons of hidden layer l, or by the argmax of the last layer."""
        layers, n = self.layers, self.n_vertices
        if l == 0:
            inputs = self.points[:, :n]
            error = np.broadcast_to(self.spread[:n], inputs.shape)
        else:
            inputs, error = layers.pass_on(
                self.values[:, :n], self.errors[:, :n].astype(np.float64), self.sure[:n]
            )
        values = np.empty((len(layers.weights[l]), len(self.spread)))
        errors = np.empty(values.shape, dtype=np.float32)
        values[:, :n], bound = layers.propagate(l, inputs, error)
        with np.errstate(over="ignore"):
            # Where there is no error at all, none is made by rounding upwards.
            errors[:, :n] = np.where(
                bound > 0.0, bound * subdivision.ROUND_UP + subdivision.LEAST, bound
            )
        self.errors, self.values = errors, values
        self.sure[:] = False
        self.exact.focus(l)
        self._cut(self._steps_of(l))

    def _steps_of(self, l: int) -> NDArray[np.int64]:
        """The functions whose zero sets bound the pieces of a layer.

        Neurons without weights, and multiples of a neuron before, need no cut: their signs
        are noted in `constant` and `_copies`. So is a piece of maxout that equals one before,
        which never wins.
        """
        output = l == len(self.layers.hidden_widths)
        k = self.layers.output_dimension if output else self.layers.pieces
        maxout = output or self.layers.is_maxout
        number, result = len(self.steps), []
        rows = self.layers.rows(l)
        first: dict[tuple[int, ...], tuple[int, int]] = {}
        twins = np.zeros(len(rows), dtype=np.bool_) if maxout else _has_twin(rows)
        for j in range(0, len(rows), k):
            if not maxout:
                lead = next((v for v in rows[j, :-1].tolist() if v), 0.0)
                sign = int(lead > 0) - int(lead < 0)
                before = number, sign
                if sign and twins[j]:
                    row = primitive([Fraction(sign * v) for v in rows[j].tolist()])
                    before = first.setdefault(tuple(row), before)
                if sign == 0:
                    self.constant[number] = int(np.sign(rows[j, -1]))
                elif before[0] != number:
                    self._copies.append((number, before[0], before[1] * sign))
                else:
                    result.append((j, 0, 0, number))
                self.steps.append((l, j, 0, 0))
                number += 1
            for p in range(1, k):
                if (rows[j : j + p] == rows[j + p]).all(axis=1).any():
                    self.constant[number] = -1
                else:
                    result.append((j + p, j, j + p, number))
                self.steps.append((l, j + p, j, j + p))
                number += 1
        return np.array(result, dtype=np.int64).reshape(-1, 4)

    def _cut(self, steps: NDArray[np.int64]) -> None:
        """Insert functions of the current layer, settling signs as they come up."""
        fixed = bool((steps[:, 2] - steps[:, 1] <= 1).all())
        n = int(self.counts[0])
        edges = np.flatnonzero(self.faces[:n, 0] == 1)
        ends = self.pool[self.faces[edges, 1, None] + np.arange(2)]
        self.faces[edges, 4:6] = self.faces[ends, 1]
        self.counts[8] = 0
        settled = False
        while True:
            status, count = subdivision.subdivide(
                steps, settled, fixed, self.dimension, self.counts, self.signs, self.values,
                self.errors, self.sure, self.points, self.spread, self.parents, self.faces,
                self.pool, self.mask, self.column, self.origin, self.asked,
            )  # fmt: skip
            if status == subdivision.COMPLETE:
                return
            assert status != subdivision.BROKEN, f"face {count} is cut by contradicting signs"
            if status == subdivision.OPEN:
                row, low, high, _ = steps[self.counts[8]].tolist()
                self._settle(self.asked[:count].tolist(), row, low, high)
            else:
                self._grow(int(self.counts[3]) + count)
            settled = True

    def _grow(self, n_regions: int) -> None:
        """Make room for the step that is about to be made, and as much again."""
        before = self.counts[:2].copy()
        subdivision.tidy(self.counts, self.faces, self.pool)
        self.counts[5:7] -= before - self.counts[:2]
        n_faces, n_pool, n_vertices = self.counts[5:8].tolist()
        if n_faces > len(self.faces):
            size = _more(n_faces)
            self.faces, self.mask = _longer(self.faces, size), _longer(self.mask, size)
        if n_pool > len(self.pool):
            self.pool = _longer(self.pool, _more(n_pool))
        if n_vertices > len(self.spread):
            size = _more(n_vertices)
            for name in ("spread", "sure", "signs", "asked", "parents"):
                setattr(self, name, _longer(getattr(self, name), size))
            self.exact.parents = self.parents
            for name in ("points", "values", "errors"):
                setattr(self, name, _wider(getattr(self, name), size))
        if n_regions > len(self.origin):
            size = _more(n_regions)
            self.origin = _longer(self.origin, size)
            self.column = _wider(self.column, size)

    def _settle(self, vertices: list[int], row: int, low: int, high: int) -> None:
        """The exact signs of a function at some vertices; their values anew, well rounded."""
        fresh = [v for v in vertices if not self.exact.knows(v)]
        known = self.exact.preactivations(vertices, self.exact.layer)
        for v, column in zip(vertices, known, strict=True):
            h = height(column, row, low, high)
            self.signs[v] = int(h > 0) - int(h < 0)
        for v, (*integers, scale) in zip(
            fresh, self.exact.preactivations(fresh, self.exact.layer), strict=True
        ):
            values = np.array([rounded(z, scale) for z in integers])
            self.values[:, v] = values
            with np.errstate(over="ignore"):
                self.errors[:, v] = 2 * UNIT_ROUNDOFF * np.abs(values) + subdivision.LEAST
            self.sure[v] = True
            self._round_coordinates(v)

    def _round_coordinates(self, v: int) -> None:
        self.points[:, v], self.spread[v] = self.rounded_coordinates(v)

    def rounded_coordinates(self, v: int) -> tuple[Floats, float]:
        """The float64 coordinates nearest to the exact ones of a vertex, and how near."""
        ((*x, scale),) = self.exact.coordinates([v])
        near = np.array([rounded(c, scale) for c in x])
        far = [
            abs(Fraction(r) - Fraction(int(c), int(scale)))
            for r, c in zip(near.tolist(), x, strict=True)
        ]
        bound = 2 * UNIT_ROUNDOFF * float(np.abs(near).max()) + TINY
        if not any(far):
            bound = 0.0
        return near, bound if max(far) <= bound else np.inf

    def _finish(self) -> None:
        """Close ranks: faces without gaps, coordinates good to about 1e-8."""
        subdivision.tidy(self.counts, self.faces, self.pool)
        n, m = self.n_vertices, self.n_regions
        self.exact.focus(-1)
        self.points, self.spread = self.points[:, :n].T.copy(), self.spread[:n].copy()
        vertices = self.wide()
        self.exact.coordinates(vertices)
        for v in vertices:
            self.points[v], self.spread[v] = self.rounded_coordinates(v)
        self.faces = self.faces[: self.counts[0]].copy()
        self.pool = self.pool[: self.counts[1]].copy()
        self.parents = self.exact.parents = self.parents[:n].copy()
        self.origin = self.origin[:m].copy()
        self.signs_of_regions = self._signs_of_regions()
        self.counts = None
        for scratch in (
            "values", "errors", "mask", "asked", "signs", "sure", "column"
        ):  # fmt: skip
            self.__dict__.pop(scratch, None)

    def wide(self) -> list[int]:
        """The vertices whose coordinates are to be those of :meth:`rounded_coordinates`."""
        largest = np.abs(self.points[: len(self.domain.vertices)]).max()
        near = np.isfinite(self.points).all(axis=1) & (self.spread <= WIDE * largest)
        found: list[int] = np.flatnonzero(~near).tolist()
        return found

    def signs_at(self, points: Floats) -> NDArray[np.int8]:
        """The exact signs of all steps at points of float64 coordinates, shape (k, S)."""
        result = np.zeros((len(points), len(self.steps)), dtype=np.int8)
        for start in range(0, len(points), BLOCK):
            part = points[start : start + BLOCK]
            signs, certain = self._float_signs(part)
            left = np.flatnonzero(~certain)
            columns = [homogeneous(x) for x in part[left].tolist()]
            for i, exactly in zip(left.tolist(), self._exact_signs(columns), strict=True):
                signs[i] = exactly
            result[start : start + BLOCK] = signs
        return self._with_constants(result)

    def _float_signs(self, points: Floats) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
        """The signs of the steps in float64, and at which points all of them are certain."""
        signs = np.zeros((len(self.steps), len(points)), dtype=np.int8)
        certain = np.ones(len(points), dtype=np.bool_)
        for s, (h, wrong) in enumerate(self.heights(points, np.zeros(len(points)))):
            with np.errstate(over="ignore", invalid="ignore"):
                signs[s] = np.where(h > 0, 1, np.where(h < 0, -1, 0))
                certain &= (np.abs(h) > wrong) | (wrong == 0.0)
        return signs.T, certain

    def heights(self, points: Floats, spread: Floats) -> Iterator[tuple[Floats, Floats]]:
        """The function of each step in float64 at points known up to `spread`, and bounds on
        the errors."""
        inputs, error = np.ascontiguousarray(points.T), np.tile(spread, (points.shape[1], 1))
        last = -1
        values, bound = inputs, error
        for l, row, low, high in self.steps:
            while last < l:
                last += 1
                if last > 0:
                    inputs, error = self.layers.pass_on(values, bound)
                values, bound = self.layers.propagate(last, inputs, error)
            h, wrong = values[row], bound[row]
            with np.errstate(over="ignore", invalid="ignore"):
                if high > low:
                    h = h - values[low:high].max(axis=0)
                    wrong = wrong + bound[low:high].max(axis=0)
                yield h, np.where(wrong > 0, wrong * (1 + 1e-15) + 1e-15 * np.abs(h), wrong)

    def exact_signs(self, column: Column) -> NDArray[np.int8]:
        """The signs of all steps at a rational point (x q, q), shape (S,)."""
        return self._exact_signs([column])[0]

    def _exact_signs(self, columns: list[Column]) -> NDArray[np.int8]:
        result = np.zeros((len(columns), len(self.steps)), dtype=np.int8)
        last, known = -1, columns
        for s, (l, row, low, high) in enumerate(self.steps):
            if l != last:
                last, known = l, self.layers.preactivations(columns, l)
            for i, column in enumerate(known):
                h = height(column, row, low, high)
                result[i, s] = int(h > 0) - int(h < 0)
        return self._with_constants(result)

    @property
    def n_regions(self) -> int:
        """How many faces of full dimension there are."""
        return len(self.origin) if self.counts is None else int(self.counts[3])

    def _signs_of_regions(self) -> NDArray[np.int8]:
        """The sign of each step's function on each region, shape (m, S)."""
        m = self.n_regions
        result = np.ascontiguousarray(self.column[: len(self.steps), :m].T)
        subdivision.inherit(result, self.origin)
        return self.dependent_signs(result)

    def dependent_signs(self, signs: NDArray[np.int8]) -> NDArray[np.int8]:
        """Signs of all steps with those filled in that follow from others; shape (k, S)."""
        for number, first, factor in self._copies:
            signs[:, number] = factor * signs[:, first]
        return self._with_constants(signs)

    def _with_constants(self, signs: NDArray[np.int8]) -> NDArray[np.int8]:
        for number, sign in self.constant.items():
            signs[:, number] = sign
        return signs


def _more(size: int) -> int:
    if size > MOST_ENTRIES:
        raise SizeError(
            f"more than {size:,} faces, or entries of their boundaries; reduce the domain, the "
            "neurons or the input dimension"
        )
    return min(4 * size if size < SMALL else size + size // 2, MOST_ENTRIES)


def _longer(array: NDArray[Any], size: int) -> NDArray[Any]:
    """The array with room for `size` entries along its first axis."""
    row = array.itemsize * int(np.prod(array.shape[1:]))
    what = f"{size:,} faces, or entries of their boundaries,"
    refuse(size * row, what, "reduce the domain, the neurons or the input dimension")
    result = np.empty((size, *array.shape[1:]), dtype=array.dtype)
    result[: len(array)] = array
    return result


def _wider(array: NDArray[Any], size: int) -> NDArray[Any]:
    """The array with room for `size` entries along its second axis."""
    result = np.empty((len(array), size), dtype=array.dtype)
    result[:, : array.shape[1]] = array
    return result


def _has_twin(rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows may be multiples of another: equal when divided by their first entries.

    Quotients that are equal are rounded to the same float.
    """
    if rows.dtype == object:
        return np.ones(len(rows), dtype=np.bool_)
    lead = rows[np.arange(len(rows)), (rows[:, :-1] != 0).argmax(axis=1)]
    with np.errstate(all="ignore"):
        scaled = rows / lead[:, None] + 0.0
    _, group, size = np.unique(scaled, axis=0, return_inverse=True, return_counts=True)
    return np.asarray(size[group.reshape(-1)] > 1)
