"""Certificates: what proves that the regions are all regions, as a file."""

from __future__ import annotations

import gzip
import json
import os
from fractions import Fraction
from typing import Any

import numpy as np

from arrangement import exact
from arrangement.errors import InputError
from arrangement.files.output import atomic_output
from arrangement.networks.complex.activation_patterns import patterns_of
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.proofs.grammar import CERTIFICATE, written
from arrangement.networks.regions.region_set import RegionSet, SolidRegion

__all__ = ["certificate", "network_facts", "write"]


def certificate(regions: RegionSet[SolidRegion]) -> dict[str, Any]:
    """The certificate of regions, as it stands in the file; see :mod:`verify`.

    Numbers are text; :mod:`grammar` says how.

    Returns
    -------
    dict
        ``format``, ``version``; ``network``: ``activation``, ``negative_slope`` (leaky ReLU;
        ``negative_slopes`` by layers where neurons differ),
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
    patterns = [p[regions.first] for p in patterns_of(regions.complex)]
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
                entry |= {"regions": [i, facet.neighbor], "witness": witness}
            facets.append(entry)
    facts = {
        "format": "arrangement certificate",
        "version": 1,
        "network": _network(regions.layers.network),
        "domain": regions.complex.domain.rows.tolist(),
        "vertices": regions.complex.exact.fractions(used),
        "regions": [
            {
                "pattern": [p[i].astype(int).tolist() for p in patterns],
                "point": regions.witness(i),
                "vertices": [number[v] for v in numbers],
            }
            for i, numbers in enumerate(shown)
        ],
        "facets": facets,
    }
    result: dict[str, Any] = written(facts, CERTIFICATE)
    return result


def _inside_facet(regions: RegionSet[SolidRegion], vertices: list[int]) -> list[Fraction]:
    """A point in the relative interior of a facet, with numbers as short as may be.

    The mean of d vertices that span it: a simplex of the same dimension has its interior in
    the facet's.
    """
    columns = regions.complex.exact.coordinates(vertices)
    table = np.array([[int(c) for c in x] for x in columns], dtype=object).T
    spanning = [vertices[j] for j in exact.independent_columns(table)]
    points = regions.complex.exact.fractions(spanning)
    return [sum(x) / Fraction(len(points)) for x in zip(*points, strict=True)]


def network_facts(network: FeedForward) -> dict[str, Any]:
    """A network's numbers as exact text, as they stand in a certificate."""
    facts: dict[str, Any] = written(_network(network), CERTIFICATE["network"])
    return facts


def _network(network: FeedForward) -> dict[str, Any]:
    facts = {key: value for key, value in network.facts().items() if key != "labels"}
    if isinstance(network.negative_slope, tuple):
        facts["negative_slopes"] = [own.tolist() for own in facts.pop("negative_slope")]
    weights, biases = ([table.tolist() for table in given] for given in network.as_given())
    return facts | {"weights": weights, "biases": biases}


def write(regions: RegionSet[SolidRegion], path: str | os.PathLike[str]) -> None:
    """Write a certificate; compressed if the name ends in ``.gz``."""
    content = json.dumps(certificate(regions), separators=(",", ":")).encode()
    with atomic_output(path) as stream:
        if os.fspath(path).endswith(".gz"):
            with gzip.GzipFile("", "wb", 6, stream, mtime=0) as compressed:
                compressed.write(content)
        else:
            stream.write(content)
