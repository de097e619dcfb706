"""The command line: one module a command."""

from __future__ import annotations

import io
import os
import sys
import warnings
from contextlib import nullcontext, redirect_stdout

from arrangement.cli import (
    count_cells,
    list_cells,
    list_faces,
    list_flats,
    list_regions,
    map_landscape,
    print_bounds,
    train_convex,
    train_globally,
    verify_certificate,
)
from arrangement.cli.options import Parser
from arrangement.cli.termination import orderly_termination
from arrangement.errors import ArrangementError, InputError
from arrangement.files.output import claim_stdout
from arrangement.printable import printable
from arrangement.version import __version__

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : list of str, optional
        The arguments; those of the process if left out, whose standard output then takes the
        answer and nothing that a library prints.

    Returns
    -------
    int
        0; 1 when what was to be verified is false, 3 when that was not decided because it
        takes too much work; 2 after an error, which is one line on stderr; 130 when
        interrupted, 143 when terminated; 141 when the reader of the output has gone.

    Examples
    --------
    >>> from arrangement.cli import main
    >>> main(["bounds", "--family", "braid", "4"])
    hyperplanes               6
    dimension                 4
    rank                      3
    cells                     24
    relatively bounded cells  0
    Zaslavsky                 42  measured / bound 0.5714
    Zaslavsky bounded         10  measured / bound 0.0000
    Cover                     32  measured / bound 0.7500
    0
    """
    if sys.stderr is None:  # it is closed, and messages go nowhere
        sys.stderr = io.StringIO()
    # In a process of its own.
    with orderly_termination() if argv is None else nullcontext():
        return _main(argv)


def _main(argv: list[str] | None) -> int:
    try:
        quiet = sys.stdout
        # Only as a process of its own: what else a caller's process prints is not ours.
        if argv is None and quiet is not None and quiet is sys.__stdout__:
            sys.stdout = claim_stdout()
            warnings.formatwarning = _one_line
        with redirect_stdout(quiet):
            parser = _parser()
        try:
            options = parser.parse_args(argv)
        except SystemExit:  # of --help and --version
            if sys.stdout is not None:
                sys.stdout.flush()
            raise
        if sys.stdout is None:
            raise InputError("standard output is closed")
        with redirect_stdout(quiet):
            result = options.run(options)
        text, code = result if isinstance(result, tuple) else (result, 0)
        sys.stdout.write("\n".join(map(printable, text.split("\n"))))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _discard_stdout()
        return 141
    except ArrangementError as error:
        return _fail(str(error))
    except MemoryError:
        return _fail("out of memory")
    except OSError as error:
        _discard_stdout()
        place = f"{error.filename}: " if error.filename else ""
        return _fail(f"{place}{error.strerror or error}")
    return code


def _parser() -> Parser:
    parser = Parser(
        prog="arrangement",
        description="Exact cells of hyperplane arrangements, and the exact loss landscape of "
        "ReLU networks.",
    )
    parser.add_argument("--version", action="version", version=f"arrangement {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    modules = (
        list_cells, count_cells, list_faces, list_flats, print_bounds, map_landscape,
        train_globally, train_convex, list_regions, verify_certificate,
    )  # fmt: skip
    for command in modules:
        command.add(commands)
    return parser


def _fail(message: str) -> int:
    sys.stderr.write(f"arrangement: error: {printable(' '.join(message.split()))}\n")
    return 2


def _one_line(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    return f"arrangement: warning: {' '.join(str(message).split())}\n"


def _discard_stdout() -> None:
    """Let what is left in the buffer go nowhere, so that the exit is quiet."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return
