"""Cells on disk in blocks, written as they are found."""

from __future__ import annotations

import json
import os
import platform
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from arrangement.checks import choice
from arrangement.errors import InputError, MissingExtraError
from arrangement.exact.numbers import exact_text
from arrangement.files.archives import storable
from arrangement.files.output import atomic_output, undone
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.results.cell_classes import CellClasses
from arrangement.results.cells import Cells

__all__ = ["FORMATS", "check_directory", "write_blocks"]

FORMATS = ("npz", "parquet")

CLAIM = "claim.txt"


def check_directory(directory: str | os.PathLike[str], form: str = "npz") -> None:
    """Find out whether blocks can be written to a directory: it is empty or does not exist.

    Raises
    ------
    InputError
    MissingExtraError
        If the form is parquet and pyarrow is not installed.
    """
    from importlib.util import find_spec

    choice(form, FORMATS, "form")
    if form == "parquet" and find_spec("pyarrow") is None:
        raise MissingExtraError("parquet needs pyarrow: pip install 'arrangement[parquet]'")
    folder = Path(directory)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{directory}: not a directory")
    if folder.is_dir() and any(folder.iterdir()):
        raise _occupied(folder)


def _occupied(folder: Path) -> InputError:
    try:
        owner = (folder / CLAIM).read_text(errors="replace")[:200]
    except OSError:
        return InputError(f"{folder}: not empty; give a new directory for the blocks")
    return InputError(
        f"{folder}: taken by {owner}; give another directory, or remove this one if that run "
        "was killed"
    )


@contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    """Have an empty directory for this run alone; it is empty again if the run fails.

    The claim is a file that only one run can make, also on a network file system.
    """
    made, claim, mine = not folder.exists(), folder / CLAIM, False
    started = time.strftime("%Y-%m-%d %H:%M:%S")
    host, run = platform.node(), secrets.token_hex(4)
    text = f"process {os.getpid()} on {host} since {started} (run {run})"

    def empty() -> None:
        for path in folder.iterdir() if mine else ():
            if not _passing(path):
                path.unlink()
        if claim.exists() and claim.read_text() == text:
            claim.unlink()
        if made:
            with suppress(OSError):  # it is not there, or another run has it
                folder.rmdir()

    with undone(empty):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with atomic_output(claim, "w", replace=False) as stream:
                stream.write(text)
        except FileExistsError:
            raise _occupied(folder) from None
        # Another run may have been here and gone after this one looked.
        mine = all(_passing(path) for path in folder.iterdir())
        if not mine:
            raise InputError(f"{folder}: not empty; give a new directory for the blocks")
        yield
        claim.unlink()


def _passing(path: Path) -> bool:
    """Is this the claim, or what another run writes to claim the directory?"""
    return path.name == CLAIM or path.suffix == ".part"


def write_blocks(
    arrangement: Hyperplanes,
    portions: Iterable[Cells],
    directory: str | os.PathLike[str],
    form: str = "npz",
) -> int:
    """Write portions of cells to ``cells-000000.npz``, … (or ``.parquet``) in a directory.

    Each file is whole or absent; ``arrangement.json``, which says how many cells there are, is
    written last, so a directory with it is complete. Until then ``claim.txt`` says which run
    the directory belongs to. A run that fails leaves nothing.

    Parameters
    ----------
    arrangement : Arrangement
    portions : iterable of Cells
        From :meth:`Arrangement.iter_cells`; with a symmetry blocks hold classes, with what is
        known of their orbits, and ``arrangement.json`` says how many cells these have.
    directory : path-like
        Empty, or not there yet. InputError if another run writes there.
    form : {"npz", "parquet"}
        npz: :meth:`Cells.load` reads each file. parquet: columns ``word0``, …, of uint64, bit i
        of word i // 64 for hyperplane i; of classes ``orbit_size``, too.

    Returns
    -------
    int
        The number of cells, or of classes.

    Examples
    --------
    >>> import tempfile
    >>> from arrangement import families
    >>> from arrangement.results.blocks import write_blocks
    >>> braid = families.braid(4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_blocks(braid, braid.iter_cells(batch_size=10), folder)
    ...     sorted(path.name for path in Path(folder).iterdir())
    24
    ['arrangement.json', 'cells-000000.npz', 'cells-000001.npz', 'cells-000002.npz']
    """
    check_directory(directory, form)
    folder = Path(directory)
    with _claimed(folder):
        count = number = total = 0
        for number, portion in enumerate(portions, start=1):
            path = folder / f"cells-{number - 1:06d}.{form}"
            if form == "npz":
                portion.save(path)
            else:
                _write_parquet(portion, path)
            count += len(portion)
            total += portion.n_cells if isinstance(portion, CellClasses) else len(portion)
            classes = {"classes": count} if isinstance(portion, CellClasses) else {}
        facts = {
            **classes,
            "cells": total,
            "blocks": number,
            "normals": [[exact_text(v) for v in row[:-1]] for row in arrangement.rows],
            "offsets": [exact_text(row[-1]) for row in arrangement.rows],
        }
        with atomic_output(folder / "arrangement.json", "w") as stream:
            json.dump(facts, stream)
    return count


def _write_parquet(portion: Cells, path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    columns: dict[str, Any] = {f"word{w}": c for w, c in enumerate(portion.packed.T)}
    if isinstance(portion, CellClasses):
        columns["orbit_size"] = storable(portion.orbit_sizes)
    table = pyarrow.table(columns)
    with atomic_output(path) as stream:
        pyarrow.parquet.write_table(table, stream)
