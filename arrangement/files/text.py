"""Text from files and streams: the rows of a table, and JSON; both within a budget."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import shown
from arrangement.files.reading import Source, file_name, read_bytes, read_stream, unpacked

__all__ = ["parse_json", "read_rows", "read_text", "refuse_empty_cells"]

_SMALL = 32 * 2**20
"""Bytes of text that are read from any file or stream; as Python objects they take many times
that."""

_MOST_COLUMNS = 1_000_000

_MOST_VALUES = 4_000_000
"""Values, lists and objects of a JSON text, each an object of about a hundred bytes."""


def read_text(source: Source) -> tuple[str, str]:
    """The name and the content of a text file or stream; bytes may be compressed by gzip.

    Raises
    ------
    InputError
        If it cannot be read, or is no text in UTF-8.
    SizeError
        If a stream, or what a small file unpacks to, is larger than 32 MiB.
    """
    name = str(getattr(source, "name", "<stream>"))
    try:
        if isinstance(source, str | bytes | os.PathLike):
            name = file_name(source)
            return name, read_bytes(name, _SMALL).decode("utf-8-sig")
        if not hasattr(source, "read"):
            raise InputError(f"{shown(source)} is neither the name of a file nor a stream")
        content = read_stream(source, name, _SMALL)
        if isinstance(content, str):
            return name, content
        return name, unpacked(content, name, _SMALL).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not a text file (byte {error.start})") from None
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror or error})") from None


def read_rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table of text, one after the other: (line number, cells) for each.

    The first row decides what separates the cells: a comma, else a semicolon, else a tab,
    else any white space. Empty lines and lines that begin with # are skipped. Cells may stand
    in double quotes.

    Parameters
    ----------
    text : str
    name : str
        What error messages call it.

    Raises
    ------
    InputError
        If there is no row, a row has another number of cells than the first, a quote is not
        closed in its line, or there is a NUL character.
    SizeError
        If a row has more than a million cells.

    Examples
    --------
    >>> from arrangement.files.text import read_rows
    >>> list(read_rows("# a comment\\n1, 2\\n\\n3, 4\\n", "table"))
    [(2, ['1', '2']), (4, ['3', '4'])]
    """
    separator, first, width = None, 0, 0
    for number, line in _lines(text):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not first:
            separator = next((c for c in ",;\t" if c in line), None)
        if "\0" in line:  # numpy would drop it from the end of a label
            raise InputError(f"{name}, line {number}: a NUL character, which no text has")
        cells = _cells(line, separator, f"{name}, line {number}")
        if not first:
            first, width = number, len(cells)
        if len(cells) != width:
            raise InputError(
                f"{name}, line {number}: {len(cells)} cells, but line {first} has {width}"
            )
        yield number, cells
    if not first:
        raise InputError(f"{name}: empty, not one row")


def refuse_empty_cells(cells: list[str], place: str) -> None:
    """An InputError that names the first empty cell of a row, counted from 1."""
    if "" in cells:
        raise InputError(f"{place}: column {cells.index('') + 1} is empty")


def parse_json(
    text: str, name: str, number: Callable[[str], Any], form: str = "{...}"
) -> dict[str, Any]:
    """The one JSON object that a text holds.

    Parameters
    ----------
    text : str
    name : str
        What error messages call it.
    number : callable
        Given a number as it is written; its value. An OverflowError says why it is too long.
    form : str, optional
        What the message about another value than an object calls the object.

    Raises
    ------
    InputError
        If the text is no JSON object, names a key twice, or holds NaN or infinity.
    SizeError
        If it holds more than four million values.

    Examples
    --------
    >>> from arrangement.files.text import parse_json
    >>> parse_json('{"a": [1, 0.5]}', "example", float)
    {'a': [1.0, 0.5]}
    """

    def refuse(constant: str) -> NoReturn:
        raise InputError(f"{name}: {constant} is not a finite number")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        held: dict[str, Any] = {}
        for key, value in pairs:
            if key in held:
                raise InputError(f"{name}: {shown(key)} is given twice")
            held[key] = value
        return held

    if sum(map(text.count, ",[{")) > _MOST_VALUES:
        raise SizeError(f"{name}: more than {_MOST_VALUES:,} values")
    try:
        value = json.loads(
            text,
            parse_float=number,
            parse_int=number,
            parse_constant=refuse,
            object_pairs_hook=once,
        )
    except InputError:
        raise
    except OverflowError as error:
        raise InputError(f"{name}: a number {error}") from None
    except RecursionError:
        raise InputError(f"{name}: not JSON that can be read (nested too deeply)") from None
    except ValueError as error:
        raise InputError(f"{name}: not JSON ({error})") from None
    if not isinstance(value, dict):
        raise InputError(f"{name}: not a JSON object {form}")
    return value


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines and their numbers; a list of all would take many times the text."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    start, number = 0, 0
    while start < len(text):
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        number += 1
        yield number, text[start:stop]
        start = stop + 1


def _cells(line: str, separator: str | None, place: str) -> list[str]:
    if separator is None:
        cells = line.split(None, _MOST_COLUMNS)
    elif line.count(separator) >= _MOST_COLUMNS:
        cells = [""] * (_MOST_COLUMNS + 1)
    else:
        try:
            cells = next(csv.reader([line], delimiter=separator, strict=True))
        except csv.Error as error:
            raise InputError(f"{place}: {error}") from None
    if len(cells) > _MOST_COLUMNS:
        raise SizeError(f"{place}: more than {_MOST_COLUMNS:,} columns")
    return [cell.strip() for cell in cells]
