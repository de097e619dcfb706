"""The oriented matroid of a central arrangement: circuits, cocircuits, covectors, the dual.

Hyperplane i is the vector a_i, its normal. A signed circuit is the sign vector of a linear
dependency Σ c_i a_i = 0 of minimal support, a covector that of a face, (sign a_i·x), and a
cocircuit a covector of minimal support. Every circuit is orthogonal to every covector: their
products are zero on all hyperplanes, or positive on some and negative on others.

Both are read off the chirotope, the sign χ(S) of the determinant of every set S of `rank`
normals (Björner et al. 1999, §3.5). On a set S of one more, (−1)^i χ(S − s_i) is a circuit
where it is not zero (Cramer's rule); with a set T of one less, e ↦ χ(e, T) is a cocircuit.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.checks import check_instance
from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import primitive
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.hyperplanes.operations import Given, closure
from arrangement.memory import refuse
from arrangement.results.cells import Cell
from arrangement.results.face_enumeration import faces
from arrangement.results.faces import Face
from arrangement.results.flats import parametrization
from arrangement.results.sign_vectors import sign_strings, sign_vector

__all__ = ["bases", "circuits", "cocircuits", "covectors", "dual", "face_product"]

Integers = NDArray[np.object_]
Indices = NDArray[np.int64]

MOST_BASES = 100_000

BLOCK = 2**16
"""So many vectors are compared at a time."""


def bases(arrangement: Hyperplanes) -> Indices:
    """The bases of the matroid: the sets of `rank` hyperplanes with independent normals.

    Returns
    -------
    ndarray of int64, shape (m, rank)
        Ascending, in lexicographic order.

    Raises
    ------
    InputError
        If the hyperplanes share no point: take those of the cone.
    SizeError
        If there are more than 100,000 sets of `rank` hyperplanes.

    Examples
    --------
    >>> from arrangement import families
    >>> bases(families.braid(3)).tolist()
    [[0, 1], [0, 2], [1, 2]]
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    vectors, dual = _vectors(arrangement)
    n, width = vectors.shape
    found = _subsets(n, width)[_chirotope(vectors) != 0]
    if dual:
        others = np.ones((len(found), n), dtype=np.bool_)
        np.put_along_axis(others, found, False, axis=1)
        found = np.nonzero(others)[1].reshape(len(found), n - width)
    return found[np.lexsort(found.T[::-1])] if found.shape[1] else found


def circuits(arrangement: Hyperplanes) -> NDArray[np.int8]:
    """The signed circuits of a central arrangement: minimal dependencies of the normals.

    Every set of rank + 1 normals that span has one circuit in it, and these are all. Copies of
    a hyperplane are circuits of two.

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
    vectors, dual = _vectors(arrangement)
    return _with_opposites(vectors, _cocircuits(vectors) if dual else _circuits(vectors))


def cocircuits(arrangement: Hyperplanes) -> NDArray[np.int8]:
    """The signed cocircuits of a central arrangement: the sign vectors of its rays.

    They are the faces of dimension one more than the intersection of all hyperplanes, and the
    circuits of the :func:`dual`.

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
    vectors, dual = _vectors(arrangement)
    return _with_opposites(vectors, _circuits(vectors) if dual else _cocircuits(vectors))


def covectors(arrangement: Hyperplanes) -> NDArray[np.int8]:
    """The sign vectors of all faces, from the cells down to the flats of highest codimension.

    Of a central arrangement these are the covectors of its oriented matroid; the last is the
    zero vector. Affine ones have covectors, too: those of the cone that are positive at
    infinity.

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
    return np.concatenate(
        [faces(arrangement, d - k).signs for k in range(arrangement.rank + 1)]
    )


def face_product(arrangement: Hyperplanes, one: Any, other: Any) -> NDArray[np.int8]:
    """The product of two faces: where a short step from the first towards the other leads.

    Its signs are those of the first face, and those of the other where these are 0 (Tits's
    product, the composition of covectors): the faces are a semigroup.

    Parameters
    ----------
    one, other : sequence of n signs, str of +, 0 and −, Face or Cell

    Returns
    -------
    ndarray of int8, shape (n,)
        The sign vector of the product, which is a face.

    Raises
    ------
    InputError
        If there is no such face.

    References
    ----------
    J. Tits, *Buildings of spherical type and finite BN-pairs* (1974); SageMath's
    ``face_product``.

    Examples
    --------
    >>> from arrangement import families
    >>> braid = families.braid(3)
    >>> braid.face_product("0++", "---").tolist(), braid.face_product("---", "0++").tolist()
    ([-1, 1, 1], [-1, -1, -1])
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    first, second = _face_signs(arrangement, one), _face_signs(arrangement, other)
    return np.where(first == 0, second, first)


def _face_signs(arrangement: Hyperplanes, face: Any) -> NDArray[np.int8]:
    """The sign vector of a face that is given by it or as itself."""
    given = face.signs if isinstance(face, Face | Cell) else face
    values = sign_vector(given, arrangement.n_hyperplanes, zeros=True)
    signs = np.asarray(values, dtype=np.int8)
    on = np.flatnonzero(signs == 0)
    if closure(arrangement, on) == tuple(on.tolist()):
        rows = arrangement.rows
        if len(on):
            rows = rows @ parametrization(rows[on])
        inward = [[int(s) * v for v in row] for s, row in zip(signs, rows, strict=True) if s]
        if exact.interior_point(inward) is not None:
            return signs
    raise InputError(f"no face has the sign vector {sign_strings(signs[None])[0]}")


def dual(arrangement: Given) -> Given:
    """An arrangement of the dual oriented matroid, of rank n − rank: the Gale dual.

    Its normals are the rows of a matrix whose columns are a basis of the dependencies of the
    normals; its circuits are the cocircuits of the arrangement, and the other way round.

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
    normals = _dependencies(arrangement)
    for i, normal in enumerate(normals):
        if not any(normal):
            raise InputError(
                f"hyperplane {i} is in no circuit, so its dual is no hyperplane; "
                "take the dual without it"
            )
    return type(arrangement)(normals, labels=arrangement.labels)


def _dependencies(arrangement: Hyperplanes) -> Integers:
    """A basis of the dependencies of the normals as columns, shape (n, n − rank)."""
    n = arrangement.n_hyperplanes
    result = np.full((n, n - arrangement.rank), 0, dtype=object)
    if result.size:
        for k, dependency in enumerate(exact.nullspace(arrangement.rows[:, :-1].T).T):
            result[:, k] = primitive(dependency)
    return result


def _vectors(arrangement: Hyperplanes) -> tuple[Integers, bool]:
    """The normals in coordinates that span, or those of the dual where its rank is lower."""
    _refuse_affine(arrangement)
    n, rank = arrangement.n_hyperplanes, arrangement.rank
    if comb(n, rank) > MOST_BASES:
        raise SizeError(
            f"{n} hyperplanes of rank {rank} have {comb(n, rank):,} sets that may be bases; "
            f"circuits and cocircuits are found for at most {MOST_BASES:,}"
        )
    if 2 * rank > n:
        return _dependencies(arrangement), True
    return arrangement.rows[:, exact.independent_columns(arrangement.rows[:, :-1])], False


def _subsets(n: int, size: int) -> Indices:
    """All sets of so many of n numbers, shape (m, size), by the largest, then the next, …."""
    found = np.zeros((1, 0), dtype=np.int64)
    for k in range(1, size + 1):
        # The first C(t, k − 1) of the sets of k − 1 numbers are those of numbers below t.
        counts = [comb(t, k - 1) for t in range(n)]
        which = np.concatenate([np.arange(0), *map(np.arange, counts)])
        found = np.column_stack([found[which], np.repeat(np.arange(n), counts)])
    return found


def _without(subsets: Indices, n: int) -> Indices:
    """The number of each set less its i-th element in :func:`_subsets`, shape (m, size)."""
    m, size = subsets.shape
    place = np.array([[comb(v, k) for k in range(size + 1)] for v in range(n)], dtype=np.int64)
    result = np.zeros((m, size), dtype=np.int64)
    for k in range(size):
        s = subsets[:, k]
        result[:, k + 1 :] += place[s, k + 1][:, None]
        result[:, :k] += place[s, k][:, None]
    return result


def _chirotope(vectors: Integers) -> NDArray[np.int8]:
    """The sign of the determinant of each of the :func:`_subsets` of as many as the width.

    All determinants are expanded along the last column at once.
    """
    n, width = vectors.shape
    minors = np.ones(1, dtype=object)
    for k in range(width):
        subsets = _subsets(n, k + 1)
        sides = (-1) ** (np.arange(k + 1) + k)
        minors = (sides * vectors[subsets, k] * minors[_without(subsets, n)]).sum(axis=1)
    return np.array([exact.sign(v) for v in minors], dtype=np.int8)


def _circuits(vectors: Integers) -> Iterator[NDArray[np.int8]]:
    n, rank = vectors.shape
    size = 16 * (rank + 1) * comb(n, rank + 1)
    refuse(size, f"sets of {rank + 1} of {n} normals", "take fewer hyperplanes")
    chirotope = _chirotope(vectors)
    subsets = _subsets(n, rank + 1)
    sides = (-1) ** np.arange(rank + 1)
    for start in range(0, len(subsets), BLOCK):
        block = subsets[start : start + BLOCK]
        circuits = np.zeros((len(block), n), dtype=np.int8)
        signs = sides * chirotope[_without(block, n)]
        np.put_along_axis(circuits, block, signs.astype(np.int8), axis=1)
        yield circuits


def _cocircuits(vectors: Integers) -> Iterator[NDArray[np.int8]]:
    n, rank = vectors.shape
    if rank == 0:
        return
    chirotope, subsets = _chirotope(vectors), _subsets(n, rank)
    cocircuits = np.zeros((comb(n, rank - 1), n), dtype=np.int8)
    sides = (-1) ** np.arange(rank)
    cocircuits[_without(subsets, n), subsets] = sides * chirotope[:, None]
    yield cocircuits


def _with_opposites(vectors: Integers, blocks: Iterator[NDArray[np.int8]]) -> NDArray[np.int8]:
    """The different vectors of some blocks up to sign, without zero, then their opposites."""
    n = len(vectors)
    found: set[bytes] = set()
    for block in blocks:
        leading = block[np.arange(len(block)), (block != 0).argmax(axis=1)]
        rows = (block * leading[:, None])[leading != 0] + np.int8(1)
        found.update(map(bytes, rows))
        size = (5 * n + 100) * len(found)  # as bytes objects, joined, and their opposites
        refuse(size, f"{len(found):,} or more vectors", "take fewer hyperplanes")
    half = np.frombuffer(b"".join(sorted(found, reverse=True)), dtype=np.int8)
    half = half.reshape(len(found), n) - np.int8(1)
    return np.concatenate([half, -half])


def _refuse_affine(arrangement: Hyperplanes) -> None:
    if not arrangement.is_central:
        raise InputError(
            "the oriented matroid is that of hyperplanes that share a point, which these do "
            "not; take that of the cone, whose last element is the hyperplane at infinity"
        )
