"""A domain divided into regions of a network: what all of them tell, however found."""

from __future__ import annotations

import os
from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from arrangement.enumeration.cell_table import adjacency
from arrangement.files import graphml
from arrangement.networks.complex.activation_patterns import joined
from arrangement.networks.layers import Layers
from arrangement.results.columns import Columnar, Columns, frozen

if TYPE_CHECKING:
    import networkx as nx
    import scipy.sparse

__all__ = ["Division", "Facet", "Floats", "Part", "Point", "Summary"]

Floats = NDArray[np.float64]
Point = tuple[Fraction, ...]


@dataclass(frozen=True)
class Facet:
    """A facet of a region.

    Attributes
    ----------
    neighbor : int or None
        The region on the other side; None where the domain ends, or the region is not one of
        those that were found.
    neuron : (int, int) or None
        The hidden layer and the neuron whose kink it lies on; the first, if several do.
    wall : int or None
        The row of the domain on which it lies: of a box 2 j (low) or 2 j + 1 (high) for
        coordinate j, of (G, h) the row of G.
    vertices : tuple of int
        Its vertices, as :meth:`RegionSet.vertex_numbers` counts them; none of regions that are
        known by their inequalities.

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> regions = Network.random([2, 3, 2], rng=0).regions([(-1, 1), (-1, 1)])
    >>> facet = regions.facets(0)[0]
    >>> facet.neighbor in regions.neighbors(0)
    False
    """

    neighbor: int | None
    neuron: tuple[int, int] | None
    wall: int | None
    vertices: tuple[int, ...] = ()


class Summary(NamedTuple):
    """The least, median, mean and largest of some numbers, in float64.

    Attributes
    ----------
    least, median, mean, largest : float

    Examples
    --------
    >>> import numpy as np
    >>> from arrangement.networks import Summary
    >>> Summary.of(np.array([1, 2, 6]))
    Summary(least=1.0, median=2.0, mean=3.0, largest=6.0)
    """

    least: float
    median: float
    mean: float
    largest: float

    @classmethod
    def of(cls, numbers: NDArray[Any]) -> Summary:
        """Of an array that is not empty.

        Parameters
        ----------
        numbers : ndarray
        """
        with np.errstate(over="ignore"):
            found = (numbers.min(), np.median(numbers), numbers.mean(), numbers.max())
        return cls(*map(float, found))


@dataclass(frozen=True, repr=False)
class Part:
    """One region of a division: an index into its `regions`."""

    regions: Division[Part]
    index: int

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self.index} of {self.regions!r}"

    @property
    def point(self) -> Floats:
        """A float64 point inside, shape (d,); NaN where none was found."""
        return self.regions.points[self.index]

    @property
    def witness(self) -> Point:
        """A rational point inside."""
        return self.regions.witness(self.index)

    def facets(self) -> list[Facet]:
        """The facets; see :meth:`Division.facets`.

        Returns
        -------
        list of Facet
        """
        return self.regions.facets(self.index)

    @property
    def neighbors(self) -> NDArray[np.int64]:
        """The regions that share a facet with this one, shape (k,)."""
        return self.regions.neighbors(self.index)


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

    # -- adjacency --------------------------------------------------------------------------

    @property
    @abstractmethod
    def edges(self) -> NDArray[np.int64]:
        """Pairs of regions that share a facet, shape (E, 2), each once, lower first."""

    @property
    @abstractmethod
    def edge_neurons(self) -> NDArray[np.int64]:
        """The neuron whose kink each edge crosses, shape (E, 2): hidden layer, index.

        Where several kinks coincide, the first of them.
        """

    @property
    @abstractmethod
    def boundary_facets(self) -> NDArray[np.int64]:
        """The facets on the domain's boundary, shape (B, 2): region, row of the domain."""

    @abstractmethod
    def facets(self, i: int) -> list[Facet]:
        """The facets of a region: one for each neighbour and each wall of the domain."""

    @property
    @abstractmethod
    def facet_counts(self) -> NDArray[np.int64]:
        """How many facets each region has, shape (m,): the lengths of :meth:`facets`."""

    @abstractmethod
    def node_columns(self) -> Columns:
        """What a graph says of each region."""

    @cached_property
    def adjacency(self) -> scipy.sparse.csr_array:
        """Symmetric (m, m) matrix, non-zero for regions with a common facet.

        An entry is 1 + the number of the neuron, counted through all hidden layers.
        """
        offset = np.cumsum([0, *self.layers.hidden_widths])
        layer, index = self.edge_neurons.T
        return adjacency(np.column_stack([self.edges, offset[layer] + index]), len(self))

    def neighbors(self, i: int) -> NDArray[np.int64]:
        """The regions that share a facet with a region, sorted.

        Parameters
        ----------
        i : int
            A region.

        Returns
        -------
        ndarray of int64
        """
        i = self._place(i)
        begin, end = self.adjacency.indptr[i : i + 2]
        return np.sort(self.adjacency.indices[begin:end]).astype(np.int64)

    @property
    def neighbor_counts(self) -> NDArray[np.int64]:
        """How many regions share a facet with each region, shape (m,)."""
        return frozen(np.bincount(self.edges.ravel(), minlength=len(self)))

    def statistics(self) -> dict[str, Summary]:
        """The neighbours and facets of the regions in a few numbers.

        Returns
        -------
        dict of str to Summary
            Of ``neighbors`` and ``facets``.
        """
        columns = {"neighbors": self.neighbor_counts, "facets": self.facet_counts}
        return {name: Summary.of(column) for name, column in columns.items()}

    def components(self, key: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers of the connected sets of regions of one key, by first occurrence.

        Parameters
        ----------
        key : ndarray of int64, shape (m,)

        Returns
        -------
        ndarray of int64, shape (m,)

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> regions = Network.random([2, 3, 2], rng=0).regions([(-1, 1), (-1, 1)])
        >>> import numpy as np
        >>> regions.components(np.zeros(len(regions), dtype=int)).max()
        np.int64(0)
        """
        same = key[self.edges[:, 0]] == key[self.edges[:, 1]]
        return joined(self.edges[same], len(self))

    def edge_columns(self) -> Columns:
        """What a graph says of each edge: layer and neuron.

        Returns
        -------
        dict of str to columns

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> regions = Network.random([2, 3, 2], rng=0).regions([(-1, 1), (-1, 1)])
        >>> list(regions.edge_columns())
        ['layer', 'neuron']
        """
        return {"layer": self.edge_neurons[:, 0], "neuron": self.edge_neurons[:, 1]}

    def to_networkx(self) -> nx.Graph:
        """The graph of regions: nodes 0 … m − 1, joined by common facets.

        Returns
        -------
        networkx.Graph

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> regions = Network.random([2, 3, 2], rng=0).regions([(-1, 1), (-1, 1)])
        >>> len(regions.to_networkx()) == len(regions)
        True
        """
        return graphml.cell_graph(self.node_columns(), self.edges, self.edge_columns())

    def write_graphml(self, path: str | os.PathLike[str]) -> None:
        """Write the graph of regions as GraphML; compressed if the name ends in ``.gz``.

        Parameters
        ----------
        path : path-like

        Examples
        --------
        >>> import tempfile
        >>> from arrangement.networks import Network
        >>> regions = Network.random([2, 3, 2], rng=0).regions([(-1, 1), (-1, 1)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     regions.write_graphml(f"{folder}/regions.graphml")
        """
        graphml.write_graphml(path, self.node_columns(), self.edges, self.edge_columns())
