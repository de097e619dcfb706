"""Regular polygons and polytopes: simplicial arrangements of planes, and planes of facets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import permutations, product
from typing import Any

from arrangement.arrangement import Arrangement
from arrangement.errors import InputError
from arrangement.exact.fields import NumberField
from arrangement.exact.numbers import shown
from arrangement.exact.radicals import cosine
from arrangement.families.sizes import size

__all__ = ["cell600_vertices", "half_turn", "regular_polytope", "simplicial"]


def simplicial(series: int, n: int) -> Arrangement:
    """A simplicial arrangement of n planes in R^3 of one of the three infinite series.

    Every cell is a cone with three facets. As lines of the projective plane these are

    - series 0: a near-pencil, n − 1 lines through a point and one off it, n ≥ 3;
    - series 1: the m sides of a regular polygon and its m axes of symmetry, n = 2m ≥ 6;
    - series 2: those of a polygon with 2m sides, and the line at infinity, n = 4m + 1 ≥ 9.

    They have 4n − 4, 2m² + 2m and 8m² + 8m cells.

    Parameters
    ----------
    series : {0, 1, 2}
    n : int
        The number of planes. With coordinates of degree at most 32.

    Raises
    ------
    InputError
        If there is no such arrangement; SizeError if the coordinates have a larger degree.

    References
    ----------
    B. Grünbaum, *A catalogue of simplicial arrangements in the real projective plane*, Ars
    Math. Contemp. 2 (2009).

    Examples
    --------
    >>> from arrangement.families import simplicial
    >>> [len(simplicial(k, n).cells()) for k, n in ((0, 6), (1, 10), (2, 13))]
    [20, 60, 96]
    """
    series, n = size("simplicial", series, least=0), size("simplicial", n, least=3)
    if series > 2:
        raise InputError(f"simplicial: series {series} is none of 0, 1, 2")
    if series == 0:
        pencil = [[1, k, 0] for k in range(n - 2)]
        return Arrangement([[0, 0, 1], [0, 1, 0], *pencil])
    sides, rest = divmod(n, 2)
    if (series == 1 and (rest or n < 6)) or (series == 2 and (n % 4 != 1 or n < 9)):
        numbers = "even, at least 6" if series == 1 else "4m + 1, at least 9"
        raise InputError(f"simplicial: series {series} has n planes with n {numbers}; not {n}")
    # The second coordinate is in units of sin(π/sides), so that only cosines are left.
    cos, sin = half_turn(sides)
    sine = 1 - cos[1] * cos[1]
    planes = [[cos[2 * k], sin[2 * k], -1] for k in range(sides)]
    planes += [[-sine * sin[k], cos[k], 0] for k in range(sides)]
    return Arrangement([*planes, [0, 0, 1]] if series == 2 else planes)


def regular_polytope(name: str) -> Arrangement:
    """The hyperplanes of the facets of a regular polytope with irrational coordinates.

    Parameters
    ----------
    name : {"dodecahedron", "icosahedron", "24-cell", "120-cell", "600-cell"}
        12 and 20 planes in R^3; 24, 120 and 600 hyperplanes in R^4. (The 24-cell is rational.)

    Raises
    ------
    InputError
        If it is none of these.

    References
    ----------
    H. S. M. Coxeter, *Regular Polytopes* (1973), §3.7 and §8.7; H. S. M. Coxeter, P. Du Val,
    H. T. Flather and J. F. Petrie, *The Fifty-Nine Icosahedra* (1938).

    Examples
    --------
    >>> from arrangement.families import regular_polytope
    >>> regular_polytope("dodecahedron").n_bounded_cells()  # 1 + 12 + 30 + 20
    63
    """
    if not isinstance(name, str) or name not in _FACETS:
        raise InputError(f"regular_polytope: {shown(name)} is none of {', '.join(_FACETS)}")
    normals = list(_FACETS[name]())
    return Arrangement(normals, [-1] * len(normals))


def _golden_ratio() -> Any:
    """(1 + √5)/2 as a field element."""
    return NumberField([1, -1, -1], (1, 2)).generator


def half_turn(m: int) -> tuple[list[Any], list[Any]]:
    """cos(kπ/m) and sin(kπ/m) / sin(π/m) for k = 0, …, 2m − 1.

    Examples
    --------
    >>> half_turn(4)[0][:3], half_turn(4)[1][:4]
    ([1, 1/2*sqrt(2), 0], [0, 1, sqrt(2), 1])
    """
    double = 2 * cosine(Fraction(1, 2 * m))
    cos: list[Any] = [1, double * Fraction(1, 2)]
    sin: list[Any] = [0, 1]
    for values in (cos, sin):
        while len(values) < 2 * m:
            values.append(double * values[-1] - values[-2])
    return cos, sin


def _signed(point: Sequence[Any]) -> Iterator[list[Any]]:
    """The points with all choices of signs of the non-zero coordinates."""
    for signs in product(*((1, -1) if v else (1,) for v in point)):
        yield [s * v for s, v in zip(signs, point, strict=True)]


def _permuted(point: Sequence[Any], even: bool = False) -> Iterator[list[Any]]:
    """The points with coordinates permuted, perhaps evenly, and signs chosen."""
    found = dict.fromkeys(
        tuple(point[i] for i in order)
        for order in permutations(range(len(point)))
        if not even or _is_even(order)
    )
    for place in found:
        yield from _signed(place)


def _is_even(order: Sequence[int]) -> bool:
    """Is a permutation even?"""
    inversions = sum(order[i] > order[k] for k in range(len(order)) for i in range(k))
    return inversions % 2 == 0


# A facet is where a vertex of the dual polytope, as a linear form, is largest.


def _icosahedron_vertices() -> Iterator[list[Any]]:
    yield from _permuted([0, 1, _golden_ratio()], even=True)


def _dodecahedron_vertices() -> Iterator[list[Any]]:
    t = _golden_ratio()
    yield from _signed([1, 1, 1])
    yield from _permuted([0, t, t - 1], even=True)


def _cell24_vertices() -> Iterator[list[Any]]:
    yield from _permuted([1, 1, 0, 0])


def cell600_vertices() -> Iterator[list[Any]]:
    """The 120 vertices of the 600-cell with circumradius 2."""
    t = _golden_ratio()
    yield from _permuted([2, 0, 0, 0])
    yield from _signed([1, 1, 1, 1])
    yield from _permuted([t, 1, t - 1, 0], even=True)


def _cell120_vertices() -> Iterator[list[Any]]:
    t = _golden_ratio()
    s, root = t - 1, 2 * t - 1  # 1/τ and √5
    for point in ([0, 0, 2, 2], [1, 1, 1, root], [s * s, t, t, t], [s, s, s, t * t]):
        yield from _permuted(point)
    for point in ([0, s * s, 1, t * t], [0, s, t, root], [s, 1, t, 2]):
        yield from _permuted(point, even=True)


_FACETS = {
    "dodecahedron": _icosahedron_vertices,
    "icosahedron": _dodecahedron_vertices,
    "24-cell": _cell24_vertices,
    "120-cell": cell600_vertices,
    "600-cell": _cell120_vertices,
}
