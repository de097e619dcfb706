"""What a command has found: facts, which are told as a table or as one JSON object."""

from __future__ import annotations

import json
import math
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from arrangement.arrangement import Arrangement
from arrangement.exact.roots import sum_text
from arrangement.printable import printable

__all__ = [
    "Fact", "Result", "bounded_cells", "of_arrangement", "polynomial_text", "short",
    "stopwatch",
]  # fmt: skip

ABSENT: Any = object()
"""The value of a fact that JSON does not have."""


class Fact(NamedTuple):
    """One fact, as a program and as a person reads it.

    Attributes
    ----------
    name : str
        What the line of the table is called; the key in JSON has _ for spaces.
    value : object
        What JSON has, where NaN and infinity are null. A function is called for it.
    text : str, mapping or None
        What the table has: the value itself if left out, several lines by name, or {} for
        none. A function is called for it.
    """

    name: str
    value: Any = ABSENT
    text: Any = None

    def lines(self) -> Mapping[str, Any]:
        """The lines of the table by name."""
        text = _called(self.text)
        if isinstance(text, Mapping):
            return text
        if text is None:
            text = _called(self.value)
        if isinstance(text, list | tuple):
            text = ", ".join(map(str, text)) or "none"
        return {self.name: text}


@dataclass(frozen=True)
class Result:
    """What a command returns.

    Parameters
    ----------
    facts : sequence of Fact
    lines : sequence of str
        What is printed after the table, and not in JSON.
    table : bool
        Whether the facts are printed; JSON always has them.
    code : int
        The exit code.

    Examples
    --------
    >>> from arrangement.cli.facts import Fact, Result
    >>> result = Result([Fact("cells", 1234, "1,234"), Fact("Whitney numbers", [1, 3, 2])])
    >>> print(result.render(as_json=False), end="")
    cells            1,234
    Whitney numbers  1, 3, 2
    >>> result.to_dict()
    {'cells': 1234, 'whitney_numbers': [1, 3, 2]}
    """

    facts: Sequence[Fact]
    lines: Sequence[str] = ()
    table: bool = True
    code: int = 0

    def with_warnings(self, said: Sequence[str]) -> Result:
        """The same, whose JSON has what was warned of meanwhile."""
        return replace(self, facts=[*self.facts, Fact("warnings", list(said), {})])

    def to_dict(self) -> dict[str, Any]:
        """The facts that JSON has."""
        held = {f.name: _called(f.value) for f in self.facts if f.value is not ABSENT}
        return _plain(held)

    def render(self, as_json: bool) -> str:
        """One JSON object on a line, or the table and the lines after it."""
        limit = sys.get_int_max_str_digits()
        sys.set_int_max_str_digits(0)  # counts of any size are told
        try:
            if as_json:
                return json.dumps(self.to_dict(), allow_nan=False) + "\n"
            told = self.facts if self.table else ()
            rows = {key: value for fact in told for key, value in fact.lines().items()}
            shown = {printable(key): printable(str(value)) for key, value in rows.items()}
        finally:
            sys.set_int_max_str_digits(limit)
        width = max(map(len, shown), default=0)
        table = [f"{key:<{width}}  {value}" for key, value in shown.items()]
        return "".join(f"{line}\n" for line in (*table, *self.lines))


def of_arrangement(arrangement: Arrangement) -> list[Fact]:
    """What every command tells of an arrangement first."""
    return [
        Fact("hyperplanes", arrangement.n_hyperplanes),
        Fact("dimension", arrangement.dimension),
        Fact("rank", arrangement.rank),
    ]


def bounded_cells(arrangement: Arrangement, count: int) -> Fact:
    """The number of bounded cells, of relatively bounded ones where none is bounded."""
    text = None if arrangement.is_essential else {"relatively bounded cells": count}
    return Fact("bounded cells", count, text)


def polynomial_text(coefficients: tuple[int, ...]) -> str:
    """Coefficients from the highest power down, as they are written by hand.

    Examples
    --------
    >>> polynomial_text((1, -4, 0, 5))
    't^3 - 4 t^2 + 5'
    """
    powers = range(len(coefficients) - 1, -1, -1)
    text = sum_text(zip(powers, coefficients, strict=True), "t").replace("*", " ")
    return re.sub("(?<=.)([+-])", r" \1 ", text)


def stopwatch() -> Callable[[], Fact]:
    """A function that tells the seconds that have gone by since now."""
    started = time.perf_counter()
    return lambda: Fact("seconds", round(time.perf_counter() - started, 3))


def short(text: str) -> str:
    """A number for reading: its first and last digits, if there are very many."""
    return text if len(text) <= 60 else f"{text[:20]}...{text[-20:]} ({len(text)} characters)"


def _called(value: Any) -> Any:
    return value() if callable(value) else value


def _plain(value: Any) -> Any:
    """The value with keys without spaces, and None for NaN and infinity: JSON has neither."""
    if isinstance(value, dict):
        return {key.replace(" ", "_").lower(): _plain(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
