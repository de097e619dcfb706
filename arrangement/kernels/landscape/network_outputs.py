"""Outputs of networks with one hidden layer, their rows and their loss, compiled."""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.landscape.small_vectors import along

__all__ = ["loss_bound", "normal_equations", "outputs_into", "row_into", "squared_loss"]


@compiled(error_model="numpy")
def row_into(X, i, constant, slope, active, row):
    """The row of A of a sample, active[j, i] > 0 where neuron j is active."""
    r = X.shape[1]
    for j in range(len(active)):
        weight = 1.0 if active[j, i] > 0 else slope
        for a in range(r):
            row[j * r + a] = weight * X[i, a]
    if constant:
        row[len(row) - 1] = constant


@compiled(error_model="numpy")
def normal_equations(X, y, constant, slope, active, decided, count, H, b, row):
    """H = AᵀA and b = Aᵀy for the first `count` decided samples, active[j, i] = ±1."""
    n = len(b)
    b[:] = 0.0
    H[:] = 0.0
    for i in decided[:count]:
        row_into(X, i, constant, slope, active, row)
        for a in range(n):
            if row[a] != 0.0:
                b[a] += row[a] * y[i]
                for c in range(a + 1):
                    H[a, c] += row[a] * row[c]
    for a in range(n):
        for c in range(a):
            H[c, a] = H[a, c]


@compiled(error_model="numpy")
def outputs_into(X, constant, u, signs, slope, outputs):
    """The outputs of the network with R = u, neuron j with output sign signs[j]."""
    N, r = X.shape
    K = len(signs)
    for i in range(N):
        value = constant * u[K * r] if constant else 0.0
        for j in range(K):
            inner = along(X, i, u, j * r)
            if inner * signs[j] < 0.0:
                inner *= slope
            value += inner
        outputs[i] = value


@compiled(error_model="numpy")
def squared_loss(outputs, y):
    """‖outputs − y‖²."""
    total = 0.0
    for i in range(len(y)):
        total += (outputs[i] - y[i]) ** 2
    return total


@compiled(error_model="numpy")
def loss_bound(loss, u, accuracy):
    """An upper bound on the loss where rounding left `loss` with weights u."""
    square = 0.0
    for a in range(len(u)):
        square += u[a] * u[a]
    return (np.sqrt(loss) + accuracy * (1.0 + np.sqrt(len(u) * square))) ** 2
