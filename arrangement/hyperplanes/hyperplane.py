"""One hyperplane of an arrangement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.checks import given_points
from arrangement.errors import InputError
from arrangement.exact.fields import Number
from arrangement.exact.numbers import linear_form

if TYPE_CHECKING:
    from arrangement.hyperplanes.hyperplanes import Hyperplanes

__all__ = ["Hyperplane"]


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
