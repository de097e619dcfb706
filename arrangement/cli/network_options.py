"""How the commands for networks read them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from arrangement.cli.parser import Parser
from arrangement.errors import InputError
from arrangement.files.exact_text import (
    float_number,
    rational_number,
    written_number,
)
from arrangement.files.point_files import read_points
from arrangement.files.reading import naming, read_arrays
from arrangement.networks.network import Network

__all__ = ["add_domain", "add_reading", "chosen_domain", "chosen_network", "chosen_point"]


def add_reading(parser: Parser, slices: bool = True) -> None:
    """The options that say what a file of a network does not; and for a slice of its inputs."""
    parser.options("""
--activation NAME K ...  relu, leaky_relu or 'maxout K', if the file does not say (a state
    dict does not)
--layers NAME ...  the layers of a .npz or .pt file by name in the order in which they are
    applied, such as fc1 fc2: a state dict does not say it
--negative-slope S  of leaky_relu, if the file does not say
--check FILE  inputs, the rows of a table (text or .npy), at which a .onnx model is to compute
    what its network does; of a .npz or .pt file, a .npz file with inputs and outputs
""")
    if not slices:
        return
    parser.options("""
--slice FILE  only the plane through three inputs p, q, r, the rows of a table (text or .npy):
    x = p + t_1 (q - p) + t_2 (r - p); two inputs give a line
""")


def add_domain(parser: Parser) -> None:
    """The options for the domain; see :func:`chosen_domain`."""
    parser.options("""
--box LOW HIGH ...  the inputs: LOW <= x_i <= HIGH for every i, or one pair for each; with
    --slice the coordinates t in the slice
--domain, --polytope FILE.npz  instead of a box the polytope G x <= h
""")


def chosen_domain(options: argparse.Namespace, dimension: int) -> Any:
    """The box or polytope that was asked for."""
    if options.domain is not None:
        arrays = read_arrays(options.domain)
        if not isinstance(arrays, dict) or not {"G", "h"} <= arrays.keys():
            raise InputError(f"--domain {options.domain}: not a .npz file with G and h")
        return arrays["G"], arrays["h"]
    ends = [rational_number(end, "--box") for end in options.box]
    pairs = list(zip(ends[::2], ends[1::2], strict=False))
    if len(ends) % 2 or len(pairs) not in (1, dimension):
        raise InputError(
            f"--box: {len(ends)} numbers; give LOW HIGH once, or once for each of the "
            f"{dimension} inputs"
        )
    return pairs * dimension if len(pairs) == 1 else pairs


def chosen_network(path: str, options: argparse.Namespace) -> Network:
    """The network of a file, on the slice if there is one."""
    slope = None
    if options.negative_slope is not None:
        if options.activation is not None and options.activation != ["leaky_relu"]:
            raise InputError("--negative-slope is of --activation leaky_relu")
        slope = float_number(options.negative_slope, "--negative-slope")
    network = Network.read(
        path,
        _activation(options.activation),
        slope,
        layers=options.layers,
        check=None if options.check is None else _known_values(path, options.check),
    )
    if slope is not None and network.activation != "leaky_relu":
        raise InputError(
            f"--negative-slope: {path} is a {network.activation} network; give --activation "
            "leaky_relu as well"
        )
    if getattr(options, "slice", None) is None:
        return network
    points = read_points(options.slice)
    if points.ndim == 2 and points.shape[1] != network.input_dimension:
        raise InputError(
            f"--slice {options.slice}: rows of {points.shape[1]} numbers, but the network has "
            f"{network.input_dimension} inputs"
        )
    with naming(f"--slice {options.slice}"):
        return network.slice_through(points)


def chosen_point(words: list[str], option: str, network: Network) -> Sequence[Any]:
    """An input of the network: its numbers, or those of a file."""
    if len(words) != 1 or network.input_dimension == 1:
        try:
            return [rational_number(v, option) for v in words]
        except InputError:
            if len(words) != 1:
                raise
    table = read_points(words[0])
    if table.size != network.input_dimension:
        raise InputError(
            f"{option} {words[0]}: {table.size} numbers, but the network has "
            f"{network.input_dimension} inputs"
        )
    return list(table.ravel())


def _known_values(path: str, name: str) -> Any:
    """Inputs, or inputs and outputs, of a file."""
    if path.lower().endswith(".onnx"):
        return read_points(name)
    arrays = read_arrays(name)
    if not isinstance(arrays, dict) or not {"inputs", "outputs"} <= arrays.keys():
        raise InputError(f"--check {name}: not a .npz file with inputs and outputs")
    return arrays["inputs"], arrays["outputs"]


def _activation(words: list[str] | None) -> Any:
    if words is None:
        return None
    if words[0] == "maxout" and len(words) == 2 and words[1].isdecimal():
        return "maxout", written_number(words[1], "--activation maxout")
    if len(words) == 1 and words[0] in ("relu", "leaky_relu"):
        return words[0]
    raise InputError(f"--activation {' '.join(words)}: none of relu, leaky_relu, 'maxout K'")
