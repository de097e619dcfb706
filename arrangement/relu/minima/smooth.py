"""Decisions for losses that are smooth and strictly convex, in balls of any precision.

On a tuple of faces with outputs A c the loss Σ_i l(f_i, y_i) is convex in c, and strictly so in
f = A c: its critical point is unique up to the null space of A, which is exact, and with it the
derivatives r_i = l′(f_i, y_i), which take the place of the residuals in the criterion (see
:mod:`arrangement.relu.losses.criterion`).

*The critical point is proved.* In the columns of A that are independent let g be the gradient
and H the Hessian of the loss, P about the inverse of H at c, X a box around c. If
c − P g(c) + (I − P H(X)) (X − c) lies in the interior of X, there is exactly one zero of g in
X, and it lies in that smaller set (Krawczyk 1969). All is computed in balls (Arb, through
python-flint), so that a sign of a linear form in c or r is certain unless its ball holds 0.

*Forms that vanish.* Samples with equal rows of A have equal outputs, and with opposite rows
opposite ones, so that r is affine in as many unknowns as there are such groups; where Aᵀr = 0
then implies that a form in r vanishes it does. A form e·c vanishes if the critical point of the
columns with e·c = 0 is one of all columns, by the same rule. What is left after the last of
`PRECISIONS` is open: a strict inequality then refuses the tuple, which is doubtful, and a weak
one leaves the piece undecided.

*Rational critical points.* r_i is affine in the tanh of an argument t_i, f_i − y_i for log-cosh
and f_i / 2 for the logistic loss. At rational arguments 1 and the tanh of different |t_i| > 0
are independent over Q: in u = exp(2/q), transcendental by Lindemann, tanh(k/q) is
(u^k − 1)/(u^k + 1), whose pole exp(iπ/k) none of smaller k has. So a form in r vanishes iff
its coefficients in each group of equal |t_i| cancel, and Aᵀr = 0 holds wherever the groups of a
rational critical point stay equal, which by uniqueness is there only. Hence the groups that
float64 sees give the point by linear equations, and the rule proves it.

*There may be none.* The logistic loss has no minimum on the tuple iff some v has
y_i (A v)_i ≥ 0 for all i, not all zero. A linear program proposes the samples with equality;
the rest is a strict system in few unknowns, solved exactly. Then the tuple holds no piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx, fmpq, fmpz
from scipy.optimize import linprog

from arrangement import exact
from arrangement.exact.roots import precision
from arrangement.relu.minima.balls import (
    GRID,
    applied,
    combined,
    end_of,
    fraction_of,
    gridded,
    sign_of,
)
from arrangement.relu.minima.convex_losses import ConvexDecider
from arrangement.relu.minima.minima_table import Minima
from arrangement.relu.minima.rational import Integers, product, scaled
from arrangement.relu.weight_space import Floats, Indices, Mask

__all__ = ["SmoothDecider"]

PRECISIONS = 128, 640
"""Bits of the balls: the second where the first leaves something open."""

NEAR = 1e-8
"""Arguments of tanh that are nearer, as a share of the largest target, are tried as equal."""


@dataclass(frozen=True, eq=False)
class _Critical:
    """The critical points c + N t of the loss on a tuple of faces."""

    columns: Integers  # A, (N, n)
    c: list[arb]  # (n,), 0 but for independent columns
    null: Integers  # (n, q)
    outputs: list[arb]  # (N,)
    derivatives: list[arb]  # (N,)
    loss: arb  # the mean
    proved: bool
    point: Integers | None  # (n + 1,), c where it is rational, and last its denominator
    arguments: Integers  # (N, any), samples with equal or opposite rows have such t_i


class SmoothDecider(ConvexDecider):
    """Decides tuples of faces for the logistic loss and log-cosh."""

    _last: tuple[Any, _Critical | None] = None, None
    """The faces and bits of the last critical points, and these."""

    def __getstate__(self) -> dict[str, Any]:
        # Balls cannot be pickled.
        return {**self.__dict__, "_last": (None, None)}

    # --- the critical point -----------------------------------------------------------------

    def critical(self, row: Indices, bits: int = PRECISIONS[0]) -> _Critical | None:
        """The critical points of a tuple of faces, or None if there is none, a proof."""
        key = tuple(row.tolist()), bits
        if self._last[0] != key:
            self._last = key, self._found(self.columns(row), bits)
        return self._last[1]

    def _found(self, A: Integers, bits: int) -> _Critical | None:
        n = A.shape[1]
        pivots = exact.independent_columns(A)
        rows = A[:, pivots]
        with precision(bits):
            targets = [
                arb(fmpq(fmpz(int(v)), fmpz(self.target_scale))) for v in self.targets.tolist()
            ]
            if self.kind.separable and self._separates(rows, strictly=True):
                return None
            start, outputs, steady = self._newton(rows)
            rational = self._rational(rows, outputs)
            if rational is not None:
                denominator = int(rational[-1]) * self.target_scale
                c: list[arb] | None = [arb(fmpq(int(v), denominator)) for v in rational[:-1]]
            else:
                c = self._enclosed(rows, start, targets, bits) if steady else None
            if c is None and self.kind.separable and self._separates(rows, strictly=False):
                return None
            proved = c is not None
            if c is None:
                c = [arb(v) for v in start]
            whole = [arb(0)] * n
            for pivot, value in zip(pivots, c, strict=True):
                whole[pivot] = value
            f = applied(rows, c)
            terms = [self._terms(v, y) for v, y in zip(f, targets, strict=True)]
            loss = sum((term[0] for term in terms), arb(0)) / len(terms)
        null = exact.nullspace(A) if len(pivots) < n else np.zeros((n, 0), dtype=object)
        point, arguments = None, self._arguments(A)
        if rational is not None:
            point = np.zeros(n + 1, dtype=object)
            point[[*pivots, n]] = rational
            arguments = arguments.dot(point)[:, None]
        derivatives = [term[1] for term in terms]
        return _Critical(A, whole, null, f, derivatives, loss, proved, point, arguments)

    def _terms(self, f: arb, y: arb) -> tuple[arb, arb, arb]:
        """l, l′ and l″ at one sample."""
        if self.kind.name == "logistic":
            p = 1 / (1 + (y * f).exp())
            return (-y * f).exp().log1p(), -y * p, p * (1 - p)
        t = f - y
        tanh = t.tanh()
        away = abs(t)
        return away + (-2 * away).exp().log1p() - arb(2).log(), tanh, 1 - tanh * tanh

    def _newton(self, rows: Integers) -> tuple[Floats, Floats, bool]:
        """The minimum on independent columns in float64, its outputs, and whether it stood."""
        r = rows.shape[1]
        if not r:
            return np.zeros(0), np.zeros(len(rows)), True
        A, largest = scaled(rows)
        Q, R = np.linalg.qr(A)
        q, steady = self.descended(Q[None], np.ones((1, r), dtype=bool))
        with np.errstate(over="ignore"):
            c = np.linalg.solve(R, q[0]) / np.array(largest, dtype=np.float64)
        return c, Q @ q[0], bool(steady[0]) and bool(np.isfinite(c).all())

    def _enclosed(
        self, rows: Integers, start: Floats, targets: list[arb], bits: int
    ) -> list[arb] | None:
        """Balls around the critical point in independent columns, or None without a proof."""
        r = rows.shape[1]
        if not r:
            return []
        A = arb_mat([[int(v) for v in row] for row in rows.tolist()])
        At = A.transpose()
        c = [arb(float(v)) for v in start]

        def system(at: list[arb]) -> tuple[arb_mat, arb_mat]:
            f = (A * arb_mat([[v] for v in at])).entries()
            terms = [self._terms(v, y) for v, y in zip(f, targets, strict=True)]
            weighted = arb_mat(
                [
                    [term[2] * v for v in row]
                    for term, row in zip(terms, A.tolist(), strict=True)
                ]
            )
            return At * arb_mat([[term[1]] for term in terms]), At * weighted

        try:
            for _ in range(3 + bits.bit_length()):
                g, H = system(c)
                P = H.mid().inv().mid()
                step = (P * g).mid().entries()
                c = [(v - s).mid() for v, s in zip(c, step, strict=True)]
                if all(
                    abs(s) <= abs(v) * arb(2) ** (16 - bits)
                    for v, s in zip(c, step, strict=True)
                ):
                    break
            g, _ = system(c)
            step = (P * g).entries()
            largest = max((abs(v).upper() for v in c), default=arb(0))
            tiny = largest * arb(2) ** (24 - bits) + arb(2) ** (-4 * bits)
            radius = [4 * s.abs_upper() + tiny for s in step]
            X = [arb(v.mid(), e.upper()) for v, e in zip(c, radius, strict=True)]
            _, H = system(X)
            rest = (arb_mat(np.eye(r, dtype=int).tolist()) - P * H) * arb_mat(
                [[arb(0, e.upper())] for e in radius]
            )
            inner = [v - s + e for v, s, e in zip(c, step, rest.entries(), strict=True)]
        except ZeroDivisionError:
            return None
        if all(box.contains_interior(ball) for box, ball in zip(X, inner, strict=True)):
            return inner
        return None

    def _arguments(self, columns: Integers) -> Integers:
        """Forms in c and 1, up to a positive factor the arguments t_i of tanh, one a row."""
        shift = self.targets if self.kind.name == "log_cosh" else 0 * self.targets
        return np.column_stack([columns, -shift])

    def _rational(self, rows: Integers, outputs: Floats) -> Integers | None:
        """The critical point in independent columns if it is rational, and its denominator."""
        t = outputs - self.y if self.kind.name == "log_cosh" else outputs
        order = np.argsort(np.abs(t), kind="stable")
        near = np.diff(np.abs(t)[order], prepend=0.0) <= NEAR * np.abs(self.y).max()
        arguments, r = self._arguments(rows), rows.shape[1]
        signed = np.where(t < 0, -1, 1)[order, None] * arguments[order]
        # The first is compared with 0.
        equal = np.diff(signed, axis=0, prepend=0 * signed[:1])[near]
        if len(equal) < r:
            return None
        form, scale, pivots = exact.echelon(equal)
        if pivots != list(range(r)):
            return None
        point = np.append(-form[:, -1], scale)
        if self._in_groups(arguments.dot(point)[:, None], rows).any():
            return None
        return point

    def _separates(self, rows: Integers, strictly: bool) -> bool:
        """Is there a proof that some direction of the columns lowers a logistic loss for ever?

        Strictly: at once at all samples that it could.
        """
        signed = rows * self.targets[:, None]
        signed = signed[[any(row) for row in signed.tolist()]]
        if not len(signed):
            return False
        if not strictly:
            held = _held(signed)
            if held.all() or not held.any():
                return False
            signed = product(signed[~held], exact.nullspace(signed[held]))
            if not signed.shape[1]:
                return False
        zero = np.zeros(len(signed), dtype=object)
        return self._point_inside([(zero, signed)], (1,)) is not None

    # --- forms that vanish ------------------------------------------------------------------

    def _implied(self, arguments: Integers, columns: Integers, forms: Integers) -> bool:
        """Do forms in r vanish where Aᵀr = 0, because of what the arguments have in common?"""
        relations = self._in_groups(arguments, columns)
        wanted = self._in_groups(arguments, forms)
        return exact.rank(np.concatenate([relations, wanted])) == exact.rank(relations)

    def _in_groups(self, arguments: Integers, forms: Integers) -> Integers:
        """Forms Σ_i forms_i r_i, one a column, in the unknowns of groups, the last constant.

        A group has equal or opposite rows of arguments. Logistic: r_i = p_i − [y_i = 1] with p
        the logistic function of f_i, ½ at 0 and 1 − p at −f_i. Log-cosh: r_i = tanh(f_i − y_i),
        which is odd.
        """
        logistic = self.kind.name == "logistic"
        place: dict[tuple[Any, ...], int] = {}
        entries: list[tuple[int, int, int]] = []  # group, factor, twice the constant
        for key, y in zip(arguments.tolist(), self.targets.tolist(), strict=True):
            side = next((exact.sign(v) for v in key if v), 0)
            group = place.setdefault(tuple(side * v for v in key), len(place)) if side else 0
            constant = -2 * (y > 0) + (side <= 0) + (side < 0) if logistic else 0
            entries.append((group, side, constant))
        table = np.zeros((forms.shape[1], len(place) + 1), dtype=object)
        for (group, side, constant), form in zip(entries, forms.tolist(), strict=True):
            for k, v in enumerate(form):
                table[k, group] += 2 * side * v
                table[k, -1] += constant * v
        return table

    def _form_sign(self, found: _Critical, form: Integers) -> int | None:
        """The sign of form·c, the form in the rows' span; None if it is open."""
        if found.point is not None:
            return exact.sign(form.dot(found.point[:-1]))
        sign = sign_of(combined(form, found.c))
        if sign is None:
            inner = exact.nullspace(form[None])
            held = found.columns.dot(inner) if inner.shape[1] else found.columns[:, :0]
            if self._implied(self._arguments(held), held, found.columns):
                return 0
        return sign

    # --- decisions --------------------------------------------------------------------------

    def _decisions(self, tuples: Indices) -> Iterator[tuple[list[Minima], Indices]]:
        for row in self.unclear(tuples):
            for bits in PRECISIONS:
                with precision(bits):
                    critical = self.critical(row, bits)
                    found: list[Minima] = []
                    open_ = critical is not None
                    if critical is not None and critical.proved:
                        found, open_ = self._pieces_on(row, critical)
                if not open_ and all(piece.decided[0] for piece in found):
                    break
            yield found, row[None] if open_ else tuples[:0]

    def _sides(self, row: Indices, found: _Critical) -> tuple[Mask, list[Any], bool]:
        allowed, open_ = np.ones((len(row), 2), dtype=bool), False
        moving: list[list[tuple[Integers, arb]]] = []
        for j, (block, signs, Z) in enumerate(self._blocks(row)):
            moving.append([])
            for sign, z in zip(signs.tolist(), Z, strict=True):
                moves = sign * z.dot(found.null[block]) if found.null.shape[1] else z[:0]
                form = np.zeros(len(found.c), dtype=object)
                form[block] = sign * z
                if any(moves):
                    moving[j].append((moves, combined(form, found.c)))
                    continue
                side = self._form_sign(found, form)
                if side is None:
                    open_ = True
                    allowed[j] = False
                else:
                    allowed[j] &= side > 0, side < 0
                if not allowed[j].any():
                    return allowed, moving, open_
        return allowed, moving, open_

    def _coefficients(
        self, moving: list[Any], choice: tuple[int, ...], found: _Critical
    ) -> list[Fraction] | None:
        q = found.null.shape[1]
        middle = [fraction_of(c) for c in found.c]
        if not q:
            return middle
        rows = [(s * m, s * v) for s, own in zip(choice, moving, strict=True) for m, v in own]
        t = [Fraction(0)] * q
        if rows:
            scale = 1 << int(ctx.prec)
            moves = np.array([m for m, _ in rows], dtype=object)

            def point(up: bool) -> list[Fraction] | None:
                ends = np.array([end_of(v, scale, up) for _, v in rows], dtype=object)
                return self._point_inside([(ends, moves)], (1,))

            inner = point(up=False)
            if inner is None:
                return None if point(up=True) is not None else []
            t = [v / scale for v in inner]
        return [
            c + sum((a * v for a, v in zip(line, t, strict=True)), Fraction(0))
            for c, line in zip(middle, found.null.tolist(), strict=True)
        ]

    def _signed_shares(
        self, face: int, row: Indices, found: _Critical
    ) -> tuple[Floats, Mask, Mask]:
        share, holds, sure = np.ones(2), np.ones(2, dtype=bool), np.ones(2, dtype=bool)
        for change in self.exact_turns(face):
            value = combined(change, found.derivatives)
            sign = sign_of(value) if found.proved else None
            if (
                sign is None
                and found.proved
                and self._implied(found.arguments, found.columns, change[:, None])
            ):
                if exact.rank(np.column_stack([found.columns, change])) > exact.rank(
                    found.columns
                ):
                    share[:] = 0.0
                continue
            size = float(
                sum(
                    abs(int(a)) * abs(float(r.mid()))
                    for a, r in zip(change, found.derivatives, strict=True)
                )
            )
            for k, s in enumerate((1, -1)):
                if sign is None:
                    sure[k], share[k] = False, 0.0
                elif s * sign < 0:
                    holds[k] = False
                elif size:
                    share[k] = min(share[k], abs(float(value.mid())) / size)
        return share, holds, sure

    def states(
        self, minima: Minima, idle: Indices, silent: Indices
    ) -> list[list[tuple[int, int, float, bool]]]:
        """The same, in balls."""
        with precision(PRECISIONS[-1]):
            return super().states(minima, idle, silent)

    def solve(self, faces: Indices) -> _Critical:
        """The critical points on a tuple of faces that holds a minimum."""
        found = self.critical(faces, PRECISIONS[-1])
        assert found is not None, "a minimum has a critical point"
        return found

    def _vanishing(self, face: int, row: Indices, found: _Critical) -> tuple[bool, bool] | None:
        pull = self.map(face)
        if any(sign_of(combined(form, found.derivatives)) for form in pull.T):
            return None
        proved = self._implied(found.arguments, found.columns, pull)
        return proved, proved

    def without_neurons(self) -> Minima:
        """The one minimum of no active neuron, if there is one."""
        none = np.zeros(0, dtype=np.int64)
        with precision(PRECISIONS[-1]):
            found = self.critical(none, PRECISIONS[-1])
            if found is None:
                return Minima.empty(0, len(self.y), self.faces.rank)
            c = [fraction_of(v) for v in found.c]
            piece = self._piece(none, (), c, found, 1.0)
            piece.decided[:] = found.proved
            return piece

    # --- what is asked of a decider ---------------------------------------------------------

    def _loss(self, solution: Any) -> tuple[float, list[float]]:
        """The loss, and f − y, rounded."""
        return float(solution.loss.mid()), [
            float(f.mid()) - y for f, y in zip(solution.outputs, self.y.tolist(), strict=True)
        ]

    def loss(self, faces: Indices) -> fmpq:
        """The least loss of the columns of some faces, or its infimum, to 2^-`GRID`."""
        with precision(PRECISIONS[0]):
            return fmpq(gridded(self._infimum(faces)[0]), 1 << GRID)

    def _infimum(self, faces: Indices) -> tuple[arb, _Critical | None]:
        """The infimum, and the critical points where it is taken."""
        found = self.critical(faces)
        if found is not None:
            return found.loss, found
        # Samples that some direction of descent reaches have loss 0 in the end: those whose
        # λ_i is 0 in every λ ≥ 0 with Σ λ_i y_i a_i = 0.
        A = self.columns(faces)
        kept = _held(A * self.targets[:, None])
        rest = A[kept]
        targets, y = self.targets, self.y
        self.targets, self.y = targets[kept], y[kept]
        try:
            found = self._found(rest, PRECISIONS[0]) if kept.any() else None
        finally:
            self.targets, self.y = targets, y
        if found is None:
            return arb(0), None
        return found.loss * int(kept.sum()) / len(y), None

    def _fit_on(self, row: Indices, points: bool) -> tuple[float, int, Any]:
        """The least loss (or infimum), the rank, and coefficients; NaN if no loss is least."""
        with precision(PRECISIONS[0]):
            least, found = self._infimum(row)
            R: Any = np.nan if found is None else 0.0
            if points and found is not None:
                R = self._neurons(row, [fraction_of(v) for v in found.c])
            return float(least.mid()), self.rank_of(row), R

    def residuals_of(self, faces: Indices, signs: Any) -> tuple[int, ...]:
        """The derivatives of a piece as multiples of 2^-`GRID`, and last 2^`GRID`."""
        active = faces[(signs != 0) & ~self.faces.idle[faces]]
        with precision(PRECISIONS[0]):
            found = self.critical(active)
            assert found is not None, "a minimum has a critical point"
            return (*map(gridded, found.derivatives), 1 << GRID)

    def vanishes(self, face: int, residuals: tuple[int, ...]) -> bool:
        """Is Σ_i r_i σ(v·x_i) zero, to 2^-`GRID` of each term, for v near a face?"""
        H = self.exact_turns(face)
        value = H.dot(np.array(residuals[:-1], dtype=object)) if len(H) else np.zeros(0)
        return bool(np.all(np.abs(value) <= np.abs(H).sum(axis=1)))


def _held(signed: Integers) -> Mask:
    """The rows a_i with a_i·v = 0 for all v with a·v ≥ 0 for all rows, in float64."""
    table = signed.astype(np.float64)
    table /= np.maximum(np.abs(table).max(axis=0, initial=0.0), 1e-300)
    n, width = table.shape
    # Maximise the sum of gains min(1, a_i·v): all that can grow do so at the optimum.
    result = linprog(
        np.append(np.zeros(width), -np.ones(n)),
        A_ub=np.column_stack([-table, np.eye(n)]),
        b_ub=np.zeros(n),
        bounds=[(None, None)] * width + [(0, 1)] * n,
    )
    return np.asarray(result.x[width:] < 0.5)
