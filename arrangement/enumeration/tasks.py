"""Tasks one after another, on executors, and kept on disk as they are done.

Where they come from is a sweep, or restrict and split in parts: a
:class:`~arrangement.enumeration.sources.Source`.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from itertools import chain
from math import comb, inf
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from arrangement.bounds import zaslavsky
from arrangement.enumeration.checkpoints import Checkpoint
from arrangement.enumeration.intervals import Interval
from arrangement.enumeration.shared_memory import Place, Room, put
from arrangement.enumeration.sources import Kept, Source
from arrangement.enumeration.sweep import (
    BLOCK,
    SETTLING,
    SpecialPosition,
    Sweep,
    TooDegenerate,
)
from arrangement.errors import ArrangementError, SolverError
from arrangement.exact.packing import Words, word_count

__all__ = [
    "MANY",
    "alone",
    "portions",
    "prepared",
    "spread",
    "start_worker",
    "sweep_words",
]

Integers = NDArray[np.object_]
Show = Callable[[int, int], None]

TASK = 2**19
"""Subsets of hyperplanes in one task: some tenths of a second."""

BATCH = 16
"""Tasks handed to an executor before the first of them is done."""

MANY = 2**7
"""The same where what they find is small."""

ATTEMPTS = 3
"""How many batches may fail with no success between."""


def portions(
    source: Source,
    show: Show,
    executor: Executor | None = None,
    checkpoint: Kept | None = None,
    patience: float = inf,
    task: int = TASK,
    room: Room | None = None,
    into: Gathered | None = None,
    ahead: int = BATCH,
) -> Iterator[tuple[Interval, Words]]:
    """The sign vectors of a source, in blocks, each with the interval that it is of.

    Parameters
    ----------
    source : Source
    show : callable
        Called with (units done, units in all).
    executor : concurrent.futures.Executor, optional
        Where the tasks run. One that broke because a worker died is replaced if it is a
        `ProcessPoolExecutor`; tasks that fail are tried again.
    checkpoint : Kept, optional
        Blocks found there are taken from there, and new ones are put there.
    patience : float
        How many vertices may need exact arithmetic, besides one in a few thousand.
    task : int
        The size of a task.
    room : Room, optional
        Where workers of an executor may put what they find.
    into : Gathered, optional
        To what is found without one it is added; blocks are valid until the next.
    ahead : int
        Tasks handed to the executor before the first of them is done: no more workers are busy.

    Yields
    ------
    (Interval, ndarray of uint64)
        In no particular order with an executor; sorted by interval the blocks are the same
        however the work was divided.

    Raises
    ------
    SpecialPosition
        If the coordinates of a sweep are of no use: nothing yielded so far counts.
    TooDegenerate
        If patience runs out, on an executor that with one task.
    """
    if checkpoint is not None:
        checkpoint.enter(source)
    whole = source.intervals()
    total = sum(map(len, whole))
    done = 0
    known: list[Interval] = []
    gaps: list[Interval] = []
    for interval in whole:
        at = interval.start
        for part in [] if checkpoint is None else checkpoint.intervals(interval):
            gaps.append(Interval(interval.level, at, part.start))
            known.append(part)
            at = part.stop
        gaps.append(Interval(interval.level, at, interval.stop))
    if checkpoint is not None:
        for part in known:
            done += len(part)
            yield part, checkpoint.read(part)
    show(done, total)
    if executor is None:
        tasks = (piece for gap in gaps for piece in source.pieces(gap, task))
        found = alone(source, tasks, patience, into)
    else:
        gaps.sort(key=len)
        # The small ones soon try patience.
        few = task // 4 if patience < inf else 0
        small, large = ([g for g in gaps if s == (len(g) <= few)] for s in (True, False))
        # So that no large task is left for the end.
        tasks = (piece for gap in large[::-1] for piece in source.pieces(gap, task))
        found = chain(
            alone(source, filter(len, small), patience),
            _spread(source, tasks, executor, task, room, patience, ahead),
        )
    for part, words in found:
        if checkpoint is not None:
            checkpoint.write(part, words)
        done += len(part)
        show(done, total)
        yield part, words


def sweep_words(
    rows: Integers,
    show: Show,
    draw: int = 0,
    executor: Executor | None = None,
    checkpoint: Checkpoint | None = None,
    patience: float = inf,
    kind: type[Sweep] = Sweep,
) -> Words:
    """The cells of all lines of a sweep, in the order of the lines.

    Parameters
    ----------
    rows : ndarray of Python ints, shape (n, d + 1)
        Pairwise different hyperplanes of rank d ≥ 1.
    draw : int
        Which random coordinates; a checkpoint has its own.
    show, executor, checkpoint, patience
        See :func:`portions`.
    kind : type
        Of the whole space, or of what is finite alone.
    """
    n, d = len(rows), rows.shape[1] - 1
    swept = kind(rows, draw if checkpoint is None else checkpoint.draw)
    size = zaslavsky(n, d) if kind is Sweep else comb(n, d)
    if executor is None and checkpoint is None:
        into = Gathered(size, word_count(n))
        for _ in portions(swept, show, patience=patience, into=into):
            pass
        return into.taken()
    with contextlib.ExitStack() as held:
        room = None
        if executor is not None:
            with contextlib.suppress(OSError, ValueError, OverflowError):
                room = held.enter_context(Room(size, word_count(n)))
        found = portions(swept, show, executor, checkpoint, patience, room=room)
        ordered = sorted(found, key=lambda item: item[0])
        if room is not None and all(len(part) == len(words) for part, words in ordered):
            return room.filled([words for _, words in ordered])
    return np.concatenate([words for _, words in ordered])


class Gathered:
    """Sign vectors one after another in one array; memory not written to is never taken.

    Parameters
    ----------
    size : int
        How many are expected.
    n_words : int
        64-bit words in each.
    """

    def __init__(self, size: int, n_words: int) -> None:
        self._all = np.empty((min(size, 2**30 // max(1, n_words)), n_words), dtype=np.uint64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, words: Words) -> None:
        """Copy some to the end."""
        count = self._count + len(words)
        if count > len(self._all):
            self._all.resize((2 * count, self._all.shape[1]), refcheck=False)
        self._all[self._count : count] = words
        self._count = count

    def words(self, start: int = 0) -> Words:
        """All from a certain one on, until more are added."""
        return self._all[start : self._count]

    def taken(self) -> Words:
        """All, after the last was added; the memory that is left is given back."""
        self._all.resize((self._count, self._all.shape[1]), refcheck=False)
        return self._all


def alone(
    source: Source, tasks: Iterable[Interval], patience: float, into: Gathered | None = None
) -> Iterator[tuple[Interval, Words]]:
    """Run tasks one after another in this process.

    Raises
    ------
    SpecialPosition, TooDegenerate
        See :func:`portions`.
    """
    found = 0
    for task in tasks:
        size = min(len(task), TASK // 4) + BLOCK
        blocks = Gathered(size, source.n_words) if into is None else into
        start = len(blocks)
        rest: Interval | None = task
        while rest is not None:
            _, rest = _run(source, rest, TASK // 4, blocks)
            if source.settled > patience + (found + len(blocks) - start) / SETTLING:
                raise TooDegenerate
        found += len(blocks) - start
        yield task, blocks.words(start)


def _run(
    source: Source, interval: Interval, budget: int, into: Gathered | None = None
) -> tuple[Words, Interval | None]:
    """The cells of an interval, and what the budget did not reach."""
    if into is None:
        into = Gathered(min(len(interval), budget) + BLOCK, source.n_words)
    start = len(into)
    steps = source.blocks(interval, budget)
    while True:
        try:
            into.add(next(steps))
        except StopIteration as end:
            return into.words(start), end.value


def _run_into(
    place: Place, source: Source, interval: Interval, budget: int
) -> tuple[int, Interval | None] | None:
    """As :func:`_run`, but the cells are put in a place, and only their number is returned;
    None if that is out of reach, or has too little room for the lines that were reached."""
    count = 0
    steps = source.blocks(interval, budget)
    while True:
        try:
            block = next(steps)
        except StopIteration as end:
            reached = interval.stop if end.value is None else end.value.start
            return (count, end.value) if count <= reached - interval.start else None
        if count + len(block) > len(interval) or not put(block, place, count):
            return None
        count += len(block)


def _spread(
    source: Source,
    tasks: Iterator[Interval],
    executor: Executor,
    size: int,
    room: Room | None,
    patience: float,
    ahead: int,
) -> Iterator[tuple[Interval, Words]]:
    """Run tasks on an executor; what they leave undone is cut and queued."""
    given = pickle.dumps(source)
    again: deque[Interval] = deque()

    def submit(executor: Executor, task: Interval) -> Future[Any]:
        place = None if room is None else room.place(source.position(task))
        return executor.submit(_work, given, task, 4 * size, place, patience)

    def taken(task: Interval, result: Any) -> tuple[Interval, Words]:
        words, rest = result
        if rest is not None:
            again.extend(source.pieces(rest, size))
            task = Interval(task.level, task.start, rest.start)
        if isinstance(words, int):
            assert room is not None
            words = room.words(source.position(task), words)
        return task, words

    def following() -> Interval | None:
        return again.popleft() if again else next(tasks, None)

    return spread(executor, following, submit, taken, ahead)


Task = TypeVar("Task")
Item = TypeVar("Item")


def spread(
    executor: Executor,
    following: Callable[[], Task | None],
    submit: Callable[[Executor, Task], Future[Any]],
    taken: Callable[[Task, Any], Item],
    ahead: int = BATCH,
) -> Iterator[Item]:
    """Run tasks on an executor, a batch at a time.

    A task that fails is tried again after the others: its worker may have died, or what it
    sent was lost. Failures with no success between them end the run.

    Parameters
    ----------
    executor : concurrent.futures.Executor
        One that broke because a worker died is replaced if it is a `ProcessPoolExecutor`.
    following : callable
        The next task, or None as long as there is none.
    submit : callable
        Gives a task to an executor.
    taken : callable
        What a task and its result make together; more tasks may follow from it.
    ahead : int
        Tasks in a batch.
    """
    again: deque[Task] = deque()
    running: dict[Future[Any], Task] = {}
    own: Executor | None = None
    failures = 0

    def failed(error: Exception) -> None:
        nonlocal failures
        failures += 1
        if failures >= ATTEMPTS * ahead:
            raise SolverError(
                f"{failures} tasks failed with no success between them; the last one: "
                f"{type(error).__name__}: {error}"
            ) from error

    try:
        while True:
            while len(running) < ahead:
                task = again.popleft() if again else following()
                if task is None:
                    break
                try:
                    future = submit(executor, task)
                except BrokenExecutor as error:
                    again.append(task)
                    failed(error)
                    if not isinstance(executor, ProcessPoolExecutor):
                        raise SolverError(f"the executor is broken: {error}") from error
                    own = executor = _like(executor)
                    continue
                running[future] = task
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task = running.pop(future)
                try:
                    result = future.result()
                except (ArrangementError, SpecialPosition, TooDegenerate, MemoryError):
                    raise
                except Exception as error:  # whatever an executor says when a worker dies
                    again.append(task)
                    failed(error)
                    continue
                failures = 0
                yield taken(task, result)
    finally:
        for future in running:
            future.cancel()
        if own is not None:
            own.shutdown(wait=False, cancel_futures=True)


def _like(executor: ProcessPoolExecutor) -> ProcessPoolExecutor:
    """A new pool of as many workers that begin alike."""
    old: Any = executor
    return ProcessPoolExecutor(
        old._max_workers,
        mp_context=old._mp_context,
        initializer=old._initializer,
        initargs=old._initargs,
        max_tasks_per_child=old._max_tasks_per_child,
    )


def start_worker() -> None:
    """What a process does first that is here for tasks only: it leaves interrupts to its
    parent, and ends when that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    known = multiprocessing.parent_process()  # os.getppid() is another if it is gone already
    parent = os.getppid() if known is None else known.pid

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _work(
    given: bytes, task: Interval, budget: int, place: Place | None, patience: float = inf
) -> tuple[Words | int, Interval | None]:
    """One task in a worker: its cells, or how many were put in their place, and what its budget
    did not reach. A TooDegenerate if patience runs out with it."""
    source: Source = prepared(given)
    before = source.settled
    done = None if place is None else _run_into(place, source, task, budget)
    words, rest = done or _run(source, task, budget)
    found = words if isinstance(words, int) else len(words)
    if source.settled - before > patience + found / SETTLING:
        raise TooDegenerate
    return words, rest


_LAST = threading.local()


def prepared(given: bytes) -> Any:
    """What was pickled, kept for the next task; each thread has its own."""
    key, last = getattr(_LAST, "source", (None, None))
    if last is None or key != given:
        last = pickle.loads(given)
        _LAST.source = given, last
    return last
