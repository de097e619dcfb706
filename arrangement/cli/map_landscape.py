"""``arrangement landscape``: every local minimum of a layer of ReLU neurons on data."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from arrangement.cli.data_options import (
    SAMPLES,
    add_data,
    add_layer,
    chosen_data,
    chosen_layer,
    described,
)
from arrangement.cli.options import add_jobs, add_outputs, check_outputs, report, workers
from arrangement.cli.parser import Parser
from arrangement.errors import InputError
from arrangement.relu.minima.piece_files import TABLES
from arrangement.relu.minima.product import refuse_large_graph
from arrangement.relu.multisets import n_multisets

if TYPE_CHECKING:
    from arrangement.relu import Landscape, OneHiddenLayer, Pieces

__all__ = ["add"]

KINDS = ("isolated", "continuum", "dead", "boundary", "zero")


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = (
        f"{SAMPLES}\n\nThe network is f(x) = sum_j z_j max(0, w_j.x) with K hidden "
        "neurons, the loss the mean\nsquared error. With one neuron seconds are enough for a "
        "hundred samples of three\ncoordinates; with K neurons it is tuples of cells that are "
        "gone through."
    )
    parser.set_defaults(run=_run)
    add_data(parser)
    add_layer(parser)
    parser.add_argument(
        "--max-loss", type=float, metavar="L", help="only the minima of at most this loss"
    )
    parser.add_argument(
        "--kinds",
        nargs="+",
        choices=KINDS,
        metavar="KIND",
        help=f"only the minima of these kinds: {', '.join(KINDS)}; without boundary it is "
        "several times less work",
    )
    parser.add_argument(
        "--exact", action="store_true", help="decide every minimum in rational arithmetic"
    )
    parser.add_argument(
        "--saddles", action="store_true", help="find the differentiable saddles as well"
    )
    add_jobs(parser)
    parser.add_argument(
        "--out",
        metavar="FILE.npz|.csv",
        help="save the minima: loss, kind, dimension, margin, component, signs, weights",
    )
    add_outputs(parser, "the annotated graph of cells (or tuples of cells) and shared facets")
    parser.add_argument(
        "--plot-kind",
        choices=("auto", "weights", "spectrum", "slice"),
        default="auto",
        help="the weight space of one neuron in up to three dimensions, the losses of the "
        "minima by kind, or the loss on the plane through the three lowest minima; default: "
        "weights if they can be drawn, else spectrum",
    )


def _run(options: argparse.Namespace) -> str:
    check_outputs(options, options.data, TABLES)
    data = chosen_data(options)
    problem = chosen_layer(options, data)
    picture = _picture(options, problem)
    if options.graphml is not None:
        _refuse_large_graph(problem)
    started = time.perf_counter()
    with workers(options.jobs) as executor:
        landscape = problem.landscape(
            max_loss=options.max_loss,
            kinds=options.kinds,
            exact=options.exact,
            executor=executor,
            progress=True,
        )
        saddles = landscape.saddles(options.max_loss) if options.saddles else None
    edges = len(landscape.cells.edges)
    seconds = time.perf_counter() - started
    if picture is not None and not len(landscape.pieces):
        raise InputError("--plot: there is no minimum of this loss and these kinds to draw")
    if options.graphml is not None:
        landscape.write_graphml(options.graphml)
    if options.out is not None:
        landscape.save(options.out)
    if picture is not None:
        _draw(landscape, saddles, picture, options.plot, described(options, data))
    facts: dict[str, Any] = {
        "data": data.name,
        "samples": len(data),
        "features": data.X.shape[1],
        "dimension": problem.dimension,
        "hidden": problem.hidden,
        "cells": len(landscape.cells),
        "edges": edges,
    }
    tell = _as_json if options.json else _as_text
    facts |= tell(landscape, saddles, options)
    return report(facts | {"seconds": round(seconds, 3)}, options.json)


def _picture(options: argparse.Namespace, problem: OneHiddenLayer) -> str | None:
    """The kind of picture to draw, if there is to be one."""
    kind: str = options.plot_kind
    if options.plot is None:
        if kind != "auto":
            raise InputError(f"--plot-kind {kind}: of which picture? give --plot FILE")
        return None
    flat = problem.hidden == 1 and problem.dimension <= 3
    if kind == "weights" and not flat:
        raise InputError(
            "--plot-kind weights: the weights of one neuron in up to three dimensions can be "
            f"drawn; here are {problem.hidden} of {problem.dimension} dimensions (spectrum and "
            "slice are for any number)"
        )
    return ("weights" if flat else "spectrum") if kind == "auto" else kind


def _refuse_large_graph(problem: OneHiddenLayer) -> None:
    """Find out before the work whether the graph would be too large to be written."""
    K = problem.hidden
    if K == 1:
        return
    what = f"--graphml: the graph of {K} neurons"

    def refuse(m: int, edges: int) -> None:
        refuse_large_graph(n_multisets(m, K), edges * n_multisets(m, K - 1), what)

    some = problem.samples.some_cells()
    refuse(some, some - 1)  # a connected graph has no fewer edges
    cells = problem.arrangement.cells()
    refuse(len(cells), len(cells.edges))


def _draw(
    landscape: Landscape, saddles: Pieces | None, kind: str, path: str, source: str
) -> None:
    from arrangement import plot

    if kind == "spectrum":
        plot.spectrum(landscape, path, saddles=saddles, source=source)
    elif kind == "slice":
        plot.slice(landscape, path, source=source)
    else:
        plot.landscape(landscape, path, source=source)


def _as_text(
    landscape: Landscape, saddles: Pieces | None, options: argparse.Namespace
) -> dict[str, Any]:
    pieces = landscape.pieces
    one = landscape.problem.hidden == 1
    restricted = options.max_loss is not None or options.kinds is not None
    each = ", ".join(f"{n:,} {kind}" for kind, n in _by_kind(landscape).items())
    holding, _ = _holders(landscape)
    total = _n_tuples(landscape)
    least = "global minimum" if options.kinds is None else "least of these"
    facts: dict[str, Any] = {
        "pieces": f"{len(pieces):,} ({each})" if len(pieces) else "none",
        "components": f"{len(landscape.components):,}",
        least: "none",
        f"{'cells' if one else 'tuples of cells'} holding "
        f"{'one of them' if restricted else 'a minimum'}": (
            f"{holding:,} of {total:,} ({holding / total:.1%})"
        ),
    }
    if len(pieces):
        best = landscape.global_minimum
        facts[least] = f"loss {best.loss:.6g} ({best.kind})"
    if saddles is not None:
        facts["saddles"] = f"{len(saddles):,}"
    undecided = int((~pieces.decided).sum())
    margin = f" (narrowest margin {_narrowest(pieces):.2g})" if len(pieces) else ""
    for name, count, remark in (
        ("undecided pieces", undecided, margin),
        ("doubtful tuples", landscape.doubtful, ""),
    ):
        facts[name] = f"{count:,}{remark}{'; --exact decides' if count else ''}"
    return facts


def _as_json(
    landscape: Landscape, saddles: Pieces | None, options: argparse.Namespace
) -> dict[str, Any]:
    pieces = landscape.pieces
    holding, facets = _holders(landscape)
    holders = f"{'cells' if landscape.problem.hidden == 1 else 'tuples of cells'} holding a"
    least = "global minimum" if options.kinds is None else "least of these"
    facts: dict[str, Any] = {
        "max loss": options.max_loss,
        "kinds": options.kinds,
        "exact": options.exact,
        "pieces": _by_kind(landscape),
        "components": len(landscape.components),
        f"{holders} minimum": holding / _n_tuples(landscape),
        f"number of {holders} minimum": holding,
        "facets holding a minimum": facets,
        "undecided pieces": int((~pieces.decided).sum()),
        "narrowest margin": _narrowest(pieces),
        "doubtful tuples": landscape.doubtful,
        least: None,
    }
    if saddles is not None:
        facts["saddles"] = len(saddles)
    if len(pieces):
        best = landscape.global_minimum
        facts[least] = {
            "loss": float(best.loss),
            "kind": best.kind,
            "dimension": int(best.dimension),
            "margin": float(best.margin),
            "decided": best.decided,
            "signs": ["".join("-0+"[s + 1] for s in row) for row in best.signs],
            "output signs": best.output_signs.tolist(),
            "weights": best.weights.tolist(),
            "output weights": best.output_weights.tolist(),
            "output bias": best.output_bias,
        }
    return facts


def _by_kind(landscape: Landscape) -> dict[str, int]:
    return dict(sorted(Counter(landscape.pieces.kind.tolist()).items()))


def _narrowest(pieces: Pieces) -> float:
    return float(pieces.margin.min()) if len(pieces) else float("nan")


def _n_tuples(landscape: Landscape) -> int:
    return n_multisets(len(landscape.cells), landscape.problem.hidden)


def _holders(landscape: Landscape) -> tuple[int, int]:
    """How many tuples of cells, and of one facet and cells, hold a piece.

    As `attained` and `boundary_minimum` of the graph say, without its columns.
    """
    import numpy as np

    faces = landscape.pieces.faces
    codimension = landscape.table.codimension[faces].sum(axis=1)
    inside, facets = (len(np.unique(faces[codimension == c], axis=0)) for c in (0, 1))
    return inside, facets
