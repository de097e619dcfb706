"""``arrangement ask``: exact questions about a network on a domain, each with its witness."""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import Any

from arrangement.cli.facts import Fact, Result, short, stopwatch
from arrangement.cli.network_options import (
    add_domain,
    add_reading,
    chosen_domain,
    chosen_network,
    chosen_point,
)
from arrangement.cli.parser import Parser
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_text
from arrangement.files.exact_text import rational_number
from arrangement.networks.complex.vertices import nearest
from arrangement.networks.network import Network
from arrangement.networks.questions.answers import Equality, Extremum, Robustness

__all__ = ["add", "run"]

TEXT = """\
FILE is a network, as 'arrangement network' reads it. Questions are answered in the box or
domain by branch and bound, without all regions and for any number of inputs: a value, the input
where it is, both exact, and a bound that equals the value unless --gap or --time-limit ended
the search before."""

SHOWN = 8
"""Coordinates of a point in the table; --json has all, exactly."""


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = TEXT
    parser.add_argument("file", metavar="FILE", help="the network")
    add_reading(parser)
    add_domain(parser)
    parser.options("""
--maximum C ...  the largest value of C_1 f_1(x) + C_2 f_2(x) + ...: a number for each output
--minimum C ...  the least value
--range  the least and the largest value of each output
--robustness X ...  the nearest input of another class, from an input: its numbers, or a file
    with them (text or .npy)
--norm {l1,l2,linf}=linf  of the distance of --robustness; default: linf
--difference OTHER  the largest difference of an output of this network and another file's
--equals OTHER  are the two networks the same function in the domain? exit code 1 if they are
    not, 3 if that was not decided
--gap G  be content with a bound that is within G of the value
--time-limit S:float  stop after S seconds, with the best value and bound so far
""")


def run(options: argparse.Namespace) -> Result:
    """Answer one question."""
    if (options.box is None) == (options.domain is None):
        raise InputError("give either --box LOW HIGH or --domain FILE.npz")
    questions = ("maximum", "minimum", "range", "robustness", "difference", "equals")
    asked = [name for name in questions if vars(options)[name] not in (None, False)]
    if len(asked) != 1:
        flags = ", ".join(f"--{name}" for name in questions)
        raise InputError(f"ask one question: give one of {flags}")
    network = chosen_network(options.file, options)
    domain = chosen_domain(options, network.input_dimension)
    limits: dict[str, Any] = {"time_limit": options.time_limit, "progress": True}
    if asked != ["equals"]:
        limits["gap"] = rational_number(options.gap, "--gap") if options.gap is not None else 0
    elif options.gap is not None:
        raise InputError("--gap: not of --equals; leave it out")
    seconds = stopwatch()
    name = asked[0]
    if name == "equals":
        return _equality(network, domain, options, limits, seconds)
    facts = _answered(name, network, domain, options, limits)
    return Result([*facts, seconds()])


def _answered(
    name: str,
    network: Network,
    domain: Any,
    options: argparse.Namespace,
    limits: dict[str, Any],
) -> list[Fact]:
    if name in ("maximum", "minimum"):
        ask = network.maximum if name == "maximum" else network.minimum
        c = [rational_number(v, f"--{name}") for v in vars(options)[name]]
        return _extremum(name, ask(c, domain, **limits))
    if name == "difference":
        other = chosen_network(options.difference, options)
        found = network.largest_difference(other, domain, **limits)
        return _extremum("largest difference", found)
    if name == "robustness":
        x = chosen_point(options.robustness, "--robustness", network)
        return _robustness(network.robustness(x, domain, options.norm, **limits))
    ends = network.output_range(domain, **limits)
    pairs = zip(ends.minima, ends.maxima, strict=True)
    lines = {
        f"output {i}": f"{_interval(low)} to {_interval(high)}"
        for i, (low, high) in enumerate(pairs)
    }
    parts = sum(end.n_parts for end in (*ends.minima, *ends.maxima))
    return [Fact("output range", ends.to_dict(), lines), Fact("parts", parts)]


def _interval(end: Extremum) -> str:
    if end.status == "optimal":
        return f"{nearest(end.value):.10g}"
    low, high = sorted((nearest(end.value), nearest(end.bound)))
    return f"[{low:.10g}, {high:.10g}]"


def _rest(found: Extremum | Robustness | Equality) -> list[Fact]:
    """Where it is, the exact numbers for JSON, and how the search ended."""
    facts = found.to_dict()
    exact = (key for key in facts if key.startswith("exact_") and key != "exact_point")
    return [
        Fact("point", facts["exact_point"], _told(found.point)),
        *(Fact(key.replace("_", " "), facts[key], {}) for key in exact),
        *(Fact(key, facts[key]) for key in facts if key == "status"),
        Fact("parts", found.n_parts),
    ]


def _extremum(name: str, found: Extremum) -> list[Fact]:
    value, bound = nearest(found.value), nearest(found.bound)
    return [
        Fact(name, value, f"{value:.10g}  exactly {short(exact_text(found.value))}"),
        Fact("bound", bound, f"{bound:.10g}"),
        Fact("gap", nearest(found.gap), f"{nearest(found.gap):.2g}"),
        *_rest(found),
    ]


def _robustness(found: Robustness) -> list[Fact]:
    facts = found.to_dict()
    absent = found.point is None
    distance = "no point of another class was found" if absent else f"{found.distance:.10g}"
    return [
        Fact("class", found.label),
        Fact("nearest class", found.nearest_label, "none" if absent else None),
        Fact("norm", found.norm),
        Fact("distance", facts["distance"], distance),
        Fact("bound", facts["bound"], f"{found.distance_bound:.10g}"),
        *_rest(found),
    ]


def _equality(
    network: Network,
    domain: Any,
    options: argparse.Namespace,
    limits: dict[str, Any],
    seconds: Any,
) -> Result:
    other = chosen_network(options.equals, options)
    found = network.equals(other, domain, **limits)
    difference, bound = nearest(found.difference), nearest(found.bound)
    told = {True: "yes", False: "no", None: "not decided"}[found.is_equal]
    code = {True: 0, False: 1, None: 3}[found.is_equal]
    return Result(
        [
            Fact("equal", found.is_equal, told),
            Fact("difference", difference, f"{difference:.10g}"),
            Fact("bound", bound, f"{bound:.10g}"),
            *_rest(found),
            seconds(),
        ],
        code=code,
    )


def _told(point: tuple[Fraction, ...] | None) -> str:
    if point is None:
        return "none"
    rest = len(point) - SHOWN
    shown = ", ".join(f"{nearest(v):.8g}" for v in point[:SHOWN])
    return shown + (f" and {rest} more (--json has all)" if rest > 0 else "")
