"""The columns of cells: signs, points, which are bounded, and which of them share a facet."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from arrangement.enumeration import choose
from arrangement.enumeration.cell_table import adjacency
from arrangement.exact.packing import Signs, pack_signs, unpack_signs
from arrangement.results.cell_signs import CellSigns
from arrangement.results.columns import frozen
from arrangement.results.points import interior_points
from arrangement.results.polyhedra import Polyhedra

if TYPE_CHECKING:
    import scipy.sparse

__all__ = ["CellColumns"]


class CellColumns(CellSigns):
    """What is computed of :class:`~arrangement.results.cells.Cells` when it is asked for."""

    @cached_property
    def signs(self) -> Signs:
        """Sign vectors, int8, shape (m, n), entries ±1."""
        return frozen(unpack_signs(self.packed, self.arrangement.n_hyperplanes))

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """A float64 point inside each cell, shape (m, d), certified exactly.

        NaN where no float64 point was found; :attr:`witness` is there all the same.
        """
        if self._known_points is None:
            return frozen(interior_points(self))
        points = self._known_points.copy()
        missing = np.flatnonzero(np.isnan(points).any(axis=1))
        points[missing] = interior_points(self, missing)
        return frozen(points)

    @cached_property
    def bounded(self) -> NDArray[np.bool_]:
        """Is each cell bounded modulo the lineality space (relatively bounded)? Shape (m,).

        With a domain, the part of the cell in the domain is meant. A central arrangement has
        no bounded cell, unless it is empty.
        """
        arrangement, n = self.arrangement, self.arrangement.n_hyperplanes
        if self.domain is not None:
            arrangement = arrangement.with_rows(self.domain)
        if arrangement.is_central:
            return frozen(np.full(len(self), arrangement.rank == 0))
        words = choose.unbounded(arrangement, self.reporter("far cells"))
        if self.domain is not None:
            signs = unpack_signs(words, arrangement.n_hyperplanes)
            words = pack_signs(signs[(signs[:, n:] > 0).all(axis=1), :n])
        result = np.ones(len(self), dtype=bool)
        found = self.look_up(words)
        result[found[found >= 0]] = False
        return frozen(result)

    @cached_property
    def polyhedra(self) -> Polyhedra:
        """The closures of all cells: vertices, rays, faces, volumes, largest balls, at once.

        :attr:`Cell.polyhedron` is that of one cell.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> grid = Arrangement([[1, 0], [1, 0], [0, 1], [0, 1]], [0, -3, 0, -5])
        >>> volumes = grid.cells().polyhedra.volumes
        >>> volumes[volumes < float("inf")].tolist()
        [15.0]
        """
        return Polyhedra(self)

    @cached_property
    def edges(self) -> NDArray[np.int64]:
        """Shared facets, int64, shape (E, 3): cell, cell, hyperplane; each pair once.

        The first cell has the lower index; the hyperplane is the lowest of its copies.
        """
        return frozen(self._table.edges(self.reporter("edges of cells")))

    @cached_property
    def adjacency(self) -> scipy.sparse.csr_array:
        """Symmetric (m, m) matrix whose entry is the shared hyperplane + 1."""
        return adjacency(self.edges, len(self))
