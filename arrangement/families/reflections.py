"""Reflection arrangements of the crystallographic Coxeter groups."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.families.deformations import braid
from arrangement.families.sizes import refuse_if_large, size
from arrangement.hyperplanes import Arrangement
from arrangement.parsing import shown

__all__ = ["coxeter"]


def coxeter(type: str, n: int | None = None) -> Arrangement:
    """The reflecting hyperplanes of a Weyl group: of type A_n, B_n, D_n, E_n, F4 or G2.

    The cells are the Weyl chambers, as many as the group has elements: (n+1)! for A_n,
    2^n n! for B_n (and C_n, the same hyperplanes), 2^(n−1) n! for D_n, 51,840 for E6,
    2,903,040 for E7, 696,729,600 for E8, 1,152 for F4 and 12 for G2. The characteristic
    polynomial has the exponents of the group as roots.

    Parameters
    ----------
    type : {"A", "B", "C", "D", "E", "F", "G"}
        The type; small letters are accepted.
    n : int
        The rank, at least 1; 6, 7 or 8 for type E, 4 for F and 2 for G. The roots are those of
        Bourbaki, with rational coordinates: type A_n is in R^(n+1), B_n, C_n and D_n are in
        R^n, E6, E7 and E8 are in R^8, F4 is in R^4, and G2 is in R^3.

    Raises
    ------
    InputError
        If there is no such group, or its hyperplanes have no rational coordinates (H3, H4 and
        the dihedral groups but A2, B2 and G2); SizeError if there would be too many
        hyperplanes.

    References
    ----------
    N. Bourbaki, *Groupes et algèbres de Lie*, ch. VI, planches I–IX; J. E. Humphreys,
    *Reflection Groups and Coxeter Groups* (1990), §2.10–2.11 and §3.20.

    Examples
    --------
    >>> from arrangement.families import coxeter
    >>> [len(coxeter(type, 3).cells()) for type in "ABD"]
    [24, 48, 24]
    >>> [coxeter("E", n).n_hyperplanes for n in (6, 7, 8)]
    [36, 63, 120]
    >>> len(coxeter("F", 4).cells()), len(coxeter("G", 2).cells())
    (1152, 12)
    """
    letter, n = coxeter_type(type, n)
    if letter == "E":
        return Arrangement(_exceptional_roots(n) / 2)
    if letter == "F":
        signs = np.array(list(product((1,), (1, -1), (1, -1), (1, -1))))
        return Arrangement(np.concatenate([np.eye(4), _pairs(4), signs / 2]))
    if letter == "G":
        return Arrangement(np.concatenate([_pairs(3)[::2], 3 * np.eye(3, dtype=int) - 1]))
    name = f"coxeter({letter!r}, {n})"
    if letter == "A":
        refuse_if_large(name, n * (n + 1) // 2, n + 1)
        return braid(n + 1)
    refuse_if_large(name, n * n if letter in "BC" else n * (n - 1), n)
    if letter == "D":
        return Arrangement(_pairs(n))
    return Arrangement(np.concatenate([np.eye(n, dtype=int), _pairs(n)]))


def coxeter_type(type: str, n: int | None) -> tuple[str, int]:
    """The capital letter and the rank of a Weyl group, checked.

    Examples
    --------
    >>> coxeter_type("e", 6)
    ('E', 6)
    """
    letter = type.upper() if isinstance(type, str) else ""
    if n is None:
        raise InputError(
            f"coxeter: type {shown(type)} without a rank; give both, as in ('A', 3)"
        )
    if letter in ("H", "I"):
        raise InputError(
            f"coxeter: the hyperplanes of type {letter!r} have no rational coordinates "
            "(H3 and H4 need the square root of 5), so they are not exact; take 'A' to 'G'"
        )
    if letter not in ("A", "B", "C", "D", "E", "F", "G"):
        raise InputError(
            f"coxeter: type {shown(type)} is none of 'A', 'B', 'C', 'D', 'E', 'F', 'G'"
        )
    n = size("coxeter", n, least=1)
    ranks = {"E": (6, 7, 8), "F": (4,), "G": (2,)}.get(letter, (n,))
    if n not in ranks:
        known = {"E": "6, 7 or 8", "F": "4", "G": "2"}[letter]
        raise InputError(f"coxeter: type {letter} has rank {known}, not {n}")
    return letter, n


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
