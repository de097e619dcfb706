"""Where regions meet: faces of codimension 1 between two of them, or on the domain's walls."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from arrangement.networks.complex.geometry import CellGeometry, boundaries
from arrangement.results.columns import frozen

__all__ = ["OUTSIDE", "Contacts"]

Indices = NDArray[np.int64]

OUTSIDE = -1
"""The region beyond the walls of the domain."""


class Contacts:
    """The faces of a complex that part two regions, or a region from the outside.

    Parameters
    ----------
    geometry : CellGeometry
    owner : ndarray of int, shape (cells,)
        The region of each cell.
    """

    def __init__(self, geometry: CellGeometry, owner: Indices) -> None:
        self.complex, self.geometry, self.owner = geometry.complex, geometry, owner

    @cached_property
    def _cofaces(self) -> tuple[Indices, NDArray[np.int32], Indices]:
        """The faces of codimension 1, their labels, and the cells on both sides (−1 outside),
        lower first."""
        if self.complex.simple is not None:
            return self.complex.simple.facets()
        _, begin, end, label, *_ = self.complex.faces.T
        facet, cell = boundaries(self.geometry.faces, begin, end - begin, self.complex.pool)
        order = np.lexsort([cell, facet])
        facet, cell = facet[order], cell[order]
        numbers, first, count = np.unique(facet, return_index=True, return_counts=True)
        assert count.max() <= 2, "a face of codimension 1 lies between two cells at most"
        sides = np.full((len(numbers), 2), OUTSIDE, dtype=np.int64)
        sides[:, 0] = cell[first]
        sides[count == 2, 1] = cell[first[count == 2] + 1]
        return numbers, label[numbers], sides

    @cached_property
    def _sorted(self) -> tuple[Indices, Indices, NDArray[np.int32]]:
        """The regions on both sides of the faces between different ones, sorted, the faces
        and their labels; region −1 is outside."""
        numbers, labels, sides = self._cofaces
        pairs = np.where(sides == OUTSIDE, OUTSIDE, self.owner[sides])
        swap = (pairs[:, 0] > pairs[:, 1]) & (pairs[:, 1] != OUTSIDE)
        pairs[swap] = pairs[swap, ::-1]
        kept = pairs[:, 0] != pairs[:, 1]
        numbers, labels, pairs = numbers[kept], labels[kept], pairs[kept]
        order = np.lexsort([labels, pairs[:, 1], pairs[:, 0]])
        return pairs[order], numbers[order], labels[order]

    @property
    def pairs(self) -> Indices:
        """The regions on both sides of each face, shape (F, 2), sorted; outside is −1."""
        return self._sorted[0]

    @property
    def faces(self) -> Indices:
        """The faces of the complex, shape (F,)."""
        return self._sorted[1]

    @property
    def inner(self) -> NDArray[np.bool_]:
        """Which faces lie between two regions, shape (F,)."""
        return np.asarray(self.pairs[:, 1] != OUTSIDE)

    @property
    def segments(self) -> NDArray[np.float64]:
        """In the plane the ends of the faces between two regions, shape (k, 2, 2)."""
        faces, pool = self.complex.faces, self.complex.pool
        ends = faces[pool[faces[self.faces[self.inner], 1, None] + np.arange(2)], 1]
        return np.asarray(self.complex.points[ends])

    @property
    def labels(self) -> NDArray[np.int32]:
        """The step on whose kink each face lies, or −1 − its wall; shape (F,)."""
        return self._sorted[2]

    @cached_property
    def edges(self) -> tuple[Indices, Indices]:
        """Pairs of regions that share faces, each once, and the neuron of one of these."""
        edges, first = np.unique(self.pairs[self.inner], axis=0, return_index=True)
        labels = self.labels[self.inner][first]
        return frozen(edges), frozen(self.neurons[labels])

    @cached_property
    def neurons(self) -> NDArray[np.int64]:
        """The neuron (hidden layer, index) of each label."""
        k, depth = self.complex.layers.pieces, len(self.complex.layers.hidden_widths)
        table = [
            (l, row // k if l < depth else 0) for l, row, *_ in self.complex.steps.functions
        ]
        return np.array(table, dtype=np.int64).reshape(-1, 2)

    @cached_property
    def _rows(self) -> tuple[Indices, Indices]:
        """For each region the rows of `pairs` in which it is: where they begin, and all."""
        regions = self.pairs.T.ravel()
        row = np.tile(np.arange(len(self.pairs)), 2)
        order = np.argsort(regions, kind="stable")
        return np.searchsorted(regions[order], np.arange(self.owner.max() + 2)), row[order]

    def of(self, region: int) -> list[tuple[int, int, int]]:
        """The faces around a region: what is beyond, the label, the face."""
        begin, rows = self._rows
        result = []
        for row in rows[begin[region] : begin[region + 1]].tolist():
            a, b = self.pairs[row].tolist()
            beyond = b if a == region else a
            result.append((beyond, int(self.labels[row]), int(self.faces[row])))
        return result
