"""Reflection arrangements of the finite Coxeter groups."""

from __future__ import annotations

import re
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.arrangement import Arrangement
from arrangement.errors import InputError
from arrangement.exact.numbers import shown
from arrangement.families.deformations import braid
from arrangement.families.regular import cell600_vertices, half_turn
from arrangement.families.sizes import refuse_if_large, size

__all__ = ["coxeter"]

NAME = re.compile(r"[a-h](?P<rank>[0-9]{1,9})?|i2?(\((?P<lines>[0-9]{1,9})\))?", re.IGNORECASE)
"""A type alone, or with its rank; of I2(m) with m."""


def coxeter(type: str, n: int | None = None) -> Arrangement:
    """The reflecting hyperplanes of a Coxeter group: A_n, B_n, D_n, E_n, F4, G2, H_n or I2(m).

    The cells are the chambers, as many as the group has elements: (n+1)! for A_n,
    2^n n! for B_n (and C_n, the same hyperplanes), 2^(n−1) n! for D_n, 51,840 for E6,
    2,903,040 for E7, 696,729,600 for E8, 1,152 for F4, 12 for G2, 120 for H3, 14,400 for H4
    and 2m for I2(m). The characteristic polynomial has the exponents of the group as roots.

    Parameters
    ----------
    type : {"A", "B", "C", "D", "E", "F", "G", "H", "I"}
        The type; small letters are accepted, "I2" as well as "I", and the whole name: "E8",
        "I2(5)".
    n : int, optional
        Unless the name has it: the rank, at least 1; 6, 7 or 8 for type E, 4 for F, 2 for G,
        3 or 4 for H; the number m of lines, at least 2, for the dihedral group I2(m). The roots
        are those of Bourbaki, with rational coordinates: type A_n is in R^(n+1), B_n, C_n and
        D_n are in R^n, E6, E7 and E8 are in R^8, F4 is in R^4, and G2 is in R^3. Those of H3
        and H4 are in Q(√5), and those of I2(m) in Q(cos π/m), with the second coordinate in
        units of sin π/m.

    Raises
    ------
    InputError
        If there is no such group; SizeError if there would be too many hyperplanes, or
        cos π/m has a degree above 32.

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
    >>> len(coxeter("H3").cells()), len(coxeter("I2", 7).cells()), len(coxeter("I2(7)").cells())
    (120, 14, 14)
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
    if letter == "H":
        return Arrangement(_icosahedral_roots(n))
    if letter == "I":
        refuse_if_large(name, n, 2)
        cos, sin = half_turn(n)
        return Arrangement(list(zip(cos[:n], sin[:n], strict=True)))
    if letter == "A":
        refuse_if_large(name, n * (n + 1) // 2, n + 1)
        return braid(n + 1)
    refuse_if_large(name, n * n if letter in "BC" else n * (n - 1), n)
    if letter == "D":
        return Arrangement(_pairs(n))
    return Arrangement(np.concatenate([np.eye(n, dtype=int), _pairs(n)]))


def coxeter_type(type: str, n: int | None) -> tuple[str, int]:
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
            f"coxeter: type {shown(type)} is none of {', '.join(map(repr, 'ABCDEFGHI'))}, nor "
            "a name such as 'E8' or 'I2(5)'"
        )
    letter, named = read[0][0].upper(), read["rank"] or read["lines"]
    if (n is None) == (named is None):
        raise InputError(
            f"coxeter: type {shown(type)} without a rank; give both, as in ('A', 3)"
            if n is None
            else f"coxeter: {shown(type)} has its rank in the name; leave out {shown(n)}"
        )
    n = int(named) if n is None else n
    n = size("coxeter", n, least=2 if letter == "I" else 1)
    ranks = {"E": (6, 7, 8), "F": (4,), "G": (2,), "H": (3, 4)}.get(letter, (n,))
    if n not in ranks:
        known = {"E": "6, 7 or 8", "F": "4", "G": "2", "H": "3 or 4"}[letter]
        raise InputError(f"coxeter: type {letter} has rank {known}, not {n}")
    return letter, n


def _pairs(n: int) -> NDArray[np.int64]:
    """The vectors e_i − e_j and e_i + e_j for i < j, in turn; shape (n(n−1), n)."""
    roots = np.zeros((n * (n - 1), n), dtype=np.int64)
    for k, (i, j) in enumerate(combinations(range(n), 2)):
        roots[2 * k : 2 * k + 2, i] = 1
        roots[2 * k : 2 * k + 2, j] = -1, 1
    return roots


def _icosahedral_roots(n: int) -> list[list[Any]]:
    """One root ±r of H_n each, doubled: vertices of the 600-cell, for H3 in a hyperplane."""
    roots = [root for root in cell600_vertices() if next(v for v in root if v) > 0]
    return [root[1:] for root in roots if not root[0]] if n == 3 else roots


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
