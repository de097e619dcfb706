"""Arrays as files that the package reads back: sealed when written, checked when read.

A file says what it holds and carries a checksum of all its arrays, so that no entry that was
altered, lost or mixed up goes unnoticed. A checksum can be made anew: what is read is held
against a description of every array besides, and nothing else is given to compiled code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.exact.numbers import exact_text
from arrangement.files.output import atomic_output
from arrangement.files.reading import FilePath, file_name, read_arrays

__all__ = ["Column", "described", "read", "reading", "sealed", "storable", "unsealed", "write"]

Arrays = Mapping[str, NDArray[Any]]

VERSION = 1
"""Of the formats; files of another are refused."""

SEAL = ("format", "checksum")


@dataclass(frozen=True)
class Column:
    """What one array of a file must be.

    Attributes
    ----------
    dtype : str
        As numpy names it, in either byte order.
    shape : tuple of int or str
        A letter is a length: the same wherever it occurs.
    low, high : float or str, optional
        All entries are from low up to, but not including, high; a letter is a length. An
        array of floats with a low end has finite entries.
    optional : bool
        May it be missing?
    """

    dtype: str
    shape: tuple[int | str, ...]
    low: float | str | None = None
    high: float | str | None = None
    optional: bool = False


def write(path: FilePath, kind: str, arrays: Arrays) -> None:
    """Write arrays as a sealed ``.npz`` file, which appears only when it is whole.

    Parameters
    ----------
    path : path-like
    kind : str
        What the file holds, as error messages call it: ``"cells"``.
    arrays : mapping of str to ndarray
        Numbers and text; no objects.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(f"{folder}/a.npz", "primes", {"p": np.array([2, 3, 5])})
    ...     arrays = read(f"{folder}/a.npz", "primes")
    >>> described(arrays, {"p": Column("int64", ("n",), low=2)}, {})["p"].tolist()
    [2, 3, 5]
    """
    with atomic_output(path) as stream:
        np.savez_compressed(stream, **sealed(kind, arrays))  # type: ignore[arg-type]


def sealed(kind: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """The arrays, what they are and a checksum of all that."""
    whole = {name: array for name, array in arrays.items() if name not in SEAL}
    whole["format"] = np.array(f"{kind} {VERSION}")
    return {**whole, "checksum": np.array(_checksum(whole))}


def read(path: FilePath, kind: str) -> dict[str, NDArray[Any]]:
    """The arrays of a file that :func:`write` wrote, as they were written.

    Raises
    ------
    InputError
        If it cannot be read, holds something else, or was altered; the message names the file.
    """
    name = file_name(path)
    with reading(path, kind):
        try:
            arrays = read_arrays(path)
        except InputError as error:
            raise InputError(str(error).removeprefix(f"{name}: ")) from None
        if isinstance(arrays, np.ndarray):
            raise InputError("it holds one array, and no others by name")
        if not arrays.keys() >= set(SEAL):
            raise InputError("it has no format and checksum, or is of an earlier version")
        return unsealed(arrays, kind)


def unsealed(arrays: Arrays, kind: str | None = None) -> dict[str, NDArray[Any]]:
    """The arrays without their seal, if they have one.

    Parameters
    ----------
    arrays : mapping of str to ndarray
    kind : str, optional
        What they must be.

    Raises
    ------
    InputError
        If the checksum is not theirs, or they are something else.
    """
    if "checksum" not in arrays:
        return dict(arrays)
    whole = {name: array for name, array in arrays.items() if name != "checksum"}
    if str(arrays["checksum"]) != _checksum(whole):
        raise InputError(
            "the checksum is not that of the content: the file is damaged or was altered"
        )
    form = str(whole.pop("format", ""))
    if kind is not None and form != f"{kind} {VERSION}":
        raise InputError(f"it says that it holds {form!r}, not {f'{kind} {VERSION}'!r}")
    return whole


def described(
    arrays: Arrays, columns: Mapping[str, Column], sizes: Mapping[str, int]
) -> dict[str, NDArray[Any]]:
    """The arrays that are described, in this machine's byte order and without gaps.

    Parameters
    ----------
    arrays : mapping of str to ndarray
    columns : mapping of str to Column
        What each of them must be. Lengths that occur in ranges come up in a shape before.
    sizes : mapping of str to int
        Lengths that are known.

    Raises
    ------
    InputError
        If one is missing or is something else; the message names it.
    """
    known, result = dict(sizes), {}
    for name, column in columns.items():
        if name not in arrays:
            if column.optional:
                continue
            raise InputError(f"{name} is missing")
        array, dtype = arrays[name], np.dtype(column.dtype)
        if array.dtype.newbyteorder("=") != dtype:
            raise InputError(f"{name} is of type {array.dtype}, not {dtype}")
        shape = array.shape
        if len(shape) == len(column.shape):
            for letter, length in zip(column.shape, shape, strict=True):
                if isinstance(letter, str):
                    known.setdefault(letter, length)
        expected = tuple(known.get(str(length), length) for length in column.shape)
        if shape != expected:
            raise InputError(f"{name} has shape {shape}, not {expected}, so it does not fit")
        low, high = (known.get(str(end), end) for end in (column.low, column.high))
        wrong = np.zeros(shape, dtype=np.bool_)
        if low is not None:
            wrong |= ~(array >= low) | ~(np.abs(array) < np.inf)
        if high is not None:
            wrong |= ~(array < high)
        for place in np.argwhere(wrong)[:1].tolist():
            raise InputError(f"{name}, entry {place}: {array[tuple(place)]} is out of range")
        result[name] = np.ascontiguousarray(array, dtype=dtype).reshape(shape)
    return result


@contextmanager
def reading(path: FilePath, kind: str) -> Iterator[None]:
    """What is wrong with the content of a file is an InputError that names it."""
    name = file_name(path)
    try:
        yield
    except InputError as error:
        if str(error).startswith(f"{name}: "):
            raise
        raise InputError(f"{name}: not a file of saved {kind} ({error})") from None


def storable(values: NDArray[Any]) -> NDArray[Any]:
    """Numbers as they are, or as "p/q" strings where they are Python's."""
    if values.dtype != object:
        return values
    return np.array([exact_text(v) for v in values.flat], dtype=str).reshape(values.shape)


def _checksum(arrays: Arrays) -> str:
    """SHA-256 of the names, types, shapes and bytes of arrays, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(repr((name, array.dtype.str, arrays[name].shape)).encode())
        digest.update(array.view(np.uint8).data if array.size else b"")
    return digest.hexdigest()
