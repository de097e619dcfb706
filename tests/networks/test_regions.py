"""Deep networks: all linear regions in a domain."""

import sys
from fractions import Fraction
from itertools import pairwise, product
from math import comb, factorial

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement, InputError, families, plot
from arrangement.networks import Network
from arrangement.networks.complex import affine_maps
from arrangement.networks.proofs import verify
from arrangement.networks.regions.decisions import DecisionRegions
from arrangement.networks.regions.regions import Regions
from tests import reference
from tests.amounts import examples, first
from tests.facts import CELLS
from tests.networks.test_slopes import mixed


def random_network(widths, seed=0):
    """He's initialisation, biases uniform in ±1/√fan_in."""
    rng = np.random.default_rng(seed)
    pairs = list(pairwise(widths))
    return (
        [rng.normal(0, np.sqrt(2 / a), (b, a)) for a, b in pairs],
        [rng.uniform(-1, 1, b) / np.sqrt(a) for a, b in pairs],
    )


def regions_of(weights, biases, activation="relu", slope=0.01, domain=None, **options):
    return Network(weights, biases, activation, slope).regions(domain, **options)


def with_output(weights, biases):
    """Hidden layers with one output, the sum of the last of them."""
    return [*weights, np.ones((1, len(weights[-1])))], [*biases, np.zeros(1)]


def box(d, half=1):
    return [(-half, half)] * d


def box_rows(domain):
    rows = []
    for j, (low, high) in enumerate(domain):
        unit = [Fraction(k == j) for k in range(len(domain))]
        rows.append((*unit, -Fraction(low)))
        rows.append((*(-v for v in unit), Fraction(high)))
    return rows


def pattern_set(regions):
    patterns = np.concatenate(
        [np.zeros((len(regions), 0)), *(p.astype(int) for p in regions.patterns)], axis=1
    )
    return {tuple(map(int, row)) for row in patterns}


def check(regions, volume):
    """Volumes, facets, points, maps and neighbours of regions, against each other."""
    m, layers = len(regions), regions.layers
    assert sum(regions.exact_volume(i) for i in range(m)) == volume
    assert regions.volumes == pytest.approx([float(regions.exact_volume(i)) for i in range(m)])
    seen = {}
    for i in range(m):
        witness = regions.witness(i)
        assert regions.locate(witness) == i
        if not isinstance(regions, DecisionRegions):
            slope, intercept = regions.exact_map(i)
            value = [
                sum((a * x for a, x in zip(row, witness, strict=True)), c)
                for row, c in zip(slope, intercept, strict=True)
            ]
            assert tuple(value) == layers.network.exact_forward(witness)
        corners = regions.exact_vertices(i)
        assert np.allclose(np.array(corners, dtype=float), regions.vertices(i), atol=1e-9)
        facets = regions.facets(i)
        assert len(facets) > regions.dimension or regions.merged
        inner = {f.neighbor for f in facets if f.neighbor is not None}
        assert inner == set(regions.neighbors(i).tolist())
        for facet in facets:
            assert len(facet.vertices) >= regions.dimension
            if facet.neighbor is None:
                row = regions.complex.domain.rows[facet.wall]
                point = [*regions.facet_witness(facet), 1]
                assert sum(a * x for a, x in zip(row, point, strict=True)) == 0
            else:
                key = (*sorted((i, facet.neighbor)), facet.neuron, facet.vertices)
                seen[key] = seen.get(key, 0) + 1
    assert set(seen.values()) <= {2}


@st.composite
def networks(draw, maxout=False):
    """Small networks, degenerate more often than not, with biases that may all be zero."""
    d = draw(st.integers(1, 3))
    numbers = draw(
        st.sampled_from(
            [
                st.integers(-2, 2).map(float),
                st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0, 0.1, 0.3]),
                st.floats(-2, 2, allow_subnormal=False).filter(
                    lambda v: v == 0 or abs(v) > 1e-9
                ),
                st.sampled_from([1.0, -1.0, 1.0 + 2.0**-50, 2.0**-40, 0.0]),
                st.sampled_from([0.0, 1.0, -1.0, 5e-324, -1e-310, 3e-12, 8e307, -(2.0**1000)]),
            ]
        )
    )
    k = draw(st.integers(2, 3)) if maxout else 1
    widths = [d, *draw(st.lists(st.integers(1, 3 if d < 3 else 2), min_size=1, max_size=2))]
    biased = draw(st.booleans())
    weights, biases = [], []
    for a, b in pairwise(widths):
        rows = []
        for _ in range(b * k):
            if rows and draw(st.integers(0, 3)) == 0:
                row, factor = (
                    draw(st.sampled_from(rows)),
                    draw(st.sampled_from([1.0, -1.0, 2.0, -0.5])),
                )
                multiple = [factor * v for v in row]
                rows.append(multiple if np.isfinite(multiple).all() else row)
            else:
                rows.append([*(draw(numbers) for _ in range(a)), draw(numbers) * biased])
        table = np.array(rows)
        weights.append(table[:, :-1])
        biases.append(table[:, -1])
    last = np.array([[draw(numbers) for _ in range(widths[-1])] for _ in range(2)])
    return d, [*weights, last], [*biases, np.zeros(2)], k


@given(networks(), st.sampled_from(["relu", "leaky_relu"]))
@examples(60)
def test_relu_networks_equal_the_reference(network, activation):
    d, weights, biases, _ = network
    regions = regions_of(weights, biases, activation, 0.25, box(d))
    slope = Fraction(1, 4) if activation == "leaky_relu" else 0
    hidden = list(zip(weights[:-1], biases[:-1], strict=True))
    assert pattern_set(regions) == reference.linear_regions(hidden, box_rows(box(d)), slope)
    assert len(regions) == len(pattern_set(regions))
    check(regions, 2**d)
    merged = regions.merge()
    check(merged, 2**d)
    assert regions.n_linear_regions == len(merged) >= regions.n_affine_maps
    exact_maps = {str(regions.exact_map(i)) for i in range(len(regions))}
    assert regions.n_affine_maps == len(exact_maps)


@given(networks(maxout=True))
@examples(40)
def test_maxout_networks_equal_the_reference(network):
    d, weights, biases, k = network
    regions = regions_of(weights, biases, ("maxout", k), domain=box(d))
    hidden = list(zip(weights[:-1], biases[:-1], strict=True))
    # A maxout of one piece is linear, and so has one pattern.
    layers = hidden if k > 1 else []
    expected = reference.linear_regions(layers, box_rows(box(d)), pieces=k)
    assert len(regions) == len(expected)
    if k > 1:
        assert pattern_set(regions) == expected
    check(regions, 2**d)


@pytest.mark.parametrize(
    ("activation", "widths"),
    [
        ("relu", [2, 8, 5, 1]),
        ("relu", [3, 5, 4, 3, 1]),
        pytest.param("leaky_relu", [4, 6, 3, 1], marks=pytest.mark.slow),
        (("maxout", 3), [2, 3, 2, 1]),
        (("maxout", 2), [3, 4, 2, 1]),
    ],
)
def test_recursion_finds_the_same_regions(activation, widths):
    k = 1 if isinstance(activation, str) else activation[1]
    rng = np.random.default_rng(len(widths))
    weights = [rng.normal(size=(b * k, a)) for a, b in pairwise(widths[:-1])]
    weights.append(rng.normal(size=(1, widths[-2])))
    weights[0][0] = 0
    biases = [rng.normal(size=len(w)) for w in weights]
    biases[0][: k + 1] = 0
    d = widths[0]
    other = regions_of(weights, biases, activation, domain=box(d), method="recursion")
    regions = regions_of(weights, biases, activation, domain=box(d), method="complex")
    assert len(other) == len(pattern_set(other))
    assert pattern_set(other) == pattern_set(regions)
    for i in range(0, len(other), 7):
        mine = regions.locate(other.witness(i))
        assert _flat(regions, mine) == tuple(int(v) for p in other.patterns for v in p[i])
        assert other.exact_vertices(i) == sorted(regions.exact_vertices(mine))
        assert other.exact_volume(i) == regions.exact_volume(mine)
    with pytest.raises(AttributeError, match="no attribute 'volumes'"):
        _ = other.volumes
    assert other[0].slope.tolist() == other.slope[0].tolist()


@given(networks())
@examples(20)
def test_recursion_agrees_on_degenerate_networks(network):
    d, weights, biases, _ = network
    other = regions_of(weights, biases, domain=box(d), method="recursion")
    regions = regions_of(weights, biases, domain=box(d))
    assert pattern_set(other) == pattern_set(regions)
    assert other.n_affine_maps == regions.n_affine_maps
    assert other.n_linear_regions == regions.n_linear_regions
    number = [_flat(regions, i) for i in range(len(regions))]
    place = np.array([number.index(_flat(other, i)) for i in range(len(other))])
    assert {tuple(sorted(pair)) for pair in place[other.edges].tolist()} == set(
        map(tuple, regions.edges.tolist())
    )
    assert other.facet_counts.tolist() == regions.facet_counts[place].tolist()
    assert other.classes == [regions.classes[i] for i in place]
    assert [other.locate(other.witness(i)) for i in range(len(other))] == list(
        range(len(other))
    )


@given(networks())
@examples(30)
def test_classes_are_found_exactly(network):
    d, weights, biases, _ = network
    regions = regions_of(weights, biases, domain=box(d))
    hidden = list(zip(weights[:-1], biases[:-1], strict=True))
    with_argmax = set()
    # The argmax of two outputs as a maxout of two pieces after the last hidden layer.
    for pattern in reference.linear_regions(hidden, box_rows(box(d))):
        i = next(i for i in range(len(regions)) if _flat(regions, i) == pattern)
        slope, intercept = regions.exact_map(i)
        difference = tuple(
            b - a
            for a, b in zip((*slope[0], intercept[0]), (*slope[1], intercept[1]), strict=True)
        )
        corners = [
            sum((a * x for a, x in zip(difference, v, strict=False)), difference[-1])
            for v in regions.exact_vertices(i)
        ]
        classes = {0} if max(corners) <= 0 else {1} if min(corners) >= 0 else {0, 1}
        assert set(regions.classes[i]) == classes
        with_argmax |= classes
    decision = regions.decision_regions()
    assert set(decision.class_numbers.tolist()) == with_argmax
    check(decision, 2**d)


def _flat(regions, i):
    return tuple(int(v) for p in regions[i].patterns for v in p)


def sawtooth(depth, d):
    """t(x) = 2 relu(x) − 4 relu(x − ½) in each coordinate, composed `depth` times."""
    first = np.kron(np.eye(d), [[1.0], [1.0]])
    outer = np.kron(np.eye(d), [[2.0, -4.0]])
    bias = np.tile([0.0, -0.5], d)
    weights = [first, *([first @ outer] * (depth - 1)), outer]
    return weights, [*([bias] * depth), np.zeros(d)]


@pytest.mark.parametrize(("depth", "d"), [(1, 1), (5, 1), (3, 2), (2, 3), (1, 4)])
def test_sawtooth(depth, d):
    weights, biases = sawtooth(depth, d)
    regions = regions_of(weights, biases, domain=[(0, 1)] * d)
    assert len(regions) == regions.n_affine_maps == regions.n_linear_regions == (2**depth) ** d
    assert {regions.exact_volume(i) for i in range(len(regions))} == {
        Fraction(1, 2 ** (depth * d))
    }


def test_sawtooth_breakpoints():
    weights, biases = sawtooth(4, 1)
    regions = regions_of(weights, biases, domain=[(0, 1)])
    assert regions.breakpoints == [Fraction(k, 16) for k in range(1, 16)]


@pytest.mark.parametrize(
    ("arrangement", "count"),
    [
        (families.braid(4), factorial(4)),
        (families.threshold(3), CELLS["threshold", 3]),
        (families.resonance(3), CELLS["resonance", 3]),
        (families.resonance(4), CELLS["resonance", 4]),
    ],
)
def test_first_layers_that_are_known_arrangements(arrangement, count):
    """All cells of a central arrangement meet a box around the origin."""
    normals = arrangement.rows[:, :-1].astype(float)
    network = with_output([normals], [np.zeros(len(normals))])
    regions = regions_of(*network, domain=box(normals.shape[1]))
    assert len(regions) == count
    assert regions.volumes.sum() == pytest.approx(2 ** normals.shape[1])
    cells = arrangement.cells()
    expected = {tuple(int(s > 0) for s in signs) for signs in cells.signs}
    assert pattern_set(regions) == expected
    pairs = {frozenset(e) for e in regions.edges.tolist()}
    assert len(pairs) == len(cells.edges)


def test_zero_biases():
    """All kinks pass through the origin: regions are cones, and the box does not matter."""
    weights, biases = random_network([2, 12, 9, 1])
    biases = [0 * b for b in biases]
    counts = {
        len(regions_of(weights, biases, domain=box(2, half))) for half in (1, 2.0**-60, 2.0**60)
    }
    assert len(counts) == 1
    assert counts.pop() >= 24  # two for each line


def test_negated_duplicated_and_scaled_neurons_change_nothing():
    weights, biases = random_network([3, 5, 4, 1])
    regions = regions_of(weights, biases, domain=box(3))
    table = [
        np.concatenate([w, b[:, None]], axis=1) for w, b in zip(weights, biases, strict=True)
    ]
    first = np.concatenate([table[0], -4 * table[0][:2], table[0][1:3] / 8])
    second = np.concatenate([table[1][:, :5], np.zeros((4, 4)), table[1][:, 5:]], axis=1)
    second = np.concatenate([second, 2 * second[2:], -second[:1]])
    third = np.concatenate([table[2][:, :4], np.ones((1, 3)), table[2][:, 4:]], axis=1)
    more = regions_of(
        [t[:, :-1] for t in (first, second, third)],
        [t[:, -1] for t in (first, second, third)],
        domain=box(3),
    )
    assert len(more) == len(regions)
    assert sorted(more.volumes) == pytest.approx(sorted(regions.volumes))


def test_rescaling_permutation_and_dead_neurons_change_nothing():
    weights, biases = random_network([3, 6, 5, 2])
    regions = regions_of(weights, biases, domain=box(3))
    rng = np.random.default_rng(1)
    scale, order = 2.0 ** rng.integers(-3, 4, 6), rng.permutation(6)
    w0, b0 = (weights[0] * scale[:, None])[order], (biases[0] * scale)[order]
    w1 = (weights[1] / scale)[:, order]
    w0, b0 = np.vstack([w0, np.ones((1, 3))]), np.append(b0, -100.0)
    w1 = np.hstack([w1, np.full((5, 1), 3.0)])
    other = regions_of([w0, w1, weights[2]], [b0, *biases[1:]], domain=box(3))
    assert len(other) == len(regions)
    assert np.sort(other.volumes) == pytest.approx(np.sort(regions.volumes))
    assert other.n_affine_maps == regions.n_affine_maps


def test_preactivation_identically_zero_on_a_region():
    """relu(x) − relu(x) and −relu(x): zero on the half where x < 0, or everywhere."""
    weights = [np.array([[1.0, 0.0]]), np.array([[1.0], [-1.0], [0.0]]), np.ones((1, 3))]
    biases = [np.zeros(1), np.zeros(3), np.zeros(1)]
    regions = regions_of(weights, biases, domain=box(2))
    assert len(regions) == 2
    assert regions.merge().n_regions == 2
    check(regions, 4)


def test_three_lines_through_a_point():
    lines = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    assert len(regions_of(*with_output([lines], [np.zeros(3)]), domain=box(2))) == 6
    apart = np.array([0.0, 0.0, -(2.0**-40)])
    regions = regions_of(*with_output([lines], [apart]), domain=box(2))
    assert len(regions) == 7
    assert min(regions.exact_volume(i) for i in range(7)) == Fraction(1, 2**81)
    check(regions, 4)


@pytest.mark.parametrize("depth", [1, 2])
def test_thin_strips(depth):
    """Between x = 0.3 and x = 0.3 + 2⁻⁴⁰ lies a region, also where a layer comes before."""
    low, width = 0.3, 2.0**-40
    weights = [np.array([[1.0, 0.0], [1.0, 0.0]])]
    biases = [np.array([-low, -(low + width)])]
    if depth == 2:
        weights, biases = (
            [np.eye(2), *weights],
            [np.ones(2), np.array([-low - 1, -low - 1 - width])],
        )
    regions = regions_of(*with_output(weights, biases), domain=box(2))
    assert len(regions) == 3
    exact = Fraction(biases[-1][0]) - Fraction(biases[-1][1])
    assert sorted(regions.exact_volume(i) for i in range(3))[0] == 2 * exact
    assert np.isfinite(regions.points).all()


@pytest.mark.parametrize("seed", first(1, range(2)))
def test_slivers_that_floats_do_not_resolve(seed):
    """Second-layer neurons that differ in the last bit of one weight."""
    weights, biases = random_network([2, 8, 5, 1], seed)
    other = weights[1].copy()
    other[:, :3] = np.nextafter(other[:, :3], np.inf)
    weights[1] = np.vstack([weights[1], other])
    biases[1] = np.tile(biases[1] / 8, 2)
    network = with_output(weights[:2], biases[:2])
    regions = regions_of(*network, domain=box(2))
    assert regions.volumes.min() < 1e-12
    assert pattern_set(regions) == pattern_set(
        regions_of(*network, domain=box(2), method="recursion")
    )
    assert sum(regions.exact_volume(i) for i in range(len(regions))) == 4


def test_strip_without_floats():
    """A strip narrower than the gaps between floats has a witness all the same."""
    weights = [np.array([[3.0], [3.0 * 2**53]])]
    biases = [np.array([-1.0, -(2.0**53) - 2])]
    regions = regions_of(*with_output(weights, biases), domain=[(0, 1)])
    assert len(regions) == 3
    strip = [i for i in range(3) if np.isnan(regions.points[i]).any()]
    assert [regions.locate(regions.witness(i)) for i in strip] == strip
    assert regions.breakpoints == [Fraction(1, 3), Fraction(1, 3) + Fraction(2, 3 * 2**53)]


def test_hyperplanes_that_only_touch_the_box():
    touching = np.array([[1.0, 1.0], [1.0, 0.0], [-1.0, -1.0]])
    biases = np.array([-2.0, -1.0, -2.0])
    regions = regions_of(*with_output([touching], [biases]), domain=box(2))
    assert len(regions) == 1
    assert len(regions.facets(0)) == 4
    assert not regions.patterns[0].any()
    assert regions.dead.all()


def test_dead_first_layer_is_one_region():
    weights, biases = random_network([3, 7, 6, 1])
    biases[0] = np.full(7, -1000.0)
    regions = regions_of(weights, biases, domain=box(3))
    assert len(regions) == 1
    assert regions.ranks[0, 0] == 0


@pytest.mark.parametrize("d", [1, 2, 3])
def test_cut_of_the_box(d):
    """N(box) = N(left half) + N(right half) − N(network on the cut)."""
    weights, biases = random_network([d, 8, 6, 1], seed=d)
    cut = 0.1
    halves = [[(-1, cut), *box(d - 1)], [(cut, 1), *box(d - 1)]]
    whole, left, right = (
        len(regions_of(weights, biases, domain=where)) for where in (box(d), *halves)
    )
    on_cut = 1
    if d > 1:
        # The bias of the restricted network is rounded, its value at the cut is not needed.
        tilted = [weights[0][:, 1:], *weights[1:]]
        on_cut = len(
            regions_of(
                tilted, [biases[0] + weights[0][:, 0] * cut, *biases[1:]], domain=box(d - 1)
            )
        )
    assert whole == left + right - on_cut


def test_one_input_equals_breakpoints():
    weights, biases = random_network([1, 20, 20, 1], seed=3)
    regions = regions_of(weights, biases, domain=box(1))
    points = regions.breakpoints
    assert len(regions) == len(points) + 1
    assert points == sorted(set(points))
    for x in points:
        values = (
            regions.layers.preactivations([[x.numerator, x.denominator]], l)[0] for l in (0, 1)
        )
        assert any(0 in column[:-1] for column in values)
    assert nx.is_isomorphic(regions.to_networkx(), nx.path_graph(len(regions)))


def test_polytope_domain():
    """A triangle, and a cube given as a polytope."""
    weights, biases = random_network([2, 9, 5, 1])
    triangle = ([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    regions = regions_of(weights, biases, domain=triangle)
    check(regions, Fraction(1, 2))
    weights, biases = random_network([3, 6, 5, 1])
    sides = np.concatenate([np.eye(3), -np.eye(3), np.ones((1, 3))])
    cube = regions_of(weights, biases, domain=(sides, [1] * 6 + [3]))
    assert pattern_set(cube) == pattern_set(regions_of(weights, biases, domain=box(3)))
    check(cube, 8)


def test_general_position_first_layer():
    """A generic first layer in a large box cuts Σ C(n, i) regions."""
    rng = np.random.default_rng(5)
    weights = with_output([rng.normal(size=(9, 3))], [rng.normal(size=9)])
    regions = regions_of(*weights, domain=box(3, 10**6))
    assert len(regions) == sum(comb(9, i) for i in range(4))


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", ("maxout", 2), ("maxout", 3)])
def test_points_maps_and_locate(activation):
    k = 1 if isinstance(activation, str) else activation[1]
    rng = np.random.default_rng(2)
    weights = [
        rng.normal(size=(6 * k, 2)),
        rng.normal(size=(5 * k, 6)),
        rng.normal(size=(2, 5)),
    ]
    biases = [rng.normal(size=len(w)) for w in weights]
    regions = regions_of(weights, biases, activation, domain=box(2))
    check(regions, 4)
    sample = rng.uniform(-1, 1, (500, 2))
    found = regions.locate(sample)
    assert [regions.locate(x) for x in sample[:20].tolist()] == found[:20].tolist()
    share = np.bincount(found, minlength=len(regions)) / 500
    assert share == pytest.approx(regions.volumes / 4, abs=0.1)
    values = np.einsum("moi,mi->mo", regions.slope, regions.points) + regions.intercept
    exact = [
        [float(v) for v in regions.layers.network.exact_forward(x)]
        for x in regions.points.tolist()
    ]
    assert values == pytest.approx(np.array(exact))


def test_ranks_and_dead_layers():
    weights, biases = random_network([3, 4, 4, 1], seed=4)
    regions = regions_of(weights, biases, domain=box(3))
    for i, l in product(range(len(regions)), range(2)):
        active = regions.patterns[l][i]
        rank = np.linalg.matrix_rank(weights[l][active]) if active.any() else 0
        assert regions.ranks[i, l] == rank
        assert regions.dead[i, l] == (not active.any())


def test_merging_joins_what_dead_layers_make_equal():
    """A dead second layer makes the output constant, whatever the first layer does."""
    weights, biases = random_network([2, 6, 3, 1])
    biases[1] = np.full(3, -100.0)
    regions = regions_of(weights, biases, domain=box(2))
    assert len(regions) > 1
    assert (regions.n_affine_maps, regions.n_linear_regions, len(regions.merge())) == (1, 1, 1)
    assert regions.merge().n_activation_regions == len(regions)
    assert len(regions.merge().facets(0)) >= 4


def test_maps_with_equal_hashes_are_compared(monkeypatch):
    weights, biases = random_network([2, 6, 3, 1])
    count = regions_of(weights, biases, domain=box(2)).n_affine_maps
    monkeypatch.setattr(affine_maps, "_hashes", lambda layers, patterns, m: np.zeros((m, 1)))
    assert regions_of(weights, biases, domain=box(2)).n_affine_maps == count > 1


@pytest.mark.parametrize("hashes", [True, False])
@pytest.mark.parametrize("seed", first(10, range(100)))
def test_maps_are_equal_iff_they_are_so_in_rational_numbers(seed, hashes, monkeypatch):
    if not hashes:
        monkeypatch.setattr(affine_maps, "_hashes", lambda layers, p, m: np.zeros((m, 1)))
    regions = mixed(seed).regions([(-2, 2)] * mixed(seed).input_dimension)
    numbers: dict = {}
    expected = [
        numbers.setdefault(str(regions.exact_map(i)), len(numbers)) for i in range(len(regions))
    ]
    assert regions.affine_map_numbers.tolist() == expected


def test_equal_maps_apart_are_different_regions():
    """relu(x − ½) + relu(−x − ½) is 0 in the middle only; relu(x − ½) − relu(x − ½) …"""
    weights = [np.array([[1.0], [1.0], [1.0]]), np.array([[1.0, -2.0, 1.0]])]
    biases = [np.array([0.5, 0.0, -0.5]), np.zeros(1)]
    regions = regions_of(weights, biases, domain=box(1))
    counts = regions.n_activation_regions, regions.n_affine_maps, regions.n_linear_regions
    assert counts == (4, 3, 4)


@pytest.mark.parametrize("merge", [False, True])
def test_saved_regions_come_back(tmp_path, merge):
    weights, biases = random_network([2, 7, 5, 3])
    regions = regions_of(weights, biases, domain=box(2), merge=merge)
    regions.save(tmp_path / "regions.npz")
    again = Regions.load(tmp_path / "regions.npz")
    assert np.array_equal(again.edges, regions.edges)
    assert again.exact_volume(1) == regions.exact_volume(1)
    assert again.classes == regions.classes
    check(again, 4)
    regions.write_graphml(tmp_path / "regions.graphml")
    graph = nx.read_graphml(tmp_path / "regions.graphml")
    assert graph.number_of_edges() == len(regions.edges)
    assert graph.nodes["0"]["volume"] == regions.volumes[0]


def test_files_that_are_no_regions(tmp_path):
    cells = Arrangement([[1, 0]]).cells()
    cells.save(tmp_path / "cells.npz")
    with pytest.raises(InputError, match=r"cells.npz: not a file of saved regions"):
        Regions.load(tmp_path / "cells.npz")


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        ([(0, 1)], "1 bounds for 2 coordinates"),
        ([(0, 1), (1, 1)], "coordinate 1: low 1 is not below high 1"),
        ([(0, 1), (0, None)], "unbounded in the direction"),
        (([[1, 0], [-1, 0]], [1, 1]), "unbounded in the direction"),
        (([[1, 0], [-1, 0]], [1, -1]), "interior is empty"),
        ([(0, 1), (0, float("nan"))], "coordinate 1"),
        (None, "neither a list of"),
    ],
)
def test_bad_domains(domain, message):
    weights, biases = random_network([2, 3, 1])
    with pytest.raises(InputError, match=message):
        regions_of(weights, biases, domain=domain)


def test_bad_layers():
    weights, biases = random_network([2, 3, 1])
    with pytest.raises(InputError, match="layer 1"):
        regions_of([weights[0], np.ones((1, 4))], biases, domain=box(2))
    with pytest.raises(InputError, match="layer 0, weights, row 0"):
        regions_of([weights[0] * np.nan, weights[1]], biases, domain=box(2))
    with pytest.raises(InputError, match="activation = 'tanh'"):
        regions_of(weights, biases, "tanh", domain=box(2))
    with pytest.raises(InputError, match="not divided into neurons of 2 pieces"):
        regions_of(weights, biases, ("maxout", 2), domain=box(2))
    regions = regions_of(weights, biases, domain=box(2))
    with pytest.raises(AttributeError, match="breakpoints: the input has 2"):
        _ = regions.breakpoints
    assert not hasattr(regions, "breakpoints")
    with pytest.raises(InputError, match="not inside the domain"):
        regions.locate([2, 0])


def test_linear_network_is_one_region():
    regions = regions_of([np.array([[1.0, 2.0], [0.0, 1.0]])], [np.zeros(2)], domain=box(2))
    assert len(regions) == regions.n_affine_maps == 1
    assert regions.classes == [(0, 1)]
    check(regions, 4)


@pytest.mark.parametrize(
    "widths", first(2, [[2, 64, 64, 1], [3, 16, 16, 1], [4, 10, 8, 1], [5, 8, 8, 1]])
)
def test_volumes_of_random_networks(widths):
    weights, biases = random_network(widths)
    regions = regions_of(weights, biases, domain=box(widths[0]))
    assert regions.volumes.sum() == pytest.approx(2 ** widths[0], rel=1e-9)
    assert np.isfinite(regions.points).all()
    assert nx.is_connected(nx.from_scipy_sparse_array(regions.adjacency))
    assert len({p.tobytes() for p in np.concatenate(regions.patterns, axis=1)}) == len(regions)


@pytest.mark.slow
@pytest.mark.parametrize("widths", [[2, 128, 128, 128, 1], [3, 32, 32, 1], [5, 12, 12, 1]])
def test_volumes_of_large_random_networks(widths):
    test_volumes_of_random_networks(widths)


@pytest.mark.slow
def test_methods_agree_with_six_inputs():
    weights, biases = random_network([6, 7, 7, 1])
    regions, other = (
        regions_of(weights, biases, domain=box(6), method=m) for m in ("complex", "recursion")
    )
    assert pattern_set(regions) == pattern_set(other)
    assert regions.volumes.sum() == pytest.approx(64, rel=1e-9)


def test_regions_that_do_not_exist():
    regions = Network.random([2, 3, 1], rng=0).regions(box(2))
    for ask in (regions.volume, regions.exact_map, regions.cells_of, regions.facets):
        with pytest.raises(IndexError, match="region 999 does not exist"):
            ask(999)
    assert not hasattr(Network.random([2, 3, 1]).regions(box(2), method="recursion"), "merge")


def test_a_bound_that_is_infinite_decides_nothing():
    """Between ±1.7e308 there is an infinite difference; a neuron that is cut already, up to a
    factor, has such a value at a vertex and is not asked again."""
    network = Network(
        [[[1], [-1], [-1.7e308]], [[0, 0, 1e-308]], [[1]]], [["1/2", 0, 0], [-0.5], [0]]
    )
    regions = network.regions(box(1))
    slope, level = Fraction(1.7e308) * Fraction(1e-308), Fraction(1, 2)
    ends = [Fraction(-1), -level, -level / slope, Fraction(0), Fraction(1)]
    found = sorted(sorted(x for (x,) in regions.exact_vertices(i)) for i in range(len(regions)))
    assert found == [[a, b] for a, b in pairwise(ends)]


HUGE = 10**400
FAR_BOXES = {
    "1e308": (-1e308, 1e308),
    "largest": (-sys.float_info.max, sys.float_info.max),
    "10^400": (-HUGE, HUGE),
    "10^-400": (-Fraction(1, HUGE), Fraction(1, HUGE)),
    "5e-324": (-5e-324, 5e-324),
    "far": (HUGE, HUGE + 1),
    "near 1e17": (10**17, 10**17 + 1),
}


def close(value, number):
    """Is a float64 that of an exact number, infinite or 0 where that is beyond?"""
    try:
        return value == pytest.approx(float(number), rel=1e-9, abs=1e-310)
    except OverflowError:
        return value == np.inf


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("ends", first(2, FAR_BOXES.values()), ids=FAR_BOXES)
@pytest.mark.parametrize("d", first(1, [1, 2]))
def test_boxes_beyond_float64(tmp_path, d, ends):
    domain = [ends, (0, 1)][:d]
    network = Network.random([d, 3, 2, 2], rng=1)
    regions = network.regions(domain)
    whole = Fraction(ends[1]) - Fraction(ends[0])
    exact = [regions.exact_volume(i) for i in range(len(regions))]
    assert sum(exact) == whole
    assert all(map(close, regions.volumes.tolist(), exact))
    assert regions.volume_shares == pytest.approx([float(v / whole) for v in exact], abs=1e-300)
    for i in range(len(regions)):
        assert regions.locate(regions.witness(i)) == i
        point = regions.points[i]
        assert np.isnan(point).any() or regions.locate(point) == i
        corners = regions.exact_vertices(i)
        if d == 2:
            turns = [
                a * e - b * c for (a, b), (c, e) in zip(corners, corners[1:] + corners[:1],
                                                        strict=True)
            ]  # fmt: skip
            assert sum(turns) > 0
    for found in (regions, regions.merge(), regions.decision_regions()):
        found.write_graphml(tmp_path / "g.graphml")
        found.save(tmp_path / "r.npz")
        again = Regions.load(tmp_path / "r.npz")
        assert again.volumes.tolist() == found.volumes.tolist()
    regions.write_certificate(tmp_path / "c.json")
    assert verify.verify(tmp_path / "c.json").holds
    recursion = network.regions(domain, method="recursion")
    assert len(recursion) == len(regions)
    assert recursion.points.shape == (len(regions), d)
    with pytest.raises(InputError, match="float64"):
        regions.coverage(20, rng=0)
    pytest.importorskip("matplotlib")
    with pytest.raises(InputError, match="float64"):
        plot.regions(regions)


@pytest.mark.parametrize("ends", FAR_BOXES.values(), ids=FAR_BOXES)
@pytest.mark.parametrize("activation", first(1, ["leaky_relu", ("maxout", 2)]))
def test_far_regions_are_loaded_as_they_were_saved(tmp_path, activation, ends):
    regions = Network.random([2, 4, 1], rng=1, activation=activation).regions([ends] * 2)
    regions.save(tmp_path / "r.npz")
    again = Regions.load(tmp_path / "r.npz")
    for i in range(len(regions)):
        assert again.exact_vertices(i) == regions.exact_vertices(i)
        assert again.witness(i) == regions.witness(i)


def test_the_same_regions_give_the_same_arrays():
    """Even of what is room for more while the domain is cut, after that was taken up anew."""
    network = Network.random([3, 6, 5, 2], rng=3, activation=("maxout", 3))
    one, other = (network.regions(box(3)).complex for _ in range(2))
    assert len(one.faces) > 5000
    for name in ("faces", "pool", "points", "spread", "parents", "origin", "signs_of_regions"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert not one.faces[:, 4:].any()
