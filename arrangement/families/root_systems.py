"""Root systems: the types of the finite Coxeter groups, and one root ±r of each reflection."""

from __future__ import annotations

import re
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.exact.numbers import shown
from arrangement.families.sizes import refuse_if_large, size

__all__ = ["coxeter_type", "dimension", "exponents", "positive", "root_system", "roots"]

NAME = re.compile(r"[a-h](?P<rank>[0-9]{1,9})?|i2?(\((?P<lines>[0-9]{1,9})\))?", re.IGNORECASE)
"""A type alone, or with its rank; of I2(m) with m."""


def coxeter_type(type: str, n: int | None, name: str = "coxeter") -> tuple[str, int]:
    """The capital letter and the rank of a Coxeter group (the m of I2(m)), checked.

    Examples
    --------
    >>> coxeter_type("e", 6)
    ('E', 6)
    >>> coxeter_type("I2(5)", None)
    ('I', 5)
    """
    read = NAME.fullmatch(type) if isinstance(type, str) else None
    if read is None:
        raise InputError(
            f"{name}: type {shown(type)} is none of {', '.join(map(repr, 'ABCDEFGHI'))}, nor "
            "a name such as 'E8' or 'I2(5)'"
        )
    letter, named = read[0][0].upper(), read["rank"] or read["lines"]
    if (n is None) == (named is None):
        raise InputError(
            f"{name}: type {shown(type)} without a rank; give both, as in ('A', 3)"
            if n is None
            else f"{name}: {shown(type)} has its rank in the name; leave out {shown(n)}"
        )
    n = int(named) if n is None else n
    n = size(name, n, least=2 if letter == "I" else 1)
    ranks = {"E": (6, 7, 8), "F": (4,), "G": (2,), "H": (3, 4)}.get(letter, (n,))
    if n not in ranks:
        known = {"E": "6, 7 or 8", "F": "4", "G": "2", "H": "3 or 4"}[letter]
        raise InputError(f"{name}: type {letter} has rank {known}, not {n}")
    return letter, n


def root_system(text: str, name: str) -> tuple[str, int, int]:
    """The letter and the rank of a root system, and the dimension of the space that it is in.

    Raises
    ------
    InputError
        If there is no such group, or it is not crystallographic; the message begins with the
        name of the family that asks.

    Examples
    --------
    >>> root_system("E6", "shi")
    ('E', 6, 8)
    """
    letter, n = coxeter_type(text, None, name)
    if letter in "HI":
        raise InputError(f"{name}: type {letter} is not crystallographic; take one of A to G")
    return letter, n, dimension(letter, n)


def dimension(letter: str, n: int) -> int:
    """The dimension of the space that the roots of a Coxeter group are in."""
    return {"A": n + 1, "E": 8, "G": 3, "I": 2}.get(letter, n)


def exponents(letter: str, n: int) -> list[int]:
    """The exponents of a Coxeter group; the largest is the Coxeter number less one.

    Examples
    --------
    >>> exponents("D", 4), exponents("I", 7)
    ([1, 3, 5, 3], [1, 6])
    """
    table: dict[tuple[str, int], list[int]] = {
        ("A", n): [*range(1, n + 1)],
        ("B", n): [*range(1, 2 * n, 2)],
        ("C", n): [*range(1, 2 * n, 2)],
        ("D", n): [*range(1, 2 * n - 2, 2), n - 1],
        ("E", 6): [1, 4, 5, 7, 8, 11],
        ("E", 7): [1, 5, 7, 9, 11, 13, 17],
        ("E", 8): [1, 7, 11, 13, 17, 19, 23, 29],
        ("F", 4): [1, 5, 7, 11],
        ("G", 2): [1, 5],
        ("H", 3): [1, 5, 9],
        ("H", 4): [1, 11, 19, 29],
        ("I", n): [1, n - 1],
    }
    return table[letter, n]


def roots(letter: str, n: int, name: str) -> NDArray[np.int64]:
    """One root ±r of each reflection of a Weyl group, as Bourbaki has them.

    Parameters
    ----------
    letter : {"A", "B", "C", "D", "E", "F", "G"}
    n : int
        The rank.
    name : str
        Of the family that asks, for errors.

    Returns
    -------
    ndarray of int64, shape (N, d)
        Those of E and F are doubled. Type A_n is in R^(n+1), E_n in R^8 and G_2 in R^3.

    Raises
    ------
    SizeError
        If there would be too many.

    Examples
    --------
    >>> roots("C", 2, "example").tolist()
    [[2, 0], [0, 2], [1, -1], [1, 1]]
    """
    if letter in "HI":
        raise InputError(
            f"{name}: type {letter} has no root system with integers between roots"
        )
    if letter == "E":
        return _exceptional_roots(n)
    if letter == "F":
        signs = np.array(list(product((1,), (1, -1), (1, -1), (1, -1))))
        return np.concatenate([2 * np.eye(4, dtype=np.int64), 2 * _pairs(4), signs])
    if letter == "G":
        return np.concatenate([_pairs(3)[::2], 3 * np.eye(3, dtype=np.int64) - 1])
    count = {"A": n * (n + 1) // 2, "B": n * n, "C": n * n, "D": n * (n - 1)}[letter]
    refuse_if_large(name, count, dimension(letter, n))
    if letter == "A":
        return _pairs(n + 1)[::2]
    axes = np.eye(n, dtype=np.int64) * {"B": 1, "C": 2, "D": 0}[letter]
    return np.concatenate([axes[: n * (letter != "D")], _pairs(n)])


def positive(vectors: NDArray[np.int64]) -> NDArray[np.int64]:
    """The vectors or their opposites: the first entry that is not zero becomes positive.

    Examples
    --------
    >>> positive(np.array([[0, -1, 2], [3, -1, 0]])).tolist()
    [[0, 1, -2], [3, -1, 0]]
    """
    if not vectors.size:
        return vectors
    first = vectors[np.arange(len(vectors)), (vectors != 0).argmax(axis=1)]
    return vectors * np.sign(first)[:, None]


def _pairs(n: int) -> NDArray[np.int64]:
    """The vectors e_i − e_j and e_i + e_j for i < j, in turn; shape (n(n−1), n)."""
    roots = np.zeros((n * (n - 1), n), dtype=np.int64)
    for k, (i, j) in enumerate(combinations(range(n), 2)):
        roots[2 * k : 2 * k + 2, i] = 1
        roots[2 * k : 2 * k + 2, j] = -1, 1
    return roots


def _exceptional_roots(n: int) -> NDArray[np.int64]:
    """One root ±r of E_n each, in R^8, doubled (Bourbaki, planches V–VII).

    E8: ±e_i ± e_j and ½Σ ±e_i with an even number of minus signs. E7 and E6 are the roots
    of E8 that are orthogonal to e_7 + e_8, and for E6 to e_6 + e_8 as well.
    """
    halves = [[1, *r] for r in product((1, -1), repeat=7) if r.count(-1) % 2 == 0]
    roots = np.concatenate([2 * _pairs(8), np.array(halves)])
    if n <= 7:
        roots = roots[roots[:, 6] + roots[:, 7] == 0]
    if n == 6:
        roots = roots[roots[:, 5] + roots[:, 7] == 0]
    return roots
