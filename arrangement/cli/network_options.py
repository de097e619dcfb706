"""How the commands for networks read them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from arrangement.cli.options import Parser
from arrangement.errors import InputError

if TYPE_CHECKING:
    from arrangement.deep.network import Network

__all__ = ["add_reading", "chosen_network"]


def add_reading(parser: Parser) -> None:
    """The options that say what a file of a network does not."""
    parser.add_argument(
        "--activation",
        nargs="+",
        metavar=("NAME", "K"),
        help="relu, leaky_relu or 'maxout K', if FILE does not say; default: relu",
    )
    parser.add_argument(
        "--negative-slope", metavar="S", help="of leaky_relu, if FILE does not say"
    )
    parser.add_argument(
        "--slice",
        metavar="FILE",
        help="only the plane through three inputs p, q, r, the rows of a table (text or .npy): "
        "x = p + t_1 (q - p) + t_2 (r - p); two inputs give a line",
    )


def chosen_network(path: str, options: argparse.Namespace) -> Network:
    """The network of a file, on the slice if there is one."""
    from arrangement.deep.network import Network
    from arrangement.reading import rational_number, read_points

    slope = None
    if options.negative_slope is not None:
        if options.activation is not None and options.activation != ["leaky_relu"]:
            raise InputError("--negative-slope is of --activation leaky_relu")
        slope = float(rational_number(options.negative_slope, "--negative-slope"))
    network = Network.read(path, _activation(options.activation), slope)
    if slope is not None and network.activation != "leaky_relu":
        raise InputError(
            f"--negative-slope: {path} is a {network.activation} network; give --activation "
            "leaky_relu as well"
        )
    if options.slice is None:
        return network
    points = read_points(options.slice)
    if points.ndim == 2 and points.shape[1] != network.input_dimension:
        raise InputError(
            f"--slice {options.slice}: rows of {points.shape[1]} numbers, but the network has "
            f"{network.input_dimension} inputs"
        )
    try:
        return network.slice_through(points)
    except InputError as error:
        raise InputError(f"--slice {options.slice}: {error}") from None


def _activation(words: list[str] | None) -> Any:
    if words is None:
        return None
    if words[0] == "maxout" and len(words) == 2 and words[1].isdecimal():
        return "maxout", int(words[1])
    if len(words) == 1 and words[0] in ("relu", "leaky_relu"):
        return words[0]
    raise InputError(f"--activation {' '.join(words)}: none of relu, leaky_relu, 'maxout K'")
