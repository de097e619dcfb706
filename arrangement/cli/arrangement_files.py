"""The arrangement that the command line names: a file, standard input, or a family."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from numpy.typing import NDArray

from arrangement.arrangement import Arrangement
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_table
from arrangement.families import FAMILIES
from arrangement.files import hyperplane_files
from arrangement.files.point_files import read_points
from arrangement.files.reading import naming, standard_input

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Domain", "named_family", "read_arrangement", "refuse_seed"]

Domain: TypeAlias = tuple[NDArray[Any], NDArray[Any]]


def named_family(name: str, *sizes: str, seed: int | None = None) -> Arrangement:
    """A member of a family of `arrangement.families`.

    Parameters
    ----------
    name : str
    sizes : str
        The arguments of the family as they are written; the edges of a graph as "0-1", points
        as the name of a file.
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
        refuse_seed()
    if "graph" in parameters:
        return family(_written_graph(name, sizes), **named)
    wanted = [key for key in parameters if key not in ("rng", "shifts")]
    needed = sum(parameters[key].default is inspect.Parameter.empty for key in wanted)
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters.values()):
        wanted *= max(1, len(sizes))
    if not min(needed, len(wanted)) <= len(sizes) <= len(wanted):
        raise InputError(
            f"--family {name} takes {len(wanted)} ({', '.join(wanted)}) after the name, "
            f"not {len(sizes)}"
        )
    if name in ("facets", "zonotope"):
        with naming(sizes[0]):
            return family(read_points(sizes[0]))
    return family(*(int(v) if re.fullmatch(r"-?\d{1,1000}", v) else v for v in sizes), **named)


def refuse_seed() -> NoReturn:
    """The InputError for a seed that nothing is drawn from."""
    random = [n for n, f in FAMILIES.items() if "rng" in inspect.signature(f).parameters]
    raise InputError(f"--seed is for --family {', '.join(random)}")


def _written_graph(name: str, edges: Sequence[str]) -> nx.Graph:
    """The graph with edges such as "0-1" and nodes such as "2", in the order of its nodes."""
    import networkx as nx

    graph = nx.Graph()
    for text in edges:
        nodes = text.split("-")
        if not all(nodes) or len(nodes) > 2:
            raise InputError(
                f"--family {name}: {text!r} is neither an edge such as 0-1 nor a node"
            )
        graph.add_nodes_from(nodes)
        if len(nodes) == 2:
            graph.add_edge(*nodes)
    if not graph:
        raise InputError(f"--family {name} takes the edges after the name, such as 0-1 1-2")
    return graph


def read_arrangement(
    path: str, central: bool = False, as_float: bool = False
) -> tuple[Arrangement, Domain | None]:
    """The arrangement in a file, and the domain if the file is of the cells in one.

    Parameters
    ----------
    path : str
        In one of the formats of :meth:`Arrangement.write`, or as `Cells.save` writes it, all
        perhaps compressed (.gz); a table of text may begin with lines such as
        "field tau = (1+sqrt(5))/2", which name numbers; - is a table or JSON from standard
        input.
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
    table = hyperplane_files.read(standard_input() if path == "-" else path, central=central)
    with naming(table.name):
        arrangement = Arrangement(table.normals, table.offsets, table.labels)
        domain = _domain(table.domain, arrangement.dimension)
        if as_float:
            normals, offsets = arrangement.normals, arrangement.offsets
            try:
                arrangement = Arrangement(
                    normals.astype(float), offsets.astype(float), arrangement.labels
                )
            except OverflowError:
                raise InputError("--float, but a number is beyond float64") from None
        return arrangement, domain


def _domain(given: Any, dimension: int) -> Domain | None:
    """The rows of the domain of saved cells as a polyhedron (G, h)."""
    if given is None:
        return None
    rows = exact_table(given, "domain", "row", 2, irrational=True)
    if rows.shape[1] != dimension + 1:
        raise InputError(f"domain: {rows.shape[1]} columns in dimension {dimension}")
    return -rows[:, :-1], rows[:, -1]
