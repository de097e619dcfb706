"""Which method enumerates the cells, and in what portions they come."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from math import comb
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.bounds import zaslavsky
from arrangement.checks import check_executor, choice
from arrangement.enumeration import (
    cone_counts,
    cone_edges,
    cone_faces,
    cones,
    linear_programs,
    restrict,
    sweep,
)
from arrangement.enumeration.checkpoints import Checkpoint, checkpoint_directory
from arrangement.enumeration.estimate import refuse_too_many
from arrangement.enumeration.found import Found
from arrangement.enumeration.intervals import Interval
from arrangement.enumeration.splitting import Counts, Splitting, spread, spread_count
from arrangement.enumeration.sweep import FiniteSweep
from arrangement.enumeration.tasks import (
    alone,
    portions,
    sweep_words,
)
from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import shown
from arrangement.exact.one_field import field_of
from arrangement.exact.packing import Words, pack_signs, word_count
from arrangement.exact.polyhedron import Polyhedron
from arrangement.exact.solver import unit_rows
from arrangement.hyperplanes.domain import parse_domain, sides_of_box, sides_of_rays
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.hyperplanes.reduction import (
    Reduction,
    all_columns,
    decone,
    distinct_essential_rows,
    distinct_rows,
)
from arrangement.memory import LITTLE, refuse_large
from arrangement.progress import Progress, reporter

__all__ = ["METHODS", "cells", "iter_cells", "n_cells_inside", "unbounded", "worth_sweeping"]

Integers = NDArray[np.object_]

METHODS = ("auto", "sweep", "restrict", "lp")

SMALL = 3000
"""Below this bound on the number of cells, restrict and split is done at once."""

SPLITTING = 8
"""A cell that is split off with its rays takes as long as so many that are swept, and more."""

DRAWN = 2**7
"""Sets of hyperplanes that are drawn to tell how many cells a domain holds."""

WORTH_SHARING = 2**22
"""Below this bound on the number of cells, a sweep is not worth an executor."""

FIRST = 2**30
"""Lines at infinity that are swept before the first cell is handed on, in less than a minute.
Where there are more, a process alone splits: slower in all, but cells come at once."""

PATIENCE = 64
"""How many vertices may need exact arithmetic before `auto` turns to restrict and split."""


def cells(
    arrangement: Hyperplanes,
    method: str = "auto",
    domain: Any = None,
    progress: Progress = None,
    executor: Executor | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Found:
    """All cells of an arrangement; see :meth:`Arrangement.cells`.

    Examples
    --------
    >>> from arrangement import families
    >>> len(cells(families.braid(4), method="sweep").words)
    24
    """
    choice(method, METHODS, "method")
    check_executor(executor)
    if checkpoint is not None:
        checkpoint_directory(checkpoint)  # also where it proves unnecessary
    if method == "lp":
        if executor is not None or checkpoint is not None:
            what = "an executor" if executor is not None else "a checkpoint"
            raise InputError(f"{what} is for method 'sweep' or 'restrict', not for 'lp'")
        return linear_programs.cells(arrangement, domain=domain, progress=progress)
    if method == "sweep" and domain is not None:
        raise InputError("method 'sweep' takes no domain: use 'auto', 'restrict' or 'lp'")
    walls = None if domain is None else parse_domain(domain, arrangement.dimension)
    task = _Task(arrangement, walls, progress, executor, checkpoint)
    if method == "sweep":
        return _swept(task)
    if method == "auto" and walls is None and worth_sweeping(task.reduction.rows):
        try:
            return _swept(task, PATIENCE)
        except sweep.TooDegenerate:
            pass
    if method == "auto" and walls is not None and _mostly_inside(task):
        return _swept_inside(task)
    return _split(task)


@dataclass(frozen=True)
class _Task:
    """What was asked for: the cells of an arrangement that meet a domain, and how."""

    arrangement: Hyperplanes
    walls: Integers | None
    progress: Progress
    executor: Executor | None = None
    directory: str | os.PathLike[str] | None = None

    def checkpoint(self) -> Checkpoint | None:
        """What is kept of these cells, under whatever name their hyperplanes are given."""
        if self.directory is None:
            return None
        if self.walls is None:
            return Checkpoint(self.directory, self.reduction.rows)
        return Checkpoint(self.directory, distinct_rows(self.arrangement), self.walls)

    @cached_property
    def reduction(self) -> Reduction:
        """The hyperplanes as a sweep takes them, the domain left out."""
        return Reduction(self.arrangement)

    @cached_property
    def cone(self) -> tuple[Integers, Integers]:
        """The different hyperplanes as linear ones; the walls of the cone over the domain."""
        return cones.homogeneous(distinct_rows(self.arrangement), self.walls)

    @cached_property
    def rays(self) -> cone_edges.Edges | None:
        """The extreme rays of that cone, unless it contains lines or they are irrational."""
        inward = self.cone[1]
        return None if field_of(inward) is not None else cone_edges.rays_of(inward)

    @cached_property
    def sides(self) -> NDArray[np.int8] | None:
        """On which side of each hyperplane the domain is, 0 where the hyperplane may cut it."""
        if self.walls is None:
            return None
        if self.rays is None:
            return sides_of_box(self.arrangement, self.walls)
        return sides_of_rays(self.arrangement, self.rays[0])

    @cached_property
    def rows(self) -> Integers:
        """The different hyperplanes that may cut the domain, as linear ones."""
        if self.sides is None:
            return self.cone[0]
        return self.cone[0][self.sides[self.arrangement.different] == 0]

    def columns(self, words: Words) -> Words:
        """Signs on all hyperplanes from those on the rows."""
        return all_columns(self.arrangement, words, sides=self.sides)

    def executor_for(self, rows: Integers) -> Executor | None:
        """The executor, if it is of use to a sweep of some rows."""
        worth = zaslavsky(len(rows), rows.shape[1] - 1) > WORTH_SHARING
        return self.executor if worth else None

    def found(self, words: Words) -> Found:
        """The cells with certain packed signs."""
        return Found(words, None if self.walls is None or len(self.walls) == 0 else self.walls)


def worth_sweeping(rows: Integers) -> bool:
    """Are there many cells, and few hyperplanes through one vertex?"""
    n, d = len(rows), rows.shape[1] - 1
    return d > 0 and zaslavsky(n, d) > SMALL and not sweep.looks_degenerate(rows)


def _split(task: _Task) -> Found:
    """The cells by restrict and split."""
    arrangement = task.arrangement
    if task.walls is None:
        refuse_too_many(task.reduction)
    blocks, halved = _split_blocks(task)
    found: list[tuple[Interval, Words]] = []
    size = 0
    for block in blocks:
        found.append(block)
        size += block[1].nbytes
        if size > LITTLE:
            refuse_large([words for _, words in found], "cells")
    words = np.concatenate([words for _, words in sorted(found, key=itemgetter(0))])
    if halved:
        words = np.concatenate([words, _opposite(words, arrangement)])
    return task.found(task.columns(words))


def _split_blocks(task: _Task) -> tuple[Iterator[tuple[Interval, Words]], bool]:
    """Blocks of cells, a bit for each of the task's rows, and whether the opposites lack."""
    rows, inward, halved = _cone(task)
    checkpoint = task.checkpoint()
    if checkpoint is not None:
        show = reporter(task.progress, "parts")
        return portions(Splitting(rows, inward), show, task.executor, checkpoint), halved
    if task.executor is not None:
        return spread(rows, inward, task.progress, task.executor), halved
    blocks = cone_faces.words(rows, inward, reporter(task.progress, "cells"), task.rays)
    return ((Interval(0, i, i + 1), block) for i, block in enumerate(blocks)), halved


def _cone(task: _Task) -> tuple[Integers, Integers, bool]:
    """Linear rows, the walls of a cone, and whether the cells on its other side lack."""
    rows, inward = task.rows, task.cone[1]
    halved = len(rows) > 0 and len(inward) == 0
    return rows, rows[:1] if halved else inward, halved


def _opposite(words: Words, arrangement: Hyperplanes) -> Words:
    n = len(arrangement.different)
    return np.asarray(words ^ pack_signs(np.ones((1, n), dtype=np.int8)))


def _mostly_inside(task: _Task) -> bool:
    """Does a sweep of everything, walls included, find the cells of a domain sooner?

    There are about as many cells in it as vertices, of whose sets of hyperplanes some are
    drawn; this only chooses a method.
    """
    arrangement, walls = task.arrangement, task.walls
    assert walls is not None
    rows, d = distinct_rows(arrangement), arrangement.dimension
    n = len(rows) + len(walls)
    if d == 0 or zaslavsky(n, d) <= SMALL:
        return False
    if comb(len(task.rows) + len(walls), d) * SPLITTING <= comb(n, d):
        return False
    table = unit_rows(np.concatenate([walls, rows]))
    subsets = np.random.default_rng(0).integers(len(table), size=(DRAWN, d))
    with np.errstate(all="ignore"):
        # A hyperplane that is drawn twice, or parallel to another: no vertex.
        regular = np.abs(np.linalg.det(table[subsets, :-1])) > np.finfo(float).tiny
        subsets = subsets[regular]
        chosen = table[subsets]
        vertices = np.linalg.solve(chosen[:, :, :-1], -chosen[:, :, -1:])[:, :, 0]
        inside = vertices @ table[: len(walls), :-1].T + table[: len(walls), -1] > 0
    for column in subsets.T:  # on a wall that is one of its hyperplanes
        on = np.flatnonzero(column < len(walls))
        inside[on, column[on]] = True
    if int(inside.all(axis=1).sum()) * SPLITTING <= len(inside):
        return False
    essential = task.reduction.essential
    return essential.shape[1] > 1 and not sweep.looks_degenerate(essential)


def _swept_inside(task: _Task) -> Found:
    """The cells of a domain among those of its walls and the hyperplanes together.

    In a bounded domain each begins at a vertex, and what meets at infinity is left out. In
    another they are swept in the projective chart whose hyperplane at infinity is a random one
    outside the domain, where opposite walls of a box are not parallel.
    """
    arrangement, walls = task.arrangement, task.walls
    assert walls is not None
    body = Polyhedron(walls)
    if not body.lines and not body.rays:
        kind: type[sweep.Sweep] = FiniteSweep
        rows, inward = distinct_rows(arrangement), walls
        both = np.concatenate([rows, walls])
    else:
        rows, inward = cones.homogeneous(distinct_rows(arrangement), walls)
        kind = sweep.Sweep
        weights = np.random.default_rng(0).integers(1, 100, size=len(inward)).astype(object)
        both = decone(np.concatenate([rows, inward, [weights @ inward]]))
        if not both[:, :-1].astype(bool).any(axis=1).all():
            return _split(task)
    n = len(rows)
    try:
        words = _swept_words(task, Reduction(arrangement.from_exact(both)), PATIENCE, kind)
    except (sweep.TooDegenerate, SizeError):
        return _split(task)
    inside = np.ones(len(words), dtype=np.bool_)
    positive = pack_signs(np.repeat([0, 1], [n, len(inward)])[None])[0]
    for column, bits in zip(words.T, positive, strict=True):
        inside &= column & bits == bits
    words = words[inside, : word_count(n)]
    if n & 63:
        words[:, -1] &= np.uint64(2 ** (n & 63) - 1)
    return task.found(all_columns(arrangement, words))


def _swept(task: _Task, patience: float = np.inf) -> Found:
    if task.reduction.rows.shape[1] == 1:
        return _split(task)
    return task.found(_swept_words(task, task.reduction, patience))


def _swept_words(
    task: _Task, reduction: Reduction, patience: float, kind: type[sweep.Sweep] = sweep.Sweep
) -> Words:
    rows = reduction.rows
    refuse_too_many(reduction)
    checkpoint, executor = task.checkpoint(), task.executor_for(rows)
    draw = 0
    while True:
        show = reporter(task.progress, "sets of hyperplanes")
        try:
            words = sweep_words(rows, show, draw, executor, checkpoint, patience, kind)
            return reduction.expand(words)
        except sweep.SpecialPosition:
            draw += 1
            if checkpoint is not None:
                checkpoint.redraw()


def iter_cells(
    arrangement: Hyperplanes,
    batch_size: int = 2**16,
    progress: Progress = None,
    executor: Executor | None = None,
    domain: Any = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Iterator[Found]:
    """The cells in portions; see :meth:`Arrangement.iter_cells`.

    Examples
    --------
    >>> from arrangement import families
    >>> [len(block.words) for block in iter_cells(families.braid(4), batch_size=10)]
    [10, 10, 4]
    """
    if not isinstance(batch_size, int | np.integer) or batch_size < 1:
        raise InputError(f"batch_size={shown(batch_size)}: a batch has at least one cell")
    check_executor(executor)
    if checkpoint is not None:
        checkpoint_directory(checkpoint)
    walls = None if domain is None else parse_domain(domain, arrangement.dimension)
    task = _Task(arrangement, walls, progress, executor, checkpoint)
    return _batched(task, int(batch_size))


def _portions(task: _Task) -> Iterator[Words]:
    """The packed cells in blocks."""
    reduction = task.reduction
    rows = reduction.rows
    if (
        task.walls is None
        and rows.shape[1] > 1
        and (
            # The levels at infinity, which a sweep has to go through first, are not too large.
            zaslavsky(len(rows), rows.shape[1] - 2) <= FIRST
            or task.executor is not None
            or task.directory is not None
        )
        and not sweep.looks_degenerate(rows)
    ):
        for words in _certain_blocks(task, rows):
            yield reduction.expand(words)
        return
    blocks, halved = _split_blocks(task)
    for _, words in blocks:
        yield task.columns(words)
        if halved:
            yield task.columns(_opposite(words, task.arrangement))


def n_cells_inside(
    arrangement: Hyperplanes,
    domain: Any,
    progress: Progress = None,
    executor: Executor | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> int:
    """Number of cells that meet a domain, counted one by one; see :meth:`Arrangement.n_cells`.

    Examples
    --------
    >>> from arrangement import families
    >>> n_cells_inside(families.shi(4), [(0, "1/9")] * 4)
    24
    """
    check_executor(executor)
    if checkpoint is not None:
        checkpoint_directory(checkpoint)
    walls = parse_domain(domain, arrangement.dimension)
    task = _Task(arrangement, walls, progress, executor, checkpoint)
    rows, inward, halved = _cone(task)
    kept = task.checkpoint()
    if kept is not None:
        show = reporter(progress, "parts")
        found = portions(Counts(rows, inward), show, executor, kept)
        count = sum(int(count) for _, words in found for count in words.flat)
    elif executor is not None:
        count = spread_count(rows, inward, progress, executor)
    else:
        count = cone_counts.count(rows, inward, reporter(progress, "cells"), task.rays)
    return 2 * count if halved else count


def unbounded(arrangement: Hyperplanes, show: Any = lambda done, total: None) -> Words:
    """The cells of an arrangement that is not central that are not relatively bounded, packed.

    A cell is unbounded iff it meets x_1 = −M or x_1 = M for every large M, where x_1 is a
    coordinate in general position: the levels at infinity of two sweeps. Where a sweep takes
    long, :func:`~arrangement.enumeration.restrict.unbounded` finds them.

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


def _certain_blocks(task: _Task, rows: Integers) -> Iterator[Words]:
    """Blocks of a sweep whose coordinates are known to be in general position.

    A special position shows on the levels at infinity, if anywhere: they are swept once before
    anything is handed on.
    """
    checkpoint = task.checkpoint()
    draw = 0 if checkpoint is None else checkpoint.draw
    while True:
        try:
            trial = sweep.Sweep(rows, draw)
            for interval in trial.intervals()[:-1]:
                for _ in trial.blocks(interval):
                    pass
            break
        except sweep.SpecialPosition:
            draw += 1
            if checkpoint is not None:
                checkpoint.enter(trial)
                checkpoint.redraw()
    show = reporter(task.progress, "sets of hyperplanes")
    swept = sweep.Sweep(rows, draw)
    for _, words in portions(swept, show, task.executor_for(rows), checkpoint):
        yield words


def _batched(task: _Task, size: int) -> Iterator[Found]:
    waiting: list[Words] = []
    count = 0
    for words in _portions(task):
        while len(words):
            part, words = words[: size - count], words[size - count :]
            waiting.append(part)
            count += len(part)
            if count == size:
                yield task.found(np.concatenate(waiting))
                waiting, count = [], 0
    if waiting:
        yield task.found(np.concatenate(waiting))
