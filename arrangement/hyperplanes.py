"""Arrangements of hyperplanes: input, validation, normal form, and the classical operations."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact, near
from arrangement.errors import InputError
from arrangement.fields import FieldElement, in_one_field
from arrangement.parsing import exact_table, integral, primitive, shown

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import networkx as nx

    from arrangement.cells import Cells
    from arrangement.faces import Faces
    from arrangement.flats import Flats
    from arrangement.symmetry import Symmetry

__all__ = ["Arrangement"]

Integers = NDArray[np.object_]


class Arrangement:
    """An arrangement of n hyperplanes H_i = {x : normals[i]·x + offsets[i] = 0} in R^d.

    Every number is taken exactly as given: integers, Fractions and "p/q" strings are
    themselves, a float is the dyadic rational that it stores. Real algebraic numbers are
    strings such as "1/2+1/2*sqrt(5)", "2^(1/3)" or "cos(2*pi/7)"
    (:func:`arrangement.algebraic.read_number`), elements of a
    :class:`arrangement.fields.NumberField` or numbers of sympy. An arrangement never changes.

    Parameters
    ----------
    normals : array_like, shape (n, d)
        One normal a row; none may be zero. An arrangement without hyperplanes is given by an
        array of shape (0, d).
    offsets : array_like, shape (n,), optional
        The constants; all zero when left out, so that every hyperplane contains the origin.

    Raises
    ------
    InputError
        If the shape is wrong or a row is no hyperplane; the message names the row.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> triangle = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    >>> len(triangle.cells()), int(triangle.cells().bounded.sum())
    (7, 1)

    Three lines through one point, however fine the numbers:

    >>> len(Arrangement([["1/3", 1], [10**30, 1], [0.1, -1]]).cells())
    6
    >>> len(Arrangement([["sqrt(2)", 1], [2, "sqrt(2)"], ["sqrt(8)", 2]]).cells())
    2
    """

    _given: NDArray[Any]

    def __init__(self, normals: Any, offsets: Any = None) -> None:
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
        self._hold(np.column_stack([table, constants]))
        entries = np.zeros(self._given.shape, dtype=np.bool_)
        entries[:, :-1] = near.rounded(normals)
        entries[:, -1] = False if offsets is None else near.rounded(offsets)
        if entries.any():
            self.__dict__["_unchecked"] = entries

    @classmethod
    def from_samples(cls, X: Any, bias: Any = None) -> Arrangement:
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

    def _hold(self, given: NDArray[Any]) -> None:
        self.__dict__["_given"] = in_one_field(given.astype(object))
        self._given.flags.writeable = False

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"an Arrangement never changes: {name} cannot be set")

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_exact, (self._given,)

    @property
    def n_hyperplanes(self) -> int:
        """Number of hyperplanes n, copies counted."""
        return int(self._given.shape[0])

    @property
    def dimension(self) -> int:
        """Dimension d of the space."""
        return int(self._given.shape[1]) - 1

    @cached_property
    def normals(self) -> NDArray[Any]:
        """The normals as given, shape (n, d): float64 where exact, else the exact numbers."""
        return _as_float_if_exact(self._given[:, :-1])

    @cached_property
    def offsets(self) -> NDArray[Any]:
        """The offsets as given, shape (n,): float64 where exact, else the exact numbers."""
        return _as_float_if_exact(self._given[:, -1])

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
        rows = np.empty_like(self._given)
        for i, row in enumerate(self._given):
            rows[i] = min(primitive(row), integral(row), key=_size)
        rows.flags.writeable = False
        return rows

    @cached_property
    def coincidence(self) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """For each hyperplane the lowest index that is the same set, and the orientation.

        Orientation −1 means that the two normals point to opposite sides.

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
        for i, key in enumerate(self._monic):
            opposite = tuple(-v for v in key)
            if key in seen:
                first[i] = seen[key]
            elif opposite in seen:
                first[i], orientation[i] = seen[opposite], -1
            else:
                seen[key] = i
        return first, orientation

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

    @cached_property
    def is_simple(self) -> bool:
        """Does every non-empty intersection of k hyperplanes have codimension exactly k?

        Parallel hyperplanes are allowed; coincident ones are not, and no point lies on more
        hyperplanes than their codimension.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).is_simple
        True
        >>> Arrangement([[1, 0], [0, 1], [1, 1]]).is_simple
        False
        """
        from arrangement.restrict import is_simple

        return is_simple(self)

    def deletion(self, i: int) -> Arrangement:
        """The arrangement without hyperplane i."""
        i = self._hyperplane(i)
        return _from_exact(np.delete(self._given, i, axis=0))

    def restriction(self, flat: Any) -> Arrangement:
        """The arrangement cut on a hyperplane or flat; see :func:`operations.restriction`."""
        from arrangement import operations

        return operations.restriction(self, flat)

    def localization(self, flat: Any) -> Arrangement:
        """The hyperplanes that contain a flat; see :func:`operations.localization`."""
        from arrangement import operations

        return operations.localization(self, flat)

    def closure(self, flat: Any) -> tuple[int, ...]:
        """The numbers of the hyperplanes that contain a flat; :func:`operations.closure`."""
        from arrangement import operations

        return operations.closure(self, flat)

    def product(self, other: Arrangement) -> Arrangement:
        """The product (direct sum) with another arrangement; see :func:`operations.product`."""
        from arrangement import operations

        return operations.product(self, other)

    def cone(self) -> Arrangement:
        """The linear arrangement over this one, at height 1; see :func:`operations.cone`."""
        from arrangement import operations

        return operations.cone(self)

    def decone(self, i: int) -> Arrangement:
        """The slice {a_i·x = 1} of a central arrangement; see :func:`operations.decone`."""
        from arrangement import operations

        return operations.decone(self, i)

    def circuits(self) -> NDArray[np.int8]:
        """The signed circuits of a central arrangement; see :func:`matroid.circuits`."""
        from arrangement import matroid

        near.warn_once(self)
        return matroid.circuits(self)

    def cocircuits(self) -> NDArray[np.int8]:
        """The signed cocircuits of a central arrangement; see :func:`matroid.cocircuits`."""
        from arrangement import matroid

        near.warn_once(self)
        return matroid.cocircuits(self)

    def covectors(self) -> NDArray[np.int8]:
        """The sign vectors of all faces; see :func:`matroid.covectors`."""
        from arrangement import matroid

        near.warn_once(self)
        return matroid.covectors(self)

    def dual(self) -> Arrangement:
        """An arrangement of the dual oriented matroid; see :func:`matroid.dual`."""
        from arrangement import matroid

        return matroid.dual(self)

    def poset_of_regions(self, base: Any = 0) -> nx.DiGraph:
        """The cells, ordered from a base cell; see :func:`regions.poset_of_regions`."""
        from arrangement import regions

        return regions.poset_of_regions(self, base)

    def is_isomorphic(self, other: Arrangement) -> bool:
        """Are the tope graphs isomorphic? See :func:`regions.is_isomorphic`."""
        from arrangement import regions

        return regions.is_isomorphic(self, other)

    def essentialization(self) -> Arrangement:
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
        return _from_exact(self._given[:, [*columns, self.dimension]])

    def _like(self, rows: NDArray[Any]) -> Arrangement:
        """An arrangement in the space that exact rows without a zero normal give."""
        return _from_exact(rows)

    def _with_rows(self, rows: NDArray[Any]) -> Arrangement:
        """This arrangement and more hyperplanes, given as exact rows, at the end."""
        return _from_exact(np.concatenate([self._given, rows]))

    def _with(self, normal: Any, offset: Any) -> Arrangement:
        """This arrangement and one more hyperplane at the end."""
        new = Arrangement([normal], [offset])
        if new.dimension != self.dimension:
            raise InputError(
                f"the normal has {new.dimension} entries, but the dimension is {self.dimension}"
            )
        return self._with_rows(new._given)

    def cells(
        self,
        method: str = "auto",
        domain: Any = None,
        progress: bool | Callable[[int, int], None] | None = None,
        executor: Executor | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Cells:
        """Enumerate the cells: the connected components of the space off the hyperplanes.

        Parameters
        ----------
        method : {"auto", "sweep", "restrict", "lp"}
            ``"sweep"``: each cell from a vertex, a multiplication a sign; for arrangements
            that are simple or nearly so.
            ``"restrict"``: restrict and split, one hyperplane after the other; for all others.
            ``"lp"``: one LP per cell and hyperplane, the textbook method.
            ``"auto"``: ``"sweep"`` or ``"restrict"``, by how many cells there are, how
            degenerate the arrangement is found to be, and how much of it a domain holds. All
            are exact, and give the same cells in orders of their own.
        domain : sequence of (low, high), or pair (G, h), optional
            Keep only the cells that meet the interior of the box low ≤ x ≤ high (None or ±inf
            for an open end, as in scipy's ``bounds``) or of the polyhedron G x ≤ h. Cells
            outside cost nothing.
        progress : bool or callable, optional
            True shows progress on stderr when that is a terminal; a callable is called with
            (steps done, steps in all), where the latter may be a guess until the end.
        executor : concurrent.futures.Executor, optional
            Where tasks run, of all methods but ``"lp"``: a ``ProcessPoolExecutor``, dask's
            ``Client.get_executor()``, ``mpi4py.futures.MPIPoolExecutor``, …. The order of the
            cells of one method does not depend on it.
        checkpoint : path-like, optional
            A directory that keeps blocks of cells as they are done. Started again after an
            interruption, only what is missing is done.

        Returns
        -------
        Cells

        Raises
        ------
        SizeError
            If the cells would not fit in memory.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> axes = Arrangement([[1, 0], [0, 1]])
        >>> axes.cells().signs.tolist()
        [[1, 1], [1, -1], [-1, -1], [-1, 1]]
        >>> len(axes.cells(domain=[(1, 2), (-1, 1)]))
        2
        """
        from arrangement import enumeration

        near.warn_once(self)
        return enumeration.cells(self, method, domain, progress, executor, checkpoint)

    def iter_cells(
        self,
        batch_size: int = 2**16,
        progress: bool | Callable[[int, int], None] | None = None,
        executor: Executor | None = None,
        domain: Any = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Iterator[Cells]:
        """The cells in portions, in memory that does not grow with them.

        They are swept, or split where the arrangement is degenerate or a domain is given; in
        no particular order with an executor or a checkpoint.

        Parameters
        ----------
        batch_size : int
            Cells in a portion; the last may have fewer.
        progress, executor, domain, checkpoint
            As in :meth:`cells`.

        Yields
        ------
        Cells
            With ``complete`` False: edges join cells within the portion only.

        Examples
        --------
        >>> import numpy as np
        >>> from arrangement import Arrangement
        >>> rng = np.random.default_rng(0)
        >>> planes = Arrangement(rng.normal(size=(20, 3)), rng.normal(size=20))
        >>> [len(portion) for portion in planes.iter_cells(batch_size=500)]
        [500, 500, 351]
        """
        from arrangement import enumeration

        near.warn_once(self)
        return enumeration.iter_cells(self, batch_size, progress, executor, domain, checkpoint)

    def characteristic_polynomial(
        self,
        symmetry: Symmetry = None,
        progress: bool | Callable[[int, int], None] | None = None,
    ) -> tuple[int, ...]:
        """The coefficients of the characteristic polynomial, from t^d down.

        See :func:`arrangement.counting.characteristic_polynomial`.

        Examples
        --------
        >>> from arrangement import families
        >>> families.shi(3).characteristic_polynomial()  # t(t − 3)^2
        (1, -6, 9, 0)
        """
        from arrangement import counting

        near.warn_once(self)
        return counting.characteristic_polynomial(self, symmetry, progress)

    def whitney_numbers(
        self,
        symmetry: Symmetry = None,
        progress: bool | Callable[[int, int], None] | None = None,
    ) -> tuple[int, ...]:
        """The unsigned Whitney numbers of the first kind, w_0 to w_d.

        See :func:`arrangement.counting.whitney_numbers`.

        Examples
        --------
        >>> from arrangement import families
        >>> families.threshold(3).whitney_numbers()
        (1, 8, 28, 44, 23)
        """
        from arrangement import counting

        near.warn_once(self)
        return counting.whitney_numbers(self, symmetry, progress)

    def n_cells(
        self,
        symmetry: Symmetry = None,
        progress: bool | Callable[[int, int], None] | None = None,
        domain: Any = None,
        executor: Executor | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> int:
        """Number of cells, without listing them: see :func:`arrangement.counting.n_cells`.

        Parameters
        ----------
        symmetry : None, "auto" or sequence of sequences of int, optional
            Permutations of the hyperplanes, each of them induced by an affine map; or "auto",
            to search for them.
        progress, domain
            As in :meth:`cells`; with a domain without a symmetry.
        executor, checkpoint
            As in :meth:`cells`, with a domain only.

        Examples
        --------
        >>> from arrangement import families
        >>> families.shi(5).n_cells(), families.shi(5).n_cells(domain=[(0, "1/9")] * 5)
        (1296, 120)
        >>> families.resonance(7).n_cells(symmetry="auto")
        347326352
        """
        from arrangement import counting

        near.warn_once(self)
        return counting.n_cells(self, symmetry, progress, domain, executor, checkpoint)

    def n_bounded_cells(
        self,
        symmetry: Symmetry = None,
        progress: bool | Callable[[int, int], None] | None = None,
    ) -> int:
        """Number of relatively bounded cells: see :func:`arrangement.counting.n_bounded_cells`.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).n_bounded_cells()
        1
        """
        from arrangement import counting

        near.warn_once(self)
        return counting.n_bounded_cells(self, symmetry, progress)

    def flats(
        self, rank: int, progress: bool | Callable[[int, int], None] | None = None
    ) -> Flats:
        """The flats of one rank: non-empty intersections of hyperplanes of that codimension.

        Parameters
        ----------
        rank : int
            0 (the space itself) to the rank of the arrangement; beyond it there is none.
        progress : bool or callable, optional
            See :meth:`cells`.

        Returns
        -------
        Flats
            In lexicographic order of their first bases.

        Raises
        ------
        InputError
            If `rank` is no non-negative integer.
        SizeError
            If the flats would not fit in memory.

        Examples
        --------
        Two parallel lines and one that crosses them:

        >>> from arrangement import Arrangement
        >>> arrangement = Arrangement([[1, 0], [1, 0], [0, 1]], [0, -1, 0])
        >>> [[flat.hyperplanes for flat in arrangement.flats(k)] for k in range(3)]
        [[()], [(0,), (1,), (2,)], [(0, 2), (1, 2)]]
        """
        from arrangement import flats

        near.warn_once(self)
        return flats.flats(self, rank, progress)

    def intersection_poset(self) -> nx.DiGraph:
        """The flats by reverse inclusion: a meet semilattice, a lattice if they share a point.

        Nodes are tuples of the hyperplanes that contain the flat (copies too), the whole space
        () first. Each has `rank`, `dimension`, `hyperplanes` (the same as a string) and
        `mobius` = μ(R^d, X). Edges are the cover relations, from a flat to those of the next
        rank inside it. :func:`arrangement.graph.write_poset` and networkx write it as GraphML.

        Returns
        -------
        networkx.DiGraph

        Raises
        ------
        SizeError
            If there are more than a million cover relations.

        References
        ----------
        R. P. Stanley, *An Introduction to Hyperplane Arrangements* (2007), §1.3.

        Examples
        --------
        >>> from arrangement import families
        >>> poset = families.braid(4).intersection_poset()
        >>> len(poset), poset.nodes[(0, 1, 2, 3, 4, 5)]["mobius"]
        (15, -6)
        """
        from arrangement import poset

        near.warn_once(self)
        return poset.intersection_poset(self)

    def faces(
        self,
        dimension: int,
        progress: bool | Callable[[int, int], None] | None = None,
        domain: Any = None,
    ) -> Faces:
        """The faces of one dimension: the cells that the hyperplanes cut on each flat.

        Parameters
        ----------
        dimension : int
            d − rank (the faces that are flats) to d (the cells); there is no other.
        progress : bool or callable, optional
            See :meth:`cells`.
        domain : optional
            Only the faces that meet the interior of a box or polyhedron; see :meth:`cells`.

        Returns
        -------
        Faces
            Flat after flat, in the order of :meth:`flats`, and those on one flat in
            lexicographic order of their signs, − before +; those of dimension d in the order
            of :meth:`cells`.

        Raises
        ------
        InputError
            If `dimension` is no integer, or the domain is none.
        SizeError
            If the faces would not fit in memory.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> triangle = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
        >>> triangle.faces(0).signs.tolist()
        [[0, 0, -1], [0, 1, 0], [1, 0, 0]]
        >>> len(triangle.faces(1)), int(triangle.faces(1).bounded.sum())
        (9, 3)
        >>> triangle.faces(1, domain=[(0, 1), (0, 1)]).signs.tolist()
        [[1, 1, 0]]
        """
        from arrangement import faces

        near.warn_once(self)
        return faces.faces(self, dimension, progress, domain)

    def face_vector(self, method: str | None = None, domain: Any = None) -> tuple[int, ...]:
        """How many faces of each dimension there are, from 0 to d.

        Parameters
        ----------
        method : {"count", "enumerate"}, optional
            ``"count"``: f_k = Σ |μ(X, Y)| over flats X of dimension k and Y ⊆ X (Zaslavsky
            1975, Theorem A for every restriction), from the intersection poset; for the whole
            space, where it is the default.
            ``"enumerate"``: every face is found, though not stored; in a domain the default.
        domain : optional
            Only the faces that meet the interior of a box or polyhedron; see :meth:`cells`.

        Returns
        -------
        tuple of d + 1 ints

        Examples
        --------
        >>> from arrangement import families
        >>> families.braid(4).face_vector()
        (0, 1, 14, 36, 24)
        >>> families.braid(4).face_vector(domain=[(0, 1), (0, 1), (0, 1), (2, 3)])
        (0, 0, 1, 6, 6)
        """
        from arrangement import faces

        near.warn_once(self)
        return faces.face_vector(self, method, domain)

    def face_lattice(self) -> nx.DiGraph:
        """All faces by inclusion of their closures, with a least and a greatest element.

        Nodes are sign strings such as "+0-", with `dimension` and `bounded`; the empty face
        "empty" of dimension −1 is below all, and "top" of dimension d + 1 above all. Edges are
        the cover relations, from a face to those of one dimension more around it.
        :func:`arrangement.graph.write_poset` and networkx write it as GraphML.

        Returns
        -------
        networkx.DiGraph

        Raises
        ------
        SizeError
            If there are more than 100,000 faces.

        References
        ----------
        A. Björner, M. Las Vergnas, B. Sturmfels, N. White, G. M. Ziegler, *Oriented
        Matroids* (1999), §4.1.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> lattice = Arrangement([[1], [1]], [0, -1]).face_lattice()
        >>> sorted(lattice.successors("empty")), sorted(lattice.successors("0-"))
        (['+0', '0-'], ['+-', '--'])
        """
        from arrangement import lattice

        near.warn_once(self)
        return lattice.face_lattice(self)

    def __len__(self) -> int:
        return self.n_hyperplanes

    def __repr__(self) -> str:
        return f"Arrangement of {self.n_hyperplanes} hyperplanes in dimension {self.dimension}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Arrangement):
            return NotImplemented
        return self._given.shape == other._given.shape and self._monic == other._monic

    def __hash__(self) -> int:
        return hash((self._given.shape, self._monic))

    @cached_property
    def _monic(self) -> tuple[tuple[Any, ...], ...]:
        """The rows, over a number field divided by the size of the first non-zero entry.

        The same numbers may be entered as elements of different fields.
        """
        return tuple(map(_monic, self.rows))

    def _hyperplane(self, i: int) -> int:
        n = self.n_hyperplanes
        try:
            i = operator.index(i)
        except TypeError:
            raise InputError(
                f"a hyperplane is given by its number, not by {shown(i)}"
            ) from None
        if not -n <= i < n:
            raise InputError(
                f"hyperplane {shown(i)} does not exist: there are {n}, counted from 0"
            )
        return i % n


def _from_exact(given: NDArray[Any]) -> Arrangement:
    """An arrangement from a checked table of exact numbers, shape (n, d + 1)."""
    arrangement = Arrangement.__new__(Arrangement)
    arrangement._hold(given)
    return arrangement


def _size(row: Sequence[Any]) -> int:
    return sum(v.bit_length() for v in row)


def _monic(row: NDArray[Any]) -> tuple[Any, ...]:
    if not any(isinstance(v, FieldElement) for v in row):
        return tuple(row)
    factor = Fraction(1) / abs(next(v for v in row if v))
    return tuple(v * factor for v in row)


def _table(rows: Sequence[Sequence[int]], width: int) -> Integers:
    table = np.empty((len(rows), width), dtype=object)
    for i, row in enumerate(rows):
        table[i] = row
    return table


def _as_float_if_exact(values: NDArray[Any]) -> NDArray[Any]:
    try:
        floats = values.astype(np.float64)
        exactly = all(Fraction(f) == v for f, v in zip(floats.flat, values.flat, strict=True))
    except OverflowError:
        exactly = False
    result = floats if exactly else values.copy()
    result.flags.writeable = False
    return result
