"""Faces: the cells of the flats, with signs in {−, 0, +}, points and the cells around them.

A pointed cone that a hyperplane cuts has a part on either side and a part on it, one dimension
lower. Split so until no hyperplane cuts, every face is one part, in the whole space or in a
domain, and its rays tell whether it is bounded: see :mod:`arrangement.enumeration.cone_faces`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement import exact
from arrangement.checks import check_instance, given_points
from arrangement.enumeration import cone_faces, cones
from arrangement.enumeration.cell_table import CellTable
from arrangement.errors import InputError
from arrangement.exact.fields import Point
from arrangement.exact.numbers import primitive
from arrangement.exact.packing import Signs, Words, pack_signs, unpack_signs, word_count
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.hyperplanes.reduction import distinct_rows, face_columns
from arrangement.progress import Progress, reporter
from arrangement.results.cells import Cell, Cells, cells_of
from arrangement.results.columns import Columns, Valued, Witnesses, frozen
from arrangement.results.flats import Flat, Flats, parametrization
from arrangement.results.sign_vectors import sign_strings, sign_vector

if TYPE_CHECKING:
    import scipy.sparse


__all__ = ["Face", "Faces", "packed_signs"]

Integers = NDArray[np.object_]

LOOKED_UP = 2**20
"""About how many sign vectors are looked up in one step."""


@dataclass(frozen=True)
class Face:
    """One face: an index into its :class:`Faces`.

    Attributes
    ----------
    faces : Faces
    index : int

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> face = Arrangement([[3, 0], [0, 1]], [-1, 0]).faces(1)[0]
    >>> face, face.flat.hyperplanes, face.cells.tolist()
    (Face 0: 0-, (0,), [1, 2])
    >>> face.witness[0], face.witness[1] < 0
    (Fraction(1, 3), True)
    """

    faces: Faces
    index: int

    @property
    def signs(self) -> Signs:
        """Sign vector, int8, shape (n,), 0 on the hyperplanes that contain the face."""
        return self.faces.signs_of(np.array([self.index]))[0]

    @property
    def dimension(self) -> int:
        """Dimension of the face."""
        return self.faces.dimension

    @property
    def flat(self) -> Flat:
        """The flat that the face spans."""
        return self.faces.flats[int(self.faces.flat[self.index])]

    @property
    def point(self) -> NDArray[np.float64]:
        """A float64 point, shape (d,); see :attr:`Faces.points`."""
        return self.faces.points[self.index]

    @property
    def witness(self) -> Point:
        """A point of the relative interior, exact: rational where the flat is."""
        cut, cell = self._cell
        return cut.lift(cell.witness)

    @property
    def bounded(self) -> bool:
        """Is the face bounded modulo the lineality space?"""
        return bool(self.faces.bounded[self.index])

    def vertices(self) -> list[Point]:
        """The vertices of the closure, in lexicographic order; see :meth:`Cell.vertices`.

        Returns
        -------
        list of tuples of d numbers

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> faces = Arrangement([[1, 0], [0, 1]]).faces(1)
        >>> [[str(v) for v in vertex] for vertex in faces[0].vertices()]
        [['0', '0']]
        """
        cut, cell = self._cell
        return sorted(cut.lift(t) for t in cell.vertices())

    def rays(self) -> list[Point]:
        """The directions of the unbounded edges of the closure; see :meth:`Cell.rays`.

        Returns
        -------
        list of tuples of d numbers

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> faces = Arrangement([[1, 0], [0, 1]]).faces(1)
        >>> [[str(v) for v in ray] for ray in faces[0].rays()]
        [['0', '-1']]
        """
        cut, cell = self._cell
        return sorted(
            tuple(map(exact.ratio, primitive(cut.T[:-1, :-1] @ np.array(ray, dtype=object))))
            for ray in cell.rays()
        )

    @property
    def _cell(self) -> tuple[_Cut, Cell]:
        """The face as a cell of the arrangement that is cut on its flat."""
        k = int(self.faces.flat[self.index])
        cut = self.faces.on_flat(k)
        return cut, cut.cells[self.index - int(self.faces.begin[k])]

    @property
    def cells(self) -> NDArray[np.int64]:
        """The cells whose closure contains the face, ascending; shape (k,)."""
        incidence = self.faces.incidence
        start, end = incidence.indptr[self.index : self.index + 2]
        return np.asarray(incidence.indices[start:end], dtype=np.int64)

    def __repr__(self) -> str:
        return f"Face {self.index}: {sign_strings([self.signs])[0]}"


class Faces(Valued[Face]):
    """All faces of one dimension, or those that meet a domain; it never changes.

    Made by :meth:`Arrangement.faces`. Columns are computed when they are first asked for. Two
    are equal if they are the same faces of equal arrangements, in the same order.

    Attributes
    ----------
    arrangement : Arrangement
    flats : Flats
        The flats of that dimension; with a domain, those that meet it.
    flat : ndarray of int64, shape (m,)
        The flat that each face spans, ascending.
    begin : ndarray of int64, shape (len(flats) + 1,)
        The first face of each flat, and m.
    packed : ndarray of uint64, shape (m, ceil(n / 64))
        Bit i of a row is 1 where the face is on the positive side of hyperplane i. It is 0 on
        the negative side and on the hyperplane itself; `flats.packed` tells these apart.
    domain : ndarray of Python ints, shape (k, d + 1), or None
        Rows [g | c]; the faces are those that meet {x : g·x + c > 0 for all rows}. Points,
        vertices, rays and boundedness are then those of the part in it.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> edges = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).faces(1)
    >>> edges
    9 faces of dimension 1 of an Arrangement of 3 hyperplanes in dimension 2
    >>> edges.signs[0].tolist(), float(edges.points[0, 0])
    ([0, -1, -1], 0.0)
    >>> edges.incidence.shape, edges.incidence.nnz
    ((9, 7), 18)
    """

    _name = "face"

    def __init__(
        self,
        flats: Flats,
        flat: NDArray[np.int64],
        packed: Words,
        domain: Integers | None = None,
        progress: Progress = None,
    ) -> None:
        self.arrangement = flats.arrangement
        self.flats = flats
        self.flat = frozen(flat.view())
        self.packed = frozen(packed.view())
        self.domain = domain
        self.begin = np.searchsorted(self.flat, np.arange(len(flats) + 1))
        self._last: tuple[int, _Cut] | None = None
        self._progress = progress is True  # of the columns, when they are computed

    def __len__(self) -> int:
        return len(self.packed)

    def _item(self, i: int) -> Face:
        return Face(self, i)

    @property
    def _value(self) -> tuple[Any, ...]:
        return self.dimension, self.packed, self._zero, self.domain

    def node_columns(self) -> Columns:
        """What a table says of each face: signs ("+0-" string), flat, bounded, x0, x1, ….

        Returns
        -------
        dict of str to columns

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> faces = Arrangement([[1, 0], [0, 1]]).faces(1)
        >>> faces.node_columns()['signs']
        ['0-', '0+', '-0', '+0']
        """
        coordinates = {f"x{c}": column for c, column in enumerate(self.points.T)}
        signs = sign_strings(self.signs)
        return {"signs": signs, "flat": self.flat, "bounded": self.bounded, **coordinates}

    def __repr__(self) -> str:
        inside = "" if self.domain is None else " that meet a domain"
        what = f"faces of dimension {self.dimension} of an {self.arrangement!r}"
        return f"{len(self)} {what}{inside}"

    @property
    def dimension(self) -> int:
        """Dimension of the faces."""
        return self.flats.dimension

    @cached_property
    def signs(self) -> Signs:
        """Sign vectors, int8, shape (m, n), entries −1, 0, 1."""
        return frozen(self.signs_of(np.arange(len(self))))

    def signs_of(self, which: NDArray[np.int64]) -> Signs:
        """The sign vectors of some faces.

        Parameters
        ----------
        which : ndarray of int64, shape (k,)

        Returns
        -------
        ndarray of int8, shape (k, n)

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> import numpy as np
        >>> faces = Arrangement([[1, 0], [0, 1]]).faces(1)
        >>> faces.signs_of(np.array([3, 0])).tolist()
        [[1, 0], [0, -1]]
        """
        n = self.arrangement.n_hyperplanes
        signs = unpack_signs(self.packed[which], n)
        signs[unpack_signs(self._zero[which], n) > 0] = 0
        return signs

    @property
    def _zero(self) -> Words:
        """Bit i of a row is 1 where hyperplane i contains the face."""
        return self.flats.packed[self.flat]

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """A float64 point for each face, shape (m, d).

        Its signs on the hyperplanes that do not contain the face are those of the face,
        certified exactly, and it is inside the domain. It is on the others as far as float64
        goes; :attr:`witness` is on them exactly. NaN where no such point was found.
        """
        d = self.arrangement.dimension
        result = np.zeros((len(self), d))
        show = reporter(self._progress, "points of faces")
        for k in range(len(self.flats)):
            part = slice(self.begin[k], self.begin[k + 1])
            result[part] = self._cut(k).points()
            show(k + 1, len(self.flats))
        lost = ~np.isfinite(result).all(axis=1)
        result[lost] = 0
        signs = self.signs
        found = exact.signs_at(self.arrangement.rows, result, where=signs != 0)
        wrong = lost | ((found != signs) & (signs != 0)).any(axis=1)
        if self.domain is not None:
            wrong |= (exact.signs_at(self.domain, result) <= 0).any(axis=1)
        for q in np.flatnonzero(wrong).tolist():
            result[q] = self._rounded_witness(q)
        return frozen(result)

    def _rounded_witness(self, i: int) -> NDArray[np.float64]:
        """The float64 point nearest to the witness if it has the right signs, else NaN."""
        face = self[i]
        off = np.flatnonzero(face.signs)
        try:
            near = np.array([float(v) for v in face.witness])
        except OverflowError:
            return np.full(self.arrangement.dimension, np.nan)
        found = exact.signs_at(self.arrangement.rows[off], near[None])[0]
        right = (found == face.signs[off]).all()
        if self.domain is not None:
            right &= (exact.signs_at(self.domain, near[None]) > 0).all()
        return near if right else np.full_like(near, np.nan)

    @property
    def witness(self) -> Sequence[Point]:
        """An exact point of each face: a sequence of tuples of d numbers."""
        return Witnesses(self)

    def on_flat(self, k: int) -> _Cut:
        """The faces of flat k, as cells of the arrangement that is cut on it; the last kept.

        Parameters
        ----------
        k : int
            A flat, counted as in `flats`.

        Returns
        -------
        Cut
            With the flat's arrangement and its cells.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> Arrangement([[1, 0], [0, 1]]).faces(1).on_flat(0).cells
        2 cells of an Arrangement of 1 hyperplanes in dimension 1
        """
        if self._last is None or self._last[0] != k:
            self._last = k, self._cut(k)
        return self._last[1]

    def _cut(self, k: int) -> _Cut:
        part = slice(self.begin[k], self.begin[k + 1])
        return _Cut.of(self.flats[k], self.packed[part], self.domain)

    @cached_property
    def bounded(self) -> NDArray[np.bool_]:
        """Is each face bounded modulo the lineality space (relatively bounded)? Shape (m,).

        With a domain, the part of the face in it is meant.
        """
        codimension = self.flats.rank
        if codimension == 0:
            return Cells(self.arrangement, self.packed, self.domain, complete=False).bounded
        rows = distinct_rows(self.arrangement)
        linear, walls = cones.homogeneous(rows, self.domain)
        if linear.shape[1] < rows.shape[1]:  # all are cones
            lineality = exact.rank(np.concatenate([linear, walls]))
            return frozen(np.full(len(self), codimension == lineality))
        show = reporter(self._progress, "far faces")
        result = np.ones(len(self), dtype=bool)
        for positive, zero, far in cone_faces.faces(
            linear, walls, codimension, show, len(walls) - 1
        ):
            signs = face_columns(self.arrangement, positive[far], zero[far])
            found = self.look_up(*signs)
            result[found[found >= 0]] = False
        return frozen(result)

    @cached_property
    def _table(self) -> CellTable:
        first, _ = self.arrangement.coincidence
        half = 64 * word_count(len(first))
        both = np.concatenate([first, np.arange(len(first), half), half + first])
        return CellTable(np.concatenate([self.packed, self._zero], axis=1), both)

    def look_up(self, positive: Words, zero: Words) -> NDArray[np.int64]:
        """The face with each pair of packed signs, −1 where there is none.

        Parameters
        ----------
        positive, zero : ndarray of uint64, shape (k, ceil(n / 64))
            Where the signs are 1, and where 0.

        Returns
        -------
        ndarray of int64, shape (k,)

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> from arrangement.exact.packing import pack_signs
        >>> faces = Arrangement([[1, 0], [0, 1]]).faces(1)
        >>> positive, zero = pack_signs(faces.signs), pack_signs((faces.signs == 0) * 2 - 1)
        >>> faces.look_up(positive, zero).tolist()
        [0, 1, 2, 3]
        """
        return self._table.look_up(np.concatenate([positive, zero], axis=1))

    def index(self, signs: Any, *_: Any) -> int:
        """The face with a sign vector.

        Parameters
        ----------
        signs : sequence of n signs −1, 0, 1, or a string of −, 0 and +

        Raises
        ------
        InputError
            If no face of this dimension has these signs.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> Arrangement([[1, 0], [0, 1]]).faces(1).index("-0")
        2
        """
        n = self.arrangement.n_hyperplanes
        if isinstance(signs, Face):
            signs = signs.signs
        found = int(self.look_up(*packed_signs(sign_vector(signs, n, zeros=True)[None]))[0])
        if found < 0:
            raise InputError(f"no face of dimension {self.dimension} has this sign vector")
        return found

    def locate(self, x: ArrayLike) -> int | NDArray[np.int64]:
        """The face that a point is in the relative interior of.

        Parameters
        ----------
        x : array_like, shape (d,) or (k, d)
            As in :meth:`Cells.locate`.

        Returns
        -------
        int, or ndarray of int64 of shape (k,)

        Raises
        ------
        InputError
            If a point is in none of these faces.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> edges = Arrangement([[1, 0], [3, 3]], [0, -1]).faces(1)
        >>> edges[edges.locate(["1/6", "1/6"])]
        Face 3: +0
        """
        points, single = given_points(x, self.arrangement.dimension, irrational=True)
        found = self.look_up(*packed_signs(self.arrangement.sign_vector(points)))
        for p in np.flatnonzero(found < 0):
            raise InputError(f"point {p} is in none of the {self!r}")
        return int(found[0]) if single else found

    @cached_property
    def cells(self) -> Cells:
        """All cells, or those that meet the domain, which :attr:`incidence` counts."""
        if self.domain is None:
            return cells_of(self.arrangement)
        return cells_of(self.arrangement, domain=(-self.domain[:, :-1], self.domain[:, -1]))

    @cached_property
    def incidence(self) -> scipy.sparse.csr_array:
        """Which cells' closures contain which faces: (m, len(cells)), bool, a face a row."""
        return self.incidence_to(self.cells)

    def incidence_to(self, cells: Cells) -> scipy.sparse.csr_array:
        """Which closures of some cells of the same arrangement contain which faces.

        The cells around a face have its signs, and on the hyperplanes that contain it the
        signs of a cell of the localization: those hyperplanes alone, which all contain the
        face's flat.

        Parameters
        ----------
        cells : Cells
            Perhaps not all: those that meet a domain, or one portion.

        Returns
        -------
        scipy.sparse.csr_array of bool, shape (m, len(cells))
            The indices of a row ascend.

        Raises
        ------
        InputError
            If they are cells of another arrangement.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> lines = Arrangement([[1, 0], [0, 1]])
        >>> lines.faces(0).incidence_to(lines.cells()).toarray().tolist()
        [[True, True, True, True]]
        """
        from scipy.sparse import csr_array

        check_instance(cells, "cells", "Cells")
        if cells.arrangement != self.arrangement:
            raise InputError("the cells are those of another arrangement")
        faces_found = [np.zeros(0, dtype=np.int64)]
        cells_found = [faces_found[0]]
        for which, words in self._around():
            found = cells.look_up(words)
            faces_found.append(which[found >= 0])
            cells_found.append(found[found >= 0])
        rows, columns = np.concatenate(faces_found), np.concatenate(cells_found)
        data = np.ones(len(rows), dtype=bool)
        result = csr_array((data, (rows, columns)), shape=(len(self), len(cells)))
        result.sort_indices()
        for part in (result.data, result.indices, result.indptr):
            part.flags.writeable = False
        return result

    def _around(self) -> Iterator[tuple[NDArray[np.int64], Words]]:
        """Faces and packed signs of cells around them, in portions: all such pairs."""
        show = reporter(self._progress, "flats")
        pending: list[tuple[NDArray[np.int64], Words]] = []
        count = 0
        for k in range(len(self.flats)):
            local = _localization_signs(self.arrangement, self.flats[k])
            faces = np.arange(self.begin[k], self.begin[k + 1])
            words = self.packed[faces][:, None, :] | local[None, :, :]
            which = np.repeat(faces, len(local))
            pending.append((which, words.reshape(len(which), words.shape[2])))
            count += len(which)
            if count > LOOKED_UP:
                yield _joined(pending)
                pending, count = [], 0
                show(k + 1, len(self.flats))
        if pending:
            yield _joined(pending)
        show(len(self.flats), len(self.flats))


def _joined(
    pending: list[tuple[NDArray[np.int64], Words]],
) -> tuple[NDArray[np.int64], Words]:
    which, words = zip(*pending, strict=True)
    return np.concatenate(which), np.concatenate(words)


def _localization_signs(arrangement: Hyperplanes, flat: Flat) -> Words:
    """The cells of the hyperplanes that contain a flat: packed signs on all n, 0 elsewhere."""
    n = arrangement.n_hyperplanes
    on = list(flat.hyperplanes)
    first, orientation = arrangement.coincidence
    different, position = np.unique(first[on], return_inverse=True)
    if len(different) == flat.rank:
        local = np.array(list(product((-1, 1), repeat=flat.rank)), dtype=np.int8)
    else:
        rows = arrangement.rows[different]
        rows[:, -1] = 0
        local = cells_of(arrangement.from_exact(rows), method="restrict").signs
    signs = np.full((len(local), n), -1, dtype=np.int8)
    signs[:, on] = local[:, position] * orientation[on]
    return pack_signs(signs)


@dataclass(frozen=True, eq=False)
class _Cut:
    """The arrangement that is cut on a flat, in coordinates t of the flat.

    Attributes
    ----------
    T : ndarray of Python ints
        The point of the space is (x, 1) ∝ T (t, 1); see :func:`parametrization`.
    cells : Cells
        The faces of the flat; of those hyperplanes only that cut it, copies and all.
    """

    T: Integers
    cells: Cells

    @classmethod
    def of(cls, flat: Flat, packed: Words, domain: Integers | None) -> _Cut:
        arrangement = flat.flats.arrangement
        T = parametrization(arrangement.rows[list(flat.hyperplanes)])
        rows = arrangement.rows @ T
        cutting = np.flatnonzero((rows[:, :-1] != 0).any(axis=1))
        cut = arrangement.from_exact(rows[cutting])
        signs = unpack_signs(packed, arrangement.n_hyperplanes)[:, cutting]
        walls = None
        if domain is not None:
            walls = domain @ T
            walls = walls[(walls[:, :-1] != 0).any(axis=1)]  # the others contain the flat
        return cls(T, Cells(cut, pack_signs(signs), walls, complete=False))

    def lift(self, t: Point) -> Point:
        """The point of the space with coordinates t."""
        scale = self.T[-1, -1]
        return tuple(
            sum((a * v for a, v in zip(row, t, strict=False) if a), row[-1] + Fraction(0))
            / scale
            for row in self.T[:-1]
        )

    def points(self) -> NDArray[np.float64]:
        """A float64 point for each face, as near to the flat as rounding lets it be."""
        values = np.array(
            [[exact.nearest_float(v, self.T[-1, -1]) for v in row] for row in self.T]
        ).reshape(self.T.shape)[:-1]
        with np.errstate(over="ignore", invalid="ignore"):
            return self.cells.points @ values[:, :-1].T + values[:, -1]


def packed_signs(signs: Signs) -> tuple[Words, Words]:
    """Sign vectors as positive and zero bits."""
    return pack_signs(signs), pack_signs((signs == 0).astype(np.int8))
