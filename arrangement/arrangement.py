"""Arrangements of hyperplanes: everything that can be asked of them.

The contents page: most methods are functions of the packages below, under their own names.
"""

from __future__ import annotations

import os
from functools import cached_property

from arrangement.counting import by_chambers, derivations, freeness, polynomial, poset
from arrangement.enumeration.restrict import is_simple
from arrangement.files import hyperplane_files
from arrangement.files.reading import naming
from arrangement.hyperplanes import near, operations
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.results import (
    cell_classes,
    distances,
    face_enumeration,
    face_lattice,
    flats,
    matroid,
    topes,
    unoriented_matroid,
)

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
    labels : sequence of n str, optional
        What the hyperplanes are called, in any characters that can be printed; "" for none.
        Operations and files keep them.

    Raises
    ------
    InputError
        If the shape is wrong or a row is no hyperplane; the message names the row.

    Notes
    -----
    An arrangement is a sequence of hyperplanes: ``len(A)``, ``A[i]`` (a
    :class:`~arrangement.Hyperplane`), ``A[2:5]`` (an arrangement), ``H in A``. ``A == B`` if
    they have the same hyperplanes with the same positive sides in the same order, and so the
    same sign vectors; labels and positive factors do not count. The same hyperplanes in any
    order and orientation: ``set(A) == set(B)``.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> triangle = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    >>> len(triangle.cells()), int(triangle.cells().bounded.sum())
    (7, 1)
    >>> named = Arrangement([[1, 0], [0, 1]], labels=["east", "north"])
    >>> [hyperplane.label for hyperplane in named | triangle]
    ['east', 'north', '']

    Three lines through one point, however fine the numbers:

    >>> len(Arrangement([["1/3", 1], [10**30, 1], [0.1, -1]]).cells())
    6
    >>> len(Arrangement([["sqrt(2)", 1], [2, "sqrt(2)"], ["sqrt(8)", 2]]).cells())
    2
    """

    @classmethod
    def read(cls, path: str | os.PathLike[str], format: str | None = None) -> Arrangement:
        """The arrangement in a file.

        Parameters
        ----------
        path : path-like
            Perhaps compressed (.gz).
        format : str, optional
            As for :meth:`write`; text if left out and the suffix is none of those. Scripts are
            read as far as they are like those that are written.

        Raises
        ------
        InputError
            If it cannot be read or holds something else; the message names the file, and the
            line or the row.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "lines.txt")
        ...     _ = path.write_text("1 0 -1/2\\n0 1 sqrt(2)\\n")
        ...     Arrangement.read(path)
        Arrangement of 2 hyperplanes in dimension 2
        """
        table = hyperplane_files.read(path, format)
        with naming(table.name):
            return cls(table.normals, table.offsets, table.labels)

    def write(self, path: str | os.PathLike[str], format: str | None = None) -> None:
        """Write the hyperplanes for :meth:`read` and for other programs, exactly.

        The file appears only when it is whole; compressed if its name ends in ``.gz``.

        Parameters
        ----------
        path : path-like
        format : str, optional
            As the suffix says, if left out: ``"text"`` (.txt), ``"csv"``, ``"json"`` and
            ``"npz"``, which hold labels and algebraic numbers; ``"cdd"`` (.ine, for cdd and
            lrs), ``"polymake"`` (.poly, an object to ``load``), ``"macaulay2"`` (.m2) and
            ``"sagemath"`` (.sage), which hold neither. The last two are in coprime integers.

        Raises
        ------
        InputError
            If there is no such format, or it cannot hold these hyperplanes.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from arrangement import Arrangement
        >>> lines = Arrangement([["1/2", -1], [0, 3]], [0, "1/3"])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     lines.write(f"{folder}/lines.m2")
        ...     print(Path(f"{folder}/lines.m2").read_text(), end="")
        ...     Arrangement.read(f"{folder}/lines.m2") == lines
        needsPackage "HyperplaneArrangements"
        R = QQ[x_1, x_2]
        A = arrangement({
            x_1 - 2*x_2,
            9*x_2 + 1
        }, R)
        True
        """
        hyperplane_files.write(path, self.given, self.labels, format)

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

    cells = near.warned(cell_classes.cells)
    iter_cells = near.warned(cell_classes.iter_cells)
    n_classes = near.warned(cell_classes.n_classes)

    characteristic_polynomial = near.warned(polynomial.characteristic_polynomial)
    whitney_numbers = near.warned(polynomial.whitney_numbers)
    n_cells = near.warned(polynomial.n_cells)
    audit_count = by_chambers.audit_count
    n_bounded_cells = near.warned(polynomial.n_bounded_cells)

    center = flats.center
    flats = near.warned(flats.flats)
    intersection_poset = near.warned(poset.intersection_poset)

    face_vector = near.warned(face_enumeration.face_vector)
    face_lattice = near.warned(face_lattice.face_lattice)
    locate = face_enumeration.locate
    faces = near.warned(face_enumeration.faces)

    union = operations.union
    add_hyperplane = operations.add_hyperplane
    restriction = operations.restriction
    localization = operations.localization
    closure = operations.closure
    product = operations.product
    cone = operations.cone
    decone = operations.decone

    circuits = near.warned(matroid.circuits)
    cocircuits = near.warned(matroid.cocircuits)
    face_product = matroid.face_product
    covectors = near.warned(matroid.covectors)
    dual = matroid.dual
    tutte_polynomial = near.warned(poset.tutte_polynomial)

    whitney_number = near.warned(poset.whitney_number)
    doubly_indexed_whitney_number = near.warned(poset.doubly_indexed_whitney_number)
    whitney_data = near.warned(poset.whitney_data)
    poincare_polynomial = near.warned(polynomial.poincare_polynomial)
    cocharacteristic_polynomial = near.warned(polynomial.cocharacteristic_polynomial)
    primitive_eulerian_polynomial = near.warned(polynomial.primitive_eulerian_polynomial)
    nbc_sets = near.warned(poset.nbc_sets)

    modular_chain = near.warned(freeness.modular_chain)
    is_supersolvable = near.warned(freeness.is_supersolvable)
    inductive_chain = near.warned(freeness.inductive_chain)
    is_inductively_free = near.warned(freeness.is_inductively_free)
    is_free = near.warned(derivations.is_free)
    derivations = near.warned(derivations.derivations)
    is_formal = near.warned(freeness.is_formal)
    minimal_generated_number = near.warned(freeness.minimal_generated_number)

    distance_between_regions = distances.distance_between_regions
    is_separating_hyperplane = distances.is_separating_hyperplane
    distance_enumerator = distances.distance_enumerator
    varchenko_matrix = distances.varchenko_matrix
    is_simplicial = distances.is_simplicial

    join = operations.join
    meet = operations.meet
    matroid = unoriented_matroid.matroid

    def __or__(self, other: object) -> Arrangement:
        return self.union(other) if isinstance(other, Hyperplanes) else NotImplemented

    poset_of_regions = topes.poset_of_regions
    is_isomorphic = topes.is_isomorphic


Hyperplanes.user_class = Arrangement
