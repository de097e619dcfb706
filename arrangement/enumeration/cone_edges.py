"""The extreme rays of a cone, and the walls that each lies on, in exact numbers."""

from __future__ import annotations

from itertools import product
from math import lcm, prod

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.exact.numbers import primitive
from arrangement.exact.polyhedron import cut_rays
from arrangement.memory import refuse

__all__ = ["FEWER", "Edges", "cut_simplex", "rays_of"]

Integers = NDArray[np.object_]
Edges = tuple[Integers, list[int]]
"""Rays, and which walls each lies on."""

FEWER = "take fewer hyperplanes, or a domain with fewer walls"


def rays_of(walls: Integers) -> Edges | None:
    """The extreme rays of the open cone {x : walls x > 0}; None where it contains lines.

    Parameters
    ----------
    walls : ndarray of Python ints, shape (m, D)

    Returns
    -------
    rays : ndarray of Python ints, shape (r, D)
        Of any length; they are those of an empty cone, too.
    masks : list of int
        Bit i is 1 where the ray lies on wall i.

    Examples
    --------
    >>> import numpy as np
    >>> rays, masks = rays_of(np.array([[1, 0], [-1, 2]], dtype=object))
    >>> rays.tolist(), masks
    ([[2, 1], [0, 1]], [2, 1])
    """
    if (box := _rays_of_box(walls)) is not None:
        return box
    chosen = exact.independent_columns(walls.T)
    if not len(walls) or len(chosen) < walls.shape[1]:
        return None
    return cut_simplex(walls, chosen)[1]


def cut_simplex(
    sides: Integers, chosen: list[int], m: int | None = None
) -> tuple[Integers, Edges]:
    """The lines, and the rays with what they lie on, of a cone of m walls.

    Parameters
    ----------
    sides : ndarray of Python ints, shape (k, D)
        First the walls, which are all unless m is given.
    chosen : list of int
        As many independent sides as there are coordinates, ascending.
    """
    m = len(sides) if m is None else m
    D = sides.shape[1]
    edges = [primitive(y) for y in exact.inverse(sides[chosen])[0].T]
    masks = [sum(1 << i for i in chosen if i != k) for k in chosen]
    pointed = sum(i < m for i in chosen)
    rays = list(zip(edges[:pointed], masks[:pointed], strict=True))
    rays = cut_rays(rays, sides, [i for i in range(m) if i not in chosen], D)
    lines = np.array(edges[pointed:], dtype=object).reshape(-1, D)
    found = np.array([y for y, _ in rays], dtype=object).reshape(-1, D)
    return lines, (found, [mask for _, mask in rays])


def _rays_of_box(walls: Integers) -> Edges | None:
    """The rays of the cone over a box with a corner, and the walls that each lies on.

    Those over the corners, and a direction for each coordinate that is bounded on one side.

    Parameters
    ----------
    walls : ndarray of Python ints, shape (m, D)
        Bounds on all coordinates but the last, which the last wall says to be positive.

    Returns
    -------
    rays : ndarray of Python ints, shape (r, D)
    masks : list of int
        None where these are other walls, the box is empty, or a bound is given twice.
    """
    *bounds, infinity = walls.tolist() if len(walls) else [[]]
    d = len(infinity) - 1
    ends: list[dict[bool, tuple[int, int, int]]] = [{} for _ in range(d)]
    for i, wall in enumerate(bounds):
        places = [j for j, v in enumerate(wall) if v]
        if len(places) - (wall[-1] != 0) != 1 or not {*map(type, wall)} <= {int}:
            return None
        j = places[0]
        if (upper := wall[j] < 0) in ends[j]:
            return None
        ends[j][upper] = (wall[-1] if upper else -wall[-1]), abs(wall[j]), i
    if not all(ends) or infinity != [0] * d + [1]:
        return None
    count = prod(map(len, ends))
    refuse(16 * count * (d + 10), f"the {count:,} corners of the domain", FEWER)
    scale = lcm(*(q for pair in ends for _, q, _ in pair.values()))
    numbers = [{side: p * (scale // q) for side, (p, q, _) in pair.items()} for pair in ends]
    if not all(pair[False] < pair[True] for pair in numbers if len(pair) == 2):
        return None
    rays = [[*corner, scale] for corner in product(*(pair.values() for pair in numbers))]
    bits = ([1 << i for _, _, i in pair.values()] for pair in ends)
    masks = [sum(corner) for corner in product(*bits)]
    for j, pair in enumerate(ends):
        if len(pair) == 1:
            ((upper, (_, _, i)),) = pair.items()
            rays.append([(-scale if upper else scale) * (c == j) for c in range(d + 1)])
            masks.append((1 << len(walls)) - 1 - (1 << i))
    return np.array(rays, dtype=object), masks
