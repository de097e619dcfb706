"""Reflection arrangements of the finite Coxeter groups."""

from __future__ import annotations

from typing import Any

from arrangement.arrangement import Arrangement
from arrangement.families.regular import cell600_vertices, half_turn
from arrangement.families.root_systems import coxeter_type, roots
from arrangement.families.sizes import refuse_if_large

__all__ = ["coxeter"]


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
    name = f"coxeter({letter!r}, {n})"
    if letter == "H":
        return Arrangement(_icosahedral_roots(n))
    if letter == "I":
        refuse_if_large(name, n, 2)
        cos, sin = half_turn(n)
        return Arrangement(list(zip(cos[:n], sin[:n], strict=True)))
    mirrors = roots("B" if letter == "C" else letter, n, name)
    return Arrangement(mirrors / 2 if letter in "EF" else mirrors)


def _icosahedral_roots(n: int) -> list[list[Any]]:
    """One root ±r of H_n each, doubled: vertices of the 600-cell, for H3 in a hyperplane."""
    roots = [root for root in cell600_vertices() if next(v for v in root if v) > 0]
    return [root[1:] for root in roots if not root[0]] if n == 3 else roots
