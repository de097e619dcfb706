"""Distances between cells: hyperplanes that separate them, and Varchenko's matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import Ordering, fmpz_mpoly, fmpz_mpoly_ctx
from numpy.typing import NDArray

from arrangement import exact
from arrangement.checks import check_instance
from arrangement.errors import InputError
from arrangement.exact.packing import Signs, pack_signs, unpack_signs
from arrangement.hyperplanes.hyperplanes import Hyperplane, Hyperplanes, hyperplane_number
from arrangement.memory import refuse
from arrangement.results.cells import Cell, cells_of
from arrangement.results.sign_vectors import sign_vector

__all__ = [
    "distance_between_regions",
    "distance_enumerator",
    "is_separating_hyperplane",
    "is_simplicial",
    "varchenko_matrix",
]

MONOMIAL = 400
"""About how many bytes a monomial takes."""


def distance_between_regions(arrangement: Hyperplanes, one: Any, other: Any) -> int:
    """How many hyperplanes separate two cells, copies counted once.

    Parameters
    ----------
    one, other : int, Cell, sequence of n signs, or str of + and −
        Cells: their numbers in ``arrangement.cells()``, or their sign vectors.

    Raises
    ------
    InputError
        If there is no such cell.

    Examples
    --------
    >>> from arrangement import families
    >>> families.braid(3).distance_between_regions("+++", "---")
    3
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    apart = _signs(arrangement, one) != _signs(arrangement, other)
    return int(apart[arrangement.different].sum())


def is_separating_hyperplane(
    arrangement: Hyperplanes, one: Any, other: Any, hyperplane: int | Hyperplane
) -> bool:
    """Are two cells on different sides of a hyperplane?

    Parameters
    ----------
    arrangement, one, other
        See :func:`distance_between_regions`.
    hyperplane : int or Hyperplane

    Examples
    --------
    >>> from arrangement import families
    >>> families.braid(3).is_separating_hyperplane("+++", "++-", 2)
    True
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    i = hyperplane_number(hyperplane, arrangement)
    return bool(_signs(arrangement, one)[i] != _signs(arrangement, other)[i])


def distance_enumerator(arrangement: Hyperplanes, base: Any = 0) -> tuple[int, ...]:
    """How many cells there are at distance 0, 1, … from a base cell.

    They are the ranks of the poset of regions; Σ_k (entry k)·q^k is the distance enumerator.

    Parameters
    ----------
    base
        A cell as for :func:`distance_between_regions`.

    Returns
    -------
    tuple of int
        The last entry is not 0.

    References
    ----------
    R. P. Stanley, *An Introduction to Hyperplane Arrangements* (2007), §5.5.

    Examples
    --------
    >>> from arrangement import families
    >>> families.braid(4).distance_enumerator()  # (1 + q)(1 + q + q²)(1 + q + q² + q³)
    (1, 3, 5, 6, 5, 3, 1)
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    cells = cells_of(arrangement)
    apart = cells.packed ^ pack_signs(_signs(arrangement, base)[None])
    apart &= _mask(arrangement)
    distances = np.bitwise_count(apart).sum(axis=1, dtype=np.int64)
    return tuple(np.bincount(distances).tolist())


def varchenko_matrix(arrangement: Hyperplanes) -> NDArray[Any]:
    """The Varchenko matrix: between two cells the product of h_i over separating hyperplanes.

    Its determinant is Π (1 − Π_{H ⊇ X} h_H²)^m(X) over the flats X other than the space, with
    m(X) the number of cells of the restriction to X, times the beta invariant of the
    localization at X. Of copies, the lowest counts.

    Returns
    -------
    ndarray of flint.fmpz_mpoly, shape (m, m)
        In variables h0, h1, …, rows and columns in the order of ``arrangement.cells()``.

    Raises
    ------
    SizeError
        If it does not fit in memory.

    References
    ----------
    A. Varchenko, *Bilinear form of real configuration of hyperplanes*, Adv. Math. 97 (1993);
    SageMath's ``varchenko_matrix``.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> Arrangement([[1], [1]], [0, -1]).varchenko_matrix()
    array([[1, h1, h0*h1],
           [h1, 1, h0],
           [h0*h1, h0, 1]], dtype=object)
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    n = arrangement.n_hyperplanes
    packed = cells_of(arrangement).packed & _mask(arrangement)
    m = len(packed)
    refuse(8 * m * m, f"{m:,} × {m:,} monomials", "take fewer hyperplanes")
    context = fmpz_mpoly_ctx.get(("h", max(n, 1)), Ordering.lex)
    known: dict[bytes, fmpz_mpoly] = {}
    result = np.empty((m, m), dtype=object)
    for i in range(m):
        apart = packed ^ packed[i]
        for j, (key, signs) in enumerate(zip(apart, unpack_signs(apart, n), strict=True)):
            monomial = known.get(key.tobytes())
            if monomial is None:
                exponents = tuple(int(s > 0) for s in signs) or (0,)
                known[key.tobytes()] = monomial = context.from_dict({exponents: 1})
            result[i, j] = monomial
        refuse(MONOMIAL * len(known), f"{len(known):,} monomials", "take fewer hyperplanes")
    return result


def is_simplicial(arrangement: Hyperplanes) -> bool:
    """Is every cell simplicial: are the normals of its facets linearly independent?

    Examples
    --------
    >>> from arrangement import Arrangement, families
    >>> families.coxeter("H", 3).is_simplicial()
    True
    >>> Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).is_simplicial()
    False
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    cells = cells_of(arrangement)
    one, other, hyperplane = cells.edges.T
    facets = np.bincount(np.concatenate([one, other]), minlength=len(cells))
    if (facets > arrangement.rank).any():
        return False
    if arrangement.is_central:
        return True  # the facets of a pointed cone span
    bits = np.zeros((len(cells), arrangement.n_hyperplanes), dtype=np.int8)
    bits[one, hyperplane] = bits[other, hyperplane] = 1
    return all(
        exact.rank(arrangement.rows[on > 0, :-1]) == on.sum() for on in np.unique(bits, axis=0)
    )


def _mask(arrangement: Hyperplanes) -> NDArray[np.uint64]:
    """The bits of the lowest copies."""
    bits = np.zeros((1, arrangement.n_hyperplanes), dtype=np.int8)
    bits[0, arrangement.different] = 1
    return pack_signs(bits)


def _signs(arrangement: Hyperplanes, region: Any) -> Signs:
    """The sign vector of a cell that is given by it, by its number, or as itself."""
    if isinstance(region, int | np.integer) and not isinstance(region, bool):
        cells = cells_of(arrangement)
        if not -len(cells) <= region < len(cells):
            raise InputError(f"cell {region} does not exist: there are {len(cells)}")
        return cells[int(region)].signs
    given = region.signs if isinstance(region, Cell) else region
    signs = np.asarray(sign_vector(given, arrangement.n_hyperplanes), dtype=np.int8)
    inward = [[int(s) * v for v in row] for s, row in zip(signs, arrangement.rows, strict=True)]
    if exact.interior_point(inward) is None:
        raise InputError("no cell has this sign vector")
    return signs
