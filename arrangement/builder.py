"""Arrangements built one hyperplane at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from arrangement.arrangement import Arrangement
from arrangement.checks import whole
from arrangement.counting import polynomial
from arrangement.results.cells import Cells

__all__ = ["ArrangementBuilder"]

_MOST_COORDINATES = 10**6


class ArrangementBuilder:
    """Build an arrangement one hyperplane at a time.

    Parameters
    ----------
    dimension : int
        Dimension d of the space.

    Examples
    --------
    >>> from arrangement import ArrangementBuilder
    >>> builder = ArrangementBuilder(2)
    >>> hyperplanes = [([1, 0], 0), ([0, 1], 0), ([1, 1], -1)]
    >>> [builder.insert(normal, offset) for normal, offset in hyperplanes]
    [1, 2, 3]
    >>> len(builder.cells())
    7
    """

    def __init__(self, dimension: int) -> None:
        dimension = whole(dimension, "dimension", 0, _MOST_COORDINATES)
        self._arrangement = Arrangement(np.zeros((0, dimension)))
        self._n_cells = 1
        self._cells: Cells | None = None

    @property
    def arrangement(self) -> Arrangement:
        """The arrangement of the hyperplanes inserted so far."""
        return self._arrangement

    @property
    def n_cells(self) -> int:
        """Number of cells so far."""
        return self._n_cells

    def insert(self, normal: Any, offset: Any = 0) -> int:
        """Insert the hyperplane {x : normal·x + offset = 0}.

        Parameters
        ----------
        normal : array_like, shape (d,)
        offset : number

        Returns
        -------
        int
            How many cells it split: the number of cells that the earlier hyperplanes cut on
            it, or 0 when it was there before.

        Raises
        ------
        InputError
            If the normal is zero, not finite or of the wrong length.
        """
        larger = self._arrangement.add_hyperplane(normal, offset)
        last = larger.n_hyperplanes - 1
        is_new = larger.coincidence[0][last] == last
        split = polynomial.n_cells(larger.restriction(last)) if is_new else 0
        self._arrangement = larger
        self._n_cells += split
        self._cells = None
        return split

    def cells(self) -> Cells:
        """The cells of the hyperplanes inserted so far."""
        if self._cells is None:
            self._cells = self._arrangement.cells(method="restrict")
        return self._cells
