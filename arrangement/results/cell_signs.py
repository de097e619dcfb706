"""The signs of cells, and what is known of them: all that points inside them rest on."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.enumeration.cell_table import CellTable
from arrangement.errors import InputError
from arrangement.exact.packing import Words, unpack_signs
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.progress import Progress, reporter
from arrangement.results.columns import frozen

__all__ = ["CellSigns"]


class CellSigns:
    """The data of :class:`~arrangement.results.cells.Cells`."""

    def __init__(
        self,
        arrangement: Hyperplanes,
        packed: Words,
        domain: NDArray[np.object_] | None = None,
        points: NDArray[np.float64] | None = None,
        progress: Progress = None,
        complete: bool = True,
    ) -> None:
        self.arrangement = arrangement
        self.packed = frozen(packed.view())
        self.domain = domain
        self._known_points = points
        self._rational_points: dict[int, tuple[Fraction, ...]] = {}
        self.complete = complete
        self._progress = progress is True  # of the columns, when they are computed

    def __len__(self) -> int:
        return len(self.packed)

    def reporter(self, label: str) -> Callable[[int, int], None]:
        """A function that shows the progress of a column, if progress was asked for.

        Parameters
        ----------
        label : str
            What is worked on.

        Returns
        -------
        callable
            Called with how much is done, and of how much.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).cells()
        >>> cells.reporter('points')(0, 7)
        """
        return reporter(self._progress, label)

    @cached_property
    def _table(self) -> CellTable:
        return CellTable(self.packed, self.arrangement.coincidence[0])

    def look_up(self, words: Words) -> NDArray[np.int64]:
        """The cell with each packed sign vector, −1 where there is none; shape (k,).

        Parameters
        ----------
        words : ndarray of uint64, shape (k, ceil(n / 64))

        Returns
        -------
        ndarray of int64, shape (k,)

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).cells()
        >>> cells.look_up(cells.packed[[3, 0]]).tolist()
        [3, 0]
        """
        return self._table.look_up(words)

    def facets(self, i: int) -> NDArray[np.int64]:
        """The hyperplanes across which cell i has a neighbour, by their lowest copies.

        Parameters
        ----------
        i : int
            A cell.

        Returns
        -------
        ndarray of int64

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).cells()
        >>> cells.facets(0).tolist()
        [0, 1, 2]
        """
        return self._table.facets(i)

    def inward_rows(self, i: int) -> list[list[int]]:
        """Rows, of facets if known, positive exactly on the part of cell i in the domain.

        Parameters
        ----------
        i : int
            A cell.

        Returns
        -------
        list of lists of d + 1 ints

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).cells()
        >>> cells.inward_rows(0)
        [[1, 0, 0], [0, 1, 0], [1, 1, -1]]
        """
        rows = self.arrangement.rows
        signs = unpack_signs(self.packed[i : i + 1], len(rows))[0]
        which = self.facets(i) if self.complete else range(len(rows))
        inward = [[int(signs[k]) * v for v in rows[k]] for k in which]
        return inward if self.domain is None else inward + self.domain.tolist()

    def rational_point(self, i: int) -> tuple[Fraction, ...]:
        """A rational point inside cell i, found exactly, and remembered.

        Parameters
        ----------
        i : int
            A cell.

        Returns
        -------
        tuple of d Fractions

        Raises
        ------
        InputError
            If no point has its signs: what was loaded is no cell.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).cells()
        >>> cells.rational_point(0)
        (Fraction(1, 1), Fraction(1, 1))
        """
        if i not in self._rational_points:
            inside = exact.interior_point(self.inward_rows(i))
            if inside is None:
                raise InputError(
                    f"cell {i}: no point has its signs; what was loaded is no cell"
                )
            self._rational_points[i] = inside or (Fraction(0),) * self.arrangement.dimension
        return self._rational_points[i]
