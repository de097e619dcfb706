"""Linear regions by their activation patterns: maps, ranks, dead layers."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from arrangement.networks.complex import affine_maps
from arrangement.networks.complex.activation_patterns import pattern_texts
from arrangement.networks.regions.division import Division, Floats, Part, Point
from arrangement.networks.regions.lipschitz import Lipschitz, lipschitz
from arrangement.results.columns import Columns, frozen

__all__ = ["LinearRegion", "LinearRegions"]


@dataclass(frozen=True)
class LinearRegion(Part):
    """What the activation pattern tells of one region: an index into its `regions`."""

    regions: LinearRegions[LinearRegion]

    @property
    def patterns(self) -> list[NDArray[Any]]:
        """The activation pattern of each hidden layer, shape (width,) each."""
        return [p[self.index] for p in self.regions.patterns]

    @property
    def slope(self) -> Floats:
        """Slope of the affine map, shape (out, in)."""
        return self.regions.slope[self.index]

    @property
    def intercept(self) -> Floats:
        """Intercept of the affine map, shape (out,)."""
        return self.regions.intercept[self.index]


Item = TypeVar("Item", bound=LinearRegion, covariant=True)


class LinearRegions(Division[Item]):
    """Regions on each of which a network is affine, however they were found.

    Attributes
    ----------
    patterns : list of arrays, shape (m, width)
        The activation patterns, per hidden layer: which neurons are active (positive), bool;
        or which piece of each maxout neuron is in force, int.
    """

    @property
    @abstractmethod
    def patterns(self) -> list[NDArray[Any]]:
        """See above."""

    @property
    def n_linear_regions(self) -> int:
        """How many connected sets of one affine map there are, connected through facets.

        Of the regions that were found, if they are not all.
        """
        return int(self.linear_region_numbers.max()) + 1

    @cached_property
    def linear_region_numbers(self) -> NDArray[np.int64]:
        """The linear region of each region, shape (m,), by first occurrence.

        Regions of one affine map that are connected through facets have one number.
        """
        return frozen(self.components(self.affine_map_numbers))

    @cached_property
    def n_affine_maps(self) -> int:
        """How many different affine maps there are, compared exactly."""
        return int(self.affine_map_numbers.max()) + 1

    @cached_property
    def _maps(self) -> tuple[Floats, Floats]:
        slope, intercept = affine_maps.affine_maps(self.layers, self.patterns, len(self))
        return frozen(slope), frozen(intercept)

    @property
    def slope(self) -> Floats:
        """Slopes of the affine maps, shape (m, out, in).

        Infinite or NaN where products of weights are beyond float64; see :meth:`exact_map`.
        """
        return self._maps[0]

    @property
    def intercept(self) -> Floats:
        """Intercepts of the affine maps, shape (m, out)."""
        return self._maps[1]

    def exact_map(self, i: int) -> tuple[list[Point], Point]:
        """Slope (rows) and intercept of a region's affine map as Fractions.

        Parameters
        ----------
        i : int
            A region.

        Returns
        -------
        list of tuples, and a tuple, of Fractions
            The slope by rows, and the intercept.
        """
        i = self._place(i)
        rows, scale = affine_maps.exact_map(self.layers, [p[i] for p in self.patterns])
        table = [tuple(Fraction(int(v), int(scale)) for v in row) for row in rows]
        return [row[:-1] for row in table], tuple(row[-1] for row in table)

    @cached_property
    def affine_map_numbers(self) -> NDArray[np.int64]:
        """The number of each region's affine map, shape (m,): equal iff the maps are equal."""
        return frozen(affine_maps.distinct_maps(self.layers, self.patterns, len(self)))

    @cached_property
    def ranks(self) -> NDArray[np.int64]:
        """The rank of w_lᵀ D_l for each hidden layer, exactly; shape (m, L).

        D_l is the diagonal of the activation's slopes, so this is the rank of the weights of
        the active neurons (of all, for a leaky ReLU; of the pieces in force, for maxout).
        """
        return frozen(affine_maps.ranks(self.layers, self.patterns, len(self)))

    @cached_property
    def dead(self) -> NDArray[np.bool_]:
        """Is a hidden layer dead, with all neurons inactive? Shape (m, L); never for maxout."""
        return frozen(affine_maps.dead(self.layers, self.patterns, len(self)))

    def node_columns(self) -> Columns:
        """What a graph says of each region: pattern, ranks, dead layers, x0, x1, ….

        Returns
        -------
        dict of str to columns
        """
        return {
            "pattern": pattern_texts(self.patterns, len(self)),
            "affine_map": self.affine_map_numbers,
            **{f"rank{l}": column for l, column in enumerate(self.ranks.T)},
            **{f"dead{l}": column for l, column in enumerate(self.dead.T)},
            **{f"x{c}": column for c, column in enumerate(self.points.T)},
        }

    def lipschitz(self, norm: str = "l2") -> Lipschitz:
        """The Lipschitz constant of the network on the domain, in one norm of both spaces.

        Parameters
        ----------
        norm : {"l1", "l2", "linf"}, optional
            The norm of a slope is the largest sum of absolute values in a column (l1) or in a
            row (linf), or the largest singular value (l2).

        Returns
        -------
        Lipschitz
            With the region of the largest slope. Exact for l1 and linf; for l2 between two
            bounds that are proved, some 1e-12 apart in proportion.

        Raises
        ------
        InputError
            If there is no such norm.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> hat = Network([[[3, 1], [1, 0]], [[1, -2]]], [[0, 0], [0]])
        >>> regions = hat.regions([(-1, 1)] * 2)
        >>> found = regions.lipschitz("l1")
        >>> found.value, found.upper - found.lower, regions.slope[found.region].tolist()
        (3.0, Fraction(0, 1), [[3.0, 1.0]])
        >>> round(regions.lipschitz("l2").value, 9)  # √10
        3.16227766
        """
        return lipschitz(
            self.layers,
            self.slope,
            self.affine_map_numbers,
            lambda i: self.exact_map(i)[0],
            norm,
        )
