"""The functions that the layers of a network span on a domain, and the relations between them.

The outputs of a layer and the constant span a space. What is independent is so in combinations
of values modulo a prime. A relation is proved without regions where that can be done: the
output of a neuron that does not bend in the domain is a linear function of the layer before;
of one that does it is a linear function and a multiple of max(0, r), where r is one for all
neurons with proportional preactivations. These terms are taken by a basis of the layer before,
and what is zero in them is zero. Where they do not suffice, since kinks agree on a part of the
domain only, the vertices of all regions decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from flint import fmpq, fmpq_mat, nmod_mat
from numpy.typing import NDArray

from arrangement.exact.roots import as_fmpq
from arrangement.networks.complex.activation_patterns import patterns_of
from arrangement.networks.complex.complex import Complex
from arrangement.networks.regions.mixed_values import MixedValues
from arrangement.networks.regions.vertex_relations import (
    PRIMES,
    Affine,
    Basis,
    outputs_at_vertices,
    preactivations_at_vertices,
)

__all__ = ["Spans"]

Terms: TypeAlias = dict[int, fmpq]
"""Factors of outputs of a layer, by their numbers; of the constant, −1; of kinks, −2, −3, …."""

CONSTANT = -1


class Spans:
    """Bases of the spaces that the input (layer −1) and the hidden layers span.

    Parameters
    ----------
    cells : Complex

    Attributes
    ----------
    signs : list of two bool arrays, shape (width,), per hidden layer
        Is a preactivation positive somewhere, and is it negative? Not of maxout.
    columns : list of lists of int
        Of layers −1, 0, …: the outputs independent of the constant and of those before them.
    relations : list of dict of int to Affine
        Of layers −1, 0, …: each other output by those.
    preactivations : list of lists of Terms
        Of each layer, by the columns of the layer before.
    """

    def __init__(self, cells: Complex) -> None:
        self.cells, self.layers = cells, cells.layers
        self._patterns = patterns_of(cells)
        self._values = MixedValues(self.layers, self._patterns, _sample(cells))
        self._all_taken = False
        self.columns = [list(range(self.layers.input_dimension))]
        self.relations: list[dict[int, Affine]] = [{}]
        self.preactivations: list[list[Terms]] = [self._by_columns(0)]
        self._kinks: dict[tuple[Any, ...], int] = {}
        self._outputs: dict[tuple[int, int], Terms] = {}
        self._bases: dict[int, Basis] = {}
        for l in range(len(self.layers.hidden_widths)):
            columns, relations = self._proved(l)
            self.columns.append(columns)
            self.relations.append(relations)
            self.preactivations.append(self._by_columns(l + 1))

    @cached_property
    def signs(self) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
        """See above."""
        signs, ends = self.cells.signs_of_regions, np.cumsum(self.layers.hidden_widths)[:-1]
        found = (np.split(some.any(axis=0), ends) for some in (signs > 0, signs < 0))
        return list(zip(*found, strict=True))

    def _by_columns(self, l: int) -> list[Terms]:
        """The rows of layer l by the columns of the layer before."""
        *rows, bottom = self.layers.integers[l].table()
        scale, relations = bottom[-1], self.relations[l]
        result = []
        for row in rows:
            terms: Terms = {}
            _add(terms, CONSTANT, fmpq(row[-1], scale))
            for i, v in enumerate(row[:-1]):
                if not v:
                    continue
                if i not in relations:
                    _add(terms, i, fmpq(v, scale))
                    continue
                factors, constant = relations[i]
                for c, factor in [*factors.items(), (CONSTANT, constant)]:
                    _add(terms, c, fmpq(v, scale) * as_fmpq(factor))
            result.append(_nonzero(terms))
        return result

    def _proved(self, l: int) -> tuple[list[int], dict[int, Affine]]:
        """Columns of hidden layer l that are a basis, and the others by those."""
        columns, depends = self._values.basis(l)
        basis = sorted({c for support in depends.values() for c in support})
        found = _solved(
            [{CONSTANT: fmpq(1)} if c == CONSTANT else self.output(l, c) for c in basis],
            [self.output(l, j) for j in depends],
        )
        if found is not None:
            solutions = (dict(zip(basis, solution, strict=True)) for solution in found)
            return columns, {j: _affine(s) for j, s in zip(depends, solutions, strict=True)}
        if self._more_values():
            return self._proved(l)
        at_vertices = self._basis(l)
        return at_vertices.columns, at_vertices.relations

    def _more_values(self) -> bool:
        """Take those of all regions from now on, if only some were taken."""
        if self._all_taken:
            return False
        # Each at as many points as determine its affine map.
        regions = np.repeat(np.arange(self.cells.n_regions), self.cells.dimension + 1)
        self._values, self._all_taken = MixedValues(self.layers, self._patterns, regions), True
        return True

    def output(self, l: int, j: int) -> Terms:
        """The output of a hidden neuron by the columns of the layer before, and kinks."""
        if (l, j) not in self._outputs:
            self._outputs[l, j] = self._activated(l, j)
        return self._outputs[l, j]

    def _activated(self, l: int, j: int) -> Terms:
        rows = self.preactivations[l]
        if self.layers.is_maxout:
            k = self.layers.pieces
            first, *others = np.unique(self._patterns[l][:, j]).tolist()
            base = rows[j * k + first]
            above = [_sum(rows[j * k + p], base, fmpq(-1)) for p in others]
            slope = fmpq(0)
        else:
            base, (positive, negative) = rows[j], self.signs[l]
            slope = as_fmpq(float(self.layers.slopes[l][j]))
            if slope == 1 or not negative[j]:
                return base
            if not positive[j]:
                return _sum({}, base, slope)
            base, above = _sum({}, base, slope), [base]
        return self._with_kink(base, above, 1 - slope)

    def _with_kink(self, base: Terms, above: list[Terms], factor: fmpq) -> Terms:
        """base + factor·max(0, a, …), where one function a is normed by its sign as well."""
        if not above:
            return base
        lead = next(v for c, v in sorted(above[0].items()) if c != CONSTANT)
        if lead < 0 and len(above) == 1:
            # max(0, a) = a + max(0, −a)
            base = _sum(base, above[0], factor)
        else:
            lead = abs(lead)
        normed = ([(c, v / lead) for c, v in sorted(a.items())] for a in above)
        name = tuple(tuple((c, int(v.p), int(v.q)) for c, v in a) for a in normed)
        kink = self._kinks.setdefault(name, CONSTANT - 1 - len(self._kinks))
        return _sum(base, {kink: abs(lead)}, factor)

    def combinations(self, l: int, rows: Sequence[int], b: int) -> list[Affine] | None:
        """Some rows of layer l by the columns of layer b < l, or None if one is not."""
        if b < l - 1:
            mixed = self._values.mixed(self._values.preactivations[l][:, rows])
            if not self._values.may_combine(b, self.columns[b + 1], mixed)[0]:
                return None
        terms = [self.preactivations[l][r] for r in rows]
        for k in range(l - 1, b, -1):
            terms = [self._lowered(k, one) for one in terms]
            if not all(map(_is_linear, terms)):
                if self._more_values():
                    return self.combinations(l, rows, b)
                table = preactivations_at_vertices(self.cells, l)
                return self._basis(b).combinations(
                    [[*(values[r] for r in rows), values[-1]] for values in table]
                )
        return list(map(_affine, terms))

    def _lowered(self, l: int, terms: Terms) -> Terms:
        """A combination of columns of layer l by those of the layer before, and kinks."""
        total: Terms = {}
        for c, factor in terms.items():
            own = {CONSTANT: fmpq(1)} if c == CONSTANT else self.output(l, c)
            for key, v in own.items():
                _add(total, key, factor * v)
        return _nonzero(total)

    def linear(self, l: int, neurons: Sequence[int]) -> dict[int, Affine]:
        """Outputs of hidden layer l that are affine in the columns of the layer before."""
        given = self._values.outputs[l + 1][:, neurons]
        may = self._values.may_combine(l - 1, self.columns[l], given)
        result = {}
        for j in (j for j, one in zip(neurons, may, strict=True) if one):
            if _is_linear(self.output(l, j)):
                result[j] = _affine(self.output(l, j))
                continue
            if self._more_values():
                return self.linear(l, neurons)
            table = outputs_at_vertices(self.cells, l)
            found = self._basis(l - 1).combinations([[row[j], row[-1]] for row in table])
            if found is not None:
                (result[j],) = found
        return result

    def _basis(self, l: int) -> Basis:
        """That of layer l at the vertices of all regions."""
        if l not in self._bases:
            self._bases[l] = Basis(outputs_at_vertices(self.cells, l))
        return self._bases[l]


def _sample(cells: Complex) -> NDArray[Any]:
    """Regions on both sides of a part of each kink, and some more."""
    children = np.unique(cells.origin[:, 1], return_index=True)[1]
    some = np.arange(0, cells.n_regions, cells.n_regions // 16 + 1)
    return np.unique(np.concatenate([children, cells.origin[children, 0], some]).clip(0))


def _solved(basis: list[Terms], functions: list[Terms]) -> list[list[fmpq]] | None:
    """Functions by others that are independent; None where their terms do not agree."""
    keys = {key: None for terms in basis for key in terms}
    if any(key not in keys for terms in functions for key in terms):
        return None
    if not basis or not functions:
        return [[] for _ in functions]
    left, right = (
        fmpq_mat([[terms.get(key, fmpq(0)) for terms in part] for key in keys])
        for part in (basis, functions)
    )
    echelon, rank = nmod_mat(left.numer_denom()[0].transpose(), PRIMES[0]).rref()
    if int(rank) < len(basis):
        return None
    chosen = [next(c for c, v in enumerate(row) if v) for row in echelon.table()]
    square, values = (fmpq_mat([part.table()[r] for r in chosen]) for part in (left, right))
    solution = square.solve(values)
    return solution.transpose().table() if left * solution == right else None


def _sum(terms: Terms, other: Terms, factor: fmpq) -> Terms:
    """terms + factor·other."""
    result = dict(terms)
    for key, v in other.items():
        _add(result, key, factor * v)
    return _nonzero(result)


def _add(terms: Terms, key: int, value: fmpq) -> None:
    terms[key] = terms[key] + value if key in terms else value


def _nonzero(terms: Terms) -> Terms:
    return {key: v for key, v in terms.items() if v}


def _is_linear(terms: Terms) -> bool:
    return min(terms, default=CONSTANT) >= CONSTANT


def _affine(terms: Terms) -> Affine:
    """Terms without kinks, as Fractions."""
    factors = {c: Fraction(int(v.p), int(v.q)) for c, v in sorted(terms.items()) if v}
    constant = factors.pop(CONSTANT, Fraction(0))
    return factors, constant
