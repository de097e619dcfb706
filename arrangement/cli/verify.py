"""``arrangement verify``: check a certificate that the regions of a network are all regions."""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from arrangement.cli.network_options import add_reading, chosen_network
from arrangement.cli.options import Commands, report
from arrangement.errors import InputError

__all__ = ["add"]

SHOWN = 10
"""So many failures are printed, unless JSON has all."""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "verify",
        help="check a certificate of the linear regions of a network",
        description="""\
FILE is a certificate that Regions.write_certificate() wrote: JSON, perhaps compressed (.gz).
It is checked in exact arithmetic, without the code that found the regions: that each region's
interior point and vertices have its pattern, that the volumes add up to the domain's, and that
every facet belongs to two regions or lies on a wall of the domain.
The exit code is 0 if it is a proof, 1 if it is not, 2 if FILE is no certificate.""",
    )
    parser.set_defaults(run=_run)
    parser.add_argument("file", metavar="FILE", help="the certificate")
    parser.add_argument(
        "--network",
        metavar="FILE",
        help="a network (.npz, .json, .onnx, .pt): is it the one of the certificate, exactly?",
    )
    add_reading(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(options: argparse.Namespace) -> tuple[str, int]:
    from arrangement.deep.verify import BadCertificate, check, read

    for name in ("activation", "negative_slope", "layers", "slice"):
        if getattr(options, name) is not None and options.network is None:
            flag = name.replace("_", "-")
            raise InputError(f"--{flag}: of which network? give --network FILE")
    started = time.perf_counter()
    try:
        certificate = read(options.file)
        verdict = check(certificate)
    except BadCertificate as error:
        raise InputError(f"{options.file}: {error}") from None
    failures = list(verdict.failures)
    if options.network is not None and not _is_of(certificate["network"], options):
        failures.insert(0, f"the network is not that of {options.network}")
    facts: dict[str, Any] = {
        "regions": verdict.n_regions,
        "vertices": verdict.n_vertices,
        "facets": verdict.n_facets,
        "adjacencies": verdict.n_adjacencies,
        "simplices": verdict.n_simplices,
        "domain volume": str(verdict.domain_volume),
        "volume not covered": verdict.missing,
        "seconds": round(time.perf_counter() - started, 3),
    }
    if options.json:
        facts = {"proof": not failures, **facts, "failures": failures}
        return report(facts, True), int(bool(failures))
    if not failures:
        facts["proof"] = "yes: these are all activation regions in the domain"
        return report(facts, False), 0
    facts["proof"] = f"no: {len(failures)} failures"
    lines = failures[:SHOWN]
    if len(failures) > SHOWN:
        lines.append(f"and {len(failures) - SHOWN} more (--json has all)")
    return report(facts, False) + "".join(f"{line}\n" for line in lines), 1


def _is_of(facts: dict[str, Any], options: argparse.Namespace) -> bool:
    """Is the network of a file, or its slice, the one of a certificate, apart from labels?"""
    from arrangement.deep.certificate import network_facts

    network = chosen_network(options.network, options)
    return json.loads(json.dumps(network_facts(network))) == {
        key: value for key, value in facts.items() if key != "labels"
    }
