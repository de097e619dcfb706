"""A simple polytope while it is cut and stays simple: its vertices and edges alone."""

from __future__ import annotations

from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement.kernels.networks import edge_subdivision as kernel
from arrangement.kernels.networks.edge_subdivision import EDGES, NEED_EDGES
from arrangement.kernels.rounding import UNIT_ROUNDOFF
from arrangement.networks.complex.cutting import ROOM, Subdivision, enlarged
from arrangement.networks.complex.domains import Polytope

__all__ = ["DegenerateError", "EdgeSubdivision", "SimpleRegions", "is_simple"]

FEW = 8
"""So many signs are settled before it is asked whether one of them is 0."""


MOST_STEEP = 2**20
"""A bound on the entries of a direction, in which edges rise."""


class DegenerateError(Exception):
    """A vertex lies on more zero sets than the dimension."""


class SimpleRegions(NamedTuple):
    """The regions of a complex by number; see :class:`Complex`."""

    origin: NDArray[np.int32]
    signs: NDArray[np.int8]


def is_simple(domain: Polytope) -> bool:
    """Does every vertex of the domain lie on as many facets as there are coordinates?"""
    d = domain.rows.shape[1] - 1
    return bool((np.bincount(np.array(domain.faces[1]).ravel()) == d).all())


class EdgeSubdivision(Subdivision):
    """The edges of a simple polytope, cut by all steps of a network.

    Attributes
    ----------
    stars, edges : kernel.Stars, kernel.Edges
        With room for more.

    Raises
    ------
    DegenerateError
        If the complex does not stay simple.
    """

    def _begin(self) -> None:
        """The edges of the domain."""
        d, levels = self.layers.input_dimension, self.domain.faces
        self._n_cuts = 0
        n_cuts = sum(map(len, self.steps.cutting))
        more, room = len(self.vertices.spread), len(levels[1]) + ROOM
        self.stars = kernel.Stars(
            on=np.zeros((more, d), dtype=np.int32),
            edges=np.full((more, 2 * d), -1, dtype=np.int32),
            positive=np.zeros((more, -(-n_cuts // 64)), dtype=np.uint64),
        )
        self.edges = kernel.Edges(
            ends=np.zeros((room, 2), dtype=np.int32),
            places=np.zeros((room, 2), dtype=np.uint8),
            lines=np.zeros((room, 2), dtype=np.int32),
            split=np.zeros(room, dtype=np.int32),
        )
        inside = [{v} for (v,) in levels[0]]
        for level in levels[1:d]:
            inside = [set().union(*(inside[e] for e in face)) for face in level]
        walls = [
            [w for w, facet in enumerate(inside) if v in facet] for v in range(self.n_vertices)
        ]
        for v, own in enumerate(walls):
            self.stars.on[v] = [-1 - w for w in own]
        for e, face in enumerate(levels[1]):
            for i, (v, other) in enumerate((face, face[::-1])):
                (left,) = set(walls[v]) - set(walls[other])
                place = 2 * walls[v].index(left) + 1
                self.edges.ends[e, i], self.edges.places[e, i] = v, place
                self.stars.edges[v, place] = e
        self.counts[EDGES] = len(levels[1])

    def _begin_lines(self) -> None:
        n = self.counts[EDGES]
        self.edges.lines[:n] = self.edges.ends[:n]

    def _subdivide(
        self, cutting: NDArray[np.int64], settled: bool, fixed: bool, last: bool
    ) -> tuple[int, int]:
        status, n = kernel.subdivide_edges(
            cutting, settled, fixed, last, self._n_cuts, self.counts, self.vertices,
            self.stars, self.edges,
        )  # fmt: skip
        if status == kernel.DEGENERATE:
            raise DegenerateError
        if status == kernel.COMPLETE:
            self._n_cuts += len(cutting)
        return status, n

    def _settle(self, vertices: list[int], number: int) -> None:
        for k in range(0, len(vertices), FEW):
            some = vertices[k : k + FEW]
            super()._settle(some, number)
            if not self.vertices.signs[some].all():
                raise DegenerateError

    def _grow(self, count: int) -> None:
        self._grow_vertices()
        self.stars = kernel.Stars(*enlarged(self.stars, len(self.vertices.spread)))
        self.edges = kernel.Edges(*enlarged(self.edges, int(self.counts[NEED_EDGES])))

    def regions(self) -> SimpleRegions:
        """The regions, numbered as they are split off one from another.

        Each is found at its lowest vertex in a direction in which no edge is level.
        """
        self._finish_vertices()
        positive = kernel.births(self.n_vertices, self.stars, self.edges, self._rising())
        positive = positive[np.lexsort(positive.T[::-1])]
        number, origin = kernel.pedigree(positive, self._n_cuts)
        steps = np.concatenate([np.zeros(0, np.int64), *(c[:, 3] for c in self.steps.cutting)])
        origin[1:, 1] = steps[origin[1:, 1]]
        bits = np.unpackbits(positive.astype(">u8").view(np.uint8), axis=1)[:, : self._n_cuts]
        signs = np.zeros((len(origin), len(self.steps)), dtype=np.int8)
        signs[number[:, None], steps] = 2 * bits.astype(np.int8) - 1
        return SimpleRegions(origin, self.steps.complete(signs))

    def _rising(self) -> NDArray[np.bool_]:
        """Which edges rise from the first end to the second, in some direction."""
        n, n_edges = self.n_vertices, int(self.counts[EDGES])
        points, spread = self.vertices.points[:n], self.vertices.spread[:n]
        rises, asked = np.empty(n_edges, np.bool_), np.empty(n_edges, np.int64)
        for seed in count():
            rng = np.random.default_rng(seed)
            direction = rng.integers(1, MOST_STEEP, points.shape[1])
            with np.errstate(over="ignore", invalid="ignore"):
                heights, size = points @ direction, np.abs(points) @ direction
                errors = spread * direction.sum() + 2 * len(direction) * UNIT_ROUNDOFF * size
            n_asked = kernel.rising(n_edges, self.edges.ends, heights, errors, rises, asked)
            if self._settle_rises(asked[:n_asked], direction.tolist(), rises):
                return rises

    def _settle_rises(
        self, edges: NDArray[np.int64], direction: list[int], rises: NDArray[np.bool_]
    ) -> bool:
        """Exactly which of some edges rise; False if one is level."""
        ends = self.edges.ends[edges].tolist()
        columns = self.exact.coordinates([v for pair in ends for v in pair])
        heights = [
            (sum(c * x for c, x in zip(direction, column, strict=False)), column[-1])
            for column in columns
        ]
        for e, (low, p), (high, q) in zip(edges.tolist(), heights[::2], heights[1::2], strict=True):
            rise = high * p - low * q
            if rise == 0:
                return False
            rises[e] = rise > 0
        return True
