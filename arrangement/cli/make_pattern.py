"""``arrangement pattern``: a network in whose loss surface a picture is."""

from __future__ import annotations

import argparse
import os

import numpy as np
from numpy.typing import NDArray

from arrangement.cli.facts import Fact, Result, stopwatch
from arrangement.cli.parser import Parser
from arrangement.cli.results_written import FORMATS, check_outputs
from arrangement.errors import InputError, MissingExtraError
from arrangement.files.exact_text import table_numbers
from arrangement.files.point_files import read_points
from arrangement.files.reading import standard_input
from arrangement.files.text import read_text
from arrangement.networks.formats import readers
from arrangement.networks.patterns import pattern_network

__all__ = ["add", "run"]

PICTURES = (".png", ".jpg", ".jpeg")


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = (
        "FILE is a picture (.png; the mean of its colours counts), or a table of numbers as\n"
        "text or .npy, one column for a curve. The network has a plane of its parameters on\n"
        "which its loss of mean squares is the pattern, up to a constant and an error that is\n"
        "told exactly: to the biases of the first neurons, which have no weights, h_1 and h_2\n"
        "from 0 to 1 are added (Skorokhodov and Burtsev 2019)."
    )
    parser.add_argument("file", metavar="FILE", help="the pattern; - for standard input")
    parser.options("""
--side N:int=32  reduce what is larger to N values along each axis, means of blocks; default: 32
--tolerance E:float  the error to stay below, as a share of the range; default: 0.001
--least {plane,all}=plane  all: the minimum of the pattern is a global minimum of the loss in
    all parameters, with loss 0
--samples FILE  the samples, a table; its last column are the targets; default: one sample
--out FILE.npz|.json  write the network
--plot FILE.png  draw the loss on the plane (.png, .pdf, .svg)
""")


def run(options: argparse.Namespace) -> Result:
    """Make the network, and write what was asked for."""
    check_outputs(
        options, options.file, options.samples, saved=(".npz", ".json"), pictures=FORMATS
    )
    values = _reduced(_pattern(options.file), options.side)
    samples, targets = None, None
    if options.samples is not None:
        table = np.asarray(read_points(options.samples), dtype=np.float64)
        if table.ndim != 2 or table.shape[1] < 2:
            raise InputError(
                f"{options.samples}: a feature and a target in each row are needed"
            )
        samples, targets = table[:, :-1], table[:, -1]
    seconds = stopwatch()
    tolerance = 1e-3 if options.tolerance is None else options.tolerance
    made = pattern_network(values, samples, targets, tolerance=tolerance, least=options.least)
    error, network = made.error, made.network
    took = seconds()
    if options.out is not None:
        readers.save(network, options.out)
    if options.plot is not None:
        # Few ask for a picture, and its modules take time to import.
        from arrangement import plot

        plot.pattern(made, options.plot, source=os.path.basename(options.file))
    return Result(
        [
            Fact("values", list(values.shape), " × ".join(map(str, values.shape))),
            Fact("least value", float(values.min())),
            Fact("largest value", float(values.max())),
            Fact("samples", len(made.X)),
            Fact("widths", list(network.hidden_widths)),
            Fact(
                "directions",
                [list(at) for at in made.directions],
                ", ".join(
                    f"bias {neuron} of layer {layer}" for layer, neuron in made.directions
                ),
            ),
            Fact("added to the pattern", made.shift),
            Fact("largest error", error),
            took,
        ]
    )


def _pattern(path: str) -> NDArray[np.float64]:
    if os.path.splitext(path)[1].lower() not in PICTURES:
        if path == "-":
            name, text = read_text(standard_input())
            given = table_numbers(text, name)[0]
        else:
            given = read_points(path)
        table = np.asarray(given, dtype=np.float64)
        return table[:, 0] if table.ndim == 2 and table.shape[1] == 1 else table
    try:
        from matplotlib.image import imread
    except ImportError as error:
        raise MissingExtraError(
            "pictures need matplotlib: pip install 'arrangement[plot]'"
        ) from error
    try:
        picture = np.asarray(imread(path), dtype=np.float64)
    except (OSError, SyntaxError, ValueError) as error:
        # A file that holds no picture is an OSError without a number.
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: no picture that can be read ({reason})") from None
    return picture if picture.ndim == 2 else picture[:, :, :3].mean(axis=2)


def _reduced(values: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """At most so many values along each axis: means of blocks."""
    if side < 2:
        raise InputError(f"--side {side}: at least two values are needed")
    for axis, n in enumerate(values.shape):
        if n > side:
            starts = np.arange(side) * n // side
            sizes = np.diff(starts, append=n)
            shape = [-1 if k == axis else 1 for k in range(values.ndim)]
            values = np.add.reduceat(values, starts, axis=axis) / sizes.reshape(shape)
    return values
