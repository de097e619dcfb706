"""Polyhedra as cdd and lrs write them: inequalities (.ine), or vertices and rays (.ext)."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError, SizeError
from arrangement.exact.fields import FieldElement
from arrangement.exact.numbers import MOST_NUMBERS, exact_text, n_bits, refuse_bits
from arrangement.exact.polyhedron import Polyhedron
from arrangement.files.exact_text import rational_number
from arrangement.files.output import atomic_output
from arrangement.files.reading import FilePath, file_name
from arrangement.files.text import read_text

__all__ = ["cdd_text", "read_cdd", "write_polyhedron"]

KINDS = {"H": "inequalities", "V": "vertices and rays"}

SIZES = re.compile(r"\s*(\d{1,9}|\*+)\s+(\d{1,9})\s+(integer|rational|real)\b")

LINEARITY = re.compile(r"^[ \t]*(?:linearity|equality)((?:[ \t]+\d{1,9})+)", re.MULTILINE)

BEGIN = re.compile(r"^\s*begin\b", re.MULTILINE)


def cdd_text(kind: str, rows: NDArray[Any], lines: Sequence[int] = ()) -> str:
    """The text of a file.

    Parameters
    ----------
    kind : {"H", "V"}
    rows : ndarray, shape (m, d + 1)
        [b | a] for b + a·x ≥ 0; [1 | vertex] or [0 | ray].
    lines : sequence of int, optional
        Rows that are equations, or lines instead of rays.

    Examples
    --------
    >>> rows = np.array([[1, 0], [0, 2]], dtype=object)
    >>> print(cdd_text("V", rows, [1]), end="")
    V-representation
    linearity 1 2
    begin
     2 2 rational
     1 0
     0 2
    end
    """
    linearity = f"linearity {len(lines)} {' '.join(str(k + 1) for k in lines)}\n"
    table = "".join(f" {' '.join(map(exact_text, row))}\n" for row in rows)
    return (
        f"{kind}-representation\n{linearity if lines else ''}begin\n"
        f" {rows.shape[0]} {rows.shape[1]} rational\n{table}end\n"
    )


def read_cdd(source: Any, kind: str) -> tuple[str, NDArray[np.object_], list[int]]:
    """The name of a file, and its rows and lines as in :func:`cdd_text`.

    Other options of cdd and lrs are read over.

    Raises
    ------
    InputError
        If it is no such file, or of the other kind; the message names the row.
    """
    name, text = read_text(source)
    written = text.splitlines()
    text = "\n".join(v for v in written if SIZES.match(v) or v.lstrip()[:1] not in ("*", "#"))
    begin = BEGIN.search(text)
    sizes = begin and SIZES.match(text, begin.end())
    if begin is None or not sizes:
        raise InputError(
            f"{name}: not a file of cdd or lrs: no line 'begin' with the sizes after it"
        )
    equations = LINEARITY.search(text)
    given = "V" if "V-representation" in text[: begin.start()] else "H"
    if given != kind:
        raise InputError(f"{name}: it holds {KINDS[given]}, not {KINDS[kind]}")
    numbers, end, _ = text[sizes.end() :].partition("end")
    cells, width = numbers.split(), int(sizes[2])
    count = len(cells) // max(width, 1) if "*" in sizes[1] else int(sizes[1])
    if not end or not width or len(cells) != count * width:
        raise InputError(
            f"{name}: {len(cells)} numbers before 'end', not {sizes[1]} rows of {width}"
        )
    if len(cells) > MOST_NUMBERS:
        raise SizeError(f"{name}: more than {MOST_NUMBERS:,} numbers")
    table, held = np.empty(len(cells), dtype=object), 0
    for k, cell in enumerate(cells):
        table[k] = rational_number(cell, f"{name}, row {k // width + 1}")
        held += n_bits(table[k])
        refuse_bits(held, name)
    lines = [int(v) - 1 for v in equations[1].split()[1:]] if equations else []
    return name, table.reshape(count, width), lines


def write_polyhedron(path: FilePath, polyhedron: Polyhedron) -> None:
    """Write a polyhedron by inequalities (.ine), or by vertices, rays and lines (.ext).

    Raises
    ------
    InputError
        If the suffix is neither, or a number is irrational.
    """
    name = file_name(path)
    suffix = os.path.splitext(name.lower())[1]
    if suffix == ".ine":
        kind, lines = "H", 0
        rows = np.roll(polyhedron.rows, 1, axis=1)
    elif suffix == ".ext":
        kind, lines = "V", len(polyhedron.lines)
        heads = [1] * len(polyhedron.vertices) + [0] * (len(polyhedron.rays) + lines)
        points = [*polyhedron.vertices, *polyhedron.rays, *polyhedron.lines]
        table = [[head, *point] for head, point in zip(heads, points, strict=True)]
        rows = np.array(table, dtype=object)
    else:
        raise InputError(f"{name}: the suffix is neither .ine nor .ext")
    if any(isinstance(v, FieldElement) for v in rows.flat):
        raise InputError(f"{name}: irrational numbers, which cdd and lrs do not hold")
    with atomic_output(path, "w") as stream:
        stream.write(cdd_text(kind, rows, range(len(rows) - lines, len(rows))))
