"""``arrangement convex``: a network of any width with the least regularised loss."""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from arrangement.cli.data_options import SAMPLES, add_data, chosen_data, of_data, refuse_wide
from arrangement.cli.facts import Fact, Result, stopwatch
from arrangement.cli.parser import Parser
from arrangement.cli.results_written import check_outputs
from arrangement.files.exact_text import rational_number
from arrangement.relu.losses.losses import CLASS_LOSSES, LOSSES, SIGN_LOSSES
from arrangement.relu.training import convex
from arrangement.relu.training.convex import ConvexTraining

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = (
        f"{SAMPLES}\n\nThe network f(x) = sum_j z_j max(0, w_j.x) of any width is "
        "the one that minimises\n|f - y|^2 / 2 + BETA/2 sum_j (|w_j|^2 + z_j^2), found by the "
        "convex program over all\nactivation patterns (Pilanci and Ergen 2020), with the value "
        "of the dual as a proof.\nAnother loss takes the place of |f - y|^2 / 2; with an "
        "output for each class the decay\nis that of |w_j|^2 + (sum_c |z_jc|)^2."
    )
    add_data(parser)
    parser.options(
        f"""
--beta BETA  weight decay, above 0 (0.1 or 1/8)
--loss {{{",".join(LOSSES)}}}=squared  summed over the samples; default: squared. Labels are
    numbers, those of --labels sign (logistic, hinge), or those of --labels class (softmax,
    multiclass_hinge, crammer_singer)
--margin D:float=1.0  of the hinge losses; default: 1
--threshold T:float=1.0  where the Huber loss becomes linear; default: 1
--patterns all|M=all  all patterns (default), or those of M random vectors only, which proves
    nothing about the rest
--sampled M:int  beside it the same with the patterns of M random vectors: what sampling misses
--out FILE.npz  save the network: weights_0, biases_0, weights_1, biases_1
""",
        beta={"required": True},
        patterns={"type": _patterns},
    )


def run(options: argparse.Namespace) -> Result:
    """Train, and with --sampled once more with the patterns of random vectors."""
    check_outputs(options, options.data)
    beta = rational_number(options.beta, "--beta")
    data = chosen_data(options)
    if options.patterns == "all":
        refuse_wide(data)

    def trained(patterns: str | int) -> tuple[ConvexTraining, Fact]:
        seconds = stopwatch()
        result = convex.train(
            data.X,
            data.y,
            beta,
            bias=options.bias,
            patterns=patterns,
            loss=options.loss,
            margin=options.margin,
            threshold=options.threshold,
            rng=options.seed,
            progress=True,
        )
        return result, seconds()

    best, took = trained(options.patterns)
    facts = [
        *of_data(data),
        Fact("beta", float(beta)),
        *_found(best, data.y, options.loss),
        took,
    ]
    if options.sampled is not None:
        sampled, took = trained(options.sampled)
        excess = sampled.fun - best.fun
        more = [
            *_found(sampled, data.y, options.loss),
            Fact("excess", excess, f"{excess:.3g}"),
            took,
        ]
        facts += [fact._replace(name=f"sampled {fact.name}") for fact in more]
    if options.out is not None:
        best.save(options.out)
    facts += [
        Fact("weights", best.weights.tolist(), {}),
        Fact("output weights", best.output_weights.tolist(), {}),
    ]
    return Result(facts)


def _found(result: ConvexTraining, y: NDArray[np.float64], loss: str) -> list[Fact]:
    which = "all" if result.complete else "drawn; the dual value is a bound for these only"
    neurons = len(result.weights)
    if loss in CLASS_LOSSES or loss in SIGN_LOSSES:
        found = (
            result.outputs.argmax(axis=1) if loss in CLASS_LOSSES else np.sign(result.outputs)
        )
        share = float(np.mean(found == y))
        fit = Fact("accuracy", share, f"{share:.1%}")
    else:
        error = float(((result.outputs - y) ** 2).mean())
        fit = Fact("mean squared error", error, f"{error:.6g}")
    return [
        Fact("optimum", result.fun, f"{result.fun:.9g}"),
        Fact("dual value", result.lower_bound, f"{result.lower_bound:.9g}"),
        Fact("gap", result.gap, f"{result.gap:.2g}"),
        Fact("patterns", result.n_patterns, f"{result.n_patterns:,} ({which})"),
        Fact("complete", result.complete, {}),
        Fact("neurons", neurons, f"{neurons:,}"),
        fit,
    ]


def _patterns(text: str) -> str | int:
    if text == "all":
        return text
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither 'all' nor a number")
    return int(text)
