"""What the commands have in common: how arrangements are given, and how results are told."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arrangement.cli import results_written
from arrangement.cli.arrangement_files import (
    chosen_arrangement,
    rational_number,
    read_points,
    written_number,
)
from arrangement.cli.parser import Parser
from arrangement.enumeration.tasks import start_worker
from arrangement.errors import InputError
from arrangement.families import FAMILIES
from arrangement.printable import printable

if TYPE_CHECKING:
    from arrangement.arrangement import Arrangement

__all__ = [
    "NUMBERS",
    "add_arrangement",
    "add_checkpoint",
    "add_domain",
    "add_jobs",
    "add_outputs",
    "check_outputs",
    "chosen",
    "float_number",
    "report",
    "short",
    "workers",
]

NUMBERS = """\
FILE is a table of text with one hyperplane a row (separated by commas, semicolons, tabs or
spaces; a first line without numbers is a header; # begins a comment), a .npy file of such a
table, or a .json or .npz file with "normals" and, if not all zero, "offsets"; each may be
compressed (.gz). - reads a table or JSON from standard input. In a table the last column is
the offset, so that the row "a_1, ..., a_d, b" is the hyperplane
a_1 x_1 + ... + a_d x_d + b = 0; with --central there is no such column and every offset is 0.
The numbers are taken as they are written: 0.1 means exactly 1/10, and 1/3, sqrt(5)/2 and
cos(2*pi/7) are allowed; --float reads the float64 numbers nearest to them instead. Before the
rows of numbers a table may name algebraic numbers, one a line: after
    field tau = (1+sqrt(5))/2
    field a = root(x^3-x-1,1,2)
(the root of a polynomial in x between two bounds) a row may be "2*tau+1, a, 0"."""


def add_arrangement(parser: Parser) -> None:
    """The options that say which arrangement; see :func:`chosen`."""
    parser.add_argument("file", nargs="?", metavar="FILE|-", help="the hyperplanes")
    parser.add_argument(
        "--family",
        nargs="+",
        metavar=("NAME", "N"),
        help=f"instead of FILE a named family, such as 'braid 4', 'generic 20 3' or "
        f"'coxeter E 6': {', '.join(FAMILIES)}",
    )
    parser.add_argument(
        "--central", action="store_true", help="the table has no column of offsets"
    )
    parser.add_argument("--float", action="store_true", help="read the numbers as float64")
    parser.add_argument(
        "--seed", type=int, help="of the families 'generic' and 'discriminantal'; default: 0"
    )


def add_outputs(parser: Parser, graph: str) -> None:
    """The options for files to write."""
    parser.add_argument("--graphml", metavar="FILE", help=f"write {graph} (.gz: compressed)")
    parser.add_argument("--plot", metavar="FILE.png", help="draw a picture (.png, .pdf, .svg)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def add_jobs(parser: Parser) -> None:
    """The option for the number of processes; see :func:`workers`."""
    parser.add_argument("--jobs", type=_jobs, metavar="N", help="run on N processes")


def add_checkpoint(parser: Parser) -> None:
    """The option for a directory of finished blocks."""
    parser.add_argument(
        "--checkpoint",
        metavar="DIR",
        help="keep what is done in DIR; started again, go on from there",
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
    parser.add_argument(
        "--domain",
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="only the cells that meet the box LOW < x_i < HIGH ('none': no limit); a file "
        "that was saved with a domain has its own",
    )
    parser.add_argument(
        "--domain-file",
        metavar="FILE",
        help="only the cells that meet a polytope or cone: a table of text or a .npy file with "
        'one inequality a row, "g_1, ..., g_d, c" for g_1 x_1 + ... + g_d x_d + c > 0, or '
        "without c where all are 0",
    )


def chosen(options: argparse.Namespace) -> tuple[Arrangement, Any]:
    """The arrangement that was asked for, and the domain that a file or an option gives."""
    arrangement, domain = chosen_arrangement(
        options.file,
        options.family,
        central=options.central,
        as_float=options.float,
        seed=options.seed,
    )
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


def _polyhedron(path: str, dimension: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The domain {x : G x < h} of the inequalities in a table."""
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
    return -normals, constants


def check_outputs(
    options: argparse.Namespace, source: str | None, saved: Sequence[str] = (".npz",)
) -> None:
    """Refuse, before any work is done, files that cannot be written."""
    flags = [flag for flag in ("out", "graphml", "plot") if hasattr(options, flag)]
    outputs = {f"--{flag}": getattr(options, flag) for flag in flags}
    results_written.check_outputs(outputs, source, saved)


def report(facts: dict[str, Any], as_json: bool) -> str:
    """Facts as a table of two columns, or as one JSON object."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)  # counts of any size are told
    try:
        if as_json:
            return json.dumps(_plain(facts), allow_nan=False) + "\n"
        keys = list(map(printable, facts))
        width = max(map(len, keys))
        lines = [
            f"{key:<{width}}  {printable(str(value))}\n"
            for key, value in zip(keys, facts.values(), strict=True)
        ]
        return "".join(lines)
    finally:
        sys.set_int_max_str_digits(limit)


def short(text: str) -> str:
    """A number for reading: its first and last digits, if there are very many."""
    return text if len(text) <= 60 else f"{text[:20]}...{text[-20:]} ({len(text)} characters)"


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes")
    return int(text)


def _plain(value: Any) -> Any:
    """The value with keys without spaces, and None for NaN and infinity: JSON has neither."""
    if isinstance(value, dict):
        return {key.replace(" ", "_").lower(): _plain(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def float_number(text: str, place: str) -> float:
    """A float64: a decimal number is the nearest one, and other text has to be one exactly.

    Examples
    --------
    >>> float_number("0.1", "--negative-slope"), float_number("1/4", "--negative-slope")
    (0.1, 0.25)
    """
    exact = rational_number(text, place)
    try:
        value = float(exact)
    except OverflowError:
        raise InputError(f"{place}: the number is beyond float64") from None
    try:
        float(text)
    except ValueError:
        if value != exact:
            raise InputError(
                f"{place}: {text!r} is no float64, and would be rounded; give a decimal number"
            ) from None
    return value
