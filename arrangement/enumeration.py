"""Which method enumerates the cells, and in what portions they come."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np

from arrangement import cones, restrict, sweep
from arrangement.arguments import check_executor, choice
from arrangement.bounds import zaslavsky
from arrangement.cells import Cells
from arrangement.domain import parse_domain
from arrangement.engine import (
    Checkpoint,
    alone,
    checkpoint_directory,
    sweep_blocks,
    sweep_words,
)
from arrangement.errors import InputError, SizeError
from arrangement.estimate import estimated_cells, refuse_too_many
from arrangement.packing import Words, word_count
from arrangement.parsing import shown
from arrangement.polyhedron import Polyhedron
from arrangement.progress import Progress, reporter
from arrangement.reduction import (
    Reduction,
    all_columns,
    decone,
    distinct_essential_rows,
    distinct_rows,
)

if TYPE_CHECKING:
    from arrangement.hyperplanes import Arrangement

__all__ = ["METHODS", "cells", "iter_cells", "unbounded"]

METHODS = ("auto", "sweep", "restrict", "lp")

SMALL = 3000
"""Below this bound on the number of cells, restrict and split is done at once."""

STORED = 2**28
"""Bytes of sign vectors that `iter_cells` may hold at once for a degenerate arrangement."""

SPLITTING = 64
"""A cell that is split off with its rays takes as long as so many that are swept."""

PATIENCE = 64
"""How many vertices may need exact arithmetic before `auto` turns to restrict and split."""


def cells(
    arrangement: Arrangement,
    method: str = "auto",
    domain: Any = None,
    progress: Progress = None,
    executor: Executor | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Cells:
    """All cells of an arrangement; see :meth:`Arrangement.cells`.

    Examples
    --------
    >>> from arrangement import families
    >>> len(cells(families.braid(4), method="sweep"))
    24
    """
    choice(method, METHODS, "method")
    check_executor(executor)
    if checkpoint is not None:
        checkpoint_directory(checkpoint)  # also where it proves unnecessary
    if (
        method == "auto"
        and (executor is not None or checkpoint is not None)
        and domain is None
        and _better_stored(Reduction(arrangement).rows)
    ):
        return restrict.cells(arrangement, progress=progress)
    if executor is not None or checkpoint is not None:
        what = "an executor" if executor is not None else "a checkpoint"
        if domain is not None or method not in ("auto", "sweep"):
            raise InputError(f"{what} is for method 'sweep', which takes no domain")
        return _swept(arrangement, progress, executor, checkpoint)
    if method == "lp":
        from arrangement import lp

        return lp.cells(arrangement, domain=domain, progress=progress)
    if method == "sweep":
        if domain is not None:
            raise InputError("method 'sweep' takes no domain: use 'auto', 'restrict' or 'lp'")
        return _swept(arrangement, progress)
    if method == "auto" and domain is None:
        rows = Reduction(arrangement).rows
        n, d = len(rows), rows.shape[1] - 1
        if d > 0 and zaslavsky(n, d) > SMALL and not sweep.looks_degenerate(rows):
            try:
                return _swept(arrangement, progress, patience=PATIENCE)
            except sweep.TooDegenerate:
                pass
    if domain is None:
        return restrict.cells(arrangement, progress=progress)
    walls = parse_domain(domain, arrangement.dimension)
    if method == "auto" and _mostly_inside(arrangement, walls):
        return _swept_inside(arrangement, walls, progress)
    return restrict.cells(arrangement, walls, progress)


def _mostly_inside(arrangement: Arrangement, walls: Any) -> bool:
    """Does a sweep of everything, walls included, find the cells of a domain sooner?"""
    rows = distinct_essential_rows(arrangement)
    n, d = len(rows), rows.shape[1] - 1
    everything = zaslavsky(n + len(walls), arrangement.dimension)
    if d == 0 or everything <= SMALL or sweep.looks_degenerate(rows):
        return False
    inside = cones.count(*cones.homogeneous(distinct_rows(arrangement), walls))
    return inside * SPLITTING > everything


def _swept_inside(arrangement: Arrangement, walls: Any, progress: Progress) -> Cells:
    """The cells of a domain among those of its walls and the hyperplanes together.

    They are swept in the projective chart whose hyperplane at infinity is a random one outside
    the domain, where opposite walls of a box are not parallel.
    """
    rows, inward = cones.homogeneous(distinct_rows(arrangement), walls)
    body = Polyhedron(walls)
    if not body.lines and not body.rays:
        inward = walls  # opposite walls would still meet in the old infinity
    weights = np.random.default_rng(0).integers(1, 100, size=len(inward)).astype(object)
    chart = decone(np.concatenate([rows, inward, [weights @ inward]]))
    n = len(rows)
    if not chart[:, :-1].astype(bool).any(axis=1).all():
        return restrict.cells(arrangement, walls, progress)
    try:
        words = _swept(arrangement._like(chart), progress, patience=PATIENCE).packed
    except (sweep.TooDegenerate, SizeError):
        return restrict.cells(arrangement, walls, progress)
    inside = np.ones(len(words), dtype=np.bool_)
    for wall in range(n, n + len(inward)):
        inside &= (words[:, wall >> 6] >> np.uint64(wall & 63) & np.uint64(1)).astype(np.bool_)
    words = words[inside, : word_count(n)]
    if n & 63:
        words[:, -1] &= np.uint64(2 ** (n & 63) - 1)
    return Cells(arrangement, all_columns(arrangement, words), domain=walls, progress=progress)


def _swept(
    arrangement: Arrangement,
    progress: Progress,
    executor: Executor | None = None,
    directory: str | os.PathLike[str] | None = None,
    patience: float = np.inf,
) -> Cells:
    reduction = Reduction(arrangement)
    rows = reduction.rows
    if rows.shape[1] == 1:
        return restrict.cells(arrangement, progress=progress)
    refuse_too_many(reduction)
    checkpoint = None if directory is None else Checkpoint(directory, rows)
    draw = 0
    while True:
        show = reporter(progress, "sets of hyperplanes")
        try:
            words = sweep_words(rows, show, draw, executor, checkpoint, patience)
            break
        except sweep.SpecialPosition:
            draw += 1
            if checkpoint is not None:
                checkpoint.redraw()
    return Cells(arrangement, reduction.expand(words), progress=progress)


def iter_cells(
    arrangement: Arrangement,
    batch_size: int = 2**16,
    progress: Progress = None,
    executor: Executor | None = None,
    domain: Any = None,
) -> Iterator[Cells]:
    """The cells in portions; see :meth:`Arrangement.iter_cells`.

    Examples
    --------
    >>> from arrangement import families
    >>> [len(block) for block in iter_cells(families.braid(4), batch_size=10)]
    [10, 10, 4]
    """
    if not isinstance(batch_size, int | np.integer) or batch_size < 1:
        raise InputError(f"batch_size={shown(batch_size)}: a batch has at least one cell")
    check_executor(executor)
    if domain is None:
        return _portions(arrangement, int(batch_size), progress, executor)
    if executor is not None:
        raise InputError("an executor is for method 'sweep', which takes no domain")
    walls = parse_domain(domain, arrangement.dimension)
    portions = restrict.blocks(arrangement, walls, progress)
    return _batched(arrangement, portions, int(batch_size), walls if len(walls) else None)


def _portions(
    arrangement: Arrangement, batch_size: int, progress: Progress, executor: Executor | None
) -> Iterator[Cells]:
    reduction = Reduction(arrangement)
    rows = reduction.rows
    if rows.shape[1] == 1 or (executor is None and _better_stored(rows)):
        portions = iter([restrict.cells(arrangement, progress=progress).packed])
    else:
        show = reporter(progress, "sets of hyperplanes")
        blocks = _certain_blocks(reduction.rows, show, executor)
        portions = (reduction.expand(words) for words in blocks)
    yield from _batched(arrangement, portions, batch_size)


def unbounded(arrangement: Arrangement, show: Any = lambda done, total: None) -> Words:
    """The cells of an arrangement that is not central that are not relatively bounded, packed.

    A cell is unbounded iff it meets x_1 = −M or x_1 = M for every large M, where x_1 is a
    coordinate in general position: the levels at infinity of two sweeps. Where a sweep takes
    long, :func:`~arrangement.restrict.unbounded` finds them.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> triangle = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    >>> len(set(unbounded(triangle).ravel().tolist()))
    6
    """
    rows = distinct_essential_rows(arrangement)
    n, d = len(rows), rows.shape[1] - 1
    if d > 0 and zaslavsky(n, d) > SMALL and not sweep.looks_degenerate(rows):
        draw = 0
        while True:
            try:
                found: list[Words] = []
                done = 0
                for mirrored in (False, True):
                    swept = sweep.Sweep(rows, draw, mirrored)
                    levels = swept.intervals()[:-1]
                    tasks = (piece for level in levels for piece in level.pieces(2**16, n))
                    for part, words in alone(swept, tasks, PATIENCE):
                        found.append(words)
                        done += len(part)
                        show(done, 2 * (zaslavsky(n, d) - comb(n, d)))
                return all_columns(arrangement, np.concatenate(found))
            except sweep.SpecialPosition:
                draw += 1
            except sweep.TooDegenerate:
                break
    return restrict.unbounded(arrangement, show)


def _better_stored(rows: Any) -> bool:
    """Is this so degenerate that a sweep takes long, and small enough to be stored?"""
    if rows.shape[1] == 1 or not sweep.looks_degenerate(rows):
        return False
    return estimated_cells(rows, samples=2000) * rows.itemsize * len(rows) / 64 < STORED


def _certain_blocks(rows: Any, show: Any, executor: Executor | None) -> Iterator[Words]:
    """Blocks of a sweep whose coordinates are known to be in general position.

    A special position shows on the levels at infinity, if anywhere: they are swept once before
    anything is handed on.
    """
    draw = 0
    while True:
        try:
            trial = sweep.Sweep(rows, draw)
            for interval in trial.intervals()[:-1]:
                for _ in trial.blocks(interval):
                    pass
            break
        except sweep.SpecialPosition:
            draw += 1
    for _, words in sweep_blocks(rows, show, draw, executor):
        yield words


def _batched(
    arrangement: Arrangement, portions: Iterator[Words], size: int, domain: Any = None
) -> Iterator[Cells]:
    waiting: list[Words] = []
    count = 0
    for words in portions:
        while len(words):
            part, words = words[: size - count], words[size - count :]
            waiting.append(part)
            count += len(part)
            if count == size:
                yield Cells(arrangement, np.concatenate(waiting), domain, complete=False)
                waiting, count = [], 0
    if waiting:
        yield Cells(arrangement, np.concatenate(waiting), domain, complete=False)
