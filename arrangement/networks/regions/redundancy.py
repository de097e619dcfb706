"""Neurons that a network can do without on a domain, and the network without them.

On a region of a network the outputs of a hidden layer are affine, so that they are what they
are at its vertices; a linear relation between the outputs of neurons and a constant holds on
the domain iff it holds at the vertices of all regions. Relations are found modulo a prime and
in rational numbers from a few vertices, and are then checked at all of them; that there are no
others is certain as well, since what is independent modulo a prime is independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import fmpq_mat, fmpz_mat, nmod_mat

from arrangement.errors import SolverError
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.layers import Layers
from arrangement.networks.regions.regions import Regions

__all__ = ["Redundancy", "pruned", "redundancies"]

Point = tuple[Fraction, ...]
Table = list[list[Any]]  # fmpz; a row a vertex, the last column the denominator
Affine = tuple[dict[int, Fraction], Fraction]
"""A combination of numbered values, and a constant."""

PRIMES = (2**61 - 1, 2**59 - 55, 2**57 - 13, 2**56 - 5)


@dataclass(frozen=True)
class Redundancy:
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
    return [one for l in range(len(regions.layers.hidden_widths)) for one in _layer(regions, l)]


def _layer(regions: Regions, l: int) -> list[Redundancy]:
    layers, vertices = regions.layers, _vertices(regions)
    before = regions.complex.exact.preactivations(vertices, l)
    outputs = _outputs(regions, l)
    relations = _relations(outputs)
    inputs = _Basis(_outputs(regions, l - 1))
    found = []
    for j in range(layers.hidden_widths[l]):
        relation = relations.get(j)
        bends = not layers.is_maxout and layers.slopes[l][j] != 1.0
        extreme = _extreme(before, j) if bends else None
        if relation is None and extreme is None:
            of_inputs = inputs.combinations([[row[j], row[-1]] for row in outputs])
            if of_inputs is not None:
                found.append(Redundancy(l, j, "linear", of_inputs=of_inputs[0]))
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


def _outputs(regions: Regions, l: int) -> Table:
    """What hidden layer l passes on at all vertices; layer −1 the coordinates of the input."""
    if l < 0:
        return regions.complex.exact.coordinates(_vertices(regions))
    before = regions.complex.exact.preactivations(_vertices(regions), l)
    return _transposed(regions.layers.activated(_transposed(before), l))


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


def _relations(outputs: Table) -> dict[int, Affine]:
    """Columns that are combinations of earlier ones and a constant, with the coefficients."""
    basis = _Basis(outputs)
    others = [c for c in range(len(outputs[0]) - 1) if c not in basis.columns]
    if not others:
        return {}
    found = basis.combinations([[*(row[c] for c in others), row[-1]] for row in outputs])
    assert found is not None, "the basis spans the columns"
    return dict(zip(others, found, strict=True))


class _Basis:
    """Independent columns of a table, with the constant: kept from the left.

    Parameters
    ----------
    table : list of rows of fmpz
        A row a vertex; its last entry is the denominator of the others.

    Attributes
    ----------
    columns : list of int
        Those that are independent of the constant and of the columns before them.
    """

    def __init__(self, table: Table) -> None:
        width = len(table[0]) - 1
        for prime in PRIMES:
            # The constant comes first: a column of denominators.
            residues = [int(v) % prime for row in table for v in (row[-1], *row[:-1])]
            echelon, rank = nmod_mat(len(table), width + 1, residues, prime).rref()
            pivots = [
                next(c for c in range(width + 1) if int(echelon[i, c]))
                for i in range(int(rank))
            ]
            self.columns = [c - 1 for c in pivots if c]
            if not pivots or pivots[0] != 0:
                continue
            self._prime = prime
            self._rows = [[row[-1], *(row[c] for c in self.columns)] for row in table]
            self._chosen = _independent_rows(self._rows, prime)
            others = [c for c in range(width) if c not in self.columns]
            if not others or self.combinations(
                [[*(row[c] for c in others), row[-1]] for row in table]
            ):
                return
        raise SolverError("the relations between neurons have no good reduction modulo a prime")

    def combinations(self, table: Table) -> list[Affine] | None:
        """Each column of another table by the basis, or None if one is no combination of it."""
        # A common denominator at each vertex.
        basis = [[v * row[-1] for v in own] for own, row in zip(self._rows, table, strict=True)]
        given = [
            [v * own[0] for v in row[:-1]] for own, row in zip(self._rows, table, strict=True)
        ]
        if not self._modulo(basis, given):
            return None
        square, right = (fmpz_mat([t[r] for r in self._chosen]) for t in (basis, given))
        solution = fmpq_mat(square).solve(fmpq_mat(right))
        numerators, denominator = solution.numer_denom()
        if fmpz_mat(basis) * numerators != fmpz_mat(given) * denominator:
            return None
        result = []
        for j in range(right.ncols()):
            constant, *factors = (
                Fraction(int(v.p), int(v.q))
                for v in (solution[i, j] for i in range(len(self._chosen)))
            )
            terms = {c: v for c, v in zip(self.columns, factors, strict=True) if v}
            result.append((terms, constant))
        return result

    def _modulo(self, basis: Table, given: Table) -> bool:
        """Are they combinations modulo the prime? If not, they are none at all."""
        p = self._prime

        def reduced(table: Table) -> nmod_mat:
            entries = [int(v) % p for row in table for v in row]
            return nmod_mat(len(table), len(table[0]), entries, p)

        square, right = (reduced([t[r] for r in self._chosen]) for t in (basis, given))
        try:
            return bool(reduced(basis) * square.solve(right) == reduced(given))
        except ZeroDivisionError:  # a denominator is 0 modulo the prime, which says nothing
            return True


def _independent_rows(rows: Table, prime: int) -> list[int]:
    """As many rows as there are columns that are independent modulo the prime."""
    width = len(rows[0])
    residues = [int(row[c]) % prime for c in range(width) for row in rows]
    echelon, _ = nmod_mat(width, len(rows), residues, prime).rref()
    return [next(r for r in range(len(rows)) if int(echelon[i, r])) for i in range(width)]


def pruned(regions: Regions) -> FeedForward:
    """The network without the neurons that it can do without on the domain of its regions.

    From the outputs backwards, what is wanted next is taken as an affine function of the
    earliest layer of which it is one, be it the input; that layer's neurons that are
    combinations of others are left out, and the preactivations of the others are wanted next.

    Returns
    -------
    FeedForward
        Equal to the network at every point of the domain: it has been compared exactly at the
        vertices of all regions. Its numbers may be rationals that are no float64.
    """
    network = regions.layers.network
    bases = [_Basis(_outputs(regions, l)) for l in range(-1, network.depth - 1)]
    wanted = regions.layers.preactivations(_outputs(regions, -1), network.depth - 1)
    weights: list[Any] = []
    biases: list[Any] = []
    slopes: list[Any] = []
    l = network.depth - 1
    while l >= 0:
        l, found = next(
            (b - 1, found)
            for b, found in enumerate(base.combinations(wanted) for base in bases[: l + 1])
            if found is not None
        )
        columns = bases[l + 1].columns
        weights.insert(0, [[terms.get(c, 0) for c in columns] for terms, _ in found])
        biases.insert(0, [constant for _, constant in found])
        if l >= 0:
            k = network.pieces
            if k == 1:
                slopes.insert(0, network.slopes[l][columns])
            before = regions.complex.exact.preactivations(_vertices(regions), l)
            rows = [j * k + p for j in columns for p in range(k)]
            wanted = [[*(values[r] for r in rows), values[-1]] for values in before]
    one = isinstance(network.negative_slope, float)
    slope = network.negative_slope if one else slopes
    small = FeedForward(weights, biases, network.activation, slope, network.labels)
    return _checked(regions, small)


def _checked(regions: Regions, pruned: FeedForward) -> FeedForward:
    """The network itself, after a comparison at the vertices of all regions."""
    points = regions.complex.exact.coordinates(_vertices(regions))
    last = len(regions.layers.weights) - 1
    given = regions.layers.preactivations(points, last)
    left = Layers(pruned).preactivations(points, pruned.depth - 1)
    for one, other in zip(given, left, strict=True):
        assert [v * other[-1] for v in one[:-1]] == [v * one[-1] for v in other[:-1]]
    return pruned
