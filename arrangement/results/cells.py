"""The cells of an arrangement: packed sign vectors, interior points, lookup, save and load."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement import exact
from arrangement.checks import given_points
from arrangement.enumeration import choose
from arrangement.errors import InputError
from arrangement.exact.fields import Point
from arrangement.exact.numbers import exact_text
from arrangement.exact.packing import Signs, Words, pack_signs, unpack_signs
from arrangement.exact.polyhedron import Polyhedron
from arrangement.files import graphml
from arrangement.files.cdd import write_polyhedron
from arrangement.files.exact_text import written_table
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.progress import Progress
from arrangement.results import cell_files
from arrangement.results.cell_columns import CellColumns
from arrangement.results.cell_files import Stored
from arrangement.results.cell_lattice import cell_lattice
from arrangement.results.columns import Columns, Valued, Witnesses, frozen
from arrangement.results.points import interior_points
from arrangement.results.sign_vectors import sign_strings, sign_vector

if TYPE_CHECKING:
    import networkx as nx


__all__ = ["Cell", "Cells", "cells_of"]


@dataclass(frozen=True)
class Cell:
    """One cell: an index into its :class:`Cells`.

    Attributes
    ----------
    cells : Cells
    index : int

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> cell = Arrangement([[1, 0], [0, 1]]).cells()[0]
    >>> cell.signs.tolist(), cell.neighbors.tolist()
    ([1, 1], [3, 1])
    """

    cells: Cells
    index: int

    @property
    def signs(self) -> Signs:
        """Sign vector, int8, shape (n,)."""
        cells = self.cells
        words = cells.packed[self.index : self.index + 1]
        return unpack_signs(words, cells.arrangement.n_hyperplanes)[0]

    @property
    def point(self) -> NDArray[np.float64]:
        """A float64 point inside, shape (d,); NaN where none was found."""
        if "points" in self.cells.__dict__:
            return self.cells.points[self.index]
        return interior_points(self.cells, np.array([self.index]))[0]

    @property
    def witness(self) -> tuple[Fraction, ...]:
        """A rational point inside."""
        point = self.point
        if np.isnan(point).any():
            return self.cells.rational_point(self.index)
        return tuple(Fraction(float(v)) for v in point)

    @property
    def bounded(self) -> bool:
        """Is the cell bounded modulo the lineality space?"""
        return bool(self.cells.bounded[self.index])

    @property
    def neighbors(self) -> NDArray[np.int64]:
        """The cells that share a facet with this one, by hyperplane; shape (k,)."""
        adjacency = self.cells.adjacency
        start, end = adjacency.indptr[self.index : self.index + 2]
        order = np.argsort(adjacency.data[start:end], kind="stable")
        return np.asarray(adjacency.indices[start:end][order], dtype=np.int64)

    @cached_property
    def polyhedron(self) -> Polyhedron:
        """The closure of the cell (of its part in the domain) by exact inequalities."""
        rows = self.cells.inward_rows(self.index)
        width = self.cells.arrangement.dimension + 1
        return Polyhedron(np.array(rows, dtype=object).reshape(len(rows), width))

    def vertices(self) -> list[Point]:
        """The vertices of the closure, exact, in lexicographic order; at least one.

        With a domain, the part of the cell in it is meant. Where the normals do not span the
        space, the closure contains lines and has no vertex: these are the vertices of its cut
        with the coordinate subspace of :meth:`Arrangement.essentialization`, on which the
        other coordinates are 0. The closure is conv(vertices) + cone(rays) + span(lines).

        Returns
        -------
        list of tuples of d Fractions, or elements of the field of an irrational arrangement

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, "-1/3"]).cells()
        >>> [[str(v) for v in vertex] for vertex in cells[cells.index("++-")].vertices()]
        [['0', '0'], ['0', '1/3'], ['1/3', '0']]
        """
        return self.polyhedron.vertices

    def rays(self) -> list[Point]:
        """The directions of the unbounded edges of the closure, coprime integers as Fractions.

        None for a bounded cell. See :meth:`vertices` for domains, and for normals that do not
        span the space.

        Returns
        -------
        list of tuples of d numbers

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [1, 2]]).cells()
        >>> [[str(v) for v in ray] for ray in cells[cells.index("+-")].rays()]
        [['0', '-1'], ['2', '-1']]
        """
        return [tuple(map(exact.ratio, ray)) for ray in self.polyhedron.rays]

    def lines(self) -> list[Point]:
        """A basis of the directions along which the closure does not end (lineality space).

        The same for all cells: the directions in which all hyperplanes (and the sides of the
        domain) are parallel. Empty for an essential arrangement.

        Returns
        -------
        list of tuples of d numbers

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> [[str(v) for v in line] for line in Arrangement([[1, 0, 1]]).cells()[0].lines()]
        [['0', '-1', '0'], ['1', '0', '-1']]
        """
        return [tuple(map(exact.ratio, line)) for line in self.polyhedron.lines]

    def facets(self) -> tuple[int, ...]:
        """The hyperplanes that bound the cell, each by the lowest of its copies.

        With a domain, those that bound the part of the cell in it; its own sides are not
        listed.

        Returns
        -------
        tuple of int

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [0, 1], [1, 1]]).cells()
        >>> cells[cells.index("+-+")].facets()
        (1, 2)
        """
        cells = self.cells
        if cells.complete:
            return tuple(cells.facets(self.index).tolist())
        n = cells.arrangement.n_hyperplanes
        return tuple(i for i in self.polyhedron.facets if i < n)

    def face_lattice(self) -> nx.DiGraph:
        """The faces of the closure by inclusion, the empty face "empty" below all.

        Nodes are sign strings such as "+0-", with `dimension` and `bounded` (modulo lines);
        the cell itself is above all. Edges are the cover relations, from a face to those of
        one dimension more around it. Compare :meth:`Arrangement.face_lattice`.

        Returns
        -------
        networkx.DiGraph

        Raises
        ------
        InputError
            If the cells are those that meet a domain: signs do not tell its faces apart.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).cells()
        >>> lattice = cells[cells.index("++-")].face_lattice()
        >>> len(lattice), sorted(lattice.predecessors("++-"))
        (8, ['++0', '+0-', '0+-'])
        """
        if self.cells.domain is not None:
            raise InputError(
                "cells that meet a domain have no face lattice by signs: add the sides of the "
                "domain to the hyperplanes instead"
            )
        return cell_lattice(self.cells.arrangement, self.polyhedron)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the closure for cdd and lrs: as inequalities, or as vertices, rays and lines.

        Parameters
        ----------
        path : path-like
            ``.ine`` or ``.ext``. The file appears only when it is whole.

        Raises
        ------
        InputError
            If the suffix is neither, or a number is irrational.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [0, 2]], [0, -1]).cells()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     cells[cells.index("++")].write(f"{folder}/corner.ext")
        ...     print(Path(f"{folder}/corner.ext").read_text(), end="")
        V-representation
        begin
         3 3 rational
         1 0 1/2
         0 0 1
         0 1 0
        end
        """
        write_polyhedron(path, self.polyhedron)

    def __repr__(self) -> str:
        return f"Cell {self.index}: {sign_strings([self.signs])[0]}"


class Cells(CellColumns, Valued[Cell]):
    """All cells of an arrangement, or those that meet a domain; it never changes.

    Made by :meth:`Arrangement.cells`. Columns are computed when they are first asked for. Two
    are equal if they are the same cells of equal arrangements, in the same order.

    Attributes
    ----------
    arrangement : Arrangement
    packed : ndarray of uint64, shape (m, ceil(n / 64))
        Bit i of a row is 1 where the cell is on the positive side of hyperplane i.
    domain : ndarray of Python ints, shape (k, d + 1), or None
        Rows [g | c]; the cells are those that meet {x : g·x + c > 0 for all rows}.
    complete : bool
        Are these all cells, rather than a portion of them? The edges of a portion join cells
        within it.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> cells = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).cells()
    >>> cells
    7 cells of an Arrangement of 3 hyperplanes in dimension 2
    >>> inside = cells.locate([0.25, 0.25])
    >>> cells[inside]
    Cell 1: ++-
    >>> bool(cells.bounded[inside]), len(cells[inside].neighbors)
    (True, 3)
    """

    _name, _those = "cell", "that meets the domain"

    def _item(self, i: int) -> Cell:
        return Cell(self, i)

    @property
    def _value(self) -> tuple[Any, ...]:
        return self.packed, self.domain, self.complete

    def __repr__(self) -> str:
        inside = "" if self.domain is None else " that meet a domain"
        return f"{len(self)} cells of an {self.arrangement!r}{inside}"

    @property
    def witness(self) -> Sequence[tuple[Fraction, ...]]:
        """A rational point inside each cell: a sequence of tuples of d Fractions.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1], [1]], ["-1/3", f"-{10**40 // 3 + 1}/{10**40}"]).cells()
        >>> sliver = cells[cells.index("+-")]  # holds no float64
        >>> from fractions import Fraction
        >>> sliver.point, 0 < sliver.witness[0] - Fraction(1, 3) < Fraction(1, 10**40)
        (array([nan]), True)
        """
        return Witnesses(self)

    def index(self, signs: Any, *_: Any) -> int:
        """The cell with a sign vector.

        Parameters
        ----------
        signs : sequence of n signs ±1, or a string of + and −

        Raises
        ------
        InputError
            If no cell has these signs.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> Arrangement([[1, 0], [0, 1]]).cells().index("-+")
        3
        """
        n = self.arrangement.n_hyperplanes
        if isinstance(signs, Cell):
            signs = signs.signs
        found = int(self.look_up(pack_signs(sign_vector(signs, n)[None]))[0])
        if found < 0:
            raise InputError("no cell has this sign vector")
        return found

    def locate(self, x: ArrayLike) -> int | NDArray[np.int64]:
        """The cell that contains a point.

        Parameters
        ----------
        x : array_like, shape (d,) or (k, d)
            Floats are the dyadic rationals that they store; integers, Fractions and "p/q"
            strings are welcome.

        Returns
        -------
        int, or ndarray of int64 of shape (k,)

        Raises
        ------
        InputError
            If a point lies on a hyperplane, or in no cell that meets the domain.

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [0, 1]], [0, "-1/3"]).cells()
        >>> i = cells.locate([-0.5, "1/4"])
        >>> cells[i]
        Cell 2: --
        """
        rows, single = given_points(x, self.arrangement.dimension, irrational=True)
        signs = exact.signs_at(self.arrangement.rows, rows)
        for p, i in np.argwhere(signs == 0):
            raise InputError(f"point {p} lies on hyperplane {i}, between cells")
        found = self.look_up(self._listed(rows, signs))
        for p in np.flatnonzero(found < 0):
            raise InputError(f"point {p} lies in no cell {self._those}")
        return int(found[0]) if single else found

    def _listed(self, points: NDArray[Any], signs: Signs) -> Words:
        """The packed signs of the cells here that stand for those of some points."""
        return pack_signs(signs)

    def node_columns(self) -> Columns:
        """What a graph says of each cell: signs ("+-" string), bounded, x0, x1, ….

        Where no float64 point is inside some cell, those have a `witness`: exact coordinates,
        separated by commas.

        Returns
        -------
        dict of str to columns

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).cells()
        >>> list(cells.node_columns())
        ['signs', 'bounded', 'x0', 'x1']
        """
        n = self.arrangement.n_hyperplanes
        glyphs = np.where(self.signs > 0, b"+", b"-")
        signs = glyphs.view(f"S{n}")[:, 0] if n else np.full(len(self), b"", dtype="S1")
        coordinates = {f"x{c}": column for c, column in enumerate(self.points.T)}
        columns = {"signs": signs, "bounded": self.bounded, **coordinates}
        missing = np.flatnonzero(np.isnan(self.points).any(axis=1))
        if len(missing):
            columns["witness"] = np.full(len(self), None)
            columns["witness"][missing] = [
                ", ".join(map(exact_text, self.witness[i])) for i in missing.tolist()
            ]
        return columns

    def edge_columns(self) -> Columns:
        """What a graph says of each edge: hyperplane, and label where hyperplanes have any.

        Returns
        -------
        dict of str to columns

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).cells()
        >>> cells.edge_columns()['hyperplane'].tolist()
        [0, 1, 2, 0, 1, 2, 0, 2, 1]
        """
        labels = np.array([label or None for label in self.arrangement.labels], dtype=object)
        columns: Columns = {"hyperplane": self.edges[:, 2]}
        return columns | ({"label": labels[self.edges[:, 2]]} if any(labels) else {})

    def graph_facts(self) -> dict[str, str]:
        """What a graph says as a whole: the hyperplanes, and the domain if there is one.

        Each is a table of exact numbers as text, such as "1/3, 1/2+1/2*sqrt(5), 0", with one
        row [normal | offset] a line, as text files of hyperplanes are; rows [g | c] of the
        domain say that g·x + c > 0.

        Returns
        -------
        dict of str to str

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).cells()
        >>> cells.graph_facts()
        {'hyperplanes': '1, 0, 0\\n0, 1, 0\\n1, 1, -1'}
        """
        tables = {"hyperplanes": self.arrangement.given}
        if self.domain is not None:
            tables["domain"] = self.domain
        return {name: "\n".join(written_table(rows)).lstrip() for name, rows in tables.items()}

    def to_networkx(self) -> nx.Graph:
        """The graph of cells: nodes 0 … m − 1 with signs, bounded and the interior point.

        The hyperplanes are those of :meth:`graph_facts`.

        Returns
        -------
        networkx.Graph

        Examples
        --------
        >>> from arrangement import Arrangement
        >>> Arrangement([["sqrt(2)", "1/3"]], [0.5]).cells().to_networkx().graph
        {'hyperplanes': 'sqrt(2), 1/3, 1/2'}
        """
        return graphml.cell_graph(
            self.node_columns(), self.edges[:, :2], self.edge_columns(), self.graph_facts()
        )

    def write_graphml(self, path: str | os.PathLike[str]) -> None:
        """Write :meth:`to_networkx` as GraphML; compressed if the name ends in ``.gz``.

        The file appears only when it is whole.

        Parameters
        ----------
        path : path-like

        Examples
        --------
        >>> import tempfile
        >>> from arrangement import Arrangement
        >>> cells = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]).cells()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     cells.write_graphml(f"{folder}/cells.graphml.gz")
        """
        graphml.write_graphml(
            path,
            self.node_columns(),
            self.edges[:, :2],
            self.edge_columns(),
            self.reporter("nodes and edges written"),
            facts=self.graph_facts(),
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the arrangement, the cells and, if they are known, the points as ``.npz``.

        Numbers that float64 cannot hold are saved as "p/q" strings. The file appears only
        when it is whole.

        Parameters
        ----------
        path : path-like

        Examples
        --------
        >>> import tempfile
        >>> from arrangement import Cells, families
        >>> cells = families.shi(3).cells()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     cells.save(f"{folder}/shi.npz")
        ...     Cells.load(f"{folder}/shi.npz") == cells
        True
        """
        points = self.points if "points" in self.__dict__ else None
        stored = Stored(
            self.arrangement, self.packed, self.domain, self.complete, points, self._stored()
        )
        cell_files.save(path, stored)

    def _stored(self) -> dict[str, NDArray[Any]]:
        """What is saved besides."""
        return {}

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Load what :meth:`save` wrote, and check it.

        Parameters
        ----------
        path : path-like

        Raises
        ------
        InputError
            If the file cannot be read, is no such file, or was altered.
        """
        stored = cell_files.load(path)
        cells = cls._restored(path, stored)
        if stored.points is not None:
            cells.__dict__["points"] = frozen(stored.points)
        return cells

    @classmethod
    def _restored(cls, path: str | os.PathLike[str], stored: Stored) -> Self:
        return cls(stored.arrangement, stored.packed, stored.domain, complete=stored.complete)


def cells_of(
    arrangement: Hyperplanes,
    method: str = "auto",
    domain: Any = None,
    progress: Progress = None,
    executor: Executor | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Cells:
    """All cells, or those that meet a domain; see :meth:`Arrangement.cells`."""
    found = choose.cells(arrangement, method, domain, progress, executor, checkpoint)
    return Cells(arrangement, found.words, found.walls, found.points, progress)
