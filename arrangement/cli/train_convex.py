"""``arrangement convex``: a network of any width with the least regularised loss."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from arrangement.cli.arrangement_files import rational_number
from arrangement.cli.data_options import SAMPLES, add_data, chosen_data, refuse_wide
from arrangement.cli.options import check_outputs, report
from arrangement.cli.parser import Parser
from arrangement.relu.training import convex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from arrangement.relu.training.convex import ConvexTraining

__all__ = ["add"]


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = (
        f"{SAMPLES}\n\nThe network f(x) = sum_j z_j max(0, w_j.x) of any width is "
        "the one that minimises\n|f - y|^2 / 2 + BETA/2 sum_j (|w_j|^2 + z_j^2), found by the "
        "convex program over all\nactivation patterns (Pilanci and Ergen 2020), with the value "
        "of the dual as a proof."
    )
    parser.set_defaults(run=_run)
    add_data(parser)
    parser.add_argument(
        "--beta",
        required=True,
        metavar="BETA",
        help="weight decay, above 0 (0.1 or 1/8)",
    )
    parser.add_argument(
        "--patterns",
        type=_patterns,
        default="all",
        metavar="all|M",
        help="all patterns (default), or those of M random vectors only, which proves nothing "
        "about the rest",
    )
    parser.add_argument(
        "--sampled",
        type=int,
        metavar="M",
        help="beside it the same with the patterns of M random vectors: what sampling misses",
    )
    parser.add_argument(
        "--out",
        metavar="FILE.npz",
        help="save the network: weights_0, biases_0, weights_1, biases_1",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(options: argparse.Namespace) -> str:
    check_outputs(options, options.data)
    beta = rational_number(options.beta, "--beta")
    data = chosen_data(options)
    if options.patterns == "all":
        refuse_wide(data)
    found = {}
    for name, patterns in (("", options.patterns), ("sampled ", options.sampled)):
        if patterns is None:
            continue
        started = time.perf_counter()
        result = convex.train(
            data.X,
            data.y,
            beta,
            bias=options.bias,
            patterns=patterns,
            rng=options.seed,
            progress=True,
        )
        found[name] = result, time.perf_counter() - started
    if options.out is not None:
        found[""][0].save(options.out)
    facts: dict[str, Any] = {
        "data": data.name,
        "samples": len(data),
        "features": data.X.shape[1],
        "beta": float(beta),
    }
    for name, (result, seconds) in found.items():
        facts |= {
            f"{name}{key}": value for key, value in _told(result, data.y, options).items()
        }
        if name:
            excess = result.fun - found[""][0].fun
            facts["sampled excess"] = excess if options.json else f"{excess:.3g}"
        facts[f"{name}seconds"] = round(seconds, 3)
    if options.json:
        best = found[""][0]
        facts["weights"] = best.weights.tolist()
        facts["output weights"] = best.output_weights.tolist()
    return report(facts, options.json)


def _told(
    result: ConvexTraining, y: NDArray[np.float64], options: argparse.Namespace
) -> dict[str, Any]:
    error = float(((result.outputs - y) ** 2).mean())
    if options.json:
        return {
            "optimum": result.fun,
            "dual value": result.lower_bound,
            "gap": result.gap,
            "patterns": result.n_patterns,
            "complete": result.complete,
            "neurons": len(result.weights),
            "mean squared error": error,
        }
    which = "all" if result.complete else "drawn; the dual value is a bound for these only"
    return {
        "optimum": f"{result.fun:.9g}",
        "dual value": f"{result.lower_bound:.9g}",
        "gap": f"{result.gap:.2g}",
        "patterns": f"{result.n_patterns:,} ({which})",
        "neurons": f"{len(result.weights):,}",
        "mean squared error": f"{error:.6g}",
    }


def _patterns(text: str) -> str | int:
    if text == "all":
        return text
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither 'all' nor a number")
    return int(text)
