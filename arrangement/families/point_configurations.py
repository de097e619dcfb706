"""Central arrangements whose normals are a well-known set of points."""

from __future__ import annotations

from itertools import permutations, product
from math import factorial

import numpy as np
from numpy.typing import NDArray

from arrangement.arrangement import Arrangement
from arrangement.families.sizes import power_of_two, refuse_if_large, size

__all__ = [
    "cross_polytope",
    "demicube",
    "permutohedron",
    "resonance",
    "ternary",
    "threshold",
]


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
    n = size("resonance", n, least=1)
    refuse_if_large(f"resonance({n})", power_of_two(n) - 1, n)
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
    n = size("threshold", n, least=0)
    refuse_if_large(f"threshold({n})", power_of_two(n), n + 1)
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
    d = size("cross_polytope", d, least=1)
    refuse_if_large(f"cross_polytope({d})", 2 * (d - 1), d)
    return _lifted(np.kron(np.eye(d - 1, dtype=np.int64), np.array([[1], [-1]])))


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
    m = size("demicube", m, least=1)
    refuse_if_large(f"demicube({m})", power_of_two(m - 1), m + 1)
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
    n = size("permutohedron", n, least=1)
    # 25! is beyond every limit; a larger factorial need not be worked out.
    refuse_if_large(f"permutohedron({n})", factorial(min(n, 25)), n + 1)
    return _lifted(np.array(list(permutations(range(1, n + 1))), dtype=np.int64))


def ternary(d: int) -> Arrangement:
    """The hyperplanes with all normals in {−1, 0, 1}^d, in R^d.

    A cell is an order by probability of all subsets of d events, for which side of which event
    is the likelier is known: 2^d d! times the comparative probability orders with
    p_1 > … > p_d > 0, which number 1, 1, 2, 14, 516, 124187, … (OEIS A009997).

    Parameters
    ----------
    d : int
        Dimension, at least 1; (3^d − 1)/2 hyperplanes.

    Raises
    ------
    InputError
        If d is not an integer of at least 1; SizeError if there would be too many hyperplanes.

    References
    ----------
    T. Fine and J. Gill, *The enumeration of comparative probability relations*, Ann. Probab. 4
    (1976); D. Maclagan, *Boolean term orders and the root system B_n*, Order 15 (1999).

    Examples
    --------
    >>> from arrangement.families import ternary
    >>> ternary(2).normals.astype(int).tolist()
    [[0, 1], [1, -1], [1, 0], [1, 1]]
    >>> ternary(3).n_cells()
    96
    """
    d = size("ternary", d, least=1)
    refuse_if_large(f"ternary({d})", (3 ** min(d, 60) - 1) // 2, d)
    vectors = np.array(list(product((-1, 0, 1), repeat=d)), dtype=np.int64)
    return Arrangement(vectors[len(vectors) // 2 + 1 :])


def _cube(n: int) -> NDArray[np.int64]:
    """The corners of {0,1}^n in lexicographic order, shape (2^n, n)."""
    numbers = np.arange(2**n)[:, None]
    return numbers >> np.arange(n)[::-1] & 1


def _lifted(points: NDArray[np.int64]) -> Arrangement:
    """The central arrangement with the normals (1, p)."""
    return Arrangement(np.column_stack([np.ones(len(points), dtype=np.int64), points]))
