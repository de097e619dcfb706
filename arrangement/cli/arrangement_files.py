"""The arrangement that the command line names: a file, standard input, or a family."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arrangement.arrangement import Arrangement
from arrangement.errors import InputError, SizeError
from arrangement.exact.algebraic import FUNCTIONS, read_number
from arrangement.exact.fields import FieldElement, Number
from arrangement.exact.numbers import (
    MOST_NUMBERS,
    exact_table,
    n_bits,
    real_number,
    refuse_bits,
)
from arrangement.families import FAMILIES
from arrangement.files.archives import unsealed
from arrangement.files.reading import naming, read_arrays, standard_input
from arrangement.files.text import parse_json, read_rows, read_text, refuse_empty_cells

if TYPE_CHECKING:
    import networkx as nx

__all__ = [
    "chosen_arrangement",
    "named_family",
    "rational_number",
    "read_arrangement",
    "read_points",
    "written_number",
]

Domain: TypeAlias = tuple[NDArray[Any], NDArray[Any]]

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


def chosen_arrangement(
    file: str | None,
    family: Sequence[str] | None,
    *,
    central: bool = False,
    as_float: bool = False,
    seed: int | None = None,
) -> tuple[Arrangement, Domain | None]:
    """The arrangement in a file, or of a family: exactly one of the two is given.

    Parameters
    ----------
    file : str or None
        See `read_arrangement`, which `central` and `as_float` are for.
    family : sequence of str or None
        The name and the sizes, see `named_family`, which `seed` is for.

    Returns
    -------
    Arrangement
    pair of ndarrays, or None
        The domain in the file as a polyhedron (G, h); a family has none.

    Raises
    ------
    InputError
        If both or neither are given, or an option goes with the other one.
    """
    if (file is None) == (family is None):
        raise InputError("give either FILE (or - for standard input) or --family NAME N")
    if file is not None:
        if seed is not None:
            raise InputError("--seed is for --family generic and discriminantal")
        return read_arrangement(file, central, as_float)
    if central or as_float:
        raise InputError("--central and --float are for FILE, not for --family")
    assert family is not None
    return named_family(*family, seed=seed), None


def named_family(name: str, *sizes: str, seed: int | None = None) -> Arrangement:
    """A member of a family of `arrangement.families`.

    Parameters
    ----------
    name : str
    sizes : str
        The arguments of the family as they are written; the edges of a graph as "0-1".
    seed : int, optional
        Of a random family, 0 if left out; any other family takes none.

    Raises
    ------
    InputError
        If there is no such family, or the arguments do not fit it.

    Examples
    --------
    >>> from arrangement.cli.arrangement_files import named_family
    >>> named_family("coxeter", "B", "2").n_hyperplanes
    4
    """
    if name not in FAMILIES:
        raise InputError(f"--family {name}: no such family; there are {', '.join(FAMILIES)}")
    family = FAMILIES[name]
    parameters = inspect.signature(family).parameters
    named = {}
    if "rng" in parameters:
        named["rng"] = 0 if seed is None else seed
    elif seed is not None:
        raise InputError("--seed is for --family generic and discriminantal")
    if name == "graphical":
        return family(_written_graph(sizes))
    wanted = [key for key in parameters if key != "rng"]
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters.values()):
        wanted *= max(1, len(sizes))
    if len(sizes) != len(wanted):
        raise InputError(
            f"--family {name} takes {len(wanted)} ({', '.join(wanted)}) after the name, "
            f"not {len(sizes)}"
        )
    return family(*(int(v) if re.fullmatch(r"-?\d{1,1000}", v) else v for v in sizes), **named)


def _written_graph(edges: Sequence[str]) -> nx.Graph:
    """The graph with edges such as "0-1" and nodes such as "2", in the order of its nodes."""
    import networkx as nx

    graph = nx.Graph()
    for text in edges:
        nodes = text.split("-")
        if not all(nodes) or len(nodes) > 2:
            raise InputError(
                f"--family graphical: {text!r} is neither an edge such as 0-1 nor a node"
            )
        graph.add_nodes_from(nodes)
        if len(nodes) == 2:
            graph.add_edge(*nodes)
    if not graph:
        raise InputError("--family graphical takes the edges after the name, such as 0-1 1-2")
    return graph


def read_arrangement(
    path: str, central: bool = False, as_float: bool = False
) -> tuple[Arrangement, Domain | None]:
    """The arrangement in a file, and the domain if the file is of the cells in one.

    Parameters
    ----------
    path : str
        A table of text or a .npy file with one hyperplane a row (the text perhaps after lines
        such as "field tau = (1+sqrt(5))/2", which name numbers), or a .json or .npz file with
        ``normals`` and perhaps ``offsets`` and ``domain`` (as `Cells.save` writes them), all
        perhaps compressed (.gz); - is a table or JSON from standard input.
    central : bool, optional
        A row is the normal alone; otherwise its last entry is the offset.
    as_float : bool, optional
        Take the float64 numbers nearest to those that are written; the domain stays exact.

    Returns
    -------
    Arrangement
    pair of ndarrays, or None
        The domain as a polyhedron (G, h).

    Raises
    ------
    InputError
        If the file cannot be read, or does not hold hyperplanes; the message names the file,
        and the line or the row.
    """
    suffix = os.path.splitext(path.lower().removesuffix(".gz"))[1]
    name = path
    numbers: NDArray[Any] | dict[str, Any]
    if suffix in (".npy", ".npz"):
        numbers = read_arrays(path)
        if isinstance(numbers, dict):
            with naming(path):
                numbers = unsealed(numbers)
    else:
        name, text = read_text(standard_input() if path == "-" else path)
        if suffix == ".json" or (path == "-" and text.lstrip().startswith("{")):
            form = '{"normals": ..., "offsets": ...}'
            numbers = parse_json(text, name, _number_of_json(name), form)
        else:
            numbers = _table(text, name, central)
    with naming(name):
        arrangement = Arrangement(*_normals_and_offsets(numbers, central))
        domain = _domain(numbers, arrangement.dimension)
        if as_float:
            normals, offsets = arrangement.normals, arrangement.offsets
            try:
                arrangement = Arrangement(normals.astype(float), offsets.astype(float))
            except OverflowError:
                raise InputError("--float, but a number is beyond float64") from None
        return arrangement, domain


def _number(text: str, names: Mapping[str, Number] | None) -> Number:
    if names and _LETTER.search(text):
        return read_number(text, names)
    return real_number(text)


def rational_number(text: str, place: str) -> int | Fraction:
    """The rational number exactly as it is written; see :func:`written_number`."""
    number = written_number(text, place)
    if isinstance(number, FieldElement):
        raise InputError(f"{place}: {text!r} is irrational, and a rational number is needed")
    return number


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
    >>> from arrangement.cli.arrangement_files import written_number
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


def _normals_and_offsets(
    numbers: NDArray[Any] | dict[str, Any], central: bool
) -> tuple[Any, Any]:
    if isinstance(numbers, dict):
        if "normals" not in numbers:
            held = ", ".join(map(repr, numbers)) or "nothing"
            raise InputError(f"no 'normals'; it holds {held}")
        if central and numbers.get("offsets") is not None:
            raise InputError("--central, but the file holds 'offsets'")
        return numbers["normals"], numbers.get("offsets")
    if central:
        return numbers, None
    if numbers.ndim != 2 or numbers.shape[1] < 2:
        raise InputError(
            f"a table of shape {numbers.shape}; a row is a normal and the offset "
            "(--central: the normal alone)"
        )
    return numbers[:, :-1], numbers[:, -1]


def _domain(numbers: NDArray[Any] | dict[str, Any], dimension: int) -> Domain | None:
    """The rows [g | c] of a domain {x : g·x + c > 0 for all rows}, as G x ≤ h."""
    if not isinstance(numbers, dict) or numbers.get("domain") is None:
        return None
    rows = exact_table(numbers["domain"], "domain", "row", 2, irrational=True)
    if rows.shape[1] != dimension + 1:
        raise InputError(f"domain: {rows.shape[1]} columns in dimension {dimension}")
    return -rows[:, :-1], rows[:, -1]


def read_points(path: str) -> NDArray[Any]:
    """Points, the rows of a table of text or of a .npy file, shape (points, coordinates).

    Parameters
    ----------
    path : str
        As for `read_arrangement`: numbers of a text are exact, a header is left out.

    Raises
    ------
    InputError
        If the file cannot be read, or holds no such table; the message names the file.
    """
    if os.path.splitext(path.lower().removesuffix(".gz"))[1] in (".npy", ".npz"):
        points = read_arrays(path)
        if not isinstance(points, np.ndarray):
            raise InputError(f"{path}: arrays by name; give a .npy file or a table of text")
        return points
    name, text = read_text(path)
    return _numbers(text, name)[0]


def _table(text: str, name: str, central: bool) -> NDArray[np.object_]:
    """Hyperplanes as a table, exact, shape (rows, columns)."""
    table, lines = _numbers(text, name)
    for row, line in zip(table, lines, strict=True):
        normal = row if central else row[:-1]
        if len(normal) and not any(normal):
            raise InputError(f"{name}, line {line}: the normal is zero, so it is no hyperplane")
    return table


def _number_of_json(name: str) -> Callable[[str], Number]:
    held = 0

    def number(cell: str) -> Number:
        nonlocal held
        value = written_number(cell, name)
        held += n_bits(value)
        refuse_bits(held, name)
        return value

    return number


def _numbers(text: str, name: str) -> tuple[NDArray[np.object_], list[int]]:
    """The numbers of a table of text, exact, shape (rows, columns), and their lines."""
    names, text = _field_lines(text, name)
    numbers: list[Number] = []
    lines: list[int] = []
    held, width = 0, 0
    for k, (line, cells) in enumerate(read_rows(text, name)):
        if not k and not any(_is_cell(v, names) for v in cells):
            continue
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
    return table.reshape(len(lines), width), lines


def _field_lines(text: str, name: str) -> tuple[dict[str, Number], str]:
    """Numbers that lines before the rows of a table name, and the text with these as comments.

    Such a line is "field tau = (1+sqrt(5))/2"; the cells below may say "2*tau+1". A header may
    stand before or after it.
    """
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
            if header or any(_is_cell(v, names) for v in next(read_rows(line, place))[1]):
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
