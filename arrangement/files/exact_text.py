"""Exact numbers as they are written: on the command line, in tables and in JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError, SizeError
from arrangement.exact.algebraic import FUNCTIONS, read_number
from arrangement.exact.fields import FieldElement, Number
from arrangement.exact.numbers import (
    MOST_NUMBERS,
    exact_text,
    n_bits,
    real_number,
    refuse_bits,
)
from arrangement.exact.one_field import field_of
from arrangement.files.text import read_rows, refuse_empty_cells

__all__ = [
    "float_number",
    "json_numbers",
    "labelled_table",
    "rational_number",
    "table_numbers",
    "written_number",
    "written_table",
]

# Cells that are no number, yet no part of a header either.
_NO_NUMBERS = ("", "nan", "inf", "-inf", "infinity", "-infinity")


_FIELD_LINE = re.compile(r"field\s+([^\W\d]\w*)\s*=\s*(.+)")
_LIKE_FIELD = re.compile(r"\s*(field\b.*[:=]|[^\W\d]\w*\s*:?=)")
_LATE_FIELD = re.compile(r"^\s*(field\s.*=)", re.MULTILINE)
_FIELD_FORM = '"field tau = (1+sqrt(5))/2" or "field a = root(x^3-x-1,1,2)"'
_LETTER = re.compile(r"[^\W\d_]")
_RESERVED = {*FUNCTIONS, "pi", "nan", "inf", "infinity"}

_MOST_NAMES = 100
"""Numbers that a table may name."""


def written_number(text: str, place: str, names: Mapping[str, Number] | None = None) -> Number:
    """The number exactly as it is written, rational or algebraic.

    Parameters
    ----------
    text : str
    place : str
        Where the number stands, for the error message.
    names : mapping, optional
        Numbers that may be called by a name.

    Raises
    ------
    InputError
        If it is no finite number, or too long to be written out.

    Examples
    --------
    >>> from arrangement.files.exact_text import written_number
    >>> written_number("0.1", "line 1"), written_number("-4/2", "line 1")
    (Fraction(1, 10), -2)
    """
    try:
        return _number(text, names)
    except InputError as error:
        raise type(error)(f"{place}: {error}") from None
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        shown = text if len(text) < 40 else text[:36] + "..."
        fault = "is not a number (such as 3, -0.25, 1e-3, 1/3)"
        if isinstance(error, OverflowError):
            fault = str(error)
        raise InputError(f"{place}: {shown!r} {fault}") from None


def rational_number(text: str, place: str) -> int | Fraction:
    """The rational number exactly as it is written; see :func:`written_number`."""
    number = written_number(text, place)
    if isinstance(number, FieldElement):
        raise InputError(f"{place}: {text!r} is irrational, and a rational number is needed")
    return number


def float_number(text: str, place: str) -> float:
    """A float64: a decimal number is the nearest one, and other text has to be one exactly.

    Examples
    --------
    >>> from arrangement.files.exact_text import float_number
    >>> float_number("0.1", "--negative-slope"), float_number("1/4", "--negative-slope")
    (0.1, 0.25)
    """
    exact = rational_number(text, place)
    try:
        value = float(exact)
    except OverflowError:
        raise InputError(f"{place}: the number is beyond float64") from None
    try:
        float(text)
    except ValueError:
        if value != exact:
            raise InputError(
                f"{place}: {text!r} is no float64, and would be rounded; give a decimal number"
            ) from None
    return value


def table_numbers(text: str, name: str) -> tuple[NDArray[np.object_], list[int]]:
    """The numbers of a table of text, exact, shape (rows, columns), and their lines."""
    return _table(text, name, False)[:2]


def labelled_table(
    text: str, name: str
) -> tuple[NDArray[np.object_], list[int], list[str] | None]:
    """The numbers of a table, their lines, and the labels if the first column is "label".

    Examples
    --------
    >>> labelled_table("label,x,offset\\nwall,1/2,0\\n", "table")
    (array([[Fraction(1, 2), 0]], dtype=object), [2], ['wall'])
    """
    return _table(text, name, True)


def written_table(rows: NDArray[Any], separator: str = ", ") -> list[str]:
    """Lines of text for rows of exact numbers, as :func:`table_numbers` reads them.

    The first is empty, or names the root of a polynomial in which the others are written.
    """
    lines = [separator.join(map(exact_text, row)) for row in rows]
    field = field_of(rows)
    if field is None or field.degree == 2:
        return ["", *lines]
    root = str(field.generator)
    return [f"field a = {root}", *(line.replace(root, "a") for line in lines)]


def _table(
    text: str, name: str, labelled: bool
) -> tuple[NDArray[np.object_], list[int], list[str] | None]:
    names, text = _field_lines(text, name)
    numbers: list[Number] = []
    lines: list[int] = []
    labels: list[str] | None = None
    held, width = 0, 0
    for k, (line, cells) in enumerate(read_rows(text, name)):
        if not k and not any(_is_cell(v, names) for v in cells):
            labels = [] if labelled and cells[0].lower() == "label" else None
            continue
        if labels is not None:
            labels.append(cells.pop(0))
        refuse_empty_cells(cells, f"{name}, line {line}")
        row = [written_number(cell, f"{name}, line {line}", names) for cell in cells]
        held += sum(map(n_bits, row))
        refuse_bits(held, name)
        numbers += row
        lines.append(line)
        width = len(row)
        if len(numbers) > MOST_NUMBERS:
            raise SizeError(f"{name}: more than {MOST_NUMBERS:,} numbers")
    if not lines:
        raise InputError(f"{name}: a header, but not one row of numbers")
    table = np.empty(len(numbers), dtype=object)
    table[:] = numbers
    return table.reshape(len(lines), width), lines, labels


def json_numbers(name: str) -> Callable[[str], Number]:
    """What reads the numbers of a JSON text, as long as they are not too long in all."""
    held = 0

    def number(cell: str) -> Number:
        nonlocal held
        value = written_number(cell, name)
        held += n_bits(value)
        refuse_bits(held, name)
        return value

    return number


def _number(text: str, names: Mapping[str, Number] | None) -> Number:
    if names and _LETTER.search(text):
        return read_number(text, names)
    return real_number(text)


def _field_lines(text: str, name: str) -> tuple[dict[str, Number], str]:
    """Numbers that lines before the rows of a table name, and the text with these as comments.

    Such a line is "field tau = (1+sqrt(5))/2"; the cells below may say "2*tau+1". A header may
    stand before or after it.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    names: dict[str, Number] = {}
    at, number = 0, 0
    header = False
    while at <= len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        number += 1
        line, place = text[at:end].strip(), f"{name}, line {number}"
        if _LIKE_FIELD.match(line):
            match = _FIELD_LINE.fullmatch(line)
            if match is None:
                raise InputError(f"{place}: a number is named by a line such as {_FIELD_FORM}")
            if match[1] in _RESERVED or match[1] in names:
                raise InputError(f"{place}: {match[1]!r} has a meaning; take another name")
            if len(names) == _MOST_NAMES:
                raise SizeError(f"{place}: more than {_MOST_NAMES} names")
            names[match[1]] = written_number(match[2], place, names)
            text = f"{text[:at]}#{text[at + 1 :]}"
        elif line and not line.startswith("#"):
            _, cells = next(read_rows("\n" * (number - 1) + line, name))
            if header or any(_is_cell(v, names) for v in cells):
                break
            header = True
        at = end + 1
    if late := _LATE_FIELD.search(text, at):
        number += text.count("\n", at, late.start(1))
        raise InputError(
            f"{name}, line {number}: a field line stands before the rows of numbers"
        )
    return names, text


def _is_cell(cell: str, names: Mapping[str, Number]) -> bool:
    """Does a cell belong to a row of numbers, if only as a mistake in it?"""
    return _is_number(cell, names) or cell.lower() in _NO_NUMBERS


def _is_number(cell: str, names: Mapping[str, Number]) -> bool:
    try:
        _number(cell, names)
    except InputError:  # a number, though of a degree that is too large
        return True
    except (ValueError, ZeroDivisionError):
        return False
    except OverflowError:  # a number, though too large to be read
        return True
    return True
