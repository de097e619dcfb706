"""The options that say which samples and which network, and what they are taken to be."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable
from functools import partial

import numpy as np

from arrangement.cli.facts import Fact
from arrangement.cli.parser import Parser
from arrangement.data.samples import DataSet, load, prepare
from arrangement.errors import InputError, SizeError
from arrangement.files.exact_text import float_number
from arrangement.files.reading import standard_input
from arrangement.plot.marks import counted
from arrangement.relu import OneHiddenLayer

__all__ = [
    "SAMPLES", "add_data", "add_layer", "chosen_data", "chosen_layer", "described",
    "loaded", "of_data", "of_layer", "preparation", "refuse_wide",
]  # fmt: skip

SAMPLES = """\
NAME is iris, digits or mnist (5,000 digits); FILE is a table of text with one sample a row and
the label in the last column, a .npy, .npz or IDX file, or a CIFAR-10 batch (or their folder),
perhaps compressed (.gz); - reads a table from standard input. Classes and samples are chosen
first, then one of each bucket (--hash-bits), then the features are reduced and normalised, then
the bias is appended."""

MOST_RANK = 40
"""Samples of rank r have at least 2^r activation patterns; nothing goes through 2^40."""


def add_data(parser: Parser, bias: bool = True) -> None:
    """The options for the samples, see :func:`chosen_data`; with a bias, or without."""
    text = """
--data NAME|FILE|-  the samples
--target COLUMN  label column of a table; default: the last
--classes LABEL ...  keep the samples with these labels
--samples N:int  draw N samples; as many of each class with --classes or --labels sign
--hash-bits B:int  keep one sample of those on the same sides of B random hyperplanes
--features D:int  reduce to D features
--reduction {pca,lsh,none}  to D features; default: pca
--no-normalise  do not centre and scale the features, which rounds them: what depended on each
    other exactly does so no more
--labels {regression,sign,class}=regression  targets: the labels as numbers (default), -1 and
    +1 for two classes, or 0, 1, ... for the classes in their order
--seed SEED:int=0  of what is drawn; default: 0
"""
    raw = {"dest": "normalise", "action": "store_false"}
    parser.options(text, data={"required": True}, no_normalise=raw)
    if bias:
        text = "--bias B=1.0  value of the appended constant feature, or 'none'; default: 1.0"
        parser.options(text, bias={"type": _bias})


def add_layer(parser: Parser) -> None:
    """The options for the hidden layer; see :func:`chosen_layer`."""
    parser.options("""
--hidden K:int=1  hidden neurons; default: 1
--output-bias  add a free constant to the outputs
--negative-slope A=0  of the activation max(t, At), between -1 and 1; default: 0
""")


def chosen_data(options: argparse.Namespace, data: DataSet | None = None) -> DataSet:
    """The samples that were asked for, reduced and normalised; of all, if these are known."""
    if options.reduction in ("pca", "lsh") and options.features is None:
        raise InputError(f"--reduction {options.reduction}: to how many? give --features D")
    return preparation(options)(
        loaded(options) if data is None else data,
        samples=options.samples,
        features=options.features,
        seed=options.seed,
    )


def loaded(options: argparse.Namespace) -> DataSet:
    """All samples of the data set."""
    source = standard_input() if options.data == "-" else options.data
    return load(source, target=options.target)


def preparation(options: argparse.Namespace) -> Callable[..., DataSet]:
    """What :func:`~arrangement.data.samples.prepare` does to them, but for its numbers."""
    return partial(
        prepare,
        classes=options.classes,
        reduction=None if options.reduction == "none" else options.reduction or "pca",
        normalise=options.normalise,
        labels=options.labels,
        hash_bits=options.hash_bits,
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
        loss=getattr(options, "loss", "squared"),
        threshold=getattr(options, "threshold", 1.0),
    )


def of_data(data: DataSet) -> list[Fact]:
    """What every command tells of the samples."""
    return [
        Fact("data", data.name),
        Fact("samples", len(data)),
        Fact("features", data.X.shape[1]),
    ]


def of_layer(problem: OneHiddenLayer) -> list[Fact]:
    """The size of the layer."""
    return [Fact("dimension", problem.dimension), Fact("hidden", problem.hidden)]


def refuse_wide(data: DataSet) -> None:
    """Refuse samples of so high a rank that their cells are out of reach.

    They would be refused later, too: but large tables take minutes to be taken exactly.
    """
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
