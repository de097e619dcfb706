"""Flats: the non-empty intersections of hyperplanes, with exact points and directions."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.counting import poset
from arrangement.counting.flat_lattice import FlatLattice
from arrangement.errors import InputError
from arrangement.exact.fields import FieldElement, Point
from arrangement.exact.numbers import primitive, shown
from arrangement.exact.packing import Words, pack_signs, unpack_signs, word_count
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.hyperplanes.reduction import all_columns
from arrangement.progress import Progress, reporter
from arrangement.results.columns import Columns, Valued, frozen

__all__ = ["Flat", "Flats", "center", "flats", "parametrization"]

Integers = NDArray[np.object_]


@dataclass(frozen=True)
class Flat:
    """One flat: an index into its :class:`Flats`.

    Attributes
    ----------
    flats : Flats
    index : int

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> flat = Arrangement([[1, 1, 0], [2, 0, 1]], [-1, 0]).flats(2)[0]
    >>> flat
    Flat 0: hyperplanes 0, 1; dimension 1
    >>> flat.point, flat.basis
    ((Fraction(0, 1), Fraction(1, 1), Fraction(0, 1)), ((-1, 1, 2),))
    """

    flats: Flats
    index: int

    @property
    def hyperplanes(self) -> tuple[int, ...]:
        """The hyperplanes that contain the flat, ascending, copies too."""
        words = self.flats.packed[self.index : self.index + 1]
        signs = unpack_signs(words, self.flats.arrangement.n_hyperplanes)[0]
        return tuple(np.flatnonzero(signs > 0).tolist())

    @property
    def rank(self) -> int:
        """Codimension of the flat."""
        return self.flats.rank

    @property
    def dimension(self) -> int:
        """Dimension of the flat, d − rank."""
        return self.flats.dimension

    @property
    def point(self) -> Point:
        """A point of the flat: coordinates that are free on it are 0."""
        T = self._parametrization
        return tuple(exact.ratio(v, T[-1, -1]) for v in T[:-1, -1])

    @property
    def basis(self) -> tuple[tuple[int | FieldElement, ...], ...]:
        """Directions that span the flat: `dimension` vectors of coprime integers."""
        return tuple(tuple(primitive(v)) for v in self._parametrization[:-1, :-1].T)

    @property
    def _parametrization(self) -> Integers:
        return parametrization(self.flats.arrangement.rows[list(self.hyperplanes)])

    def __repr__(self) -> str:
        which = ", ".join(map(str, self.hyperplanes)) or "none"
        return f"Flat {self.index}: hyperplanes {which}; dimension {self.dimension}"


class Flats(Valued[Flat]):
    """All flats of one rank; it never changes.

    Made by :meth:`Arrangement.flats`, in lexicographic order of their first bases (the lowest
    hyperplane, then the lowest that cuts it, …). Two are equal if they are the same flats of
    equal arrangements.

    Attributes
    ----------
    arrangement : Arrangement
    rank : int
        Codimension of the flats.
    packed : ndarray of uint64, shape (m, ceil(n / 64))
        Bit i of a row is 1 where hyperplane i contains the flat.

    Examples
    --------
    >>> from arrangement import families
    >>> lines = families.braid(4).flats(2)
    >>> lines
    7 flats of rank 2 of an Arrangement of 6 hyperplanes in dimension 4
    >>> [flat.hyperplanes for flat in lines]
    [(0, 1, 3), (0, 2, 4), (0, 5), (1, 2, 5), (1, 4), (2, 3), (3, 4, 5)]
    >>> lines.mobius.tolist()
    [2, 2, 1, 2, 1, 1, 2]
    """

    _name = "flat"

    def __init__(self, arrangement: Hyperplanes, rank: int, packed: Words) -> None:
        self.arrangement = arrangement
        self.rank = rank
        self.packed = frozen(packed.view())

    def __len__(self) -> int:
        return len(self.packed)

    def _item(self, i: int) -> Flat:
        return Flat(self, i)

    @property
    def _value(self) -> tuple[Any, ...]:
        return self.rank, self.packed

    def node_columns(self) -> Columns:
        """What a table says of each flat: the numbers of its hyperplanes, and mobius.

        Returns
        -------
        dict of str to columns

        Examples
        --------
        >>> from arrangement import families
        >>> families.braid(3).flats(1).node_columns()['mobius'].tolist()
        [-1, -1, -1]
        """
        hyperplanes = [" ".join(map(str, flat.hyperplanes)) for flat in self]
        return {"hyperplanes": hyperplanes, "mobius": self.mobius}

    def __repr__(self) -> str:
        return f"{len(self)} flats of rank {self.rank} of an {self.arrangement!r}"

    @property
    def dimension(self) -> int:
        """Dimension of the flats, d − rank."""
        return self.arrangement.dimension - self.rank

    @cached_property
    def contains(self) -> NDArray[np.bool_]:
        """Does hyperplane i contain flat k? Shape (m, n), entry [k, i]."""
        return frozen(unpack_signs(self.packed, self.arrangement.n_hyperplanes) > 0)

    @cached_property
    def mobius(self) -> NDArray[Any]:
        """Möbius values μ(R^d, X) in the intersection poset, shape (m,).

        Python integers where int64 might not hold them.
        """
        return frozen(poset.mobius(self.arrangement, self.rank))


def flats(arrangement: Hyperplanes, rank: int, progress: Progress = None) -> Flats:
    """The flats of one rank: non-empty intersections of hyperplanes of that codimension.

    Parameters
    ----------
    rank : int
        0 (the space itself) to the rank of the arrangement; beyond it there is none.
    progress : bool or callable, optional
        See :meth:`cells`.

    Returns
    -------
    Flats
        In lexicographic order of their first bases.

    Raises
    ------
    InputError
        If `rank` is no non-negative integer.
    SizeError
        If the flats would not fit in memory.

    Examples
    --------
    Two parallel lines and one that crosses them:

    >>> from arrangement import Arrangement
    >>> arrangement = Arrangement([[1, 0], [1, 0], [0, 1]], [0, -1, 0])
    >>> [[flat.hyperplanes for flat in arrangement.flats(k)] for k in range(3)]
    [[()], [(0,), (1,), (2,)], [(0, 2), (1, 2)]]
    >>> from arrangement import families
    >>> [len(families.braid(5).flats(k)) for k in range(6)]
    [1, 10, 25, 15, 1, 0]
    """
    try:
        k = operator.index(rank)
    except TypeError:
        k = -1
    if k < 0:
        raise InputError(f"the rank of a flat is a non-negative integer, not {shown(rank)}")
    n = arrangement.n_hyperplanes
    if k == 0 or k > arrangement.rank:
        words = np.zeros((int(k == 0), word_count(n)), dtype=np.uint64)
    else:
        words = FlatLattice.of(arrangement).flats(k, reporter(progress, "hyperplanes"))
        words = all_columns(arrangement, words, oriented=False)
    return Flats(arrangement, k, words)


def center(arrangement: Hyperplanes) -> Flat:
    """The flat that all hyperplanes share (SageMath's ``center``).

    Raises
    ------
    InputError
        If they share no point.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> Arrangement([[1, 0], [0, 1], [1, 1]], [-1, -2, -3]).center().point
    (Fraction(1, 1), Fraction(2, 1))
    """
    if not arrangement.is_central:
        raise InputError("only a central arrangement has a center; these share no point")
    every = pack_signs(np.ones((1, arrangement.n_hyperplanes), dtype=np.int8))
    return Flats(arrangement, arrangement.rank, every)[0]


def parametrization(rows: Integers) -> Integers:
    """Coordinates of the flat on which all rows [normal | offset] vanish.

    Parameters
    ----------
    rows : ndarray of Python ints, shape (q, d + 1)
        Of rank k, and with a common zero.

    Returns
    -------
    ndarray of Python ints, shape (d + 1, d − k + 1)
        T with last row (0, …, 0, c), c > 0: the flat is {x : (x, 1) = T (t, 1) / c}. The t are
        c times coordinates of x: all but the first k on which the rows depend independently.

    Examples
    --------
    >>> import numpy as np
    >>> parametrization(np.array([[2, 4, -1]], dtype=object)).tolist()
    [[-4, 1], [2, 0], [0, 2]]
    """
    T = -exact.nullspace(rows)
    assert T[-1, -1] > 0, "the rows of a flat have a common zero"
    return T
