"""Neurons that a network can do without on a domain, and the network without them.

On a region of a network the outputs of a hidden layer are affine, so that they are what they
are at its vertices; a linear relation between the outputs of neurons and a constant holds on
the domain iff it holds at the vertices of all regions. Relations are found modulo a prime and
in rational numbers from a few vertices, and are then checked at all of them; that there are no
others is certain as well, since what is independent modulo a prime is independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import fmpq_mat, fmpz_mat, nmod_mat
from numpy.typing import NDArray

from arrangement.deep.layers import Layers
from arrangement.deep.network import Network
from arrangement.deep.parameters import exact_product
from arrangement.errors import SolverError

if TYPE_CHECKING:
    from arrangement.deep.regions import Regions

__all__ = ["Redundancy", "prune", "redundancies"]

Point = tuple[Fraction, ...]
Table = list[list[Any]]  # fmpz; a row a vertex, the last column the denominator

PRIMES = (2**61 - 1, 2**59 - 55, 2**57 - 13, 2**56 - 5)


@dataclass(frozen=True)
class Redundancy:
    """What makes a hidden neuron redundant on a domain, and the certificate.

    Attributes
    ----------
    layer, neuron : int
    kind : {"inactive", "active", "duplicate", "dependent"}
        Never active; always active (linear on the domain); a positive multiple of a neuron
        before it; another combination of other neurons and a constant, or a constant. A neuron
        of which several hold is called by the first.
    preactivation : Fraction or None
        The largest over the domain of an inactive neuron, ≤ 0; the least of an active one,
        ≥ 0.
    vertex : tuple of Fractions or None
        Where the domain has it.
    combination : dict of int to Fraction or None
        The output is Σ_i combination[i]·(output of neuron i of the layer) + constant, on the
        whole domain. None for an active neuron that is no such combination: it is linear, but
        cannot be left out.
    constant : Fraction or None

    Examples
    --------
    >>> from arrangement.deep import Network
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
    constant: Fraction | None = field(default=None)


def redundancies(regions: Regions) -> list[Redundancy]:
    """The redundant neurons of a network in the domain of its regions, layer by layer."""
    return [one for l in range(len(regions.layers.hidden_widths)) for one in _layer(regions, l)]


def _layer(regions: Regions, l: int) -> list[Redundancy]:
    layers, vertices = regions.layers, _vertices(regions)
    before = regions.complex.exact.preactivations(vertices, l)
    outputs: Table = _transposed(layers.activated(_transposed(before)))
    relations = _relations(outputs)
    found = []
    for j in range(layers.hidden_widths[l]):
        relation = relations.get(j)
        extreme = None if layers.is_maxout else _extreme(before, j)
        if relation is None and (extreme is None or extreme[0] != "active"):
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
        vertex = None if v < 0 else regions.complex.exact.fractions([vertices[v]])[0]
        found.append(Redundancy(l, j, kind, value, vertex, combination, constant))
    return found


def _vertices(regions: Regions) -> list[int]:
    return list(range(len(regions.complex.parents)))


def _extreme(before: Table, j: int) -> tuple[str, Fraction, int] | None:
    """Is neuron j never or always active, by which preactivation, and at which vertex?"""
    values = [Fraction(int(row[j]), int(row[-1])) for row in before]
    top = max(range(len(values)), key=values.__getitem__)
    if values[top] <= 0:
        return "inactive", values[top], top
    low = min(range(len(values)), key=values.__getitem__)
    return ("active", values[low], low) if values[low] >= 0 else None


def _transposed(table: Sequence[Sequence[Any]]) -> Table:
    return [list(row) for row in zip(*table, strict=True)]


def _relations(outputs: Table) -> dict[int, tuple[dict[int, Fraction], Fraction]]:
    """Columns that are combinations of earlier ones and a constant, with the coefficients.

    Independent columns are kept from the left; the combinations are of those.
    """
    width = len(outputs[0]) - 1
    for prime in PRIMES:
        # The constant comes first: a column of denominators.
        residues = [int(v) % prime for row in outputs for v in (row[-1], *row[:-1])]
        echelon, rank = nmod_mat(len(outputs), width + 1, residues, prime).rref()
        pivots = [
            next(c for c in range(width + 1) if int(echelon[i, c])) for i in range(int(rank))
        ]
        if len(pivots) == width + 1:
            return {}
        found = _solved(outputs, pivots, prime)
        if found is not None:
            return found
    raise SolverError("the relations between neurons have no good reduction modulo a prime")


def _solved(
    outputs: Table, pivots: list[int], prime: int
) -> dict[int, tuple[dict[int, Fraction], Fraction]] | None:
    """The other columns by those of the pivots; None if they are not, but for the prime."""
    columns = [(row[-1], *row[:-1]) for row in outputs]
    chosen = _independent_rows([[row[c] for c in pivots] for row in columns], prime)
    others = [c for c in range(len(columns[0])) if c not in set(pivots)]
    basis = fmpz_mat([[columns[r][c] for c in pivots] for r in chosen])
    right = fmpz_mat([[columns[r][c] for c in others] for r in chosen])
    solution = fmpq_mat(basis).solve(fmpq_mat(right))
    numerators, denominator = solution.numer_denom()
    whole = fmpz_mat([[row[c] for c in pivots] for row in columns]) * numerators
    given = fmpz_mat([[row[c] for c in others] for row in columns]) * denominator
    if whole != given:
        return None
    result = {}
    for k, c in enumerate(others):
        values = [
            Fraction(int(v.p), int(v.q)) for v in (solution[i, k] for i in range(len(pivots)))
        ]
        terms = {p - 1: v for p, v in zip(pivots, values, strict=True) if v and p > 0}
        result[c - 1] = (terms, values[0])
    return result


def _independent_rows(rows: Table, prime: int) -> list[int]:
    """As many rows as there are columns that are independent modulo the prime."""
    width = len(rows[0])
    residues = [int(row[c]) % prime for c in range(width) for row in rows]
    echelon, _ = nmod_mat(width, len(rows), residues, prime).rref()
    return [next(r for r in range(len(rows)) if int(echelon[i, r])) for i in range(width)]


def prune(regions: Regions) -> Network:
    """The network without the neurons that it can do without on the domain of its regions.

    Neurons that are combinations of others are left out and their part in the next layer is
    given to those; a layer that is linear on the domain becomes one with the next.

    Returns
    -------
    Network
        Equal to the network at every point of the domain: it has been compared exactly at the
        vertices of all regions. Its numbers may be rationals that are no float64.
    """
    network = regions.layers.network
    weights = [np.array(W) for W in network.exact_weights]
    biases = [np.array(b) for b in network.exact_biases]
    found = redundancies(regions)
    linear: dict[int, NDArray[Any]] = {}
    for l, width in enumerate(network.hidden_widths):
        removed = {
            one.neuron: one for one in found if one.layer == l and one.combination is not None
        }
        for j, one in removed.items():
            assert one.combination is not None
            for i, factor in one.combination.items():
                weights[l + 1][:, i] = weights[l + 1][:, i] + weights[l + 1][:, j] * factor
            biases[l + 1] = biases[l + 1] + weights[l + 1][:, j] * one.constant
        kept = [j for j in range(width) if j not in removed]
        if not kept:
            # The layer is constant on the domain, and all that follows.
            x = regions.complex.exact.fractions([0])[0]
            value = np.array(network.exact_forward(x), dtype=object)
            zero = np.zeros((network.output_dimension, network.input_dimension))
            return _checked(regions, Network([zero], [value], labels=network.labels))
        k = network.pieces
        rows = [j * k + p for j in kept for p in range(k)]
        weights[l], biases[l] = weights[l][rows], biases[l][rows]
        weights[l + 1] = weights[l + 1][:, kept]
        active = {one.neuron for one in found if one.layer == l and one.kind == "active"}
        if active.issuperset(kept):
            linear[l] = np.array(kept)
    for l in sorted(linear, reverse=True):
        # h = W x + b on the domain, so that V h + c = V W x + (V b + c).
        joined = exact_product(weights[l + 1], np.column_stack([weights[l], biases[l]]))
        biases[l + 1] = biases[l + 1] + joined[:, -1]
        weights[l + 1] = joined[:, :-1]
        del weights[l], biases[l]
    pruned = Network(
        weights, biases, network.activation, network.negative_slope, network.labels
    )
    return _checked(regions, pruned)


def _checked(regions: Regions, pruned: Network) -> Network:
    """The network itself, after a comparison at the vertices of all regions."""
    points = regions.complex.exact.coordinates(_vertices(regions))
    last = len(regions.layers.weights) - 1
    given = regions.layers.preactivations(points, last)
    left = Layers(pruned).preactivations(points, pruned.depth - 1)
    for one, other in zip(given, left, strict=True):
        assert [v * other[-1] for v in one[:-1]] == [v * one[-1] for v in other[:-1]]
    return pruned
