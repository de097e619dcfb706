"""The arrangement that the command line names: a file, standard input, or a family."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arrangement.arrangement import Arrangement
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_table
from arrangement.families import FAMILIES
from arrangement.files.archives import unsealed
from arrangement.files.exact_text import json_numbers, table_numbers
from arrangement.files.reading import naming, read_arrays, standard_input
from arrangement.files.text import parse_json, read_text

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Domain", "named_family", "read_arrangement"]

Domain: TypeAlias = tuple[NDArray[Any], NDArray[Any]]


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
    needed = sum(parameters[key].default is inspect.Parameter.empty for key in wanted)
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters.values()):
        wanted *= max(1, len(sizes))
    if not min(needed, len(wanted)) <= len(sizes) <= len(wanted):
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
            numbers = parse_json(text, name, json_numbers(name), form)
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


def _table(text: str, name: str, central: bool) -> NDArray[np.object_]:
    """Hyperplanes as a table, exact, shape (rows, columns)."""
    table, lines = table_numbers(text, name)
    for row, line in zip(table, lines, strict=True):
        normal = row if central else row[:-1]
        if len(normal) and not any(normal):
            raise InputError(f"{name}, line {line}: the normal is zero, so it is no hyperplane")
    return table
