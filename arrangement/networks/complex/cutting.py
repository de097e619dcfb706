"""A polytope while it is cut: its faces are replaced by their halves, and by cuts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import SizeError
from arrangement.kernels.double_double import SPREAD
from arrangement.kernels.networks import subdivision as kernel
from arrangement.kernels.networks.double_double_values import (
    LANES,
    LARGEST,
    LEAST,
    ROUND_UP,
    Layer,
    Values,
    propagate,
)
from arrangement.kernels.networks.subdivision import (
    FACES,
    NEED_FACES,
    NEED_POOL,
    NEED_VERTICES,
    POOL,
    REGIONS,
    STEP,
    VERTICES,
)  # fmt: skip
from arrangement.kernels.rounding import UNIT_ROUNDOFF
from arrangement.memory import refuse
from arrangement.networks.complex.domains import Polytope
from arrangement.networks.complex.steps import Steps
from arrangement.networks.complex.vertices import (
    ExactVertices,
    doubtful,
    rounded,
    rounded_twice,
)
from arrangement.networks.layers import Layers
from arrangement.progress import Progress, reporter

__all__ = ["ADVICE", "Arrays", "FaceSubdivision", "Subdivision", "enlarged", "refuse_many"]

LARGE = 2**27
"""Arrays of more bytes grow in place, which clears all pages but needs no second array; below
that room is made generously: pages that are not used cost nothing."""

ROOM = 2**17
"""For so many faces there is room at the beginning."""

BLOCK = 2**18
"""Numbers of one layer that are computed at once."""

ROUGH = 1e-9
"""Bounds of this part of a layer's largest value leave a sign open where it is near zero."""

FEW = 16
"""So many signs or vertices are computed in integers before all are in double-double."""

MOST_ENTRIES = 2**31 - 2**24
"""Faces and the lists of their boundaries are numbered by 32 bits."""

ADVICE = "reduce the domain, the neurons or the input dimension"


class Arrays(NamedTuple):
    """What a complex is made of; see :class:`Complex`."""

    faces: NDArray[np.int32]
    pool: NDArray[np.int32]
    points: NDArray[np.float64]
    spread: NDArray[np.float64]
    parents: NDArray[np.int32]
    origin: NDArray[np.int32]
    signs_of_regions: NDArray[np.int8]


class Subdivision(ABC):
    """A polytope, cut by all steps of a network: its vertices and what they bound.

    Parameters
    ----------
    layers : Layers
    domain : Polytope
    steps : Steps
    exact : ExactVertices
        Of the corners of the domain; it learns of all vertices.
    progress : bool or callable, optional

    Attributes
    ----------
    counts : ndarray of int64
        How much there is of everything; see the kernels.
    vertices : kernel.Vertices
        With room for more.
    """

    def __init__(
        self,
        layers: Layers,
        domain: Polytope,
        steps: Steps,
        exact: ExactVertices,
        progress: Progress = None,
    ) -> None:
        self.layers, self.domain, self.steps, self.exact = layers, domain, steps, exact
        self._births: list[int] = []
        self.counts = np.zeros(8, dtype=np.int64)
        self._begin_vertices()
        self._begin()
        for v in range(self.n_vertices):
            self._round_coordinates(v)
        show, widths = reporter(progress, "neurons"), layers.hidden_widths
        for l, cutting in enumerate(steps.cutting):
            self._add_layer(l)
            self._cut(cutting, l == len(steps.cutting) - 1)
            if l < len(widths):
                show(sum(widths[: l + 1]), sum(widths))
        if steps.cutting and not self.is_double_double and self._n_doubtful() > FEW:
            self._double_precision()

    @property
    def n_vertices(self) -> int:
        """How many vertices there are."""
        return int(self.counts[VERTICES])

    @property
    def is_double_double(self) -> bool:
        """Are the values of the current layer known to twice the digits of float64?"""
        return self.vertices.tail.shape[1] > 0

    def _n_doubtful(self) -> int:
        """How many vertices are known too badly to be answered."""
        n = self.n_vertices
        points, spread = self.vertices.points[:n], self.vertices.spread[:n]
        return len(doubtful(points, spread, len(self.domain.vertices)))

    @abstractmethod
    def _begin(self) -> None:
        """What the vertices of the domain bound."""

    @abstractmethod
    def _begin_lines(self) -> None:
        """Remember between which vertices each edge lies before a layer."""

    @abstractmethod
    def _subdivide(
        self, cutting: NDArray[np.int64], settled: bool, fixed: bool, last: bool
    ) -> tuple[int, int]:
        """Go on with the cuts of a layer: how the kernel ended, and what it said."""

    @abstractmethod
    def _grow(self, count: int) -> None:
        """Make room for the step that is about to be made, and as much again."""

    def _begin_vertices(self) -> None:
        """The vertices of the domain."""
        n_vertices, d = len(self.domain.vertices), self.layers.input_dimension
        more = 2 * n_vertices + ROOM // 4
        self.vertices = kernel.Vertices(
            points=np.empty((more, d)),
            spread=np.empty(more),
            parents=np.empty((more, 3), dtype=np.int32),
            values=np.empty((more, 0)),
            errors=np.empty((more, 0), dtype=np.float32),
            tail=np.empty((more, 0)),
            signs=np.empty(more, dtype=np.int8),
            sure=np.zeros(more, dtype=np.bool_),
            asked=np.empty(more, dtype=np.int64),
        )
        self.vertices.parents[:n_vertices] = -1
        self.exact.parents = self.vertices.parents
        self.counts[VERTICES] = n_vertices

    def _add_layer(self, l: int) -> None:
        """The values of hidden layer l, or of the outputs, at the vertices."""
        n = self.n_vertices
        self._births.append(n)
        if self.is_double_double:
            self._propagate_twice(l, n)
        elif self._propagate(l, n) + self._n_doubtful() > FEW:
            self._double_precision()
        self.vertices.sure[:] = False
        self.exact.focus(l)

    def _propagate(self, l: int, n: int) -> float:
        """The values of layer l in float64; about how many signs their bounds leave open."""
        layers, result = self.layers, 0.0
        points, spread, _, before, wrong, _, _, sure, _ = self.vertices
        width = len(layers.weights[l])
        values = np.empty((len(spread), width))
        errors = np.empty(values.shape, dtype=np.float32)
        step = max(1, BLOCK // width)
        for start in range(0, n, step):
            part = slice(start, min(start + step, n))
            if l == 0:
                inputs, error = points[part].T, np.tile(spread[part], (points.shape[1], 1))
            else:
                inputs, error = layers.pass_on(
                    l - 1, before[part].T, wrong[part].T.astype(np.float64), sure[part]
                )
            fresh, bound = layers.propagate(l, inputs, error)
            values[part] = fresh.T
            with np.errstate(all="ignore"):
                # Where there is no error at all, none is made by rounding upwards.
                bound = np.where(bound > 0.0, bound * ROUND_UP + LEAST, bound)
                errors[part] = bound.T
                largest = np.abs(fresh).max()
                if not bound.max() <= ROUGH * largest:
                    result += float(np.fmin(bound / largest, 1.0).sum())
        self.vertices = self.vertices._replace(values=values, errors=errors)
        return result

    def _double_precision(self) -> None:
        """The values of the current layer in double-double: anew from the corners on."""
        functions = np.array([step[1:] for step in self.steps.functions], dtype=np.int64)
        corners = self.exact.coordinates(range(len(self.domain.vertices)))
        d, n = self.layers.input_dimension, len(corners)
        pairs = [rounded_twice(c, scale) for *x, scale in corners for c in x]
        values, tail = np.array(pairs).reshape(n, d, 2).transpose(2, 0, 1).copy()
        errors = _twice_rounded_error(values, tail)
        self.vertices = self.vertices._replace(values=values, errors=errors, tail=tail)
        self.vertices.sure[:] = False
        ends = [*self._births[1:], self.n_vertices]
        for l, (begin, end) in enumerate(zip(self._births, ends, strict=True)):
            self._propagate_twice(l, begin)
            kernel.interpolate(functions, begin, end, self.vertices)

    def _propagate_twice(self, l: int, n: int) -> None:
        """The values of layer l in double-double."""
        shape = len(self.vertices.spread), len(self.layers.weights[l])
        found = Values(np.empty(shape), np.empty(shape), np.empty(shape, dtype=np.float32))
        _, _, _, values, errors, tail, _, sure, _ = self.vertices
        propagate(n, _layer(self.layers, l), Values(values, tail, errors), sure, found)
        self.vertices = self.vertices._replace(**found._asdict())

    def _cut(self, cutting: NDArray[np.int64], last: bool) -> None:
        """Cut by functions of the current layer, settling signs as they come up."""
        fixed = bool((cutting[:, 2] - cutting[:, 1] <= 1).all())
        self._begin_lines()
        self.counts[STEP] = 0
        settled = False
        while True:
            status, count = self._subdivide(cutting, settled, fixed, last)
            if status == kernel.COMPLETE:
                return
            assert status != kernel.BROKEN, f"face {count} is cut by contradicting signs"
            if status == kernel.OPEN:
                number = int(cutting[self.counts[STEP], 3])
                self._settle(self.vertices.asked[:count].tolist(), number)
            else:
                self._grow(count)
            settled = True

    def _grow_vertices(self) -> None:
        need = int(self.counts[NEED_VERTICES])
        self.vertices = kernel.Vertices(*enlarged(self.vertices, need))
        self.exact.parents = self.vertices.parents

    def _settle(self, vertices: list[int], number: int) -> None:
        """The exact signs of a step at some vertices; their values anew, well rounded."""
        fresh = [v for v in vertices if not self.exact.knows(v)]
        step, layer = self.steps.functions[number], self.exact.layer
        known = self.exact.preactivations(vertices, layer)
        for v, column in zip(vertices, known, strict=True):
            h = step.at(column)
            self.vertices.signs[v] = int(h > 0) - int(h < 0)
        columns = zip(fresh, self.exact.preactivations(fresh, layer), strict=True)
        for v, (*integers, scale) in columns:
            if self.is_double_double:
                values, tail = np.array([rounded_twice(z, scale) for z in integers]).T
                self.vertices.tail[v] = tail
                bound = _twice_rounded_error(values, tail)
            else:
                values = np.array([rounded(z, scale) for z in integers])
                bound = 2 * UNIT_ROUNDOFF * np.abs(values) + LEAST
            self.vertices.values[v] = values
            with np.errstate(over="ignore"):
                # The bound of numbers that are cut off is beyond float32, and so infinite.
                self.vertices.errors[v] = bound
            self.vertices.sure[v] = True
            self._round_coordinates(v)

    def _round_coordinates(self, v: int) -> None:
        self.vertices.points[v], self.vertices.spread[v] = self.exact.float_coordinates(v)

    def _finish_vertices(self) -> None:
        """Take the room away, and have coordinates good to about 1e-8."""
        self.exact.focus(-1)
        points, spread, parents, *_ = self.vertices
        for array in (points, spread, parents):
            _resize(array, self.n_vertices)
        vertices = doubtful(points, spread, len(self.domain.vertices))
        self.exact.coordinates(vertices)
        for v in vertices:
            self._round_coordinates(v)


class FaceSubdivision(Subdivision):
    """The faces of a polytope, cut by all steps of a network; see :class:`Complex`.

    Attributes
    ----------
    faces, regions : kernel.Faces, kernel.Regions
        With room for more.
    """

    def _begin(self) -> None:
        """The faces of the domain."""
        d, levels = self.layers.input_dimension, self.domain.faces
        count = sum(map(len, levels))
        length = sum(len(face) for level in levels[1:] for face in level)
        room = 2 * count + ROOM
        rows, pool = np.zeros((room, 6), np.int32), np.zeros(4 * length + 4 * ROOM, np.int32)
        self.faces = kernel.Faces(
            rows, pool,
            mark=np.zeros(room, dtype=np.uint8),
            half=np.zeros(room, dtype=np.int32),
            split=np.zeros(room, dtype=np.int32),
        )  # fmt: skip
        self.regions = kernel.Regions(
            origin=np.full((ROOM // 4, 2), -1, dtype=np.int32),
            signs=np.zeros((ROOM // 4, len(self.steps)), dtype=np.int8),
        )
        f = p = first = 0
        for k, level in enumerate(levels):
            below, first = first, f
            for i, face in enumerate(level):
                begin = end = face[0]
                if k > 0:
                    begin, end = p, p + len(face)
                    pool[begin:end] = [below + e for e in face]
                    p = end
                rows[f, :4] = k, begin, end, -1 - self.domain.walls[i] if k == d - 1 else 0
                f += 1
        self.counts[[FACES, POOL, REGIONS]] = f, p, 1

    def _begin_lines(self) -> None:
        faces, pool, *_ = self.faces
        edges = np.flatnonzero(faces[: self.counts[FACES], 0] == 1)
        faces[edges, 4:6] = faces[pool[faces[edges, 1, None] + np.arange(2)], 1]

    def _subdivide(
        self, cutting: NDArray[np.int64], settled: bool, fixed: bool, last: bool
    ) -> tuple[int, int]:
        return kernel.subdivide(
            cutting, settled, fixed, last, self.layers.input_dimension, self.counts,
            self.vertices, self.faces, self.regions,
        )  # fmt: skip

    def _grow(self, count: int) -> None:
        n_regions = int(self.counts[REGIONS]) + count
        rows, pool, mark, half, split = self.faces
        if self.counts[NEED_POOL] > len(pool) and pool.nbytes > LARGE:
            length = self.counts[POOL]
            kernel.close_gaps(self.counts, rows, pool)
            self.counts[NEED_POOL] -= length - self.counts[POOL]
        need = self.counts[[NEED_FACES, NEED_POOL]].tolist()
        rows, mark, half, split = enlarged((rows, mark, half, split), need[0])
        (pool,) = enlarged((pool,), need[1])
        self.faces = kernel.Faces(rows, pool, mark, half, split)
        self._grow_vertices()
        self.regions = kernel.Regions(*enlarged(self.regions, n_regions))

    def arrays(self) -> Arrays:
        """The arrays of the complex: faces without gaps, coordinates good to about 1e-8."""
        rows, pool, *_ = self.faces
        kernel.close_gaps(self.counts, rows, pool)
        self._finish_vertices()
        (points, spread, parents, *_), (origin, signs) = self.vertices, self.regions
        for array, count in ((rows, FACES), (pool, POOL), (origin, REGIONS), (signs, REGIONS)):
            _resize(array, int(self.counts[count]))
        kernel.inherit(signs, origin)
        rows[:, kernel.START : kernel.STOP + 1] = 0  # which was never written for most faces
        signs = self.steps.complete(signs)
        return Arrays(rows, pool, points, spread, parents, origin, signs)


def enlarged(arrays: Sequence[NDArray[Any]], needed: int) -> list[NDArray[Any]]:
    """Arrays of one length with room for the needed entries, and for more if there was none."""
    if needed <= len(arrays[0]):
        return list(arrays)
    refuse_many(needed)
    widths = [array.itemsize * int(np.prod(array.shape[1:])) for array in arrays]
    in_place = 4 * needed * max(widths) > LARGE
    size = min(needed + needed // 4 if in_place else 4 * needed, MOST_ENTRIES)
    total = (size - in_place * len(arrays[0])) * sum(widths)
    if total > LARGE:
        what = f"{size:,} faces, or entries of their boundaries,"
        refuse(total, what, ADVICE)
    result = []
    for array in arrays:
        if in_place:
            _resize(array, size)
            result.append(array)
        else:
            result.append(np.empty((size, *array.shape[1:]), dtype=array.dtype))
            result[-1][: len(array)] = array
    return result


def refuse_many(
    needed: int, what: str = "faces, or entries of their boundaries", most: int = MOST_ENTRIES
) -> None:
    """A SizeError if so many are more than have numbers."""
    if needed > most:
        raise SizeError(f"more than {needed:,} {what}; {ADVICE}")


def _resize(array: NDArray[Any], size: int) -> None:
    """Change the length in place: no copy where the system can move pages."""
    array.resize((size, *array.shape[1:]), refcheck=False)


def _twice_rounded_error(
    values: NDArray[np.float64], tail: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Bounds on the errors of numbers that were rounded to double-double."""
    exact = (tail == 0.0) & (np.abs(values) < LARGEST)
    bound = np.where(exact, 0.0, SPREAD * np.abs(values) * ROUND_UP + LEAST)
    with np.errstate(over="ignore"):
        return bound.astype(np.float32)


def _twice_rounded(numbers: NDArray[Any]) -> NDArray[np.float64]:
    """Rational numbers in double-double, shape (2, …)."""
    pairs = [rounded_twice(*v.as_integer_ratio()) for v in numbers.ravel().tolist()]
    return np.array(pairs).reshape(-1, 2).T.reshape(2, *numbers.shape)


def _layer(layers: Layers, l: int) -> Layer:
    """A layer, and the activation of the one before, for double-double."""
    network, is_float64 = layers.network, layers.network.layer_is_float64(l)
    weights, biases = layers.weights[l], layers.biases[l]
    w_tail, b_tail = np.zeros(weights.shape), np.zeros(biases.shape)
    if not is_float64:
        (weights, w_tail), (biases, b_tail) = map(
            _twice_rounded, (network.exact_weights[l], network.exact_biases[l])
        )
    room = -len(biases) % LANES
    rows, columns = ((0, room), (0, 0)), (0, room)
    slopes = layers.slopes[l - 1] if l > 0 and not layers.is_maxout else np.ones(0)
    return Layer(
        np.pad(weights, rows).T.copy(), np.pad(w_tail, rows).T.copy(),
        np.pad(biases, columns), np.pad(b_tail, columns),
        slopes.copy() if l > 0 else np.ones(weights.shape[1]),
        layers.pieces if l > 0 and layers.is_maxout else 1, is_float64,
    )  # fmt: skip
