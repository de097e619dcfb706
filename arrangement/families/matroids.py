"""Central arrangements of named matroids that have real coordinates."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product
from typing import Any

import numpy as np

from arrangement.arrangement import Arrangement
from arrangement.errors import InputError
from arrangement.exact.numbers import shown
from arrangement.families.regular import half_turn

__all__ = ["CIRCUITS", "matroid"]


def matroid(name: str) -> Arrangement:
    """A central arrangement whose normals represent a named matroid.

    Parameters
    ----------
    name : str
        Of rank 3, points of the plane and the lines with more than two of them: ``"pappus"``
        has 9 points and 9 lines of three, ``"desargues"`` 10 and 10, ``"non-fano"`` 7 and 6,
        the ``"whirl"`` W^3 6 and 3, ``"r6"`` 6 and 2, ``"q6"`` 6 and 2 with a common point,
        ``"p6"`` 6 and 1; ``"betsy-ross"`` has 11, 5 lines of four and 5 of three, over Q(√5).
        Of rank 4: ``"r8"``, the vertices of a cube, and ``"p8"``, those of a cube with one face
        turned by 45°. (Fano's, the non-Pappus and Vámos' matroid have no real coordinates.)

    Raises
    ------
    InputError
        If it is none of these.

    References
    ----------
    J. Oxley, *Matroid Theory* (2nd ed., 2011), Appendix.

    Examples
    --------
    >>> from arrangement.families import matroid
    >>> matroid("pappus").characteristic_polynomial()
    (1, -9, 27, -19)
    >>> [len(flat.hyperplanes) for flat in matroid("q6").flats(2)].count(3)
    2
    """
    if not isinstance(name, str) or name not in _VECTORS:
        raise InputError(f"matroid: {shown(name)} is none of {', '.join(_VECTORS)}")
    return Arrangement(_VECTORS[name]())


CIRCUITS = {
    "betsy-ross": (11, 3, {4: 5, 3: 5}),
    "desargues": (10, 3, {3: 10}),
    "non-fano": (7, 3, {3: 6}),
    "p6": (6, 3, {3: 1}),
    "p8": (8, 4, {4: 10}),
    "pappus": (9, 3, {3: 9}),
    "q6": (6, 3, {3: 2}),
    "r6": (6, 3, {3: 2}),
    "r8": (8, 4, {4: 12}),
    "whirl": (6, 3, {3: 3}),
}
"""The number of elements, the rank, and how many hyperplanes have how many elements, where that
is at least the rank; any fewer elements than the rank are independent."""


def _betsy_ross() -> list[list[Any]]:
    """A regular pentagon, the crossings of its diagonals, and the centre."""
    cos, sin = half_turn(5)
    square = 4 * cos[1] * cos[1]  # of the golden ratio, by which the crossings are smaller
    outer = [[cos[k], sin[k], 1] for k in range(0, 10, 2)]
    return [*outer, *([-x, -y, square] for x, y, _ in outer), [0, 0, 1]]


def _desargues() -> list[list[int]]:
    """The lines through two of five points of space, as points of the plane at infinity."""
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [-1, -1, -2], [1, 1, -1]])
    return [(p - q).tolist() for p, q in combinations(points, 2)]


def _pappus() -> list[list[int]]:
    """Three points on each of two lines, and where the lines that join them cross."""
    one, other = [[0, 0, 1], [1, 0, 1], [3, 0, 1]], [[0, 1, 1], [1, 1, 1], [2, 1, 1]]
    return [*one, *other, [1, 1, 2], [6, 3, 5], [5, 2, 3]]


def _with_identity(*rows: list[int]) -> list[list[int]]:
    return [*np.eye(len(rows[0]), dtype=int).tolist(), *rows]


_VECTORS: dict[str, Callable[[], list[list[Any]]]] = {
    "betsy-ross": _betsy_ross,
    "desargues": _desargues,
    "non-fano": lambda: _with_identity([1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 1]),
    "p6": lambda: _with_identity([1, 1, 0], [1, 2, 1], [1, 3, 4]),
    "p8": lambda: _with_identity([0, 1, 1, 2], [1, 0, 1, 1], [1, 1, 0, 1], [2, 1, 1, 0]),
    "pappus": _pappus,
    "q6": lambda: _with_identity([1, 1, 0], [1, 0, 1], [1, 2, 3]),
    "r6": lambda: _with_identity([1, 1, 0], [1, 2, 1], [1, 2, 2]),
    "r8": lambda: [[1, *signs] for signs in product((-1, 1), repeat=3)],
    "whirl": lambda: _with_identity([1, 1, 0], [0, 1, 1], [1, 0, 1]),
}
