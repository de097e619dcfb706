"""The executable specification of a landscape: all pieces of a small problem in Fractions.

Nothing is screened and nothing is rounded: every tuple of faces and output signs is tested as
the definitions say, with least squares by elimination and signs by `reference.feasible`.
"""

from fractions import Fraction
from itertools import combinations_with_replacement, product

import mpmath

from tests import reference

State = tuple[tuple[int, ...], int]


def dot(a, b) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True) if x and y), Fraction(0))


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
        blocks, end = [], int(self.output_bias)
        for face in faces:
            blocks.append(slice(end, end + len(self.bases[face])))
            end = blocks[-1].stop
        A = self.matrix(faces)
        solution, null = least_squares(A, self.y)
        residuals = [dot(row, solution) - v for row, v in zip(A, self.y, strict=True)]
        return solution, null, blocks, residuals, end - len(null)

    def matrix(self, faces):
        """The outputs A c of a tuple of faces."""
        columns = [[Fraction(1)] * len(self.X)] * self.output_bias
        for face in faces:
            slopes = self.slopes(face)
            for t in self.bases[face]:
                columns.append([a * dot(x, t) for a, x in zip(slopes, self.X, strict=True)])
        return [[c[i] for c in columns] for i in range(len(self.X))]

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
        return [self.number(dot(terms, column)) for column in zip(*self.X, strict=True)]

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

    def fits(self, tuples):
        """Tuples of faces with a solution, null space, blocks, derivatives and loss each."""
        for faces in tuples:
            solution, null, blocks, r, _ = self.fit(faces)
            yield faces, (solution, null, blocks, r, dot(r, r) / len(r))

    def beyond(self, null, solution):
        """Further rows of the linear program that a solution must be inside of."""
        return []

    def number(self, value: Fraction) -> Fraction:
        """A number that was computed, where 0 is told from rounding."""
        return value

    def pieces(self) -> dict[tuple[State, ...], Fraction]:
        """The loss of each piece; the states (face, s) of its neurons in order."""
        active = [f for f in self.faces if not self.is_idle(f)]
        found = {}
        for k in range(self.hidden + 1):
            for faces, fit in self.fits(combinations_with_replacement(active, k)):
                solution, null, blocks, r, loss = fit
                for signs in product((1, -1), repeat=k):
                    states = tuple(sorted(zip(faces, signs, strict=True)))
                    if states in found or not all(
                        self.is_stationary(f, s, r) for f, s in states
                    ):
                        continue
                    inside = [
                        tuple(
                            self.number(
                                side
                                * s
                                * dot(x, [dot(t, v[block]) for t in zip(*T, strict=True)])
                            )
                            for v in [*null, solution]
                        )
                        for f, s, block in zip(faces, signs, blocks, strict=True)
                        for T in [self.bases[f]]
                        for x, side in zip(self.X, f, strict=True)
                        if side
                    ]
                    if not reference.feasible(inside + self.beyond(null, solution)):
                        continue
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


class HuberReference(Reference):
    """The same for the Huber loss: every way in which samples may be beyond its threshold."""

    def __init__(self, *args, threshold=1, **options):
        super().__init__(*args, **options)
        self.threshold = Fraction(threshold)

    def fits(self, tuples):
        t = self.threshold
        for faces in tuples:
            _, _, blocks, _, _ = self.fit(faces)
            A = self.matrix(faces)
            for side in product((0, 1, -1), repeat=len(self.y)):
                near = [i for i, s in enumerate(side) if not s]
                far = [i for i, s in enumerate(side) if s]
                columns = list(zip(*A, strict=True))
                pull = [sum((side[i] * t * c[i] for i in far), Fraction(0)) for c in columns]
                # Normal equations on those within, the others pull with all their force.
                gram = [
                    [sum((a[i] * b[i] for i in near), Fraction(0)) for b in columns]
                    for a in columns
                ]
                right = [
                    sum((a[i] * self.y[i] for i in near), Fraction(0)) - p
                    for a, p in zip(columns, pull, strict=True)
                ]
                found = linear_system(gram, right)
                if found is None:
                    continue
                c, null = found
                d = [dot(row, c) - v for row, v in zip(A, self.y, strict=True)]
                r = [side[i] * t if side[i] else d[i] for i in range(len(d))]
                if any(abs(v) > t for v in r):
                    continue
                rows = [
                    tuple(
                        side[i] * v for v in (*(dot(A[i], n) for n in null), d[i] - side[i] * t)
                    )
                    for i in far
                ]
                fixed = [row for row in rows if not any(row[:-1])]
                if any(row[-1] < 0 for row in fixed):
                    continue
                self.rows = [row for row in rows if any(row[:-1])]
                loss = sum(
                    (2 * a * b - a * a for a, b in zip(r, d, strict=True)), Fraction(0)
                ) / len(r)
                yield faces, (c, null, blocks, r, loss)

    def beyond(self, null, solution):
        return self.rows


class SmoothReference(Reference):
    """The same for the logistic loss and log-cosh, with fifty digits."""

    def __init__(self, *args, loss, **options):
        super().__init__(*args, **options)
        self.kind = loss

    def number(self, value):
        return Fraction(0) if abs(value) < Fraction(1, 10**25) else value

    def is_stationary(self, face, sign, r) -> bool:
        """The same: h vanishes on the flat of the face, but for rounding; then modulo it."""
        T = self.bases[face]
        local = [x for x, s in zip(self.X, face, strict=True) if not s]
        across = independent([list(row) for row in local])
        for signs in reference.cells(reference.rows_of(local)):
            h = self.change(face, signs, r)
            if any(self.number(dot(h, t)) for t in T):
                return False
            # Unit vectors at some columns complete T to a basis.
            rows = [[s * x[c] for c in across] for x, s in zip(local, signs, strict=True)]
            down = [-sign * h[c] for c in across]
            inside = [(*row, Fraction(0)) for row in rows]
            if any(down) and reference.feasible([*inside, (*down, Fraction(0))]):
                return False
        return True

    def terms(self, f, y):
        """l, l' and l'' at one sample."""
        if self.kind == "logistic":
            p = 1 / (1 + mpmath.exp(y * f))
            return mpmath.log(1 + mpmath.exp(-y * f)), -y * p, p * (1 - p)
        return mpmath.log(mpmath.cosh(f - y)), mpmath.tanh(f - y), mpmath.sech(f - y) ** 2

    def fits(self, tuples):
        with mpmath.workdps(60):
            for faces in tuples:
                found = self.critical(faces)
                if found is not None:
                    yield faces, found

    def critical(self, faces):
        _, null, blocks, _, _ = self.fit(faces)
        A = self.matrix(faces)
        n = len(A[0]) if A else 0
        fixed = independent(A)
        if self.kind == "logistic":
            rows = [
                tuple(label * row[c] for c in fixed)
                for row, label in zip(A, self.y, strict=True)
                if any(row)
            ]
            if rows and separates(rows):
                return None
        y = [mpmath.mpf(v.numerator) / v.denominator for v in self.y]
        table = mpmath.matrix(len(A), max(len(fixed), 1))
        for i, row in enumerate(A):
            for k, c in enumerate(fixed):
                table[i, k] = mpmath.mpf(row[c].numerator) / row[c].denominator
        c = mpmath.zeros(max(len(fixed), 1), 1)
        total = None
        for _ in range(400 if fixed else 0):
            f = table * c
            parts = [self.terms(a, b) for a, b in zip(f, y, strict=True)]
            g = table.T * mpmath.matrix([p[1] for p in parts])
            H = table.T * mpmath.diag([p[2] for p in parts]) * table
            step = mpmath.lu_solve(H, g)
            total, t = sum(p[0] for p in parts), mpmath.mpf(1)
            while mpmath.norm(step) > mpmath.mpf(10) ** -30 and t > 1e-9:
                moved = table * (c - t * step)
                if sum(self.terms(a, b)[0] for a, b in zip(moved, y, strict=True)) < total:
                    break
                t /= 2
            c -= t * step
            if mpmath.norm(step) < mpmath.mpf(10) ** -45:
                break
        f = table * c
        parts = [self.terms(a, b) for a, b in zip(f, y, strict=True)]
        solution = [Fraction(0)] * n
        for k, pivot in enumerate(fixed):
            solution[pivot] = self.number(rational(c[k]))
        r = [self.number(rational(p[1])) for p in parts]
        return solution, null, blocks, r, rational(sum(p[0] for p in parts)) / len(r)


def rational(value) -> Fraction:
    return Fraction(mpmath.nstr(value, 50))


def linear_system(gram, right):
    """A solution of gram·c = right and a basis of the null space, or None if there is none."""
    c, null = least_squares(gram, right)
    if [dot(row, c) for row in gram] != list(right):
        return None
    return c, null


def independent(A) -> list[int]:
    chosen: list[int] = []
    for c in range(len(A[0]) if A else 0):
        columns = [[row[k] for k in (*chosen, c)] for row in A]
        if not least_squares(columns, [Fraction(0)] * len(A))[1]:
            chosen.append(c)
    return chosen


def separates(rows) -> bool:
    """Is there a v with row·v ≥ 0 for all rows, not all 0?"""
    zero = [(*row, Fraction(0)) for row in rows]
    return any(all_weak(zero, k) for k in range(len(rows)))


def all_weak(rows, k) -> bool:
    """Is there a v with row·v ≥ 0 for all rows and > 0 for row k?"""
    # By strict inequalities: some of the rows are equations.
    others = [row for i, row in enumerate(rows) if i != k]
    return any(
        reference.feasible(
            [rows[k], *(row for row, e in zip(others, equal, strict=True) if not e)],
            [row for row, e in zip(others, equal, strict=True) if e],
        )
        for equal in product((False, True), repeat=len(others))
    )
