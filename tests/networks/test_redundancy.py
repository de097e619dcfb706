"""Redundant neurons and networks without them."""

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement.networks import Network
from tests.amounts import examples

SQUARE = [(-1, 1), (-1, 1)]
CORNERS = list(product((-1, 1), repeat=2))


def grid(d, n=7):
    """Rational points of [−1, 1]^d."""
    return list(product([Fraction(2 * k, n - 1) - 1 for k in range(n)], repeat=d))


def equal(one, other, points):
    return all(one.exact_forward(x) == other.exact_forward(x) for x in points)


def by_place(found):
    return {(one.layer, one.neuron): one for one in found}


def test_each_kind_and_its_certificate():
    rows = [[1, 2], [2, 4], [-1, -1], [1, 0], [0, 1], [1, 1], [0, 0], [-1, -2]]
    biases = [0, 0, -3, 5, 5, 5, 7, 0]
    network = Network([rows, np.arange(1, 9)[None]], [biases, [0]])
    found = by_place(network.redundant_neurons(SQUARE))
    kinds = {j: one.kind for (_, j), one in found.items()}
    # Neurons 0 and 7 are x + 2 y and its negative: their difference is linear.
    assert kinds == {1: "duplicate", 2: "inactive", 3: "active", 4: "active", 5: "active",
                     6: "active", 7: "dependent"}  # fmt: skip
    assert found[0, 1].combination == {0: 2}
    assert (found[0, 2].preactivation, found[0, 2].vertex) == (-1, (-1, -1))
    assert (found[0, 3].preactivation, found[0, 3].combination) == (4, None)
    assert found[0, 3].vertex[0] == -1
    assert (found[0, 5].combination, found[0, 5].constant) == ({3: 1, 4: 1}, -5)
    assert (found[0, 6].combination, found[0, 6].constant) == ({}, 7)
    small = network.prune(SQUARE)
    assert small.hidden_widths == (3,)
    assert equal(network, small, [*grid(2), *CORNERS])


def rank(rows):
    """By elimination of Fractions."""
    rows, found = [list(map(Fraction, row)) for row in rows], 0
    for c in range(len(rows[0])):
        pivot = next((row for row in rows if row[c]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rows = [[v - row[c] / pivot[c] * w for v, w in zip(row, pivot, strict=True)]
                for row in rows]  # fmt: skip
        found += 1
    return found


def values_by_layer(network, x):
    """The input and the outputs of each hidden layer."""
    slope, k = network.exact_negative_slope, network.pieces
    result = [list(map(Fraction, x))]
    for z in network.exact_preactivations(x)[:-1]:
        if k > 1:
            result.append([max(z[j : j + k]) for j in range(0, len(z), k)])
        else:
            result.append([v if v > 0 else slope * v for v in z])
    return result


def linear_layers(network, domain):
    """The hidden layers that are affine functions of the input or of a layer before."""
    regions = network.regions(domain)
    points = {x for i in range(len(regions)) for x in regions.exact_vertices(i)}
    values = [values_by_layer(network, x) for x in points]
    result = []
    for l in range(1, network.depth):
        for k in range(l):
            given = [[Fraction(1), *at[k]] for at in values]
            both = [[*row, *at[l]] for row, at in zip(given, values, strict=True)]
            if rank(given) == rank(both):
                result.append((l - 1, k - 1))
    return result


@st.composite
def redundant_networks(draw):
    """Small integer networks with zero rows, copies and multiples, and large biases."""
    d, depth = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    widths = [d, *(draw(st.integers(1, 4)) for _ in range(depth)), draw(st.integers(1, 2))]
    entries = st.integers(-2, 2)
    weights, biases = [], []
    for a, b in pairwise(widths):
        weights.append(np.array([[draw(entries) for _ in range(a)] for _ in range(b)], float))
        biases.append(np.array([draw(st.sampled_from([-9, -1, 0, 0, 1, 9])) for _ in range(b)]))
    if draw(st.booleans()) and widths[1] > 1:
        weights[0][1], biases[0][1] = 3 * weights[0][0], 3 * biases[0][0]
    if draw(st.booleans()):
        k = 2
        weights = [np.repeat(W, k, axis=0) for W in weights[:-1]] + weights[-1:]
        for W in weights[:-1]:
            W[1::k] = [[draw(entries) for _ in row] for row in W[1::k]]
        biases = [np.repeat(b, k) for b in biases[:-1]] + biases[-1:]
        for b in biases[:-1]:
            b[1::k] += draw(st.sampled_from([-20, 0, 20]))
        return Network(weights, biases, ("maxout", k))
    activation = draw(st.sampled_from(["relu", "leaky_relu"]))
    slope = draw(st.sampled_from([0.25, 1.0, 0.0, -1.0, 2.0]))
    return Network(weights, biases, activation, slope)


@given(redundant_networks())
@examples(60)
def test_pruned_networks_are_equal_on_the_domain(network):
    domain = [(-1, 1)] * network.input_dimension
    small = network.prune(domain)
    assert linear_layers(small, domain) == []
    assert small.n_neurons <= network.n_neurons
    assert equal(network, small, grid(network.input_dimension))
    # Nothing is left to be left out.
    assert all(one.combination is None for one in small.redundant_neurons(domain))
    assert small.prune(domain).hidden_widths == small.hidden_widths


@given(redundant_networks())
@examples(40)
def test_certificates_hold(network):
    points = grid(network.input_dimension)
    domain = [(-1, 1)] * network.input_dimension
    values = [network.exact_preactivations(x) for x in points]
    outputs = [values_by_layer(network, x) for x in points]
    for one in network.redundant_neurons(domain):
        at = [layers[one.layer][one.neuron] for layers in values]
        if one.kind in ("inactive", "active"):
            there = network.exact_preactivations(one.vertex)[one.layer][one.neuron]
            assert there == one.preactivation
            if one.kind == "inactive":
                assert max(at) <= one.preactivation <= 0
            else:
                assert min(at) >= one.preactivation >= 0
        if one.combination is not None:
            for layers in outputs:
                h = layers[one.layer + 1]
                combined = sum((c * h[i] for i, c in one.combination.items()), one.constant)
                assert h[one.neuron] == combined
        if one.of_inputs is not None:
            factors, constant = one.of_inputs
            for layers in outputs:
                given = layers[one.layer]
                combined = sum((c * given[i] for i, c in factors.items()), constant)
                assert layers[one.layer + 1][one.neuron] == combined


def test_nothing_is_redundant_in_general_position():
    network = Network.random([2, 6, 6, 2], rng=3)
    wide = [(-50, 50)] * 2
    assert network.redundant_neurons(wide) == []
    assert network.prune(wide) == network


def test_a_linear_layer_becomes_one_with_the_next():
    first = np.array([[1.0, 0.0], [0.0, 1.0]])
    network = Network([first, [[1, -1], [1, 1]], [[1, 2]]], [[3, 3], [0, -6], [0]])
    small = network.prune(SQUARE)
    assert small.hidden_widths == (2,)
    assert small.exact_weights[0].tolist() == [[1, -1], [1, 1]]
    assert small.exact_biases[0].tolist() == [0, 0]
    assert equal(network, small, grid(2))


LINEAR = {
    "negative": Network([[[1]], [[1]]], [[-9], [0]], "leaky_relu", 0.5),
    "mixed": Network([[[1], [1]], [[1, 1]]], [[-9, 9], [0]], "leaky_relu", 0.5),
    "slope 1": Network([[[1], [2]], [[1, 1]], [[3]]], [[0, 1], [0], [0]], "leaky_relu", 1.0),
    "one piece": Network([[[1], [2]], [[1]]], [[0, 9], [0]], ("maxout", 2)),
    "in a row": Network([[[1]]] * 4, [[-9], [-9], [99], [0]], "leaky_relu", 0.5),
    # The second layer bends where the first does, and back.
    "unbent": Network([[[1], [-1]], [[0, -2]], [[1]]], [[0, 0], [0], [0]], "leaky_relu", 0.5),
    "identity": Network([[[1], [-1]], [[1, -1]]], [[0, 0], [0]]),
}


@pytest.mark.parametrize("network", LINEAR.values(), ids=LINEAR)
def test_layers_that_are_linear_are_gone(network):
    domain = [(-1, 1)]
    small = network.prune(domain)
    assert small.hidden_widths == ()
    assert equal(network, small, grid(1))


def test_linear_neurons_are_told():
    found = LINEAR["negative"].redundant_neurons([(-1, 1)])
    assert [(one.kind, one.preactivation, one.combination) for one in found] == [
        ("inactive", -8, None)
    ]
    found = by_place(LINEAR["slope 1"].redundant_neurons([(-1, 1)]))
    assert (found[0, 0].kind, found[0, 0].of_inputs) == ("linear", ({0: 1}, 0))
    assert (found[0, 1].kind, found[0, 1].combination) == ("dependent", {0: 2})
    (one,) = LINEAR["one piece"].redundant_neurons([(-1, 1)])
    assert (one.kind, one.of_inputs) == ("linear", ({0: 2}, 9))


def test_a_linear_layer_between_others():
    """Only the layer in the middle goes: a leaky one whose neurons are all negative."""
    network = Network(
        [[[1, 2], [2, -1]], [[1, 0], [1, 1]], [[1, 1], [1, -2]], [[1, 1]]],
        [[0, 0], [-9, -9], [9, -1], [0]], "leaky_relu", 0.5,
    )  # fmt: skip
    small = network.prune(SQUARE)
    assert small.hidden_widths == (2, 2)
    assert equal(network, small, grid(2))


def test_a_dead_layer_leaves_a_constant():
    network = Network([[[1, 0]], [[2], [3]], [[1, 1]]], [[-5], [1, -1], [0.5]])
    small = network.prune(SQUARE)
    assert (small.hidden_widths, small.exact_forward([0, 0])) == ((), (Fraction(3, 2),))
    assert equal(network, small, CORNERS)


def test_maxout_neurons():
    rows = [[1, 0], [-1, 0], [2, 0], [-2, 0], [0, 1], [0, -1]]
    network = Network([rows, [[1, 1, 1]]], [[0] * 6, [0]], ("maxout", 2))
    (found,) = network.redundant_neurons(SQUARE)
    assert (found.neuron, found.kind, found.combination) == (1, "duplicate", {0: 2})
    small = network.prune(SQUARE)
    assert small.hidden_widths == (2,)
    assert equal(network, small, grid(2))


@pytest.mark.parametrize("seed", range(3))
def test_domains_decide(seed):
    """A neuron whose kink the domain does not meet is linear or inactive there."""
    network = Network.random([2, 8, 1], rng=seed)
    tiny = [(0.9, 0.91), (0.4, 0.41)]
    found = network.redundant_neurons(tiny)
    assert {one.kind for one in found} <= {"active", "inactive", "dependent"}
    bent = 8 - len(found)
    small = network.prune(tiny)
    assert small.n_neurons <= bent + 2
    assert equal(network, small, [(Fraction(9, 10) + k, Fraction(2, 5) + k) for k in
                                  (Fraction(1, 400), Fraction(1, 150))])  # fmt: skip
