"""The decision regions of a classifier from inequalities, in any number of inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.exact.inner_points import inner_point
from arrangement.exact.linear import eliminate, smallest_pivot
from arrangement.networks.complex.activation_patterns import joined

__all__ = ["DecisionCells", "joined_cells", "wins_on_facet"]

Row = list[int]


@dataclass(frozen=True)
class DecisionCells:
    """Connected sets of inputs of one class, connected through facets, as unions of cells.

    A cell is the part of a linear region in which one class wins: it is convex. Where not all
    regions of the domain were found, these are the sets of those that were.

    Attributes
    ----------
    cell_regions, cell_classes : ndarray of int64, shape (c,)
        The linear region and the class of each cell.
    owner : ndarray of int64, shape (c,)
        The decision region of each cell, numbered by their first cells.
    n_classes : int

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> network = Network([[[1, 0], [0, 1]], [[1, 0], [0, 1]]], [[0, 0], [0, 0]])
    >>> regions = network.regions([(-1, 2), (-1, 2)], method="recursion")
    >>> decided = regions.decision_regions()
    >>> len(decided), decided.class_numbers.tolist(), decided.class_counts.tolist()
    (2, [1, 0], [1, 1])
    """

    cell_regions: NDArray[np.int64]
    cell_classes: NDArray[np.int64]
    owner: NDArray[np.int64]
    n_classes: int

    def __len__(self) -> int:
        return int(self.owner.max()) + 1

    @property
    def class_numbers(self) -> NDArray[np.int64]:
        """The class of each decision region, shape (m,)."""
        return self.cell_classes[np.unique(self.owner, return_index=True)[1]]

    @property
    def class_counts(self) -> NDArray[np.int64]:
        """How many decision regions each class has, shape (n_classes,)."""
        return np.bincount(self.class_numbers, minlength=self.n_classes)


def joined_cells(
    cells: list[tuple[int, int]], links: list[tuple[int, int]], n_classes: int
) -> DecisionCells:
    """Decision regions from cells (region, class) and pairs of cells with a common facet."""
    table = np.array(cells, dtype=np.int64).reshape(-1, 2)
    owner = joined(np.array(links, dtype=np.int64).reshape(-1, 2), len(cells))
    return DecisionCells(table[:, 0], table[:, 1], owner, n_classes)


def wins_on_facet(
    rows: NDArray[np.object_], facet: int, outputs: list[list[Any]], k: int
) -> bool:
    """Does class k win, or tie, on a part of a facet that has full dimension in it?

    Parameters
    ----------
    rows : ndarray of Python ints, shape (r, d + 1)
        The inequalities of a region, all different; 0 on the facet is row `facet`.
    outputs : list of rows [g | c]
        The outputs in the region, over one denominator.
    """
    own = rows[facet].tolist()
    column = smallest_pivot(own[:-1])
    sides = [eliminate(r, own, column) for i, r in enumerate(rows.tolist()) if i != facet]
    margins = [
        eliminate([int(a - b) for a, b in zip(outputs[k], other, strict=True)], own, column)
        for other in outputs
    ]
    kept: list[Row] = []
    for row in [*sides, *margins]:
        if any(row[:-1]):
            kept.append(row)
        elif row[-1] < 0:
            return False
    if not kept:
        return True
    nothing = np.full(len(kept[0]) - 1, np.nan)
    return inner_point(np.array(kept, dtype=object), nothing) is not None
