"""The decision regions of a classifier: connected sets of inputs of one class."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.checks import check_flag
from arrangement.errors import InputError
from arrangement.exact.numbers import shown
from arrangement.networks.complex.complex import Complex
from arrangement.networks.regions import region_files, topology
from arrangement.networks.regions.coverage import Coverage, coverage
from arrangement.networks.regions.region_set import RegionSet, SolidRegion
from arrangement.results.columns import Columns, frozen

__all__ = ["BoundaryFacet", "DecisionRegion", "DecisionRegions"]


@dataclass(frozen=True)
class BoundaryFacet:
    """A flat piece of the decision boundary, on which the outputs of two classes are equal.

    Attributes
    ----------
    regions : (int, int)
        The decision regions on both sides, lower first.
    classes : (int, int)
        Their classes, in the same order.
    vertices : tuple of int
        Its vertices, as :meth:`RegionSet.vertex_numbers` counts them.
    """

    regions: tuple[int, int]
    classes: tuple[int, int]
    vertices: tuple[int, ...]


@dataclass(frozen=True)
class DecisionRegion(SolidRegion):
    """One region of a class: an index into its :class:`DecisionRegions`.

    Attributes
    ----------
    regions : DecisionRegions
    index : int

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> network = Network.random([2, 3, 2], rng=0)
    >>> decided = network.regions([(-1, 1), (-1, 1)]).decision_regions()
    >>> decided[0].class_label, round(decided[0].volume, 4)
    (np.int64(0), 0.1066)
    >>> len(decided[0].facets()), decided[0].vertices().shape
    (3, (5, 2))
    """

    regions: DecisionRegions

    @property
    def class_number(self) -> int:
        """The output that is largest."""
        return int(self.regions.class_numbers[self.index])

    @property
    def class_label(self) -> Any:
        """The name of the class."""
        return self.regions.class_labels[self.class_number]


class DecisionRegions(RegionSet[DecisionRegion]):
    """The connected sets of inputs of one class in a domain, connected through facets.

    Made by :meth:`Regions.decision_regions`. The class of an input is that of its largest
    output; where outputs are equal on a set of full dimension, the first of them. A decision
    region is a union of parts of linear regions, so it has no affine map of its own, and need
    not be convex.

    Attributes
    ----------
    class_numbers : ndarray of int64, shape (m,)
        The output that is largest on each region.

    Examples
    --------
    Two classes by the sign of |x| − 1:

    >>> from arrangement.networks import Network
    >>> layers = [[[1], [-1]], [[1, 1], [0, 0]]], [[0, 0], [-1, 0]]
    >>> fold = Network(*layers, labels=["far", "near"])
    >>> decision = fold.regions([(-3, 3)]).decision_regions()
    >>> decision.class_labels[decision.class_numbers].tolist(), decision.volumes.tolist()
    (['far', 'far', 'near'], [2.0, 2.0, 2.0])
    >>> decision.class_counts.tolist(), decision.class_volumes.tolist()
    ([2, 1], [4.0, 2.0])
    >>> decision.complex.points[[facet.vertices[0] for facet in decision.boundary]].tolist()
    [[-1.0], [1.0]]
    """

    _name = "decision region"

    def __init__(
        self, cells: Complex, owner: NDArray[np.int64], class_numbers: NDArray[np.int64]
    ) -> None:
        super().__init__(cells, owner, merged=True)
        self.class_numbers = frozen(class_numbers)

    def _item(self, i: int) -> DecisionRegion:
        return DecisionRegion(self, i)

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.layers.network.sizes))
        return f"{len(self)} decision regions of a network {sizes}"

    @cached_property
    def class_labels(self) -> NDArray[Any]:
        """The name of each class, shape (out,): the network's labels, or 0, 1, …."""
        labels = self.layers.network.labels
        return frozen(np.arange(self.layers.output_dimension) if labels is None else labels)

    @cached_property
    def class_counts(self) -> NDArray[np.int64]:
        """How many regions each class has, shape (out,)."""
        out = self.layers.output_dimension
        return frozen(np.bincount(self.class_numbers, minlength=out))

    @cached_property
    def class_volumes(self) -> NDArray[np.float64]:
        """The volume (length, area) of each class, shape (out,)."""
        out = self.layers.output_dimension
        return frozen(np.bincount(self.class_numbers, weights=self.volumes, minlength=out))

    def exact_class_volume(self, k: int) -> Fraction:
        """The volume (length, area) of class k, exactly.

        Parameters
        ----------
        k : int
            A class, as of `class_numbers`.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> network = Network.random([2, 3, 2], rng=0)
        >>> decided = network.regions([(-1, 1), (-1, 1)]).decision_regions()
        >>> float(decided.exact_class_volume(0) + decided.exact_class_volume(1))
        4.0
        """
        self._check_class(k)
        own = np.flatnonzero(self.class_numbers == k).tolist()
        return sum(map(self.exact_volume, own), Fraction(0))

    def _check_class(self, k: int) -> None:
        outputs = self.layers.output_dimension
        if not 0 <= k < outputs:
            raise InputError(f"class {shown(k)} does not exist: there are {outputs} outputs")

    @cached_property
    def boundary(self) -> list[BoundaryFacet]:
        """The decision boundary as flat pieces, one for each pair of cells that it parts.

        On each the outputs of both classes are equal and no other is larger. Most lie on a
        hyperplane y_k = y_i inside a linear region; where two outputs are equal on a whole
        region, its facets may be part of the boundary as well.
        """
        inner = self.contacts.inner
        pairs, faces = self.contacts.pairs[inner].tolist(), self.contacts.faces[inner].tolist()
        number = self.class_numbers.tolist()
        return [
            BoundaryFacet((a, b), (number[a], number[b]), self.geometry.vertices_of([face]))
            for (a, b), face in zip(pairs, faces, strict=True)
        ]

    def betti_numbers(self, k: int, closed: bool = True) -> tuple[int, ...]:
        """The Betti numbers of the set of all inputs of class k in the domain, exactly.

        Parameters
        ----------
        k : int
            The class by number.
        closed : bool, optional
            Of the closed set, on which parts that touch in a point are connected; or of its
            interior, in which they are not.

        Returns
        -------
        tuple of d ints
            b_0, …, b_{d−1}: connected sets, independent loops, …, cavities, over the field of
            two elements (over any field up to three inputs, where there is no torsion). All
            are 0 if no set of full dimension is of this class.

        Raises
        ------
        InputError
            If there is no such class.

        Examples
        --------
        Where |x| + |y| − 2 is at most 1 in absolute value, there is a ring:

        >>> from arrangement.networks import Network
        >>> weights = [[[1, 0], [-1, 0], [0, 1], [0, -1]], [[1] * 4, [-1] * 4],
        ...            [[1, 1], [0, 0]]]
        >>> ring = Network(weights, [[0] * 4, [-2, 2], [0, 1]])
        >>> decision = ring.regions([(-4, 4)] * 2).decision_regions()
        >>> decision.betti_numbers(1), decision.betti_numbers(0)
        ((1, 1), (2, 1))
        >>> decision.boundary_betti_numbers()
        (2, 2)
        """
        self._check_class(k)
        check_flag(closed, "closed")
        cells = self.complex
        faces = np.zeros(len(cells.faces), dtype=np.bool_)
        faces[self.geometry.faces[self.class_numbers[self.owner] == k]] = True
        faces = topology.closure(cells, faces)
        if closed:
            return topology.betti_numbers(cells, faces)[:-1]
        return topology.betti_numbers(cells, topology.interior(cells, faces))[:0:-1]

    def boundary_betti_numbers(self) -> tuple[int, ...]:
        """The Betti numbers of the decision boundary in the closed domain, exactly.

        Of the union of the closed facets of :attr:`boundary`: d numbers b_0, …, b_{d−1}, as
        those of :meth:`betti_numbers`.

        Returns
        -------
        tuple of d ints
        """
        faces = np.zeros(len(self.complex.faces), dtype=np.bool_)
        faces[self.contacts.faces[self.contacts.inner]] = True
        faces = topology.closure(self.complex, faces)
        return topology.betti_numbers(self.complex, faces)[:-1]

    def node_columns(self) -> Columns:
        """What a graph says of each region: class, volume, an interior point x0, x1, ….

        Returns
        -------
        dict of str to columns

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> network = Network.random([2, 3, 2], rng=0)
        >>> decided = network.regions([(-1, 1), (-1, 1)]).decision_regions()
        >>> list(decided.node_columns())
        ['class', 'volume', 'x0', 'x1']
        """
        names = self.class_labels[self.class_numbers].tolist()
        return {"class": names, **super().node_columns()}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save network, domain and the signs of regions as ``.npz``; see :meth:`Regions.load`.

        Parameters
        ----------
        path : path-like

        Examples
        --------
        >>> import tempfile
        >>> from arrangement.networks import Network
        >>> network = Network.random([2, 3, 2], rng=0)
        >>> decided = network.regions([(-1, 1), (-1, 1)]).decision_regions()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     decided.save(f"{folder}/decided.npz")
        """
        region_files.save(path, self)

    def coverage(self, n_points: int, rng: np.random.Generator | int | None = None) -> Coverage:
        """What random points find of the regions; see :func:`coverage.coverage`.

        Parameters
        ----------
        n_points : int
        rng : Generator or seed, optional

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> network = Network.random([2, 3, 2], rng=0)
        >>> decided = network.regions([(-1, 1), (-1, 1)]).decision_regions()
        >>> decided.coverage(100, rng=0).n_found
        2
        """
        return coverage(self, n_points, rng)
