"""From any arrangement to the rows that an enumerator takes, and back from their cells."""

from __future__ import annotations

from math import gcd

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from arrangement import exact
from arrangement.exact.numbers import primitive
from arrangement.exact.one_field import field_of
from arrangement.exact.packing import Words, pack_signs, unpack_signs, word_count
from arrangement.hyperplanes.hyperplanes import Hyperplanes

__all__ = [
    "Reduction",
    "all_columns",
    "decone",
    "distinct_essential_rows",
    "distinct_rows",
    "face_columns",
    "reduced",
]

Integers = NDArray[np.object_]


class Reduction:
    """The different hyperplanes of an arrangement in the coordinates that they span.

    A central arrangement is cut on one side of its last hyperplane: half the cells, one
    dimension less, and the others are their opposites.

    Parameters
    ----------
    arrangement : Arrangement

    Attributes
    ----------
    rows : ndarray of Python ints, shape (n, d + 1)
        Pairwise different hyperplanes of rank d; d may be 0, and then there is one cell.
    essential : ndarray of Python ints
        The same before a central arrangement is cut.
    copies : int
        How many cells of the arrangement one cell of the rows stands for, 1 or 2.

    Examples
    --------
    >>> from arrangement import families
    >>> half = Reduction(families.braid(3))
    >>> half.rows.tolist(), half.copies
    ([[1, -1], [1, 0]], 2)
    """

    def __init__(self, arrangement: Hyperplanes) -> None:
        self._arrangement = arrangement
        self.rows = self.essential = distinct_essential_rows(arrangement)
        self._last = -1
        if arrangement.is_central and len(self.rows):
            self._last = len(self.rows) - 1
            self.rows = decone(self.rows[:, :-1])
        self.copies = 1 if self._last < 0 else 2

    def expand(self, words: Words) -> Words:
        """Packed signs on the arrangement's hyperplanes from those on the rows."""
        if self._last >= 0:
            n = self._last + 1
            half = np.pad(words, ((0, 0), (0, word_count(n) - words.shape[1])))
            half[:, self._last >> 6] |= np.uint64(1) << np.uint64(self._last & 63)
            words = np.concatenate([half, half ^ pack_signs(np.ones((1, n), dtype=np.int8))])
        return all_columns(self._arrangement, words)


def distinct_essential_rows(arrangement: Hyperplanes) -> Integers:
    """One row per different hyperplane, by lowest index, in coordinates that span.

    Cells, faces and flats do not depend on coordinates: where the given ones make minors large,
    others are taken, see :func:`reduced`.
    """
    columns = exact.independent_columns(arrangement.rows[:, :-1])
    return reduced(distinct_rows(arrangement)[:, [*columns, arrangement.dimension]])


def reduced(rows: Integers) -> Integers:
    """Affine rows in coordinates in which their minors are small, if there are such.

    The coordinates of the first independent rows: these become multiples of the unit vectors,
    with offset 0, so that the basis and origin in which the rows were given do not matter.
    Then the columns are shortened by lattice reduction (Lenstra, Lenstra and Lovász 1982).

    Examples
    --------
    >>> import numpy as np
    >>> far = np.array([[300, 70, 10**9], [200, -1, 7], [500, 69, 10**9 + 7]], dtype=object)
    >>> reduced(10**5 * far + far).tolist()
    [[1, 0, 0], [0, 1, 0], [1, 1, 0]]
    """
    bound = exact.minor_bound(rows)
    if 2 * bound**2 <= exact.FLOAT_EXACT_LIMIT or field_of(rows) is not None:
        return rows
    base = exact.independent_columns(rows[:, :-1].T)
    if not 0 < len(base) == rows.shape[1] - 1:
        return rows
    inverse, scale = exact.inverse(rows[base, :-1])
    normals = rows[:, :-1] @ inverse
    offsets = scale * rows[:, -1] - normals @ rows[base, -1]
    # Offsets with denominators make normals long: units in which they are primitive, too.
    lengths = np.array([gcd(*row) for row in rows[base, :-1]], dtype=object)
    tried = [_shortened(normals * units, offsets) for units in (1, lengths)]
    return min([*tried, rows], key=exact.minor_bound)


def _shortened(normals: Integers, offsets: Integers) -> Integers:
    """Primitive rows, the normals shortened by lattice reduction of their columns."""
    # Without the type, integers on either side of 2^63 would become floats.
    rows = [primitive(row) for row in np.column_stack([normals, offsets])]
    moved = np.array(rows, dtype=object)
    moved[:, :-1] = np.array(fmpz_mat(moved[:, :-1].T.tolist()).lll().tolist(), dtype=object).T
    return np.vectorize(int, otypes=[object])(moved)


def distinct_rows(arrangement: Hyperplanes) -> Integers:
    """One row per different hyperplane, by lowest index."""
    return arrangement.rows[arrangement.different]


def all_columns(
    arrangement: Hyperplanes,
    words: Words,
    oriented: bool = True,
    sides: NDArray[np.int8] | None = None,
) -> Words:
    """From one bit per different hyperplane to one bit per hyperplane.

    A copy that is oriented against the lowest one gets the opposite bit, unless the bits are
    no signs (`oriented` False). Where signs are known (`sides`, 0 for unknown), there are bits
    for the others alone.
    """
    first, orientation = arrangement.coincidence
    known = np.zeros_like(orientation) if sides is None else sides
    different = arrangement.different
    different = different[known[different] == 0]
    k = len(different)
    if k == len(first):
        return words
    unknown = known[first] == 0
    position = np.searchsorted(different, first[unknown])
    factor = np.where(unknown, -orientation if oriented else np.int8(-1), known)
    turned = pack_signs(factor[None])
    result = np.empty((len(words), word_count(len(first))), dtype=np.uint64)
    block = max(1, 2**24 // len(first))
    for start in range(0, len(words), block):
        signs = np.full((len(words[start : start + block]), len(first)), 0, dtype=np.int8)
        signs[:, unknown] = unpack_signs(words[start : start + block], k)[:, position]
        result[start : start + block] = pack_signs(signs) ^ turned
    return result


def face_columns(arrangement: Hyperplanes, positive: Words, zero: Words) -> tuple[Words, Words]:
    """Faces from one bit per different hyperplane to one bit per hyperplane.

    Parameters
    ----------
    positive, zero : ndarray of uint64, shape (m, words)
        Bit i is 1 where the face is on the positive side of hyperplane i, and on it.
    """
    zero = all_columns(arrangement, zero, oriented=False)
    return all_columns(arrangement, positive) & ~zero, zero


def decone(rows: Integers) -> Integers:
    """The other linear rows on the slice {last row = 1}, as affine ones."""
    last = rows[-1]
    column = exact.smallest_pivot(last)
    side = exact.sign(last[column])
    result = [[*exact.eliminate(row, last, column), side * row[column]] for row in rows[:-1]]
    return np.array(result, dtype=object).reshape(len(result), len(last))
