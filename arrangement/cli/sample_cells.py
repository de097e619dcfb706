"""``arrangement sample``: the share of cells with a minimum, by random networks."""

from __future__ import annotations

import argparse

from arrangement.cli.data_options import SAMPLES, add_data, chosen_data, of_data
from arrangement.cli.facts import Fact, Result, stopwatch
from arrangement.cli.parser import Parser
from arrangement.relu import sampled_cells

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = (
        f"{SAMPLES}\n\nNetworks of K hidden neurons are drawn, and of the cell of each, with "
        "its output signs, it\nis decided in float64 whether it holds a differentiable minimum."
    )
    add_data(parser)
    parser.options("""
--hidden K:int=1  hidden neurons; default: 1
--draws M:int=100  networks; default: 100
--confidence P:float=0.95  of the interval; default: 0.95
--max-steps M:int=500  for a cell with many fits; default: 500
""")


def run(options: argparse.Namespace) -> Result:
    """Draw, decide and count."""
    data = chosen_data(options)
    seconds = stopwatch()
    found = sampled_cells(
        data.X,
        data.y,
        options.hidden,
        draws=options.draws,
        bias=options.bias,
        confidence=options.confidence,
        max_steps=options.max_steps,
        random_state=options.seed,
        progress=True,
    )
    interval = f"{found.low:.4f} to {found.high:.4f} ({found.confidence:.0%})"
    return Result(
        [
            *of_data(data),
            Fact("hidden", options.hidden),
            Fact("draws", found.draws),
            Fact("holding", found.holding),
            Fact("undecided", found.undecided),
            Fact("unique", found.unique),
            Fact("share", found.share, f"{found.share:.4f}"),
            Fact("interval", [found.low, found.high], interval),
            Fact("confidence", found.confidence, {}),
            seconds(),
        ]
    )
