"""Samples from files: tables of text, numpy files, and IDX, the format of MNIST."""

from __future__ import annotations

import math
import os
from array import array
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.data.dataset import DataSet, refuse_many
from arrangement.errors import InputError, SizeError
from arrangement.files.reading import FilePath, Source, file_name, read_arrays, read_bytes
from arrangement.files.text import read_rows, read_text, refuse_empty_cells

__all__ = ["column_number", "read_csv", "read_idx", "read_npy", "read_npz"]

_MOST_LETTERS = 2**26
"""Characters of an array of labels, each of 4 bytes."""


def read_csv(source: Source, target: int | str = -1) -> DataSet:
    """Samples from a table of text, one a row.

    A first line without any number is the header. The labels are either all numbers or all
    names.

    Parameters
    ----------
    source : path-like or stream
        Separated by commas, semicolons, tabs or white space; a file or a stream of bytes may
        be compressed (.gz).
    target : int or str, optional
        The label column: its number, from 0 or from the end, or its name in the header. The
        last column if left out. All other columns are features.

    Raises
    ------
    InputError
        If the file is missing, empty or ragged, there is no such column, or a cell is not a
        finite number; the message names the file and the line.

    Examples
    --------
    >>> import io
    >>> from arrangement.data.samples import read_csv
    >>> data = read_csv(io.StringIO("kind,high,wide\\ncat,0.5,2\\ndog,1,3\\n"), target="kind")
    >>> data.X.tolist(), data.y.tolist()
    ([[0.5, 2.0], [1.0, 3.0]], ['cat', 'dog'])
    """
    name, text = read_text(source)
    rows = read_rows(text, name)
    first, cells = next(rows)
    header = None
    if not any(_is_number(cell) for cell in cells):
        header = cells
        first, cells = next(rows, (0, []))
    if not cells:
        raise InputError(f"{name}: a header, but not one row of numbers")
    width = len(cells)
    column = _label_column(target, header, width, name)
    named = not _is_number(cells[column])
    features, numbers = array("d"), array("d")
    names: list[str] = []
    known: dict[str, str] = {}
    for line, row in chain([(first, cells)], rows):
        refuse_empty_cells(row, f"{name}, line {line}")
        label = row.pop(column)
        if named == _is_number(label):
            raise InputError(
                f"{name}, line {line}: the label {label!r} is {'a' if named else 'no'} number, "
                f"unlike the label in line {first}; labels are all numbers or all names"
            )
        if named:
            names.append(known.setdefault(label, label))
        else:
            numbers.append(_number(label, name, line))
        features.extend(_number(cell, name, line) for cell in row)
    if named:
        longest = max(known, key=len)
        # An array of text gives each label the width of the longest one.
        if len(longest) * len(names) > _MOST_LETTERS:
            raise SizeError(
                f"{name}: {len(names):,} labels, of which {longest[:20]!r}… has "
                f"{len(longest):,} characters; shorten the labels"
            )
    X = np.frombuffer(features, dtype=np.float64).reshape(-1, width - 1)
    return DataSet(X, np.array(names) if named else np.frombuffer(numbers), name)


def read_npy(path: FilePath, target: int = -1) -> DataSet:
    """Samples from a numpy file with one 2-D array, one sample a row.

    Parameters
    ----------
    path : path-like
        Numbers only; a file that holds pickled objects is refused.
    target : int, optional
        The label column, the last if left out.

    Raises
    ------
    InputError
        If the file is no such array.
    """
    name = file_name(path)
    table = read_arrays(name)
    if not isinstance(table, np.ndarray):
        raise InputError(f"{name}: not a .npy file; a .npz file is read by read_npz")
    if table.ndim != 2 or table.dtype.kind not in "biuf":
        raise InputError(
            f"{name}: an array of shape {table.shape} and type {table.dtype}; a table of "
            "numbers (samples × columns) is needed"
        )
    refuse_many(table.size, name)
    column = _label_column(target, None, table.shape[1], name)
    return DataSet(np.delete(table, column, axis=1), table[:, column], name)


def read_npz(path: FilePath) -> DataSet:
    """Samples from a numpy archive with the arrays ``X``, shape (N, …), and ``y``, shape (N,).

    All axes of X after the first are features.

    Raises
    ------
    InputError
        If the file is no such archive.
    """
    name = file_name(path)
    archive = read_arrays(name)
    if isinstance(archive, np.ndarray):
        raise InputError(f"{name}: not a .npz file; a .npy file is read by read_npy")
    missing = [key for key in ("X", "y") if key not in archive]
    if missing:
        raise InputError(
            f"{name}: no array {' and '.join(missing)}; it holds {', '.join(archive) or 'none'}"
        )
    return DataSet(_flat(archive["X"], name), archive["y"], name)


def read_idx(images: FilePath, labels: FilePath | None = None) -> DataSet:
    """Samples from two IDX files, the format of MNIST and its relatives.

    Parameters
    ----------
    images : path-like
        Samples of any shape, e.g. ``train-images-idx3-ubyte.gz``; each becomes one row.
    labels : path-like, optional
        If left out, the file beside it whose name has ``labels-idx1`` for ``images-idx3``.

    Raises
    ------
    InputError
        If a file is missing, is no IDX file, is cut off or too long, or the numbers of
        images and labels differ.

    References
    ----------
    Y. LeCun, C. Cortes and C. Burges, *The MNIST database of handwritten digits*.
    """
    name = file_name(images)
    if labels is None:
        folder, base = os.path.split(name)
        other = base.replace("images", "labels").replace("idx3", "idx1")
        if other == base:
            raise InputError(
                f"{name}: no 'images' in the name, by which the file of labels beside it is "
                "found (x-images-idx3-ubyte, x-labels-idx1-ubyte)"
            )
        labels = os.path.join(folder, other)
    X, y = _idx_array(name), _idx_array(os.fspath(labels))
    if y.ndim != 1:
        raise InputError(f"{os.fspath(labels)}: shape {y.shape}; labels have one axis")
    return DataSet(_flat(X, name), y, name)


def column_number(target: int | str) -> int:
    """The number of the label column of a table without a header."""
    try:
        return int(target)
    except ValueError:
        raise InputError(
            f"target {target!r}: only a file with a header has named columns"
        ) from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(cell: str, name: str, line: int) -> float:
    number = float(cell) if _is_number(cell) else math.nan
    if not math.isfinite(number):
        raise InputError(f"{name}, line {line}: {cell!r} is not a finite number of float64")
    return number


def _label_column(target: int | str, header: list[str] | None, width: int, name: str) -> int:
    if width < 2:
        raise InputError(f"{name}: one column; at least one feature and a label are needed")
    if header is not None and target in header:
        return header.index(str(target))
    if isinstance(target, str) and header is not None and not target.lstrip("-").isdigit():
        raise InputError(f"{name}: no column {target!r}; the columns are {', '.join(header)}")
    column = column_number(target)
    if not -width <= column < width:
        raise InputError(f"{name}: no column {column}; there are {width}, counted from 0")
    return column % width


def _flat(X: NDArray[Any], name: str) -> NDArray[Any]:
    if X.ndim < 2 or not X.size:
        raise InputError(f"{name}: samples of shape {X.shape}; one row a sample is needed")
    refuse_many(X.size, name)
    return X.reshape(len(X), -1)


_IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}

_MOST_AXES = 8


def _idx_array(name: str) -> NDArray[Any]:
    """The array of an IDX file: 0, 0, type, axes; the axes as big-endian int32; the numbers."""
    content = read_bytes(name)
    if (
        len(content) < 4
        or content[:2] != b"\0\0"
        or content[2] not in _IDX_TYPES
        or not content[3]
    ):
        raise InputError(
            f"{name}: not an IDX file (it begins with {content[:4].hex() or 'nothing'})"
        )
    if content[3] > _MOST_AXES:
        raise InputError(f"{name}: {content[3]} axes; samples have at most {_MOST_AXES}")
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise InputError(f"{name}: cut off in the header, after {len(content)} bytes")
    shape = tuple(np.frombuffer(content[4:start], dtype=">u4").tolist())
    if not all(shape):
        raise InputError(f"{name}: shape {shape}, not one number")
    dtype = np.dtype(_IDX_TYPES[content[2]])
    needed = start + math.prod(shape) * dtype.itemsize
    if len(content) != needed:
        fault = "cut off" if len(content) < needed else "too long"
        raise InputError(
            f"{name}: {fault}: {len(content):,} bytes, shape {shape} needs {needed:,}"
        )
    return np.frombuffer(content, dtype=dtype, offset=start).reshape(shape)
