"""The least loss on one tuple of cells in rational arithmetic, where nothing is rounded.

The float bound of :mod:`arrangement.kernels.landscape.cone_fit` says nothing where rounding
leaves a rank open: where neurons nearly cancel, or weights would have to be very long. For the
few tuples that it leaves open the quadratic program is solved once more, for the samples as
given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from flint import fmpq, fmpq_mat, fmpz_mat
from numpy.typing import NDArray

from arrangement import exact
from arrangement.exact.numbers import common_denominator
from arrangement.relu.weight_space import Floats, Mask, Samples

__all__ = ["ExactFit", "Solution", "exact_loss"]

Integers = NDArray[np.object_]

MOST_STEPS = 10_000
"""Steps of the active sets; as choices are random, they end long before."""


class Solution(NamedTuple):
    """The least ‖f − y‖² on a tuple of closed cells, and a network that has it."""

    value: Fraction
    vectors: list[list[Fraction]]  # |z_j| w_j for the samples as given
    offset: Fraction


class ExactFit:
    """Quadratic programs of tuples of closed cells of one problem, solved by active sets.

    Parameters
    ----------
    samples : Samples
    slope : float
        The negative slope of the activation.
    output_bias : bool
    """

    def __init__(self, samples: Samples, slope: float, output_bias: bool) -> None:
        given, self.x_scale = common_denominator(samples.arrangement.normals)
        self.columns = exact.independent_columns(given)
        self.X, self.dimension = given[:, self.columns], given.shape[1]
        self.y, self.y_scale = common_denominator(samples.y)
        self.slope, self.output_bias = Fraction(slope), output_bias

    def __call__(
        self,
        active: Mask,
        s: Floats,
        guess: Iterable[tuple[int, int]] = (),
        late: Callable[[], bool] = lambda: False,
    ) -> Solution | None:
        """The solution for patterns (K, N) and output signs (K,); None if time runs out.

        `guess` are pairs (neuron, sample) of constraints that probably bind.
        """
        K, N, r = *active.shape, self.X.shape[1]
        p, q = self.slope.numerator, self.slope.denominator
        # A is q·x_scale times that of the problem, and y is y_scale times the targets.
        blocks = [np.where(on, q, p).astype(object)[:, None] * self.X for on in active]
        if self.output_bias:
            blocks.append(np.full((N, 1), q * self.x_scale, dtype=object))
        A = np.concatenate(blocks, axis=1)
        H, b, n = A.T @ A, A.T @ self.y, A.shape[1]
        # Row j N + i says on which side of sample i neuron j is.
        G = np.zeros((K * N, n), dtype=object)
        for j, on in enumerate(active):
            turn = np.where(on, int(s[j]), -int(s[j])).astype(object)
            G[j * N : (j + 1) * N, j * r : (j + 1) * r] = turn[:, None] * self.X
        hessian, sides = fmpq_mat(fmpz_mat(H.tolist())), fmpq_mat(fmpz_mat(G.tolist()))
        binding: list[int] = []
        for j, i in guess:
            rows = [*binding, j * N + i]
            binding = rows if exact.rank(G[rows]) == len(rows) else binding
        rng = np.random.default_rng(0)
        R = fmpq_mat(n, 1)
        for _ in range(MOST_STEPS):
            if late():
                return None
            target, multipliers = _stationary(H, b, G[binding])
            move = target - R
            if any(v != 0 for v in (hessian * move).entries()):
                step = fmpq(1)
                blocking: list[int] = []
                slack, rate = (sides * R).entries(), (sides * move).entries()
                for k in range(K * N):
                    if rate[k] < 0 and -slack[k] / rate[k] <= step:
                        if -slack[k] / rate[k] < step:
                            step, blocking = -slack[k] / rate[k], []
                        blocking.append(k)
                R = R + step * move
                if step < 1:
                    # At random, so that active sets do not come round again for ever.
                    binding.append(blocking[rng.integers(len(blocking))])
                    continue
            leaving = [k for k, value in enumerate(multipliers) if value < 0]
            if not leaving:
                return self._solution(R.entries(), b, s, q)
            del binding[leaving[rng.integers(len(leaving))]]
        return None

    def _solution(self, R: list[fmpq], b: Integers, s: Floats, q: int) -> Solution:
        r = len(self.columns)
        square = int(self.y @ self.y) - sum(int(v) * t for v, t in zip(b, R, strict=True))
        scale = Fraction(q * self.x_scale, self.y_scale)
        vectors = [[Fraction(0)] * self.dimension for _ in s]
        for j, sign in enumerate(s):
            for column, entry in zip(self.columns, R[j * r : (j + 1) * r], strict=True):
                vectors[j][column] = _fraction(entry) * scale * int(sign)
        offset = _fraction(R[-1]) * scale if self.output_bias else Fraction(0)
        return Solution(_fraction(fmpq(square)) / self.y_scale**2, vectors, offset)


def _stationary(H: Integers, b: Integers, G: Integers) -> tuple[fmpq_mat, list[fmpq]]:
    """Some R with G R = 0 and H R − Gᵀλ = b, and λ, which is unique as G has full rank."""
    n, p = len(b), len(G)
    upper = np.hstack([H, -G.T, b[:, None]])
    lower = np.hstack([G, np.zeros((p, p + 1), dtype=object)])
    reduced, denominator, rank = fmpz_mat(np.vstack([upper, lower]).tolist()).rref()
    solution, column = [fmpq(0)] * (n + p), 0
    for row in range(rank):
        while reduced[row, column] == 0:
            column += 1
        solution[column] = fmpq(reduced[row, n + p], denominator)
    return fmpq_mat(n, 1, solution[:n]), solution[n:]


def _fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def exact_loss(
    X: NDArray[Any], y: NDArray[Any], weights: Floats, z: Floats, offset: float, slope: float
) -> Fraction:
    """The mean squared error of a network, of one output or several, in rational arithmetic."""
    (rows, a), (columns, b), (outputs, c) = map(common_denominator, (X, weights, z))
    p, q = Fraction(slope).as_integer_ratio()
    inner = rows @ columns.T
    f = np.where(inner > 0, q * inner, p * inner) @ outputs
    scale, total = a * b * c * q, Fraction(0)
    for value, target in zip(f.ravel().tolist(), y.ravel().tolist(), strict=True):
        total += (Fraction(value, scale) + Fraction(offset) - Fraction(target)) ** 2
    return total / len(X)
