"""How many cells and faces an arrangement can have: Zaslavsky, Cover and Buck."""

from __future__ import annotations

import operator
from math import comb

from arrangement.checks import check_flag
from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import shown

__all__ = ["buck", "count", "cover", "zaslavsky"]

MOST_DIMENSIONS = 10_000


def zaslavsky(n: int, d: int, bounded: bool = False) -> int:
    """The most cells that n hyperplanes cut R^d into: Σ_(i≤d) C(n,i), of them C(n−1,d) bounded.

    Attained exactly by the simple arrangements without parallels. For an arrangement of
    rank r the bound holds with r in place of d, for relatively bounded cells, and copies of a
    hyperplane do not count.

    Parameters
    ----------
    n : int
        Number of hyperplanes, at least 0.
    d : int
        Dimension of the space, or rank of the normals, at least 0.
    bounded : bool, optional
        The most bounded cells; R^0 is one.

    Returns
    -------
    int
        Exact, of any size.

    Raises
    ------
    InputError
        If n or d is not an integer of at least 0.

    References
    ----------
    L. Schläfli, *Theorie der vielfachen Kontinuität* (1852, printed 1901); T. Zaslavsky,
    *Facing up to arrangements*, Mem. Amer. Math. Soc. 154 (1975).

    Examples
    --------
    >>> from arrangement.bounds import zaslavsky
    >>> zaslavsky(3, 2), zaslavsky(50, 5), zaslavsky(4, 10)
    (7, 2369936, 16)
    >>> zaslavsky(3, 2, bounded=True)
    1
    """
    n, d = count(n, "n"), count(d, "d")
    check_flag(bounded, "bounded")
    if bounded:
        return comb(n - 1, d) if n else int(d == 0)
    return _partial_sum(n, d)


def cover(n: int, d: int) -> int:
    """The most cells of n hyperplanes through one point of R^d: 2 Σ_(i<d) C(n−1,i).

    Attained exactly when every d of the normals are independent: the number of dichotomies
    of n points in general position. Without hyperplanes (n = 0, or d = 0 where no
    hyperplane exists) the space is one cell. For a central arrangement of rank r the bound
    holds with r in place of d, and copies of a hyperplane do not count.

    Parameters
    ----------
    n : int
        Number of hyperplanes, at least 0.
    d : int
        Dimension of the space, or rank of the normals, at least 0.

    Returns
    -------
    int
        Exact, of any size.

    Raises
    ------
    InputError
        If n or d is not an integer of at least 0.

    References
    ----------
    L. Schläfli, *Theorie der vielfachen Kontinuität* (1852, printed 1901); T. M. Cover,
    *Geometrical and statistical properties of systems of linear inequalities*, IEEE Trans.
    Electronic Computers 14 (1965).

    Examples
    --------
    >>> from arrangement.bounds import cover
    >>> cover(3, 2), cover(100, 3), cover(3, 10), cover(0, 3)
    (6, 9902, 8, 1)
    """
    n, d = count(n, "n"), count(d, "d")
    return 2 * _partial_sum(n - 1, d - 1) if n and d else 1


def buck(n: int, d: int, bounded: bool = False) -> tuple[int, ...]:
    """The most faces of each dimension k of n hyperplanes in R^d: C(n,d−k) Σ_(i≤k) C(n−d+k,i).

    Any d − k hyperplanes of a simple arrangement without parallels meet in a flat of dimension
    k, on which the other n − d + k are such an arrangement again; their cells are the faces.
    C(n−d+k−1, k) of them are bounded. The bound of each dimension holds for every arrangement
    of rank d; where the rank is r < d, for r in place of d and the dimensions less d − r.

    Parameters
    ----------
    n : int
        Number of hyperplanes, at least 0; copies do not count.
    d : int
        Dimension of the space, or rank of the normals, at least 0.
    bounded : bool, optional
        The most bounded faces.

    Returns
    -------
    tuple of int
        By dimension, 0 to d; exact, of any size.

    Raises
    ------
    InputError
        If n or d is not an integer of at least 0; SizeError if d is above 10,000.

    References
    ----------
    R. C. Buck, *Partition of space*, Amer. Math. Monthly 50 (1943).

    Examples
    --------
    >>> from arrangement.bounds import buck
    >>> buck(4, 2)  # the lines of a complete quadrilateral: vertices, edges, cells
    (6, 16, 11)
    >>> buck(4, 2, bounded=True)
    (6, 8, 3)
    """
    n, d = count(n, "n"), count(d, "d")
    if d > MOST_DIMENSIONS:
        raise SizeError(f"d = {d}: the face numbers of at most {MOST_DIMENSIONS} dimensions")
    return tuple(
        comb(n, d - k) * zaslavsky(n - d + k, k, bounded) if n >= d - k else 0
        for k in range(d + 1)
    )


def _partial_sum(n: int, d: int) -> int:
    """Σ_(i≤d) C(n,i) for n, d ≥ 0."""
    if d >= n:
        return 1 << n
    return sum(comb(n, i) for i in range(d + 1))


def count(value: int, name: str, least: int = 0) -> int:
    """An argument as an integer of at least `least`, or an InputError that names it.

    Examples
    --------
    >>> count(True, "n")
    1
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{name} = {shown(value)} is not an integer") from None
    if number < 0:
        raise InputError(f"{name} = {shown(number)} is negative")
    if number < least:
        raise InputError(f"{name} = {shown(number)} is too small, the least is {least}")
    return number
