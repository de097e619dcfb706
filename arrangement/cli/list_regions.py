"""``arrangement network``: the linear regions of a ReLU network, counted, saved and drawn."""

from __future__ import annotations

import argparse
import math
import os
from fractions import Fraction
from typing import Any

import numpy as np

from arrangement.bounds import montufar_2017, raghu, serra
from arrangement.cli.facts import Fact, Result, short, stopwatch
from arrangement.cli.network_options import (
    add_domain,
    add_reading,
    chosen_domain,
    chosen_network,
)
from arrangement.cli.options import add_jobs, add_outputs, workers
from arrangement.cli.parser import Parser
from arrangement.cli.results_written import check_outputs, is_page
from arrangement.cli.walked_regions import add_walk, check_walk, walked
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_text
from arrangement.networks.complex.vertices import nearest
from arrangement.networks.formats import readers
from arrangement.networks.network import Network
from arrangement.networks.regions.decisions import DecisionRegions
from arrangement.networks.regions.halfspaces import HalfspaceRegions
from arrangement.networks.regions.redundancy import Redundancy, pruned, redundancies
from arrangement.networks.regions.regions import Regions
from arrangement.networks.weights import shown_activation

__all__ = ["add", "run"]

NEED_COMPLEX = (
    *("merge", "out", "certificate", "coverage", "plot", "redundant", "prune"),
    *("betti", "classes"),
)

MORE_BY_COMPLEX = ("graphml", "statistics")
"""What the complex tells with volumes, and the recursion without."""

MOST_INPUTS_WITH_VOLUMES = 8
"""With more the recursion tells these: each takes three times as many faces of a complex."""

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
    parser.add_argument("file", metavar="FILE", help="the network")
    add_reading(parser)
    add_domain(parser)
    parser.options("""
--merge  save and draw linear, not activation regions
--method {auto,complex,recursion}=auto  complex: all faces of all regions (default up to 7
    inputs); recursion: neuron by neuron, for any number of inputs, which tells regions, maps
    and ranks only
""")
    add_jobs(parser, checkpoint=True)
    parser.options("""
--out FILE.npz  save the regions
--lipschitz {l1,l2,linf}  the Lipschitz constant in this norm, and the region of the largest
    slope
--statistics  the least, median, mean and largest volume, number of neighbours and of facets
--classes {argmax,argmin}  of which output a class is (default the largest)
--betti  Betti numbers of each class (a closed set) and of the decision boundary
--redundant  list the hidden neurons that the network can do without in the domain, or that are
    linear there
--prune FILE.npz|.json  write the network without them, which is the same function in the domain
--certificate FILE.json  write a proof that these are all regions (.gz: compressed), which
    'arrangement verify' checks
--coverage N:int  tell what share of the regions and of the volume N random points find
""")
    add_walk(parser)
    add_outputs(parser, "the graph of regions and shared facets")
    parser.options("""
--colour {map,class,rank,dead}  what the colours of --plot tell: affine map (default), class,
    rank of the last hidden layer, or dead layers
""")


def run(options: argparse.Namespace) -> Result:
    """Find the regions, and write what was asked for."""
    _check(options)
    network = chosen_network(options.file, options)
    _check_drawable(options, network)
    for option in ("betti", "classes"):
        if vars(options)[option] and network.output_dimension < 2:
            raise InputError(f"--{option}: the network has one output, and so no classes")
    seconds = stopwatch()
    found: Regions | HalfspaceRegions
    if options.walk is not None:
        found, facts = walked(network, options)
    else:
        domain = chosen_domain(options, network.input_dimension)
        method = options.method
        if method == "auto" and options.checkpoint is not None:
            method = "recursion"
        elif method == "auto":
            few = network.input_dimension <= MOST_INPUTS_WITH_VOLUMES
            more = (*NEED_COMPLEX, *(MORE_BY_COMPLEX if few else ()))
            method = "complex" if any(map(vars(options).get, more)) else "auto"
        with workers(options.jobs) as executor:
            found = network.regions(
                domain, executor, True, method=method, checkpoint=options.checkpoint
            )
        facts = _found(network, found, options)
    facts = [*_described(network), *facts]
    if options.lipschitz is not None:
        facts.append(_lipschitz(found, options.lipschitz))
    if not isinstance(found, Regions):  # what needs the complex has chosen it, or is refused
        if options.statistics:
            facts.append(_statistics(found))
        if options.graphml is not None:
            found.write_graphml(options.graphml)
        took = seconds()
        if options.plot is not None:
            _draw(found, options)
        return Result([*facts, took])
    regions = found.merge() if options.merge else found
    if options.statistics:
        facts.append(_statistics(regions))
    if options.coverage is not None:
        facts.append(_coverage(found, options.coverage))
    if options.certificate is not None:
        found.write_certificate(options.certificate)
    if options.redundant:
        facts.append(_redundant(regions))
    took = seconds()
    if options.prune is not None:
        small = pruned(regions)
        readers.save(small, options.prune)
        facts.append(Fact("pruned widths", list(small.hidden_widths)))
    if options.graphml is not None:
        regions.write_graphml(options.graphml)
    if options.out is not None:
        regions.save(options.out)
    if options.plot is not None:
        _draw(regions, options)
    return Result([*facts, took])


def _draw(regions: Any, options: argparse.Namespace) -> None:
    # Few ask for a picture, and its modules take time to import.
    from arrangement import plot

    name = os.path.basename(options.file)
    if options.slice is not None:
        name += f" on the plane of {os.path.basename(options.slice)}"
    if is_page(options.plot):
        plot.page(regions, options.plot, source=name)
    else:
        plot.regions(regions, options.plot, options.colour or "map", source=name)


def _check(options: argparse.Namespace) -> None:
    """What can be refused before anything is read."""
    check_walk(options, (*NEED_COMPLEX, "jobs", "checkpoint", "lipschitz"))
    both = options.box is not None and options.domain is not None
    if both or (options.walk is None and options.box is None and options.domain is None):
        raise InputError("give either --box LOW HIGH or --domain FILE.npz")
    if options.colour is not None and options.plot is None:
        raise InputError("--colour: of a picture; give --plot FILE.png")
    if options.colour is not None and options.plot is not None and is_page(options.plot):
        raise InputError("--colour: of a picture; on a page it is chosen")
    if options.walk is not None and options.plot is not None and is_page(options.plot):
        raise InputError("--plot: a walk has a picture (.png, .pdf, .svg), and no page")
    if options.coverage is not None and options.coverage < 1:
        raise InputError(f"--coverage {options.coverage}: at least one point is needed")
    if options.checkpoint is not None and options.method == "complex":
        raise InputError("--checkpoint: not by --method complex; leave one of them out")
    for way, is_chosen in (
        ("--method recursion", options.method == "recursion"),
        ("--checkpoint", options.checkpoint is not None),
    ):
        for option in NEED_COMPLEX:
            if is_chosen and vars(options)[option]:
                raise InputError(f"--{option}: not by {way}; leave one of them out")
    for flag, suffixes in (
        ("out", (".npz",)),
        ("prune", (".npz", ".json")),
        ("certificate", (".json", ".json.gz")),
    ):
        path = getattr(options, flag)
        if path is not None and not path.lower().endswith(suffixes):
            raise InputError(f"--{flag} {path}: the suffix must be {' or '.join(suffixes)}")
    check_outputs(options, options.file, options.slice, options.domain)


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


def _found(
    network: Network, regions: Regions | HalfspaceRegions, options: argparse.Namespace
) -> list[Fact]:
    facts = [
        Fact("activation regions", regions.n_activation_regions),
        Fact("distinct affine maps", regions.n_affine_maps),
    ]
    if isinstance(regions, Regions):
        facts += _geometry(network, regions)
    facts += _ranks(regions)
    if isinstance(regions, Regions) and network.output_dimension > 1:
        decision = regions.decision_regions(options.classes or "argmax")
        facts += _classes(decision)
        if options.betti:
            facts += _betti(decision)
    if network.pieces == 1:
        facts.append(_bounds(network, regions.n_activation_regions))
    return facts


def _described(network: Network) -> list[Fact]:
    return [
        Fact("inputs", network.input_dimension),
        Fact("outputs", network.output_dimension),
        Fact("widths", list(network.hidden_widths)),
        Fact("activation", shown_activation(network.activation, network.negative_slope)),
    ]


def _geometry(network: Network, regions: Regions) -> list[Fact]:
    name = _volume(regions)
    whole = _domain_volume(network, regions)
    with np.errstate(over="ignore"):
        total = float(regions.volumes.sum())
    facts = [
        Fact("linear regions", regions.n_linear_regions),
        Fact("vertices", len(regions.complex.points)),
        Fact("facets between regions", len(regions.edges)),
        Fact("facets on the boundary", len(regions.boundary_facets)),
        Fact("volume", total, {name: f"{total:.10g}"}),
        Fact("volume of the domain", whole, {f"{name} of the domain": f"{whole:.10g}"}),
    ]
    if network.input_dimension == 1:
        facts.append(Fact("breakpoints", lambda: list(map(_number, regions.breakpoints)), {}))
    return facts


def _number(x: Fraction) -> float | str:
    """A float64, or exact text where that is beyond float64."""
    value = nearest(x)
    return value if math.isfinite(value) and (value or not x) else exact_text(x)


def _shown(x: Fraction) -> str:
    value = _number(x)
    return f"{value:.6g}" if isinstance(value, float) else short(value)


def _volume(regions: Regions | HalfspaceRegions | DecisionRegions) -> str:
    """What the volume is called."""
    return ("length", "area", "volume")[min(regions.dimension, 3) - 1]


def _ranks(regions: Regions | HalfspaceRegions) -> list[Fact]:
    dead, ranks = regions.dead, regions.ranks
    ends = [(int(column.min()), int(column.max())) for column in ranks.T]
    return [
        Fact("regions with a dead layer", int(dead.any(axis=1).sum())),
        Fact("dead regions by layer", dead.sum(axis=0).tolist(), {}),
        Fact(
            "ranks",
            [{"least": low, "largest": high} for low, high in ends],
            {
                f"rank in layer {l}": f"{low}" if low == high else f"{low} to {high}"
                for l, (low, high) in enumerate(ends)
            },
        ),
    ]


def _domain_volume(network: Network, regions: Regions) -> float:
    """The volume of the domain: of the one region of a network that is affine."""
    rows = regions.complex.domain.rows
    affine = Network([[[0] * network.input_dimension]], [[0]])
    whole = affine.regions((-rows[:, :-1], rows[:, -1]), method="complex")
    return float(whole.volumes[0])


def _classes(decision: DecisionRegions) -> list[Fact]:
    out = len(decision.class_labels)
    shares = np.bincount(decision.class_numbers, decision.volume_shares, minlength=out)
    name = _volume(decision)
    rows, lines = [], {}
    for label, count, size, share in zip(
        decision.class_labels.tolist(),
        decision.class_counts.tolist(),
        decision.class_volumes.tolist(),
        shares.tolist(),
        strict=True,
    ):
        rows.append({"class": label, "decision regions": count, "volume": size, "share": share})
        lines[f"class {label}"] = (
            f"{count} decision {'region' if count == 1 else 'regions'}, {name} {size:.6g} "
            f"({share:.2%})"
        )
    return [Fact("decision regions", len(decision)), Fact("classes", rows, lines)]


def _betti(decision: DecisionRegions) -> list[Fact]:
    labels = decision.class_labels.tolist()
    found = [list(decision.betti_numbers(k)) for k in range(len(labels))]
    rows = [{"class": k, "numbers": b} for k, b in zip(labels, found, strict=True)]
    lines = {
        f"Betti numbers of class {k}": ", ".join(map(str, b))
        for k, b in zip(labels, found, strict=True)
    }
    boundary = list(decision.boundary_betti_numbers())
    return [
        Fact("Betti numbers", rows, lines),
        Fact("Betti numbers of the decision boundary", boundary),
    ]


def _lipschitz(regions: Regions | HalfspaceRegions, norm: str) -> Fact:
    found = regions.lipschitz(norm)
    value = {
        "norm": norm,
        "value": found.value,
        "lower": exact_text(found.lower),
        "upper": exact_text(found.upper),
        "region": found.region,
        "witness": _exact(regions.witness(found.region)),
    }
    text = f"{found.value:.10g} (region {found.region})"
    return Fact("Lipschitz constant", value, {f"Lipschitz constant in {norm}": text})


def _statistics(regions: Regions | HalfspaceRegions) -> Fact:
    found = regions.statistics()
    lines = {
        f"{_volume(regions) if name == 'volume' else name} of a region": (
            f"{one.least:.6g} to {one.largest:.6g}, median {one.median:.6g}, "
            f"mean {one.mean:.6g}"
        )
        for name, one in found.items()
    }
    return Fact("statistics", {name: one._asdict() for name, one in found.items()}, lines)


def _bounds(network: Network, count: int) -> Fact:
    """The upper bounds that hold for the activation."""
    bounds = {"Serra 2018": serra, "Montufar 2017": montufar_2017, "Raghu 2017": raghu}
    if network.activation != "relu":
        del bounds["Serra 2018"]  # its proof counts the dimensions that inactive units lose
    values, lines = {}, {}
    for name, bound in bounds.items():
        most = bound(network.input_dimension, network.hidden_widths)
        values[name] = {"bound": most, "measured per bound": count / most}
        lines[name] = f"at most {exact_text(most)}  measured / bound {count / most:.4f}"
    return Fact("bounds", values, lines)


def _coverage(regions: Regions, n_points: int) -> Fact:
    """What random points find; their seed is 0."""
    found = regions.coverage(n_points, rng=0)
    return Fact(
        "coverage",
        found.to_dict(),
        f"{n_points:,} random points find {found.n_found:,} activation regions "
        f"({found.share:.2%}), {found.volume_share:.4%} of the {_volume(regions)}",
    )


def _redundant(regions: Regions) -> Fact:
    found = redundancies(regions)
    lines = {f"layer {one.layer}, neuron {one.neuron}": _told(one) for one in found}
    return Fact(
        "redundant neurons",
        [_certificate(one) for one in found],
        {"redundant neurons": len(found), **lines},
    )


def _certificate(one: Redundancy) -> dict[str, Any]:
    """What is known of a redundant neuron; numbers as exact text."""
    inputs = one.of_inputs
    return {
        "layer": one.layer,
        "neuron": one.neuron,
        "kind": one.kind,
        "preactivation": _exact(one.preactivation),
        "vertex": _exact(one.vertex),
        "combination": _exact(one.combination),
        "constant": _exact(one.constant),
        "of_inputs": inputs and {"factors": _exact(inputs[0]), "constant": _exact(inputs[1])},
    }


def _exact(value: Any) -> Any:
    """Exact text for each number; None stays."""
    if isinstance(value, dict):
        return {str(key): exact_text(number) for key, number in value.items()}
    if isinstance(value, list | tuple):
        return [exact_text(number) for number in value]
    return None if value is None else exact_text(value)


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
