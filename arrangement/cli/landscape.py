"""``arrangement landscape``: every local minimum of a ReLU neuron on data."""

from __future__ import annotations

import argparse
import math
import time
from typing import TYPE_CHECKING, Any

from arrangement.cli.options import Commands, add_outputs, check_outputs, report
from arrangement.errors import InputError
from arrangement.files import standard_input

if TYPE_CHECKING:
    from arrangement.relu import Landscape

__all__ = ["add"]

SAMPLES = """\
NAME is iris, digits or mnist (5,000 digits); FILE is a table of text with one sample a row and
the label in the last column, a .npy, .npz or IDX file, or a CIFAR-10 batch (or their folder),
perhaps compressed (.gz); - reads a table from standard input. Classes and samples are chosen
first, then the features are reduced and normalised, then the bias is appended."""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "landscape", help="the loss landscape of a hidden neuron on data", description=SAMPLES
    )
    parser.set_defaults(run=_run, out=None)
    parser.add_argument("--data", required=True, metavar="NAME|FILE|-", help="the samples")
    parser.add_argument(
        "--target", metavar="COLUMN", help="label column of a table; default: the last"
    )
    parser.add_argument(
        "--classes", nargs="+", metavar="LABEL", help="keep the samples with these labels"
    )
    parser.add_argument(
        "--samples",
        type=int,
        metavar="N",
        help="draw N samples; as many of each class with --classes or --labels sign",
    )
    parser.add_argument("--features", type=int, metavar="D", help="reduce to D features")
    parser.add_argument(
        "--reduction", choices=("pca", "lsh", "none"), help="to D features; default: pca"
    )
    parser.add_argument(
        "--no-normalise",
        dest="normalise",
        action="store_false",
        help="do not centre and scale the features",
    )
    parser.add_argument(
        "--labels",
        choices=("regression", "sign"),
        default="regression",
        help="targets: the labels as numbers (default), or -1 and +1 for two classes",
    )
    parser.add_argument(
        "--bias",
        type=_bias,
        default=1.0,
        metavar="B",
        help="value of the appended constant feature, or 'none'; default: 1.0",
    )
    parser.add_argument(
        "--hidden", type=int, default=1, metavar="K", help="hidden neurons; default: 1"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the draw; default: 0")
    add_outputs(parser, "the annotated graph of cells and shared facets")


def _run(options: argparse.Namespace) -> str:
    from arrangement.relu import OneHiddenLayer
    from arrangement.relu.data import load, prepare

    check_outputs(options, options.data)
    if options.reduction in ("pca", "lsh") and options.features is None:
        raise InputError(f"--reduction {options.reduction}: to how many? give --features D")
    if options.plot is not None and options.hidden != 1:
        raise InputError(f"--plot: pictures are of one neuron, not of {options.hidden}")
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
    holders = f"{'cells' if options.hidden == 1 else 'tuples of cells'} holding a minimum"
    holding, share = int(landscape.attained.sum()), float(landscape.attained.mean())
    facts: dict[str, Any] = {
        "data": data.name,
        "samples": len(data),
        "features": data.X.shape[1],
        "dimension": landscape.cells.arrangement.dimension,
        "cells": len(landscape.cells),
        "edges": edges,
    }
    if options.json:
        facts |= {
            "pieces": kinds,
            holders: share,
            f"number of {holders}": holding,
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
        facts |= {
            "pieces": f"{len(landscape.pieces)} ({each})",
            "global minimum": f"loss {best.loss:.6g} ({best.kind})",
            holders: f"{holding:,} of {landscape.attained.size:,} ({share:.1%})",
        }
    return report(facts | {"seconds": round(seconds, 3)}, options.json)


def _pieces_by_kind(landscape: Landscape) -> dict[str, int]:
    kinds: dict[str, int] = {}
    for piece in landscape.pieces:
        kinds[piece.kind] = kinds.get(piece.kind, 0) + 1
    return dict(sorted(kinds.items()))


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
