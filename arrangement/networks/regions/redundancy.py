"""Neurons that a network can do without on a domain, and the network without them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from arrangement.exact.floats import to_float
from arrangement.in_notebooks import InNotebooks
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.regions.neuron_relations import Spans
from arrangement.networks.regions.regions import Regions
from arrangement.networks.regions.vertex_relations import Affine

__all__ = ["Redundancy", "pruned", "redundancies"]

Point = tuple[Fraction, ...]
Extreme = tuple[str, Fraction, int]


@dataclass(frozen=True)
class Redundancy(InNotebooks):
    """What makes a hidden neuron redundant on a domain, and the certificate.

    Attributes
    ----------
    layer, neuron : int
    kind : {"inactive", "active", "duplicate", "dependent", "linear"}
        Never active; always active; a positive multiple of a neuron before it; another
        combination of other neurons and a constant, or a constant; none of these, but an
        affine function of what its layer is given, such as a maxout neuron of which one piece
        is the largest everywhere. A neuron of which several hold is called by the first.
    preactivation : Fraction or None
        The largest over the domain of an inactive neuron, ≤ 0; the least of an active one,
        ≥ 0.
    vertex : tuple of Fractions or None
        Where the domain has it.
    combination : dict of int to Fraction or None
        The output is Σ_i combination[i]·(output of neuron i of the layer) + constant, on the
        whole domain. None for a neuron that is no such combination: it is linear, but cannot
        be left out.
    constant : Fraction or None
    of_inputs : tuple of dict of int to Fraction and Fraction, or None
        Of a linear neuron: its output is Σ_i of_inputs[0][i]·(input i of the layer) +
        of_inputs[1], on the whole domain.

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> network = Network([[[1], [2], [-1]], [[1, 1, 1]]], [[0, 0, -9], [0]])
    >>> for one in network.redundant_neurons([(-1, 1)]):
    ...     print(one.neuron, one.kind, one.preactivation, one.combination)
    1 duplicate None {0: Fraction(2, 1)}
    2 inactive -8 {}
    """

    layer: int
    neuron: int
    kind: str
    preactivation: Fraction | None = None
    vertex: Point | None = None
    combination: dict[int, Fraction] | None = None
    constant: Fraction | None = None
    of_inputs: Affine | None = None


def redundancies(regions: Regions) -> list[Redundancy]:
    """The redundant neurons of a network in the domain of its regions, layer by layer."""
    spans = Spans(regions.complex)
    extremes = {} if regions.layers.is_maxout else _extremes(spans)
    return [
        one
        for l in range(len(spans.layers.hidden_widths))
        for one in _layer(spans, l, extremes)
    ]


def _layer(spans: Spans, l: int, extremes: dict[tuple[int, int], Extreme]) -> list[Redundancy]:
    cells, relations, width = spans.cells, spans.relations[l + 1], spans.layers.hidden_widths[l]
    others = [j for j in range(width) if j not in relations and (l, j) not in extremes]
    linear = spans.linear(l, others)
    found = []
    for j in range(width):
        relation, extreme = relations.get(j), extremes.get((l, j))
        if relation is None and extreme is None:
            if j in linear:
                found.append(Redundancy(l, j, "linear", of_inputs=linear[j]))
            continue
        combination, constant = (None, None) if relation is None else relation
        kind, value, v = extreme if extreme is not None else ("dependent", None, -1)
        if (
            kind != "inactive"
            and combination is not None
            and len(combination) == 1
            and constant == 0
            and min(combination.values()) > 0
        ):
            kind, value, v = "duplicate", None, -1
        vertex = None if v < 0 else cells.exact.fractions([v])[0]
        found.append(Redundancy(l, j, kind, value, vertex, combination, constant))
    return found


def _extremes(spans: Spans) -> dict[tuple[int, int], Extreme]:
    """Neurons that are never or always active: by which preactivation, at which vertex."""
    cells, result = spans.cells, {}
    for (l, j, *_), (height, wrong) in zip(
        cells.steps.functions, cells.heights(cells.points, cells.spread), strict=True
    ):
        positive, negative = (some[j] for some in spans.signs[l])
        if spans.layers.slopes[l][j] == 1.0 or (positive and negative):
            continue
        kind, sign = ("active", -1) if positive else ("inactive", 1)
        with np.errstate(invalid="ignore"):
            low, high = sign * height - wrong, sign * height + wrong
            near = np.flatnonzero(~(high < np.nanmax(low, initial=-np.inf))).tolist()
        if not spans.preactivations[l][j].keys() - {-1}:
            near = near[:1]
        exactly = cells.exact.preactivations(near, l)
        values = [sign * Fraction(int(row[j]), int(row[-1])) for row in exactly]
        best = max(range(len(near)), key=values.__getitem__)
        result[l, j] = kind, sign * values[best], near[best]
    return result


def pruned(regions: Regions) -> FeedForward:
    """The network without the neurons that it can do without on the domain of its regions.

    From the outputs backwards, what is wanted next is taken as an affine function of the
    earliest layer of which it is one, be it the input; that layer's neurons that are
    combinations of others are left out, and the preactivations of the others are wanted next.

    Returns
    -------
    FeedForward
        Equal to the network at every point of the domain, by relations that are proved. Its
        numbers may be rationals that are no float64.
    """
    network, spans = regions.layers.network, Spans(regions.complex)
    weights: list[Any] = []
    biases: list[Any] = []
    slopes: list[Any] = []
    l = network.depth - 1
    rows = list(range(network.output_dimension))
    while l >= 0:
        combinations = ((b, spans.combinations(l, rows, b)) for b in range(-1, l))
        l, found = next((b, found) for b, found in combinations if found is not None)
        columns = spans.columns[l + 1]
        weights.insert(0, _float64([[terms.get(c, 0) for c in columns] for terms, _ in found]))
        biases.insert(0, _float64([constant for _, constant in found]))
        if l >= 0:
            k = network.pieces
            if k == 1:
                slopes.insert(0, network.slopes[l][columns])
            rows = [j * k + p for j in columns for p in range(k)]
    one = isinstance(network.negative_slope, float)
    slope = network.negative_slope if one else slopes
    return FeedForward(weights, biases, network.activation, slope, network.labels)


def _float64(numbers: list[Any]) -> Any:
    """Rational numbers as an array of float64 if they all are some, which is read faster."""
    exactly = np.array(numbers, dtype=object)
    found = [to_float(v.numerator, v.denominator) for v in exactly.ravel().tolist()]
    if any(error for _, error in found):
        return numbers
    return np.array([value for value, _ in found]).reshape(exactly.shape)
