"""The braid arrangement and its deformations x_i − x_j = c, also of other root systems."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from arrangement.arrangement import Arrangement
from arrangement.families.root_systems import positive, root_system, roots
from arrangement.families.sizes import refuse_if_large, size

__all__ = ["braid", "catalan", "ish", "ish_b", "linial", "semiorder", "shi"]


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


def shi(n: int | str, m: int = 1) -> Arrangement:
    """The Shi arrangement: x_i − x_j = 0 and x_i − x_j = 1 for i < j, in R^n.

    It has (n+1)^(n−1) cells, of which (n−1)^(n−1) are relatively bounded; its characteristic
    polynomial is t(t−n)^(n−1). Of any root system, and of any multiplicity m, it has the
    hyperplanes α·x = 1 − m, …, m for the positive roots α, and the characteristic polynomial
    (t − mh)^l, with l the rank and h the Coxeter number.

    Parameters
    ----------
    n : int or str
        Dimension, at least 1, of the arrangement of type A_(n−1) and of rank n − 1; or a root
        system by its name, such as "B3" or "E6", with the roots of :func:`coxeter` ("C3" has
        2e_i for e_i), positive if their first coordinate that is not zero is.
    m : int, optional
        The multiplicity, at least 0: there are 2m hyperplanes for each root.

    Raises
    ------
    InputError
        If n is neither an integer of at least 1 nor a root system, or m is no such integer;
        SizeError if there would be too many hyperplanes.

    References
    ----------
    J.-Y. Shi, *The Kazhdan–Lusztig Cells in Certain Affine Weyl Groups* (1986);
    Stanley (2007), Lecture 5; M. Yoshinaga, *Characterization of a free arrangement and
    conjecture of Edelman and Reiner*, Invent. Math. 157 (2004).

    Examples
    --------
    >>> from arrangement.families import shi
    >>> len(shi(3).cells()), len(shi("B2").cells()), len(shi("A2", 2).cells())
    (16, 25, 49)
    """
    return _of_roots("shi", n, m, 1)


def catalan(n: int | str, m: int = 1) -> Arrangement:
    """The Catalan arrangement: x_i − x_j = −1, 0, 1 for i < j, in R^n.

    It has n! C_n cells, of which n! C_(n−1) are relatively bounded, C_n = (2n)!/(n!(n+1)!).
    Of any root system, and of any multiplicity m, it has the hyperplanes α·x = −m, …, m for
    the positive roots α, and the characteristic polynomial Π(t − e_i − mh), with e_i the
    exponents and h the Coxeter number.

    Parameters
    ----------
    n : int or str
        Dimension, or a root system by its name, as for :func:`shi`.
    m : int, optional
        The multiplicity, at least 0: there are 2m + 1 hyperplanes for each root.

    Raises
    ------
    InputError
        If n is neither an integer of at least 1 nor a root system, or m is no such integer;
        SizeError if there would be too many hyperplanes.

    References
    ----------
    R. P. Stanley, *Hyperplane arrangements, interval orders, and trees*, PNAS 93 (1996);
    Stanley (2007), Lecture 5; C. A. Athanasiadis, *Generalized Catalan numbers, Weyl groups
    and arrangements of hyperplanes*, Bull. London Math. Soc. 36 (2004).

    Examples
    --------
    >>> from arrangement.families import catalan
    >>> len(catalan(3).cells()), len(catalan("B2").cells())
    (30, 48)
    """
    return _of_roots("catalan", n, m, 0)


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


def ish(n: int) -> Arrangement:
    """The Ish arrangement: x_i = x_j and x_1 − x_j = i for i < j, in R^n.

    It has the characteristic polynomial t(t−n)^(n−1) of the Shi arrangement, and so as many
    cells and relatively bounded cells, but is none of its relabellings for n ≥ 3.

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
    D. Armstrong, *Hyperplane arrangements and diagonal harmonics*, J. Combin. 4 (2013);
    D. Armstrong and B. Rhoades, *The Shi arrangement and the Ish arrangement*, Trans. Amer.
    Math. Soc. 364 (2012).

    Examples
    --------
    >>> from arrangement.families import ish
    >>> ish(3).rows[3:].tolist()  # x_1 - x_2 = 1, x_1 - x_3 = 1, x_1 - x_3 = 2
    [[1, -1, 0, -1], [1, 0, -1, -1], [1, 0, -1, -2]]
    >>> len(ish(3).cells())
    16
    """
    n = size("ish", n, least=1)
    refuse_if_large(f"ish({n})", n * (n - 1), n)
    j = np.repeat(np.arange(n), np.arange(n))  # column j has the constants 1, …, j
    i = np.concatenate([np.arange(k) for k in range(n)])
    rows = np.arange(len(j))
    table = np.zeros((len(j), n + 1), dtype=np.int64)
    table[:, 0] = 1
    table[rows, j] = -1
    table[:, -1] = -(i + 1)
    return braid(n).with_rows(table.astype(object))


def ish_b(n: int) -> Arrangement:
    """The Ish arrangement of type B: B_n, and x_i = a for i − n ≤ a ≤ n − i + 1, in R^n.

    It has the characteristic polynomial (t − 2n)^n of the Shi arrangement of type B_n, and so
    (2n+1)^n cells. (SageMath's ``IshB``.)

    Parameters
    ----------
    n : int
        Dimension, at least 1; 2n² hyperplanes.

    Raises
    ------
    InputError
        If n is not an integer of at least 1; SizeError if there would be too many hyperplanes.

    References
    ----------
    T. N. Tran and S. Tsujie, *A type B analog of Ish arrangement* (2023), arXiv:2304.14676.

    Examples
    --------
    >>> from arrangement.families import ish_b
    >>> ish_b(2).rows[4:].tolist()  # x_1 = -1, 1, 2 and x_2 = 1
    [[1, 0, 1], [1, 0, -1], [1, 0, -2], [0, 1, -1]]
    >>> ish_b(2).n_cells()
    25
    """
    n = size("ish_b", n, least=1)
    refuse_if_large(f"ish_b({n})", 2 * n * n, n)
    rows = [
        [*(int(k == i) for k in range(n)), -a]
        for i in range(n)
        for a in range(i + 1 - n, n - i + 1)
        if a
    ]
    mirrors = roots("B", n, f"ish_b({n})")
    return Arrangement(mirrors).with_rows(np.array(rows, dtype=object))


def _of_roots(name: str, n: int | str, m: int, above: int) -> Arrangement:
    """α·x = above − m, …, m for the positive roots α, of type A_(n−1) or of a named type."""
    m = size(f"{name}: the multiplicity", m, least=0)
    refuse_if_large(f"{name} of multiplicity {m}", 2 * m, 1)
    constants = range(above - m, m + 1)
    if not isinstance(n, str):
        return _differences(name, n, constants)
    letter, rank, _ = root_system(n, name)
    mirrors = roots(letter, rank, name)
    refuse_if_large(f"{name}({n!r}, {m})", len(constants) * len(mirrors), mirrors.shape[1])
    scale = 2 if letter in "EF" else 1  # of the roots
    normals = np.repeat(positive(mirrors), len(constants), axis=0)
    return Arrangement(normals, -scale * np.tile(constants, len(mirrors)))


def _differences(name: str, n: int, constants: Sequence[int]) -> Arrangement:
    """x_i − x_j = c for i < j and c in the constants."""
    n = size(name, n, least=1)
    refuse_if_large(f"{name}({n})", len(constants) * n * (n - 1) // 2, n)
    i, j = (np.repeat(index, len(constants)) for index in np.triu_indices(n, k=1))
    normals = np.zeros((len(i), n), dtype=np.int64)
    rows = np.arange(len(i))
    normals[rows, i] = 1
    normals[rows, j] = -1
    return Arrangement(normals, -np.tile(constants, n * (n - 1) // 2))
