"""``arrangement landscape --sweep``: the share of cells with a minimum as data grow."""

from __future__ import annotations

import argparse
import os

from arrangement.cli.data_options import loaded, preparation
from arrangement.cli.facts import Fact, Result, stopwatch
from arrangement.cli.options import workers
from arrangement.cli.parser import Parser
from arrangement.cli.results_written import check_outputs
from arrangement.data.samples import DataSet, gaussian
from arrangement.errors import InputError
from arrangement.files.exact_text import float_number
from arrangement.relu.minima_probability import Source, minima_probability

__all__ = ["add_sweep", "run_sweep", "settle"]

ONE_LANDSCAPE = {
    "graphml": None,
    "max_loss": None,
    "kinds": None,
    "exact": False,
    "saddles": False,
    "plot_kind": "auto",
}
"""Options that a sweep does not have, and what they are when they are not given."""

LISTS = ("samples", "features", "hidden")


def add_sweep(parser: Parser) -> None:
    """The options of a sweep."""
    parser.options(
        """
--sweep  print that table
--seeds S:int  data sets a row; default: 20
--draws T:int  look at about T tuples of cells of a data set, drawn at random, if it has more
""",
        section="""\
sweep
Instead of one landscape: the share of cells (of tuples of cells, with several
neurons) that hold a non-dead differentiable minimum, for all combinations of
--samples N ..., --features D ... and --hidden K ...: mean and standard error over
data sets drawn anew. --data gaussian are standard normal samples with labels -1, +1.""",
    )


def settle(options: argparse.Namespace) -> None:
    """Make one number of each list; refuse what only a sweep has."""
    for name in ("seeds", "draws"):
        if getattr(options, name) is not None:
            raise InputError(f"--{name}: only with --sweep")
    if options.data == "gaussian":
        raise InputError("--data gaussian: only with --sweep")
    for name in LISTS:
        values = getattr(options, name)
        if isinstance(values, list):
            if len(values) != 1:
                raise InputError(f"--{name}: one number, or several with --sweep")
            setattr(options, name, values[0])


def run_sweep(options: argparse.Namespace) -> Result:
    """Go through the settings."""
    for name, default in ONE_LANDSCAPE.items():
        if getattr(options, name) != default:
            raise InputError(f"--{name.replace('_', '-')}: not with --sweep")
    for name in ("samples", "features"):
        if getattr(options, name) is None:
            raise InputError(f"--sweep: of how many {name}? give --{name}, one or several")
    check_outputs(options, options.data, saved=(".csv",))
    name, source = _source(options)
    seeds = 20 if options.seeds is None else options.seeds
    if seeds < 1:
        raise InputError(f"--seeds {seeds}: at least 1")
    seconds = stopwatch()
    with workers(options.jobs) as executor:
        table = minima_probability(
            source,
            options.samples,
            options.features,
            options.hidden,
            range(options.seed, options.seed + seeds),
            bias=options.bias,
            output_bias=options.output_bias,
            negative_slope=float_number(options.negative_slope, "--negative-slope"),
            draws=options.draws,
            executor=executor,
            progress=True,
        )
    took = seconds()
    if options.out is not None:
        table.write_csv(options.out)
    if options.plot is not None:
        from arrangement import plot

        title = f"{seeds} data sets a point"
        plot.minima_probability(table, options.plot, title, source=os.path.basename(name))
    facts = [Fact("data", name), Fact("rows", table.rows()), took]
    return Result(facts, lines=table.markdown().splitlines(), table=False)


def _source(options: argparse.Namespace) -> tuple[str, Source]:
    """What the samples are called, and what draws them."""
    if options.data == "gaussian":
        fixed = {"target": None, "classes": None, "reduction": None, "normalise": True}
        for name, default in fixed.items():
            if getattr(options, name) != default:
                option = name if name != "normalise" else "no-normalise"
                raise InputError(f"--{option}: not with --data gaussian")
        return "gaussian", gaussian
    data, prepared = loaded(options), preparation(options)

    def source(samples: int, features: int, seed: int) -> DataSet:
        return prepared(data, samples=samples, features=features, seed=seed)

    return data.name, source
