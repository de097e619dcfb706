"""``arrangement verify``: check a certificate that the regions of a network are all regions."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from arrangement.cli.facts import Fact, Result, short, stopwatch
from arrangement.cli.network_options import (
    add_domain,
    add_reading,
    chosen_domain,
    chosen_network,
)
from arrangement.cli.parser import Parser
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_text
from arrangement.networks.complex.domains import bounded_rows
from arrangement.networks.proofs.corners import same_domain
from arrangement.networks.proofs.grammar import CERTIFICATE, integer_text, parsed
from arrangement.networks.proofs.verify import BadCertificate, Undecided, check, read
from arrangement.networks.regions.certificate import network_facts

__all__ = ["add", "run"]

SHOWN = 10
"""So many failures or rows of the domain are printed, unless JSON has all."""

UNDECIDED = 3
"""The exit code if the check would take too much work."""


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = """\
FILE is a certificate that Regions.write_certificate() wrote: JSON, perhaps compressed (.gz).
It is checked in exact arithmetic, without the code that found the regions: that each region's
interior point and vertices have its pattern, that the volumes add up to the domain's, and that
every facet belongs to two regions or lies on a wall of the domain.
What is proved is proved of the network and the domain in FILE: --network and --box or --domain
say which are meant; without them the domain is printed, for comparison.
The exit code is 0 if it is a proof, 1 if it is not (or of another network or domain), 2 if FILE
is no certificate or something else is wrong with the arguments, 3 if the check was not done
because it would take too much work."""
    parser.add_argument("file", metavar="FILE", help="the certificate")
    parser.options("""
--network FILE  a network (.npz, .json, .onnx, .pt): is it the one of the certificate, exactly?
""")
    add_reading(parser)
    add_domain(parser)
    parser.options(
        "--limit F=1  allow F times the work and length that are allowed otherwise (about a "
        "minute)",
        limit={"type": _factor},
    )


def _factor(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no factor above 0 and below 1e9")
    return value


def run(options: argparse.Namespace) -> Result:
    """Check the certificate, and whether it is of the network and the domain that are meant."""
    for name in ("activation", "negative_slope", "layers", "slice"):
        if getattr(options, name) is not None and options.network is None:
            flag = name.replace("_", "-")
            raise InputError(f"--{flag}: of which network? give --network FILE")
    if options.box is not None and options.domain is not None:
        raise InputError("give either --box LOW HIGH or --domain FILE.npz")
    try:
        return _verified(options)
    except BadCertificate as error:
        raise InputError(f"{options.file}: {error}") from None
    except (Undecided, MemoryError) as error:
        reason = str(error) or "out of memory"
        message = f"{options.file}: not decided: {reason}; --limit F allows F times as much"
        sys.stderr.write(f"arrangement: {message}\n")
        facts = [Fact("proof", None), Fact("reason", message)]
        return Result(facts, table=False, code=UNDECIDED)


def _verified(options: argparse.Namespace) -> Result:
    seconds = stopwatch()
    certificate = read(options.file, options.limit)
    verdict = check(certificate, options.limit)
    failures = list(verdict.failures)
    dimension = len(verdict.domain[0]) - 1
    if options.box is not None or options.domain is not None:
        meant = bounded_rows(chosen_domain(options, dimension), dimension).tolist()
        if not same_domain(verdict.domain, meant, options.limit):
            flag = "--box" if options.domain is None else f"--domain {options.domain}"
            failures.insert(0, f"the domain is not that of {flag}")
    if options.network is not None and not _is_of(certificate["network"], options):
        failures.insert(0, f"the network is not that of {options.network}")
    domain = [[integer_text(v) for v in row] for row in verdict.domain]
    size = exact_text(verdict.domain_volume)
    verdict_text = "yes: these are all activation regions in the domain"
    if failures:
        verdict_text = f"no: {len(failures)} failure{'s' * (len(failures) > 1)}"
    facts = [
        Fact("proof", not failures, {}),
        Fact("regions", verdict.n_regions),
        Fact("vertices", verdict.n_vertices),
        Fact("facets", verdict.n_facets),
        Fact("adjacencies", verdict.n_adjacencies),
        Fact("simplices", verdict.n_simplices),
        Fact("domain", domain, lambda: _told(verdict.domain)),
        Fact("domain volume", size, short(size)),
        Fact("volume not covered", verdict.missing),
        seconds(),
        Fact("failures", failures, {}),
        Fact("proof", text=verdict_text),
    ]
    return Result(facts, lines=_first(failures), code=int(bool(failures)))


def _first(texts: list[str]) -> list[str]:
    """Some of them, and how many more there are."""
    rest = len(texts) - SHOWN
    return texts[:SHOWN] + [f"and {rest} more (--json has all)"] * (rest > 0)


def _told(rows: Sequence[Sequence[int]]) -> str:
    """A domain for reading: the intervals of a box, or inequalities."""
    d = len(rows[0]) - 1
    ends: dict[tuple[int, bool], list[Fraction]] = {}
    for row in rows:
        for c in range(d):
            if row[c]:
                ends.setdefault((c, row[c] > 0), []).append(Fraction(-row[-1], row[c]))
    if all(sum(map(bool, row[:-1])) == 1 for row in rows):
        pairs = [(max(ends[c, True]), min(ends[c, False])) for c in range(d)]
        intervals = [
            f"[{short(exact_text(low))}, {short(exact_text(high))}]" for low, high in pairs
        ]
        alike = d > 1 and len(set(intervals)) == 1
        return f"{intervals[0]}^{d}" if alike else " x ".join(intervals)
    shown = []
    for *normal, c in rows:
        terms = [f"{short(exact_text(v))} x{i}" for i, v in enumerate(normal) if v]
        shown.append(f"{' + '.join(terms)} >= {short(exact_text(-c))}")
    return ", ".join(_first(shown))


def _is_of(facts: dict[str, Any], options: argparse.Namespace) -> bool:
    """Is the network of a file, or its slice, the one of a certificate, apart from labels?"""
    network = chosen_network(options.network, options)
    mine = json.loads(json.dumps(network_facts(network)))
    one, other = (
        _as_fractions(parsed(given, CERTIFICATE["network"])) for given in (mine, facts)
    )
    return bool(one == other)


def _as_fractions(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_fractions(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_as_fractions(v) for v in value]
    return Fraction(*value) if isinstance(value, tuple) else value
