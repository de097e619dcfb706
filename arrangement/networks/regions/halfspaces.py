"""Linear regions of a network by their inequalities, one after the other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import SizeError
from arrangement.exact.polyhedron import Polyhedron
from arrangement.memory import refuse
from arrangement.networks.complex.complex import Complex
from arrangement.networks.complex.domains import polytope_of
from arrangement.networks.complex.geometry import CellGeometry
from arrangement.networks.complex.vertices import nearest
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.layers import Layers
from arrangement.networks.regions.division import Point
from arrangement.networks.regions.inequalities import Inequalities
from arrangement.networks.regions.linear_regions import LinearRegion, LinearRegions
from arrangement.networks.regions.pattern_search import Batch, PatternSearch, joined
from arrangement.progress import Progress, reporter
from arrangement.results.columns import frozen

__all__ = ["HalfspaceRegions", "regions_by_recursion"]

Integers = NDArray[np.object_]

DIVES = 64
"""From so many the number of regions is estimated before they are listed."""

EXCESS = 1000
"""An unbiased estimate is so many times too large in one case of as many at most (Markov)."""

CHECKED = 2**18
"""Regions after which memory is looked at again, and whenever they are twice as many."""

TASKS = 256
"""Tasks that an executor is given."""

MOST_ROWS = 64
"""Vertices of a region of more inequalities, of which each may be a facet, are refused."""


def regions_by_recursion(
    layers: Layers, walls: Integers, executor: Any = None, progress: Progress = None
) -> HalfspaceRegions:
    """All full-dimensional regions of a network, neuron by neuron, depth first.

    What earlier neurons leave is cut by the next; the simplex method goes on from the vertex
    where it was, and what it proposes is proved
    (:mod:`arrangement.networks.regions.pattern_search`). It shares nothing with the complex,
    needs memory for the answer only, and any number of inputs.

    Parameters
    ----------
    layers : Layers
    walls : ndarray of Python ints, shape (r, d + 1)
        Rows [g | c] of the domain, g·x + c > 0 inside.
    executor : concurrent.futures.Executor, optional
        Regions of the first layer are split independently of each other.
    progress : bool or callable, optional

    Raises
    ------
    SizeError
        If there are more regions than there is memory for, as far as sampled dives tell.

    Examples
    --------
    >>> from arrangement.hyperplanes.domain import parse_domain
    >>> from arrangement.networks import Network
    >>> fold = Layers(Network([[[1], [-1]], [[1, 1]]], [[0, 0], [0]]))
    >>> len(regions_by_recursion(fold, parse_domain([(-1, 1)], 1)))
    2
    """
    search = PatternSearch(layers, walls)
    expected, each = search.estimate(DIVES, rng=0), search.bytes_each
    advice = "reduce the domain, the neurons or the inputs"
    number = f"about {expected.mean:.2g} regions (± {expected.error:.1g})"
    about = f"{number} of {each} bytes"
    refuse(int(each * expected.mean / EXCESS), about, advice)
    show = reporter(progress, "regions found")
    found: list[Batch] = []
    total, checked = 0, CHECKED
    for batch in search if executor is None else _in_parallel(layers, walls, executor):
        found.append(batch)
        total += len(batch.points)
        if total > checked:  # they are copied once, when they are joined
            checked *= 2
            refuse(2 * each * total, f"more than {total:,} regions of {each} bytes", advice)
        show(total, max(total + 1, round(expected.mean)))
    show(total, total)
    return HalfspaceRegions(layers, walls, joined(found))


def _in_parallel(layers: Layers, walls: Integers, executor: Any) -> Iterator[Batch]:
    """Batches from the regions of the first layer, some at a time."""
    first = PatternSearch(layers, walls, depth=min(1, len(layers.hidden_widths)))
    prefixes = [choices for batch in first for choices in batch.choices.tolist()]
    size = max(1, len(prefixes) // TASKS)
    parts = [prefixes[i : i + size] for i in range(0, len(prefixes), size)]
    return iter(executor.map(_below, itertools.repeat(layers), itertools.repeat(walls), parts))


def _below(layers: Layers, walls: Integers, prefixes: list[list[int]]) -> Batch:
    """The regions in which the neurons of the first layer have these pieces."""
    search = PatternSearch(layers, walls)
    return joined([batch for prefix in prefixes for batch in search.below(prefix)])


class HalfspaceRegions(LinearRegions[LinearRegion]):
    """The linear regions of a network by their patterns, without a complex.

    What needs the regions round a region (adjacency, merging, classes, graphs, files) takes
    the complex: ``method="complex"``. Vertices and volumes are computed region by region, by
    double description.

    Attributes
    ----------
    layers : Layers
    walls : ndarray of Python ints, shape (r, d + 1)
        The domain.
    """

    def __init__(self, layers: Layers, walls: Integers, found: Batch) -> None:
        self.layers, self.walls = layers, walls
        self._found, self._inequalities = found, Inequalities(layers, walls)

    @cached_property
    def patterns(self) -> list[NDArray[Any]]:
        """The activation patterns, per hidden layer; see :attr:`Regions.patterns`."""
        kind = np.int64 if self.layers.is_maxout else np.bool_
        ends = np.cumsum(self.layers.hidden_widths)[:-1]
        levels = (
            np.split(self._found.choices, ends, axis=1) if self.layers.hidden_widths else []
        )
        return [frozen(level.astype(kind)) for level in levels]

    def __len__(self) -> int:
        return len(self._found.points)

    def _item(self, i: int) -> LinearRegion:
        return LinearRegion(self, i)

    def __repr__(self) -> str:
        return f"{len(self)} activation regions of a network, by recursion"

    @property
    def n_activation_regions(self) -> int:
        """How many activation patterns have a region of full dimension: len(regions)."""
        return len(self)

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """A point of each region, shape (m, d): the witness rounded to float64.

        NaN where it is beyond float64.
        """
        return frozen(self._found.points)

    def witness(self, i: int) -> Point:
        """A rational point strictly inside a region."""
        i = self._place(i)
        known = self._found.witnesses.get(i)
        return tuple(map(Fraction, self._found.points[i].tolist())) if known is None else known

    def rows(self, i: int) -> Integers:
        """The inequalities [g | c] of a region, g·x + c > 0 inside: walls, then neurons."""
        rows = self._inequalities.rows(self._found.choices[self._place(i)].tolist())
        assert rows is not None, "the region has a point"
        return rows

    def polyhedron(self, i: int) -> Polyhedron:
        """A region's closure by exact inequalities.

        Raises
        ------
        SizeError
            If there are more inequalities than double description is good for.
        """
        rows = self.rows(i)
        if len(rows) > MOST_ROWS:
            raise SizeError(
                f"region {i} has {len(rows)} inequalities in dimension {rows.shape[1] - 1}; "
                f"vertices are listed up to {MOST_ROWS}: use method='complex'"
            )
        return Polyhedron(rows)

    def exact_vertices(self, i: int) -> list[Point]:
        """The vertices of a region as Fractions, in lexicographic order."""
        return cast(list[Point], self.polyhedron(i).vertices)  # as networks are rational

    def vertices(self, i: int) -> NDArray[np.float64]:
        """The vertices of a region in float64, shape (k, d)."""
        return np.array([[nearest(v) for v in x] for x in self.exact_vertices(i)])

    def exact_volume(self, i: int) -> Fraction:
        """The volume of a region, exactly."""
        body = polytope_of(self.polyhedron(i).rows)
        linear = Layers(FeedForward([np.zeros((1, self.layers.input_dimension))], [[0]]))
        return CellGeometry(Complex(linear, body)).exact_volume(0)
