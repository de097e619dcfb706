"""Relations between neurons layer by layer, against the vertices of all regions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given

from arrangement.networks import Network
from arrangement.networks.regions.neuron_relations import Spans
from arrangement.networks.regions.vertex_relations import Basis, outputs_at_vertices
from tests.amounts import examples, first
from tests.networks.test_redundancy import redundant_networks
from tests.networks.test_slopes import mixed


def check(network):
    regions = network.regions([(-1, 1)] * network.input_dimension)
    spans = Spans(regions.complex)
    for l in range(-1, network.depth - 1):
        basis = Basis(outputs_at_vertices(regions.complex, l))
        assert spans.columns[l + 1] == basis.columns
        assert spans.relations[l + 1] == basis.relations
        if l >= 0:
            before = Basis(outputs_at_vertices(regions.complex, l - 1))
            table = outputs_at_vertices(regions.complex, l)
            for j in range(network.hidden_widths[l]):
                found = before.combinations([[row[j], row[-1]] for row in table])
                linear = spans.linear(l, [j])
                assert linear == ({} if found is None else {j: found[0]})


@given(redundant_networks())
@examples(60)
def test_relations_are_those_of_the_vertices(network):
    check(network)


@pytest.mark.parametrize("seed", first(10, range(150)))
def test_relations_of_neurons_with_slopes_of_their_own(seed):
    check(mixed(seed))


@pytest.mark.parametrize("seed", first(5, range(40)))
def test_relations_of_copies_in_float64(seed):
    """Proportional, negated, inactive and always active neurons of a network of floats."""
    network, rng = Network.random([2, 6, 6, 1], rng=seed), np.random.default_rng(seed)
    weights, biases = [W.copy() for W in network.weights], [b.copy() for b in network.biases]
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        for j, factor in ((1, 3.0), (4, -0.5)):
            W[j], b[j] = factor * W[0], factor * b[0]
        b[rng.integers(2, 4)] = rng.choice([-30, 30])
    check(Network(weights, biases))


def test_neurons_whose_kinks_agree_on_a_part_only():
    """max(0, u − 2 v) = max(0, u − 3 v) = u where u v = 0 and both are positive or 0."""
    network = Network(
        [[[1, 0], [-1, 0], [0, 1]], [[1, -2, 0], [1, -3, 0], [0, 0, 1]], [[1, -1, 1]]],
        [[0, 0, 0], [0, 0, 0], [0]],
    )
    spans = Spans(network.regions([(-1, 1)] * 2).complex)
    assert spans.relations[2] == {1: ({0: 1}, 0)}
    assert spans.linear(1, [0, 2]) == {0: ({0: 1}, 0), 2: ({2: 1}, 0)}
    assert network.prune([(-1, 1)] * 2).hidden_widths == (3,)


def test_terms_that_disagree_prove_nothing():
    """By kinks u − 2 v and u − 3 v the third neuron is no combination, by u and v it is one."""
    network = Network(
        [[[1], [-1]], [[1, -2], [1, -3], [1, -2]], [[1, 1, 1]]],
        [[0, 0], [0, 0, 0], [0]], "leaky_relu", [[0, 0], [0, 0.5, 0.5]],
    )  # fmt: skip
    spans = Spans(network.regions([(-1, 1)]).complex)
    assert spans.relations[2] == {2: ({0: Fraction(1, 3), 1: Fraction(2, 3)}, 0)}
    assert spans._bases


def test_one_region_is_enough_for_its_affine_map():
    """No vertices are asked where neurons do not bend."""
    network = Network.random([3, 7, 5, 1], rng=0)
    tiny = network.regions([(0.5, 0.5 + 2.0**-40)] * 3)
    assert len(tiny) == 1
    spans = Spans(tiny.complex)
    assert len(spans.columns[1]) == 3
    assert not spans._bases
