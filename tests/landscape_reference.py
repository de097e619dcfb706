"""The executable specification of a landscape: all pieces of a small problem in Fractions.

Nothing is screened and nothing is rounded: every tuple of faces and output signs is tested as
the definitions say, with least squares by elimination and signs by `reference.feasible`.
"""

from fractions import Fraction
from itertools import combinations_with_replacement, product

from tests import reference

State = tuple[tuple[int, ...], int]


def dot(a, b) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def least_squares(A, y):
    """One solution of the normal equations, and a basis of their null space."""
    columns = list(zip(*A, strict=True))
    table = [[dot(a, b) for b in [*columns, y]] for a in columns]
    pivots: list[int] = []
    for c in range(len(columns)):
        r = len(pivots)
        lead = next((k for k in range(r, len(table)) if table[k][c]), None)
        if lead is None:
            continue
        table[r], table[lead] = table[lead], table[r]
        table[r] = [v / table[r][c] for v in table[r]]
        for k in range(len(table)):
            if k != r:
                table[k] = [
                    a - table[k][c] * b for a, b in zip(table[k], table[r], strict=True)
                ]
        pivots.append(c)
    solution = [Fraction(0)] * len(columns)
    null = []
    for k, c in enumerate(pivots):
        solution[c] = table[k][-1]
    for other in set(range(len(columns))) - set(pivots):
        v = [Fraction(int(c == other)) for c in range(len(columns))]
        for k, c in enumerate(pivots):
            v[c] = -table[k][other]
        null.append(v)
    return solution, null


class Reference:
    """A problem of :class:`OneHiddenLayer`, with the same arguments."""

    def __init__(self, X, y, hidden=1, bias=1.0, output_bias=False, negative_slope=0.0):
        constant = [] if bias is None else [Fraction(bias)]
        self.X = [[*map(Fraction, x), *constant] for x in X]
        self.y, self.hidden = [Fraction(v) for v in y], hidden
        self.output_bias, self.slope = output_bias, Fraction(negative_slope)
        self.faces = sorted(reference.faces(reference.rows_of(self.X)))
        self.bases = {f: self.basis(f) for f in self.faces}

    def basis(self, face):
        """Of the flat of a face."""
        rows = [x for x, s in zip(self.X, face, strict=True) if not s]
        rows = rows or [[Fraction(0)] * len(self.X[0])]
        return least_squares(rows, [Fraction(0)] * len(rows))[1]

    def slopes(self, face):
        return [Fraction(int(s > 0)) if s >= 0 else self.slope for s in face]

    def is_idle(self, face):
        return not any(self.slopes(face))

    def fit(self, faces):
        """Solutions, null space, columns of each neuron, residuals, rank."""
        columns = [[Fraction(1)] * len(self.X)] * self.output_bias
        blocks = []
        for face in faces:
            slopes, start = self.slopes(face), len(columns)
            for t in self.bases[face]:
                columns.append([a * dot(x, t) for a, x in zip(slopes, self.X, strict=True)])
            blocks.append(slice(start, len(columns)))
        A = [[c[i] for c in columns] for i in range(len(self.X))]
        solution, null = least_squares(A, self.y)
        residuals = [dot(row, solution) - v for row, v in zip(A, self.y, strict=True)]
        return solution, null, blocks, residuals, len(columns) - len(null)

    def node(self, faces) -> tuple[Fraction, int]:
        """The least loss and the rank of a tuple of cells."""
        *_, residuals, rank = self.fit(faces)
        return dot(residuals, residuals) / len(residuals), rank

    def change(self, face, local, r):
        """Σ_i r_i (change of the output of sample i) along v, as a linear form in v.

        `local` are the signs of x_i·v where the face has w·x_i = 0.
        """
        sides = iter(local)
        slopes = self.slopes([s or next(sides) for s in face])
        terms = [a * b for a, b in zip(r, slopes, strict=True)]
        return [dot(terms, column) for column in zip(*self.X, strict=True)]

    def is_stationary(self, face, sign, r) -> bool:
        """Is s·h(v) ≥ 0 for all v?"""
        rows = reference.rows_of([x for x, s in zip(self.X, face, strict=True) if not s])
        for local in reference.cells(rows):
            h = [sign * v for v in self.change(face, local, r)]
            inside = [tuple(t * v for v in row) for row, t in zip(rows, local, strict=True)]
            if any(h) and reference.feasible([*inside, (*(-v for v in h), Fraction(0))]):
                return False
        return True

    def is_crossed(self, cell, r) -> bool:
        """Is Σ_i r_i σ(v·x_i) of both signs in the cell?"""
        g = self.change(cell, (), r)
        inside = [
            tuple(s * v for v in (*x, Fraction(0))) for x, s in zip(self.X, cell, strict=True)
        ]
        sides = ([*g, Fraction(0)], [*(-v for v in g), Fraction(0)])
        return all(reference.feasible([*inside, tuple(side)]) for side in sides)

    def pieces(self) -> dict[tuple[State, ...], Fraction]:
        """The loss of each piece; the states (face, s) of its neurons in order."""
        active = [f for f in self.faces if not self.is_idle(f)]
        found = {}
        for k in range(self.hidden + 1):
            for faces in combinations_with_replacement(active, k):
                solution, null, blocks, r, _ = self.fit(faces)
                for signs in product((1, -1), repeat=k):
                    states = tuple(sorted(zip(faces, signs, strict=True)))
                    if states in found or not all(
                        self.is_stationary(f, s, r) for f, s in states
                    ):
                        continue
                    inside = [
                        tuple(
                            side * s * dot(x, [dot(t, v[block]) for t in zip(*T, strict=True)])
                            for v in [*null, solution]
                        )
                        for f, s, block in zip(faces, signs, blocks, strict=True)
                        for T in [self.bases[f]]
                        for x, side in zip(self.X, f, strict=True)
                        if side
                    ]
                    if not reference.feasible(inside):
                        continue
                    loss = dot(r, r) / len(r)
                    for rest in combinations_with_replacement(
                        self.without_effect(r), self.hidden - k
                    ):
                        found[tuple(sorted(states + rest))] = loss
        return found

    def without_effect(self, r) -> list[State]:
        """The states of neurons that add nothing to the outputs and are in place."""
        cells = [f for f in self.faces if 0 not in f]
        still = [(f, 0) for f in cells if self.is_idle(f) or not any(self.change(f, (), r))]
        return still + [
            (f, s)
            for f in self.faces
            if self.is_idle(f) and 0 in f
            for s in (1, -1)
            if self.is_stationary(f, s, r)
        ]
