"""The decision regions of a classifier: connected sets of inputs of one class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.columns import frozen
from arrangement.deep.complex import Complex
from arrangement.deep.regions import Regions
from arrangement.errors import InputError
from arrangement.parsing import shown

__all__ = ["BoundaryFacet", "DecisionRegions"]


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
        Its vertices, as :meth:`Regions.vertex_numbers` counts them.
    """

    regions: tuple[int, int]
    classes: tuple[int, int]
    vertices: tuple[int, ...]


class DecisionRegions(Regions):
    """The connected sets of inputs of one class in a domain, connected through facets.

    Made by :meth:`Regions.decision_regions`. The class of an input is that of its largest
    output; where outputs are equal on a set of full dimension, the first of them. A decision
    region is a union of parts of linear regions, so it has no affine map of its own, and need
    not be convex.

    Examples
    --------
    Two classes by the sign of |x| − 1:

    >>> from arrangement.deep import Network
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
        self._class_numbers = frozen(class_numbers)

    def __repr__(self) -> str:
        widths = (self.dimension, *self.layers.hidden_widths, self.layers.output_dimension)
        return f"{len(self)} decision regions of a network {'-'.join(map(str, widths))}"

    @property
    def class_numbers(self) -> NDArray[np.int64]:
        """The output that is largest on each region, shape (m,)."""
        return self._class_numbers

    @property
    def patterns(self) -> Any:
        """None: the parts of a decision region have patterns of their own."""
        raise InputError(
            "a decision region has no activation pattern and no affine map: it is made of "
            "parts of several linear regions, which know theirs"
        )

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
        """The volume (length, area) of class k, exactly."""
        outputs = self.layers.output_dimension
        if not 0 <= k < outputs:
            raise InputError(f"class {shown(k)} does not exist: there are {outputs} outputs")
        own = np.flatnonzero(self.class_numbers == k).tolist()
        return sum(map(self.exact_volume, own), Fraction(0))

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

    # What is asked of linear regions is answered by those of the complex.

    @cached_property
    def classes(self) -> list[tuple[int, ...]]:
        """The class of each region, as a tuple of one number."""
        return [(k,) for k in self.class_numbers.tolist()]

    @cached_property
    def n_affine_maps(self) -> int:
        """How many different affine maps the network has on the domain."""
        return Regions(self.complex).n_affine_maps

    @property
    def n_linear_regions(self) -> int:
        """How many linear regions the network has on the domain."""
        return Regions(self.complex).n_linear_regions

    def decision_regions(self) -> DecisionRegions:
        """The decision regions: these."""
        return self

    def node_columns(self) -> dict[str, Sequence[Any] | NDArray[Any]]:
        """What a graph says of each region: class, volume, an interior point x0, x1, …."""
        return {
            "class": self.class_labels[self.class_numbers].tolist(),
            "volume": self.volumes,
            **{f"x{c}": column for c, column in enumerate(self.points.T)},
        }
