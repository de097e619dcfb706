"""What was counted, task by task, in files of text that a reader can check.

A directory holds `count.json`, which says what is counted, and a file of counts for each run: a
line for each task that is done, with a digest of itself. Several runs may share a directory. A
line that is cut short, or damaged, is a task that is done again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import suppress
from itertools import count
from pathlib import Path

import numpy as np

from arrangement.enumeration.checkpoints import checkpoint_directory
from arrangement.enumeration.intervals import Interval
from arrangement.errors import InputError
from arrangement.exact.packing import Words
from arrangement.files.output import atomic_output
from arrangement.files.reading import read_bytes
from arrangement.symmetry.chamber_count import ChamberCounts

__all__ = ["CountLog"]

MANIFEST = "count.json"
COLUMNS = "task walls orthant first last start stop cells digest"

MOST_BYTES = 2**30
"""Of a file of counts; a line has some fifty bytes."""

_NAME = re.compile(r"counts-\d+\.txt")
_LINE = re.compile(r"([0-9]{1,20}) .* ([0-9]{1,20}) [0-9a-f]{16}")


class CountLog:
    """The counts of tasks in a directory: a checkpoint.

    Parameters
    ----------
    directory : path-like
        Made if it does not exist.
    counts : ChamberCounts
        Where the tasks come from.

    Attributes
    ----------
    found : dict of int to int
        The cells of each task that is done.

    Raises
    ------
    InputError
        If the directory holds something else, or two lines differ about a task.
    """

    def __init__(self, directory: str | os.PathLike[str], counts: ChamberCounts) -> None:
        self.directory = checkpoint_directory(directory)
        self.counts = counts
        self._file: Path | None = None
        facts = {"key": counts.key, "order": str(counts.order), "tasks": len(counts.tasks)}
        self.directory.mkdir(parents=True, exist_ok=True)
        manifest = self.directory / MANIFEST
        if not manifest.exists():
            if any(not path.name.startswith(".") for path in self.directory.iterdir()):
                raise InputError(f"{directory}: not empty, and no directory of counts")
            # Unless another run was quicker: then the directory is that one's.
            with suppress(FileExistsError), atomic_output(manifest, "w", False) as stream:
                json.dump(facts, stream, indent=1)
        try:
            known = json.loads(read_bytes(str(manifest), max_bytes=2**20))
        except (ValueError, RecursionError):
            raise InputError(f"{manifest}: damaged; remove the directory") from None
        if known != facts:
            raise InputError(
                f"{directory}: holds counts of another arrangement, group, or division into "
                "tasks; give another directory or remove this one"
            )
        self.found: dict[int, int] = {}
        for path in sorted(self.directory.iterdir()):
            if _NAME.fullmatch(path.name):
                self._read(path)

    def _read(self, path: Path) -> None:
        text = read_bytes(str(path), max_bytes=MOST_BYTES).decode("ascii", errors="replace")
        for number, line in enumerate(text.split("\n"), 1):
            match = _LINE.fullmatch(line)
            if match is None:
                continue
            task, cells = map(int, match.groups())
            if task >= len(self.counts.tasks) or line != self._line(task, cells):
                continue
            if self.found.setdefault(task, cells) != cells:
                raise InputError(
                    f"{path}, line {number}: {cells} cells in task {task}, which has "
                    f"{self.found[task]} in another line; remove the wrong one"
                )

    def _line(self, task: int, cells: int) -> str:
        """A task that is done, described."""
        face, *rest = self.counts.tasks[task].tolist()
        walls = ",".join(map(str, self.counts.faces[face].walls)) or "-"
        text = " ".join(map(str, [task, walls, *rest, cells]))
        digest = hashlib.sha256(f"{self.counts.key} {text}".encode()).hexdigest()
        return f"{text} {digest[:16]}"

    def enter(self, source: object) -> None:
        """The tasks are those that this is a log of."""
        assert source is self.counts

    def intervals(self, whole: Interval) -> list[Interval]:
        """The tasks that are done."""
        return [Interval(whole.level, i, i + 1) for i in sorted(self.found)]

    def read(self, part: Interval) -> Words:
        """The number of cells of a task that is done."""
        return np.array([[self.found[part.start]]], dtype=np.uint64)

    def write(self, part: Interval, words: Words) -> None:
        """Keep the number of cells of a task."""
        if self._file is None:
            self._file = self._new_file()
        cells = int(words[0, 0])
        self.found[part.start] = cells
        with self._file.open("a", encoding="ascii") as stream:
            stream.write(self._line(part.start, cells) + "\n")

    def _new_file(self) -> Path:
        for k in count(1):
            path = self.directory / f"counts-{k}.txt"
            with suppress(FileExistsError), path.open("x", encoding="ascii") as stream:
                stream.write(COLUMNS + "\n")
                return path
        raise AssertionError("there is always another name")
