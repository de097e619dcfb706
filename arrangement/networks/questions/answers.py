"""What questions about a network on a domain are answered with: values, witnesses, bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, TypeAlias

from arrangement.exact.numbers import exact_text
from arrangement.in_notebooks import InNotebooks
from arrangement.networks.complex.vertices import nearest

__all__ = ["Equality", "Extremum", "OutputRange", "Robustness", "Status", "square_root"]

Point: TypeAlias = tuple[Fraction, ...]
Status: TypeAlias = Literal["optimal", "gap", "time_limit"]


def square_root(value: Fraction) -> float:
    """The root of a number that is not negative, to about an ulp; infinite beyond float64.

    Examples
    --------
    >>> square_root(Fraction(10) ** 400), square_root(Fraction(9, 10**400))
    (1e+200, 3e-200)
    """
    half = (value.numerator.bit_length() - value.denominator.bit_length()) // 2
    near = math.sqrt(value / Fraction(4) ** half)
    return nearest(Fraction(near) * Fraction(2) ** half)


def _texts(point: Point | None) -> list[str] | None:
    return None if point is None else [exact_text(v) for v in point]


def _shown(point: Point) -> str:
    """A point for readers, at most six coordinates of it."""
    first = ", ".join(f"{nearest(v):.4g}" for v in point[:6])
    return f"({first}{', …' if len(point) > 6 else ''})"


@dataclass(frozen=True, repr=False)
class Extremum(InNotebooks):
    """The largest or least value of a function on a domain, where it is, and a bound.

    Attributes
    ----------
    value : Fraction
        The value at the point, by rational arithmetic.
    point : tuple of d Fractions
        In the domain, its boundary included.
    bound : Fraction
        No value in the domain is larger than this, of a minimum smaller: `value` itself if the
        status is "optimal".
    status : {"optimal", "gap", "time_limit"}
        "optimal": `value` is proved to be the largest (least). "gap": the bound is within the
        gap that was asked for. "time_limit": the search was stopped.
    n_parts : int
        How many parts of the domain were bounded.

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> network = Network([[[1, 2]]], [[0]])
    >>> square = [(-1, 1), (-1, 1)]
    >>> found = network.maximum([1], square)
    >>> found.value, found.status, found.to_dict()['exact_value']
    (Fraction(3, 1), 'optimal', '3')
    """

    value: Fraction
    point: Point
    bound: Fraction
    status: Status
    n_parts: int

    @property
    def gap(self) -> Fraction:
        """How far the bound is from the value; 0 if that is optimal."""
        return abs(self.bound - self.value)

    def __repr__(self) -> str:
        bound = "" if self.status == "optimal" else f", bound {nearest(self.bound):.6g}"
        return (
            f"Extremum: {nearest(self.value):.6g} at {_shown(self.point)}, {self.status}{bound}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Exact numbers as text "p/q", and the nearest float64 of value and bound.

        Returns
        -------
        dict
        """
        return {
            "status": self.status,
            "value": nearest(self.value),
            "bound": nearest(self.bound),
            "exact_value": exact_text(self.value),
            "exact_bound": exact_text(self.bound),
            "exact_point": _texts(self.point),
            "n_parts": self.n_parts,
        }


@dataclass(frozen=True, repr=False)
class OutputRange(InNotebooks):
    """The least and the largest value of each output on a domain.

    Attributes
    ----------
    minima, maxima : tuple of Extremum
        One for each output.

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> network = Network([[[1, 2]]], [[0]])
    >>> square = [(-1, 1), (-1, 1)]
    >>> found = network.output_range(square)
    >>> found.minima[0].value, found.maxima[0].value, len(found.to_dict()['minima'])
    (Fraction(-3, 1), Fraction(3, 1), 1)
    """

    minima: tuple[Extremum, ...]
    maxima: tuple[Extremum, ...]

    @property
    def is_optimal(self) -> bool:
        """Are all ends proved?"""
        return all(end.status == "optimal" for end in (*self.minima, *self.maxima))

    def __repr__(self) -> str:
        ends = zip(self.minima, self.maxima, strict=True)
        shown = (f"{nearest(a.value):.6g} … {nearest(b.value):.6g}" for a, b in ends)
        return f"OutputRange: {'; '.join(shown)}{', optimal' * self.is_optimal}"

    def to_dict(self) -> dict[str, Any]:
        """See :meth:`Extremum.to_dict`.

        Returns
        -------
        dict
        """
        return {
            "minima": [end.to_dict() for end in self.minima],
            "maxima": [end.to_dict() for end in self.maxima],
        }


@dataclass(frozen=True, repr=False)
class Equality(InNotebooks):
    """Whether two networks are the same function on a domain.

    Attributes
    ----------
    is_equal : bool or None
        None if the search was stopped before that was decided.
    point : tuple of d Fractions or None
        Where they differ.
    difference : Fraction
        The largest difference of an output there; 0 if there is no point.
    bound : Fraction
        No output differs by more in the domain; 0 if they are equal.
    n_parts : int
        How many parts of the domain were bounded.

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> network = Network([[[1, 2]]], [[0]])
    >>> square = [(-1, 1), (-1, 1)]
    >>> found = network.equals(network, square)
    >>> found.is_equal, found.to_dict()['difference']
    (True, 0.0)
    """

    is_equal: bool | None
    point: Point | None
    difference: Fraction
    bound: Fraction
    n_parts: int

    def __repr__(self) -> str:
        if self.is_equal:
            return "Equality: equal"
        if self.point is None:
            return f"Equality: undecided, no difference above {nearest(self.bound):.6g}"
        by = f"by {nearest(self.difference):.6g} at {_shown(self.point)}"
        return f"Equality: different, {by}; nowhere by more than {nearest(self.bound):.6g}"

    def to_dict(self) -> dict[str, Any]:
        """Exact numbers as text "p/q", and the nearest float64 of difference and bound.

        Returns
        -------
        dict
        """
        return {
            "is_equal": self.is_equal,
            "difference": nearest(self.difference),
            "bound": nearest(self.bound),
            "exact_difference": exact_text(self.difference),
            "exact_point": _texts(self.point),
            "n_parts": self.n_parts,
        }


@dataclass(frozen=True, repr=False)
class Robustness(InNotebooks):
    """The distance of a point from the inputs that are of another class as well.

    Attributes
    ----------
    norm : {"l1", "l2", "linf"}
    label : object
        The class of the point: of the first of its largest outputs.
    nearest_label : object
        The class whose output is as large at the nearest point that was found; None if there
        is no such point.
    size : Fraction or None
        The distance of that point, by rational arithmetic; in l2, where a distance may be
        irrational, its square.
    point : tuple of d Fractions or None
    bound : Fraction or None
        No such point is nearer, `size` itself if the status is "optimal"; a square in l2. None
        if there is none in the domain at all.
    status : {"optimal", "gap", "time_limit"}
        As of :class:`Extremum`; "optimal" without a point: the class is the only largest
        output in the whole domain.
    n_parts : int

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> network = Network([[[1, 0], [0, 1]]], [[0, 0]])
    >>> found = network.robustness([0, 1], [(-1, 1), (-1, 1)], norm='linf')
    >>> found.distance, found.to_dict()['norm']
    (0.5, 'linf')
    """

    norm: str
    label: Any
    nearest_label: Any
    size: Fraction | None
    point: Point | None
    bound: Fraction | None
    status: Status
    n_parts: int

    def _distance(self, size: Fraction | None) -> float:
        if size is None:
            return math.inf
        return square_root(size) if self.norm == "l2" else nearest(size)

    @property
    def distance(self) -> float:
        """The distance in float64; infinity if no point was found."""
        return self._distance(self.size)

    @property
    def distance_bound(self) -> float:
        """The lower bound of the distance in float64; infinity if there is no point."""
        return self._distance(self.bound)

    def __repr__(self) -> str:
        found = f"{self.norm} {self.distance:.6g} from class {self.label}"
        if self.point is not None:
            found += f" to {self.nearest_label} at {_shown(self.point)}"
        bound = "" if self.status == "optimal" else f", bound {self.distance_bound:.6g}"
        return f"Robustness: {found}, {self.status}{bound}"

    def to_dict(self) -> dict[str, Any]:
        """Exact numbers as text "p/q"; what is infinite is None.

        Returns
        -------
        dict
        """
        square = "_squared" if self.norm == "l2" else ""
        return {
            "status": self.status,
            "norm": self.norm,
            "class": self.label,
            "nearest_class": self.nearest_label,
            "distance": None if self.size is None else self.distance,
            "bound": None if self.bound is None else self.distance_bound,
            f"exact_distance{square}": None if self.size is None else exact_text(self.size),
            f"exact_bound{square}": None if self.bound is None else exact_text(self.bound),
            "exact_point": _texts(self.point),
            "n_parts": self.n_parts,
        }
