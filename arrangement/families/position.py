"""Arrangements in general position, and those that measure general position."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from arrangement.arrangement import Arrangement
from arrangement.families.sizes import family_generator, refuse_if_large, size

__all__ = ["discriminantal", "generic", "soft_discriminantal"]


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
    n = size("generic", n, least=0)
    d = size("generic", d, least=1)
    rng = family_generator("generic", rng)
    refuse_if_large(f"generic({n}, {d})", n, d)
    table = rng.standard_normal((n, d + 1))
    return Arrangement(table[:, :-1], table[:, -1])


def discriminantal(n: int, k: int, rng: int | np.random.Generator = 0) -> Arrangement:
    """The discriminantal arrangement B(n, k) of n hyperplanes in general position in R^k.

    Move hyperplane i of R^k by its offset t_i: the offsets (t_1, …, t_n) ∈ R^n for which the
    k + 1 hyperplanes of a set S meet in one point form a hyperplane of B(n, k), one for each
    S of k + 1 of 1..n. With normals a_i it is

        Σ_(i∈S) ±det(a_j : j ∈ S − i) t_i = 0,

    the determinant of the rows (a_i, t_i), i ∈ S, expanded by its last column. All of them
    contain the k-dimensional space of the translations of R^k, so the rank is n − k.

    The normals are (1, r) with r uniform on the integers of absolute value up to 10^6, drawn
    again until all k×k determinants are non-zero: the general position that Manin and
    Schechtman ask for, checked exactly. How the hyperplanes of B(n, k) meet still depends on
    the normals for special ones (Falk 1994); random ones are "very generic" with probability
    near one, which is not checked. B(n, 1) is the braid arrangement.

    Parameters
    ----------
    n : int
        Number of hyperplanes that move, at least 1; B(n, k) has C(n, k + 1) in R^n.
    k : int
        Dimension in which they move, at least 1.
    rng : int or numpy.random.Generator, optional
        The seed of the normals, or the generator to draw from.

    Raises
    ------
    InputError
        If n, k or the seed is not such an integer; SizeError if there would be too many
        hyperplanes.

    References
    ----------
    Yu. I. Manin and V. V. Schechtman, *Arrangements of hyperplanes, higher braid groups and
    higher Bruhat orders*, Adv. Stud. Pure Math. 17 (1989); M. Falk, *A note on discriminantal
    arrangements*, Proc. Amer. Math. Soc. 122 (1994); C. A. Athanasiadis, *The largest
    intersection lattice of a discriminantal arrangement*, Beiträge Algebra Geom. 40 (1999).

    Examples
    --------
    >>> from arrangement.families import braid, discriminantal
    >>> discriminantal(4, 1) == braid(4)
    True
    >>> triples = discriminantal(5, 2)  # of five lines in the plane
    >>> len(triples), triples.rank, len(triples.cells())
    (10, 3, 62)
    """
    n = size("discriminantal", n, least=1)
    k = size("discriminantal", k, least=1)
    rng = family_generator("discriminantal", rng)
    if k >= n:  # no k + 1 of n vectors, so no hyperplanes
        refuse_if_large(f"discriminantal({n}, {k})", 0, n)
        return Arrangement(np.zeros((0, n)))
    # C(n, k + 1) of absurd numbers need not be worked out: it is at least n − k.
    many = comb(n, k + 1) if min(k + 1, n - k - 1) < 100 and n < 10**6 else max(n - k, 0)
    refuse_if_large(f"discriminantal({n}, {k})", many, n)
    subsets = list(combinations(range(n), k + 1))
    while True:
        normals = np.ones((n, k), dtype=object)
        normals[:, 1:] = rng.integers(-(10**6), 10**6 + 1, size=(n, k - 1))
        rows = np.zeros((len(subsets), n), dtype=object)
        for row, S in zip(rows, subsets, strict=True):
            row[list(S)] = _dependency(normals[list(S)])
        if all(np.count_nonzero(row) == k + 1 for row in rows):
            return Arrangement(rows)


def soft_discriminantal(k: int, m: int, rng: int | np.random.Generator = 0) -> Arrangement:
    """All hyperplanes of R^(k−1) that are spanned by some of m − 1 points, in general position.

    Of the points k − 1 are at infinity, in the directions of the axes; the hyperplane that
    these span is left out. So the last of m points in general position in projective space
    can move: in the soft limit of particle physics a likelihood has one critical point in each
    bounded cell. There are C(m−1, k−1) − 1 hyperplanes; the cone over them is B(m−1, m−1−k),
    made essential: see :func:`discriminantal`.

    Parameters
    ----------
    k : int
        At least 2.
    m : int
        At least k + 1.
    rng : int or numpy.random.Generator, optional
        The seed of the points, or the generator to draw from: integers up to 10^6, drawn again
        until they are in general position.

    Raises
    ------
    InputError
        If k, m or the seed is not such an integer; SizeError if there would be too many
        hyperplanes.

    References
    ----------
    D. Agostini, T. Brysiewicz, C. Fevola, L. Kühne, B. Sturmfels and S. Telen, *Likelihood
    degenerations*, Adv. Math. 414 (2023); M. Falk, *A note on discriminantal arrangements*,
    Proc. Amer. Math. Soc. 122 (1994).

    Examples
    --------
    >>> from arrangement.families import soft_discriminantal
    >>> [soft_discriminantal(3, m).n_bounded_cells() for m in (5, 6, 7)]
    [2, 13, 42]
    """
    k = size("soft_discriminantal", k, least=2)
    m = size("soft_discriminantal", m, least=k + 1)
    rng = family_generator("soft_discriminantal", rng)
    many = comb(m - 1, k - 1) - 1 if min(k, m - k) < 100 and m < 10**6 else m
    refuse_if_large(f"soft_discriminantal({k}, {m})", many, k - 1)
    subsets = list(combinations(range(m - 1), k - 1))[1:]
    while True:
        points = np.eye(m - 1, k, 1, dtype=int).astype(object)  # (1, x), or (0, direction)
        points[k - 1 :, 0] = 1
        points[k - 1 :, 1:] = rng.integers(-(10**6), 10**6 + 1, size=(m - k, k - 1))
        rows = np.array([_dependency(points[list(S)].T) for S in subsets], dtype=object)
        if (np.count_nonzero(rows @ points.T, axis=1) == m - k).all():
            return Arrangement(rows[:, 1:], rows[:, 0])


def _dependency(vectors: NDArray[np.object_]) -> list[int]:
    """The signed maximal minors of k + 1 vectors in R^k: the coefficients of a dependency.

    The first is positive where it is not zero.
    """
    minors = [
        (-1) ** i * int(fmpz_mat(np.delete(vectors, i, axis=0).tolist()).det())
        for i in range(len(vectors))
    ]
    return minors if minors[0] >= 0 else [-v for v in minors]
