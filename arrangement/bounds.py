"""How many cells an arrangement can have: the bounds of Zaslavsky and of Cover."""

from __future__ import annotations

import operator
from math import comb

from arrangement.errors import InputError

__all__ = ["cover", "zaslavsky"]


def zaslavsky(n: int, d: int) -> int:
    """The most cells that n hyperplanes cut R^d into: Σ_(i≤d) C(n,i).

    Attained exactly by the simple arrangements without parallels. For an arrangement of
    rank r the bound holds with r in place of d, and copies of a hyperplane do not count.

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
    L. Schläfli, *Theorie der vielfachen Kontinuität* (1852, printed 1901); T. Zaslavsky,
    *Facing up to arrangements*, Mem. Amer. Math. Soc. 154 (1975).

    Examples
    --------
    >>> from arrangement.bounds import zaslavsky
    >>> zaslavsky(3, 2), zaslavsky(50, 5), zaslavsky(4, 10)
    (7, 2369936, 16)
    """
    return _partial_sum(_count(n, "n"), _count(d, "d"))


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
    n, d = _count(n, "n"), _count(d, "d")
    return 2 * _partial_sum(n - 1, d - 1) if n and d else 1


def _partial_sum(n: int, d: int) -> int:
    """Σ_(i≤d) C(n,i) for n, d ≥ 0."""
    if d >= n:
        return 1 << n
    return sum(comb(n, i) for i in range(d + 1))


def _count(value: int, name: str) -> int:
    try:
        count = operator.index(value)
    except TypeError:
        raise InputError(f"{name} = {value!r} is not an integer") from None
    if count < 0:
        raise InputError(f"{name} = {count} is negative")
    return count
