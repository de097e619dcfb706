"""Orbits of a permutation group on sets: a tree of stabilisers that grows where it is used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from arrangement.exact.packing import Words
from arrangement.kernels.cells import images as kernel

__all__ = ["PermutationGroup"]

CANDIDATES = 32
"""Most images of one set that are compared at a time; beyond, an orbit may fall into parts."""

ROOM = 2**29
"""Bytes that a tree may take; it does not grow beyond."""

DRAWS = 24
"""Random elements that are to generate a stabiliser."""


class PermutationGroup:
    """A group of permutations of 0 … n − 1, to find images of sets under it.

    Parameters
    ----------
    generators : sequence of permutations
        At least one; each takes point i to ``generator[i]``.

    Examples
    --------
    >>> rotation = PermutationGroup([[1, 2, 3, 4, 0]])
    >>> sets = np.array([[0b01010], [0b10100], [0b00011]], dtype=np.uint64)
    >>> rotation.canonical_images(sets, np.ones(3, dtype=np.bool_))
    >>> sets[0] == sets[1], sets[0] == sets[2]
    (array([ True]), array([False]))
    """

    def __init__(self, generators: Sequence[Sequence[int]] | NDArray[np.uint16]) -> None:
        table = np.array(generators, dtype=np.uint16)
        self.n = table.shape[1]
        self._generators: list[NDArray[np.uint16]] = []
        self._nodes: dict[bytes, int] = {}
        self._rows = 0
        self._work: kernel.Sets | None = None
        self.chain = _chain(1, 64, self.n)
        self._add(table)

    def __reduce__(self) -> tuple[type[PermutationGroup], tuple[NDArray[np.uint16]]]:
        return PermutationGroup, (self.generators,)

    @property
    def generators(self) -> NDArray[np.uint16]:
        """As given, shape (m, n)."""
        return self._generators[0]

    def build(self, node: int, orbit: int) -> None:
        """Give a node of the tree the child that fixes one point of an orbit."""
        chain = self.chain
        points = np.flatnonzero(chain.orbit[node] == orbit)
        # A node has its generators, a key of 16 bits a point, and four rows of 32 bits.
        rows = self._rows + len(points) + (DRAWS + 9) * len(self._generators)
        if 2 * self.n * rows > ROOM:
            chain.child[node, orbit] = kernel.BEYOND
            return
        moved, back, fixing = kernel.stabilise(
            self._generators[node], int(points[0]), DRAWS, 2 * len(self._generators) + 1
        )
        if self._rows + len(back) > len(chain.images):
            self._enlarge(len(chain.orbit), 2 * (self._rows + len(back)))
        start, self._rows = self._rows, self._rows + len(back)
        self.chain.images[start : self._rows] = back
        self.chain.move[node, moved] = np.arange(start, self._rows)
        self.chain.child[node, orbit] = self._add(fixing)

    def canonical_images(self, sets: Words, kept: NDArray[np.bool_]) -> None:
        """Replace packed sets, where they are kept, by images that are the same in an orbit.

        For very symmetric sets of many points, the search stops early and sets in one orbit
        may get different images.
        """
        if self._work is None:
            candidates = np.zeros((2, CANDIDATES, sets.shape[1]), dtype=np.uint64)
            self._work = kernel.Sets(
                old=candidates[0],
                new=candidates[1],
                members=np.zeros(self.n, dtype=np.int64),
                inside=np.zeros(self.n, dtype=np.bool_),
                hits=np.zeros(self.n, dtype=np.int64),
            )
        k = 0
        while k < len(sets):
            k, node, orbit = kernel.canonical_images(
                self.chain, sets, kept, k, len(sets), self._work
            )
            if node >= 0:
                self.build(node, orbit)

    def _add(self, generators: NDArray[np.uint16]) -> int:
        """The number of the node for the group of these permutations.

        A stabiliser of points is that of all points that it fixes, which its orbits tell: of
        the same orbits there is one node.
        """
        orbit = orbits(generators)
        node = self._nodes.setdefault(orbit.astype(np.uint16).tobytes(), len(self._nodes))
        if node < len(self._generators):
            return node
        if node == len(self.chain.orbit):
            self._enlarge(2 * node, len(self.chain.images))
        self._generators.append(generators)
        self.chain.orbit[node] = orbit
        self.chain.n_orbits[node] = orbit.max() + 1
        self.chain.size[node] = np.bincount(orbit, minlength=self.n)
        return node

    def _enlarge(self, nodes: int, rows: int) -> None:
        larger = _chain(nodes, rows, self.n)
        for name in kernel.Chain._fields:
            old = getattr(self.chain, name)
            getattr(larger, name)[: len(old)] = old
        self.chain = larger


def orbits(generators: NDArray[np.uint16]) -> NDArray[np.int64]:
    """The orbit of each point, numbered by lowest point.

    Examples
    --------
    >>> orbits(np.array([[1, 0, 2, 4, 3]], dtype=np.uint16)).tolist()
    [0, 0, 1, 2, 2]
    """
    label = np.zeros(generators.shape[1], dtype=np.int64)
    kernel.find_orbits(generators, label)
    return label


def _chain(nodes: int, rows: int, n: int) -> kernel.Chain:
    return kernel.Chain(
        orbit=np.zeros((nodes, n), dtype=np.int32),
        size=np.zeros((nodes, n), dtype=np.int32),
        n_orbits=np.zeros(nodes, dtype=np.int32),
        child=np.full((nodes, n), kernel.UNBUILT, dtype=np.int32),
        move=np.full((nodes, n), -1, dtype=np.int32),
        images=np.zeros((rows, n), dtype=np.uint16),
    )
