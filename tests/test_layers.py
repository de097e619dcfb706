"""Landscapes of two and more neurons against brute force, descent and theory."""

from fractions import Fraction
from itertools import combinations_with_replacement

import networkx as nx
import numpy as np
import pytest
from scipy.optimize import linprog

from arrangement.errors import InputError, SizeError
from arrangement.relu import OneHiddenLayer
from tests import reference
from tests.test_landscape import data_set, descent_direction, with_bias


def states_of(piece):
    """A piece as a multiset of (signs, output sign)."""
    rows = zip(map(tuple, piece.signs.tolist()), piece.output_signs.tolist(), strict=True)
    return tuple(sorted((signs, int(s)) for signs, s in rows))


# --- brute force ------------------------------------------------------------------------


class Neuron:
    """One neuron in one state: on a face with an output sign, or in a cell with z = 0."""

    def __init__(self, X, rows, face, s, slope):
        self.face, self.s = face, s
        self.signs = np.array(face)
        on = self.signs == 0
        S, Vt = np.linalg.svd(X[on], full_matrices=True)[1:]
        self.T = Vt[np.sum(S > 1e-9) :].T
        self.D = np.where(self.signs > 0, 1.0, np.where(on, 0.0, slope))
        self.A = self.D[:, None] * (X @ self.T) if s else np.zeros((len(X), 0))
        self.sides = self.signs[~on, None] * (X[~on] @ self.T)
        self.X, self.rows, self.on, self.slope = X, rows, on, slope

    def in_place(self, r):
        g = (self.D * r) @ self.X
        if not self.s:
            return np.allclose(g, 0, atol=1e-9)
        # r_i σ(t) = (1 − α) r_i max(0, t) + α r_i t on the face.
        g = g + self.slope * (r[self.on] @ self.X[self.on])
        kinks = np.where(self.on, (1 - self.slope) * r, r)
        return descent_direction(self.X, self.rows, self.on, g, kinks, self.s) is None


def brute_force(X, y, bias, hidden, slope=0.0, output_bias=False):
    """{multiset of (face, s): loss} by one linear program for each multiset of states."""
    one = [] if bias is None else [Fraction(bias)]
    rows = reference.rows_of([[*map(Fraction, x), *one] for x in np.asarray(X).tolist()])
    X = with_bias(X, bias)
    neurons = []
    for face in sorted(reference.faces(rows)):
        dead = all(v < 0 for v in face) and not slope
        for s in (0,) if dead else (1, -1, 0) if all(face) else (1, -1):
            neurons.append(Neuron(X, rows, face, s, slope))
    free = np.ones((len(X), int(output_bias)))
    pieces = {}
    for chosen in combinations_with_replacement(neurons, hidden):
        A = np.column_stack([free, *(n.A for n in chosen)])
        c = np.linalg.lstsq(A, y, rcond=1e-9)[0] if A.shape[1] else np.zeros(0)
        r = A @ c - y
        if not all(n.in_place(r) for n in chosen) or not feasible(A, y, free, chosen):
            continue
        name = tuple(sorted((n.face, n.s) for n in chosen))
        pieces[name] = np.mean(r**2)
    return pieces


def feasible(A, y, free, chosen):
    """Is there a least squares solution R_j = s_j T_j c_j with all c_j inside?"""
    width = A.shape[1]
    blocks, at = [], free.shape[1]
    for n in chosen:
        e = n.A.shape[1]
        if e:
            block = np.zeros((len(n.sides), width))
            block[:, at : at + e] = n.s * n.sides
            blocks.append(block)
        at += e
    G = np.concatenate(blocks) if blocks else np.zeros((0, width))
    if not len(G):
        return True
    found = linprog(
        [0] * width + [-1],
        A_ub=np.column_stack([-G, np.ones(len(G))]),
        b_ub=np.zeros(len(G)),
        A_eq=np.column_stack([A.T @ A, np.zeros(width)]),
        b_eq=A.T @ y,
        bounds=[(None, None)] * width + [(None, 1)],
    )
    return found.x is not None and found.x[-1] > 1e-7


def same_as_brute_force(X, y, bias, hidden, slope=0.0, output_bias=False):
    layer = OneHiddenLayer(X, y, hidden, bias, output_bias, slope)
    landscape = layer.landscape()
    expected = brute_force(X, y, bias, hidden, slope, output_bias)
    found = {states_of(p): p for p in landscape.pieces}
    assert len(found) == len(landscape.pieces)
    assert set(found) == set(expected)
    for name, loss in expected.items():
        assert found[name].loss == pytest.approx(loss, abs=1e-9)
    return landscape


@pytest.mark.parametrize("seed", range(12))
def test_pieces_of_two_neurons_are_those_of_brute_force(seed):
    X, y, bias = data_set(seed, largest=3, features=2)
    same_as_brute_force(X, y, bias, 2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12, 24))
def test_pieces_of_two_neurons_on_four_samples(seed):
    X, y, bias = data_set(seed, largest=4, features=2)
    same_as_brute_force(X, y, bias, 2)


@pytest.mark.parametrize("slope", [0.0, 0.25, -0.5])
@pytest.mark.parametrize("hidden", [1, 2])
def test_other_activations_and_an_output_bias(slope, hidden):
    X, y = [[-1.0], [0.5], [2.0]], np.array([1.0, -1.0, 2.0])
    for bias in (None, 1.0):
        same_as_brute_force(np.array(X), y, bias, hidden, slope, True)
        if slope:
            same_as_brute_force(np.array(X), y, bias, hidden, slope)


def test_three_neurons_on_a_line():
    same_as_brute_force(np.array([[-1.0], [0.5], [2.0]]), np.array([1.0, -1.0, 2.0]), None, 3)
