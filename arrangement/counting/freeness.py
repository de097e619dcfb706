"""Supersolvable, inductively free and formal arrangements, with the chains that prove it.

All of this is said of central arrangements; of others, of their cones.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from flint import fmpz_poly
from numpy.typing import NDArray

from arrangement import exact
from arrangement.checks import check_instance, whole
from arrangement.counting.flat_lattice import FlatLattice
from arrangement.counting.polynomial import characteristic_polynomial
from arrangement.errors import InputError, SizeError
from arrangement.exact.packing import unpack_signs
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.hyperplanes.operations import restriction
from arrangement.hyperplanes.reduction import all_columns

__all__ = [
    "exponents",
    "inductive_chain",
    "is_formal",
    "is_inductively_free",
    "is_supersolvable",
    "modular_chain",
]

Exponents = tuple[int, ...]
Chain = list[tuple[int, Exponents]]

MOST = 20_000
"""Arrangements that are looked at before the search for a chain is given up."""


def modular_chain(arrangement: Hyperplanes) -> list[tuple[int, ...]] | None:
    """A maximal chain of modular flats of a central arrangement, if it is supersolvable.

    A flat is modular when its sum with any other is a flat, too. One of the rank just below
    that of the arrangement is iff every flat of rank 2 is in one of its hyperplanes; then the
    arrangement is supersolvable iff the localization at it is (Björner, Edelman and Ziegler),
    whichever one is taken: localizations of supersolvable arrangements are supersolvable.

    Returns
    -------
    list of tuples of int, or None
        The hyperplanes, copies too, that contain each flat of the chain, from the space () to
        the intersection of all. With e_k different hyperplanes in flat k and not before,
        χ(t) = t^(d − rank) Π (t − e_k).

    Raises
    ------
    InputError
        If the hyperplanes share no point.

    References
    ----------
    R. P. Stanley, *Supersolvable lattices*, Algebra Universalis 2 (1972); A. Björner,
    P. H. Edelman and G. M. Ziegler, *Hyperplane arrangements with a lattice of regions*,
    Discrete Comput. Geom. 5 (1990), Theorem 4.3.

    Examples
    --------
    >>> from arrangement import families
    >>> families.braid(4).modular_chain()
    [(), (0,), (0, 1, 3), (0, 1, 2, 3, 4, 5)]
    >>> families.coxeter("D", 4).modular_chain() is None
    True
    """
    _refuse_affine(arrangement)
    flats = [_flats(arrangement, k) for k in range(arrangement.rank + 1)]
    chain = [flats[-1][0]]
    for k in range(arrangement.rank - 1, -1, -1):
        below = flats[k][(flats[k] <= chain[-1]).all(axis=1)]
        if k > 1:
            lines = flats[2][(flats[2] <= chain[-1]).all(axis=1)]
            below = below[(below.astype(np.int64) @ lines.T.astype(np.int64)).all(axis=1)]
        if not len(below):
            return None
        chain.append(below[0])
    return [tuple(np.flatnonzero(flat).tolist()) for flat in reversed(chain)]


def is_supersolvable(arrangement: Hyperplanes) -> bool:
    """Has a central arrangement a maximal chain of modular flats? See :func:`modular_chain`.

    Examples
    --------
    >>> from arrangement import families
    >>> families.coxeter("B", 4).is_supersolvable()
    True
    """
    return modular_chain(arrangement) is not None


def inductive_chain(arrangement: Hyperplanes, most: int = MOST) -> Chain | None:
    """An order in which hyperplanes are added to prove an arrangement inductively free.

    The arrangement without hyperplanes is inductively free, and so is one with a hyperplane H
    such that the arrangement without H and the restriction to H are, with exponents that
    contain those of the restriction (Terao's addition theorem). All such orders are tried, but
    a hyperplane is only left out where the exponents say that it may be.

    Parameters
    ----------
    arrangement : Arrangement
        A central one.
    most : int
        How many arrangements may be looked at.

    Returns
    -------
    list of (int, tuple of int), or None
        The hyperplanes (of copies the lowest) as they are added, with the d exponents that
        there are then: the roots of the characteristic polynomial. None if there is no such
        order.

    Raises
    ------
    InputError
        If the hyperplanes share no point.
    SizeError
        If that is not known after looking at so many arrangements.

    References
    ----------
    H. Terao, *Arrangements of hyperplanes and their freeness* (1980); P. Orlik and H. Terao,
    *Arrangements of Hyperplanes* (1992), Definition 4.53.

    Examples
    --------
    >>> from arrangement import Arrangement, families
    >>> for hyperplane, exponents in families.braid(3).inductive_chain():
    ...     print(hyperplane, exponents)
    0 (0, 0, 1)
    1 (0, 1, 1)
    2 (0, 1, 2)
    >>> Arrangement([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]).inductive_chain() is None
    True
    """
    _refuse_affine(arrangement)
    order = _Search(whole(most, "most", 1)).order(arrangement)
    if order is None:
        return None
    names = arrangement.different[order]
    added = (
        arrangement.from_exact(arrangement.given[names[: k + 1]]) for k in range(len(order))
    )
    chain = []
    for name, subarrangement in zip(names.tolist(), added, strict=True):
        found = exponents(subarrangement)
        assert found is not None, "free arrangements have exponents"
        chain.append((name, found))
    return chain


def is_inductively_free(arrangement: Hyperplanes, most: int = MOST) -> bool:
    """Is there an order as of :func:`inductive_chain`, with the same parameters and errors?

    Parameters
    ----------
    most : int
        As of :func:`inductive_chain`.

    Examples
    --------
    >>> from arrangement import families
    >>> families.coxeter("D", 4).is_inductively_free()
    True
    """
    return inductive_chain(arrangement, most) is not None


class _Search:
    """Which arrangements are inductively free, among those that were looked at."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.known: dict[tuple[tuple[int, ...], ...], list[int] | None] = {}

    def order(self, arrangement: Hyperplanes) -> list[int] | None:
        """An order of the different hyperplanes of a central arrangement, by their places."""
        rows = arrangement.rows[arrangement.different]
        columns = exact.independent_columns(rows[:, :-1]) if len(rows) else []
        if len(columns) < 3:
            return list(range(len(rows)))
        key = tuple(map(tuple, rows.tolist()))
        if key not in self.known:
            if len(self.known) == self.most:
                raise SizeError(
                    f"not known to be inductively free or not after {self.most:,} "
                    "arrangements: give a larger `most`"
                )
            self.known[key] = None
            self.known[key] = self._found(arrangement.from_exact(rows))
        return self.known[key]

    def _found(self, arrangement: Hyperplanes) -> list[int] | None:
        found = exponents(arrangement)
        if found is None:
            return None
        n = arrangement.n_hyperplanes
        for i in range(n - 1, -1, -1):
            on = restriction(arrangement, i)
            fewer = exponents(on)
            if fewer is None or Counter(fewer) - Counter(found):
                continue
            before = self.order(arrangement.deletion(i))
            if before is not None and self.order(on) is not None:
                return [*(k + (k >= i) for k in before), i]
        return None


def is_formal(arrangement: Hyperplanes) -> bool:
    """Do the dependencies of three normals span all dependencies of the normals?

    Copies of a hyperplane count once. Free arrangements are formal (Yuzvinsky 1993).

    Raises
    ------
    InputError
        If the hyperplanes share no point.

    References
    ----------
    M. Falk and R. Randell, *On the homotopy theory of arrangements*, Adv. Stud. Pure Math. 8
    (1987); SageMath's ``is_formal``.

    Examples
    --------
    >>> from arrangement import Arrangement, families
    >>> families.braid(4).is_formal()
    True
    >>> Arrangement([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]).is_formal()
    False
    """
    return minimal_generated_number(arrangement) <= 3


def minimal_generated_number(arrangement: Hyperplanes) -> int:
    """The least k so that dependencies of at most k normals span all dependencies of them.

    0 where there are none. Those of the hyperplanes that contain a flat of rank k − 1 are
    looked at, one flat after another. Copies of a hyperplane count once.

    Raises
    ------
    InputError
        If the hyperplanes share no point.

    References
    ----------
    SageMath's ``minimal_generated_number``.

    Examples
    --------
    >>> from arrangement import Arrangement, families
    >>> families.braid(4).minimal_generated_number()
    3
    >>> Arrangement([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]).minimal_generated_number()
    4
    """
    _refuse_affine(arrangement)
    normals = arrangement.rows[:, :-1]
    n = len(arrangement.different)
    if n == arrangement.rank:
        return 0
    for k in range(2, arrangement.rank):
        found = [np.full((n, 0), 0, dtype=object)]
        for flat in _flats(arrangement, k):
            on = np.flatnonzero(flat[arrangement.different])
            if len(on) > k:
                dependencies = exact.nullspace(normals[arrangement.different[on]].T)
                wide = np.full((n, dependencies.shape[1]), 0, dtype=object)
                wide[on] = dependencies
                found.append(wide)
        if exact.rank(np.concatenate(found, axis=1)) == n - arrangement.rank:
            return k + 1
    return arrangement.rank + 1


def exponents(arrangement: Hyperplanes) -> Exponents | None:
    """The roots of the characteristic polynomial in ascending order, if all are integers."""
    coefficients = characteristic_polynomial(arrangement)
    roots = fmpz_poly(list(coefficients[::-1])).roots()
    found = sorted(int(root) for root, often in roots for _ in range(often))
    return tuple(found) if len(found) == arrangement.dimension else None


def _flats(arrangement: Hyperplanes, rank: int) -> NDArray[np.bool_]:
    """Which hyperplanes, copies too, contain the flats of a rank; shape (m, n)."""
    n = arrangement.n_hyperplanes
    if rank == 0:
        return np.zeros((1, n), dtype=np.bool_)
    words = FlatLattice.of(arrangement).flats(rank)
    return unpack_signs(all_columns(arrangement, words, oriented=False), n) > 0


def _refuse_affine(arrangement: Hyperplanes) -> None:
    check_instance(arrangement, "arrangement", "Arrangement")
    if not arrangement.is_central:
        raise InputError(
            "this is asked of hyperplanes that share a point, which these do not; ask it of "
            "the cone"
        )
