"""Text from files and streams, and the rows of a table of text."""

from __future__ import annotations

import csv
import os

from arrangement.errors import InputError
from arrangement.files import Source, read_bytes, unpacked

__all__ = ["read_rows", "read_text", "refuse_empty_cells"]


def read_text(source: Source) -> tuple[str, str]:
    """The name and the content of a text file or stream; bytes may be compressed by gzip.

    Raises
    ------
    InputError
        If it cannot be read, or is no text in UTF-8.
    """
    try:
        if isinstance(source, str | os.PathLike):
            name = os.fspath(source)
            return name, read_bytes(name).decode("utf-8-sig")
        name = str(getattr(source, "name", "<stream>"))
        content = source.read()
        if isinstance(content, str):
            return name, content
        return name, unpacked(content, name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not a text file (byte {error.start})") from None
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror or error})") from None


def read_rows(text: str, name: str) -> list[tuple[int, list[str]]]:
    """The rows of a table of text: (line number, cells) for each.

    The first row decides what separates the cells: a comma, else a semicolon, else a tab,
    else any white space. Empty lines and lines that begin with # are skipped.

    Parameters
    ----------
    text : str
    name : str
        What error messages call it.

    Raises
    ------
    InputError
        If there is no row, or a row has another number of cells than the first.

    Examples
    --------
    >>> from arrangement.text import read_rows
    >>> read_rows("# a comment\\n1, 2\\n\\n3, 4\\n", "table")
    [(2, ['1', '2']), (4, ['3', '4'])]
    """
    lines = [
        (number, line)
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        raise InputError(f"{name}: empty, not one row")
    separator = next((c for c in ",;\t" if c in lines[0][1]), None)
    rows = []
    for number, line in lines:
        try:
            cells = line.split() if separator is None else _separated(line, separator)
        except csv.Error as error:
            raise InputError(f"{name}, line {number}: {error}") from None
        rows.append((number, [cell.strip() for cell in cells]))
        if len(cells) != len(rows[0][1]):
            raise InputError(
                f"{name}, line {number}: {len(cells)} cells, but line {rows[0][0]} has "
                f"{len(rows[0][1])}"
            )
    return rows


def refuse_empty_cells(cells: list[str], place: str) -> None:
    """An InputError that names the first empty cell of a row, counted from 1."""
    if "" in cells:
        raise InputError(f"{place}: column {cells.index('') + 1} is empty")


def _separated(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator))
