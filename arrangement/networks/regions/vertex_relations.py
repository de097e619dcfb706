"""Relations between neurons, found and checked at the vertices of all regions.

On a region of a network the outputs of a hidden layer are affine, so that they are what they
are at its vertices; a linear relation between the outputs of neurons and a constant holds on
the domain iff it holds at the vertices of all regions. Relations are found modulo a prime and
in rational numbers from a few vertices, and are then checked at all of them; that there are no
others is certain as well, since what is independent modulo a prime is independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from flint import fmpq_mat, fmpz_mat, nmod_mat

from arrangement.errors import SolverError
from arrangement.networks.complex.complex import Complex

__all__ = ["PRIMES", "Affine", "Basis", "outputs_at_vertices", "preactivations_at_vertices"]

Table: TypeAlias = list[list[Any]]
"""A row of fmpz a vertex; the last column has the denominators."""

Affine: TypeAlias = tuple[dict[int, Fraction], Fraction]
"""A combination of numbered values, and a constant."""

PRIMES = (2**61 - 1, 2**59 - 55, 2**57 - 13, 2**56 - 5)


def outputs_at_vertices(cells: Complex, l: int) -> Table:
    """What hidden layer l passes on at all vertices; layer −1 the coordinates of the input."""
    if l < 0:
        return cells.exact.coordinates(range(len(cells.parents)))
    before = preactivations_at_vertices(cells, l)
    return _transposed(cells.layers.activated(_transposed(before), l))


def preactivations_at_vertices(cells: Complex, l: int) -> Table:
    """The values of all rows of layer l at all vertices."""
    return cells.exact.preactivations(list(range(len(cells.parents))), l)


def _transposed(table: Sequence[Sequence[Any]]) -> Table:
    return [list(row) for row in zip(*table, strict=True)]


class Basis:
    """Independent columns of a table, with the constant: kept from the left.

    Parameters
    ----------
    table : list of rows of fmpz
        A row a vertex; its last entry is the denominator of the others.

    Attributes
    ----------
    columns : list of int
        Those that are independent of the constant and of the columns before them.
    relations : dict of int to Affine
        The other columns by those.
    """

    relations: dict[int, Affine]

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
            found = self.combinations([[*(row[c] for c in others), row[-1]] for row in table])
            if found is not None:
                self.relations = dict(zip(others, found, strict=True))
                return
        raise SolverError("the relations between neurons have no good reduction modulo a prime")

    def combinations(self, table: Table) -> list[Affine] | None:
        """Each column of another table by the basis, or None if one is no combination of it."""
        if len(table[0]) == 1:
            return []
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
