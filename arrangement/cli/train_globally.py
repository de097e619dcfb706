"""``arrangement train``: a network of least loss on data, proven to be one."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from arrangement.cli.data_options import (
    SAMPLES,
    add_data,
    add_layer,
    chosen_data,
    chosen_layer,
)
from arrangement.cli.options import check_outputs, report
from arrangement.cli.parser import Parser

if TYPE_CHECKING:
    from arrangement.relu import GlobalOptimum

__all__ = ["add"]


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = (
        f"{SAMPLES}\n\nThe loss is the mean squared error of f(x) = sum_j z_j "
        "max(0, w_j.x) with K hidden neurons.\nWith a time limit the lower bound is valid "
        "whenever the search stops."
    )
    parser.set_defaults(run=_run)
    add_data(parser)
    add_layer(parser)
    parser.add_argument(
        "--time-limit", type=float, metavar="S", help="stop after S seconds; default: never"
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=1e-8,
        metavar="T",
        help="the gap that counts as none, as a share of mean(y^2); default: 1e-8",
    )
    parser.add_argument(
        "--out",
        metavar="FILE.npz",
        help="save the network: weights_0, biases_0, weights_1, biases_1",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(options: argparse.Namespace) -> str:
    check_outputs(options, options.data)
    data = chosen_data(options)
    problem = chosen_layer(options, data)
    started = time.perf_counter()
    best = problem.fit_global(
        options.time_limit,
        progress=True,
        tolerance=options.tolerance,
        random_state=options.seed,
    )
    seconds = time.perf_counter() - started
    if options.out is not None:
        best.save(options.out)
    facts: dict[str, Any] = {
        "data": data.name,
        "samples": len(data),
        "features": data.X.shape[1],
        "dimension": problem.dimension,
        "hidden": problem.hidden,
    }
    facts |= _as_json(best) if options.json else _as_text(best)
    return report(facts | {"seconds": round(seconds, 3)}, options.json)


def _as_text(best: GlobalOptimum) -> dict[str, Any]:
    proof = best.certificate
    what = "tuples of cells" if proof.method == "screen" else "nodes"
    return {
        "status": best.status.replace("_", " "),
        "loss": f"{best.fun:.9g}",
        "lower bound": f"{best.lower_bound:.9g}",
        "gap": f"{best.gap:.2g}",
        "holds for": f"all networks with {len(best.weights)} hidden neurons",
        "certificate": f"{proof.method} over {proof.n_cells:,} cells, {proof.n_tuples:,} "
        f"tuples of cells; {proof.n_bounds:,} {what} bounded, {proof.n_open:,} open",
    }


def _as_json(best: GlobalOptimum) -> dict[str, Any]:
    proof = best.certificate
    return {
        "status": best.status,
        "loss": best.fun,
        "lower bound": best.lower_bound,
        "gap": best.gap,
        "weights": best.weights.tolist(),
        "output weights": best.output_weights.tolist(),
        "output bias": best.output_bias,
        "certificate": {
            "method": proof.method,
            "cells": proof.n_cells,
            "tuples": proof.n_tuples,
            "bounds": proof.n_bounds,
            "open": proof.n_open,
            "tolerance": proof.tolerance,
            "signs": ["".join("-0+"[s + 1] for s in row) for row in proof.signs],
        },
    }
