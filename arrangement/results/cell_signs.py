"""The signs of cells, and what is known of them: all that points inside them rest on."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from arrangement.enumeration.cell_table import CellTable
from arrangement.exact.packing import Words
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
        """A function that shows the progress of a column, if progress was asked for."""
        return reporter(self._progress, label)

    @cached_property
    def _table(self) -> CellTable:
        return CellTable(self.packed, self.arrangement.coincidence[0])
