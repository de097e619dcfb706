"""Certificates: what proves that the regions are all regions, as a file."""

from __future__ import annotations

import gzip
import json
import os
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from arrangement import exact
from arrangement.errors import InputError
from arrangement.output import atomic_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from arrangement.deep.network import Network
    from arrangement.deep.regions import Regions

__all__ = ["certificate", "network_facts", "write"]

LONG = 12_000
"""Python reads decimal integers of at most 4300 digits; longer ones are hexadecimal."""


def certificate(regions: Regions) -> dict[str, Any]:
    """The certificate of regions, as it stands in the file; see :mod:`verify`.

    Numbers are text, "p" or "p/q", decimal or (long ones) hexadecimal.

    Returns
    -------
    dict
        ``format``, ``version``; ``network``: ``activation``, ``negative_slope`` (leaky ReLU),
        ``weights`` and ``biases`` as in a .json file of a network; ``domain``: rows [g | c] of
        integers, g·x + c ≥ 0; ``vertices``: coordinates; ``regions``: each with ``pattern``
        (by hidden layer, 0 or 1, or the piece), interior ``point``, and ``vertices`` by number;
        ``facets``: each with ``vertices``, ``regions`` (one or two), and either the ``wall`` (a
        row of the domain) or, between two regions, a ``witness`` in its relative interior.

    Raises
    ------
    InputError
        If the regions are merged.
    """
    if regions.merged or regions.complex.by_class:
        raise InputError(
            "a certificate is of activation regions: write that of network.regions(domain) "
            "without merge=True"
        )
    shown = [regions.vertex_numbers(i) for i in range(len(regions))]
    used = sorted({v for numbers in shown for v in numbers})
    number = {v: n for n, v in enumerate(used)}
    facets: list[dict[str, Any]] = []
    for i, numbers in enumerate(shown):
        mine = set(numbers)
        for facet in regions.facets(i):
            if facet.neighbor is not None and facet.neighbor < i:
                continue
            # Between cells of one maxout pattern there are points that are no vertices.
            corners = [v for v in facet.vertices if v in mine]
            entry: dict[str, Any] = {"vertices": [number[v] for v in corners]}
            if facet.neighbor is None:
                entry |= {"regions": [i], "wall": facet.wall}
            else:
                witness = _inside_facet(regions, corners)
                entry |= {"regions": [i, facet.neighbor], "witness": _texts(witness)}
            facets.append(entry)
    return {
        "format": "arrangement certificate",
        "version": 1,
        "network": network_facts(regions.layers.network),
        "domain": [_texts(row) for row in regions.complex.domain.rows.tolist()],
        "vertices": [_texts(x) for x in regions.complex.exact.fractions(used)],
        "regions": [
            {
                "pattern": [p[i].astype(int).tolist() for p in regions.patterns],
                "point": _texts(regions.witness(i)),
                "vertices": [number[v] for v in numbers],
            }
            for i, numbers in enumerate(shown)
        ],
        "facets": facets,
    }


def _inside_facet(regions: Regions, vertices: list[int]) -> Iterator[Fraction]:
    """A point in the relative interior of a facet, with numbers as short as may be.

    The mean of d vertices that span it: a simplex of the same dimension has its interior in
    the facet's.
    """
    columns = regions.complex.exact.coordinates(vertices)
    table = np.array([[int(c) for c in x] for x in columns], dtype=object).T
    spanning = [vertices[j] for j in exact.independent_columns(table)]
    points = regions.complex.exact.fractions(spanning)
    return (sum(x) / Fraction(len(points)) for x in zip(*points, strict=True))


def network_facts(network: Network) -> dict[str, Any]:
    """A network's numbers as exact text; ``Network(**facts)`` has them again."""
    facts: dict[str, Any] = {
        "weights": [[_texts(row) for row in W.tolist()] for W in network.exact_weights],
        "biases": [_texts(b.tolist()) for b in network.exact_biases],
        "activation": network.activation
        if isinstance(network.activation, str)
        else list(network.activation),
    }
    if network.activation == "leaky_relu":
        facts["negative_slope"] = _text(network.exact_negative_slope)
    return facts


def write(regions: Regions, path: str | os.PathLike[str]) -> None:
    """Write a certificate; compressed if the name ends in ``.gz``."""
    content = json.dumps(certificate(regions), separators=(",", ":")).encode()
    with atomic_output(path) as stream:
        if os.fspath(path).endswith(".gz"):
            with gzip.GzipFile("", "wb", 6, stream, mtime=0) as compressed:
                compressed.write(content)
        else:
            stream.write(content)


def _texts(values: Iterable[int | Fraction]) -> list[str]:
    return [_text(v) for v in values]


def _text(value: int | Fraction) -> str:
    p, q = value.numerator, value.denominator
    return _integer(p) if q == 1 else f"{_integer(p)}/{_integer(q)}"


def _integer(value: int) -> str:
    return str(value) if value.bit_length() < LONG else hex(value)
