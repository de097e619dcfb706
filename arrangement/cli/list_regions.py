"""``arrangement network``: the linear regions of a ReLU network, counted, saved and drawn."""

from __future__ import annotations

import argparse
import math
import os
import time
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from arrangement.bounds import montufar_2017, raghu, serra
from arrangement.cli import results_written
from arrangement.cli.network_options import (
    add_domain,
    add_reading,
    chosen_domain,
    chosen_network,
)
from arrangement.cli.options import add_jobs, add_outputs, report, short, workers
from arrangement.cli.parser import Parser
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_text
from arrangement.networks.complex.vertices import nearest
from arrangement.networks.formats import readers
from arrangement.networks.network import Network
from arrangement.networks.regions.redundancy import pruned, redundancies
from arrangement.networks.regions.regions import Regions

if TYPE_CHECKING:
    from arrangement.networks.feed_forward import FeedForward
    from arrangement.networks.network import Network
    from arrangement.networks.regions.decisions import DecisionRegions
    from arrangement.networks.regions.halfspaces import HalfspaceRegions
    from arrangement.networks.regions.redundancy import Redundancy
    from arrangement.networks.regions.regions import Regions

__all__ = ["add"]

NEED_COMPLEX = (
    *("merge", "out", "certificate", "coverage", "graphml", "plot", "redundant", "prune"),
)

COLOURS = ("map", "class", "rank", "dead")

TEXT = """\
FILE is a network: .npz (weights_0, biases_0, ..., activation), .json ("weights", "biases" and
"activation"), .onnx, or a state dict of torch in .pt or .npz, of which --activation and
--layers must say how it computes. All regions of full dimension in the box or domain are
found, exactly.

Three different numbers are in use for "the linear regions" (Stargalla, Hertrich and Reichman
2025 compare six definitions), and each is told under its own name:
  activation regions    sets of inputs with one activation pattern
  distinct affine maps  different affine functions that the network is somewhere
  linear regions        largest sets of inputs with one affine map that are connected through
                        facets, so that equal maps that are apart count twice
With several outputs the network is a classifier: a decision region is a connected set of inputs
whose largest output is the same."""


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = TEXT
    parser.set_defaults(run=_run)
    parser.add_argument("file", metavar="FILE", help="the network")
    add_reading(parser)
    add_domain(parser)
    parser.add_argument(
        "--merge", action="store_true", help="save and draw linear, not activation regions"
    )
    parser.add_argument(
        "--method",
        choices=("auto", "complex", "recursion"),
        default="auto",
        help="complex: all faces of all regions (default up to 7 inputs); recursion: region by "
        "region, for any number of inputs, which tells regions, maps and ranks only",
    )
    add_jobs(parser)
    parser.add_argument("--out", metavar="FILE.npz", help="save the regions")
    parser.add_argument(
        "--redundant",
        action="store_true",
        help="list the hidden neurons that the network can do without in the domain, or that "
        "are linear there",
    )
    parser.add_argument(
        "--prune",
        metavar="FILE.npz|.json",
        help="write the network without them, which is the same function in the domain",
    )
    parser.add_argument(
        "--certificate",
        metavar="FILE.json",
        help="write a proof that these are all regions (.gz: compressed), which "
        "'arrangement verify' checks",
    )
    parser.add_argument(
        "--coverage",
        type=int,
        metavar="N",
        help="tell what share of the regions and of the volume N random points find",
    )
    add_outputs(parser, "the graph of regions and shared facets")
    parser.add_argument(
        "--colour",
        choices=COLOURS,
        help="what the colours of --plot tell: affine map (default), class, rank of the last "
        "hidden layer, or dead layers",
    )


def _run(options: argparse.Namespace) -> str:
    _check(options)
    network = chosen_network(options.file, options)
    _check_drawable(options, network)
    domain = chosen_domain(options, network.input_dimension)
    method = options.method
    if method == "auto" and any(map(vars(options).get, NEED_COMPLEX)):
        method = "complex"
    started = time.perf_counter()
    with workers(options.jobs) as executor:
        found = network.regions(domain, executor, progress=True, method=method)
    facts = _facts(network, found, options.json)
    if not isinstance(found, Regions):  # what needs the complex has chosen it, or is refused
        seconds = round(time.perf_counter() - started, 3)
        return report(facts | {"seconds": seconds}, options.json)
    regions = found.merge() if options.merge else found
    if options.coverage is not None:
        facts["coverage"] = _coverage(found, options.coverage, options.json)
    if options.certificate is not None:
        found.write_certificate(options.certificate)
    if options.redundant:
        facts |= _redundant(regions, options.json)
    seconds = time.perf_counter() - started
    if options.prune is not None:
        small = pruned(regions)
        readers.save(small, options.prune)
        facts["pruned widths"] = _widths(small, options.json)
    if options.graphml is not None:
        regions.write_graphml(options.graphml)
    if options.out is not None:
        regions.save(options.out)
    if options.plot is not None:
        from arrangement import plot

        name = os.path.basename(options.file)
        if options.slice is not None:
            name += f" on the plane of {os.path.basename(options.slice)}"
        plot.regions(regions, options.plot, options.colour or "map", source=name)
    return report(facts | {"seconds": round(seconds, 3)}, options.json)


def _check(options: argparse.Namespace) -> None:
    """What can be refused before anything is read."""
    if (options.box is None) == (options.domain is None):
        raise InputError("give either --box LOW HIGH or --domain FILE.npz")
    if options.colour is not None and options.plot is None:
        raise InputError("--colour: of a picture; give --plot FILE.png")
    if options.coverage is not None and options.coverage < 1:
        raise InputError(f"--coverage {options.coverage}: at least one point is needed")
    if options.method == "recursion":
        for option in NEED_COMPLEX:
            if vars(options)[option]:
                raise InputError(
                    f"--{option}: not by --method recursion; leave one of them out"
                )
    for flag, suffixes in (
        ("out", (".npz",)),
        ("prune", (".npz", ".json")),
        ("certificate", (".json", ".json.gz")),
    ):
        path = getattr(options, flag)
        if path is not None and not path.lower().endswith(suffixes):
            raise InputError(f"--{flag} {path}: the suffix must be {' or '.join(suffixes)}")
    flags = ("out", "prune", "certificate", "graphml", "plot")
    outputs = {f"--{flag}": getattr(options, flag) for flag in flags}
    for source in (options.file, options.slice, options.domain):
        results_written.check_outputs(outputs, source)


def _check_drawable(options: argparse.Namespace, network: Network) -> None:
    if options.plot is None:
        return
    if network.input_dimension > 2:
        raise InputError(
            f"--plot: a picture needs one or two inputs, not {network.input_dimension}; draw a "
            "plane through three inputs, --slice FILE"
        )
    if options.colour == "class" and network.output_dimension < 2:
        raise InputError("--colour class: the network has one output, and so no classes")
    if options.colour == "rank" and network.depth < 2:
        raise InputError("--colour rank: the network has no hidden layer")


def _facts(
    network: Network, regions: Regions | HalfspaceRegions, as_json: bool
) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "inputs": network.input_dimension,
        "outputs": network.output_dimension,
        "widths": _widths(network, as_json),
        "activation": _named(network),
        "activation regions": regions.n_activation_regions,
        "distinct affine maps": regions.n_affine_maps,
    }
    if isinstance(regions, Regions):
        facts |= _geometry(network, regions, as_json)
    facts |= _ranks(regions, as_json)
    if isinstance(regions, Regions) and network.output_dimension > 1:
        facts |= _classes(regions.decision_regions(), as_json)
    return facts | _bounds(network, regions.n_activation_regions, as_json)


def _geometry(network: Network, regions: Regions, as_json: bool) -> dict[str, Any]:
    import numpy as np

    name = "volume" if as_json else _volume(regions)
    whole = _domain_volume(network, regions)
    with np.errstate(over="ignore"):
        total = float(regions.volumes.sum())
    facts: dict[str, Any] = {
        "linear regions": regions.n_linear_regions,
        "vertices": len(regions.complex.points),
        "facets between regions": len(regions.edges),
        "facets on the boundary": len(regions.boundary_facets),
        name: total if as_json else f"{total:.10g}",
        f"{name} of the domain": whole if as_json else f"{whole:.10g}",
    }
    if as_json and network.input_dimension == 1:
        facts["breakpoints"] = [_number(x) for x in regions.breakpoints]
    return facts


def _number(x: Fraction) -> float | str:
    """A float64, or exact text where that is beyond float64."""
    value = nearest(x)
    return value if math.isfinite(value) and (value or not x) else exact_text(x)


def _shown(x: Fraction) -> str:
    value = _number(x)
    return f"{value:.6g}" if isinstance(value, float) else short(value)


def _volume(regions: Regions | DecisionRegions) -> str:
    """What the volume is called."""
    return ("length", "area", "volume")[min(regions.dimension, 3) - 1]


def _ranks(regions: Regions | HalfspaceRegions, as_json: bool) -> dict[str, Any]:
    dead, ranks = regions.dead, regions.ranks
    facts: dict[str, Any] = {"regions with a dead layer": int(dead.any(axis=1).sum())}
    ends = [(int(column.min()), int(column.max())) for column in ranks.T]
    if as_json:
        facts["dead regions by layer"] = dead.sum(axis=0).tolist()
        return facts | {"ranks": [{"least": low, "largest": high} for low, high in ends]}
    for l, (low, high) in enumerate(ends):
        facts[f"rank in layer {l}"] = f"{low}" if low == high else f"{low} to {high}"
    return facts


def _widths(network: FeedForward, as_json: bool) -> Any:
    widths = list(network.hidden_widths)
    return widths if as_json else ", ".join(map(str, widths)) or "none"


def _named(network: Network) -> str:
    if not isinstance(network.activation, str):
        return f"maxout of {network.pieces}"
    slope = f" {network.negative_slope:g}" if network.activation == "leaky_relu" else ""
    return f"{network.activation}{slope}"


def _domain_volume(network: Network, regions: Regions) -> float:
    """The volume of the domain: of the one region of a network that is affine."""
    rows = regions.complex.domain.rows
    affine = Network([[[0] * network.input_dimension]], [[0]])
    whole = affine.regions((-rows[:, :-1], rows[:, -1]), method="complex")
    return float(whole.volumes[0])


def _classes(decision: DecisionRegions, as_json: bool) -> dict[str, Any]:
    import numpy as np

    out = len(decision.class_labels)
    shares = np.bincount(decision.class_numbers, decision.volume_shares, minlength=out)
    table = [
        {
            "class": label,
            "decision regions": int(n),
            "volume": float(size),
            "share": float(part),
        }
        for label, n, size, part in zip(
            decision.class_labels.tolist(),
            decision.class_counts,
            decision.class_volumes,
            shares,
            strict=True,
        )
    ]
    facts: dict[str, Any] = {"decision regions": len(decision)}
    if as_json:
        return facts | {"classes": table}
    name = _volume(decision)
    for row in table:
        n = row["decision regions"]
        facts[f"class {row['class']}"] = (
            f"{n} decision {'region' if n == 1 else 'regions'}, {name} {row['volume']:.6g} "
            f"({row['share']:.2%})"
        )
    return facts


def _bounds(network: Network, count: int, as_json: bool) -> dict[str, Any]:
    """The upper bounds that hold for the activation; none for maxout."""
    bounds = {"Serra 2018": serra, "Montufar 2017": montufar_2017, "Raghu 2017": raghu}
    if network.pieces > 1:
        return {}
    if network.activation != "relu":
        del bounds["Serra 2018"]  # its proof counts the dimensions that inactive units lose
    facts: dict[str, Any] = {}
    for name, bound in bounds.items():
        most = bound(network.input_dimension, network.hidden_widths)
        facts[name] = (
            {"bound": most, "measured per bound": count / most}
            if as_json
            else f"at most {exact_text(most)}  measured / bound {count / most:.4f}"
        )
    return {"bounds": facts} if as_json else facts


def _coverage(regions: Regions, n_points: int, as_json: bool) -> Any:
    """What random points find; their seed is 0."""
    found = regions.coverage(n_points, rng=0)
    if as_json:
        return found.to_dict()
    return (
        f"{n_points:,} random points find {found.n_found:,} activation regions "
        f"({found.share:.2%}), {found.volume_share:.4%} of the {_volume(regions)}"
    )


def _redundant(regions: Regions, as_json: bool) -> dict[str, Any]:
    found = redundancies(regions)
    if as_json:
        return {"redundant neurons": [_certificate(one) for one in found]}
    facts: dict[str, Any] = {"redundant neurons": len(found)}
    for one in found:
        facts[f"layer {one.layer}, neuron {one.neuron}"] = _told(one)
    return facts


def _certificate(one: Redundancy) -> dict[str, Any]:
    """What is known of a redundant neuron; numbers as exact text."""

    combination = one.combination
    return {
        "layer": one.layer,
        "neuron": one.neuron,
        "kind": one.kind,
        "preactivation": None if one.preactivation is None else exact_text(one.preactivation),
        "vertex": None if one.vertex is None else [exact_text(v) for v in one.vertex],
        "combination": None
        if combination is None
        else {str(i): exact_text(v) for i, v in combination.items()},
        "constant": None if one.constant is None else exact_text(one.constant),
        "of_inputs": None
        if one.of_inputs is None
        else {
            "factors": {str(i): exact_text(v) for i, v in one.of_inputs[0].items()},
            "constant": exact_text(one.of_inputs[1]),
        },
    }


def _told(one: Redundancy) -> str:
    if one.preactivation is not None:
        side = "at most" if one.kind == "inactive" else "at least"
        return f"{one.kind}, preactivation {side} {_shown(one.preactivation)}"
    if one.combination is None:
        return "linear, an affine function of what the layer is given"
    if one.kind == "duplicate":
        ((other, factor),) = one.combination.items()
        return f"duplicate, {_shown(factor)} times neuron {other}"
    others = ", ".join(map(str, one.combination))
    return f"dependent on neurons {others}" if others else "constant"
