"""Counting without enumerating: the characteristic polynomial and what it tells."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from math import prod
from typing import Any, NamedTuple

import numpy as np
from flint import fmpz_poly
from numpy.typing import NDArray

from arrangement import exact
from arrangement.bounds import zaslavsky
from arrangement.checks import check_executor, check_instance
from arrangement.counting import by_chambers
from arrangement.counting.flat_count import FlatCount
from arrangement.counting.poset import whitney_data
from arrangement.counting.whitney import BrokenCircuits
from arrangement.enumeration import choose, sweep
from arrangement.enumeration.checkpoints import Checkpoint
from arrangement.enumeration.estimate import estimated_flats
from arrangement.errors import InputError
from arrangement.exact.numbers import shown
from arrangement.hyperplanes.components import components
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.hyperplanes.reduction import decone, distinct_essential_rows, distinct_rows
from arrangement.progress import Progress
from arrangement.symmetry.automorphisms import (
    Automorphisms,
    find_generators,
    given_generators,
)
from arrangement.symmetry.chamber_count import ChamberCounts
from arrangement.symmetry.permutation_groups import PermutationGroup
from arrangement.symmetry.reflection_groups import ReflectionGroup
from arrangement.symmetry.symmetries import NAMES, Symmetries, Symmetry, are_permutations

__all__ = [
    "characteristic_polynomial",
    "cocharacteristic_polynomial",
    "n_bounded_cells",
    "n_cells",
    "poincare_polynomial",
    "primitive_eulerian_polynomial",
    "whitney_numbers",
]

Integers = NDArray[np.object_]


MANY = 2**29
"""So many sets without broken circuits may take longer than the flats of degenerate rows."""

SOON = 2**24
"""So many are soon found, where an executor or a directory is given for flats."""

FEW_FLATS = 2**22
"""So many incidences of flats and hyperplanes are soon told."""

FLAT, FACE, CELL = 3e-5, 3e-3, 5e-8
"""Seconds that flats take, for each hyperplane and each as many of them as the group's order;
a face of a chamber, and a cell in it: of one core, as measured. Of flats that many symmetries
keep there are more orbits than that."""

WORTHWHILE = 8
"""Least order of a group that is used when found: an orbit costs as much as a few flats."""


def characteristic_polynomial(
    arrangement: Hyperplanes,
    symmetry: Symmetry = None,
    progress: Progress = None,
    executor: Executor | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> tuple[int, ...]:
    """The coefficients of χ(t) = Σ_X μ(X)·t^dim X, from t^d down.

    The sum is over the flats X (the space among them), μ is the Möbius function of the flats
    ordered by reverse inclusion. Copies of a hyperplane count once.

    The sets without broken circuits are counted by deletion and restriction, in no memory to
    speak of. With a symmetry, or where there are too many such sets for the flats, these are
    listed rank by rank, each once, with |μ| passed on from those below by Weisner's theorem;
    one flat of each orbit is enough. Flats of the two highest ranks are never stored, with a
    symmetry of the three highest: what these have is told by lines and points in planes.

    Parameters
    ----------
    arrangement : Arrangement
    symmetry : None, "auto" or sequence of sequences of int, optional
        Permutations of the hyperplanes, each a list of n numbers: hyperplane i goes to
        hyperplane ``permutation[i]``. They need not generate the whole group of symmetries.
        ``"auto"`` searches for them; it pays for highly symmetric arrangements. What else
        :meth:`Arrangement.cells` takes is welcome, too.
    progress : bool or callable, optional
        See :meth:`Arrangement.cells`.
    executor : concurrent.futures.Executor, optional
        Where flats are worked on; :meth:`Arrangement.cells` tells which there are.
    checkpoint : path-like, optional
        A directory for the flats, one run at a time. A run that was killed goes on from there.
        A process then takes room for 65,536 covers, or for 16 MiB that are merged, and 512 MiB
        at most for stabilisers of the symmetry, however many flats there are.

    Returns
    -------
    tuple of int
        d + 1 coefficients, exact and of any size.

    Raises
    ------
    InputError
        If a permutation is not induced by an affine map of the space (a linear one up to
        scaling, for a central arrangement).
    SizeError
        If the flats of some rank do not fit in memory, and there is no checkpoint.

    References
    ----------
    R. P. Stanley, *An Introduction to Hyperplane Arrangements* (2007), §1.3 and §2.2;
    T. Brysiewicz, H. Eble and L. Kühne, *Computing characteristic polynomials of hyperplane
    arrangements with symmetries*, Discrete Comput. Geom. 70 (2023).

    Examples
    --------
    >>> from arrangement import Arrangement, families
    >>> characteristic_polynomial(Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]))
    (1, -3, 3)
    >>> characteristic_polynomial(families.braid(4))  # t(t − 1)(t − 2)(t − 3)
    (1, -6, 11, -6, 0)
    >>> families.shi(3).characteristic_polynomial()  # t(t − 3)^2
    (1, -6, 9, 0)
    >>> sum(map(abs, characteristic_polynomial(families.coxeter("E", 7), symmetry="auto")))
    2903040
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    check_executor(executor)
    directory = None
    if checkpoint is not None:
        directory = Checkpoint(checkpoint, distinct_rows(arrangement))
    run = _Run(progress, executor, directory)
    absolute = _absolute_coefficients(arrangement, symmetry, run)
    absolute += [0] * (arrangement.dimension + 1 - len(absolute))
    return tuple(w if k % 2 == 0 else -w for k, w in enumerate(absolute))


class _Run(NamedTuple):
    """How flats are worked on."""

    progress: Progress
    executor: Executor | None
    checkpoint: Checkpoint | None

    @property
    def by_flats(self) -> bool:
        """Is that asked for?"""
        return self.executor is not None or self.checkpoint is not None


def whitney_numbers(
    arrangement: Hyperplanes,
    symmetry: Symmetry = None,
    progress: Progress = None,
    executor: Executor | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> tuple[int, ...]:
    """The Whitney numbers of the first kind, unsigned: w_k = Σ |μ(X)| over the flats of rank k.

    They are the absolute coefficients of the characteristic polynomial; w_k is also the number
    of sets of k hyperplanes without a broken circuit, and their sum the number of cells.

    Parameters
    ----------
    arrangement, symmetry, progress, executor, checkpoint
        See :func:`characteristic_polynomial`.

    Returns
    -------
    tuple of int
        w_0, …, w_d.

    Examples
    --------
    >>> from arrangement import families
    >>> whitney_numbers(families.resonance(4))
    (1, 15, 80, 170, 104)
    >>> families.threshold(3).whitney_numbers()
    (1, 8, 28, 44, 23)
    """
    chi = characteristic_polynomial(arrangement, symmetry, progress, executor, checkpoint)
    return tuple(map(abs, chi))


def poincare_polynomial(
    arrangement: Hyperplanes, symmetry: Symmetry = None, progress: Progress = None
) -> tuple[int, ...]:
    """The coefficients of π(t) = Σ |μ(X)|·t^rank X = (−t)^d χ(−1/t), from t^d down.

    The Hilbert series of the Orlik–Solomon algebra, which is the cohomology of the complement
    of the hyperplanes in complex space: the coefficients are its Betti numbers.

    Parameters
    ----------
    arrangement, symmetry, progress
        See :func:`characteristic_polynomial`.

    Returns
    -------
    tuple of int
        d + 1 coefficients.

    References
    ----------
    P. Orlik and L. Solomon, *Combinatorics and topology of complements of hyperplanes*,
    Invent. Math. 56 (1980).

    Examples
    --------
    >>> from arrangement import families
    >>> families.braid(4).poincare_polynomial()  # (1 + t)(1 + 2t)(1 + 3t)
    (0, 6, 11, 6, 1)
    """
    return whitney_numbers(arrangement, symmetry, progress)[::-1]


def cocharacteristic_polynomial(arrangement: Hyperplanes) -> tuple[int, ...]:
    """The coefficients of Ψ(z) = Σ |μ(X, B)|·z^dim X, from z^d down.

    The sum is over the flats X of a central arrangement, and B is the intersection of all.

    Returns
    -------
    tuple of int

    Raises
    ------
    InputError
        If the hyperplanes share no point.

    References
    ----------
    J. Bastidas, C. Hohlweg and F. Saliola, *The primitive Eulerian polynomial* (2023);
    SageMath's ``cocharacteristic_polynomial``.

    Examples
    --------
    >>> from arrangement import families
    >>> families.braid(3).cocharacteristic_polynomial()
    (2, 3, 1, 0)
    """
    return (
        *_co_whitney_numbers(arrangement),
        *[0] * (arrangement.dimension - arrangement.rank),
    )


def primitive_eulerian_polynomial(arrangement: Hyperplanes) -> tuple[int, ...]:
    """The coefficients of P(z) = Σ |μ(X, B)|·(z − 1)^rank X, from z^rank down.

    The sum is over the flats X of a central arrangement, and B is the intersection of all. The
    coefficients of a simplicial arrangement are not negative.

    Returns
    -------
    tuple of int

    Raises
    ------
    InputError
        If the hyperplanes share no point.

    References
    ----------
    J. Bastidas, C. Hohlweg and F. Saliola, *The primitive Eulerian polynomial* (2023);
    SageMath's ``primitive_eulerian_polynomial``.

    Examples
    --------
    >>> from arrangement import families
    >>> families.braid(4).primitive_eulerian_polynomial()
    (1, 4, 1, 0)
    """
    values = fmpz_poly(_co_whitney_numbers(arrangement))(fmpz_poly([-1, 1]))
    return tuple(int(values[k]) for k in range(arrangement.rank, -1, -1))


def _co_whitney_numbers(arrangement: Hyperplanes) -> list[int]:
    """Sums of |μ(X, B)| over the flats X of rank 0, 1, …; B is the intersection of all."""
    check_instance(arrangement, "arrangement", "Arrangement")
    if not arrangement.is_central:
        raise InputError(
            "hyperplanes that share no point have no least flat; take the cone instead"
        )
    return [abs(row[-1]) for row in whitney_data(arrangement)[0]]


def n_cells(
    arrangement: Hyperplanes,
    symmetry: Symmetry = None,
    progress: Progress = None,
    domain: Any = None,
    executor: Executor | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> int:
    """Number of cells, (−1)^d χ(−1), or of the cells that meet a domain.

    With ``symmetry="auto"`` cells are counted in a chamber of the reflections among the
    symmetries, and in its faces, where that is estimated to take less time than flats.

    Parameters
    ----------
    arrangement, progress
        See :func:`characteristic_polynomial`.
    symmetry : None, "auto", ReflectionGroup or sequence of sequences of int, optional
        See :func:`characteristic_polynomial`; of a group of reflections a chamber is counted.
    domain : optional
        See :meth:`Arrangement.cells`: each cell inside is counted once, by restrict and split
        with the rays of the domain; a symmetry is of no use then.
    executor, checkpoint : optional
        See :meth:`Arrangement.cells`; with a domain, or a symmetry: then cells in a chamber
        are counted, and the directory gets a line for each task, which
        :meth:`Arrangement.audit_count` checks.

    Raises
    ------
    InputError
        If an argument is not what it must be, or does not go with the domain.

    References
    ----------
    L. Solomon, *The orders of the finite Chevalley groups*, J. Algebra 3 (1966);
    T. Zaslavsky, *Facing up to arrangements*, Mem. Amer. Math. Soc. 154 (1975).

    Examples
    --------
    >>> from arrangement import families
    >>> families.shi(5).n_cells(), families.shi(5).n_cells(domain=[(0, "1/9")] * 5)
    (1296, 120)
    >>> families.threshold(5).n_cells(symmetry="auto")
    94572
    >>> families.resonance(7).n_cells(symmetry="auto")
    347326352
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    if domain is not None:
        if symmetry is not None:
            raise InputError("symmetry: of no use in a domain; leave one of them out")
        return choose.n_cells_inside(arrangement, domain, progress, executor, checkpoint)
    if symmetry is None and (executor is not None or checkpoint is not None):
        what = "an executor" if executor is not None else "a checkpoint"
        raise InputError(
            f"{what} is for counting in a domain, or with a symmetry; else give it to "
            "whitney_numbers"
        )
    if executor is not None or checkpoint is not None or isinstance(symmetry, ReflectionGroup):
        chosen = by_chambers.chamber_counts(arrangement, symmetry)
        return by_chambers.count_by_chambers(chosen, progress, executor, checkpoint).n_cells
    if not isinstance(symmetry, str) or symmetry not in NAMES:
        return sum(whitney_numbers(arrangement, symmetry, progress))
    rows = distinct_essential_rows(arrangement)
    run = _Run(progress, None, None)
    return prod(_n_cells_of(arrangement.from_exact(part), run) for part in _factors(rows))


def _n_cells_of(factor: Hyperplanes, run: _Run) -> int:
    """The cells of an arrangement that is no product."""
    counts = _worth_chambers(factor)
    if counts is not None:
        return by_chambers.count_by_chambers(counts, run.progress).n_cells
    return sum(_of_component(distinct_essential_rows(factor), True, run))


def _worth_chambers(arrangement: Hyperplanes) -> ChamberCounts | None:
    """What is counted in a chamber of the reflections, if that takes less time than flats."""
    rows = distinct_essential_rows(arrangement)
    n, rank = len(rows), rows.shape[1] - 1
    if rank < 5 or n * estimated_flats(rows, rank - 3) < FEW_FLATS:
        return None
    found = Symmetries(arrangement, "auto")
    group = found.reflections
    flats = FLAT * n * estimated_flats(rows, rank - 3) / found.order
    if FACE * 2**group.rank > flats:
        return None
    counts = ChamberCounts(found.rows, found.infinity, group)
    return counts if CELL * counts.estimate[0] < flats else None


def n_bounded_cells(
    arrangement: Hyperplanes, symmetry: Symmetry = None, progress: Progress = None
) -> int:
    """Number of relatively bounded cells, (−1)^rank χ(1).

    A cell is relatively bounded when it is bounded up to translations along all hyperplanes.

    Parameters
    ----------
    arrangement, symmetry, progress
        See :func:`characteristic_polynomial`.

    References
    ----------
    T. Zaslavsky, *Facing up to arrangements*, Mem. Amer. Math. Soc. 154 (1975).

    Examples
    --------
    >>> from arrangement import families
    >>> n_bounded_cells(families.shi(4))
    27
    >>> from arrangement import Arrangement
    >>> Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).n_bounded_cells()
    1
    """
    return abs(sum(characteristic_polynomial(arrangement, symmetry, progress)))


def _absolute_coefficients(
    arrangement: Hyperplanes, symmetry: Symmetry, run: _Run
) -> list[int]:
    """w_0, …, w_rank."""
    if isinstance(symmetry, str) and symmetry not in NAMES:
        raise InputError(
            f"symmetry {shown(symmetry)}: give None, 'auto', 'full', a ReflectionGroup, "
            "permutations or matrices"
        )
    rows = distinct_essential_rows(arrangement)
    if symmetry is None or isinstance(symmetry, str):
        product = [1]
        for factor in _factors(rows):
            product = _product(product, _of_component(factor, symmetry is not None, run))
        return product
    central = arrangement.is_central
    automorphisms = Automorphisms(rows[:, :-1] if central else rows, infinity=not central)
    if are_permutations(symmetry):
        generators = given_generators(arrangement, automorphisms, symmetry)
    else:
        generators = Symmetries(arrangement, symmetry).permutations
    return _of_rows(rows, PermutationGroup(generators) if generators else None, run)


def _factors(rows: Integers) -> Iterator[Integers]:
    """The rows of each component, in coordinates of their own."""
    for part in components(rows[:, :-1]):
        columns = exact.independent_columns(rows[part, :-1])
        yield rows[np.ix_(part, np.array([*columns, rows.shape[1] - 1]))]


def _of_component(rows: Integers, search: bool, run: _Run) -> list[int]:
    """The coefficients for hyperplanes that are no product, with their symmetry or without."""
    group = None
    if search:
        central = exact.rank(rows) < rows.shape[1]
        automorphisms = Automorphisms(rows[:, :-1] if central else rows, infinity=not central)
        generators, order = find_generators(automorphisms)
        if order >= WORTHWHILE:
            group = PermutationGroup(generators)
    return _of_rows(rows, group, run)


def _of_rows(rows: Integers, group: PermutationGroup | None, run: _Run) -> list[int]:
    """The coefficients for different hyperplanes whose normals span."""
    if len(rows) == 0:
        return [1]
    if exact.rank(rows) == rows.shape[1]:
        infinity = np.array([0] * (rows.shape[1] - 1) + [1], dtype=object)
        return _off_infinity(rows, infinity, group, run)
    rows = rows[:, :-1]
    if group is None:
        # The decone at the last hyperplane: χ(t) = (t − 1)·χ_decone(t).
        return _product(_off_infinity(rows[:-1], rows[-1], None, run), [1, 1])
    w = FlatCount(rows, None, group, run.progress).whitney_numbers(*run[1:])
    # χ(1) = 0: no cell of a central arrangement is bounded.
    return [*w, abs(sum(w[0::2]) - sum(w[1::2]))]


def _off_infinity(
    rows: Integers, infinity: Integers, group: PermutationGroup | None, run: _Run
) -> list[int]:
    """The coefficients for linear rows off another: set by set where that is sooner."""
    n, d = len(rows), rows.shape[1] - 1
    if group is None:
        most = SOON if run.by_flats else None
        if not run.by_flats and zaslavsky(n, d) > MANY:
            affine = decone(np.concatenate([rows, [infinity]]))
            most = MANY if sweep.looks_degenerate(affine) else None
        found = BrokenCircuits(rows, infinity, run.progress).whitney_numbers(most)
        if found is not None:
            return found
    return FlatCount(rows, infinity, group, run.progress).whitney_numbers(*run[1:])


def _product(p: list[int], q: list[int]) -> list[int]:
    """The coefficients of a product of polynomials."""
    return [int(c) for c in fmpz_poly(p) * fmpz_poly(q)]
