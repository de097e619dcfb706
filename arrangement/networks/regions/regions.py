"""The activation regions of a network in a domain, as cells of a complex."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.checks import choice
from arrangement.networks.complex.activation_patterns import (
    last_positive,
    owners,
    patterns_of,
    roots,
)
from arrangement.networks.complex.complex import Complex
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.layers import Layers
from arrangement.networks.regions import certificate, region_files
from arrangement.networks.regions.coverage import Coverage, coverage
from arrangement.networks.regions.decisions import DecisionRegions
from arrangement.networks.regions.linear_regions import LinearRegion, LinearRegions
from arrangement.networks.regions.region_set import RegionSet, SolidRegion
from arrangement.results.columns import Columns, frozen

__all__ = ["Region", "Regions"]


@dataclass(frozen=True)
class Region(SolidRegion, LinearRegion):
    """One region: an index into its :class:`Regions`.

    Attributes
    ----------
    regions : Regions
    index : int

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> regions = Network.random([2, 3, 2], rng=0).regions([(-1, 1), (-1, 1)])
    >>> region = regions[0]
    >>> region.slope.shape, region.intercept.shape, [len(p) for p in region.patterns]
    ((2, 2), (2,), [3])
    >>> len(region.vertices()) == len(region.facets())
    True
    """

    regions: Regions


class Regions(RegionSet[Region], LinearRegions[Region]):
    """The full-dimensional linear regions of a network in a domain; it never changes.

    Made by :meth:`Network.regions`. One region is the set of points of one activation pattern
    (for maxout, of one piece in force per neuron), or with ``merge=True`` a connected set of
    such regions with one affine map. Columns are computed when they are first asked for.

    Attributes
    ----------
    layers : Layers
        The network.
    merged : bool
        Are regions with the same affine map and a common facet one?

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> hat = Network([[[1], [1]], [[2, -4]]], [[0, "-1/2"], [0]])
    >>> regions = hat.regions([(-1, 1)])
    >>> len(regions), [str(x) for x in regions.breakpoints], regions.volumes.tolist()
    (3, ['0', '1/2'], [1.0, 0.5, 0.5])
    >>> regions.slope[:, 0, 0].tolist(), regions[2].neighbors.tolist()
    ([0.0, 2.0, -2.0], [1])
    """

    def __init__(
        self, cells: Complex, owner: NDArray[np.int64] | None = None, merged: bool = False
    ) -> None:
        super().__init__(cells, owners(cells) if owner is None else owner, merged)

    def _item(self, i: int) -> Region:
        return Region(self, i)

    def __repr__(self) -> str:
        kind = "linear" if self.merged else "activation"
        sizes = "-".join(map(str, self.layers.network.sizes))
        return f"{len(self)} {kind} regions of a network {sizes}"

    @cached_property
    def patterns(self) -> list[NDArray[Any]]:
        """The activation patterns: per hidden layer an array of shape (m, width).

        Which neurons are active (positive), bool; or which piece of each maxout neuron is in
        force, int. A merged region has the pattern of one of its parts.
        """
        return [frozen(p[self.first]) for p in patterns_of(self.complex)]

    @cached_property
    def classes(self) -> list[tuple[int, ...]]:
        """The classes that are argmax of the output somewhere in the interior of each region.

        A class counts if it wins on a set of full dimension; of equal outputs the first wins.
        """
        cells = self._by_class
        number = _classes(cells)
        found: list[set[int]] = [set() for _ in range(len(self))]
        for cell, k in zip(self.owner[roots(cells)].tolist(), number.tolist(), strict=True):
            found[cell].add(k)
        return [tuple(sorted(f)) for f in found]

    @cached_property
    def _by_class(self) -> Complex:
        """The complex cut by the output's argmax too."""
        return Complex(self.layers, self.complex.domain, by_class=True)

    def decision_regions(self, by: str = "argmax") -> DecisionRegions:
        """The connected sets of points of one class, connected through facets.

        Each linear region is cut by the hyperplanes on which two outputs are equal and
        largest; parts of the same class with a common facet are one.

        Parameters
        ----------
        by : {"argmax", "argmin"}, optional
            Is the class that of the largest output, or of the least (as of distances or
            costs; of equal outputs the first)? The least are the largest of the network with
            negated outputs, which is the network of what comes back.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> distances = Network([[[1], [-1]], [[1, 1], [0, 0]]], [[0, 0], [0, 1]])
        >>> distances.regions([(-3, 3)]).decision_regions("argmin").class_counts.tolist()
        [1, 2]
        """
        choice(by, ("argmax", "argmin"), "by")
        if by == "argmin":
            least = Complex(_negated(self.layers), self.complex.domain, by_class=True)
            return _decision_regions(least)
        return _decision_regions(self._by_class)

    def merge(self) -> Regions:
        """Regions with the same affine map (compared exactly) and a common facet as one.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> regions = Network.random([2, 3, 2], rng=0).regions([(-1, 1), (-1, 1)])
        >>> len(regions.merge()) <= len(regions)
        True
        """
        if self.merged:
            return self
        result = Regions(self.complex, self.linear_region_numbers[self.owner], merged=True)
        numbers = self.affine_map_numbers[self.owner][result.first]
        result.__dict__["affine_map_numbers"] = frozen(numbers)
        return result

    def node_columns(self) -> Columns:
        """What a graph says of each region: pattern, volume, ranks, dead layers, x0, x1, ….

        Returns
        -------
        dict of str to columns

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> regions = Network.random([2, 3, 2], rng=0).regions([(-1, 1), (-1, 1)])
        >>> list(regions.node_columns())[:2]
        ['pattern', 'volume']
        """
        columns = LinearRegions.node_columns(self)
        return {"pattern": columns.pop("pattern"), "volume": self.volumes, **columns}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save network, domain and the signs of regions as ``.npz``; see :meth:`load`.

        Parameters
        ----------
        path : path-like
        """
        region_files.save(path, self)

    def write_certificate(self, path: str | os.PathLike[str]) -> None:
        """Write a proof that these are all activation regions, as JSON (``.gz``: compressed).

        Network, domain, exact vertices; for each region its pattern, a rational point inside,
        its vertices; each facet with its regions or wall, and a rational witness between two.
        ``arrangement verify FILE`` checks it apart from this package's engine, see
        :mod:`arrangement.networks.proofs.verify` for the theorem.

        Parameters
        ----------
        path : path-like

        Raises
        ------
        InputError
            If the regions are merged: certificates are of activation regions.

        Examples
        --------
        >>> import tempfile
        >>> from arrangement.networks import Network
        >>> regions = Network.random([2, 3, 2], rng=0).regions([(-1, 1), (-1, 1)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     regions.write_certificate(f"{folder}/proof.json.gz")
        """
        certificate.write(self, path)

    def coverage(self, n_points: int, rng: np.random.Generator | int | None = None) -> Coverage:
        """What random points find of the regions; see :func:`coverage.coverage`.

        Parameters
        ----------
        n_points : int
        rng : Generator or seed, optional

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> regions = Network.random([2, 3, 2], rng=0).regions([(-1, 1), (-1, 1)])
        >>> regions.coverage(100, rng=0).n_regions
        6
        """
        return coverage(self, n_points, rng)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Regions | DecisionRegions:
        """Load what :meth:`save` wrote, of these or of decision regions.

        The regions are found again, and have to be those of the file.

        Parameters
        ----------
        path : path-like

        Returns
        -------
        Regions or DecisionRegions

        Raises
        ------
        InputError
            If the file is no such file.

        Examples
        --------
        >>> import tempfile
        >>> from arrangement.networks import Network, Regions
        >>> regions = Network.random([2, 3, 2], rng=0).regions([(-1, 1), (-1, 1)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     regions.save(f"{folder}/regions.npz")
        ...     len(Regions.load(f"{folder}/regions.npz")) == len(regions)
        True
        """

        def found(cells: Complex, merged: bool) -> Regions | DecisionRegions:
            if cells.by_class:
                return _decision_regions(cells)
            return cls(cells).merge() if merged else cls(cells)

        return region_files.load(path, found)


def _classes(cells: Complex) -> NDArray[np.int64]:
    """The class of each cell of a complex that is cut by the output's argmax."""
    return last_positive(cells.signs_of_regions[:, cells.steps.n_hidden :])


def _decision_regions(cells: Complex) -> DecisionRegions:
    number = _classes(cells)
    owner = Regions(cells, np.arange(cells.n_regions)).components(number)
    return DecisionRegions(cells, owner, number[np.unique(owner, return_index=True)[1]])


def _negated(layers: Layers) -> Layers:
    """The network with negated outputs."""
    weights, biases, *others = layers.network.as_arguments()
    weights, biases = [*weights[:-1], -weights[-1]], [*biases[:-1], -biases[-1]]
    return Layers(FeedForward(weights, biases, *others))
