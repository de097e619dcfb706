"""Arrangements of hyperplanes: everything that can be asked of them.

The contents page: most methods are functions of the packages below, under their own names.
"""

from __future__ import annotations

from functools import cached_property

from arrangement.counting import by_chambers, polynomial, poset
from arrangement.enumeration.restrict import is_simple
from arrangement.hyperplanes import near, operations
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.results import cell_classes, face_lattice, faces, flats, matroid, topes

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

    cells = near.warned(cell_classes.cells)
    iter_cells = near.warned(cell_classes.iter_cells)
    n_classes = near.warned(cell_classes.n_classes)

    characteristic_polynomial = near.warned(polynomial.characteristic_polynomial)
    whitney_numbers = near.warned(polynomial.whitney_numbers)
    n_cells = near.warned(polynomial.n_cells)
    audit_count = by_chambers.audit_count
    n_bounded_cells = near.warned(polynomial.n_bounded_cells)

    flats = near.warned(flats.flats)
    intersection_poset = near.warned(poset.intersection_poset)

    face_vector = near.warned(faces.face_vector)
    face_lattice = near.warned(face_lattice.face_lattice)
    faces = near.warned(faces.faces)

    restriction = operations.restriction
    localization = operations.localization
    closure = operations.closure
    product = operations.product
    cone = operations.cone
    decone = operations.decone

    circuits = near.warned(matroid.circuits)
    cocircuits = near.warned(matroid.cocircuits)
    covectors = near.warned(matroid.covectors)
    dual = matroid.dual

    poset_of_regions = topes.poset_of_regions
    is_isomorphic = topes.is_isomorphic


Hyperplanes.user_class = Arrangement
