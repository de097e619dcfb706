"""Orbits of cells under the symmetries of an arrangement, by their packed sign vectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.exact.packing import Signs, Words, pack_signs, unpack_signs
from arrangement.symmetry.symmetries import Sides, Symmetries

__all__ = ["Orbits"]

BLOCK = 2**22
"""Signs that are unpacked at a time."""


class Orbits:
    """What symmetries do to the cells in their chamber.

    Parameters
    ----------
    symmetries : Symmetries

    Examples
    --------
    The cells of three lines are cut by their bisectors, too: the chamber is half of one.

    >>> from arrangement import families
    >>> orbits = Orbits(Symmetries(families.coxeter("A", 2), "auto"))
    >>> cell = np.array([[7]], dtype=np.uint64)
    >>> walls = orbits.touched_walls(cell)
    >>> walls.tolist(), orbits.stabiliser_orders(cell, walls).tolist()
    ([[False, True]], [2])
    """

    def __init__(self, symmetries: Symmetries) -> None:
        self.symmetries = symmetries
        self.arrangement = symmetries.arrangement
        self._others = [self._of_copies(sides) for sides in symmetries.others]
        self._mirrored = [self._of_copies(sides) for sides in symmetries.mirrored]

    @property
    def is_reflections(self) -> bool:
        """Do reflections generate all of the group?"""
        return len(self._others) == 1

    def _of_copies(self, sides: Sides) -> tuple[NDArray[np.int64], Signs]:
        """A permutation of sides of the different hyperplanes as one of all.

        The sign on hyperplane i becomes ``turned[i]`` times that on ``images[i]``.
        """
        n = self.symmetries.n
        first, orientation = self.arrangement.coincidence
        different = self.arrangement.different
        place = np.searchsorted(different, first)
        turned = np.where(sides[place] >= n, -orientation, orientation)
        return different[sides[place] % n] if n else place, turned.astype(np.int8)

    def _blocks(self, words: Words) -> Iterator[tuple[slice, Signs]]:
        """Signs of a part of some cells at a time."""
        n = self.arrangement.n_hyperplanes
        step = max(1, BLOCK // max(n, 1))
        for start in range(0, len(words), step):
            part = slice(start, start + step)
            yield part, unpack_signs(words[part], n)

    def touched_walls(self, words: Words) -> NDArray[np.bool_]:
        """Which walls of the chamber does each cell meet? Shape (m, r).

        A cell C that meets the chamber D meets its open facet on wall k iff the reflection s
        there keeps it: from x in C and D, the middle of x and s(x) is on no other wall, for
        s(x) − x is a multiple of a simple root, which is on the negative side of no other.
        """
        found = np.zeros((len(words), len(self._mirrored)), dtype=np.bool_)
        for part, signs in self._blocks(words):
            columns = np.ascontiguousarray(signs.T)
            for k, (images, turned) in enumerate(self._mirrored):
                kept = np.arange(len(signs))
                for i, (image, side) in enumerate(zip(images, turned, strict=True)):
                    if image > i or (image == i and side < 0):
                        kept = kept[columns[i, kept] == side * columns[image, kept]]
                        if not len(kept):
                            break
                found[part.start + kept, k] = True
        return found

    def least_images(self, words: Words) -> tuple[Words, NDArray[np.int64]]:
        """Of the images of each cell that are in the chamber the one whose words come first.

        Returns
        -------
        least : ndarray of uint64, shape (m, w)
            The same for cells of one orbit.
        fixing : ndarray of int64, shape (m,)
            How many symmetries that keep the chamber keep the cell.
        """
        least, fixing = words.copy(), np.ones(len(words), dtype=np.int64)
        if self.is_reflections:
            return least, fixing
        for part, signs in self._blocks(words):
            best = least[part]
            for images, turned in self._others[1:]:
                image = pack_signs(turned * signs[:, images])
                fixing[part] += (image == words[part]).all(axis=1)
                before = _is_less(image, best)
                best[before] = image[before]
        return least, fixing

    def is_least(self, words: Words) -> NDArray[np.bool_]:
        """Which cells stand for their orbits? Shape (m,)."""
        if self.is_reflections:
            return np.ones(len(words), dtype=np.bool_)
        return (self.least_images(words)[0] == words).all(axis=1)

    def stabiliser_orders(
        self, words: Words, walls: NDArray[np.bool_]
    ) -> NDArray[np.int64] | NDArray[np.object_]:
        """How many symmetries keep each cell, shape (m,); Python ints where int64 is too small.

        Those that reflections generate are generated by those in the walls that it meets.
        """
        _, at, kind = np.unique(
            np.packbits(walls, axis=1), axis=0, return_index=True, return_inverse=True
        )
        group = self.symmetries.reflections
        orders = [group.parabolic_order(np.flatnonzero(walls[i]).tolist()) for i in at]
        fits = self.symmetries.order < 2**63
        table = np.array(orders, dtype=np.int64 if fits else object)
        return table[kind.ravel()] * self.least_images(words)[1]

    def signs_in_chamber(self, points: NDArray[Any]) -> Signs:
        """Signs of the cells that reflections take those of some points to, in the chamber."""
        symmetries = self.symmetries
        signs = np.ones((len(points), symmetries.n), dtype=np.int8)
        for p, point in enumerate(points):
            y, _ = symmetries.in_chamber(symmetries.coordinates(point))
            signs[p] = [exact.sign(v) for v in symmetries.rows @ y]
        first, orientation = self.arrangement.coincidence
        return signs[:, np.searchsorted(self.arrangement.different, first)] * orientation


def _is_less(left: Words, right: Words) -> NDArray[np.bool_]:
    """Does a row come before another, the first words first?"""
    less = np.zeros(len(left), dtype=np.bool_)
    for a, b in zip(left.T[::-1], right.T[::-1], strict=True):
        less = (a < b) | ((a == b) & less)
    return less
