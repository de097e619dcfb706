"""``arrangement train``: a network of least loss on data, proven to be one."""

from __future__ import annotations

import argparse

from arrangement.cli.data_options import (
    SAMPLES,
    add_data,
    add_layer,
    chosen_data,
    chosen_layer,
    of_data,
    of_layer,
)
from arrangement.cli.facts import Fact, Result, stopwatch
from arrangement.cli.parser import Parser
from arrangement.cli.results_written import check_outputs
from arrangement.relu import GlobalOptimum
from arrangement.results.sign_vectors import sign_strings

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = (
        f"{SAMPLES}\n\nThe loss is the mean squared error of f(x) = sum_j z_j "
        "max(0, w_j.x) with K hidden neurons.\nWith a time limit the lower bound is valid "
        "whenever the search stops."
    )
    add_data(parser)
    add_layer(parser)
    parser.options("""
--time-limit S:float  stop after S seconds; default: never
--tolerance T:float=1e-8  the gap that counts as none, as a share of mean(y^2); default: 1e-8
--out FILE.npz  save the network: weights_0, biases_0, weights_1, biases_1
""")


def run(options: argparse.Namespace) -> Result:
    """Train to the proven global minimum."""
    check_outputs(options, options.data)
    data = chosen_data(options)
    problem = chosen_layer(options, data)
    seconds = stopwatch()
    best = problem.fit_global(
        options.time_limit,
        progress=True,
        tolerance=options.tolerance,
        random_state=options.seed,
    )
    took = seconds()
    if options.out is not None:
        best.save(options.out)
    return Result([*of_data(data), *of_layer(problem), *_found(best), took])


def _found(best: GlobalOptimum) -> list[Fact]:
    proof = best.certificate
    what = "tuples of cells" if proof.method == "screen" else "nodes"
    if proof.method == "cones":
        over = "cones of directions"
    elif proof.n_cells:
        cells, tuples = f"{proof.n_cells:,} cells", f"{proof.n_tuples:,} tuples of cells"
        over = f"{proof.method} over {cells}, {tuples}"
    else:
        over = f"{proof.method} without cells"
    certificate = {
        "method": proof.method,
        "cells": proof.n_cells,
        "tuples": proof.n_tuples,
        "bounds": proof.n_bounds,
        "open": proof.n_open,
        "tolerance": proof.tolerance,
        "signs": sign_strings(proof.signs),
    }
    return [
        Fact("status", best.status, best.status.replace("_", " ")),
        Fact("loss", best.fun, f"{best.fun:.9g}"),
        Fact("lower bound", best.lower_bound, f"{best.lower_bound:.9g}"),
        Fact("gap", best.gap, f"{best.gap:.2g}"),
        Fact("holds for", text=f"all networks with {len(best.weights)} hidden neurons"),
        Fact("weights", best.weights.tolist(), {}),
        Fact("output weights", best.output_weights.tolist(), {}),
        Fact("output bias", best.output_bias, {}),
        Fact(
            "certificate",
            certificate,
            f"{over}; {proof.n_bounds:,} {what} bounded, {proof.n_open:,} open",
        ),
    ]
