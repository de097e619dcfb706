"""Arrangements of polytopes: the hyperplanes of their facets, and those dual to zonotopes."""

from __future__ import annotations

from typing import Any

import numpy as np

from arrangement import exact
from arrangement.arrangement import Arrangement
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_table, primitive
from arrangement.exact.one_field import in_one_field
from arrangement.exact.polyhedron import extreme_rays
from arrangement.families.sizes import refuse_if_large

__all__ = ["facets", "zonotope"]


def facets(points: Any) -> Arrangement:
    """The hyperplanes of the facets of a polytope, positive inside.

    Parameters
    ----------
    points : array_like, shape (m, d)
        Points whose convex hull is the polytope, exact; they may be no vertices.

    Raises
    ------
    InputError
        If they are no points, or lie in a hyperplane; the message names the point.

    References
    ----------
    G. M. Ziegler, *Lectures on Polytopes* (1995), §1.1 and §2.

    Examples
    --------
    >>> from arrangement.families import facets
    >>> facets([[0, 0], [2, 0], [1, 0], [0, 1]]).rows.tolist()
    [[-1, -2, 2], [0, 1, 0], [1, 0, 0]]
    """
    table = exact_table(points, "facets: points", "row", 2, irrational=True)
    refuse_if_large(f"facets of {len(table)} points: they", *table.shape)
    lifted = np.empty((len(table), table.shape[1] + 1), dtype=object)
    for row, point in zip(lifted, table, strict=True):
        row[:] = primitive([*point, 1])
    if not len(lifted) or exact.rank(lifted) < lifted.shape[1]:
        raise InputError("facets: the points lie in a hyperplane, so that there are none")
    rows = sorted(row for row, _ in extreme_rays(in_one_field(lifted), 0))
    table = np.array(rows, dtype=object)
    return Arrangement(table[:, :-1], table[:, -1])


def zonotope(generators: Any) -> Arrangement:
    """The arrangement dual to a zonotope: the hyperplanes orthogonal to its generators.

    Its cells are the normal cones of the vertices of Σ_i [−g_i, g_i], and its faces those of
    the faces. Zero vectors are left out, and of parallel ones all but the first.

    Parameters
    ----------
    generators : array_like, shape (m, d)
        The vectors g_i, exact.

    Raises
    ------
    InputError
        If they are no vectors.

    References
    ----------
    G. M. Ziegler, *Lectures on Polytopes* (1995), Theorem 7.16.

    Examples
    --------
    >>> from arrangement.families import zonotope
    >>> hexagon = zonotope([[1, 0], [0, 1], [1, 1], [2, 2], [0, 0]])
    >>> len(hexagon), hexagon.n_cells()
    (3, 6)
    """
    table = exact_table(generators, "zonotope: generators", "row", 2, irrational=True)
    refuse_if_large("zonotope", *table.shape)
    lines = Arrangement(table[[i for i, row in enumerate(table) if any(row)]])
    return lines.chosen(lines.different)
