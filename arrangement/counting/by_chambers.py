"""Cells counted in a chamber of a group of reflections: run, kept, and checked again."""

from __future__ import annotations

import os
from concurrent.futures import Executor
from typing import Any, NamedTuple

import numpy as np

from arrangement.checks import check_executor, check_instance, generator, whole
from arrangement.enumeration.checkpoints import checkpoint_directory
from arrangement.enumeration.tasks import MANY, portions
from arrangement.errors import InputError
from arrangement.exact.numbers import shown
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.progress import Progress, reporter
from arrangement.symmetry.chamber_count import ChamberCounts
from arrangement.symmetry.count_log import CountLog
from arrangement.symmetry.symmetries import Symmetries

__all__ = ["AuditedCount", "ChamberTotal", "audit_count", "chamber_counts", "count_by_chambers"]

SMALL = 200_000
"""Cells of a task that is counted again in Python's integers: some seconds."""


class ChamberTotal(NamedTuple):
    """What was counted.

    Attributes
    ----------
    n_cells : int
        Of the arrangement.
    n_classes : int
        Orbits of cells, one for each cell in the chamber.
    n_counted : int
        Cells that were counted one by one, in the chamber and its faces.
    """

    n_cells: int
    n_classes: int
    n_counted: int


class AuditedCount(NamedTuple):
    """What a log says, and what was found again.

    Attributes
    ----------
    n_tasks, n_done : int
        Tasks in all, and those that the log has.
    n_again : int
        Tasks that were counted again; all had the same number of cells.
    n_pieces : int
        How many of them were too large for Python's integers, and were counted again by the
        compiled loop, and a random piece of each in Python's integers.
    n_cells, n_classes : int or None
        None unless all tasks are done.
    expected, doubt : float
        Cells that are counted one by one, in all: what was counted and an unbiased estimate of
        the rest, and its standard error.
    """

    n_tasks: int
    n_done: int
    n_again: int
    n_pieces: int
    n_cells: int | None
    n_classes: int | None
    expected: float
    doubt: float


def chamber_counts(arrangement: Hyperplanes, symmetry: Any = "auto") -> ChamberCounts:
    """The tasks of counting by chambers; see :class:`ChamberCounts`.

    Parameters
    ----------
    arrangement : Arrangement
    symmetry : "auto", ReflectionGroup or sequence
        See :meth:`Arrangement.cells`; of symmetries the reflections are used.
    """
    found = Symmetries(arrangement, symmetry)
    return ChamberCounts(found.rows, found.infinity, found.reflections)


def count_by_chambers(
    counts: ChamberCounts,
    progress: Progress = None,
    executor: Executor | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> ChamberTotal:
    """Count all cells in a chamber and its faces.

    Parameters
    ----------
    counts : ChamberCounts
    progress : bool or callable, optional
        A callable gets the cells that are counted so far, and about how many there are.
    executor : concurrent.futures.Executor, optional
        Where tasks run.
    checkpoint : path-like, optional
        A directory that keeps the count of each task as a line of text.

    Examples
    --------
    >>> from arrangement import families
    >>> count_by_chambers(chamber_counts(families.threshold(5)))
    ChamberTotal(n_cells=94572, n_classes=21, n_counted=270)
    """
    check_executor(executor)
    log = None if checkpoint is None else CountLog(checkpoint, counts)
    total = 0
    found = [0] * len(counts.tasks)
    left = float(counts.expected.sum())
    doubt = float((counts.doubt**2).sum())
    show = reporter(
        progress, "cells", lambda: f"(about {total + left:.3g} ± {doubt**0.5:.1g} to count)"
    )
    parts = portions(counts, lambda done, count: None, executor, log, task=1, ahead=MANY)
    for part, words in parts:
        for i, cells in zip(range(part.start, part.stop), words[:, 0].tolist(), strict=True):
            found[i] = cells
            total += cells
            left = max(0.0, left - float(counts.expected[i]))
            doubt = max(0.0, doubt - float(counts.doubt[i]) ** 2)
        show(total, max(total + 1, round(total + left)))
    show(total, total)
    return ChamberTotal(counts.n_cells(found), counts.n_classes(found), total)


def audit_count(
    arrangement: Hyperplanes,
    checkpoint: str | os.PathLike[str],
    symmetry: Any = "auto",
    samples: int = 20,
    seed: int = 0,
) -> AuditedCount:
    """Check what a count by chambers has written, task by task.

    Each line has a digest, and no two may differ about a task. A random sample of the tasks is
    counted again, in Python's integers and by other code than before; of a task of more than
    200,000 cells a random piece is, and all of it by the same code as before.

    Parameters
    ----------
    arrangement : Arrangement
    checkpoint : path-like
        The directory of ``n_cells(symmetry=..., checkpoint=...)``.
    symmetry
        As it was given there.
    samples : int
        How many tasks are counted again, if there are so many.
    seed : int
        Of the sample.

    Returns
    -------
    AuditedCount

    Raises
    ------
    InputError
        If the directory is of something else, or a count is wrong.

    Examples
    --------
    >>> import tempfile
    >>> from arrangement import families
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cells = families.threshold(5).n_cells(symmetry="auto", checkpoint=folder)
    ...     audited = audit_count(families.threshold(5), folder)
    >>> cells, audited.n_cells, audited.n_done == audited.n_tasks, audited.n_again
    (94572, 94572, True, 20)

    >>> import tempfile
    >>> from arrangement import families
    >>> threshold = families.threshold(4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     n = threshold.n_cells(symmetry="auto", checkpoint=folder)
    ...     audited = threshold.audit_count(folder)
    >>> audited.n_cells == n
    True
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    whole(samples, "samples", 0)
    rng = generator(seed, "seed")
    if not checkpoint_directory(checkpoint).is_dir():
        raise InputError(f"{shown(os.fspath(checkpoint))}: no directory of counts")
    counts = chamber_counts(arrangement, symmetry)
    log = CountLog(checkpoint, counts)
    known = sorted(log.found)
    chosen = sorted(rng.choice(known, size=min(samples, len(known)), replace=False).tolist())
    n_pieces = 0
    for i in chosen:
        is_small = log.found[i] <= SMALL
        again = counts.count_again(i) if is_small else counts.count(i)
        if again != log.found[i]:
            raise InputError(
                f"{log.directory}: task {i} has {again} cells, and the log says {log.found[i]}"
            )
        if not is_small:
            n_pieces += 1
            found, slowly = counts.count_piece(i, rng, SMALL)
            assert found == slowly, f"the compiled loop counts wrong in task {i}"
    done = np.zeros(len(counts.tasks), dtype=bool)
    done[list(log.found)] = True
    complete = bool(done.all())
    numbers = [log.found.get(i, 0) for i in range(len(done))]
    return AuditedCount(
        len(done),
        int(done.sum()),
        len(chosen),
        n_pieces,
        counts.n_cells(numbers) if complete else None,
        counts.n_classes(numbers) if complete else None,
        sum(numbers) + float(counts.expected[~done].sum()),
        float((counts.doubt[~done] ** 2).sum()) ** 0.5,
    )
