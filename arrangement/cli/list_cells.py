"""``arrangement cells``: enumerate the cells, save them, write their graph, draw them."""

from __future__ import annotations

import argparse
import json
import os
from itertools import pairwise, repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from arrangement.arrangement import Arrangement
from arrangement.cli.facts import (
    Fact,
    Result,
    bounded_cells,
    of_arrangement,
    stopwatch,
)
from arrangement.cli.options import (
    NUMBERS,
    add_arrangement,
    add_domain,
    add_jobs,
    add_outputs,
    chosen,
    source_name,
    workers,
)
from arrangement.cli.parser import Parser
from arrangement.cli.results_written import check_outputs, is_page, names_directory
from arrangement.errors import InputError
from arrangement.exact.fields import Point
from arrangement.exact.numbers import exact_text
from arrangement.results import cell_classes
from arrangement.results.blocks import check_directory, write_blocks
from arrangement.results.cell_classes import CellClasses
from arrangement.results.cells import Cells
from arrangement.results.sign_vectors import sign_strings

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = NUMBERS
    add_arrangement(parser)
    parser.options("--method {auto,sweep,restrict,lp}=auto  default: auto")
    add_domain(parser)
    parser.options("""
--symmetry {none,auto,full}=none  one cell of each class of cells that symmetries take to each
    other: auto, all reflections that permute the hyperplanes; full, all linear maps that do
""")
    parser.options("""
--vertices  list the cells with the vertices and rays of their closures, exact
--out FILE.npz|DIR  save the cells in a file; in a directory (a name without a dot), in blocks
    as they are found, in memory that does not grow with them
--parquet  write the blocks in DIR as Parquet, not npz
""")
    add_jobs(parser, checkpoint=True)
    add_outputs(parser, "the graph of cells and shared facets")


def run(options: argparse.Namespace) -> Result:
    """Enumerate the cells, and write what was asked for."""
    if options.out is not None and names_directory(options.out):
        return _blocks(options)
    if options.parquet:
        raise InputError("--parquet: is for blocks; give --out DIR")
    check_outputs(options, options.file)
    arrangement, domain = chosen(options)
    symmetry = None if options.symmetry == "none" else options.symmetry
    if options.vertices and symmetry is not None:
        raise InputError("--vertices: not with --symmetry, of all cells they are listed")
    if options.plot is not None:
        if symmetry is not None:
            raise InputError("--plot: not with --symmetry, all cells are drawn")
        if is_page(options.plot):
            _check_page(arrangement)
    for option in ("jobs", "checkpoint"):
        if options.method == "lp" and getattr(options, option) is not None:
            raise InputError(f"--{option}: not for --method lp")
    seconds = stopwatch()
    with workers(options.jobs) as executor:
        cells = arrangement.cells(
            method=options.method,
            domain=domain,
            progress=True,
            executor=executor,
            checkpoint=options.checkpoint,
            symmetry=symmetry,
        )
    if isinstance(cells, CellClasses):
        group = [
            Fact("reflections", cells.reflection_group.coxeter_type),
            Fact("order of the group", cells.group_order),
            Fact("classes", len(cells)),
        ]
        count = cells.n_cells
        bounded = sum(map(int, cells.orbit_sizes[cells.bounded].tolist()))
    else:
        group, count, bounded = [], len(cells), int(cells.bounded.sum())
    facts = [
        *of_arrangement(arrangement),
        *group,
        Fact("cells", count),
        bounded_cells(arrangement, bounded),
        seconds(),
    ]
    if options.graphml is not None:
        cells.write_graphml(options.graphml)
    if options.out is not None:
        cells.save(options.out)
    if options.plot is not None:
        _draw(cells, options)
    if not options.vertices or isinstance(cells, CellClasses):
        return Result(facts)
    closures = _closures(cells)
    return Result([*facts, Fact("closures", closures, {})], lines=list(map(_line, closures)))


def _closures(cells: Cells) -> list[dict[str, Any]]:
    """The closures of all cells, exact numbers as text."""
    polyhedra = cells.polyhedra
    vertices = _ordered(polyhedra.exact_vertices, polyhedra.cell_vertices)
    rays = _ordered(polyhedra.exact_rays, polyhedra.cell_rays)
    lines = [list(map(exact_text, line)) for cell in cells[:1] for line in cell.lines()]
    names = ("signs", "bounded", "vertices", "rays", "lines")
    columns = sign_strings(cells.signs), cells.bounded.tolist(), vertices, rays, repeat(lines)
    return [dict(zip(names, closure, strict=True)) for closure in zip(*columns, strict=False)]


def _ordered(points: list[Point], incidence: csr_array) -> list[list[list[str]]]:
    """The points of each cell as text, in lexicographic order."""
    order = sorted(range(len(points)), key=points.__getitem__)
    texts = [list(map(exact_text, points[i])) for i in order]
    places = np.argsort(order)[incidence.indices].tolist()
    return [[texts[k] for k in sorted(places[a:b])] for a, b in pairwise(incidence.indptr)]


def _line(closure: dict[str, Any]) -> str:
    """A closure on one line: "+-  vertices (0, 1/2)  rays (1, 0)"."""
    line = closure["signs"]
    for name in ("vertices", "rays", "lines"):
        points = [f"({', '.join(point)})" for point in closure[name]]
        line += f"  {name} {' '.join(points)}" if points else ""
    return line


def _blocks(options: argparse.Namespace) -> Result:
    """Cells in blocks on disk: nothing is known of all of them but their number."""
    for option in ("graphml", "plot", "vertices"):
        if getattr(options, option):
            raise InputError(f"--{option}: not with blocks; give --out FILE.npz")
    if options.method != "auto":
        raise InputError(f"--method {options.method}: not with blocks; give --out FILE.npz")
    form = "parquet" if options.parquet else "npz"
    check_directory(options.out, form)
    arrangement, domain = chosen(options)
    symmetry = None if options.symmetry == "none" else options.symmetry
    seconds = stopwatch()
    with workers(options.jobs) as executor:
        portions = arrangement.iter_cells(
            2**20, True, executor, domain, options.checkpoint, symmetry
        )
        count = write_blocks(arrangement, portions, options.out, form)
    facts = [Fact("cells", count)]
    if symmetry is not None:
        with open(os.path.join(options.out, "arrangement.json")) as stream:
            facts = [Fact("classes", count), Fact("cells", json.load(stream)["cells"])]
    return Result([*of_arrangement(arrangement), *facts, seconds()])


def _draw(cells: Cells, options: argparse.Namespace) -> None:
    """The page or the picture that shows the cells: beyond space, their graph."""
    # Few ask for a picture, and its modules take time to import.
    from arrangement import plot

    source, drawn = source_name(options), cells.arrangement
    if is_page(options.plot):
        plot.page(cells, options.plot, source=source)
    elif drawn.dimension <= 3:
        plot.arrangement(cells, options.plot, source=source)
    elif cells.domain is None and 0 < drawn.rank <= 3:
        essential = cell_classes.cells(drawn.essentialization())
        plot.arrangement(essential, options.plot, source=f"{source}, essentialization")
    else:
        plot.tope_graph(cells, options.plot, source=source)


def _check_page(arrangement: Arrangement) -> None:
    if arrangement.dimension not in (2, 3):
        raise InputError(f"--plot: a page needs dimension 2 or 3; this is an {arrangement!r}")
