"""Arrangements of hyperplanes: everything that can be asked of them, each a call down."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arrangement.counting import polynomial, poset
from arrangement.counting.symmetry import Symmetry
from arrangement.enumeration import choose
from arrangement.enumeration.restrict import is_simple
from arrangement.hyperplanes import near, operations
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.results import face_lattice, faces, flats, matroid, topes
from arrangement.results.cells import Cells
from arrangement.results.faces import Faces
from arrangement.results.flats import Flats

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Arrangement"]


class Arrangement(Hyperplanes):
    """An arrangement of n hyperplanes H_i = {x : normals[i]·x + offsets[i] = 0} in R^d.

    Every number is taken exactly as given: integers, Fractions and "p/q" strings are
    themselves, a float is the dyadic rational that it stores. Real algebraic numbers are
    strings such as "1/2+1/2*sqrt(5)", "2^(1/3)" or "cos(2*pi/7)"
    (:func:`arrangement.exact.algebraic.read_number`), elements of a
    :class:`arrangement.exact.fields.NumberField` or numbers of sympy. An arrangement never
    changes.

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
        return is_simple(self)

    def restriction(self, flat: Any) -> Arrangement:
        """The arrangement cut on a hyperplane or flat; see :func:`operations.restriction`."""
        return operations.restriction(self, flat)

    def localization(self, flat: Any) -> Arrangement:
        """The hyperplanes that contain a flat; see :func:`operations.localization`."""
        return operations.localization(self, flat)

    def closure(self, flat: Any) -> tuple[int, ...]:
        """The numbers of the hyperplanes that contain a flat; :func:`operations.closure`."""
        return operations.closure(self, flat)

    def product(self, other: Arrangement) -> Arrangement:
        """The product (direct sum) with another arrangement; see :func:`operations.product`."""
        return operations.product(self, other)

    def cone(self) -> Arrangement:
        """The linear arrangement over this one, at height 1; see :func:`operations.cone`."""
        return operations.cone(self)

    def decone(self, i: int) -> Arrangement:
        """The slice {a_i·x = 1} of a central arrangement; see :func:`operations.decone`."""
        return operations.decone(self, i)

    def circuits(self) -> NDArray[np.int8]:
        """The signed circuits of a central arrangement; see :func:`matroid.circuits`."""
        near.warn_once(self)
        return matroid.circuits(self)

    def cocircuits(self) -> NDArray[np.int8]:
        """The signed cocircuits of a central arrangement; see :func:`matroid.cocircuits`."""
        near.warn_once(self)
        return matroid.cocircuits(self)

    def covectors(self) -> NDArray[np.int8]:
        """The sign vectors of all faces; see :func:`matroid.covectors`."""
        near.warn_once(self)
        return matroid.covectors(self)

    def dual(self) -> Arrangement:
        """An arrangement of the dual oriented matroid; see :func:`matroid.dual`."""
        return matroid.dual(self)

    def poset_of_regions(self, base: Any = 0) -> nx.DiGraph:
        """The cells, ordered from a base cell; see :func:`regions.poset_of_regions`."""
        return topes.poset_of_regions(self, base)

    def is_isomorphic(self, other: Arrangement) -> bool:
        """Are the tope graphs isomorphic? See :func:`regions.is_isomorphic`."""
        return topes.is_isomorphic(self, other)

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
        near.warn_once(self)
        return Cells.of(self, method, domain, progress, executor, checkpoint)

    def iter_cells(
        self,
        batch_size: int = 2**16,
        progress: bool | Callable[[int, int], None] | None = None,
        executor: Executor | None = None,
        domain: Any = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Iterator[Cells]:
        """The cells in portions, in memory that does not grow with them.

        They are swept, or split where the arrangement is degenerate or a domain is given, or
        where a sweep without executor and checkpoint would be long in coming to the first; in
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
        near.warn_once(self)
        portions = choose.iter_cells(self, batch_size, progress, executor, domain, checkpoint)
        return (Cells(self, part.words, part.walls, complete=False) for part in portions)

    def characteristic_polynomial(
        self,
        symmetry: Symmetry = None,
        progress: bool | Callable[[int, int], None] | None = None,
    ) -> tuple[int, ...]:
        """The coefficients of the characteristic polynomial, from t^d down.

        See :func:`arrangement.counting.polynomial.characteristic_polynomial`.

        Examples
        --------
        >>> from arrangement import families
        >>> families.shi(3).characteristic_polynomial()  # t(t − 3)^2
        (1, -6, 9, 0)
        """
        near.warn_once(self)
        return polynomial.characteristic_polynomial(self, symmetry, progress)

    def whitney_numbers(
        self,
        symmetry: Symmetry = None,
        progress: bool | Callable[[int, int], None] | None = None,
    ) -> tuple[int, ...]:
        """The unsigned Whitney numbers of the first kind, w_0 to w_d.

        See :func:`arrangement.counting.polynomial.whitney_numbers`.

        Examples
        --------
        >>> from arrangement import families
        >>> families.threshold(3).whitney_numbers()
        (1, 8, 28, 44, 23)
        """
        near.warn_once(self)
        return polynomial.whitney_numbers(self, symmetry, progress)

    def n_cells(
        self,
        symmetry: Symmetry = None,
        progress: bool | Callable[[int, int], None] | None = None,
        domain: Any = None,
        executor: Executor | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> int:
        """Number of cells, without listing them: see
        :func:`arrangement.counting.polynomial.n_cells`.

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
        near.warn_once(self)
        return polynomial.n_cells(self, symmetry, progress, domain, executor, checkpoint)

    def n_bounded_cells(
        self,
        symmetry: Symmetry = None,
        progress: bool | Callable[[int, int], None] | None = None,
    ) -> int:
        """Number of relatively bounded cells: see
        :func:`arrangement.counting.polynomial.n_bounded_cells`.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).n_bounded_cells()
        1
        """
        near.warn_once(self)
        return polynomial.n_bounded_cells(self, symmetry, progress)

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
        near.warn_once(self)
        return flats.flats(self, rank, progress)

    def intersection_poset(self) -> nx.DiGraph:
        """The flats by reverse inclusion: a meet semilattice, a lattice if they share a point.

        Nodes are tuples of the hyperplanes that contain the flat (copies too), the whole space
        () first. Each has `rank`, `dimension`, `hyperplanes` (the same as a string) and
        `mobius` = μ(R^d, X). Edges are the cover relations, from a flat to those of the next
        rank inside it. :func:`arrangement.files.graphml.write_poset` and networkx write it as
        GraphML.

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
        near.warn_once(self)
        return faces.face_vector(self, method, domain)

    def face_lattice(self) -> nx.DiGraph:
        """All faces by inclusion of their closures, with a least and a greatest element.

        Nodes are sign strings such as "+0-", with `dimension` and `bounded`; the empty face
        "empty" of dimension −1 is below all, and "top" of dimension d + 1 above all. Edges are
        the cover relations, from a face to those of one dimension more around it.
        :func:`arrangement.files.graphml.write_poset` and networkx write it as GraphML.

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
        near.warn_once(self)
        return face_lattice.face_lattice(self)


Hyperplanes._kind = Arrangement
