"""The search of a network in parts: on executors, and kept on disk as they are done."""

from __future__ import annotations

import hashlib
import heapq
import os
import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from arrangement.enumeration.checkpoints import CheckpointDirectory
from arrangement.enumeration.tasks import prepared, spread
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_table
from arrangement.files import archives
from arrangement.files.archives import Column, storable
from arrangement.networks.formats.readers import to_arrays
from arrangement.networks.regions.inequalities import Choices
from arrangement.networks.regions.region_search import Batch, PatternSearch

__all__ = ["Part", "RegionCheckpoint", "parts"]

Key = tuple[int, ...]

KIND = "some regions"

COLUMNS = {
    "choices": Column("int32", ("k", "n"), 0, "pieces"),
    "points": Column("float64", ("k", "d")),
    "places": Column("int64", ("w",), 0, "k"),
    "lengths": Column("int64", ("r",), 1),
    "left": Column("int32", ("t",), 0, "pieces"),
}

APART = 4
"""Of the lists of pieces that a part leaves, so many have a part of their own each."""


class Part(NamedTuple):
    """Regions that were found together; sorted by key they are in the order of the search."""

    key: Key
    batch: Batch


class _Task(NamedTuple):
    key: Key
    prefixes: list[Choices]


def parts(
    search: PatternSearch,
    executor: Executor | None = None,
    checkpoint: RegionCheckpoint | None = None,
) -> Iterator[Part]:
    """All regions of a network, in parts that take about as long as each other.

    A part is some of the regions that begin with given pieces of the first neurons, and the
    lists of pieces with which all others of them begin, which make more parts: so what a
    worker holds does not grow, and it does not matter where in the network regions are many.

    Parameters
    ----------
    search : PatternSearch
    executor : concurrent.futures.Executor, optional
        Where parts are searched; see :func:`~arrangement.enumeration.tasks.spread`.
    checkpoint : RegionCheckpoint, optional
        Parts found there are taken from there, and new ones are put there.

    Yields
    ------
    Part
        In the order of the search, or with an executor nearly.
    """
    tasks = [_Task((), [()])]

    def divided(task: _Task, left: Sequence[Choices]) -> None:
        # The last ones are the shallowest, and hold most.
        cut = max(0, len(left) - APART)
        groups = [list(left[:cut]), *([one] for one in left[cut:])]
        for i, group in enumerate(groups):
            if group:
                heapq.heappush(tasks, _Task((*task.key, i), group))

    if checkpoint is not None:
        open_: list[_Task] = []
        while tasks:
            task = heapq.heappop(tasks)
            known = checkpoint.read(task.prefixes)
            if known is None:
                open_.append(task)
                continue
            batch, left = known
            divided(task, left)
            yield Part(task.key, batch)
        tasks = open_
        heapq.heapify(tasks)

    def taken(task: _Task, result: tuple[Batch, list[Choices]]) -> Part:
        batch, left = result
        if checkpoint is not None:
            checkpoint.write(task.prefixes, batch, left)
        divided(task, left)
        return Part(task.key, batch)

    if executor is None:
        while tasks:
            task = heapq.heappop(tasks)
            yield taken(task, search.part(task.prefixes))
        return
    given = pickle.dumps(search)
    yield from spread(
        executor,
        lambda: heapq.heappop(tasks) if tasks else None,
        lambda executor, task: executor.submit(_search, given, task.prefixes),
        taken,
    )


def _search(given: bytes, prefixes: list[Choices]) -> tuple[Batch, list[Choices]]:
    search: PatternSearch = prepared(given)
    return search.part(prefixes)


class RegionCheckpoint(CheckpointDirectory):
    """Finished parts of the search of one network's regions, in a directory.

    The name of a file has a hash of the lists of pieces with which its regions begin. It has
    some of these regions, and the lists with which the others begin, so that any file is of
    use with whatever others there are. A damaged one is done again.

    Parameters
    ----------
    directory : path-like
        Made if it does not exist.
    search : PatternSearch

    Raises
    ------
    InputError
        If the directory belongs to another network or domain, or is a file.
    """

    problem = "network"

    def __init__(self, directory: str | os.PathLike[str], search: PatternSearch) -> None:
        layers, walls = search.given
        self._sizes = {"n": sum(layers.hidden_widths), "d": layers.input_dimension}
        self._sizes["pieces"] = max(2, layers.pieces)
        given = {**to_arrays(layers.network), "domain": storable(walls)}
        super().__init__(directory, str(archives.sealed("network", given)["checksum"]))

    def _path(self, prefixes: Sequence[Choices]) -> Path:
        name = hashlib.sha256(repr(prefixes).encode()).hexdigest()
        return self.directory / f"regions-{name[:32]}.npz"

    def write(self, prefixes: Sequence[Choices], batch: Batch, left: Sequence[Choices]) -> None:
        """Keep some regions of a part, and where the others are."""
        witnesses = np.array(list(batch.witnesses.values()), dtype=object)
        archives.write(self._path(prefixes), KIND, {
            "choices": batch.choices,
            "points": batch.points,
            "places": np.array(list(batch.witnesses), dtype=np.int64),
            "witnesses": storable(witnesses.reshape(-1, self._sizes["d"])),
            "lengths": np.array(list(map(len, left)), dtype=np.int64),
            "left": np.array([p for prefix in left for p in prefix], dtype=np.int32),
        })  # fmt: skip

    def read(self, prefixes: Sequence[Choices]) -> tuple[Batch, list[Choices]] | None:
        """What is kept of a part; None if there is nothing, or it is damaged."""
        path = self._path(prefixes)
        if not path.exists():
            return None
        try:
            arrays = archives.read(path, KIND)
            columns = archives.described(arrays, COLUMNS, self._sizes)
            exactly = exact_table(arrays["witnesses"], "witnesses", "row", 2)
            if len(exactly) != len(columns["places"]) or columns["lengths"].sum() != len(
                columns["left"]
            ):
                return None
        except InputError:
            return None
        rows = ([Fraction(v) for v in row] for row in exactly.tolist())
        witnesses = dict(zip(columns["places"].tolist(), map(tuple, rows), strict=True))
        ends = np.cumsum(columns["lengths"])[:-1]
        left = [tuple(one.tolist()) for one in np.split(columns["left"], ends)]
        some = left if len(columns["lengths"]) else []
        return Batch(columns["choices"], columns["points"], witnesses), some
