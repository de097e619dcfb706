"""``arrangement polish``: from a trained network to a proven piece of minima below it."""

from __future__ import annotations

import argparse

from arrangement.cli.data_options import SAMPLES, add_data, chosen_data, of_data, of_layer
from arrangement.cli.facts import Fact, Result, stopwatch
from arrangement.cli.network_options import add_reading, chosen_network
from arrangement.cli.parser import Parser
from arrangement.cli.results_written import check_outputs
from arrangement.errors import InputError
from arrangement.relu import OneHiddenLayer, Polished
from arrangement.results.sign_vectors import sign_strings

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = (
        f"{SAMPLES}\n\nNETWORK is a ReLU or leaky ReLU network of one hidden layer and one "
        "output on these features, as\n`arrangement network` reads it: .npz (weights_0, "
        "biases_0, weights_1, biases_1), .json, .onnx, .pt.\nThe loss is the mean squared "
        "error. From the network the loss only falls, until a piece of minima\nis reached and "
        "proved to be one. A bias of the output counts as one that may change."
    )
    parser.add_argument("file", metavar="NETWORK", help="the trained network")
    add_reading(parser, slices=False)
    add_data(parser)
    parser.options("""
--exact  prove the minimum in rational arithmetic
--max-steps M:int=100000  stop after M steps; default: 100000
--out FILE.npz  save the network: weights_0, biases_0, weights_1, biases_1
""")


def run(options: argparse.Namespace) -> Result:
    """Descend, and tell where it ended."""
    check_outputs(options, options.data, options.file)
    network = chosen_network(options.file, options)
    data = chosen_data(options)
    if network.input_dimension != data.X.shape[1]:
        raise InputError(
            f"{options.file}: {network.input_dimension} inputs, but the samples have "
            f"{data.X.shape[1]} features"
        )
    if not isinstance(network.negative_slope, float):
        raise InputError(f"{options.file}: neurons of different slopes; one is needed")
    layer = OneHiddenLayer(
        data.X,
        data.y,
        hidden=len(network.weights[0]),
        bias=options.bias,
        output_bias=bool(network.biases[-1].any()),
        negative_slope=network.negative_slope,
    )
    seconds = stopwatch()
    end = layer.polish(network, exact=options.exact, max_steps=options.max_steps, progress=True)
    took = seconds()
    if options.out is not None:
        end.save(options.out)
    return Result([*of_data(data), *of_layer(layer), *_found(end), took])


def _found(end: Polished) -> list[Fact]:
    return [
        Fact("kind", end.kind),
        Fact("certified", end.certified, "yes" if end.certified else f"no: {end.doubt}"),
        Fact("doubt", end.doubt, {}),
        Fact("loss", end.loss, f"{end.loss:.9g}"),
        Fact("initial loss", end.initial_loss, f"{end.initial_loss:.9g}"),
        Fact("fall", end.fall, f"{end.fall:.3g}"),
        Fact(
            "dimension of piece",
            end.dimension if end.certified else None,
            end.dimension if end.certified else "unknown",
        ),
        Fact("margin", end.margin, f"{end.margin:.2g}"),
        Fact("steps", end.steps, f"{end.steps:,}"),
        Fact("signs", sign_strings(end.signs), {}),
        Fact("output signs", end.output_signs.tolist(), {}),
        Fact("weights", end.weights.tolist(), {}),
        Fact("output weights", end.output_weights.tolist(), {}),
        Fact("output bias", end.output_bias, {}),
    ]
