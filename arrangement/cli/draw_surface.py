"""``arrangement surface``: the loss of a network on a line or a plane of its parameters."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.cli.data_options import add_data, chosen_data, described, loaded, of_data
from arrangement.cli.facts import Fact, Result, stopwatch
from arrangement.cli.network_options import add_reading, chosen_network
from arrangement.cli.parser import Parser
from arrangement.cli.results_written import check_outputs, is_page
from arrangement.data.dataset import DataSet
from arrangement.errors import InputError
from arrangement.files.exact_text import float_number
from arrangement.networks.network import Network
from arrangement.relu.losses.losses import LOSSES
from arrangement.relu.losses.network_loss import NetworkLoss
from arrangement.relu.losses.surface import (
    DIRECTIONS,
    LossSurface,
    bias_direction,
    loss_surface,
)

__all__ = ["add", "run"]

TEXT = """\
FILE is a network of any depth, as for 'arrangement network'. Its loss is computed on a grid of
the plane through its parameters that two directions span, of the line or plane through further
networks, or of that of some biases. Where one layer moves, the kinks of the loss are found
exactly. The samples have to be prepared as those that the network was trained on: mind
--no-normalise. For softmax, multiclass_hinge and crammer_singer a label is the output that FILE
names so, or that has this number; else the outputs are the labels in their order. Logistic and
hinge losses are for --labels sign."""


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = TEXT
    parser.add_argument("file", metavar="FILE", help="the network")
    add_reading(parser, slices=False)
    add_data(parser, bias=False)
    parser.options(f"""
--loss {{{",".join(LOSSES)}}}=squared  of the outputs; default: squared
--threshold T:float=1.0  of the Huber loss
--margin D:float=1.0  of the hinge losses
--penalty {{l1,l2,elasticnet}}  of all weights
--alpha A:float  of the penalty: A |w|_1, or A/2 |w|^2
--l1-ratio R:float=0.5  of elasticnet
--max-norm C:float  no neuron's weights may be longer; what is forbidden is hatched
--directions {{{",".join(DIRECTIONS)}}}  two random directions; with the rows of each neuron as
    long as its weights (default); down the gradient and across it the top eigenvector of the
    Hessian; its two top eigenvectors
--layer L:int  of random and filter: move this layer only, the first is 0
--through FILE ...  instead: the line through FILE and this network, or the plane through FILE
    and these two
--biases L J ...  instead: the line or plane of one or two biases, each a layer and a neuron
--window LOW HIGH ...  the range of the coordinates, once or for each; default: -1 1, or
    around the networks
--points N:int=151  of the grid in each direction; default: 151
--no-kinks  do not look for the kinks, which takes its time with many samples
--out FILE.npz  save the grid, the losses, the directions and the kinks
--plot FILE.png  draw contours, or on a line a graph (.png, .pdf, .svg), or a page (.html)
""")


def run(options: argparse.Namespace) -> Result:
    """Compute the losses, and write what was asked for."""
    through = options.through or []
    given = [name for name in ("directions", "through", "biases") if getattr(options, name)]
    if len(given) > 1:
        raise InputError(f"{' and '.join(f'--{name}' for name in given)}: give one of them")
    if options.layer is not None and options.directions not in (None, "random", "filter"):
        raise InputError("--layer: is for --directions random and filter")
    check_outputs(options, options.file, options.data, *through)
    network = chosen_network(options.file, options)
    others = [chosen_network(path, options) for path in through]
    raw = loaded(options)
    of_classes = options.loss in ("softmax", "multiclass_hinge", "crammer_singer")
    if of_classes:
        options.labels = "class"
    data = chosen_data(options, raw)
    if of_classes:
        names = [str(name) for name in options.classes or raw.classes.tolist()]
        outputs = _outputs(options.file, network, names, data.name)
        data = replace(data, y=outputs[data.y.astype(np.int64)])
    loss = _loss(options, network, data)
    directions = _biases(network, options.biases) if options.biases else options.directions
    seconds = stopwatch()
    surface = loss_surface(
        loss,
        directions,
        through=others or None,
        layer=options.layer,
        window=_window(options.window),
        points=options.points,
        rng=options.seed,
        progress=True,
    )
    kinks = None
    if not options.no_kinks and len(surface.moving_layers) == 1:
        kinks = surface.kinks(progress=True)
    took = seconds()
    if options.out is not None:
        surface.save(options.out, kinks)
    if options.plot is not None:
        # Few ask for a picture, and its modules take time to import.
        from arrangement import plot

        name = f"{os.path.basename(options.file)} on {described(options, data)}"
        found = False if kinks is None else kinks
        if is_page(options.plot):
            plot.page(surface, options.plot, source=name)
        else:
            plot.surface(surface, options.plot, kinks=found, source=name)
    facts = [*of_data(data), Fact("sizes", list(network.sizes)), *_found(surface, kinks)]
    return Result([*facts, took])


def _loss(options: argparse.Namespace, network: Network, data: DataSet) -> NetworkLoss:
    if data.X.shape[1] != network.input_dimension:
        raise InputError(
            f"{data.name}: {data.X.shape[1]} features, but {options.file} has "
            f"{network.input_dimension} inputs"
        )
    return NetworkLoss(
        network,
        data.X,
        data.y,
        options.loss,
        penalty=options.penalty,
        alpha=options.alpha,
        l1_ratio=options.l1_ratio,
        max_norm=options.max_norm,
        threshold=options.threshold,
        margin=options.margin,
    )


def _outputs(path: str, network: Network, names: list[str], data: str) -> NDArray[np.int64]:
    """The output for each class, by its name."""
    n = network.output_dimension
    if network.labels is not None:
        known = [str(name) for name in network.labels]
        for name in names:
            if name not in known:
                raise InputError(f"{data}: label {name} is none of the classes of {path}")
        return np.array([known.index(name) for name in names])
    outputs = [str(k) for k in range(n)]
    short = [name.removesuffix(".0") for name in names]
    if set(short) <= set(outputs):
        return np.array([int(name) for name in short])
    if len(names) > n:
        raise InputError(
            f"{data}: {len(names)} labels, but {path} has {n} outputs; choose some, --classes "
            "LABEL ..."
        )
    return np.arange(len(names))


def _biases(network: Network, numbers: list[str]) -> NDArray[np.float64]:
    if len(numbers) not in (2, 4) or not all(text.isdecimal() for text in numbers):
        raise InputError(
            f"--biases {' '.join(numbers)}: a layer and a neuron, once or twice, counted from 0"
        )
    pairs = np.array(numbers, dtype=np.int64).reshape(-1, 2).tolist()
    return np.array([bias_direction(network, *pair) for pair in pairs])


def _window(numbers: list[str] | None) -> Any:
    if numbers is None:
        return None
    ends = [float_number(text, "--window") for text in numbers]
    return ends if len(ends) == 2 else [ends[k : k + 2] for k in range(0, len(ends), 2)]


def _found(surface: LossSurface, kinks: NDArray[np.float64] | None) -> list[Fact]:
    loss = surface.loss
    lowest = surface.lowest.tolist()
    value, slope = loss.value(), float(np.linalg.norm(loss.gradient()))
    facts = [
        Fact("parameters", len(loss.parameters), f"{len(loss.parameters):,}"),
        Fact("loss", value, f"{value:.9g}"),
        Fact("gradient", slope, f"{slope:.6g}"),
        Fact("grid", [len(axis) for axis in surface.axes]),
        Fact("window", [[float(axis[0]), float(axis[-1])] for axis in surface.axes]),
    ]
    if surface.longest is not None:
        facts.append(Fact("feasible", float(surface.feasible.mean())))
    if surface.feasible.any():
        least = float(surface.losses[surface.feasible].min())
        facts += [
            Fact("lowest loss", least, f"{least:.9g}"),
            Fact("lowest at", lowest, ", ".join(f"{x:.6g}" for x in lowest)),
        ]
    facts.append(Fact("moving layers", list(surface.moving_layers)))
    if kinks is not None:
        facts.append(Fact("kinks", len(kinks), f"{len(kinks):,}"))
    return facts
