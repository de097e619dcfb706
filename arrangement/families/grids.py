"""Grids: parallel hyperplanes along every axis, or lines in many directions of the plane."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from arrangement.arrangement import Arrangement
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_table
from arrangement.families.regular import half_turn
from arrangement.families.sizes import family_generator, refuse_if_large, size

__all__ = ["grid", "multigrid"]


def grid(*sizes: int) -> Arrangement:
    """The hyperplanes x_i = 0, 1, …, sizes[i] − 1 for every axis i.

    Its cells are boxes, bounded or not: Π(sizes[i] + 1) of them, and Π(sizes[i] − 1) bounded
    ones where every axis has a hyperplane. The characteristic polynomial is Π(t − sizes[i]).

    Parameters
    ----------
    *sizes : int
        Number of hyperplanes along each axis, at least 0; as many sizes as dimensions.

    Raises
    ------
    InputError
        If a size is not an integer of at least 0, or there is none; SizeError if there would be
        too many hyperplanes.

    References
    ----------
    The product of arrangements of points on a line: P. Orlik and H. Terao, *Arrangements of
    Hyperplanes* (1992), Definition 2.13 and Lemma 2.50.

    Examples
    --------
    >>> from arrangement.families import grid
    >>> grid(2, 1).rows.tolist()
    [[1, 0, 0], [1, 0, -1], [0, 1, 0]]
    >>> cells = grid(4, 3).cells()
    >>> len(cells), int(cells.bounded.sum())
    (20, 6)
    """
    if not sizes:
        raise InputError("grid: a size for each axis is needed, as in grid(3, 4)")
    counts = [size("grid", s, least=0) for s in sizes]
    d = len(counts)
    refuse_if_large(f"grid({', '.join(map(str, counts))})", sum(counts), d)
    normals = np.repeat(np.eye(d, dtype=np.int64), counts, axis=0)
    return Arrangement(normals, -np.concatenate([np.arange(c) for c in counts]))


def multigrid(
    n: int, lines: int, shifts: Any = None, rng: int | np.random.Generator = 0
) -> Arrangement:
    """De Bruijn's multigrid: in each of n directions of the plane some parallel lines.

    Line k of direction j is x cos(jπ/n) + y sin(jπ/n) = k − γ_j, for k from 0 on; the second
    coordinate is in units of sin(π/n), as in :func:`coxeter`. The cells are the vertices of a
    tiling by rhombs, a rhomb for each crossing: of Penrose's for n = 5 and shifts whose sum is
    an integer.
    Where no three lines meet there are 1 + nl + C(n, 2) l² cells for l lines in each direction.

    Parameters
    ----------
    n : int
        Number of directions, at least 2.
    lines : int
        Number of lines in each direction, at least 0.
    shifts : sequence of n numbers, optional
        The γ_j, exact; otherwise random multiples of 10^(−6) between 0 and 1, so that no three
        lines meet with probability near one.
    rng : int or numpy.random.Generator, optional
        The seed of the shifts, or the generator to draw from.

    Raises
    ------
    InputError
        If n, lines or the seed is not such an integer, or there are not n shifts; SizeError if
        there would be too many lines, or cos π/n has a degree above 32.

    References
    ----------
    N. G. de Bruijn, *Algebraic theory of Penrose's non-periodic tilings of the plane*, Indag.
    Math. 43 (1981).

    Examples
    --------
    >>> from arrangement.families import multigrid
    >>> multigrid(5, 2).n_cells()  # 1 + 10 + 10·4
    51
    >>> multigrid(2, 2, [0, "1/2"]).rows.tolist()
    [[1, 0, 0], [1, 0, -1], [0, 2, 1], [0, 2, -1]]
    """
    n, lines = size("multigrid", n, least=2), size("multigrid", lines, least=0)
    refuse_if_large(f"multigrid({n}, {lines})", n * lines, 2)
    if shifts is None:
        drawn = family_generator("multigrid", rng).integers(1, 10**6, n)
        shifts = [Fraction(int(v), 10**6) for v in drawn]
    gamma = exact_table(shifts, "multigrid: shifts", "entry", 1, irrational=True)
    if len(gamma) != n:
        raise InputError(f"multigrid: {len(gamma)} shifts for {n} directions")
    cos, sin = half_turn(n)
    rows = [[cos[j], sin[j], gamma[j] - k] for j in range(n) for k in range(lines)]
    table = np.array(rows, dtype=object).reshape(-1, 3)
    return Arrangement(table[:, :2], table[:, 2])
