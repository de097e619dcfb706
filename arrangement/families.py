"""Named families of arrangements, most of them with a known number of cells."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import combinations, permutations, product
from math import factorial

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError, SizeError
from arrangement.hyperplanes import Arrangement

__all__ = [
    "FAMILIES",
    "braid",
    "catalan",
    "coxeter",
    "cross_polytope",
    "demicube",
    "generic",
    "linial",
    "permutohedron",
    "resonance",
    "semiorder",
    "shi",
    "threshold",
]

MOST_HYPERPLANES = 100_000
MOST_NUMBERS = 10_000_000


def braid(n: int) -> Arrangement:
    """The braid arrangement: x_i = x_j for i < j, in R^n.

    It has n! cells, one for each order of the coordinates, and characteristic polynomial
    t(t−1)···(t−n+1).

    Parameters
    ----------
    n : int
        Dimension, at least 1; n(n−1)/2 hyperplanes, of rank n − 1.

    Raises
    ------
    InputError
        If n is not an integer of at least 1; SizeError if there would be too many hyperplanes.

    References
    ----------
    R. P. Stanley, *An Introduction to Hyperplane Arrangements* (2007), Lecture 1.

    Examples
    --------
    >>> from arrangement.families import braid
    >>> braid(3).normals.astype(int).tolist()
    [[1, -1, 0], [1, 0, -1], [0, 1, -1]]
    >>> len(braid(4).cells())
    24
    """
    return _differences("braid", n, (0,))


def shi(n: int) -> Arrangement:
    """The Shi arrangement: x_i − x_j = 0 and x_i − x_j = 1 for i < j, in R^n.

    It has (n+1)^(n−1) cells, of which (n−1)^(n−1) are relatively bounded; its characteristic
    polynomial is t(t−n)^(n−1).

    Parameters
    ----------
    n : int
        Dimension, at least 1; n(n−1) hyperplanes, of rank n − 1.

    Raises
    ------
    InputError
        If n is not an integer of at least 1; SizeError if there would be too many hyperplanes.

    References
    ----------
    J.-Y. Shi, *The Kazhdan–Lusztig Cells in Certain Affine Weyl Groups* (1986);
    Stanley (2007), Lecture 5.

    Examples
    --------
    >>> from arrangement.families import shi
    >>> len(shi(3).cells())
    16
    """
    return _differences("shi", n, (0, 1))


def catalan(n: int) -> Arrangement:
    """The Catalan arrangement: x_i − x_j = −1, 0, 1 for i < j, in R^n.

    It has n! C_n cells, of which n! C_(n−1) are relatively bounded, C_n = (2n)!/(n!(n+1)!).

    Parameters
    ----------
    n : int
        Dimension, at least 1; 3n(n−1)/2 hyperplanes, of rank n − 1.

    Raises
    ------
    InputError
        If n is not an integer of at least 1; SizeError if there would be too many hyperplanes.

    References
    ----------
    R. P. Stanley, *Hyperplane arrangements, interval orders, and trees*, PNAS 93 (1996);
    Stanley (2007), Lecture 5.

    Examples
    --------
    >>> from arrangement.families import catalan
    >>> len(catalan(3).cells())
    30
    """
    return _differences("catalan", n, (-1, 0, 1))


def linial(n: int) -> Arrangement:
    """The Linial arrangement: x_i − x_j = 1 for i < j, in R^n.

    It has 2^(−n) Σ_k C(n,k) (k+1)^(n−1) cells: 1, 2, 7, 36, 246, 2104, … (OEIS A007889).

    Parameters
    ----------
    n : int
        Dimension, at least 1; n(n−1)/2 hyperplanes, of rank n − 1.

    Raises
    ------
    InputError
        If n is not an integer of at least 1; SizeError if there would be too many hyperplanes.

    References
    ----------
    A. Postnikov and R. P. Stanley, *Deformations of Coxeter hyperplane arrangements*,
    J. Combin. Theory Ser. A 91 (2000).

    Examples
    --------
    >>> from arrangement.families import linial
    >>> len(linial(3).cells())
    7
    """
    return _differences("linial", n, (1,))


def semiorder(n: int) -> Arrangement:
    """The semiorder arrangement: x_i − x_j = −1 and x_i − x_j = 1 for i < j, in R^n.

    Its cells are the semiorders (unit interval orders) on n labelled elements:
    Σ_k (−1)^(n−k) S(n,k) k! C_k, with S the Stirling numbers of the second kind and C the
    Catalan numbers: 1, 3, 19, 183, 2371, … (OEIS A006531).

    Parameters
    ----------
    n : int
        Dimension, at least 1; n(n−1) hyperplanes, of rank n − 1.

    Raises
    ------
    InputError
        If n is not an integer of at least 1; SizeError if there would be too many hyperplanes.

    References
    ----------
    R. P. Stanley, *Hyperplane arrangements, interval orders, and trees*, PNAS 93 (1996).

    Examples
    --------
    >>> from arrangement.families import semiorder
    >>> len(semiorder(3).cells())
    19
    """
    return _differences("semiorder", n, (-1, 1))


def coxeter(type: str, n: int) -> Arrangement:
    """The reflecting hyperplanes of the Weyl group of type A_n, B_n, D_n, E6, E7 or E8.

    The cells are the Weyl chambers, as many as the group has elements: (n+1)! for A_n,
    2^n n! for B_n (and C_n, the same hyperplanes), 2^(n−1) n! for D_n, 51,840 for E6,
    2,903,040 for E7 and 696,729,600 for E8.

    Parameters
    ----------
    type : {"A", "B", "C", "D", "E"}
        The type; small letters are accepted.
    n : int
        The rank, at least 1; 6, 7 or 8 for type E. The roots are those of Bourbaki, with
        rational coordinates: type A_n is in R^(n+1), B_n, C_n and D_n are in R^n, and
        E6, E7 and E8 are in R^8.

    Raises
    ------
    InputError
        If there is no such group; SizeError if there would be too many hyperplanes.

    References
    ----------
    N. Bourbaki, *Groupes et algèbres de Lie*, ch. VI, planches I–VII; J. E. Humphreys,
    *Reflection Groups and Coxeter Groups* (1990), §2.10–2.11.

    Examples
    --------
    >>> from arrangement.families import coxeter
    >>> [len(coxeter(type, 3).cells()) for type in "ABD"]
    [24, 48, 24]
    >>> [coxeter("E", n).n_hyperplanes for n in (6, 7, 8)]
    [36, 63, 120]
    """
    letter = type.upper() if isinstance(type, str) else type
    if letter not in ("A", "B", "C", "D", "E"):
        raise InputError(f"coxeter: type {type!r} is none of 'A', 'B', 'C', 'D', 'E'")
    n = _size("coxeter", n, least=1)
    if letter == "E":
        if n not in (6, 7, 8):
            raise InputError(f"coxeter: type E has rank 6, 7 or 8, not {n}")
        return Arrangement(_exceptional_roots(n))
    name = f"coxeter({letter!r}, {n})"
    if letter == "A":
        _refuse_if_large(name, n * (n + 1) // 2, n + 1)
        return braid(n + 1)
    _refuse_if_large(name, n * n if letter in "BC" else n * (n - 1), n)
    roots = [_unit(n, {i: 1, j: s}) for i, j in combinations(range(n), 2) for s in (-1, 1)]
    if letter in "BC":
        roots = [_unit(n, {i: 1}) for i in range(n)] + roots
    return Arrangement(_table(roots, n))


def resonance(n: int) -> Arrangement:
    """The resonance arrangement: Σ_(i∈S) x_i = 0 for every non-empty subset S of 1..n.

    The normals are the 2^n − 1 non-zero 0/1 vectors. Also called the all-subsets
    arrangement; its cells are 2, 6, 32, 370, 11292, 1066044, … (OEIS A034997).

    Parameters
    ----------
    n : int
        Dimension, at least 1.

    Raises
    ------
    InputError
        If n is not an integer of at least 1; SizeError if there would be too many hyperplanes.

    References
    ----------
    H. Kamiya, A. Takemura and H. Terao, *Ranking patterns of unfolding models of
    codimension one*, Adv. Appl. Math. 47 (2011); OEIS A034997.

    Examples
    --------
    >>> from arrangement.families import resonance
    >>> resonance(2).normals.astype(int).tolist()
    [[0, 1], [1, 0], [1, 1]]
    >>> [len(resonance(n).cells()) for n in (1, 2, 3, 4)]
    [2, 6, 32, 370]
    """
    n = _size("resonance", n, least=1)
    _refuse_if_large(f"resonance({n})", _power_of_two(n) - 1, n)
    return Arrangement(_cube(n)[1:])


def threshold(n: int) -> Arrangement:
    """The threshold arrangement: x_0 + c·x = 0 for every c in {0,1}^n, in R^(n+1).

    Its cells are the Boolean threshold functions of n variables: 2, 4, 14, 104, 1882,
    94572, … (OEIS A000609).

    Parameters
    ----------
    n : int
        Number of variables, at least 0; 2^n hyperplanes in dimension n + 1.

    Raises
    ------
    InputError
        If n is not an integer of at least 0; SizeError if there would be too many hyperplanes.

    References
    ----------
    T. M. Cover, *Geometrical and statistical properties of systems of linear inequalities*,
    IEEE Trans. Electronic Computers 14 (1965); OEIS A000609.

    Examples
    --------
    >>> from arrangement.families import threshold
    >>> [len(threshold(n).cells()) for n in (0, 1, 2, 3)]
    [2, 4, 14, 104]
    """
    n = _size("threshold", n, least=0)
    _refuse_if_large(f"threshold({n})", _power_of_two(n), n + 1)
    return _lifted(_cube(n))


def cross_polytope(d: int) -> Arrangement:
    """The hyperplanes x_0 ± x_i = 0 for i = 1..d−1, in R^d.

    The normals (1, ±e_i) are the vertices of a cross-polytope, lifted to height one. It has
    2·3^(d−1) − 2^(d−1) cells: on each side of x_0 = 0 every x_i lies below, between or above
    ±x_0, and the 2^(d−1) cells that meet x_0 = 0 are counted twice.

    Parameters
    ----------
    d : int
        Dimension, at least 1; 2(d−1) hyperplanes.

    Raises
    ------
    InputError
        If d is not an integer of at least 1; SizeError if there would be too many hyperplanes.

    References
    ----------
    T. Brysiewicz, H. Eble and L. Kühne, *Computing characteristic polynomials of hyperplane
    arrangements with symmetries*, Discrete Comput. Geom. 70 (2023).

    Examples
    --------
    >>> from arrangement.families import cross_polytope
    >>> cross_polytope(3).normals.astype(int).tolist()
    [[1, 1, 0], [1, -1, 0], [1, 0, 1], [1, 0, -1]]
    >>> len(cross_polytope(6).cells())
    454
    """
    d = _size("cross_polytope", d, least=1)
    _refuse_if_large(f"cross_polytope({d})", 2 * (d - 1), d)
    normals = [_unit(d, {0: 1, i: s}) for i in range(1, d) for s in (1, -1)]
    return Arrangement(_table(normals, d))


def demicube(m: int) -> Arrangement:
    """The hyperplanes x_0 + c·x = 0 for every c in {0,1}^m with an even number of ones.

    The normals (1, c) are the vertices of a demicube, lifted to height one. It has 146 cells
    for m = 4 and 3,756 for m = 5; no formula is known.

    Parameters
    ----------
    m : int
        Dimension of the cube, at least 1; 2^(m−1) hyperplanes in dimension m + 1.

    Raises
    ------
    InputError
        If m is not an integer of at least 1; SizeError if there would be too many hyperplanes.

    References
    ----------
    T. Brysiewicz, H. Eble and L. Kühne, *Computing characteristic polynomials of hyperplane
    arrangements with symmetries*, Discrete Comput. Geom. 70 (2023).

    Examples
    --------
    >>> from arrangement.families import demicube
    >>> len(demicube(4).cells())
    146
    """
    m = _size("demicube", m, least=1)
    _refuse_if_large(f"demicube({m})", _power_of_two(m - 1), m + 1)
    corners = _cube(m)
    return _lifted(corners[corners.sum(axis=1) % 2 == 0])


def permutohedron(n: int) -> Arrangement:
    """The hyperplanes x_0 + π·x = 0 for every permutation π of (1, …, n), in R^(n+1).

    The normals (1, π) are the vertices of a permutohedron, lifted to height one; they span
    n dimensions. It has 32 cells for n = 3; no formula is known.

    Parameters
    ----------
    n : int
        Length of the permutations, at least 1; n! hyperplanes in dimension n + 1.

    Raises
    ------
    InputError
        If n is not an integer of at least 1; SizeError if there would be too many hyperplanes.

    References
    ----------
    T. Brysiewicz, H. Eble and L. Kühne, *Computing characteristic polynomials of hyperplane
    arrangements with symmetries*, Discrete Comput. Geom. 70 (2023).

    Examples
    --------
    >>> from arrangement.families import permutohedron
    >>> permutohedron(2).normals.astype(int).tolist()
    [[1, 1, 2], [1, 2, 1]]
    >>> len(permutohedron(3).cells())
    32
    """
    n = _size("permutohedron", n, least=1)
    # 25! is beyond every limit; a larger factorial need not be worked out.
    _refuse_if_large(f"permutohedron({n})", factorial(min(n, 25)), n + 1)
    return _lifted(np.array(list(permutations(range(1, n + 1))), dtype=np.int64))


def generic(n: int, d: int, rng: int | np.random.Generator = 0) -> Arrangement:
    """An affine arrangement with standard normal coefficients: simple with probability one.

    A simple arrangement without parallels has Σ_(i≤d) C(n,i) cells, C(n−1,d) of them
    bounded.

    Parameters
    ----------
    n : int
        Number of hyperplanes, at least 0.
    d : int
        Dimension, at least 1.
    rng : int or numpy.random.Generator, optional
        The seed, or the generator to draw from. The same seed gives the same arrangement.

    Raises
    ------
    InputError
        If n, d or the seed is not such an integer; SizeError if n is too large.

    References
    ----------
    T. Zaslavsky, *Facing up to arrangements*, Mem. Amer. Math. Soc. 154 (1975).

    Examples
    --------
    >>> from arrangement.families import generic
    >>> len(generic(6, 3, rng=1).cells())  # 1 + 6 + 15 + 20
    42
    """
    n = _size("generic", n, least=0)
    d = _size("generic", d, least=1)
    if not isinstance(rng, np.random.Generator):
        rng = np.random.default_rng(_size("generic: the seed", rng, least=0))
    _refuse_if_large(f"generic({n}, {d})", n, d)
    table = rng.standard_normal((n, d + 1))
    return Arrangement(table[:, :-1], table[:, -1])


FAMILIES: dict[str, Callable[..., Arrangement]] = {
    family.__name__: family
    for family in (
        braid,
        catalan,
        coxeter,
        cross_polytope,
        demicube,
        generic,
        linial,
        permutohedron,
        resonance,
        semiorder,
        shi,
        threshold,
    )
}
"""The families by name, as the command line calls them."""


def _size(name: str, value: int, least: int) -> int:
    try:
        size = operator.index(value)
    except TypeError:
        raise InputError(f"{name}: {value!r} is not an integer") from None
    if size < least:
        raise InputError(f"{name}: {size} is too small, the least is {least}")
    return size


def _refuse_if_large(name: str, hyperplanes: int, dimension: int) -> None:
    if hyperplanes > MOST_HYPERPLANES or hyperplanes * (dimension + 1) > MOST_NUMBERS:
        # Beyond 10^20 the exact number helps nobody, and may not be exact (`_power_of_two`).
        many = f"{hyperplanes:,}" if hyperplanes <= 10**20 else "more than 10^20"
        raise SizeError(
            f"{name} has {many} hyperplanes in dimension {dimension}; "
            f"the most are {MOST_HYPERPLANES:,} hyperplanes and {MOST_NUMBERS:,} coefficients"
        )


def _power_of_two(n: int) -> int:
    """2^n, or a number that is beyond every limit when n is absurd."""
    return 1 << min(n, 100)


def _differences(name: str, n: int, constants: Sequence[int]) -> Arrangement:
    """x_i − x_j = c for i < j and c in the constants."""
    n = _size(name, n, least=1)
    _refuse_if_large(f"{name}({n})", len(constants) * n * (n - 1) // 2, n)
    i, j = (np.repeat(index, len(constants)) for index in np.triu_indices(n, k=1))
    normals = np.zeros((len(i), n), dtype=np.int64)
    rows = np.arange(len(i))
    normals[rows, i] = 1
    normals[rows, j] = -1
    return Arrangement(normals, -np.tile(constants, n * (n - 1) // 2))


def _cube(n: int) -> NDArray[np.int64]:
    """The corners of {0,1}^n in lexicographic order, shape (2^n, n)."""
    numbers = np.arange(2**n)[:, None]
    return numbers >> np.arange(n)[::-1] & 1


def _lifted(points: NDArray[np.int64]) -> Arrangement:
    """The central arrangement with the normals (1, p)."""
    return Arrangement(np.column_stack([np.ones(len(points), dtype=np.int64), points]))


def _unit(n: int, entries: dict[int, int]) -> list[int]:
    row = [0] * n
    for column, value in entries.items():
        row[column] = value
    return row


def _table(rows: Iterable[Sequence[int]], width: int) -> NDArray[np.int64]:
    return np.array(list(rows), dtype=np.int64).reshape(-1, width)


def _exceptional_roots(n: int) -> NDArray[np.object_]:
    """One root ±r of E_n each, in R^8 (Bourbaki, planches V–VII).

    E8: ±e_i ± e_j and ½Σ ±e_i with an even number of minus signs. E7 and E6 are the roots
    of E8 that are orthogonal to e_7 + e_8, and for E6 to e_6 + e_8 as well.
    """
    roots = [_unit(8, {i: 2, j: 2 * s}) for i, j in combinations(range(8), 2) for s in (1, -1)]
    roots += [[1, *r] for r in product((1, -1), repeat=7) if r.count(-1) % 2 == 0]
    if n <= 7:
        roots = [r for r in roots if r[6] + r[7] == 0]
    if n == 6:
        roots = [r for r in roots if r[5] + r[7] == 0]
    return np.array([[Fraction(v, 2) for v in r] for r in roots], dtype=object)
