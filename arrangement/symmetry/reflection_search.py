"""The reflections among the linear symmetries of vectors, whatever the coordinates.

A reflection b ↦ b − 2·b(v)/a(v)·a of functionals that permutes vectors up to scale moves one of
a basis, b_i ↦ c·b_j say: then a is a multiple of b_i − c·b_j, or of b_i itself if j = i. In
coordinates where all symmetries of the vectors are orthogonal, and the vectors as long as each
other, c is ±1: few candidates are left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from arrangement import exact
from arrangement.errors import SizeError
from arrangement.exact.radicals import nth_root
from arrangement.symmetry.automorphisms import Automorphisms, projections

__all__ = ["find_reflections", "reflection_of", "reflections_like"]

Integers = NDArray[np.object_]
Pair = tuple[Integers, Integers]
"""The mirror a, a functional, and the direction v of a reflection."""

MOST_VECTORS = 2**11
"""Of more, reflections are not looked for: products of all pairs take hundreds of megabytes."""

NEAR = 1e-6
"""Numbers that differ by less may be equal: a wrong guess costs time only."""

FAR = 1e2
"""Condition number of a basis of which a reflection moves some vector far enough."""

FIRST = 8
"""Vectors whose images are looked for before those of all."""


def find_reflections(automorphisms: Automorphisms) -> list[Pair]:
    """Reflections that generate all of those that permute connected vectors up to scale.

    Parameters
    ----------
    automorphisms : Automorphisms
        Of vectors that are no direct sum.

    Returns
    -------
    list of (mirror, direction)
        Some may be missing where float64 does not tell the vectors apart, or where there are
        too many of them. Each permutes the vectors, exactly.

    Examples
    --------
    >>> from arrangement import families
    >>> rows = families.threshold(2).rows[:, :-1]  # 1 and two inputs, which are 0 or 1
    >>> found = find_reflections(Automorphisms(rows, False))
    >>> from arrangement.symmetry.reflection_groups import ReflectionGroup
    >>> ReflectionGroup(*zip(*found)).coxeter_type
    'B3'
    """
    known: set[tuple[int, ...]] = set()
    used: list[tuple[int, ...]] = []
    found: list[Pair] = []
    for permutation in _candidates(automorphisms):
        if permutation in known or not (pairs := reflections_like(automorphisms, permutation)):
            continue
        found += pairs
        used.append(permutation)
        # The conjugates by what is known are reflections, too, and need no proof.
        waiting = [permutation, *known]
        known.add(permutation)
        while waiting:
            g = np.array(waiting.pop())
            for h in map(np.array, used):
                conjugate = tuple(h[g[h]].tolist())
                if conjugate not in known:
                    known.add(conjugate)
                    waiting.append(conjugate)
    return found


def _candidates(automorphisms: Automorphisms) -> Iterator[tuple[int, ...]]:
    """Involutions of the vectors that are reflections as far as float64 tells."""
    if automorphisms.n == len(automorphisms.vectors) == 1:
        yield (0,)
    elif 0 < automorphisms.n <= MOST_VECTORS:
        for vectors in projections(automorphisms):
            yield from _involutions(automorphisms, vectors)


def _involutions(
    automorphisms: Automorphisms, vectors: NDArray[np.float64]
) -> Iterator[tuple[int, ...]]:
    """Those by the products P of the scaled vectors."""
    m, width = vectors.shape
    forms = vectors @ vectors.T
    basis = exact.independent_columns(automorphisms.vectors.T)
    if np.linalg.cond(vectors[basis]) > FAR:
        basis = qr(vectors.T, mode="r", pivoting=True)[1][:width].tolist()
    height = forms @ np.random.default_rng(0).normal(size=m)
    order = np.argsort(np.abs(height))
    ordered = np.abs(height)[order]
    tolerance = NEAR * ordered[-1]

    def images(which: NDArray[np.int64], columns: slice) -> NDArray[np.int64]:
        """For each candidate the vectors that are nearest, −1 where none is near."""
        moved = np.abs(height[columns] - shift[which, None] * products[which, columns])
        at = np.clip(np.searchsorted(ordered, moved), 1, m - 1)
        at -= moved - ordered[at - 1] < ordered[at] - moved
        return np.where(np.abs(ordered[at] - moved) < tolerance, order[at], -1)

    for i in basis:
        for sign in (1.0, -1.0):
            # Row j has the products of all vectors with the mirror u_i − sign·u_j.
            products = forms[i] - sign * forms
            size = products[:, i] - sign * np.diagonal(products)
            possible = size > NEAR
            if automorphisms.infinity:
                possible &= np.abs(products[:, -1]) < NEAR
            heights = height[i] - sign * height
            shift = 2 * heights / np.where(possible, size, 1.0)
            which = np.flatnonzero(possible)
            which = which[(images(which, slice(FIRST)) >= 0).all(axis=1)]
            for image in images(which, slice(None)):
                if (image >= 0).all() and (image[image] == np.arange(m)).all():
                    yield tuple(image[: automorphisms.n].tolist())


def reflections_like(automorphisms: Automorphisms, permutation: Sequence[int]) -> list[Pair]:
    """The reflections that permute connected vectors like this, up to scale.

    Two in a plane, where the opposite of a reflection is one; else at most one. Where the
    mirrors are irrational, they are in a field of degree 32 at most.

    Examples
    --------
    >>> rows = np.array([[1, 0], [0, 1], [1, 1]], dtype=object)
    >>> [a.tolist() for a, _ in reflections_like(Automorphisms(rows, False), (1, 0, 2))]
    [[Fraction(1, 1), Fraction(-1, 1)], [Fraction(1, 1), Fraction(1, 1)]]
    """
    T = automorphisms.linear_map(permutation)
    if T is None:
        return []
    rank = len(T)
    trace = sum(T.diagonal())
    if automorphisms.infinity:
        fixed = next(v for v in T[-1] if v)
        factors = [exact.ratio(1, fixed)]
    elif rank == 2:
        square = T[0] @ T[:, 0]
        if trace or exact.sign(square) <= 0:
            return []
        try:
            root = nth_root(square, 2)
        except SizeError:
            return []
        factors = [exact.ratio(1, root), exact.ratio(-1, root)]
    else:
        if not trace:
            return []
        factors = [exact.ratio(rank - 2, trace)]
    found = (reflection_of(factor * T) for factor in factors)
    return [pair for pair in found if pair is not None]


def reflection_of(T: Integers) -> Pair | None:
    """The mirror a and direction v of the matrix T = 1 − 2·v aᵀ/(a·v), if it is one.

    Examples
    --------
    >>> [part.tolist() for part in reflection_of(np.array([[0, 1], [1, 0]], dtype=object))]
    [[1, -1], [1, -1]]
    """
    rest = np.eye(len(T), dtype=int) - T
    place = next(zip(*np.nonzero(rest), strict=True), None)
    if place is None:
        return None
    i, j = place
    a, v, size = rest[i], rest[:, j], rest[i, j]
    if sum(rest.diagonal()) != 2 or (rest * size != np.outer(v, a)).any():
        return None
    return a, v


def of_single_vectors(n: int) -> list[Pair]:
    """Reflections that generate all those which permute n independent vectors ± up to sign.

    Examples
    --------
    >>> [a.tolist() for a, _ in of_single_vectors(2)]
    [[1, 0], [0, 1], [1, -1]]
    """
    unit = np.array(np.eye(n, dtype=int), dtype=object)
    mirrors = [*unit, *(unit[i] - unit[j] for i, j in combinations(range(n), 2))]
    return [(a, a) for a in mirrors]
