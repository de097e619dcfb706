"""The matroid of the normals of a central arrangement, without orientation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.checks import check_instance, entries
from arrangement.counting.poset import tutte_polynomial
from arrangement.errors import InputError
from arrangement.hyperplanes.hyperplanes import Hyperplanes, hyperplane_number
from arrangement.hyperplanes.operations import closure, localization
from arrangement.results import matroid as oriented
from arrangement.results.flats import flats

__all__ = ["Matroid", "matroid"]


@dataclass(frozen=True, eq=False)
class Matroid:
    """The matroid of the normals: its ground set is 0, …, n − 1, copies are parallel.

    Made by :meth:`Arrangement.matroid`. :meth:`Arrangement.circuits` and
    :meth:`Arrangement.cocircuits` have those of the oriented matroid.

    References
    ----------
    J. Oxley, *Matroid Theory* (2nd ed., 2011).

    Examples
    --------
    >>> from arrangement import families
    >>> k4 = families.braid(4).matroid()
    >>> k4
    Matroid of rank 3 on 6 elements
    >>> len(k4.bases), k4.circuits[:2], k4.rank_of([0, 1, 3])
    (16, [(0, 1, 3), (0, 1, 4, 5)], 2)
    >>> k4.tutte_polynomial
    [[0, 2, 3, 1], [2, 4, 0, 0], [3, 0, 0, 0], [1, 0, 0, 0]]
    """

    arrangement: Hyperplanes

    def __len__(self) -> int:
        return self.arrangement.n_hyperplanes

    def __repr__(self) -> str:
        return f"Matroid of rank {self.rank} on {len(self)} elements"

    @property
    def rank(self) -> int:
        """The size of the bases."""
        return self.arrangement.rank

    @cached_property
    def bases(self) -> NDArray[np.int64]:
        """The maximal independent sets, shape (m, rank), in lexicographic order.

        A SizeError if more than 100,000 sets of that size would have to be looked at; the same
        for circuits and cocircuits.
        """
        return oriented.bases(self.arrangement)

    @cached_property
    def circuits(self) -> list[tuple[int, ...]]:
        """The minimal dependent sets, in lexicographic order."""
        return _supports(oriented.circuits(self.arrangement))

    @cached_property
    def cocircuits(self) -> list[tuple[int, ...]]:
        """The minimal sets that meet every basis, in lexicographic order."""
        return _supports(oriented.cocircuits(self.arrangement))

    @cached_property
    def tutte_polynomial(self) -> list[list[int]]:
        """Coefficients of the Tutte polynomial: entry [i][j] is that of x^i y^j.

        See :meth:`Arrangement.tutte_polynomial`.
        """
        return tutte_polynomial(self.arrangement)

    def flats(self, rank: int) -> list[tuple[int, ...]]:
        """The flats of a rank, as of :meth:`Arrangement.flats`.

        Parameters
        ----------
        rank : int

        Returns
        -------
        list of tuples of int

        Examples
        --------
        >>> from arrangement import families
        >>> matroid = families.braid(3).matroid()
        >>> matroid.flats(1)
        [(0,), (1,), (2,)]
        """
        return [flat.hyperplanes for flat in flats(self.arrangement, rank)]

    def closure(self, elements: Any) -> tuple[int, ...]:
        """The flat that some elements span: all elements in their span.

        Parameters
        ----------
        elements : iterable of int

        Returns
        -------
        tuple of int

        Raises
        ------
        InputError
            If there is no such element; the same for the other questions about elements.

        Examples
        --------
        >>> from arrangement import families
        >>> matroid = families.braid(3).matroid()
        >>> matroid.closure([0, 1])
        (0, 1, 2)
        """
        return closure(self.arrangement, elements)

    def rank_of(self, elements: Any) -> int:
        """The size of the largest independent sets of some elements.

        Parameters
        ----------
        elements : iterable of int
        """
        return localization(self.arrangement, elements).rank

    def is_independent(self, elements: Any) -> bool:
        """Are the normals of these elements, each named once, linearly independent?

        Parameters
        ----------
        elements : iterable of int

        Raises
        ------
        InputError
            If there is no such element.

        Examples
        --------
        >>> from arrangement import families
        >>> matroid = families.braid(3).matroid()
        >>> matroid.is_independent([0, 1]), matroid.is_independent([0, 1, 2])
        (True, False)
        """
        chosen = [
            hyperplane_number(i, self.arrangement)
            for i in np.atleast_1d(entries(elements)).tolist()
        ]
        if len(set(chosen)) < len(chosen):
            raise InputError("the elements of a set are named once each")
        return self.rank_of(chosen) == len(chosen)


def matroid(arrangement: Hyperplanes) -> Matroid:
    """The matroid of the normals of a central arrangement.

    Raises
    ------
    InputError
        If the hyperplanes share no point: take that of the cone, whose last element is the
        hyperplane at infinity.

    Examples
    --------
    >>> from arrangement import families
    >>> families.braid(3).matroid().bases.tolist()
    [[0, 1], [0, 2], [1, 2]]
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    if not arrangement.is_central:
        raise InputError(
            "the matroid is that of hyperplanes that share a point, which these do not; take "
            "that of the cone, whose last element is the hyperplane at infinity"
        )
    return Matroid(arrangement)


def _supports(vectors: NDArray[np.int8]) -> list[tuple[int, ...]]:
    """The sets where the first half of some signed vectors, one of each pair, are not zero."""
    return sorted(tuple(np.flatnonzero(v).tolist()) for v in vectors[: len(vectors) // 2])
