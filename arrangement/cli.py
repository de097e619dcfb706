"""The command line: cells of an arrangement, landscapes of data, cells against bounds."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import os
import re
import sys
import time
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NoReturn

from arrangement.errors import ArrangementError, InputError
from arrangement.files import standard_input
from arrangement.reading import chosen_arrangement, written_number
from arrangement.writing import check_outputs, names_directory

if TYPE_CHECKING:
    from arrangement.hyperplanes import Arrangement
    from arrangement.relu import Landscape

__all__ = ["main"]

NUMBERS = """\
FILE is a table of text with one hyperplane a row (separated by commas, semicolons, tabs or
spaces; a first line without numbers is a header; # begins a comment), a .npy file of such a
table, or a .json or .npz file with "normals" and, if not all zero, "offsets"; each may be
compressed (.gz). - reads a table or JSON from standard input. In a table the last column is
the offset, so that the row "a_1, ..., a_d, b" is the hyperplane
a_1 x_1 + ... + a_d x_d + b = 0; with --central there is no such column and every offset is 0.
The numbers are taken as they are written: 0.1 means exactly 1/10, and 1/3 is allowed; --float
reads the float64 numbers nearest to them instead."""

SAMPLES = """\
NAME is iris, digits or mnist (5,000 digits); FILE is a table of text with one sample a row and
the label in the last column, a .npy, .npz or IDX file, or a CIFAR-10 batch (or their folder),
perhaps compressed (.gz); - reads a table from standard input. Classes and samples are chosen
first, then the features are reduced and normalised, then the bias is appended."""


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : list of str, optional
        The arguments; those of the process if left out.

    Returns
    -------
    int
        0; 2 after an error, which is one line on stderr; 130 when interrupted; 141 when the
        reader of the output has gone.

    Examples
    --------
    >>> from arrangement.cli import main
    >>> main(["bounds", "--family", "braid", "4"])
    hyperplanes  6
    dimension    4
    rank         3
    cells        24
    Zaslavsky    42  measured / bound 0.5714
    Cover        32  measured / bound 0.7500
    0
    """
    if sys.stderr is None:  # it is closed, and messages go nowhere
        sys.stderr = io.StringIO()
    try:
        options = _parser().parse_args(argv)
        if sys.stdout is None:
            raise InputError("standard output is closed")
        sys.stdout.write(options.run(options))
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
    return 0


def _fail(message: str) -> int:
    sys.stderr.write(f"arrangement: error: {' '.join(message.split())}\n")
    return 2


def _discard_stdout() -> None:
    """Let what is left in the buffer go nowhere, so that the exit is quiet."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **options,
        )
        # So that -1/2 and -1e-3 are numbers and not options.
        self._negative_number_matcher = re.compile(r"-(\d|\.\d|inf)")

    def error(self, message: str) -> NoReturn:
        raise InputError(message)


def _parser() -> _Parser:
    from arrangement import __version__

    parser = _Parser(
        prog="arrangement",
        description="Exact cells of hyperplane arrangements, and the exact loss landscape of "
        "ReLU networks.",
    )
    parser.add_argument("--version", action="version", version=f"arrangement {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    cells = commands.add_parser(
        "cells", help="enumerate the cells of an arrangement", description=NUMBERS
    )
    cells.set_defaults(run=_cells)
    _add_arrangement(cells)
    cells.add_argument(
        "--method",
        choices=("auto", "sweep", "restrict", "lp"),
        default="auto",
        help="default: auto",
    )
    cells.add_argument(
        "--domain",
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="only the cells that meet the box LOW < x_i < HIGH ('none': no limit); a file "
        "that was saved with a domain has its own",
    )
    cells.add_argument(
        "--out",
        metavar="FILE.npz|DIR",
        help="save the cells in a file; in a directory (a name without a dot), in blocks as "
        "they are found, in memory that does not grow with them",
    )
    cells.add_argument(
        "--parquet", action="store_true", help="write the blocks in DIR as Parquet, not npz"
    )
    cells.add_argument("--jobs", type=_jobs, metavar="N", help="run on N processes")
    cells.add_argument(
        "--checkpoint",
        metavar="DIR",
        help="keep what is done in DIR; started again, go on from there",
    )
    _add_outputs(cells, "the graph of cells and shared facets")

    landscape = commands.add_parser(
        "landscape", help="the loss landscape of a hidden neuron on data", description=SAMPLES
    )
    landscape.set_defaults(run=_landscape, out=None)
    landscape.add_argument("--data", required=True, metavar="NAME|FILE|-", help="the samples")
    landscape.add_argument(
        "--target", metavar="COLUMN", help="label column of a table; default: the last"
    )
    landscape.add_argument(
        "--classes", nargs="+", metavar="LABEL", help="keep the samples with these labels"
    )
    landscape.add_argument(
        "--samples",
        type=int,
        metavar="N",
        help="draw N samples; as many of each class with --classes or --labels sign",
    )
    landscape.add_argument("--features", type=int, metavar="D", help="reduce to D features")
    landscape.add_argument(
        "--reduction", choices=("pca", "lsh", "none"), help="to D features; default: pca"
    )
    landscape.add_argument(
        "--no-normalise",
        dest="normalise",
        action="store_false",
        help="do not centre and scale the features",
    )
    landscape.add_argument(
        "--labels",
        choices=("regression", "sign"),
        default="regression",
        help="targets: the labels as numbers (default), or -1 and +1 for two classes",
    )
    landscape.add_argument(
        "--bias",
        type=_bias,
        default=1.0,
        metavar="B",
        help="value of the appended constant feature, or 'none'; default: 1.0",
    )
    landscape.add_argument(
        "--hidden", type=int, default=1, metavar="K", help="hidden neurons; default: 1"
    )
    landscape.add_argument("--seed", type=int, default=0, help="of the draw; default: 0")
    _add_outputs(landscape, "the annotated graph of cells and shared facets")

    bounds = commands.add_parser(
        "bounds",
        help="count the cells and compare with Zaslavsky's and Cover's bounds",
        description=f"{NUMBERS}\n\nThe bounds are those for the rank and the distinct "
        "hyperplanes.\nCover's holds if all hyperplanes share a point.",
    )
    bounds.set_defaults(run=_bounds)
    _add_arrangement(bounds)
    bounds.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _add_arrangement(parser: _Parser) -> None:
    from arrangement.families import FAMILIES

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
    parser.add_argument("--seed", type=int, help="of the family 'generic'; default: 0")


def _add_outputs(parser: _Parser, graph: str) -> None:
    parser.add_argument("--graphml", metavar="FILE", help=f"write {graph} (.gz: compressed)")
    parser.add_argument("--plot", metavar="FILE.png", help="draw a picture (.png, .pdf, .svg)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _cells(options: argparse.Namespace) -> str:
    if options.out is not None and names_directory(options.out):
        return _blocks(options)
    if options.parquet:
        raise InputError("--parquet: is for blocks; give --out DIR")
    _check_outputs(options, options.file)
    arrangement, domain = _arrangement(options)
    if options.plot is not None:
        _check_drawable(arrangement)
    if options.domain is not None:
        if domain is not None:
            raise InputError(
                f"--domain, but {options.file} has a domain of its own; leave it out"
            )
        domain = [_interval(*options.domain)] * arrangement.dimension
    started = time.perf_counter()
    with _executor(options.jobs) as executor:
        cells = arrangement.cells(
            method=options.method,
            domain=domain,
            progress=True,
            executor=executor,
            checkpoint=options.checkpoint,
        )
    bounded = int(cells.bounded.sum())
    seconds = time.perf_counter() - started
    if options.graphml is not None:
        cells.write_graphml(options.graphml)
    if options.out is not None:
        cells.save(options.out)
    if options.plot is not None:
        from arrangement import plot

        plot.arrangement(cells, options.plot)
    essential = arrangement.is_essential or options.json
    return _report(
        {
            "hyperplanes": arrangement.n_hyperplanes,
            "dimension": arrangement.dimension,
            "rank": arrangement.rank,
            "cells": len(cells),
            "bounded cells" if essential else "relatively bounded cells": bounded,
            "seconds": round(seconds, 3),
        },
        options.json,
    )


def _blocks(options: argparse.Namespace) -> str:
    """Cells in blocks on disk: nothing is known of all of them but their number."""
    from arrangement.blocks import check_directory, write_blocks

    for option in ("graphml", "plot", "domain", "checkpoint"):
        if getattr(options, option) is not None:
            raise InputError(f"--{option}: not with blocks; give --out FILE.npz")
    if options.method not in ("auto", "sweep"):
        raise InputError(f"--method {options.method}: blocks come from a sweep")
    form = "parquet" if options.parquet else "npz"
    check_directory(options.out, form)
    arrangement, domain = _arrangement(options)
    if domain is not None:
        raise InputError(f"{options.file}: cells in a domain do not come in blocks")
    started = time.perf_counter()
    with _executor(options.jobs) as executor:
        portions = arrangement.iter_cells(2**20, progress=True, executor=executor)
        count = write_blocks(arrangement, portions, options.out, form)
    facts = {
        "hyperplanes": arrangement.n_hyperplanes,
        "dimension": arrangement.dimension,
        "rank": arrangement.rank,
        "cells": count,
        "seconds": round(time.perf_counter() - started, 3),
    }
    return _report(facts, options.json)


def _executor(jobs: int | None) -> Any:
    """Some processes to work on, or nothing."""
    if jobs is None:
        return contextlib.nullcontext()
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor(jobs)


def _landscape(options: argparse.Namespace) -> str:
    from arrangement.relu import OneHiddenLayer
    from arrangement.relu.data import load, prepare

    _check_outputs(options, options.data)
    if options.reduction in ("pca", "lsh") and options.features is None:
        raise InputError(f"--reduction {options.reduction}: to how many? give --features D")
    data = prepare(
        load(standard_input() if options.data == "-" else options.data, target=options.target),
        classes=options.classes,
        samples=options.samples,
        features=options.features,
        reduction=None if options.reduction == "none" else options.reduction or "pca",
        normalise=options.normalise,
        labels=options.labels,
        seed=options.seed,
    )
    started = time.perf_counter()
    problem = OneHiddenLayer(data.X, data.y, hidden=options.hidden, bias=options.bias)
    landscape = problem.landscape(progress=True)
    edges = len(landscape.cells.edges)
    seconds = time.perf_counter() - started
    if options.graphml is not None:
        landscape.write_graphml(options.graphml)
    if options.plot is not None:
        from arrangement import plot

        plot.landscape(landscape, options.plot)
    best = landscape.global_minimum
    kinds = _pieces_by_kind(landscape)
    holding, share = int(landscape.attained.sum()), float(landscape.attained.mean())
    report: dict[str, Any] = {
        "data": data.name,
        "samples": len(data),
        "features": data.X.shape[1],
        "dimension": landscape.cells.arrangement.dimension,
        "cells": len(landscape.cells),
        "edges": edges,
    }
    if options.json:
        report |= {
            "pieces": kinds,
            "cells holding a minimum": share,
            "number of cells holding a minimum": holding,
            "facets holding a minimum": int(landscape.boundary_minimum.sum()),
            "global minimum": {
                "loss": float(best.loss),
                "kind": best.kind,
                "dimension": int(best.dimension),
                "margin": float(best.margin),
                "signs": ["".join("-0+"[s + 1] for s in row) for row in best.signs],
                "output signs": best.output_signs.tolist(),
                "weights": best.weights.tolist(),
                "output weights": best.output_weights.tolist(),
            },
        }
    else:
        each = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
        report |= {
            "pieces": f"{len(landscape.pieces)} ({each})",
            "global minimum": f"loss {best.loss:.6g} ({best.kind})",
            "cells holding a minimum": f"{holding:,} of {len(landscape.cells):,} ({share:.1%})",
        }
    return _report(report | {"seconds": round(seconds, 3)}, options.json)


def _bounds(options: argparse.Namespace) -> str:
    from arrangement.bounds import cover, zaslavsky

    arrangement, domain = _arrangement(options)
    if domain is not None:
        raise InputError(
            f"{options.file}: these are the cells in a domain, but the bounds are for whole "
            "arrangements"
        )
    cells = len(arrangement.cells(progress=True))
    first, _ = arrangement.coincidence
    n, rank = len(set(first.tolist())), arrangement.rank
    report: dict[str, Any] = {"hyperplanes": arrangement.n_hyperplanes}
    if options.json or n < arrangement.n_hyperplanes:
        report["distinct"] = n
    report |= {"dimension": arrangement.dimension, "rank": rank, "cells": cells}
    bounds: dict[str, int | None] = {
        "Zaslavsky": zaslavsky(n, rank),
        "Cover": cover(n, rank) if arrangement.is_central else None,
    }
    for name, bound in bounds.items():
        ratio = None if bound is None else cells / bound
        if options.json:
            report[name] = {"bound": bound, "measured per bound": ratio}
        elif bound is not None:
            report[name] = f"{bound}  measured / bound {ratio:.4f}"
        else:
            report[name] = "none: the hyperplanes share no point"
    return _report(report, options.json)


def _report(facts: dict[str, Any], as_json: bool) -> str:
    if as_json:
        return json.dumps(_plain(facts), allow_nan=False) + "\n"
    width = max(map(len, facts))
    return "".join(f"{key:<{width}}  {value}\n" for key, value in facts.items())


def _plain(value: Any) -> Any:
    """The value with keys without spaces, and None for NaN and infinity: JSON has neither."""
    if isinstance(value, dict):
        return {key.replace(" ", "_").lower(): _plain(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _pieces_by_kind(landscape: Landscape) -> dict[str, int]:
    kinds: dict[str, int] = {}
    for piece in landscape.pieces:
        kinds[piece.kind] = kinds.get(piece.kind, 0) + 1
    return dict(sorted(kinds.items()))


def _arrangement(options: argparse.Namespace) -> tuple[Arrangement, Any]:
    return chosen_arrangement(
        options.file,
        options.family,
        central=options.central,
        as_float=options.float,
        seed=options.seed,
    )


def _interval(low: str, high: str) -> tuple[int | Fraction | None, int | Fraction | None]:
    return (
        None if low in ("none", "-inf") else written_number(low, "--domain"),
        None if high in ("none", "inf", "+inf") else written_number(high, "--domain"),
    )


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes")
    return int(text)


def _bias(text: str) -> float | None:
    if text == "none":
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a finite number nor 'none'")
    return value


def _check_outputs(options: argparse.Namespace, source: str | None) -> None:
    flags = ("out", "graphml", "plot")
    check_outputs({f"--{flag}": getattr(options, flag) for flag in flags}, source)


def _check_drawable(arrangement: Arrangement) -> None:
    d = arrangement.dimension
    if not (d in (1, 2) or (d == 3 and arrangement.is_central)):
        raise InputError(
            "--plot: a picture needs dimension 1 or 2, or dimension 3 and hyperplanes that "
            f"share a point; this is an {arrangement!r}"
        )
