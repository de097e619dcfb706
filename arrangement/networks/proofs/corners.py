"""The vertices of a domain that is given by its inequalities, in integers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb, gcd
from operator import mul

from arrangement.networks.proofs.grammar import BadCertificate
from arrangement.networks.proofs.triangulation import MOST_STEPS, Point, Work, cost, determinant

__all__ = ["corners_of", "same_domain", "spend_corners"]


def same_domain(
    rows: Sequence[Sequence[int]], others: Sequence[Sequence[int]], limit: float = 1.0
) -> bool:
    """Are two bounded polytopes the same set of points, however their rows describe it?

    Parameters
    ----------
    rows, others : sequences of rows of int
        [g | c] with g·x + c ≥ 0.
    limit : float, optional
        As for :func:`arrangement.networks.proofs.verify.check`.

    Raises
    ------
    BadCertificate
        If one is unbounded.
    Undecided
        If there are too many rows.

    Examples
    --------
    >>> same_domain([[1, 1], [-1, 1]], [[-3, 3], [2, 2], [1, 5]])
    True
    >>> same_domain([[1, 1], [-1, 1]], [[1, 1], [-1, 2]])
    False
    """
    if len({*map(len, rows), *map(len, others)}) > 1:
        return False
    both = [[(*map(int, row),) for row in given] for given in (rows, others)]
    work = Work(MOST_STEPS * limit)
    for given in both:
        spend_corners(given, work)
    one, other = map(corners_of, both)
    return one.keys() == other.keys()


def spend_corners(given: Sequence[tuple[int, ...]], work: Work) -> None:
    """What :func:`corners_of` takes."""
    d = len(given[0]) - 1
    bits = max(abs(v).bit_length() for row in given for v in row)
    each = (d + 1) * (d**3 / 3 + 1) * cost(d * bits) + 2 * (len(given) + 1) * (d + 1)
    work.spend(comb(len(given) + 1, d) * each, f"the vertices of a domain of {len(given)} rows")


def corners_of(given: Sequence[tuple[int, ...]]) -> dict[Point, int]:
    """The vertices of a bounded domain, and on which rows (as bits) they lie.

    The domain's vertices and directions are the extreme rays (x, t) of the cone in which
    row·(x, t) ≥ 0 and t ≥ 0: vertices with t > 0, directions with t = 0.
    """
    d = len(given[0]) - 1
    rows = [*given, (*[0] * d, 1)]
    corners: dict[Point, int] = {}
    for chosen in combinations(rows, d):
        ray = [
            (-1) ** c * determinant([(*r[:c], *r[c + 1 :]) for r in chosen])
            for c in range(d + 1)
        ]
        for y in (ray, [-v for v in ray]):
            heights = [sum(map(mul, row, y)) for row in rows]
            if any(y) and min(heights) >= 0:
                if y[-1] == 0:
                    raise BadCertificate("the domain is unbounded")
                corner = tuple(v // gcd(*y) for v in y)
                corners[corner] = sum(1 << i for i, h in enumerate(heights) if h == 0)
    return corners
