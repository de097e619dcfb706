"""A domain divided into regions of a network: what all of them tell, however found."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from arrangement.networks.layers import Layers
from arrangement.results.columns import Columnar

__all__ = ["Division", "Floats", "Part", "Point"]

Floats = NDArray[np.float64]
Point = tuple[Fraction, ...]


@dataclass(frozen=True)
class Part:
    """One region of a division: an index into its `regions`."""

    regions: Division[Part]
    index: int

    @property
    def point(self) -> Floats:
        """A float64 point inside; NaN where none was found."""
        return self.regions.points[self.index]

    @property
    def witness(self) -> Point:
        """A rational point inside."""
        return self.regions.witness(self.index)


Item = TypeVar("Item", bound=Part, covariant=True)


class Division(Columnar[Item]):
    """Regions of full dimension that fill a domain, on each of which a network is simple.

    Attributes
    ----------
    layers : Layers
        The network.
    """

    _name = "region"
    layers: Layers

    @property
    def dimension(self) -> int:
        """Dimension d of the input space."""
        return self.layers.input_dimension

    @property
    def n_regions(self) -> int:
        """How many regions there are: len(regions)."""
        return len(self)

    @property
    @abstractmethod
    def n_activation_regions(self) -> int:
        """How many activation patterns have a region of full dimension."""

    @property
    @abstractmethod
    def points(self) -> Floats:
        """A float64 point strictly inside each region, shape (m, d), or NaN."""

    @abstractmethod
    def witness(self, i: int) -> Point:
        """A rational point strictly inside a region."""

    @abstractmethod
    def vertices(self, i: int) -> Floats:
        """The vertices of a region in float64, shape (k, d)."""

    @abstractmethod
    def exact_vertices(self, i: int) -> list[Point]:
        """The vertices of a region as Fractions."""

    @abstractmethod
    def exact_volume(self, i: int) -> Fraction:
        """The volume (length, area) of a region, exactly."""
