"""Cells up to symmetry: one representative of each orbit, and what is known of its orbit."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from functools import cached_property
from typing import Any, Self, overload

import numpy as np
from numpy.typing import NDArray

from arrangement.checks import check_instance
from arrangement.enumeration import choose, cone_faces, cones
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_table
from arrangement.exact.packing import Signs, Words, pack_signs
from arrangement.files import archives
from arrangement.files.archives import Column, storable
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.hyperplanes.reduction import all_columns, distinct_rows
from arrangement.progress import Progress
from arrangement.results.cell_files import Stored
from arrangement.results.cells import Cells, cells_of
from arrangement.results.columns import Columns, frozen
from arrangement.symmetry.orbits import Orbits
from arrangement.symmetry.reflection_groups import ReflectionGroup
from arrangement.symmetry.symmetries import Symmetries, Symmetry

__all__ = ["CellClasses", "cells", "iter_cells", "n_classes"]

COLUMNS = {"others": Column("int64", ("h", "n"), low=0, high="n")}
"""What of a file says how hyperplanes are permuted, n being the number of their sides."""


class CellClasses(Cells):
    """The cells of an arrangement up to symmetry; it never changes.

    Made by :meth:`Arrangement.cells` with a symmetry. Each orbit has one representative here,
    which meets the chamber of the reflections in the group; the chamber is its `domain`, so
    that points, vertices and facets are those of the part in it. An edge joins two classes of
    which some members share a facet, and :meth:`locate` gives the class of the cell that
    contains a point, which may be anywhere. They are saved with what is known of the orbits,
    and the group; to :meth:`Cells.load` these are the cells that meet the chamber.

    Attributes
    ----------
    arrangement, packed, domain, complete
        As in :class:`Cells`.

    Examples
    --------
    >>> from arrangement import families
    >>> classes = families.threshold(4).cells(symmetry="auto")
    >>> classes
    7 classes of cells of an Arrangement of 16 hyperplanes in dimension 5
    >>> classes.reflection_group.coxeter_type, sorted(classes.orbit_sizes.tolist())
    ('B5', [10, 32, 80, 160, 320, 320, 960])
    >>> classes.n_cells, len(classes.edges)
    (1882, 6)
    >>> bool(classes.locate([1, 20, -300, 4000, 50000]) >= 0)
    True
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     classes.save(f"{folder}/threshold.npz")
    ...     CellClasses.load(f"{folder}/threshold.npz").n_cells
    1882
    """

    _name, _those = "class", "of these classes"

    def __init__(
        self,
        arrangement: Hyperplanes,
        packed: Words,
        orbits: Orbits,
        domain: NDArray[np.object_] | None = None,
        points: NDArray[np.float64] | None = None,
        progress: Progress = None,
        complete: bool = True,
    ) -> None:
        super().__init__(arrangement, packed, domain, points, progress, complete)
        self._orbits = orbits

    def __repr__(self) -> str:
        return f"{len(self)} classes of cells of an {self.arrangement!r}"

    @property
    def reflection_group(self) -> ReflectionGroup:
        """The reflections in the group, in coordinates that the hyperplanes span."""
        return self._orbits.symmetries.reflections

    @property
    def group_order(self) -> int:
        """The order of the whole group."""
        return self._orbits.symmetries.order

    @cached_property
    def touched_walls(self) -> NDArray[np.bool_]:
        """Which walls of the chamber does each representative meet? Shape (m, r).

        The reflections in these generate those that keep it. The walls are the rows of
        :attr:`domain`.
        """
        return frozen(self._orbits.touched_walls(self.packed))

    @cached_property
    def stabiliser_orders(self) -> NDArray[np.int64] | NDArray[np.object_]:
        """How many elements of the group keep each representative; shape (m,)."""
        return frozen(self._orbits.stabiliser_orders(self.packed, self.touched_walls))

    @cached_property
    def orbit_sizes(self) -> NDArray[np.int64] | NDArray[np.object_]:
        """How many cells each class has; Python ints where int64 is too small. Shape (m,)."""
        return frozen(self.group_order // self.stabiliser_orders)

    @property
    def n_cells(self) -> int:
        """The number of all cells in these classes.

        Examples
        --------
        >>> from arrangement import families
        >>> families.resonance(6).cells(symmetry="auto").n_cells
        1066044
        """
        return sum(map(int, self.orbit_sizes.tolist()))

    @cached_property
    def bounded(self) -> NDArray[np.bool_]:
        """Are the cells of each class bounded modulo the lineality space? Shape (m,)."""
        if self.arrangement.is_central:
            return frozen(np.full(len(self), self.arrangement.rank == 0))
        rows, walls = cones.homogeneous(distinct_rows(self.arrangement), self.domain)
        result = np.ones(len(self), dtype=np.bool_)
        found = cone_faces.faces(
            rows, walls, 0, self.reporter("unbounded classes"), touching=len(walls) - 1
        )
        for positive, _, touches in found:
            far = self.look_up(all_columns(self.arrangement, positive[touches]))
            result[far[far >= 0]] = False
        return frozen(result)

    @cached_property
    def edges(self) -> NDArray[np.int64]:
        """Classes with members that share a facet, int64, shape (E, 3): each pair once.

        Class, class, and a hyperplane on which the representative of one of them has a facet;
        the first class has the lower index. For of two cells that share a facet which no mirror
        contains, some reflections take both into the chamber.
        """
        if self._orbits.is_reflections:
            return frozen(self._table.edges(self.reporter("edges of classes")))
        table, show = self._table, self.reporter("edges of classes")
        found = [np.zeros((0, 3), dtype=np.int64)]
        for done, (mask, hyperplane) in enumerate(
            zip(table.masks, self.arrangement.different.tolist(), strict=True), start=1
        ):
            across = table.look_up(self._orbits.least_images(self.packed ^ mask)[0])
            here = np.flatnonzero((across >= 0) & (across != np.arange(len(self))))
            ends = np.sort(np.column_stack([here, across[here]]), axis=1)
            found.append(np.column_stack([ends, np.full(len(here), hyperplane)]))
            show(done, len(table.masks))
        edges = np.concatenate(found)
        _, first = np.unique(edges[:, :2], axis=0, return_index=True)
        return frozen(edges[first])

    def _listed(self, points: NDArray[Any], signs: Signs) -> Words:
        in_chamber = pack_signs(self._orbits.signs_in_chamber(points))
        return self._orbits.least_images(in_chamber)[0]

    def node_columns(self) -> Columns:
        """What a graph says of each class: that of :class:`Cells`, and orbit_size.

        Returns
        -------
        dict of str to columns

        Examples
        --------
        >>> from arrangement import families
        >>> classes = families.braid(4).cells(symmetry='auto')
        >>> classes.node_columns()['orbit_size'].tolist()
        [24]
        """
        return {"orbit_size": self.orbit_sizes, **super().node_columns()}

    def _stored(self) -> dict[str, NDArray[Any]]:
        """What is known of the orbits, and the group."""
        symmetries, group = self._orbits.symmetries, self.reflection_group
        extra = {
            "orbit_sizes": self.orbit_sizes,
            "stabiliser_orders": self.stabiliser_orders,
            "touched_walls": self.touched_walls,
            "mirrors": group.walls,
            "directions": group.wall_directions,
            "others": np.array(symmetries.others, dtype=np.int64),
        }
        return {name: storable(array) for name, array in extra.items()}

    @classmethod
    def _restored(cls, path: str | os.PathLike[str], stored: Stored) -> Self:
        with archives.reading(path, "classes of cells"):
            held = archives.described(
                stored.extra, COLUMNS, {"n": 2 * len(stored.arrangement.different)}
            )
            try:
                mirrors, directions = (
                    exact_table(stored.extra[name], name, "row", 2, irrational=True)
                    for name in ("mirrors", "directions")
                )
            except KeyError as error:
                raise InputError(f"{error} are missing: no classes") from None
            symmetries = Symmetries.restored(
                stored.arrangement, mirrors, directions, held["others"]
            )
            classes = cls(
                stored.arrangement, stored.packed, Orbits(symmetries), stored.domain,
                complete=stored.complete,
            )  # fmt: skip
            if (storable(classes.orbit_sizes) != stored.extra.get("orbit_sizes")).any():
                raise InputError("orbit_sizes are not those of the group")
        return classes


@overload
def cells(
    arrangement: Hyperplanes,
    method: str = "auto",
    domain: Any = None,
    progress: Progress = None,
    executor: Executor | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    symmetry: None = None,
) -> Cells: ...


@overload
def cells(
    arrangement: Hyperplanes,
    method: str = "auto",
    domain: Any = None,
    progress: Progress = None,
    executor: Executor | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    *,
    symmetry: str | ReflectionGroup | Sequence[Any],
) -> CellClasses: ...


def cells(
    arrangement: Hyperplanes,
    method: str = "auto",
    domain: Any = None,
    progress: Progress = None,
    executor: Executor | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    symmetry: Symmetry = None,
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
        outside cost nothing. (A row g, c of the command line's ``--domain-file``, which is
        g·x + c > 0, is the row −g of G and the entry c of h.)
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
    symmetry : optional
        One representative of each orbit of cells of a group of linear (affine) maps that
        permute the hyperplanes: those that meet a chamber of its reflections, which is the
        domain then, and costs no more than the cells in it. The group is

        - ``"auto"``: generated by all reflections that permute the hyperplanes, found whatever
          the coordinates among 2,048 hyperplanes at most; ``"full"``: of all linear maps that
          do, among them −1 where the hyperplanes have a common point (among 1,024 at most).
          Some are missed where hyperplanes nearly coincide, by 10⁻⁹ or less: there are more
          classes then, of fewer cells each;
        - a :class:`~arrangement.ReflectionGroup` of the space, or of R^(d + 1) where mirrors
          and directions are [normal | offset] and [direction | 0];
        - generated by a list of matrices, shape (d, d) or affine (d + 1, d + 1) with a last row
          0 … 0 1, each of which takes point x to M x; or by a list of permutations, each taking
          hyperplane i to hyperplane ``permutation[i]``. The map is then one that keeps positive
          sides positive, else a reflection or in the group of those in the list; an InputError
          asks for a matrix where none is.

        There are 1,024 mirrors at most. What is not generated by reflections is listed: at most
        16,384 elements besides.

    Returns
    -------
    Cells, or CellClasses with a symmetry

    Raises
    ------
    SizeError
        If the cells would not fit in memory.
    InputError
        If an argument is not what it must be.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> axes = Arrangement([[1, 0], [0, 1]])
    >>> axes.cells().signs.tolist()
    [[1, 1], [1, -1], [-1, -1], [-1, 1]]
    >>> len(axes.cells(domain=[(1, 2), (-1, 1)]))
    2
    >>> axes.cells(symmetry="auto").orbit_sizes.tolist()
    [4]
    """
    if symmetry is None:
        return cells_of(arrangement, method, domain, progress, executor, checkpoint)
    if method == "sweep":
        raise InputError("method 'sweep' lists all cells: with a symmetry leave it out")
    orbits = _orbits(arrangement, symmetry, domain)
    chamber = orbits.symmetries.domain
    found = choose.cells(arrangement, method, chamber, progress, executor, checkpoint)
    words, points = found.words, found.points
    if not orbits.is_reflections:
        kept = orbits.is_least(words)
        words, points = words[kept], None if points is None else points[kept]
    return CellClasses(
        arrangement, words, orbits, found.walls, points, progress, orbits.is_reflections
    )


def iter_cells(
    arrangement: Hyperplanes,
    batch_size: int = 2**16,
    progress: Progress = None,
    executor: Executor | None = None,
    domain: Any = None,
    checkpoint: str | os.PathLike[str] | None = None,
    symmetry: Symmetry = None,
) -> Iterator[Cells]:
    """The cells in portions, in memory that does not grow with them.

    They are swept, or split where the arrangement is degenerate or a domain is given, or
    where a sweep without executor and checkpoint would be long in coming to the first; in
    no particular order with an executor or a checkpoint.

    Parameters
    ----------
    batch_size : int
        Cells in a portion; the last may have fewer.
    progress, executor, domain, checkpoint, symmetry
        As in :meth:`cells`.

    Yields
    ------
    Cells
        With ``complete`` False: edges join cells within the portion only. CellClasses with a
        symmetry, which may be fewer in a portion.

    Examples
    --------
    >>> import numpy as np
    >>> from arrangement import Arrangement
    >>> rng = np.random.default_rng(0)
    >>> planes = Arrangement(rng.normal(size=(20, 3)), rng.normal(size=20))
    >>> [len(portion) for portion in planes.iter_cells(batch_size=500)]
    [500, 500, 351]
    """
    if symmetry is None:
        portions = choose.iter_cells(
            arrangement, batch_size, progress, executor, domain, checkpoint
        )
        return (Cells(arrangement, p.words, p.walls, complete=False) for p in portions)
    orbits = _orbits(arrangement, symmetry, domain)
    portions = choose.iter_cells(
        arrangement, batch_size, progress, executor, orbits.symmetries.domain, checkpoint
    )
    representatives = ((p.words[orbits.is_least(p.words)], p.walls) for p in portions)
    return (
        CellClasses(arrangement, words, orbits, walls, complete=False)
        for words, walls in representatives
        if len(words)
    )


def n_classes(
    arrangement: Hyperplanes,
    symmetry: Symmetry = "auto",
    progress: Progress = None,
    executor: Executor | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> int:
    """Number of cells up to symmetry: of the orbits of a group on them.

    The cells in the chamber of its reflections are counted, none is stored; where the group has
    other elements, they are listed, and one of each orbit is counted.

    Parameters
    ----------
    symmetry, progress, executor, checkpoint
        See :meth:`Arrangement.cells`.

    Raises
    ------
    InputError
        If a group does not permute the hyperplanes, or an argument is not what it must be.

    Examples
    --------
    >>> from arrangement import families
    >>> families.threshold(6).n_classes(), families.resonance(6).n_classes()
    (135, 576)
    >>> families.resonance(6).n_classes("full")  # and under −1
    288
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    if symmetry is None:
        raise InputError("symmetry None: give 'auto', 'full' or a group; n_cells counts all")
    orbits = _orbits(arrangement, symmetry)
    domain = orbits.symmetries.domain
    if orbits.is_reflections:
        inside = [(None, None)] * arrangement.dimension if domain is None else domain
        return choose.n_cells_inside(arrangement, inside, progress, executor, checkpoint)
    portions = choose.iter_cells(arrangement, 2**16, progress, executor, domain, checkpoint)
    return sum(int(orbits.is_least(p.words).sum()) for p in portions)


def _orbits(arrangement: Hyperplanes, symmetry: Symmetry, domain: Any = None) -> Orbits:
    if domain is not None:
        raise InputError("symmetry: not with a domain; leave one of them out")
    return Orbits(Symmetries(arrangement, symmetry))
