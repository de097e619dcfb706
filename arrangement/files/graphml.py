"""Graphs of cells and posets, given by columns: as networkx graphs and as GraphML."""

from __future__ import annotations

import gzip
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray

from arrangement.checks import check_instance
from arrangement.exact.numbers import exact_text
from arrangement.files.output import atomic_output
from arrangement.files.reading import file_name

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["cell_graph", "write_graphml", "write_poset"]

Columns: TypeAlias = Mapping[str, Sequence[Any] | NDArray[Any]]

BLOCK = 2**14
"""Nodes and edges are written in blocks of this many."""


_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def cell_graph(
    nodes: Columns,
    edges: NDArray[np.int64],
    edge_columns: Columns,
    facts: Mapping[str, str] = MappingProxyType({}),
) -> nx.Graph:
    """A networkx graph from columns; entries NaN and None are left out.

    Parameters
    ----------
    nodes : dict of sequences of equal length m
        Attributes of the nodes 0 … m − 1.
    edges : ndarray of int64, shape (E, 2)
    edge_columns : dict of sequences of length E
    facts : dict of str, optional
        Attributes of the whole graph.

    Examples
    --------
    >>> import numpy as np
    >>> nodes, ends = {"loss": [0.5, float("nan")]}, np.array([[0, 1]])
    >>> graph = cell_graph(nodes, ends, {"hyperplane": [3]})
    >>> graph.nodes(data=True), graph.edges(data=True)
    (NodeDataView({0: {'loss': 0.5}, 1: {}}), EdgeDataView([(0, 1, {'hyperplane': 3})]))
    """
    import networkx as nx

    graph = nx.Graph(**facts)
    graph.add_nodes_from(enumerate(_attributes(nodes)))
    graph.add_edges_from(
        (a, b, attributes)
        for (a, b), attributes in zip(edges.tolist(), _attributes(edge_columns), strict=True)
    )
    return graph


def write_graphml(
    path: str | os.PathLike[str],
    nodes: Columns,
    edges: NDArray[np.int64],
    edge_columns: Columns,
    show: Callable[[int, int], None] = lambda done, total: None,
    directed: bool = False,
    facts: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write a graph given by columns as GraphML, in a stream; see :func:`cell_graph`.

    A name that ends in ``.gz`` is compressed. The file appears only when it is whole.
    Characters that XML has no way to write, such as NUL, are escaped as in a Python string.
    `show` is called with (nodes and edges written, in all) now and then.
    """
    m = max(map(len, nodes.values()), default=0)
    node_keys = _keys(nodes, "node", 0)
    edge_keys = _keys(edge_columns, "edge", len(nodes))
    columns = {name: [text] for name, text in facts.items()}
    graph_keys = _keys(columns, "graph", len(nodes) + len(edge_columns))

    total = m + len(edges)

    def text() -> Iterator[str]:
        yield "<?xml version='1.0' encoding='utf-8'?>\n"
        yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
        for key in [*node_keys, *edge_keys, *graph_keys]:
            name = quoteattr(_allowed(key.name))
            yield (
                f'<key id="{key.id}" for="{key.domain}" attr.name={name} '
                f'attr.type="{key.type}"/>\n'
            )
        yield f'<graph edgedefault="{"" if directed else "un"}directed">\n'
        yield from (f"{v}\n" for key in graph_keys for v in key.texts(key.column.tolist()))
        done = 0
        for data in _data(node_keys, m):
            show(done, total)
            yield "".join(f'<node id="{i}">{v}</node>\n' for i, v in enumerate(data, done))
            done += len(data)
        for ends, data in zip(_blocks(edges), _data(edge_keys, len(edges)), strict=True):
            show(done, total)
            yield "".join(
                f'<edge source="{a}" target="{b}">{v}</edge>\n'
                for (a, b), v in zip(ends, data, strict=True)
            )
            done += len(data)
        show(total, total)
        yield "</graph>\n</graphml>\n"

    with atomic_output(path) as stream:
        if file_name(path).endswith(".gz"):
            # Without a file name and with time 0 the same graph is the same bytes.
            with gzip.GzipFile("", "wb", 6, stream, mtime=0) as compressed:
                compressed.writelines(chunk.encode() for chunk in text())
        else:
            stream.writelines(chunk.encode() for chunk in text())


def write_poset(graph: nx.DiGraph, path: str | os.PathLike[str]) -> None:
    """Write a poset as GraphML: the nodes by number, with their attributes, and the covers.

    A name that ends in ``.gz`` is compressed. The file appears only when it is whole.

    Parameters
    ----------
    graph : networkx.DiGraph
        From :meth:`Arrangement.intersection_poset`, :meth:`Arrangement.face_lattice` or
        :meth:`Cell.face_lattice`.
    path : path-like

    Examples
    --------
    >>> import tempfile
    >>> import networkx as nx
    >>> from arrangement import Arrangement
    >>> poset = Arrangement([[1, 0], [0, 1]]).intersection_poset()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_poset(poset, f"{folder}/poset.graphml.gz")
    ...     back = nx.read_graphml(f"{folder}/poset.graphml.gz")
    >>> back.nodes["3"]
    {'rank': 2, 'dimension': 0, 'hyperplanes': '0 1', 'mobius': 1}
    """
    check_instance(graph, "graph", "DiGraph")
    number = {node: i for i, node in enumerate(graph)}
    attributes = [data for _, data in graph.nodes(data=True)]
    columns = {name: [data[name] for data in attributes] for name in attributes[0]}
    edges = np.array([(number[a], number[b]) for a, b in graph.edges], dtype=np.int64)
    write_graphml(path, columns, edges.reshape(-1, 2), {}, directed=True)


@dataclass(frozen=True)
class _Key:
    """One attribute of nodes, edges or the graph, as GraphML declares it."""

    id: str
    domain: str
    name: str
    column: NDArray[Any]

    @property
    def type(self) -> str:
        return {"b": "boolean", "i": "long", "u": "long", "f": "double"}.get(
            self.column.dtype.kind, "string"
        )

    def texts(self, values: list[Any]) -> list[str]:
        """The data elements of some entries; NaN and None give none."""
        kind = self.column.dtype.kind
        if kind == "f":
            return [
                "" if math.isnan(v) else f'<data key="{self.id}">{v!r}</data>' for v in values
            ]
        if kind == "b":
            values = ["true" if v else "false" for v in values]
        elif self.type == "string":
            values = [
                exact_text(v)
                if isinstance(v, int)
                else v and escape(_allowed(str(v)), {"\r": "&#13;"})
                for v in values
            ]
        return ["" if v is None else f'<data key="{self.id}">{v}</data>' for v in values]


def _allowed(text: str) -> str:
    """The text with the characters that XML does not have escaped as in a Python string."""
    return _FORBIDDEN.sub(lambda m: m[0].encode("unicode_escape").decode("ascii"), text)


def _keys(columns: Columns, domain: str, start: int) -> list[_Key]:
    return [
        _Key(f"d{start + k}", domain, name, np.asarray(column))
        for k, (name, column) in enumerate(columns.items())
    ]


def _blocks(column: NDArray[Any]) -> Iterator[list[Any]]:
    """A column as lists of plain Python values, a block at a time; bytes are text."""
    for start in range(0, len(column), BLOCK):
        block = column[start : start + BLOCK]
        yield (block.astype(str) if block.dtype.kind == "S" else block).tolist()


def _data(keys: list[_Key], m: int) -> Iterator[list[str]]:
    """The data elements of m nodes or edges, a block at a time."""
    if not keys:
        yield from ([""] * min(BLOCK, m - start) for start in range(0, m, BLOCK))
    for blocks in zip(*(_blocks(key.column) for key in keys), strict=True):
        texts = [key.texts(block) for key, block in zip(keys, blocks, strict=True)]
        yield list(map("".join, zip(*texts, strict=True)))


def _attributes(columns: Columns) -> Iterator[dict[str, Any]]:
    """One dict of attributes per entry; NaN and None are left out."""
    names = list(columns)
    for blocks in zip(*(_blocks(np.asarray(c)) for c in columns.values()), strict=True):
        for values in zip(*blocks, strict=True):
            yield {
                name: value
                for name, value in zip(names, values, strict=True)
                if not (value is None or (isinstance(value, float) and math.isnan(value)))
            }
