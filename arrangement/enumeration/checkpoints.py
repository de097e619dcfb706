"""Finished tasks of an arrangement, kept on disk."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.enumeration.intervals import Interval
from arrangement.enumeration.sources import Source
from arrangement.errors import InputError
from arrangement.exact.fields import FieldElement
from arrangement.exact.packing import Words, check_words
from arrangement.files.output import atomic_output
from arrangement.files.reading import file_name, read_arrays, read_bytes

__all__ = ["Checkpoint", "CheckpointDirectory", "checkpoint_directory", "digest"]

Integers = NDArray[np.object_]

_MANIFEST = 2**20
"""Bytes that a checkpoint's manifest may take, many times what is written."""


def checkpoint_directory(directory: str | os.PathLike[str]) -> Path:
    """The directory of a checkpoint, which need not be there yet; an InputError for a file."""
    path = Path(file_name(directory))
    existing = next(p for p in (path, *path.absolute().parents) if p.exists())
    if not existing.is_dir():
        raise InputError(f"{directory}: not a directory for checkpoints")
    return path


class CheckpointDirectory:
    """A directory of finished parts of one problem, each a file that is whole or absent.

    Hidden files are what a killed run was writing; they are left alone.

    Parameters
    ----------
    directory : path-like
        Made if it does not exist.
    given : str
        A hash of the problem; a directory that holds parts of another one is refused.

    Raises
    ------
    InputError
        If the directory belongs to another problem, or is a file.
    """

    problem = "arrangement"

    def __init__(self, directory: str | os.PathLike[str], given: str) -> None:
        self.directory = checkpoint_directory(directory)
        self._manifest = self.directory / "sweep.json"
        self._given, self.draw = given, 0
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
        if key != self._given:
            raise InputError(
                f"{directory}: holds checkpoints of another {self.problem} or domain; "
                "give another directory or remove this one"
            )

    def _write_manifest(self, replace: bool) -> None:
        with atomic_output(self._manifest, "w", replace) as stream:
            json.dump({"arrangement": self._given, "draw": self.draw}, stream)


class Checkpoint(CheckpointDirectory):
    """Finished blocks of one arrangement in a directory.

    The name of a block has a hash of its source, and one of this and its content: a block of
    another source (other coordinates of a sweep, or other parts) is left alone, a damaged one
    is done again. Several runs may share the directory: of blocks that overlap only some are
    taken, so that all that there is counts once.

    Parameters
    ----------
    directory : path-like
        Made if it does not exist.
    rows : ndarray of Python ints or field elements
        The hyperplanes; a directory that holds blocks of others is refused.
    walls : ndarray, optional
        The inequalities of the domain; a directory with another is refused.

    Raises
    ------
    InputError
        If the directory belongs to another arrangement or domain, or is a file.
    """

    _NAME = re.compile(
        r"(?:lines|parts|covers|flats)-(\d+)-(\d+)-(\d+)-([0-9a-f]{16})-([0-9a-f]{16})\.npy"
    )

    def __init__(
        self, directory: str | os.PathLike[str], rows: Integers, walls: Integers | None = None
    ) -> None:
        super().__init__(directory, digest(rows) if walls is None else digest(rows, walls))
        self._key, self._unit, self._n = "", "", 0
        self._blocks: dict[Interval, Path] = {}

    def enter(self, source: Source) -> None:
        """The blocks are those of this source from now on."""
        self._key = digest(*source.tables)[:16]
        self._unit, self._n = source.unit, source.n
        self._blocks = {}

    def intervals(self, whole: Interval) -> list[Interval]:
        """Intervals of a level that are done, in order and apart from each other."""
        self._blocks = {k: v for k, v in self._blocks.items() if k.level != whole.level}
        found = []
        for path in self.directory.iterdir():
            match = self._NAME.fullmatch(path.name)
            if match is None or match[4] != self._key:
                continue
            if not path.is_file():
                raise InputError(f"{path}: not a file of finished blocks; remove it")
            part = Interval(*map(int, match.groups()[:3]))
            if part.level == whole.level and part.stop <= whole.stop:
                with contextlib.suppress(InputError):
                    self._checked(part, path)
                    found.append((part, path))
        apart: list[Interval] = []
        for part, path in sorted(found):
            if part.start >= (apart[-1].stop if apart else whole.start):
                apart.append(part)
                self._blocks[Interval(part.level, part.start, part.stop)] = path
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
        name = f"{self._unit}-{part.level}-{part.start}-{part.stop}-{self._key}"
        digest = hashlib.sha256(f"{name} {words.dtype.str} {words.shape}".encode())
        digest.update(np.ascontiguousarray(words).tobytes())
        return f"{name}-{digest.hexdigest()[:16]}.npy"

    def write(self, part: Interval, words: Words) -> None:
        """Keep the cells of an interval."""
        path = self.directory / self._name(part, words)
        with atomic_output(path) as stream:
            np.save(stream, words)
        # A task may carry what it is done with: that is not kept.
        self._blocks[Interval(part.level, part.start, part.stop)] = path

    def tables(self) -> list[Callable[[], Words]]:
        """What is kept of the source, in order, as functions that open it."""
        paths = [path for _, path in sorted(self._blocks.items())]
        return [partial(np.load, path, mmap_mode="r") for path in paths]

    def clear(self) -> None:
        """Forget the blocks of this source."""
        for path in self.directory.iterdir():
            match = self._NAME.fullmatch(path.name)
            if match is not None and match[4] == self._key:
                path.unlink(missing_ok=True)
        self._blocks = {}

    def redraw(self) -> None:
        """Forget the blocks of these coordinates and begin again in others."""
        self.clear()
        self.draw += 1
        self._write_manifest(replace=True)


def digest(*tables: NDArray[Any]) -> str:
    """SHA-256 of tables of integers, which may have any number of digits, or field elements."""
    rows = (";".join(",".join(map(_text, row)) for row in table) for table in tables)
    return hashlib.sha256("|".join(rows).encode()).hexdigest()


def _text(value: Any) -> str:
    if isinstance(value, FieldElement):
        return f"{value.coefficients} {value.field.polynomial} {value.field.index}"
    return f"{int(value):x}"
