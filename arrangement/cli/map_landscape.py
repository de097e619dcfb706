"""``arrangement landscape``: every local minimum of a layer of ReLU neurons on data."""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from arrangement.cli.data_options import (
    SAMPLES,
    add_data,
    add_layer,
    chosen_data,
    chosen_layer,
    described,
    of_data,
    of_layer,
)
from arrangement.cli.facts import Fact, Result, stopwatch
from arrangement.cli.options import add_jobs, add_outputs, workers
from arrangement.cli.parser import Parser
from arrangement.cli.results_written import check_outputs, is_page
from arrangement.errors import InputError
from arrangement.relu import (
    Basins,
    CriticalPoints,
    Landscape,
    OneHiddenLayer,
    Piece,
    Pieces,
    sampled_basins,
)
from arrangement.relu.initialisation import NAMES
from arrangement.relu.minima.piece_files import TABLES
from arrangement.relu.minima.pieces import KINDS
from arrangement.relu.minima.product import refuse_large_graph
from arrangement.relu.multisets import n_multisets
from arrangement.relu.problem import SMOOTH
from arrangement.results.sign_vectors import sign_strings

__all__ = ["add", "run"]

SHOWN = 20
"""Lines of a table that are told in words; JSON has all."""


def add(parser: Parser) -> None:
    """Describe the command, and add its options."""
    parser.description = (
        f"{SAMPLES}\n\nThe network is f(x) = sum_j z_j max(0, w_j.x) with K hidden "
        "neurons, the loss the mean\nsquared error or --loss. With one neuron seconds are "
        "enough for hundreds of samples of three\ncoordinates; with K neurons it is tuples of "
        "cells that are gone through."
    )
    add_data(parser)
    add_layer(parser)
    parser.options(
        f"""
--loss {{{",".join(SMOOTH)}}}=squared  logistic is for labels -1 and +1
    (--labels sign); default: squared
--threshold T:float=1.0  where the Huber loss becomes linear; default: 1
--max-loss L:float  only the minima of at most this loss
--kinds KIND ...  only the minima of these kinds: {", ".join(KINDS)}; without boundary it is
    several times less work
--exact  decide every minimum in rational arithmetic
--saddles  find the differentiable saddles as well
--basins RUNS:int  how often gradient descent, from so many random networks, ends in which
    minimum
--initialisation NAME=he_normal  of these networks: {", ".join(NAMES)}; default: he_normal
--index  list minima and saddles, those on faces too, with the numbers of negative, zero and
    positive eigenvalues of the Hessian
""",
        kinds={"choices": KINDS},
        initialisation={"choices": NAMES},
    )
    add_jobs(parser)
    parser.options("""
--out FILE.npz|.csv  save the minima: loss, kind, dimension, margin, component, signs,
    weights
""")
    add_outputs(parser, "the annotated graph of cells (or tuples of cells) and shared facets")
    parser.options("""
--plot-kind {auto,weights,spectrum,slice,index}=auto  the weight space of one neuron in up to
    three dimensions, the losses of the minima by kind, the loss on the plane through the three
    lowest minima, or the share of negative eigenvalues against loss (with --index); default:
    weights if they can be drawn, else spectrum
""")


def run(options: argparse.Namespace) -> Result:
    """Find the minima, and write what was asked for."""
    check_outputs(options, options.data, saved=TABLES)
    data = chosen_data(options)
    problem = chosen_layer(options, data)
    for asked in "saddles", "index":
        if getattr(options, asked):
            problem.refuse_other_losses(f"--{asked}")
    picture = _picture(options, problem)
    if options.graphml is not None:
        _refuse_large_graph(problem)
    seconds = stopwatch()
    with workers(options.jobs) as executor:
        landscape = problem.landscape(
            max_loss=options.max_loss,
            kinds=options.kinds,
            exact=options.exact,
            executor=executor,
            progress=True,
        )
        saddles = landscape.saddles(options.max_loss) if options.saddles else None
        points = _critical_points(landscape, options) if options.index else None
    basins = None
    if options.basins is not None:
        basins = sampled_basins(
            landscape,
            options.basins,
            options.initialisation,
            random_state=options.seed,
            progress=True,
        )
    graph = [Fact("cells", landscape.n_faces[-1]), Fact("edges", landscape.n_faces[-2])]
    took = seconds()
    if picture is not None and not len(landscape.pieces):
        raise InputError("--plot: there is no minimum of this loss and these kinds to draw")
    if options.graphml is not None:
        landscape.write_graphml(options.graphml)
    if options.out is not None:
        landscape.save(options.out)
    if picture is not None:
        _draw(landscape, saddles, points, picture, options.plot, described(options, data))
    found = _found(landscape, saddles, options)
    lines: list[str] = []
    if points is not None:
        found.append(_indices(points))
        lines = ["", *_rows(points)] if len(points) else []
    if basins is not None:
        found.append(Fact("basins", basins.to_dict(), repr(basins).partition(": ")[2]))
        lines += ["", *_ends(basins, landscape.pieces)] if len(basins.rows) else []
    return Result([*of_data(data), *of_layer(problem), *graph, *found, took], lines)


def _critical_points(landscape: Landscape, options: argparse.Namespace) -> CriticalPoints:
    on_faces = options.kinds is None or "boundary" in options.kinds
    return landscape.critical_points(landscape.saddles(options.max_loss, on_faces))


def _indices(points: CriticalPoints) -> Fact:
    counts = sorted(Counter(points.index.tolist()).items())
    each = ", ".join(f"{n:,} of index {index}" for index, n in counts)
    text = f"{len(points):,} ({each})" if counts else "none"
    return Fact("critical points", points.to_dict(), text)


def _rows(points: CriticalPoints) -> list[str]:
    """The table of the critical points of least loss."""
    names = "loss", "kind", "-", "0", "+", "dimension", "multiplicity", "component"
    columns = points.to_dict()
    rows = [
        (f"{loss:.6g}", kind, *inertia, *rest)
        for loss, kind, inertia, *rest in zip(
            *(columns[name] for name in ("loss", "kind", "inertia", *names[5:])), strict=True
        )
    ]
    return _table(names, rows)


def _ends(basins: Basins, pieces: Pieces) -> list[str]:
    """The table of the minima that most runs ended in."""
    names = "row", "loss", "kind", "runs", "share", "low", "high"
    rows = [
        (row, f"{pieces.loss[row]:.6g}", pieces.kind[row], count, *(f"{v:.4f}" for v in shares))
        for row, count, *shares in zip(
            *(column.tolist() for column in (basins.rows, basins.count)),
            *(column.tolist() for column in (basins.share, basins.low, basins.high)),
            strict=True,
        )
    ]
    return _table(names, sorted(rows, key=lambda row: -row[3]))


def _table(names: Sequence[str], every: Sequence[tuple[Any, ...]]) -> list[str]:
    rows = every[:SHOWN]
    widths = [max(len(str(row[c])) for row in [names, *rows]) for c in range(len(names))]
    lines = [
        "  ".join(f"{value!s:<{width}}" for value, width in zip(row, widths, strict=True))
        for row in [names, *rows]
    ]
    more = len(every) - len(rows)
    return [*map(str.rstrip, lines), *([f"({more:,} more: --json has all)"] if more else [])]


def _picture(options: argparse.Namespace, problem: OneHiddenLayer) -> str | None:
    """The kind of picture to draw, if there is to be one."""
    kind: str = options.plot_kind
    if options.plot is None:
        if kind != "auto":
            raise InputError(f"--plot-kind {kind}: of which picture? give --plot FILE")
        return None
    if is_page(options.plot) and kind != "auto":
        raise InputError(f"--plot-kind {kind}: of a picture; a page (.html) is of one kind")
    if kind == "index" and not options.index:
        raise InputError("--plot-kind index: give --index, whose picture it is")
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
    landscape: Landscape,
    saddles: Pieces | None,
    points: CriticalPoints | None,
    kind: str,
    path: str,
    source: str,
) -> None:
    # Few ask for a picture, and its modules take time to import.
    from arrangement import plot

    if is_page(path):
        plot.page(landscape, path, source=source)
    elif points is not None and kind == "index":
        plot.index(points, path, source=source)
    elif kind == "spectrum":
        plot.spectrum(landscape, path, saddles=saddles, source=source)
    elif kind == "slice":
        plot.slice(landscape, path, source=source)
    else:
        plot.landscape(landscape, path, source=source)


def _found(
    landscape: Landscape, saddles: Pieces | None, options: argparse.Namespace
) -> list[Fact]:
    pieces = landscape.pieces
    by_kind = dict(sorted(Counter(pieces.kind.tolist()).items()))
    each = ", ".join(f"{n:,} {kind}" for kind, n in by_kind.items())
    components = len(landscape.components)
    holding, facets = _holders(landscape)
    total = n_multisets(landscape.n_faces[-1], landscape.problem.hidden)
    cells = "cells" if landscape.problem.hidden == 1 else "tuples of cells"
    restricted = options.max_loss is not None or options.kinds is not None
    held = "one of them" if restricted else "a minimum"
    least = "global minimum" if options.kinds is None else "least of these"
    least_text, margin, narrowest, value = "none", "", math.nan, None
    if len(pieces):
        best = landscape.global_minimum
        least_text = f"loss {best.loss:.6g} ({best.kind})"
        narrowest = float(pieces.margin.min())
        margin = f" (narrowest margin {narrowest:.2g})"
        value = _piece(best)
    limits = landscape.falling[2]
    lowest = float(limits.min(initial=math.inf))
    if lowest < pieces.loss.min(initial=math.inf):
        least_text += f"; without a minimum the loss falls towards {lowest:.6g}"
    elif landscape.may_be_lower:
        least_text += "; without a minimum the loss may be lower"
    facts = [
        Fact("loss function", landscape.problem.loss.name, {}),
        Fact("max loss", options.max_loss, {}),
        Fact("kinds", options.kinds, {}),
        Fact("exact", options.exact, {}),
        Fact("pieces", by_kind, f"{len(pieces):,} ({each})" if by_kind else "none"),
        Fact("components", components, f"{components:,}"),
        Fact(least, text=least_text),
        Fact(
            f"{cells} holding a minimum",
            holding / total,
            {f"{cells} holding {held}": f"{holding:,} of {total:,} ({holding / total:.1%})"},
        ),
        Fact(f"number of {cells} holding a minimum", holding, {}),
        Fact("facets holding a minimum", facets, {}),
        _doubtful("undecided pieces", int((~pieces.decided).sum()), margin),
        Fact("narrowest margin", narrowest, {}),
        Fact("faces on which it falls for ever", len(limits), {}),
        Fact("least limit on these", lowest if len(limits) else None, {}),
        Fact("may be lower without a minimum", landscape.may_be_lower, {}),
        _doubtful("doubtful tuples", landscape.doubtful),
        Fact(least, value, {}),
    ]
    if saddles is not None:
        facts.insert(8, Fact("saddles", text=f"{len(saddles):,}"))
        facts.append(Fact("saddles", len(saddles), {}))
    return facts


def _doubtful(name: str, count: int, remark: str = "") -> Fact:
    return Fact(name, count, f"{count:,}{remark}{'; --exact decides' if count else ''}")


def _piece(best: Piece) -> dict[str, Any]:
    return {
        "loss": float(best.loss),
        "kind": best.kind,
        "dimension": int(best.dimension),
        "margin": float(best.margin),
        "decided": best.decided,
        "signs": sign_strings(best.signs),
        "output signs": best.output_signs.tolist(),
        "weights": best.weights.tolist(),
        "output weights": best.output_weights.tolist(),
        "output bias": best.output_bias,
    }


def _holders(landscape: Landscape) -> tuple[int, int]:
    """How many tuples of cells, and of one facet and cells, hold a piece.

    As `attained` and `boundary_minimum` of the graph say, without its columns.
    """
    faces = landscape.pieces.faces
    codimension = landscape.table.codimension[faces].sum(axis=1)
    inside, facets = (len(np.unique(faces[codimension == c], axis=0)) for c in (0, 1))
    return inside, facets
