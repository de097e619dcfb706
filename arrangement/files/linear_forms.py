"""Scripts of Macaulay2 and SageMath that make an arrangement of linear forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.exact.numbers import linear_form, shown
from arrangement.files.exact_text import rational_number

__all__ = ["LANGUAGES", "Language", "read_forms", "script"]


class Language(NamedTuple):
    """How a language names the coordinates and makes an arrangement.

    Attributes
    ----------
    program : str
    names : str
        Coordinate {k}, counted from {first}, as it is written.
    first : int
    form : str
        The script, with {names} and {forms}.
    comment : str
        What begins a comment, to the end of the line.
    read_names, read_forms : Pattern
        Where they stand in a script.
    """

    program: str
    names: str
    first: int
    form: str
    comment: str
    read_names: re.Pattern[str]
    read_forms: re.Pattern[str]


LANGUAGES = {
    "macaulay2": Language(
        "Macaulay2",
        "x_{k}",
        1,
        'needsPackage "HyperplaneArrangements"\nR = QQ[{names}]\nA = arrangement({{\n'
        "    {forms}\n}}, R)\n",
        "--",
        re.compile(r"\b(?:QQ|ZZ)\s*\[([^\]]*)\]"),
        re.compile(r"\barrangement\s*\(?\s*\{([^}]*)\}"),
    ),
    "sagemath": Language(
        "SageMath",
        "x{k}",
        0,
        "from sage.geometry.hyperplane_arrangement.arrangement import HyperplaneArrangements\n"
        "from sage.rings.rational_field import QQ\n\n"
        "H = HyperplaneArrangements(QQ, names=({quoted},))\n"
        "{names}, = H.gens()\nA = H(\n    {forms}\n)\n",
        "#",
        re.compile(r"\bnames=\(([^)]*)\)|\bH\.<([^>]*)>"),
        re.compile(r"=\s*H\s*\(([^)]*)\)"),
    ),
}

NAME = r"[^\W\d]\w*"
TERM = re.compile(rf"([+-])(?:([0-9]+(?:/[0-9]+)?)(?:\*({NAME}))?|({NAME}))")


def script(language: Language, rows: NDArray[Any]) -> str:
    """A script that makes the arrangement of some rows [normal | offset], of integers."""
    names = [language.names.format(k=k + language.first) for k in range(rows.shape[1] - 1)]
    return language.form.format(
        names=", ".join(names),
        quoted=", ".join(map(repr, names)),
        forms=",\n    ".join(linear_form(row, names) for row in rows),
    )


def read_forms(language: Language, text: str, name: str) -> NDArray[np.object_]:
    """The rows [normal | offset] of the linear forms in a script.

    Raises
    ------
    InputError
        If there is no list of coordinates or of forms, or one is not linear.
    """
    lines = text.splitlines()
    text = "\n".join(line.partition(language.comment)[0] for line in lines)
    names, forms = language.read_names.search(text), language.read_forms.search(text)
    if names is None or forms is None:
        missing = "coordinates" if names is None else "linear forms"
        raise InputError(
            f"{name}: no list of {missing}; a script for {language.program} is read as far as "
            "it is like those that Arrangement.write writes"
        )
    listed = next(filter(None, names.groups()), "")
    coordinates = [part for part in re.split(r"[\s,'\"]+", listed) if part]
    number = {coordinate: k for k, coordinate in enumerate(coordinates)}
    for k, coordinate in enumerate(coordinates):
        if not re.fullmatch(NAME, coordinate) or number[coordinate] != k:
            raise InputError(
                f"{name}: coordinate {k}, {shown(coordinate)}, is no name or named before"
            )
    given = [part for part in forms[1].strip("[] \n").split(",") if part.strip()]
    rows = np.full((len(given), len(number) + 1), 0, dtype=object)
    for row, form in zip(rows, given, strict=True):
        _read_form(row, form, number, f"{name}: {shown(form.strip())}")
    return rows


def _read_form(
    row: NDArray[np.object_], form: str, number: Mapping[str, int], place: str
) -> None:
    """Add the coefficients of a linear form to a row."""
    text = "".join(form.split())
    text = text if text[0] in "+-" else f"+{text}"
    at = 0
    while at < len(text):
        term = TERM.match(text, at)
        if term is None:
            raise InputError(f"{place} is no sum of terms such as 3*x or 1/2")
        sign, value, scaled, alone = term.groups()
        variable = scaled or alone
        if variable and variable not in number:
            raise InputError(f"{place}: {shown(variable)} is none of the coordinates")
        size = Fraction(rational_number(value or "1", place))
        row[number[variable] if variable else -1] += size if sign == "+" else -size
        at = term.end()
