"""What ``arrangement network --walk`` tells: the regions round an input, nearest first."""

from __future__ import annotations

import argparse
from typing import Any

from arrangement.cli.facts import Fact
from arrangement.cli.network_options import chosen_domain, chosen_point
from arrangement.cli.parser import Parser
from arrangement.errors import InputError
from arrangement.files.exact_text import rational_number
from arrangement.networks.complex.vertices import nearest
from arrangement.networks.network import Network
from arrangement.networks.regions.walks import WalkedRegions

__all__ = ["add_walk", "check_walk", "walked"]

TOLD = ("graphml", "plot", "statistics")
"""What may be asked of a walk."""


def add_walk(parser: Parser) -> None:
    """The options of a walk."""
    parser.options(
        """
--walk X ...  an input: its numbers, or a file with them (text or .npy)
--radius R  only regions at most this far from it, in l-infinity
--max-regions M:int  the M nearest regions
""",
        "walk\nthe regions round an input, region by region through facets, the nearest first; "
        "--box and --domain may be left out, or be unbounded",
    )


def check_walk(options: argparse.Namespace, others: tuple[str, ...]) -> None:
    """Refuse what a walk does not tell, and limits without a walk."""
    if options.walk is None:
        for flag in ("radius", "max_regions"):
            if vars(options)[flag] is not None:
                raise InputError(f"--{flag.replace('_', '-')}: of a walk; give --walk X ...")
        return
    if options.colour in ("class", "dead"):
        raise InputError(f"--colour {options.colour}: not of a walk; map or rank")
    if options.radius is None and options.max_regions is None and options.box is None:
        raise InputError("--walk: give --radius R, --max-regions M or --box, so that it ends")
    for flag in others:
        if vars(options)[flag] and flag not in TOLD:
            raise InputError(f"--{flag}: not of a walk; leave it or --walk out")


def walked(network: Network, options: argparse.Namespace) -> tuple[WalkedRegions, list[Fact]]:
    """Walk, and tell what was found."""
    x = chosen_point(options.walk, "--walk", network)
    radius = None if options.radius is None else rational_number(options.radius, "--radius")
    domain: Any = None
    if options.box is not None or options.domain is not None:
        domain = chosen_domain(options, network.input_dimension)
    found = network.walk(x, radius, options.max_regions, domain).regions(progress=True)
    why = {
        None: "yes",
        "radius": "no: others are beyond the radius",
        "max_regions": "no: there are others",
    }
    return found, [
        Fact("activation regions", len(found)),
        Fact("complete", found.complete, {"all regions": why[found.reason]}),
        Fact("reason", found.reason, {}),
        Fact("largest distance", nearest(found.exact_distances[-1])),
        Fact("distinct affine maps", found.n_affine_maps),
        Fact("facets between regions", len(found.edges)),
        Fact("walk", found.to_dict, {}),
    ]
