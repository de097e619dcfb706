"""The polyhedral complex of a network on a domain."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from arrangement.networks.complex.cutting import Arrays, FaceSubdivision
from arrangement.networks.complex.domains import Polytope
from arrangement.networks.complex.simple_cutting import (
    DegenerateError,
    EdgeSubdivision,
    SimpleComplex,
    is_simple,
)
from arrangement.networks.complex.steps import Steps
from arrangement.networks.complex.vertices import ExactVertices
from arrangement.networks.layers import Column, Layers, homogeneous
from arrangement.progress import Progress

__all__ = ["Complex"]

Floats = NDArray[np.float64]

BLOCK = 2**13
"""Points are looked up in blocks of this many."""


class Complex:
    """All faces of the regions of a network on a polytope, exactly; it never changes.

    The domain is cut by the zero set of one neuron after the other. On each face of what the
    layers before leave, a layer is affine, and its values at a vertex belong to the vertex,
    whatever the region: the network is continuous. So the sign of a neuron at every vertex
    tells how its zero set cuts every face, and no inequality has to be solved.

    Signs come from float64 values with error bounds. A vertex is the point between two others
    where a neuron vanishes; where the bounds leave a sign open, the exact coordinates follow
    from those of its parents, and the exact value from them.

    As long as no vertex lies on more zero sets and walls than the dimension, edges alone are
    cut, and the faces are derived when they are first asked for; else all faces are cut.

    Parameters
    ----------
    layers : Layers
    domain : Polytope
    progress : bool or callable, optional
    by_class : bool
        Cut by the argmax of the outputs, too?

    Attributes
    ----------
    points, spread : ndarray of float64, shapes (V, d) and (V,)
        Coordinates of the vertices, and bounds on their errors.
    parents : ndarray of int32, shape (V, 3)
        See :class:`ExactVertices`.
    origin : ndarray of int32, shape (m, 2)
        The region from which a region was split off, and the step.
    signs_of_regions : ndarray of int8, shape (m, S)
        The sign of each step on each region; 0 where it vanishes identically.
    exact : ExactVertices
    steps : Steps
        The functions whose zero sets cut.
    simple : SimpleComplex or None
        Its vertices and edges, if these alone were cut.
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
        self.steps = Steps(layers, by_class)
        self.exact = self._corners()
        self.simple = self._cut_edges(progress) if is_simple(domain) else None
        found: Arrays | SimpleComplex = (
            self.simple
            or FaceSubdivision(layers, domain, self.steps, self.exact, progress).arrays()
        )
        self._found = found
        self.points, self.spread, self.parents = found.points, found.spread, found.parents
        self.origin, self.signs_of_regions = found.origin, found.signs_of_regions
        self.exact.parents = self.parents

    def _cut_edges(self, progress: Progress) -> SimpleComplex | None:
        """The complex if it is simple."""
        given = self.layers, self.domain, self.steps, self.exact, progress
        try:
            return EdgeSubdivision(*given).complex()
        except DegenerateError:
            self.exact = self._corners()
            return None

    def _corners(self) -> ExactVertices:
        return ExactVertices(self.layers, self.domain.vertices, self.steps.functions)

    @property
    def faces(self) -> NDArray[np.int32]:
        """The faces of all dimensions, shape (F, 6).

        Dimension, the part of `pool` that lists the boundary (for a vertex its number twice),
        label. The label of a region is its number, that of a face of codimension 1 the step
        that made it, or −1 − row on the wall `row` of the domain.
        """
        return self._faces_and_pool[0]

    @property
    def pool(self) -> NDArray[np.int32]:
        """The boundaries of the faces."""
        return self._faces_and_pool[1]

    @cached_property
    def _faces_and_pool(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        if isinstance(self._found, SimpleComplex):
            return self._found.faces()
        return self._found.faces, self._found.pool

    @property
    def n_regions(self) -> int:
        """How many faces of full dimension there are."""
        return len(self.origin)

    def signs_at(self, points: Floats) -> NDArray[np.int8]:
        """The exact signs of all steps at points of float64 coordinates, shape (k, S)."""
        result = np.zeros((len(points), len(self.steps)), dtype=np.int8)
        for start in range(0, len(points), BLOCK):
            part = points[start : start + BLOCK]
            signs, certain = self._float_signs(part)
            left = np.flatnonzero(~certain)
            columns = [homogeneous(x) for x in part[left].tolist()]
            for i, exactly in zip(left.tolist(), self.exact_signs(columns), strict=True):
                signs[i] = exactly
            result[start : start + BLOCK] = signs
        return self.steps.with_constants(result)

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
        for l, row, low, high in self.steps.functions:
            while last < l:
                last += 1
                if last > 0:
                    inputs, error = self.layers.pass_on(last - 1, values, bound)
                values, bound = self.layers.propagate(last, inputs, error)
            h, wrong = values[row], bound[row]
            with np.errstate(over="ignore", invalid="ignore"):
                if high > low:
                    h = h - values[low:high].max(axis=0)
                    wrong = wrong + bound[low:high].max(axis=0)
                yield h, np.where(wrong > 0, wrong * (1 + 1e-15) + 1e-15 * np.abs(h), wrong)

    def exact_signs(self, columns: list[Column]) -> NDArray[np.int8]:
        """The signs of all steps at rational points (x q, q), shape (k, S)."""
        result = np.zeros((len(columns), len(self.steps)), dtype=np.int8)
        last, known = -1, columns
        for s, step in enumerate(self.steps.functions):
            if step.layer != last:
                last, known = step.layer, self.layers.preactivations(columns, step.layer)
            for i, column in enumerate(known):
                h = step.at(column)
                result[i, s] = int(h > 0) - int(h < 0)
        return self.steps.with_constants(result)
