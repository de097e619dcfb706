"""Tasks of a sweep: one after another, on executors, and kept on disk as they are done."""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import pickle
import re
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
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.bounds import zaslavsky
from arrangement.errors import ArrangementError, InputError, SolverError
from arrangement.files import file_name, read_arrays, read_bytes
from arrangement.output import atomic_output
from arrangement.packing import Words, check_words, word_count
from arrangement.sharing import Place, Room, put
from arrangement.sweep import (
    BLOCK,
    SETTLING,
    Interval,
    SpecialPosition,
    Sweep,
    TooDegenerate,
)

__all__ = [
    "Checkpoint",
    "alone",
    "checkpoint_directory",
    "start_worker",
    "sweep_blocks",
    "sweep_words",
]

Integers = NDArray[np.object_]
Show = Callable[[int, int], None]

TASK = 2**19
"""Subsets of hyperplanes in one task: some tenths of a second."""

BATCH = 16
"""Tasks handed to an executor before the first of them is done."""

_MANIFEST = 2**20
"""Bytes that a checkpoint's manifest may take, many times what is written."""

ATTEMPTS = 3
"""How many batches may fail with no success between."""


def sweep_blocks(
    rows: Integers,
    show: Show,
    draw: int = 0,
    executor: Executor | None = None,
    checkpoint: Checkpoint | None = None,
    patience: float = inf,
    task: int = TASK,
    room: Room | None = None,
) -> Iterator[tuple[Interval, Words]]:
    """The cells of all lines of a sweep, in blocks, each with the lines that it comes from.

    Parameters
    ----------
    rows : ndarray of Python ints, shape (n, d + 1)
        Pairwise different hyperplanes of rank d ≥ 1.
    show : callable
        Called with (subsets visited, subsets in all).
    draw : int
        Which random coordinates; a checkpoint has its own.
    executor : concurrent.futures.Executor, optional
        Where the tasks run. One that broke because a worker died is replaced if it is a
        `ProcessPoolExecutor`; tasks that fail are tried again.
    checkpoint : Checkpoint, optional
        Blocks found there are taken from there, and new ones are put there.
    patience : float
        How many vertices may need exact arithmetic, besides one in a few thousand.
    task : int
        Subsets of hyperplanes in one task.
    room : Room, optional
        Where workers of an executor may put what they find.

    Yields
    ------
    (Interval, ndarray of uint64)
        In no particular order with an executor; sorted by interval the blocks are the same
        however the work was divided.

    Raises
    ------
    SpecialPosition
        If the coordinates of the sweep are of no use: nothing yielded so far counts.
    TooDegenerate
        If patience runs out; without an executor only.
    """
    sweep = Sweep(rows, draw if checkpoint is None else checkpoint.draw)
    if checkpoint is not None:
        checkpoint.enter(sweep)
    whole = sweep.intervals()
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
        tasks = (piece for gap in gaps for piece in gap.pieces(task, sweep.n))
        found = alone(sweep, tasks, patience)
    else:
        gaps.sort(key=len, reverse=True)  # so that no large task is left for the end
        tasks = (piece for gap in gaps for piece in gap.pieces(task, sweep.n))
        found = _spread(sweep, tasks, executor, task, room)
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
) -> Words:
    """The cells of all lines, in the order of the lines; see :func:`sweep_blocks`."""
    size = zaslavsky(len(rows), rows.shape[1] - 1)
    if executor is None and checkpoint is None:
        return _gathered(sweep_blocks(rows, show, draw, patience=patience), size)
    with contextlib.ExitStack() as held:
        room = None
        if executor is not None:
            with contextlib.suppress(OSError, ValueError, OverflowError):
                room = held.enter_context(Room(size, word_count(len(rows))))
        found = sweep_blocks(rows, show, draw, executor, checkpoint, patience, room=room)
        portions = sorted(found, key=lambda item: item[0])
        if room is not None and all(len(part) == len(words) for part, words in portions):
            return room.filled([words for _, words in portions])
    return np.concatenate([words for _, words in portions])


def _gathered(portions: Iterator[tuple[Interval, Words]], size: int) -> Words:
    """Portions that come in order, in one array; memory not written to is never taken."""
    result = np.empty((0, 0), dtype=np.uint64)
    count = 0
    for _, words in portions:
        if count == 0:
            size = min(size, 2**30 // words.shape[1])
            result = np.empty((size, words.shape[1]), dtype=np.uint64)
        if count + len(words) > len(result):
            result.resize((2 * len(result) + len(words), words.shape[1]), refcheck=False)
        result[count : count + len(words)] = words
        count += len(words)
    result.resize((count, result.shape[1]), refcheck=False)
    return result


def alone(
    sweep: Sweep, tasks: Iterable[Interval], patience: float
) -> Iterator[tuple[Interval, Words]]:
    """Run tasks one after another in this process.

    Raises
    ------
    SpecialPosition, TooDegenerate
        See :func:`sweep_blocks`.
    """
    found = 0
    for task in tasks:
        portions: list[Words] = []
        rest: Interval | None = task
        while rest is not None:
            words, rest = _run(sweep, rest, TASK // 4)
            portions.append(words)
            found += len(words)
            if sweep.settled > patience + found / SETTLING:
                raise TooDegenerate
        yield task, np.concatenate(portions) if len(portions) > 1 else portions[0]


def _run(sweep: Sweep, interval: Interval, budget: int) -> tuple[Words, Interval | None]:
    """The cells of an interval, and the lines that the budget did not reach."""
    words = np.empty((min(len(interval), budget) + BLOCK, sweep.n_words), dtype=np.uint64)
    count = 0
    steps = sweep.blocks(interval, budget)
    while True:
        try:
            block = next(steps)
        except StopIteration as end:
            return words[:count], end.value
        if count + len(block) > len(words):
            words.resize((2 * count + len(block), sweep.n_words), refcheck=False)
        words[count : count + len(block)] = block
        count += len(block)


def _run_into(
    place: Place, sweep: Sweep, interval: Interval, budget: int
) -> tuple[int, Interval | None] | None:
    """As :func:`_run`, but the cells are put in a place, and only their number is returned;
    None if that is out of reach, or has too little room for the lines that were reached."""
    count = 0
    steps = sweep.blocks(interval, budget)
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
    sweep: Sweep, tasks: Iterator[Interval], executor: Executor, size: int, room: Room | None
) -> Iterator[tuple[Interval, Words]]:
    """Run tasks on an executor, a batch at a time; what they leave undone is cut and queued.

    A task that fails is tried again after the others: its worker may have died, or what it
    sent was lost. Failures with no success between them end the run.
    """
    given = pickle.dumps((sweep.given, sweep.change))
    again: deque[Interval] = deque()
    running: dict[Future[Any], Interval] = {}
    own: Executor | None = None
    failures = 0

    def failed(error: Exception) -> None:
        nonlocal failures
        failures += 1
        if failures >= ATTEMPTS * BATCH:
            raise SolverError(
                f"{failures} tasks failed with no success between them; the last one: "
                f"{type(error).__name__}: {error}"
            ) from error

    try:
        while True:
            while len(running) < BATCH:
                task = again.popleft() if again else next(tasks, None)
                if task is None:
                    break
                place = None if room is None else room.place(sweep.position(task))
                try:
                    future = executor.submit(_work, given, task, 4 * size, place)
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
                    words, rest = future.result()
                except (ArrangementError, SpecialPosition, MemoryError):
                    raise
                except Exception as error:  # whatever an executor says when a worker dies
                    again.append(task)
                    failed(error)
                    continue
                failures = 0
                if rest is not None:
                    again.extend(rest.pieces(size, sweep.n))
                    task = Interval(task.level, task.start, rest.start)
                if isinstance(words, int):
                    assert room is not None
                    words = room.words(sweep.position(task), words)
                yield task, words
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
    given: bytes, task: Interval, budget: int, place: Place | None
) -> tuple[Words | int, Interval | None]:
    """One task in a worker: its cells, or how many were put in their place, and the lines that
    its budget did not reach."""
    sweep = _prepared(given)
    done = None if place is None else _run_into(place, sweep, task, budget)
    return done or _run(sweep, task, budget)


_LAST = threading.local()


def _prepared(given: bytes) -> Sweep:
    """The sweep of some rows, kept for the next task; each thread has its own.

    The coordinates are given, not drawn: another release of numpy may draw others.
    """
    key, last = getattr(_LAST, "sweep", (None, None))
    if last is None or key != given:
        last = Sweep(*pickle.loads(given))
        _LAST.sweep = given, last
    return last


def checkpoint_directory(directory: str | os.PathLike[str]) -> Path:
    """The directory of a checkpoint, which need not be there yet; an InputError for a file."""
    path = Path(file_name(directory))
    existing = next(p for p in (path, *path.absolute().parents) if p.exists())
    if not existing.is_dir():
        raise InputError(f"{directory}: not a directory for checkpoints")
    return path


class Checkpoint:
    """Finished blocks of one sweep in a directory, each a file that is whole or absent.

    Hidden files are what a killed run was writing; they are left alone. The name of a block
    has a hash of the rows and the coordinates drawn, and one of these and its content: a block
    of other coordinates is left alone, a damaged one is done again. Several runs may share the
    directory: of blocks that overlap only some are taken, so that every line counts once.

    Parameters
    ----------
    directory : path-like
        Made if it does not exist.
    rows : ndarray of Python ints
        The rows swept; a directory that holds blocks of others is refused.

    Raises
    ------
    InputError
        If the directory belongs to another arrangement, or is a file.
    """

    _NAME = re.compile(r"lines-(\d+)-(\d+)-(\d+)-([0-9a-f]{16})-([0-9a-f]{16})\.npy")

    def __init__(self, directory: str | os.PathLike[str], rows: Integers) -> None:
        self.directory = checkpoint_directory(directory)
        self._manifest = self.directory / "sweep.json"
        self._rows, self._key, self.draw = _hash(rows), "", 0
        self._n = len(rows)
        self._blocks: dict[Interval, Path] = {}
        self.directory.mkdir(parents=True, exist_ok=True)
        if not self._manifest.exists():
            names = {path.name for path in self.directory.iterdir()} - {self._manifest.name}
            if any(not name.startswith(".") for name in names):
                raise InputError(f"{directory}: not empty, and no directory of checkpoints")
            # Unless another run was quicker: then the directory is that one's.
            with contextlib.suppress(FileExistsError):
                self._write_manifest(replace=False)
        content = read_bytes(str(self._manifest), max_bytes=_MANIFEST)
        try:
            facts = json.loads(content)
            key, self.draw = facts["arrangement"], facts["draw"]
            sound = type(self.draw) is int and 0 <= self.draw < 2**32
        except (ValueError, KeyError, TypeError, RecursionError):
            sound = False
        if not sound:
            raise InputError(f"{self._manifest}: damaged; remove the directory")
        if key != self._rows:
            raise InputError(
                f"{directory}: holds checkpoints of another arrangement; "
                "give another directory or remove this one"
            )

    def _write_manifest(self, replace: bool) -> None:
        with atomic_output(self._manifest, "w", replace) as stream:
            json.dump({"arrangement": self._rows, "draw": self.draw}, stream)

    def enter(self, sweep: Sweep) -> None:
        """The blocks are those of this sweep from now on."""
        self._key = _hash(sweep.rows)[:16]

    def intervals(self, whole: Interval) -> list[Interval]:
        """Intervals of a level that are done, in order and apart from each other."""
        self._blocks = {k: v for k, v in self._blocks.items() if k.level != whole.level}
        found = []
        for path in self.directory.iterdir():
            match = self._NAME.fullmatch(path.name)
            if match is None or match[4] != self._key:
                continue
            if not path.is_file():
                raise InputError(f"{path}: not a file of finished lines; remove it")
            part = Interval(*map(int, match.groups()[:3]))
            if part.level == whole.level and part.stop <= whole.stop:
                with contextlib.suppress(InputError):
                    self._checked(part, path)
                    found.append((part, path))
        apart: list[Interval] = []
        for part, path in sorted(found):
            if part.start >= (apart[-1].stop if apart else whole.start):
                apart.append(part)
                self._blocks[part] = path
        return apart

    def read(self, part: Interval) -> Words:
        """The cells of an interval that is done."""
        return self._checked(part, self._blocks[part])

    def _checked(self, part: Interval, path: Path) -> Words:
        """The words of a block, or an InputError if it does not hold what its name promises."""
        words = read_arrays(path)
        if not isinstance(words, np.ndarray) or self._name(part, words) != path.name:
            raise InputError(f"{path}: damaged; remove it")
        check_words(words, self._n)
        return words

    def _name(self, part: Interval, words: Words) -> str:
        lines = f"lines-{part.level}-{part.start}-{part.stop}-{self._key}"
        digest = hashlib.sha256(f"{lines} {words.dtype.str} {words.shape}".encode())
        digest.update(np.ascontiguousarray(words).tobytes())
        return f"{lines}-{digest.hexdigest()[:16]}.npy"

    def write(self, part: Interval, words: Words) -> None:
        """Keep the cells of an interval."""
        with atomic_output(self.directory / self._name(part, words)) as stream:
            np.save(stream, words)

    def redraw(self) -> None:
        """Forget the blocks of these coordinates and begin again in others."""
        for path in self.directory.iterdir():
            match = self._NAME.fullmatch(path.name)
            if match is not None and match[4] == self._key:
                path.unlink(missing_ok=True)
        self.draw += 1
        self._write_manifest(replace=True)


def _hash(rows: Integers) -> str:
    """SHA-256 of integers, which may have any number of digits."""
    text = ";".join(",".join(f"{int(v):x}" for v in row) for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()
