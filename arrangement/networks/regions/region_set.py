"""Regions made of cells of one complex: their geometry, contacts and graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement import exact
from arrangement.checks import given_points
from arrangement.errors import InputError
from arrangement.networks.complex.activation_patterns import owners
from arrangement.networks.complex.complex import Complex
from arrangement.networks.complex.contacts import OUTSIDE, Contacts
from arrangement.networks.complex.geometry import CellGeometry
from arrangement.networks.layers import homogeneous
from arrangement.networks.regions.division import (
    Division,
    Facet,
    Floats,
    Part,
    Point,
    Summary,
)
from arrangement.results.columns import Columns, frozen

__all__ = ["RegionSet", "SolidRegion"]


@dataclass(frozen=True)
class SolidRegion(Part):
    """What the complex tells of one region: an index into its `regions`."""

    regions: RegionSet[SolidRegion]

    @property
    def volume(self) -> float:
        """The volume (length, area)."""
        return float(self.regions.volumes[self.index])

    def vertices(self) -> Floats:
        """The vertices in float64; see :meth:`RegionSet.vertices`.

        Returns
        -------
        ndarray, shape (k, d)
        """
        return self.regions.vertices(self.index)


Item = TypeVar("Item", bound=SolidRegion, covariant=True)


class RegionSet(Division[Item]):
    """A division of a domain into regions that are unions of cells of one complex.

    Parameters
    ----------
    cells : Complex
    owner : ndarray of int64, shape (cells.n_regions,)
        The region of each cell, numbered by first occurrence.
    merged : bool
        May a region have several cells and not be convex?

    Attributes
    ----------
    first : ndarray of int64, shape (m,)
        The first cell of each region, which stands for it.
    """

    def __init__(self, cells: Complex, owner: NDArray[np.int64], merged: bool) -> None:
        self.complex, self.layers, self.merged = cells, cells.layers, merged
        self.owner = frozen(owner)
        self._n = int(owner.max()) + 1
        self.first = np.unique(owner, return_index=True)[1]

    def __len__(self) -> int:
        return self._n

    def _item(self, i: int) -> Any:
        return SolidRegion(self, i)

    @property
    def n_activation_regions(self) -> int:
        """How many activation patterns have a region of full dimension."""
        return int(owners(self.complex).max()) + 1

    @cached_property
    def geometry(self) -> CellGeometry:
        """Vertices and volumes of the convex cells of the complex."""
        return CellGeometry(self.complex)

    @cached_property
    def contacts(self) -> Contacts:
        """The faces of the complex between regions, and on the domain's boundary."""
        return Contacts(self.geometry, self.owner)

    @cached_property
    def _parts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The cells of each region: where they begin, and all in a row."""
        order = np.argsort(self.owner, kind="stable")
        return np.searchsorted(self.owner[order], np.arange(self._n + 1)), order

    def cells_of(self, i: int) -> NDArray[np.int64]:
        """The convex cells of the complex that make up a region; one, unless it was merged.

        Parameters
        ----------
        i : int
            A region.

        Returns
        -------
        ndarray of int64

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> network = Network.random([2, 3, 2], rng=0)
        >>> decided = network.regions([(-1, 1), (-1, 1)]).decision_regions()
        >>> [len(decided.cells_of(i)) for i in range(len(decided))]
        [2, 6]
        """
        i = self._place(i)
        begin, order = self._parts
        return order[begin[i] : begin[i + 1]]

    @cached_property
    def points(self) -> Floats:
        """A float64 point strictly inside each region, certified exactly, shape (m, d).

        NaN where no float64 point was found; :meth:`witness` is there all the same.
        """
        begin, corner = self.geometry.corners
        sizes = np.diff(begin)
        with np.errstate(over="ignore", invalid="ignore"):
            sums = np.add.reduceat(self.complex.points[corner], begin[:-1], axis=0)
            means = (sums / sizes[:, None])[self.first]
            if not np.isfinite(means).all():
                # The sums are beyond float64, the means need not be.
                parts = self.complex.points[corner] / np.repeat(sizes, sizes)[:, None]
                means = np.add.reduceat(parts, begin[:-1], axis=0)[self.first]
        finite: Any = np.isfinite(means).all(axis=1)
        means[~finite] = np.nan
        inside = finite.copy()
        some = means[finite]
        inside[finite] = (exact.signs_at(self.complex.domain.rows, some) > 0).all(axis=1)
        signs = self.complex.signs_at(some)
        wanted = self.complex.signs_of_regions[self.first[finite]]
        inside[finite] &= (signs == wanted).all(axis=1)
        means[~inside] = np.nan
        return frozen(means)

    def witness(self, i: int) -> Point:
        """A rational point strictly inside a region.

        Parameters
        ----------
        i : int
            A region.

        Returns
        -------
        tuple of d Fractions

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> regions = Network.random([2, 3, 2], rng=0).regions([(-1, 1), (-1, 1)])
        >>> int(regions.locate(regions.witness(3)))
        3
        """
        i = self._place(i)
        if np.isfinite(self.points[i]).all():
            return tuple(map(Fraction, self.points[i].tolist()))
        corners = self.geometry.corners_of([int(self.first[i])])
        return _mean(self.complex.exact.fractions(corners))

    def facet_witness(self, facet: Facet) -> Point:
        """A rational point in the relative interior of a facet, the same from both sides.

        Parameters
        ----------
        facet : Facet
            Of :meth:`facets`.

        Returns
        -------
        tuple of d Fractions

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> regions = Network.random([2, 3, 2], rng=0).regions([(-1, 1), (-1, 1)])
        >>> point = regions.facet_witness(regions.facets(0)[0])
        >>> len(point)
        2
        """
        return _mean(self.complex.exact.fractions(facet.vertices))

    def vertex_numbers(self, i: int) -> list[int]:
        """The vertices of a region by number: rows of ``regions.complex.points``.

        In two dimensions they go around a region that is one cell, else they are sorted. Of a
        region that is merged, the vertices of all its parts.

        Parameters
        ----------
        i : int
            A region.

        Returns
        -------
        list of int

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> regions = Network.random([2, 3, 2], rng=0).regions([(-1, 1), (-1, 1)])
        >>> len(regions.vertex_numbers(0)) == len(regions.vertices(0))
        True
        """
        i = self._place(i)
        cells = self.cells_of(i)
        if len(cells) == 1 and self.dimension == 2:
            return self.geometry.polygon(int(cells[0]))
        found = self.geometry.corners_of(cells.tolist())
        if len(cells) == 1 or self.merged:
            return found
        # Cells of one maxout pattern are a polytope: its vertices are those points whose
        # facets are not all facets of another.
        through = dict.fromkeys(found, 0)
        for k, facet in enumerate(self._raw_facets(i)):
            for v in facet.vertices:
                through[v] |= 1 << k
        return [
            v for v in found
            if not any(through[v] & ~through[w] == 0 for w in found if w != v)
        ]  # fmt: skip

    def vertices(self, i: int) -> Floats:
        """The vertices of a region in float64, shape (k, d); see :meth:`vertex_numbers`.

        Parameters
        ----------
        i : int
            A region.

        Returns
        -------
        ndarray, shape (k, d)
        """
        return self.complex.points[self.vertex_numbers(i)]

    def exact_vertices(self, i: int) -> list[Point]:
        """The vertices of a region as Fractions, in the order of :meth:`vertices`.

        Parameters
        ----------
        i : int
            A region.

        Returns
        -------
        list of tuples of d Fractions

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> network = Network([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
        >>> regions = network.regions([(-1, 2), (-1, 2)], method="recursion")
        >>> network.regions([(-1, 2), (-1, 2)]).exact_vertices(0)[0]
        (Fraction(-1, 1), Fraction(-1, 1))
        """
        return self.complex.exact.fractions(self.vertex_numbers(i))

    @cached_property
    def volumes(self) -> Floats:
        """Volumes (lengths, areas) in float64, shape (m,)."""
        each = self.geometry.volumes
        return frozen(np.bincount(self.owner, weights=each, minlength=len(self)))

    @cached_property
    def volume_shares(self) -> Floats:
        """Volumes as shares of the domain's, shape (m,); right where float64 has no volumes."""
        with np.errstate(over="ignore"):
            total = float(self.volumes.sum())
        if self.complex.domain.has_float64_volumes or (
            total < np.inf and self.volumes.min() > 1e-300
        ):
            return frozen(self.volumes / total)
        exact_volumes = [self.exact_volume(i) for i in range(len(self))]
        whole = sum(exact_volumes, Fraction(0))
        return frozen(np.array([float(v / whole) for v in exact_volumes]))

    def volume(self, i: int) -> float:
        """The volume (length, area) of a region in float64.

        Parameters
        ----------
        i : int
            A region.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> regions = Network.random([2, 3, 2], rng=0).regions([(-1, 1), (-1, 1)])
        >>> round(sum(regions.volume(i) for i in range(len(regions))), 9)
        4.0
        """
        return float(self.volumes[self._place(i)])

    def exact_volume(self, i: int) -> Fraction:
        """The volume (length, area) of a region, exactly.

        Parameters
        ----------
        i : int
            A region.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> network = Network([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
        >>> regions = network.regions([(-1, 2), (-1, 2)], method="recursion")
        >>> network.regions([(-1, 2), (-1, 2)]).exact_volume(0)
        Fraction(1, 1)
        """
        cells = self.cells_of(self._place(i)).tolist()
        return sum(map(self.geometry.exact_volume, cells), Fraction(0))

    @property
    def breakpoints(self) -> list[Fraction]:
        """The points between the regions of a network with one input, exactly, sorted.

        Raises
        ------
        AttributeError
            If the input has more coordinates.
        """
        if self.dimension != 1:
            raise AttributeError(
                f"breakpoints: the input has {self.dimension} coordinates; a network has "
                "breakpoints where it has one"
            )
        contacts = self.contacts
        vertices = self.complex.faces[contacts.faces[contacts.inner], 1].tolist()
        return sorted(x for (x,) in self.complex.exact.fractions(vertices))

    # -- adjacency --------------------------------------------------------------------------

    @property
    def edges(self) -> NDArray[np.int64]:
        """Pairs of regions that share a facet, shape (E, 2), each once, lower first."""
        return self.contacts.edges[0]

    @property
    def edge_neurons(self) -> NDArray[np.int64]:
        """The neuron whose kink each edge crosses, shape (E, 2): hidden layer, index.

        Where several kinks coincide, the first of them; where merged regions share several
        facets, that of one of them. (L, 0) stands for the argmax of the outputs.
        """
        return self.contacts.edges[1]

    @cached_property
    def boundary_facets(self) -> NDArray[np.int64]:
        """The facets on the domain's boundary, shape (B, 2): region, row of the domain."""
        contacts = self.contacts
        outer = ~contacts.inner
        walls = -1 - contacts.labels[outer].astype(np.int64)
        return frozen(np.unique(np.column_stack([contacts.pairs[outer, 0], walls]), axis=0))

    def facets(self, i: int) -> list[Facet]:
        """The facets of a region: one for each neighbour and each wall of the domain.

        Of a merged region, one for each neighbour and neuron and for each wall; it is not
        flat where the neuron's kink bends, and need not be connected.

        Parameters
        ----------
        i : int
            A region.

        Returns
        -------
        list of Facet
        """
        i = self._place(i)
        found = self._raw_facets(i)
        if len(self.cells_of(i)) == 1 or self.merged:
            return found
        mine = set(self.vertex_numbers(i))
        return [
            facet
            if facet.neighbor is not None
            else replace(facet, vertices=tuple(v for v in facet.vertices if v in mine))
            for facet in found
        ]

    @cached_property
    def facet_counts(self) -> NDArray[np.int64]:
        """How many facets each region has, shape (m,): the lengths of :meth:`facets`."""
        contacts = self.contacts
        one, other = contacts.pairs.T
        flat = np.where(self.merged | (other == OUTSIDE), contacts.labels, 0)
        table = np.column_stack([one, other, flat])
        turned = np.column_stack([other, one, flat])[contacts.inner]
        sides = np.unique(np.concatenate([table, turned]), axis=0)
        return frozen(np.bincount(sides[:, 0], minlength=len(self)))

    def statistics(self) -> dict[str, Summary]:
        """The volumes of the regions, their neighbours and facets in a few numbers.

        Returns
        -------
        dict of str to Summary
            Of ``volume``, ``neighbors`` and ``facets``.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> hat = Network([[[1], [1]], [[2, -4]]], [[0, "-1/2"], [0]])
        >>> told = hat.regions([(-1, 1)]).statistics()
        >>> told["volume"].least, told["volume"].median, told["neighbors"].largest
        (0.5, 0.5, 2.0)
        """
        return {"volume": Summary.of(self.volumes), **super().statistics()}

    def _raw_facets(self, i: int) -> list[Facet]:
        groups: dict[tuple[int, int], list[int]] = {}
        for other, label, face in self.contacts.of(i):
            # A convex region shares one facet with each neighbour, whatever its label.
            flat = label if self.merged or other == OUTSIDE else 0
            groups.setdefault((other, flat), []).append(face)
        result = []
        for (other, _), members in groups.items():
            label = int(self.complex.faces[members[0], 3])
            vertices = self.geometry.vertices_of(members)
            if other == OUTSIDE:
                result.append(Facet(None, None, -1 - label, vertices))
            else:
                layer, index = self.contacts.neurons[label].tolist()
                result.append(Facet(other, (layer, index), None, vertices))
        return result

    def locate(self, x: ArrayLike) -> int | NDArray[np.int64]:
        """The region that contains a point.

        Parameters
        ----------
        x : array_like, shape (d,) or (k, d)
            Floats are the dyadic rationals that they store; integers, Fractions and "p/q"
            strings are welcome.

        Returns
        -------
        int, or ndarray of int64 of shape (k,)

        Raises
        ------
        InputError
            If a point is outside the domain or between regions (for maxout of three pieces or
            more also: where two pieces are equal that a third exceeds).

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> regions = Network.random([2, 3, 2], rng=0).regions([(-1, 1), (-1, 1)])
        >>> int(regions.locate([0.5, 0.5])) == int(regions.locate([[0.5, 0.5]])[0])
        True
        """
        points, single = given_points(x, self.dimension)
        inside = (exact.signs_at(self.complex.domain.rows, points) > 0).all(axis=1)
        for p in np.flatnonzero(~inside):
            raise InputError(f"point {p} is not inside the domain")
        if points.dtype == np.float64:
            signs = self.complex.signs_at(points)
        else:
            signs = self.complex.exact_signs([homogeneous(row) for row in points])
        found = self.owners_of(signs)
        for k in np.flatnonzero(found == OUTSIDE):
            raise InputError(f"point {k} lies between regions")
        return int(found[0]) if single else found

    def owners_of(self, signs: NDArray[np.int8]) -> NDArray[np.int64]:
        """The regions with these signs of all steps, shape (k, S); −1 where there is none.

        Parameters
        ----------
        signs : ndarray of int8, shape (k, S)

        Returns
        -------
        ndarray of int64, shape (k,)

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> regions = Network.random([2, 3, 2], rng=0).regions([(-1, 1), (-1, 1)])
        >>> signs = regions.complex.signs_at(regions.points)
        >>> regions.owners_of(signs).tolist() == list(range(len(regions)))
        True
        """
        cells = [self._table.get(row.tobytes(), OUTSIDE) for row in signs]
        number = np.array(cells, dtype=np.int64)
        return np.where(number == OUTSIDE, OUTSIDE, self.owner[number])

    @cached_property
    def _table(self) -> dict[bytes, int]:
        return {signs.tobytes(): c for c, signs in enumerate(self.complex.signs_of_regions)}

    def node_columns(self) -> Columns:
        """What a graph says of each region: volume, an interior point x0, x1, …."""
        return {
            "volume": self.volumes,
            **{f"x{c}": column for c, column in enumerate(self.points.T)},
        }


def _mean(points: Sequence[Point]) -> Point:
    return tuple(sum(column) / Fraction(len(points)) for column in zip(*points, strict=True))
