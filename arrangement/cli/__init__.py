"""The command line: one module a command."""

from __future__ import annotations

import argparse
import io
import os
import sys
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from importlib import import_module
from typing import Any

from arrangement.cli.parser import Parser
from arrangement.cli.termination import orderly_termination
from arrangement.errors import ArrangementError, InputError, ModelWarning
from arrangement.files.output import claim_stdout
from arrangement.printable import printable

__all__ = ["COMMANDS", "EXAMPLES", "main", "parser_with"]

COMMANDS = {
    "info": (
        "describe_arrangement",
        "what is quickly known of an arrangement, on one page; change its format",
    ),
    "cells": ("list_cells", "enumerate the cells of an arrangement"),
    "count": (
        "count_cells",
        "characteristic polynomial, Whitney numbers and cells, without enumerating cells; "
        "with a domain the cells in it",
    ),
    "faces": ("list_faces", "count the faces of every dimension, or list those of one"),
    "flats": ("list_flats", "count or list the flats, write the intersection poset"),
    "bounds": (
        "print_bounds",
        "compare cells and faces with what they can be at most; bounds of ReLU networks",
    ),
    "landscape": ("map_landscape", "every local minimum of a layer of ReLU neurons on data"),
    "train": (
        "train_globally",
        "train a layer of ReLU neurons on data to the proven global minimum",
    ),
    "polish": (
        "polish_network",
        "descend from a trained ReLU layer to a proven piece of minima",
    ),
    "sample": (
        "sample_cells",
        "the share of cells that hold a minimum, by random networks, for data of real size",
    ),
    "convex": (
        "train_convex",
        "train a ReLU layer of any width with weight decay, as a convex program",
    ),
    "network": ("list_regions", "the linear regions of a ReLU network in a domain"),
    "ask": (
        "ask_network",
        "maxima, ranges, robustness and equality of networks in a domain, exactly",
    ),
    "surface": (
        "draw_surface",
        "the loss of a network on a line or a plane of its parameters, with its exact kinks",
    ),
    "pattern": ("make_pattern", "a network with a given picture in its loss surface"),
    "verify": ("verify_certificate", "check a certificate of the linear regions of a network"),
    "completion": ("print_completion", "let a shell complete commands and options"),
}
"""Each command's module, imported when it is called, and what it is for."""

EXAMPLES = {
    "info": ("arrangement info planes.csv --json", "arrangement info --family shi 4"),
    "cells": (
        "arrangement cells planes.csv --out cells.npz",
        "arrangement cells --family coxeter H 3 --plot mirrors.html",
        "arrangement cells planes.csv --domain 0 1 --graphml cells.graphml",
        "arrangement cells --family resonance 4 --symmetry auto",
        "arrangement cells planes.csv --vertices --json",
    ),
    "count": (
        "arrangement count --family shi 5",
        "arrangement count --family threshold 6 --symmetry auto --json",
    ),
    "faces": ("arrangement faces planes.csv", "arrangement faces planes.csv --dimension 1"),
    "flats": (
        "arrangement flats --family braid 5 --graphml poset.graphml",
        "arrangement flats --family braid 4 --plot lattice.svg",
    ),
    "bounds": ("arrangement bounds planes.csv", "arrangement bounds --network 2 16 16 1"),
    "landscape": (
        "arrangement landscape --data samples.csv --plot landscape.html",
        "arrangement landscape --data samples.csv --hidden 2 --out minima.csv",
    ),
    "train": ("arrangement train --data samples.csv --hidden 2 --out best.npz",),
    "polish": ("arrangement polish best.npz --data samples.csv",),
    "sample": ("arrangement sample --data mnist --classes 3 8 --samples 60 --features 9",),
    "convex": ("arrangement convex --data samples.csv --beta 0.1",),
    "network": (
        "arrangement network net.npz --box -1 1 --plot regions.png",
        "arrangement network net.npz --box -1 1 --certificate proof.json.gz",
        "arrangement network net.npz --walk 0 0 --max-regions 10",
    ),
    "ask": (
        "arrangement ask net.npz --box -1 1 --range",
        "arrangement ask net.npz --box -1 1 --robustness 0.1 0.2 --norm l2",
    ),
    "surface": ("arrangement surface net.npz --data samples.csv --plot surface.png",),
    "pattern": ("arrangement pattern picture.csv --out network.npz --plot loss.png",),
    "verify": ("arrangement verify proof.json.gz --network net.npz --box -1 1",),
    "completion": ("arrangement completion bash > arrangement.bash",),
}
"""What the help of each command begins with; every one is run by a test."""


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
        takes too much work or time; 2 after an error, which is one line on stderr; 130 when
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
            called = (sys.argv[1:] if argv is None else argv)[:1]
            parser = parser_with(called)
        try:
            options = parser.parse_args(argv)
        except SystemExit:  # of --help and --version
            if sys.stdout is not None:
                sys.stdout.flush()
            raise
        if sys.stdout is None:
            raise InputError("standard output is closed")
        with redirect_stdout(quiet), _heard() as said:
            result = options.run(options)
        if said:
            result = result.with_warnings(said)
        text = result.render(options.json)
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
    return result.code


def parser_with(called: Collection[str] = tuple(COMMANDS)) -> Parser:
    """The parser of the commands that are called, or with the names of all where none is."""
    parser = Parser(
        prog="arrangement",
        description="Exact cells of hyperplane arrangements, and the exact loss landscape of "
        "ReLU networks.",
    )
    parser.add_argument("--version", action=_Version, help="print the versions and exit")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    known = COMMANDS.keys() & set(called)
    for name, (module, text) in COMMANDS.items():
        if known and name not in known:
            continue  # Each parser takes a millisecond to make.
        one = commands.add_parser(name, help=text)
        if known:
            command = import_module(f"arrangement.cli.{module}")
            command.add(one)
            one.examples = EXAMPLES[name]
            one.add_argument("--json", action="store_true", help="print one JSON object")
            one.set_defaults(run=command.run)
    return parser


class _Version(argparse.Action):
    """Looks for the versions when they are asked for: that takes time."""

    def __init__(self, option_strings: list[str], dest: str, **named: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, **named)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from arrangement.cli.versions import versions  # It loads the compiled loops.

        print(versions())
        parser.exit()


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What is said of models meanwhile, which is shown as other warnings are, too."""
    said: list[str] = []
    show = warnings.showwarning

    def hear(message: Warning | str, category: type[Warning], *rest: Any, **named: Any) -> None:
        if issubclass(category, ModelWarning):
            said.append(str(message))
        show(message, category, *rest, **named)

    with warnings.catch_warnings():
        warnings.showwarning = hear
        yield said


def _fail(message: str) -> int:
    sys.stderr.write(f"arrangement: error: {printable(' '.join(message.split()))}\n")
    return 2


def _one_line(message: Warning | str, *_: object, **__: object) -> str:
    return f"arrangement: warning: {' '.join(str(message).split())}\n"


def _discard_stdout() -> None:
    """Let what is left in the buffer go nowhere, so that the exit is quiet."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
