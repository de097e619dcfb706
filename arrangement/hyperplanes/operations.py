"""Arrangements from arrangements: union, restriction, localization, product, cone, decone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.checks import check_flag, check_instance
from arrangement.errors import InputError
from arrangement.exact.numbers import primitive_rows, shown
from arrangement.hyperplanes import reduction
from arrangement.hyperplanes.hyperplanes import Hyperplane, Hyperplanes, hyperplane_number

__all__ = [
    "add_hyperplane",
    "closure",
    "cone",
    "decone",
    "join",
    "localization",
    "meet",
    "product",
    "restriction",
    "union",
]

Integers = NDArray[np.object_]
Given = TypeVar("Given", bound=Hyperplanes)


def union(one: Given, other: Hyperplanes) -> Given:
    """The hyperplanes of both, those of this arrangement first; also written one | other.

    A hyperplane that is in both stays as it is here, label and positive side.

    Parameters
    ----------
    other : Arrangement
        In the same space.

    Raises
    ------
    InputError
        If it is no arrangement, or of another dimension.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> axes, more = Arrangement([[1, 0], [0, 1]]), Arrangement([[0, -3], [1, 1]], [0, -1])
    >>> (axes | more).rows.tolist()
    [[1, 0, 0], [0, 1, 0], [1, 1, -1]]

    >>> from arrangement import Arrangement
    >>> one = Arrangement([[1, 0], [0, 1]])
    >>> len(one.union(Arrangement([[2, 0], [1, 1]])))
    3
    """
    check_instance(one, "one", "Arrangement")
    if not isinstance(other, Hyperplanes):
        raise InputError(f"a union is with another arrangement, not with {shown(other)}")
    if other.dimension != one.dimension:
        raise InputError(f"a union of dimension {one.dimension} with {other.dimension}")
    both, n = one.with_rows(other.given, other.labels), one.n_hyperplanes
    first = both.coincidence[0].tolist()
    return both.chosen(i for i, k in enumerate(first) if i < n or k == i)


def add_hyperplane(
    arrangement: Given, normal: Any, offset: Any = 0, label: str | None = None
) -> Given:
    """The arrangement with one more hyperplane {x : normal·x + offset = 0}, the last.

    Parameters
    ----------
    normal : array_like, shape (d,), or Hyperplane
        A copy of one that is there is added all the same; :meth:`union` leaves it out.
    offset : number, optional
        Without it the hyperplane contains the origin.
    label : str, optional

    Raises
    ------
    InputError
        If the normal is zero, not finite or of the wrong length.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> axes = Arrangement([[1, 0], [0, 1]])
    >>> axes.add_hyperplane([1, 1], -1, label="diagonal")[2]
    Hyperplane 2 (diagonal): x0 + x1 - 1 = 0
    >>> len(axes.add_hyperplane(axes[0]))
    3
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    if isinstance(normal, Hyperplane):
        new, known = normal.arrangement.chosen([normal.index]), normal.label
        if offset != 0:
            raise InputError("a Hyperplane has its own offset: leave it out")
    else:
        new, known = Hyperplanes([normal], [offset]), ""
    if new.dimension != arrangement.dimension:
        raise InputError(
            f"the normal has {new.dimension} entries, but the dimension is "
            f"{arrangement.dimension}"
        )
    labels = Hyperplanes(new.given[:, :-1], labels=[known if label is None else label]).labels
    return arrangement.with_rows(new.given, labels)


def restriction(arrangement: Given, flat: Any, repetitions: bool = False) -> Given:
    """The arrangement A^X that the hyperplanes cut on a flat X, in coordinates of X.

    Each hyperplane of X appears once, in the order of the lowest index that cuts it out, and
    with that one's label; those that contain X, or are parallel to it, do not appear. The
    coordinates of X are those of the space less as many as its codimension, which depend on
    them on X.

    Parameters
    ----------
    flat : int or Hyperplane, Flat, or iterable of int
        A hyperplane, or hyperplanes whose intersection is X; none for the whole space. A flat
        with an attribute ``hyperplanes`` will do.
    repetitions : bool, optional
        Let a hyperplane of X appear as often as it is cut out: the multiarrangement of Ziegler
        (1989).

    Raises
    ------
    InputError
        If there is no such hyperplane, or they share no point.

    References
    ----------
    P. Orlik and H. Terao, *Arrangements of Hyperplanes* (1992), Definition 1.13; G. M.
    Ziegler, *Multiarrangements of hyperplanes and their freeness*, Contemp. Math. 90 (1989).

    Examples
    --------
    >>> from arrangement import Arrangement, families
    >>> line = Arrangement([[1, 0], [0, 1], [1, 1], [1, 0]], [0, 0, -1, -5]).restriction(0)
    >>> line.rows.tolist()
    [[1, 0], [1, -1]]
    >>> families.braid(3).restriction(0, repetitions=True).rows.tolist()
    [[1, -1, 0], [1, -1, 0]]
    >>> families.braid(5).restriction([0, 1, 9]).n_cells()  # x_1 = x_2 = x_3 and x_4 = x_5
    2
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    check_flag(repetitions, "repetitions")
    on_flat = _on_flat(arrangement, _hyperplanes(arrangement, flat))
    cutting = [i for i, row in enumerate(on_flat) if any(row[:-1])]
    cut = arrangement.from_exact(on_flat[cutting], [arrangement.labels[i] for i in cutting])
    return cut if repetitions else cut.chosen(cut.different)


def localization(arrangement: Given, flat: Any) -> Given:
    """The arrangement A_X of the hyperplanes that contain a flat X, in their order.

    Parameters
    ----------
    flat : int or Hyperplane, Flat, or iterable of int
        As for :func:`restriction`.

    Raises
    ------
    InputError
        If there is no such hyperplane, or they share no point.

    References
    ----------
    P. Orlik and H. Terao, *Arrangements of Hyperplanes* (1992), Definition 1.13.

    Examples
    --------
    >>> from arrangement import families
    >>> families.braid(4).localization([0, 1]) == families.braid(4).localization([0, 1, 3])
    True
    >>> families.braid(4).localization([0, 1]).rows.tolist()  # x_1 = x_2 = x_3
    [[1, -1, 0, 0, 0], [1, 0, -1, 0, 0], [0, 1, -1, 0, 0]]
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    return arrangement.chosen(closure(arrangement, flat))


def closure(arrangement: Hyperplanes, flat: Any) -> tuple[int, ...]:
    """All hyperplanes that contain the intersection of some, in increasing order.

    Parameters
    ----------
    flat : int or Hyperplane, Flat, or iterable of int
        As for :func:`restriction`.

    Returns
    -------
    tuple of int

    Raises
    ------
    InputError
        If there is no such hyperplane, or they share no point.

    Examples
    --------
    >>> from arrangement import families
    >>> families.braid(4).closure([0, 1])
    (0, 1, 3)
    >>> families.braid(4).closure([])
    ()
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    on_flat = _on_flat(arrangement, _hyperplanes(arrangement, flat))
    return tuple(i for i, row in enumerate(on_flat) if not any(row))


def join(arrangement: Hyperplanes, one: Any, other: Any) -> tuple[int, ...]:
    """The intersection of two flats, their join in the intersection poset.

    Parameters
    ----------
    one, other : int or Hyperplane, Flat, or iterable of int
        As for :func:`restriction`.

    Returns
    -------
    tuple of int
        All hyperplanes that contain it.

    Raises
    ------
    InputError
        If there is no such hyperplane, or the flats do not meet.

    Examples
    --------
    >>> from arrangement import families
    >>> families.braid(4).join(0, 1)
    (0, 1, 3)
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    chosen = [_hyperplanes(arrangement, flat) for flat in (one, other)]
    return closure(arrangement, [*chosen[0], *chosen[1]])


def meet(arrangement: Hyperplanes, one: Any, other: Any) -> tuple[int, ...]:
    """The least flat that contains two flats, their meet in the intersection poset.

    Parameters
    ----------
    one, other
        See :func:`join`.

    Returns
    -------
    tuple of int
        All hyperplanes that contain it: those that contain both.

    Examples
    --------
    >>> from arrangement import families
    >>> families.braid(4).meet([0, 1], [0, 2])
    (0,)
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    both = set(closure(arrangement, one)) & set(closure(arrangement, other))
    return tuple(sorted(both))


def product(one: Given, other: Hyperplanes) -> Given:
    """The product (direct sum): the hyperplanes H × R^e and R^d × K of R^(d+e).

    Its cells are the products of a cell of either; its characteristic polynomial is the
    product.

    Parameters
    ----------
    other : Arrangement

    Raises
    ------
    InputError
        If it is no arrangement.

    References
    ----------
    P. Orlik and H. Terao, *Arrangements of Hyperplanes* (1992), Definition 2.13 and
    Lemma 2.50.

    Examples
    --------
    >>> from arrangement import families
    >>> prism = families.braid(3).product(families.grid(1))
    >>> prism.rows.tolist()
    [[1, -1, 0, 0, 0], [1, 0, -1, 0, 0], [0, 1, -1, 0, 0], [0, 0, 0, 1, 0]]
    >>> prism.n_cells()
    12
    """
    check_instance(one, "one", "Arrangement")
    if not isinstance(other, Hyperplanes):
        raise InputError(f"a product is with another arrangement, not with {shown(other)}")
    n, d = one.n_hyperplanes, one.dimension
    rows = np.full((n + other.n_hyperplanes, d + other.dimension + 1), 0, dtype=object)
    rows[:n, :d] = one.given[:, :-1]
    rows[n:, d:-1] = other.given[:, :-1]
    rows[:n, -1], rows[n:, -1] = one.given[:, -1], other.given[:, -1]
    return one.from_exact(rows, (*one.labels, *other.labels))


def cone(arrangement: Given) -> Given:
    """The cone cA: the hyperplanes a·x + b x_(d+1) = 0, and x_(d+1) = 0 at the end.

    It is linear, of one dimension more; the slice {x_(d+1) = 1} is the arrangement itself, so
    that ``decone(-1)`` gives it back. It has twice as many cells, and its characteristic
    polynomial is (t−1)χ(t).

    References
    ----------
    P. Orlik and H. Terao, *Arrangements of Hyperplanes* (1992), Definition 1.15 and
    Proposition 2.51.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> points = Arrangement([[1], [1]], [0, -1])
    >>> points.cone().rows.tolist()
    [[1, 0, 0], [1, -1, 0], [0, 1, 0]]
    >>> points.cone().decone(-1) == points
    True
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    n, d = arrangement.n_hyperplanes, arrangement.dimension
    rows = np.full((n + 1, d + 2), 0, dtype=object)
    rows[:n, :-1] = arrangement.given
    rows[n, d] = 1
    return arrangement.from_exact(rows, (*arrangement.labels, ""))


def decone(arrangement: Given, i: int) -> Given:
    """The affine arrangement on the slice {a_i·x = 1} of a central arrangement.

    Its cells are the cells on the positive side of hyperplane i, one dimension lower and
    one hyperplane (with its copies) fewer; the others are their opposites.

    Parameters
    ----------
    i : int
        A hyperplane.

    Raises
    ------
    InputError
        If the hyperplanes share no point.

    References
    ----------
    P. Orlik and H. Terao, *Arrangements of Hyperplanes* (1992), Definition 1.15.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> flat = Arrangement([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]).decone(0)
    >>> flat.rows.tolist()
    [[1, 0, 0], [0, 1, 0], [1, 1, 1]]
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    i = hyperplane_number(i, arrangement)
    if not arrangement.is_central:
        raise InputError("only a central arrangement has a decone; these share no point")
    linear, (first, _) = arrangement.rows[:, :-1], arrangement.coincidence
    others = np.flatnonzero(first != first[i])
    labels = [arrangement.labels[k] for k in others]
    return arrangement.from_exact(reduction.decone(linear[[*others, i]]), labels)


def _hyperplanes(arrangement: Hyperplanes, flat: Any) -> list[int]:
    """The hyperplanes that a flat is given by, checked."""
    given = getattr(flat, "hyperplanes", flat)
    if (
        isinstance(given, str)
        or not isinstance(given, Iterable)
        or not getattr(given, "ndim", 1)
    ):
        given = [given]
    return [hyperplane_number(i, arrangement) for i in given]


def _on_flat(arrangement: Hyperplanes, hyperplanes: list[int]) -> Integers:
    """All rows in coordinates of the intersection: zero where they contain it."""
    rows = arrangement.rows
    for i in hyperplanes:
        pivot = rows[i]
        if any(pivot[:-1]):
            column = exact.smallest_pivot(pivot[:-1])
            cut = (exact.eliminate(row, pivot, column) for row in rows)
            rows = primitive_rows(cut, len(pivot) - 1)
        elif pivot[-1]:
            raise InputError(f"hyperplanes {hyperplanes} share no point: they have no flat")
    return rows
