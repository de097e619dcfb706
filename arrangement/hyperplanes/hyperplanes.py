"""Hyperplanes as they are given: input, validation and normal form."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, Self, overload

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.checks import given_points
from arrangement.errors import InputError
from arrangement.exact.fields import FieldElement, Number
from arrangement.exact.numbers import exact_table, integral, linear_form, primitive, shown
from arrangement.exact.one_field import in_one_field
from arrangement.hyperplanes.rounded_input import rounding_of
from arrangement.in_notebooks import InNotebooks

__all__ = ["Hyperplane", "Hyperplanes", "hyperplane_number"]

Integers = NDArray[np.object_]
Signs = NDArray[np.int8]


class Hyperplanes(InNotebooks):
    """The n hyperplanes of an :class:`arrangement.arrangement.Arrangement`: what is given.

    Their normal form, which are the same set, and what their rank tells.
    """

    user_class: ClassVar[type[Hyperplanes]]
    """The class that users know, of which those are that are read from files."""

    given: NDArray[Any]
    """The rows [normal | offset] as given, exactly: ints, Fractions, elements of one field."""

    _labels: tuple[str, ...]
    """One a hyperplane, or none at all."""

    def __init__(self, normals: Any, offsets: Any = None, labels: Any = None) -> None:
        table = exact_table(normals, "normals", "row", 2, irrational=True)
        if offsets is None:
            constants = np.full(len(table), 0, dtype=object)
        else:
            constants = exact_table(offsets, "offsets", "entry", 1, irrational=True)
        if len(constants) != len(table):
            raise InputError(
                f"{len(table)} normals but {len(constants)} offsets: each hyperplane needs one"
            )
        for i, normal in enumerate(table):
            if not any(normal):
                raise InputError(
                    f"row {i}: the normal is zero, so this row is no hyperplane; remove the row"
                )
        self.__dict__["given"] = _held(np.column_stack([table, constants]))
        self.__dict__["_labels"] = () if labels is None else _labels(labels, len(table))
        rounding = np.zeros(self.given.shape)
        rounding[:, :-1] = rounding_of(normals, table)
        rounding[:, -1] = 0.0 if offsets is None else rounding_of(offsets, constants)
        if rounding.any():
            self.__dict__["_unchecked"] = rounding

    @classmethod
    def from_samples(cls, X: Any, bias: Any = None) -> Self:
        """The arrangement that samples cut in the weight space of one neuron.

        Sample x is the hyperplane {w : w·x = 0}, on which the neuron switches.

        Parameters
        ----------
        X : array_like, shape (n, d)
            One sample a row.
        bias : number, optional
            The value of a constant coordinate that is appended to every sample (its weight is
            the neuron's bias). Without it the neuron has no bias.

        Returns
        -------
        Arrangement
            Central; of dimension d, or d + 1 with a bias.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> len(Arrangement.from_samples([[0.0], [1.0], [2.0]], bias=1.0).cells())
        6
        """
        samples = exact_table(X, "samples", "row", 2, irrational=True)
        if bias is not None:
            constant = exact_table([bias], "bias", "entry", 1, irrational=True)
            samples = np.column_stack([samples, np.repeat(constant, len(samples))])
        return cls(samples)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"an Arrangement never changes: {name} cannot be set")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_exact, (self.given, self._labels)

    @classmethod
    def from_exact(cls, given: NDArray[Any], labels: Sequence[str] = ()) -> Self:
        """From a checked table of exact numbers, shape (n, d + 1), and n labels or none.

        Parameters
        ----------
        given : ndarray of ints, Fractions or elements of one field, shape (n, d + 1)
        labels : sequence of str

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> lines = Arrangement([[1, 2], [3, 4]], [5, 6])
        >>> Arrangement.from_exact(lines.given[:1]) == lines[:1]
        True
        """
        result = cls.__new__(cls)
        result.__dict__["given"] = _held(given)
        result.__dict__["_labels"] = tuple(labels) if any(labels) else ()
        return result

    def chosen(self, which: Iterable[int]) -> Self:
        """The arrangement of some hyperplanes, in the order in which they are named.

        Parameters
        ----------
        which : iterable of int
            Indices of hyperplanes.

        Raises
        ------
        InputError
            If there is no such hyperplane.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> Arrangement([[1, 0], [0, 1], [1, 1]]).chosen([2, 0]).normals.tolist()
        [[1.0, 1.0], [1.0, 0.0]]
        """
        if not isinstance(which, Iterable) or not getattr(which, "ndim", 1):
            raise InputError(f"{shown(which)} is no list of hyperplanes")
        which = [hyperplane_number(i, self) for i in which]
        labels = [self._labels[i] for i in which] if self._labels else ()
        return self.from_exact(self.given[which], labels)

    @property
    def n_hyperplanes(self) -> int:
        """Number of hyperplanes n, copies counted."""
        return int(self.given.shape[0])

    @property
    def dimension(self) -> int:
        """Dimension d of the space."""
        return int(self.given.shape[1]) - 1

    @cached_property
    def normals(self) -> NDArray[Any]:
        """The normals as given, shape (n, d): float64 where exact, else the exact numbers."""
        return _as_float_if_exact(self.given[:, :-1])

    @cached_property
    def offsets(self) -> NDArray[Any]:
        """The offsets as given, shape (n,): float64 where exact, else the exact numbers."""
        return _as_float_if_exact(self.given[:, -1])

    @property
    def labels(self) -> tuple[str, ...]:
        """The n labels of the hyperplanes, empty where there is none."""
        return self._labels or ("",) * self.n_hyperplanes

    @cached_property
    def rows(self) -> Integers:
        """Normal form: row i is [normal | offset] scaled by a positive number to coprime ints.

        Shape (n, d + 1), Python integers; over a number field algebraic integers, in one of two
        scales: what is given times a rational number, or with a rational first entry.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> Arrangement([["1/2", "-1/3"]], [0.25]).rows.tolist()
        [[6, -4, 3]]
        """
        rows = np.empty_like(self.given)
        for i, row in enumerate(self.given):
            rows[i] = min(primitive(row), integral(row), key=_size)
        rows.flags.writeable = False
        return rows

    @cached_property
    def float_rows(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The rows scaled by powers of two, as float64, and error bounds: shapes (n, d + 1)."""
        return exact.float_rows(self.rows)[:2]

    @cached_property
    def coincidence(self) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """For each hyperplane the lowest index that is the same set, and the orientation.

        Both of shape (n,). Orientation −1 means that the two normals point to opposite sides.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> first, orientation = Arrangement([[1, 2], [3, 0], [-2, -4]]).coincidence
        >>> first.tolist(), orientation.tolist()
        ([0, 1, 0], [1, 1, -1])
        """
        first = np.arange(self.n_hyperplanes, dtype=np.int64)
        orientation = np.ones(self.n_hyperplanes, dtype=np.int8)
        seen: dict[tuple[Any, ...], int] = {}
        for i, key in enumerate(self.monic):
            opposite = tuple(-v for v in key)
            if key in seen:
                first[i] = seen[key]
            elif opposite in seen:
                first[i], orientation[i] = seen[opposite], -1
            else:
                seen[key] = i
        return first, orientation

    @cached_property
    def different(self) -> NDArray[np.int64]:
        """The lowest index of each different hyperplane, ascending; shape (k,)."""
        return np.unique(self.coincidence[0])

    @cached_property
    def rank(self) -> int:
        """Rank of the normals."""
        return exact.rank(self.rows[:, :-1])

    @cached_property
    def is_central(self) -> bool:
        """Do all hyperplanes share a point (Stanley 2007, §1.1; SageMath's ``is_central``)?"""
        return exact.rank(self.rows) == self.rank

    @property
    def is_linear(self) -> bool:
        """Do all hyperplanes contain the origin?"""
        return not any(self.rows[:, -1])

    @property
    def is_essential(self) -> bool:
        """Do the normals span the space (rank = d)?"""
        return self.rank == self.dimension

    def deletion(self, i: int | Hyperplane) -> Self:
        """The arrangement without hyperplane i.

        Parameters
        ----------
        i : int or Hyperplane
            A hyperplane, or its index; from the end if negative.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> Arrangement([[1, 0], [0, 1], [1, 1]]).deletion(0).normals.tolist()
        [[0.0, 1.0], [1.0, 1.0]]
        """
        i = hyperplane_number(i, self)
        return self.chosen(k for k in range(self.n_hyperplanes) if k != i)

    def essentialization(self) -> Self:
        """The essential arrangement with the same cells, of dimension ``rank``.

        It is the arrangement cut on a coordinate subspace that is complementary to the
        lineality space; hyperplanes keep their order and number.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> Arrangement([[1, -1, 0], [0, 1, -1]]).essentialization().rows.tolist()
        [[1, -1, 0], [0, 1, 0]]
        """
        columns = exact.independent_columns(self.rows[:, :-1])
        return self.from_exact(self.given[:, [*columns, self.dimension]], self._labels)

    def with_rows(self, rows: Any, labels: Sequence[str] | None = None) -> Self:
        """This arrangement and more hyperplanes, rows [normal | offset], at the end.

        Parameters
        ----------
        rows : array-like of exact numbers, shape (m, d + 1)
        labels : sequence of m str, optional

        Raises
        ------
        InputError
            If a row is no hyperplane, or one of another dimension.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> len(Arrangement([[1, 0], [0, 1]]).with_rows([[1, 1, -1], [1, 1, "1/2"]]))
        4
        """
        table = exact_table(rows, "rows", "row", 2, irrational=True)
        if table.shape[1] != self.dimension + 1:
            raise InputError(
                f"rows of {table.shape[1]} entries; [normal | offset] has {self.dimension + 1}"
            )
        more = Hyperplanes(table[:, :-1], table[:, -1], labels or None)
        both = np.concatenate([self.given, more.given])
        return self.from_exact(both, (*self.labels, *more.labels))

    def sign_vector(self, x: Any) -> Signs:
        """On which side of each hyperplane a point is, exactly.

        Parameters
        ----------
        x : array_like, shape (d,) or (k, d)
            Floats are the dyadic rationals that they store; integers, Fractions, "p/q" strings
            and real algebraic numbers are welcome.

        Returns
        -------
        ndarray of int8, shape (n,) or (k, n)
            1 on the positive side, −1 on the negative one, 0 on the hyperplane.

        Raises
        ------
        InputError
            If a point has another number of coordinates, or one that is no real number.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> Arrangement([[1, 0], [0, 1], [3, 3]], [0, 0, -1]).sign_vector(["1/3", 0]).tolist()
        [1, 0, 0]
        """
        points, single = given_points(x, self.dimension, irrational=True)
        signs = exact.signs_at(self.rows, points)
        return signs[0] if single else signs

    def __len__(self) -> int:
        return self.n_hyperplanes

    @overload
    def __getitem__(self, key: int) -> Hyperplane: ...

    @overload
    def __getitem__(self, key: slice) -> Self: ...

    def __getitem__(self, key: int | slice) -> Hyperplane | Self:
        n = self.n_hyperplanes
        if isinstance(key, slice):
            return self.chosen(range(*key.indices(n)))
        i = operator.index(key)
        if not -n <= i < n:
            raise IndexError(f"hyperplane {shown(i)} does not exist: there are {n}")
        return Hyperplane(self, i % n)

    def __iter__(self) -> Iterator[Hyperplane]:
        return (Hyperplane(self, i) for i in range(self.n_hyperplanes))

    def __repr__(self) -> str:
        return f"Arrangement of {self.n_hyperplanes} hyperplanes in dimension {self.dimension}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Hyperplanes):
            return NotImplemented
        return self.given.shape == other.given.shape and self.monic == other.monic

    def __hash__(self) -> int:
        return hash((self.given.shape, self.monic))

    @cached_property
    def monic(self) -> tuple[tuple[Any, ...], ...]:
        """The rows, over a number field divided by the size of the first non-zero entry.

        The same numbers may be entered as elements of different fields.
        """
        return tuple(map(_monic, self.rows))


@dataclass(frozen=True, eq=False)
class Hyperplane:
    """One hyperplane {x : normal·x + offset = 0}: an index into its :class:`Arrangement`.

    Two are equal if they are the same set of points, whichever side is positive.

    Attributes
    ----------
    arrangement : Arrangement
    index : int

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> lines = Arrangement([[2, 0], [1, "-1/3"]], [0, 1], labels=["wall", "ramp"])
    >>> ramp = lines[1]
    >>> ramp, ramp.label, ramp.offset
    (Hyperplane 1 (ramp): x0 - 1/3*x1 + 1 = 0, 'ramp', 1)
    >>> ramp.side([0, 4]), [0, 3] in ramp
    (-1, True)
    >>> ramp == Arrangement([[-3, 1]], [-3])[0]
    True
    """

    arrangement: Hyperplanes
    index: int

    @property
    def normal(self) -> NDArray[Any]:
        """The normal as given, shape (d,): float64 where exact, else the exact numbers."""
        return self.arrangement.normals[self.index]

    @property
    def offset(self) -> Number:
        """The constant as given, exact: an int, a Fraction or an element of a number field."""
        return self.arrangement.given[self.index, -1]

    @property
    def label(self) -> str:
        """The label, empty where there is none."""
        return self.arrangement.labels[self.index]

    @property
    def dimension(self) -> int:
        """Dimension d − 1 of the hyperplane itself."""
        return self.arrangement.dimension - 1

    def side(self, x: Any) -> int | NDArray[np.int8]:
        """The sign of normal·x + offset, exactly.

        Parameters
        ----------
        x : array_like, shape (d,) or (k, d)
            Points; see :meth:`Arrangement.sign_vector`.

        Returns
        -------
        int, or ndarray of int8 of shape (k,)
            1 on the positive side, −1 on the negative one, 0 on the hyperplane.

        Raises
        ------
        InputError
            If a point has another number of coordinates, or is no point.
        """
        points, single = given_points(x, self.arrangement.dimension, irrational=True)
        rows = self.arrangement.rows[self.index : self.index + 1]
        sides = exact.signs_at(rows, points)[:, 0]
        return int(sides[0]) if single else sides

    @property
    def point(self) -> tuple[Any, ...]:
        """The point nearest the origin, exact numbers.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> [str(v) for v in Arrangement([[1, 2, 3]], [-4])[0].point]
        ['2/7', '4/7', '6/7']
        """
        return self.orthogonal_projection([0] * self.arrangement.dimension)

    def orthogonal_projection(self, x: Any) -> tuple[Any, ...]:
        """The point of the hyperplane that is nearest to a point, exact numbers.

        Parameters
        ----------
        x : array_like, shape (d,)
            See :meth:`Arrangement.sign_vector`.

        Returns
        -------
        tuple of d exact numbers

        Raises
        ------
        InputError
            If it is not one point with d coordinates.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> [str(v) for v in Arrangement([[1, 2, 3]], [-4])[0].orthogonal_projection([3, 4, 5])]
        ['10/7', '6/7', '2/7']
        """
        points, single = given_points(x, self.arrangement.dimension, irrational=True)
        if not single:
            raise InputError(f"one point is projected, not {len(points)}")
        *normal, offset = self.arrangement.rows[self.index]
        above = sum((a * v for a, v in zip(normal, points[0], strict=True)), offset)
        part = exact.ratio(above, sum(a * a for a in normal))
        return tuple(v - part * a for a, v in zip(normal, points[0], strict=True))

    def __contains__(self, x: Any) -> bool:
        return not np.any(self.side(x))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Hyperplane):
            return NotImplemented
        return self._points == other._points

    def __hash__(self) -> int:
        return hash(self._points)

    @property
    def _points(self) -> tuple[Any, ...]:
        """Equal for equal sets of points: the row over its first entry that is not zero."""
        row = self.arrangement.monic[self.index]
        return row if next(filter(None, row)) > 0 else tuple(-v for v in row)

    def __repr__(self) -> str:
        name = f" ({self.label})" if self.label else ""
        row = self.arrangement.given[self.index]
        names = [f"x{k}" for k in range(len(row) - 1)]
        return f"Hyperplane {self.index}{name}: {linear_form(row, names)} = 0"


def hyperplane_number(i: Any, arrangement: Hyperplanes) -> int:
    """The number of a hyperplane, counted from 0, which is given by it or as itself.

    Raises
    ------
    InputError
        If there is no such hyperplane.
    """
    n = arrangement.n_hyperplanes
    if isinstance(i, Hyperplane):
        found = i.index if i.arrangement is arrangement else None
        if found is None:
            found = next((k for k, own in enumerate(arrangement) if own == i), None)
        if found is None:
            raise InputError(f"{i!r} is none of the {n} hyperplanes here")
        return found
    try:
        i = operator.index(i)
    except TypeError:
        raise InputError(f"a hyperplane is given by its number, not by {shown(i)}") from None
    if not -n <= i < n:
        raise InputError(f"hyperplane {shown(i)} does not exist: there are {n}, counted from 0")
    return int(i % n)


def _labels(labels: Any, n: int) -> tuple[str, ...]:
    """Labels as they are given, checked: text that can stand in a cell of a table."""
    listed = labels.tolist() if isinstance(labels, np.ndarray) else labels
    if isinstance(listed, str) or not isinstance(listed, Iterable):
        raise InputError(f"labels: {shown(labels)} is no list of {n} texts")
    held = tuple(listed)
    if len(held) != n:
        raise InputError(f"{len(held)} labels for {n} hyperplanes: each needs one, perhaps ''")
    for i, label in enumerate(held):
        if not isinstance(label, str) or not label.isprintable() or label != label.strip():
            raise InputError(
                f"labels, entry {i}: {shown(label)} is no text of printable characters without "
                "space at its ends"
            )
    return held if any(held) else ()


def _held(given: NDArray[Any]) -> NDArray[Any]:
    held = in_one_field(given.astype(object))
    held.flags.writeable = False
    return held


def _size(row: Sequence[Any]) -> int:
    return sum(v.bit_length() for v in row)


def _monic(row: NDArray[Any]) -> tuple[Any, ...]:
    if not any(isinstance(v, FieldElement) for v in row):
        return tuple(row)
    factor = Fraction(1) / abs(next(v for v in row if v))
    return tuple(v * factor for v in row)


def _as_float_if_exact(values: NDArray[Any]) -> NDArray[Any]:
    try:
        floats = values.astype(np.float64)
        exactly = all(Fraction(f) == v for f, v in zip(floats.flat, values.flat, strict=True))
    except OverflowError:
        exactly = False
    result = floats if exactly else values.copy()
    result.flags.writeable = False
    return result
