"""Triangulations of polytopes given by their vertices, and the volumes of simplices, exactly.

What :mod:`arrangement.networks.proofs.verify` needs, and apart from the engine like it:
integers and the standard library only.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import factorial
from operator import or_

__all__ = [
    "MOST_STEPS", "Point", "Simplices", "Undecided", "Volume", "Work", "added", "cost",
    "counted", "determinant", "equations", "facets", "pulled", "volume", "volume_steps",
]  # fmt: skip

Point = tuple[int, ...]
"""Numerators and, last, their positive common denominator."""

Simplices = list[tuple[int, ...]]
"""Each by the numbers of its vertices."""

Volume = tuple[int, frozenset[int]]
"""A numerator, and the points whose denominators are multiplied in the denominator."""

MOST_STEPS = 5e8
"""About a minute of work; a longer check is not begun, unless the limit is raised."""


class Undecided(Exception):
    """The check would take more work than is allowed."""


class Work:
    """Steps that may still be taken; a step is a multiplication of small integers.

    Parameters
    ----------
    limit : float
    """

    def __init__(self, limit: float) -> None:
        self.limit = self.left = limit

    def spend(self, steps: float, what: str) -> None:
        """Take steps, or raise Undecided if there are not so many left."""
        self.left -= steps
        if self.left < 0:
            raise Undecided(
                f"{what}: at least {self.limit - self.left:.2g} steps are needed, "
                f"{self.limit:.2g} are allowed"
            )


def cost(bits: float) -> float:
    """What a multiplication of integers of so many bits takes, in steps."""
    return 1 + float(bits / 300) ** 1.585


def equations(tight: Sequence[int], ignored: int = 0) -> set[int]:
    """For each inequality the points at which it is an equation, as bits, without repetition.

    Parameters
    ----------
    tight : sequence of int
        The inequalities that are equations at each point, as bits.
    ignored : int
        Inequalities that do not count.

    Examples
    --------
    >>> sorted(equations([0b01, 0b11, 0b10]))
    [3, 6]
    """
    sets = set()
    left = reduce(or_, tight, 0) & ~ignored
    while left:
        bit = left & -left
        sets.add(sum(1 << v for v, bits in enumerate(tight) if bits & bit))
        left ^= bit
    return sets


def facets(face: int, faces: set[int], work: Work) -> list[int]:
    """The largest faces in a face, in order: its facets, and others where `faces` lacks some.

    Parameters
    ----------
    face : int
        Points as bits.
    faces : set of int
        Sets of points on which inequalities are equations: all faces are their intersections.
    work : Work

    Raises
    ------
    Undecided
        If it takes too much work.
    """
    what, words = "the faces of a region or of the domain", 1 + face.bit_length() / 500
    work.spend(2 * len(faces) * words, what)
    parts = {face & other for other in faces} - {0, face}
    work.spend(len(parts) ** 2 * words, what)
    return sorted(p for p in parts if not any(p & q == p != q for q in parts))


def counted(
    face: int, k: int, faces: set[int], found: dict[tuple[int, int], int], work: Work
) -> int:
    """How many simplices :func:`pulled` finds; parameters and errors are the same.

    Examples
    --------
    >>> counted(0b1111, 2, {0b0011, 0b0110, 0b1100, 0b1001}, {}, Work(1e4))
    2
    """
    if k == 0:
        return int(not face & (face - 1))
    if (face, k) not in found:
        others = [f for f in facets(face, faces, work) if not f & face & -face]
        found[face, k] = sum(counted(f, k - 1, faces, found, work) for f in others)
    return found[face, k]


def pulled(
    face: int, k: int, faces: set[int], found: dict[tuple[int, int], Simplices], work: Work
) -> Simplices:
    """The pulling triangulation of a face of dimension k; none if its dimension is lower.

    The cones from the first vertex of a face over those of its facets that do not contain it.
    If `faces` lacks some, simplices are missing, but none is too many.

    Parameters
    ----------
    face, faces, work
        As for :func:`facets`.
    k : int
    found : dict
        What has been found before.

    Raises
    ------
    Undecided
        If there are too many faces.

    Examples
    --------
    A square with the vertices 0, 1, 2, 3:

    >>> pulled(0b1111, 2, {0b0011, 0b0110, 0b1100, 0b1001}, {}, Work(1e4))
    [(0, 1, 2), (0, 2, 3)]
    """
    if k == 0:
        return [] if face & (face - 1) else [(face.bit_length() - 1,)]
    if (face, k) not in found:
        first = face & -face
        found[face, k] = [
            (first.bit_length() - 1, *simplex)
            for facet in facets(face, faces, work)
            if not facet & first
            for simplex in pulled(facet, k - 1, faces, found, work)
        ]
    return found[face, k]


def volume_steps(count: int, points: Sequence[Point]) -> float:
    """What it takes to find so many simplices with corners among points, and their volumes."""
    d = len(points[0]) - 1
    sizes = sorted(max(map(int.bit_length, x)) for x in points)
    return count * (20 * d + d**3 * cost(sum(sizes[-d - 1 :])))


def volume(simplices: Simplices, points: Sequence[Point]) -> Volume:
    """The sum of the volumes of simplices, times d!.

    Examples
    --------
    >>> square = [(0, 0, 1), (1, 0, 2), (1, 1, 2), (0, 1, 2)]
    >>> total = volume([(0, 1, 2), (0, 2, 3)], square)
    >>> added([total], square)
    (4, 16)
    """
    terms = [(abs(determinant([points[v] for v in s])), frozenset(s)) for s in simplices]
    return _total(terms, [x[-1] for x in points])


def added(volumes: Sequence[Volume], points: Sequence[Point]) -> tuple[int, int]:
    """The sum of volumes that :func:`volume` found: numerator and denominator, not reduced."""
    scales = [x[-1] for x in points]
    p, corners = _total(volumes, scales)
    return p, factorial(len(points[0]) - 1) * _product([scales[v] for v in corners])


def determinant(rows: Sequence[Sequence[int]]) -> int:
    """Bareiss's elimination, in which every division is exact.

    Examples
    --------
    >>> determinant([[0, 2], [3, 4]]), determinant([])
    (-6, 1)
    """
    M, n, sign, before = [list(row) for row in rows], len(rows), 1, 1
    for c in range(n - 1):
        pivot = next((r for r in range(c, n) if M[r][c]), None)
        if pivot is None:
            return 0
        if pivot != c:
            M[c], M[pivot], sign = M[pivot], M[c], -sign
        for r in range(c + 1, n):
            for j in range(c + 1, n):
                M[r][j] = (M[r][j] * M[c][c] - M[r][c] * M[c][j]) // before
        before = M[c][c]
    return sign * M[-1][-1] if n else 1


def _total(terms: Sequence[Volume], scales: Sequence[int]) -> Volume:
    """The sum of fractions whose denominators are products of some of the scales."""
    if len(terms) < 2:
        return terms[0] if terms else (0, frozenset())
    half = len(terms) // 2
    (p, S), (q, T) = _total(terms[:half], scales), _total(terms[half:], scales)
    left, right = (_product([scales[v] for v in more]) for more in (T - S, S - T))
    return p * left + q * right, S | T


def _product(factors: Sequence[int]) -> int:
    """By halves: factors of like size are multiplied fast."""
    if len(factors) < 2:
        return factors[0] if factors else 1
    half = len(factors) // 2
    return _product(factors[:half]) * _product(factors[half:])
