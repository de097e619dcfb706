"""Files of hyperplanes: text, csv, JSON and npz, and those of other programs."""

from __future__ import annotations

import gzip
import io
import json
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement.checks import choice
from arrangement.errors import InputError
from arrangement.exact.fields import FieldElement
from arrangement.exact.numbers import exact_table, exact_text, primitive, primitive_rows, shown
from arrangement.files.archives import storable, unsealed
from arrangement.files.cdd import cdd_text, read_cdd
from arrangement.files.exact_text import json_numbers, labelled_table, written_table
from arrangement.files.linear_forms import LANGUAGES, read_forms, script
from arrangement.files.output import atomic_output
from arrangement.files.reading import FilePath, Source, file_name, naming, read_arrays
from arrangement.files.text import parse_json, read_text

__all__ = ["FORMATS", "HyperplaneTable", "format_of", "read", "write"]

FORMATS = {
    "text": (".txt",),
    "csv": (".csv",),
    "json": (".json",),
    "npz": (".npz", ".npy"),
    "cdd": (".ine",),
    "polymake": (".poly",),
    "macaulay2": (".m2",),
    "sagemath": (".sage",),
}
"""The formats, with the suffixes of their files."""

_OF_PROGRAMS = ("cdd", "polymake", "macaulay2", "sagemath")

_POLYMAKE = "HyperplaneArrangement"


class HyperplaneTable(NamedTuple):
    """What a file says of hyperplanes, as it is written.

    Attributes
    ----------
    name : str
        Of the file.
    normals : array_like, shape (n, d)
    offsets : array_like, shape (n,), or None
        None if all are zero.
    labels : sequence of str, or None
    domain : array_like, shape (r, d + 1), or None
        Of saved cells: rows [g | c] for g·x + c > 0.
    """

    name: str
    normals: Any
    offsets: Any = None
    labels: Any = None
    domain: Any = None


def format_of(path: str) -> str | None:
    """The format that the suffix of a file stands for, None if it is no known one."""
    suffix = os.path.splitext(path.lower().removesuffix(".gz"))[1]
    return next((name for name, suffixes in FORMATS.items() if suffix in suffixes), None)


def read(source: Source, form: str | None = None, central: bool = False) -> HyperplaneTable:
    """The hyperplanes in a file or stream, which may be compressed (.gz).

    Parameters
    ----------
    source : path-like or stream
    form : str, optional
        One of FORMATS; otherwise as the suffix says, and text (or JSON, in a stream that
        begins with a brace) if it says nothing.
    central : bool, optional
        A row of a table is a normal; otherwise its last entry is the offset.

    Raises
    ------
    InputError
        If it cannot be read or holds something else; the message names the file.
    """
    is_path = isinstance(source, str | bytes | os.PathLike)
    if form is None:
        form = format_of(file_name(source)) if is_path else None  # type: ignore[arg-type]
    else:
        choice(form, list(FORMATS), "format")
    if form == "npz":
        if not is_path:
            raise InputError("an npz file is read by its name, not from a stream")
        return _of_arrays(file_name(source), read_arrays(source), central)  # type: ignore[arg-type]
    if form == "cdd":
        name, rows, _ = read_cdd(source, "H")
        return HyperplaneTable(name, rows[:, 1:], rows[:, 0])
    name, text = read_text(source)
    if form in LANGUAGES:
        rows = read_forms(LANGUAGES[form], text, name)
        return HyperplaneTable(name, rows[:, :-1], rows[:, -1])
    if form in ("json", "polymake") or (not is_path and text.lstrip().startswith("{")):
        return _of_json(name, text, central)
    table, lines, labels = labelled_table(text, name)
    for row, line in zip(table, lines, strict=True):
        normal = row if central else row[:-1]
        if len(normal) and not any(normal):
            raise InputError(f"{name}, line {line}: the normal is zero, so it is no hyperplane")
    return _of_table(name, table, labels, central)


def _of_table(name: str, table: NDArray[Any], labels: Any, central: bool) -> HyperplaneTable:
    if central:
        return HyperplaneTable(name, table, None, labels)
    if table.ndim != 2 or table.shape[1] < 2:
        raise InputError(
            f"{name}: a table of shape {table.shape}; a row is a normal and the offset "
            "(--central: the normal alone)"
        )
    return HyperplaneTable(name, table[:, :-1], table[:, -1], labels)


def _of_arrays(
    name: str, arrays: NDArray[Any] | dict[str, NDArray[Any]], central: bool
) -> HyperplaneTable:
    if not isinstance(arrays, dict):
        return _of_table(name, arrays, None, central)
    with naming(name):
        return _of_names(name, unsealed(arrays), central)


def _of_names(name: str, held: dict[str, Any], central: bool) -> HyperplaneTable:
    """The hyperplanes in arrays or lists by name."""
    if "normals" not in held:
        found = ", ".join(map(repr, held)) or "nothing"
        raise InputError(f"no 'normals'; it holds {found}")
    if central and held.get("offsets") is not None:
        raise InputError("--central, but the file holds 'offsets'")
    normals = held["normals"]
    if isinstance(normals, list) and not normals and isinstance(held.get("dimension"), int):
        normals = np.zeros((0, held["dimension"]))
    return HyperplaneTable(
        name, normals, held.get("offsets"), held.get("labels"), held.get("domain")
    )


def _of_json(name: str, text: str, central: bool) -> HyperplaneTable:
    held = parse_json(text, name, json_numbers(name), '{"normals": ..., "offsets": ...}')
    with naming(name):
        if "_type" in held:
            return _of_polymake(name, held)
        return _of_names(name, held, central)


def _of_polymake(name: str, held: dict[str, Any]) -> HyperplaneTable:
    """Hyperplanes of R^d, or of the slice x_0 = 1 of a support x_0 ≥ 0."""
    if _POLYMAKE not in str(held["_type"]):
        raise InputError(f"it holds a {shown(held['_type'])} of polymake, no {_POLYMAKE}")
    rows, support = _matrix(held, "HYPERPLANES"), held.get("SUPPORT", {})
    if not rows or not isinstance(support, dict):
        raise InputError("no HYPERPLANES as a matrix of rows of numbers")
    sides = _matrix(support, "INEQUALITIES")
    if not sides:
        return HyperplaneTable(name, rows)
    table = exact_table(sides, "SUPPORT", "row", 2)
    if [primitive(side) for side in table] != [[1, *[0] * (len(rows[0]) - 1)]]:
        raise InputError("its SUPPORT is not x_0 >= 0: no arrangement of a whole space")
    return HyperplaneTable(name, [row[1:] for row in rows], [row[0] for row in rows])


def _matrix(held: dict[str, Any], name: str) -> list[list[Any]]:
    """The rows of a matrix that polymake wrote; none if it is empty or sparse."""
    rows = held.get(name)
    dense = isinstance(rows, list) and all(isinstance(row, list) for row in rows)
    return rows if dense and rows is not None else []


def write(
    path: FilePath,
    rows: NDArray[Any],
    labels: Sequence[str],
    form: str | None = None,
) -> None:
    """Write hyperplanes; the file appears only when it is whole, compressed if named .gz.

    Parameters
    ----------
    path : path-like
    rows : ndarray, shape (n, d + 1)
        [normal | offset], exact numbers.
    labels : sequence of n str
    form : str, optional
        One of FORMATS; otherwise as the suffix says.

    Raises
    ------
    InputError
        If there is no such format, or it cannot hold these hyperplanes.
    """
    name = file_name(path)
    form = format_of(name) if form is None else form
    if form is None:
        suffixes = ", ".join(suffixes[0] for suffixes in FORMATS.values())
        raise InputError(f"{name}: the suffix is none of {suffixes}; give the format")
    choice(form, list(FORMATS), "format")
    if form in _OF_PROGRAMS:
        for i, row in enumerate(rows):
            for value in row:
                if isinstance(value, FieldElement):
                    raise InputError(
                        f"row {i}: {shown(value)} is irrational, which {form} does not hold; "
                        "text, csv, json and npz do"
                    )
    if not len(rows) and form not in ("json", "npz", "cdd"):
        raise InputError(f"no hyperplanes, which {form} does not hold; json, npz and cdd do")
    content = _written(rows, labels, form)
    if name.endswith(".gz"):
        content = gzip.compress(content, mtime=0)
    with atomic_output(path) as stream:
        stream.write(content)


def _written(rows: NDArray[Any], labels: Sequence[str], form: str) -> bytes:
    named = any(labels)
    if form == "npz":
        stream = io.BytesIO()
        texts = {"labels": np.array(labels)} if named else {}
        arrays = {"normals": rows[:, :-1], "offsets": rows[:, -1]}
        np.savez_compressed(stream, **{k: storable(v) for k, v in arrays.items()}, **texts)  # type: ignore[arg-type]
        return stream.getvalue()
    if form == "cdd":
        text = cdd_text("H", rows[:, [-1, *range(rows.shape[1] - 1)]])
    elif form in LANGUAGES:
        text = script(LANGUAGES[form], primitive_rows(rows, rows.shape[1]))
    elif form == "polymake":
        text = f"{json.dumps(_polymake(rows))}\n"
    elif form == "json":
        table = [[exact_text(v) for v in row] for row in rows]
        held = {
            "dimension": rows.shape[1] - 1,
            "normals": [row[:-1] for row in table],
            "offsets": [row[-1] for row in table],
        }
        text = f"{json.dumps(held | ({'labels': list(labels)} if named else {}))}\n"
    else:
        separator = "," if form == "csv" else ", "
        field, *lines = written_table(rows, separator)
        if named or form == "csv":
            names = [
                *(["label"] if named else []),
                *(f"x{k}" for k in range(rows.shape[1] - 1)),
            ]
            head = separator.join([*names, "offset"])
            if named:
                quoted = ['"{}"'.format(label.replace('"', '""')) for label in labels]
                lines = [separator.join(pair) for pair in zip(quoted, lines, strict=True)]
            lines = [head, *lines]
        text = "".join(f"{line}\n" for line in ([field] if field else []) + lines)
    return text.encode()


def _polymake(rows: NDArray[Any]) -> dict[str, Any]:
    """The object of polymake; of an affine arrangement in homogeneous coordinates."""
    d = rows.shape[1] - 1
    head: dict[str, Any] = {
        "_ns": {"polymake": ["https://polymake.org", "4.6"]},
        "_type": f"fan::{_POLYMAKE}<Rational>",
    }
    if not any(rows[:, -1]):
        return head | {"HYPERPLANES": [[exact_text(v) for v in row[:-1]] for row in rows]}
    homogeneous = [[exact_text(v) for v in (row[-1], *row[:-1])] for row in rows]
    support = {"INEQUALITIES": [["1", *["0"] * d]]}
    return head | {"HYPERPLANES": homogeneous, "SUPPORT": support}
