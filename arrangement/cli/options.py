"""What the commands have in common: how arrangements and domains are given."""

from __future__ import annotations

import argparse
import contextlib
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.arrangement import Arrangement
from arrangement.cli.arrangement_files import named_family, read_arrangement, refuse_seed
from arrangement.cli.parser import Parser
from arrangement.enumeration.tasks import start_worker
from arrangement.errors import InputError
from arrangement.families import FAMILIES
from arrangement.files.cdd import read_cdd
from arrangement.files.exact_text import written_number
from arrangement.files.hyperplane_files import format_of
from arrangement.files.point_files import read_points
from arrangement.files.reading import naming
from arrangement.hyperplanes.domain import parse_domain

__all__ = [
    "NUMBERS", "add_arrangement", "add_domain", "add_jobs", "add_outputs", "chosen",
    "workers",
]  # fmt: skip

NUMBERS = """\
FILE is a table of text with one hyperplane a row (separated by commas, semicolons, tabs or
spaces; a first line without numbers is a header; # begins a comment), a .npy file of such a
table, a .json or .npz file with "normals" and, if not all zero, "offsets", or a file for cdd
and lrs (.ine), polymake (.poly), Macaulay2 (.m2) or SageMath (.sage); each may be compressed
(.gz). - reads a table or JSON from standard input. In a table the last column is the offset,
so that the row "a_1, ..., a_d, b" is the hyperplane a_1 x_1 + ... + a_d x_d + b = 0; with
--central there is no such column and every offset is 0. A first column that is headed "label"
has the names of the hyperplanes.
The numbers are taken as they are written: 0.1 means exactly 1/10, and 1/3, sqrt(5)/2 and
cos(2*pi/7) are allowed; --float reads the float64 numbers nearest to them instead. Before the
rows of numbers a table may name algebraic numbers, one a line: after
    field tau = (1+sqrt(5))/2
    field a = root(x^3-x-1,1,2)
(the root of a polynomial in x between two bounds) a row may be "2*tau+1, a, 0"."""


def add_arrangement(parser: Parser) -> None:
    """The options that say which arrangement; see :func:`chosen`."""
    parser.add_argument("file", nargs="?", metavar="FILE|-", help="the hyperplanes")
    parser.options(f"""
--family NAME N ...  instead of FILE a named family, such as 'braid 4', 'generic 20 3' or
    'coxeter E 6': {", ".join(FAMILIES)}
--central  the table has no column of offsets
--float  read the numbers as float64
--seed SEED:int  of a family that is random, such as 'generic'; default: 0
""")


def add_outputs(parser: Parser, graph: str) -> None:
    """The options for files to write."""
    parser.options(f"""
--graphml FILE  write {graph} (.gz: compressed)
--plot FILE.png  draw a picture (.png, .pdf, .svg), or write a page to explore (.html)
""")


def add_jobs(parser: Parser, checkpoint: bool = False) -> None:
    """The options for the number of processes, see :func:`workers`, and what outlives them."""
    parser.options("--jobs N  run on N processes", jobs={"type": _jobs})
    if checkpoint:
        parser.options(
            "--checkpoint DIR  keep what is done in DIR; started again, go on from there"
        )


def workers(jobs: int | None) -> Any:
    """Some processes to work on, or nothing."""
    if jobs is None:
        return contextlib.nullcontext()
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor(jobs, initializer=start_worker)


UNLIMITED = {"none", "-inf"}, {"none", "inf", "+inf"}
"""How an open end is written, below and above."""


def add_domain(parser: Parser) -> None:
    """The options for a domain; see :func:`chosen`."""
    parser.options("""
--domain LOW HIGH  only the cells that meet the box LOW < x_i < HIGH ('none': no limit); a file
    that was saved with a domain has its own
--domain-file FILE  only the cells that meet a polytope or cone: a table of text or a .npy
    file with one inequality a row, "g_1, ..., g_d, c" for g_1 x_1 + ... + g_d x_d + c > 0, or
    without c where all are 0, or a .ine file; in Python, domain=(-g, c), for (G, h) there is
    G x <= h
""")


def chosen(options: argparse.Namespace) -> tuple[Arrangement, Any]:
    """The arrangement that was asked for, and the domain that a file or an option gives."""
    if (options.file is None) == (options.family is None):
        raise InputError("give either FILE (or - for standard input) or --family NAME N")
    domain: Any = None
    if options.family is not None:
        if options.central or options.float:
            raise InputError("--central and --float are for FILE, not for --family")
        arrangement = named_family(*options.family, seed=options.seed)
    elif options.seed is not None:
        refuse_seed()
    else:
        arrangement, domain = read_arrangement(options.file, options.central, options.float)
    given = [name for name in ("domain", "domain_file") if getattr(options, name, None)]
    flags = [f"--{name.replace('_', '-')}" for name in given]
    if len(given) > 1:
        raise InputError(f"{' and '.join(flags)}: give one of them")
    if given and domain is not None:
        raise InputError(
            f"{flags[0]}, but {options.file} has a domain of its own; leave it out"
        )
    if given == ["domain"]:
        ends = [
            None if text in unlimited else written_number(text, "--domain")
            for text, unlimited in zip(options.domain, UNLIMITED, strict=True)
        ]
        return arrangement, [tuple(ends)] * arrangement.dimension
    if given:
        return arrangement, _polyhedron(options.domain_file, arrangement.dimension)
    return arrangement, domain


def source_name(options: argparse.Namespace) -> str:
    """What a picture says of where its arrangement is from."""
    if options.family is not None:
        return " ".join(options.family)
    return "standard input" if options.file == "-" else os.path.basename(options.file)


def check_range(name: str, value: int, dimension: int) -> None:
    """An InputError for a dimension or a rank that the space does not have."""
    if not 0 <= value <= dimension:
        raise InputError(
            f"{name} {value}: give 0 to {dimension}, for the space is R^{dimension}"
        )


def _polyhedron(path: str, dimension: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The domain {x : G x < h} of the inequalities in a table."""
    if format_of(path) == "cdd":
        _, given, equations = read_cdd(path, "H")
        for i in equations:
            raise InputError(
                f"{path}, row {i + 1}: an equation, where a domain has inequalities"
            )
        rows = np.roll(given, -1, axis=1)
    else:
        rows = read_points(path)
    if rows.ndim != 2 or rows.shape[1] not in (dimension, dimension + 1):
        raise InputError(
            f"{path}: an inequality has {dimension} numbers, or {dimension + 1} with a "
            f"constant; the table is of shape {rows.shape}"
        )
    normals = rows[:, :dimension]
    constants = np.zeros(len(rows), dtype=object)
    if rows.shape[1] > dimension:
        constants = rows[:, dimension]
    with naming(f"{path}, as G x <= h with G = -g, h = c"):
        parse_domain((-normals, constants), dimension)
    return -normals, constants


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes")
    return int(text)
