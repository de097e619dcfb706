"""The options that say which samples and which network, and what they are taken to be."""

from __future__ import annotations

import argparse
import math
import os
from typing import TYPE_CHECKING

from arrangement.cli.options import float_number
from arrangement.cli.parser import Parser
from arrangement.data.samples import load, prepare
from arrangement.errors import InputError, SizeError
from arrangement.files.reading import standard_input
from arrangement.plot.marks import counted
from arrangement.relu import OneHiddenLayer

if TYPE_CHECKING:
    from arrangement.data.samples import DataSet
    from arrangement.relu import OneHiddenLayer

__all__ = [
    "SAMPLES",
    "add_data",
    "add_layer",
    "chosen_data",
    "chosen_layer",
    "described",
    "refuse_wide",
]

SAMPLES = """\
NAME is iris, digits or mnist (5,000 digits); FILE is a table of text with one sample a row and
the label in the last column, a .npy, .npz or IDX file, or a CIFAR-10 batch (or their folder),
perhaps compressed (.gz); - reads a table from standard input. Classes and samples are chosen
first, then the features are reduced and normalised, then the bias is appended."""

MOST_RANK = 40
"""Samples of rank r have at least 2^r activation patterns; nothing goes through 2^40."""


def add_data(parser: Parser) -> None:
    """The options for the samples; see :func:`chosen_data`."""
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
        help="do not centre and scale the features, which rounds them: what depended on each "
        "other exactly does so no more",
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
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn; default: 0")


def add_layer(parser: Parser) -> None:
    """The options for the hidden layer; see :func:`chosen_layer`."""
    parser.add_argument(
        "--hidden", type=int, default=1, metavar="K", help="hidden neurons; default: 1"
    )
    parser.add_argument(
        "--output-bias", action="store_true", help="add a free constant to the outputs"
    )
    parser.add_argument(
        "--negative-slope",
        default="0",
        metavar="A",
        help="of the activation max(t, At), between -1 and 1; default: 0",
    )


def chosen_data(options: argparse.Namespace) -> DataSet:
    """The samples that were asked for, reduced and normalised."""
    if options.reduction in ("pca", "lsh") and options.features is None:
        raise InputError(f"--reduction {options.reduction}: to how many? give --features D")
    return prepare(
        load(standard_input() if options.data == "-" else options.data, target=options.target),
        classes=options.classes,
        samples=options.samples,
        features=options.features,
        reduction=None if options.reduction == "none" else options.reduction or "pca",
        normalise=options.normalise,
        labels=options.labels,
        seed=options.seed,
    )


def described(options: argparse.Namespace, data: DataSet) -> str:
    """The samples in a few words, for a picture."""
    if options.classes is None:
        labels = counted(len(data.classes), "label")
    else:
        named = "class" if len(options.classes) == 1 else "classes"
        labels = f"{named} {', '.join(options.classes)}"
    name = os.path.basename(data.name)
    return f"{name} ({labels}), {counted(data.X.shape[1], 'feature')}"


def chosen_layer(options: argparse.Namespace, data: DataSet) -> OneHiddenLayer:
    """The layer that was asked for, on these samples."""
    refuse_wide(data)
    return OneHiddenLayer(
        data.X,
        data.y,
        hidden=options.hidden,
        bias=options.bias,
        output_bias=options.output_bias,
        negative_slope=float_number(options.negative_slope, "--negative-slope"),
    )


def refuse_wide(data: DataSet) -> None:
    """Refuse samples of so high a rank that their cells are out of reach.

    They would be refused later, too: but large tables take minutes to be taken exactly.
    """
    import numpy as np

    if min(data.X.shape) <= MOST_RANK:
        return
    rank = int(np.linalg.matrix_rank(data.X))
    if rank > MOST_RANK:
        n, d = data.X.shape
        raise SizeError(
            f"{data.name}: {n:,} samples of {d:,} features have rank {rank}, and so at least "
            f"2^{rank} cells of a neuron's weights; reduce them (--features D with D of a few, "
            "--samples N)"
        )


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
