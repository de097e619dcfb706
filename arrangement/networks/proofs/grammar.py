"""The grammar of certificates, one for their writer and their reader.

A certificate is JSON of the form :data:`CERTIFICATE`, every object with these keys and no
others. Numbers of the mathematics are text, since JSON's own may be rounded on the way:

    integer   0, or perhaps − and then decimal digits without leading zeros, at most 4000, or
              0x and lower-case hexadecimal digits without leading zeros, of any number
    rational  an integer, or an integer, / and a positive integer

The only numbers of JSON itself are integers that count or number something.

Like :mod:`arrangement.networks.proofs.verify`, which reads, this module needs Python's standard
library and nothing else.
"""

from __future__ import annotations

import re
from enum import Enum
from fractions import Fraction
from typing import Any, TypeAlias

__all__ = ["CERTIFICATE", "BadCertificate", "integer_text", "parsed", "written"]


class BadCertificate(ValueError):
    """The file is no certificate, or is malformed; the message says where."""


class Atom(Enum):
    """What is no list and no object."""

    INTEGER = "an integer as text"
    RATIONAL = "an integer, or a ratio of two, as text"
    INDEX = "an integer from 0 on"


class OneOf(tuple[Any, ...]):
    """Alternatives: the first that fits by its word, its length or its keys."""


Form: TypeAlias = Any
"""An Atom; a word or a number itself; [form] for lists; a tuple of forms, or a dict."""

_TABLES = {"weights": [[[Atom.RATIONAL]]], "biases": [[Atom.RATIONAL]]}
_FACET = {"vertices": [Atom.INDEX], "regions": [Atom.INDEX]}

CERTIFICATE: Form = {
    "format": "arrangement certificate",
    "version": 1,
    "network": OneOf(
        (
            {"activation": OneOf(("relu", ("maxout", Atom.INDEX))), **_TABLES},
            {"activation": "leaky_relu", "negative_slope": Atom.RATIONAL, **_TABLES},
            {"activation": "leaky_relu", "negative_slopes": [[Atom.RATIONAL]], **_TABLES},
        )
    ),
    "domain": [[Atom.INTEGER]],
    "vertices": [[Atom.RATIONAL]],
    "regions": [
        {"pattern": [[Atom.INDEX]], "point": [Atom.RATIONAL], "vertices": [Atom.INDEX]}
    ],
    "facets": [OneOf(({**_FACET, "wall": Atom.INDEX}, {**_FACET, "witness": [Atom.RATIONAL]}))],
}

_DIGITS = re.compile(r"0|-?(?:[1-9][0-9]{0,3999}|0x[1-9a-f][0-9a-f]*)")

_SHORT = 600
"""Digits that Python converts under any setting of its limit."""


def parsed(value: Any, form: Form) -> Any:
    """What JSON has, as integers and pairs (p, q) of rationals p/q.

    Raises
    ------
    BadCertificate
        If it does not have the form; the message says where.

    Examples
    --------
    >>> parsed(["-1/2", "0x10"], [Atom.RATIONAL])
    [(-1, 2), (16, 1)]
    >>> parsed({"wall": 1.0}, {"wall": Atom.INDEX})
    Traceback (most recent call last):
    arrangement.networks.proofs.grammar.BadCertificate: wall: 1.0 is not an integer from 0 on
    """
    try:
        return _parsed(value, form)
    except _WrongError as wrong:
        place = ".".join(map(str, reversed(wrong.place)))
        raise BadCertificate(f"{place}: {wrong}" if place else str(wrong)) from None


def written(value: Any, form: Form) -> Any:
    """What :func:`parsed` reads, from integers, Fractions, lists and dicts of the form.

    Examples
    --------
    >>> from fractions import Fraction
    >>> written([Fraction(-1, 2), 16], [Atom.RATIONAL])
    ['-1/2', '16']
    """
    if isinstance(form, OneOf):
        return written(value, next(one for one in form if _fits(value, one)))
    if isinstance(form, dict):
        return {key: written(value[key], inner) for key, inner in form.items()}
    if isinstance(form, list):
        return [written(v, form[0]) for v in value]
    if isinstance(form, tuple):
        return [written(v, inner) for v, inner in zip(value, form, strict=True)]
    if form is Atom.RATIONAL:
        exact = Fraction(value)
        top = integer_text(exact.numerator)
        return top if exact.denominator == 1 else f"{top}/{integer_text(exact.denominator)}"
    return integer_text(int(value)) if form is Atom.INTEGER else value


def integer_text(value: int) -> str:
    """Decimal digits, hexadecimal ones where they are many.

    Examples
    --------
    >>> integer_text(-10), integer_text(2**4000)[:5]
    ('-10', '0x100')
    """
    return str(value) if value.bit_length() < 3 * _SHORT else hex(value)


class _WrongError(Exception):
    """What is wrong; the place is added from the inside outwards."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.place: list[str | int] = []


def _parsed(value: Any, form: Form) -> Any:
    if isinstance(form, Atom):
        return _ATOMS[form](value)
    if isinstance(form, OneOf):
        for one in form:
            if _fits(value, one):
                return _parsed(value, one)
        if isinstance(value, dict) and isinstance(form[0], dict):
            nearest = max(form, key=lambda one: len(one.keys() & value.keys()))
            return _parsed(value, nearest)
        raise _WrongError(f"{_shown(value)} is unknown")
    if isinstance(form, str | int):
        if type(value) is not type(form) or value != form:
            raise _WrongError(f"{_shown(value)} is not known, only {form!r}")
        return value
    if isinstance(form, dict):
        return _object(value, form)
    if not isinstance(value, list):
        raise _WrongError(f"{_shown(value)} is no list")
    forms = form if isinstance(form, tuple) else form * len(value)
    result: list[Any] = []
    try:
        for v, inner in zip(value, forms, strict=True):
            result.append(_parsed(v, inner))
    except _WrongError as wrong:
        wrong.place.append(len(result))
        raise
    return result


def _object(value: Any, form: dict[str, Form]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _WrongError(f"{_shown(value)} is no object")
    for key in [*form.keys() - value.keys()]:
        raise _WrongError(f'"{key}" is missing')
    for key in [*value.keys() - form.keys()]:
        raise _WrongError(f"{_shown(key)} is no part of a certificate")
    result = {}
    for key, inner in form.items():
        try:
            result[key] = _parsed(value[key], inner)
        except _WrongError as wrong:
            wrong.place.append(key)
            raise
    return result


def _fits(value: Any, form: Form) -> bool:
    if isinstance(form, dict):
        return isinstance(value, dict) and value.keys() == form.keys()
    if isinstance(form, tuple):
        return isinstance(value, list | tuple) and len(value) == len(form)
    return isinstance(value, str) and value == form


def _integer(text: Any) -> int:
    if not isinstance(text, str) or _DIGITS.fullmatch(text) is None:
        raise _WrongError(f"{_shown(text)} is not {Atom.INTEGER.value}")
    if "x" in text:
        return int(text, 16)
    if len(text) <= _SHORT:
        return int(text)
    value, digits = 0, text.lstrip("-")
    for i in range(0, len(digits), _SHORT):
        part = digits[i : i + _SHORT]
        value = value * 10 ** len(part) + int(part)
    return -value if text[0] == "-" else value


def _rational(text: Any) -> tuple[int, int]:
    if not isinstance(text, str):
        raise _WrongError(f"{_shown(text)} is not {Atom.RATIONAL.value}")
    top, line, bottom = text.partition("/")
    if not line:
        return _integer(top), 1
    p, q = _integer(top), _integer(bottom)
    if q <= 0:
        raise _WrongError(f"{_shown(text)}: the denominator must be positive")
    return p, q


def _index(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise _WrongError(f"{_shown(value)} is not {Atom.INDEX.value}")
    return value


_ATOMS = {Atom.INTEGER: _integer, Atom.RATIONAL: _rational, Atom.INDEX: _index}


def _shown(value: Any) -> str:
    """A value for a message, however large it is."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, str) and len(value) > 40:
        return ascii(value[:40]) + " …"
    return ascii(value)
