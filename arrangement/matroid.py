"""The oriented matroid of a central arrangement: circuits, cocircuits, covectors, the dual.

Hyperplane i is the vector a_i, its normal. A signed circuit is the sign vector of a linear
dependency Σ c_i a_i = 0 of minimal support, a covector that of a face, (sign a_i·x), and a
cocircuit a covector of minimal support. Every circuit is orthogonal to every covector: their
products are zero on all hyperplanes, or positive on some and negative on others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.arguments import check_instance
from arrangement.errors import InputError, SizeError
from arrangement.hyperplanes import Arrangement
from arrangement.parsing import primitive

__all__ = ["circuits", "cocircuits", "covectors", "dual"]

MOST_BASES = 100_000


def circuits(arrangement: Arrangement) -> NDArray[np.int8]:
    """The signed circuits of a central arrangement: minimal dependencies of the normals.

    Every basis B and normal a_e outside it have one circuit in B + e, and these are all:
    C(n, rank) exact solutions of linear equations.

    Parameters
    ----------
    arrangement : Arrangement
        Copies of a hyperplane are circuits of two.

    Returns
    -------
    ndarray of int8, shape (2m, n)
        Entries −1, 0, 1. The first half has the first non-zero entry positive, from the
        lexicographically largest down; the second half is its opposites.

    Raises
    ------
    InputError
        If the hyperplanes share no point: take those of the cone, whose last element is the
        hyperplane at infinity.
    SizeError
        If there are more than 100,000 sets of `rank` hyperplanes.

    References
    ----------
    A. Björner, M. Las Vergnas, B. Sturmfels, N. White and G. M. Ziegler, *Oriented Matroids*
    (2nd ed., 1999), §1.2 and §3.2.

    Examples
    --------
    >>> from arrangement import families
    >>> families.braid(3).circuits().tolist()  # x_1−x_2, x_1−x_3, x_2−x_3
    [[1, -1, 1], [-1, 1, -1]]
    >>> families.grid(1, 1).circuits().shape
    (0, 2)
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    return _with_opposites(_fundamental_circuits(arrangement), arrangement.n_hyperplanes)


def cocircuits(arrangement: Arrangement) -> NDArray[np.int8]:
    """The signed cocircuits of a central arrangement: the sign vectors of its rays.

    They are the faces of dimension one more than the intersection of all hyperplanes, and the
    circuits of the :func:`dual`.

    Parameters
    ----------
    arrangement : Arrangement

    Returns
    -------
    ndarray of int8, shape (2m, n)
        In the order of :func:`circuits`.

    Raises
    ------
    InputError
        If the hyperplanes share no point: take those of the cone.
    SizeError
        If there are more than 100,000 sets of `rank` hyperplanes.

    References
    ----------
    A. Björner et al., *Oriented Matroids* (2nd ed., 1999), §1.2 and §3.4.

    Examples
    --------
    >>> from arrangement import families
    >>> families.braid(3).cocircuits()[:3].tolist()
    [[1, 1, 0], [1, 0, -1], [0, 1, 1]]
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    tables = (table.T for _, table in _basis_tables(arrangement))
    return _with_opposites(tables, arrangement.n_hyperplanes)


def covectors(arrangement: Arrangement) -> NDArray[np.int8]:
    """The sign vectors of all faces, from the cells down to the flats of highest codimension.

    Of a central arrangement these are the covectors of its oriented matroid; the last is the
    zero vector.

    Parameters
    ----------
    arrangement : Arrangement
        Affine ones have covectors, too: those of the cone that are positive at infinity.

    Returns
    -------
    ndarray of int8, shape (m, n)
        Entries −1, 0, 1.

    References
    ----------
    A. Björner et al., *Oriented Matroids* (2nd ed., 1999), §1.2 and §4.1.

    Examples
    --------
    >>> from arrangement import Arrangement, families
    >>> Arrangement([[1], [1]], [0, -1]).covectors().tolist()
    [[1, 1], [1, -1], [-1, -1], [0, -1], [1, 0]]
    >>> families.braid(4).covectors().shape
    (75, 6)
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    d = arrangement.dimension
    return np.concatenate([arrangement.faces(d - k).signs for k in range(arrangement.rank + 1)])


def dual(arrangement: Arrangement) -> Arrangement:
    """An arrangement of the dual oriented matroid, of rank n − rank: the Gale dual.

    Its normals are the rows of a matrix whose columns are a basis of the dependencies of the
    normals; its circuits are the cocircuits of the arrangement, and the other way round.

    Parameters
    ----------
    arrangement : Arrangement

    Raises
    ------
    InputError
        If the hyperplanes share no point; or if some hyperplane is in no circuit (a coloop):
        its dual is the zero vector, which is no hyperplane.

    References
    ----------
    A. Björner et al., *Oriented Matroids* (2nd ed., 1999), §3.4 and §9.1.

    Examples
    --------
    >>> from arrangement import families
    >>> families.braid(3).dual().normals.astype(int).tolist()
    [[-1], [1], [-1]]
    >>> k4 = families.braid(4)  # the complete graph on four nodes is its own dual
    >>> k4.dual().rank, len(k4.dual().circuits()) == len(k4.circuits())
    (3, True)
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    _refuse_affine(arrangement)
    n = arrangement.n_hyperplanes
    nullity = n - arrangement.rank
    normals = np.full((n, nullity), 0, dtype=object)
    if nullity:
        for k, dependency in enumerate(exact.nullspace(arrangement.rows[:, :-1].T).T):
            normals[:, k] = primitive(dependency)
    for i, normal in enumerate(normals):
        if not any(normal):
            raise InputError(
                f"hyperplane {i} is in no circuit, so its dual is no hyperplane; "
                "take the dual without it"
            )
    return Arrangement(normals)


def _basis_tables(
    arrangement: Arrangement,
) -> Iterator[tuple[tuple[int, ...], NDArray[np.int8]]]:
    """Each basis B and the signs T, shape (n, rank), of a_i = Σ_b T[i, b] a_b.

    Row e gives the circuit in B + e. Column b gives the values of all normals at the point
    where a_b is 1 and the rest of B is 0: the cocircuit outside the span of B − b.
    """
    _refuse_affine(arrangement)
    n, rank = arrangement.n_hyperplanes, arrangement.rank
    if comb(n, rank) > MOST_BASES:
        raise SizeError(
            f"{n} hyperplanes of rank {rank} have {comb(n, rank):,} sets that may be bases; "
            f"circuits and cocircuits are found for at most {MOST_BASES:,}"
        )
    columns = exact.independent_columns(arrangement.rows[:, :-1])
    vectors = arrangement.rows[:, columns]
    for basis in combinations(range(n), rank) if n else ():
        found = exact.inverse(vectors[list(basis)])
        if found is None:
            continue
        signs = [exact.sign(v) for v in (vectors @ found[0]).flat]
        yield basis, np.array(signs, dtype=np.int8).reshape(n, rank)


def _fundamental_circuits(arrangement: Arrangement) -> Iterator[NDArray[np.int8]]:
    n = arrangement.n_hyperplanes
    for basis, table in _basis_tables(arrangement):
        outside = np.setdiff1d(np.arange(n), basis)
        circuits = np.zeros((len(outside), n), dtype=np.int8)
        circuits[:, basis] = -table[outside]
        circuits[np.arange(len(outside)), outside] = 1
        yield circuits


def _with_opposites(blocks: Iterable[NDArray[np.int8]], n: int) -> NDArray[np.int8]:
    """The different vectors of some blocks up to sign, then their opposites."""
    found: set[tuple[int, ...]] = set()
    for block in blocks:
        leading = block[np.arange(len(block)), (block != 0).argmax(axis=1)]
        found.update(map(tuple, (block * leading[:, None]).tolist()))
    half = np.array(sorted(found, reverse=True), dtype=np.int8).reshape(len(found), n)
    return np.concatenate([half, -half])


def _refuse_affine(arrangement: Arrangement) -> None:
    if not arrangement.is_central:
        raise InputError(
            "the oriented matroid is that of hyperplanes that share a point, which these do "
            "not; take that of the cone, whose last element is the hyperplane at infinity"
        )
