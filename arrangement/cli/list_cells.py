"""``arrangement cells``: enumerate the cells, save them, write their graph, draw them."""

from __future__ import annotations

import argparse
import json
import os

from arrangement.arrangement import Arrangement
from arrangement.cli.facts import Fact, Result, bounded_cells, of_arrangement, stopwatch
from arrangement.cli.options import (
    NUMBERS,
    add_arrangement,
    add_domain,
    add_jobs,
    add_outputs,
    chosen,
    workers,
)
from arrangement.cli.parser import Parser
from arrangement.cli.results_written import check_outputs, names_directory
from arrangement.errors import InputError
from arrangement.results.blocks import check_directory, write_blocks
from arrangement.results.cell_classes import CellClasses

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
    if options.plot is not None:
        if symmetry is not None:
            raise InputError("--plot: not with --symmetry, all cells are drawn")
        _check_drawable(arrangement)
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
        # Few ask for a picture, and its modules take time to import.
        from arrangement import plot

        if options.family is not None:
            source = " ".join(options.family)
        else:
            source = "standard input" if options.file == "-" else os.path.basename(options.file)
        plot.arrangement(cells, options.plot, source=source)
    return Result(facts)


def _blocks(options: argparse.Namespace) -> Result:
    """Cells in blocks on disk: nothing is known of all of them but their number."""
    for option in ("graphml", "plot"):
        if getattr(options, option) is not None:
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


def _check_drawable(arrangement: Arrangement) -> None:
    d = arrangement.dimension
    if not (d in (1, 2) or (d == 3 and arrangement.is_central)):
        raise InputError(
            "--plot: a picture needs dimension 1 or 2, or dimension 3 and hyperplanes that "
            f"share a point; this is an {arrangement!r}"
        )
