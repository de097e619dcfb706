"""Extrema, distances to the boundary and differences, against all vertices in Fractions."""

import itertools
import math
from fractions import Fraction
from unittest.mock import patch

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from hypothesis import given
from hypothesis import strategies as st

from arrangement.errors import InputError
from arrangement.networks import Network
from arrangement.networks.complex import domains as given_domains
from arrangement.networks.questions import branch_and_bound, questions
from arrangement.networks.questions.regions_in_reach import nearest_in_regions
from tests.amounts import examples, first

NUMBERS = st.sampled_from([-3, -2, -1, -0.5, 0, 0, 0, 0.1, 0.5, 1, 1, 2])


@st.composite
def networks(draw, d=None, outputs=None, most=4, depths=(0, 2)):
    """Small networks of every activation, degenerate more often than not."""
    d = d or draw(st.integers(1, 3))
    activation = draw(st.sampled_from(["relu", "leaky_relu", "each", ("maxout", 3)]))
    widths = draw(st.lists(st.integers(1, most), min_size=depths[0], max_size=depths[1]))
    sizes = [d, *widths, outputs or draw(st.integers(1, 3))]
    pieces = 3 if isinstance(activation, tuple) else 1
    weights, biases = [], []
    for l, (a, b) in enumerate(itertools.pairwise(sizes)):
        rows = b * pieces if l < len(widths) else b
        table = [[draw(NUMBERS) for _ in range(a + 1)] for _ in range(rows)]
        weights.append([row[:-1] for row in table])
        biases.append([row[-1] for row in table])
    slopes = draw(st.sampled_from([0.25, -1.0, 2.0, 1.0]))
    if activation == "each":
        each = st.sampled_from([0.0, 0.25, 1.0, -1.0, 2.0])
        activation, slopes = "leaky_relu", [[draw(each) for _ in range(n)] for n in widths]
        slopes = slopes or 0.5
    return Network(weights, biases, activation, slopes)


@st.composite
def domains(draw, d):
    """Boxes and simplices with ends that are no float64."""
    if draw(st.booleans()):
        return [(Fraction(-draw(st.integers(1, 3)), 3), Fraction(4, 3)) for _ in range(d)]
    corner = Fraction(draw(st.integers(1, 4)), 3)
    unit = np.eye(d, dtype=int)
    return np.vstack([-unit, np.ones((1, d), dtype=int)]), [corner] * d + [corner]


def halving(data):
    """Are boxes halved even where few neurons are unstable, as they are in large networks?"""
    return patch.object(branch_and_bound, "FEW_UNSTABLE", data.draw(st.sampled_from([0, 8])))


def all_vertices(network, domain):
    regions = network.regions(domain, method="complex")
    return {x for i in range(len(regions)) for x in regions.exact_vertices(i)}


def inside(x, domain):
    if isinstance(domain, tuple):
        G, h = domain
        return all(
            sum(map(lambda a, v: int(a) * v, g, x)) <= c for g, c in zip(G, h, strict=True)
        )
    return all(low <= v <= high for v, (low, high) in zip(x, domain, strict=True))


@given(st.data())
@examples(60)
def test_extrema_are_those_of_all_vertices(data):
    network = data.draw(networks())
    domain = data.draw(domains(network.input_dimension))
    c = [data.draw(st.integers(-2, 2)) for _ in range(network.output_dimension)]
    values = {
        x: sum(a * v for a, v in zip(c, network.exact_forward(x), strict=True))
        for x in all_vertices(network, domain)
    }
    with halving(data):
        ends = network.maximum(c, domain), network.minimum(c, domain)
    for found, best in zip(ends, (max(values.values()), min(values.values())), strict=True):
        assert found.value == found.bound == best
        assert found.status == "optimal"
        assert inside(found.point, domain)
        outputs = network.exact_forward(found.point)
        assert sum(a * v for a, v in zip(c, outputs, strict=True)) == best


@given(st.data())
@examples(20)
def test_output_range_is_that_of_all_vertices(data):
    network = data.draw(networks(d=2))
    domain = data.draw(domains(2))
    columns = list(zip(*map(network.exact_forward, all_vertices(network, domain)), strict=True))
    with halving(data):
        found = network.output_range(domain)
    assert found.is_optimal
    assert [end.value for end in found.minima] == list(map(min, columns))
    assert [end.value for end in found.maxima] == list(map(max, columns))


def solved(rows, right):
    """The solution of a square system; None if it is singular."""
    k = len(rows)
    matrix = fmpq_mat(k, k, [fmpq(v.numerator, v.denominator) for row in rows for v in row])
    if not matrix.det():
        return None
    vector = fmpq_mat(k, 1, [fmpq(v.numerator, v.denominator) for v in right])
    return [Fraction(int(v.p), int(v.q)) for v in matrix.solve(vector).entries()]


def least_distance(rows, x, norm):
    """The least distance of a point of {rows·(y, 1) ≥ 0} from x by brute force, or None.

    In l1 and l∞ it is at a vertex of the epigraph, in l2 at the point nearest to x of the flat
    of some of the rows.
    """
    d, found = len(x), []
    if norm == "l2":
        for k in range(d + 1):
            for some in itertools.combinations(rows, k):
                gram = [
                    [sum(a * b for a, b in zip(r[:-1], s[:-1], strict=True)) for s in some]
                    for r in some
                ]
                at = [-r[-1] - sum(a * v for a, v in zip(r, x, strict=False)) for r in some]
                y = solved(gram, at) if k else []
                if y is not None:
                    step = [
                        sum(m * r[j] for m, r in zip(y, some, strict=True)) for j in range(d)
                    ]
                    found.append([a + b for a, b in zip(x, step, strict=True)])
    else:
        # Variables (y, t): t ≥ ±(y_j − x_j) for each j, or t ≥ Σ ±(y_j − x_j).
        lifted = [[*row[:-1], Fraction(0), row[-1]] for row in rows]
        if norm == "linf":
            normals = [
                [Fraction(s * (i == j)) for i in range(d)] for j in range(d) for s in (-1, 1)
            ]
        else:
            normals = [list(map(Fraction, s)) for s in itertools.product((-1, 1), repeat=d)]
        lifted += [
            [*n, Fraction(1), -sum(a * v for a, v in zip(n, x, strict=True))] for n in normals
        ]
        for some in itertools.combinations(lifted, d + 1):
            y = solved([row[:-1] for row in some], [-row[-1] for row in some])
            if y is not None and all(
                sum(a * v for a, v in zip(r, y, strict=False)) + r[-1] >= 0 for r in lifted
            ):
                found.append(y[:d])
    sizes = []
    for y in found:
        if all(sum(a * v for a, v in zip(r, y, strict=False)) + r[-1] >= 0 for r in rows):
            steps = [abs(a - b) for a, b in zip(x, y, strict=True)]
            sizes.append(
                {"l1": sum(steps), "linf": max(steps), "l2": sum(v * v for v in steps)}[norm]
            )
    return min(sizes, default=None)


def nearest_of_all_regions(network, domain, x, norm):
    outputs = network.exact_forward(x)
    own = outputs.index(max(outputs))
    regions = network.regions(domain, method="recursion")
    sizes = []
    for i in range(len(regions)):
        slope, intercept = regions.exact_map(i)
        walls = [list(map(Fraction, row)) for row in regions.rows(i).tolist()]
        for k in set(range(len(outputs))) - {own}:
            beats = [a - b for a, b in zip(slope[k], slope[own], strict=True)]
            row = [*beats, intercept[k] - intercept[own]]
            size = least_distance([*walls, list(map(Fraction, row))], x, norm)
            sizes += [] if size is None else [size]
    return min(sizes, default=None)


@given(st.data())
@examples(25)
def test_robustness_is_the_least_distance_over_all_regions(data):
    d = data.draw(st.integers(1, 2))
    network = data.draw(networks(d=d, outputs=data.draw(st.integers(2, 3)), most=3))
    domain = data.draw(domains(d))
    x = [Fraction(data.draw(st.integers(-2, 1)), 7) for _ in range(d)]
    for norm in ("l1", "l2", "linf"):
        parts = data.draw(st.sampled_from([0, questions.PARTS_BEFORE_REGIONS]))
        with halving(data), patch.object(questions, "PARTS_BEFORE_REGIONS", parts):
            found = network.robustness(x, domain, norm)
        assert found.status == "optimal"
        assert found.size == found.bound == nearest_of_all_regions(network, domain, x, norm)
        if found.point is None:
            assert found.nearest_label is None
            assert found.distance == math.inf
            continue
        assert inside(found.point, domain)
        outputs = network.exact_forward(found.point)
        assert outputs[found.nearest_label] >= outputs[found.label]
        steps = [abs(a - b) for a, b in zip(found.point, x, strict=True)]
        sizes = {"l1": sum(steps), "linf": max(steps), "l2": sum(v * v for v in steps)}
        assert found.size == sizes[norm]


@pytest.mark.parametrize("seed", first(1, range(12)))
@pytest.mark.parametrize("norm", ["l1", "l2", "linf"])
def test_regions_in_reach_tell_what_branch_and_bound_does(norm, seed, monkeypatch):
    d = seed % 3 + 2
    network = Network.random([d, 5, 4, 3], rng=seed)
    x = np.random.default_rng(seed).uniform(-0.5, 0.5, d)
    found = network.robustness(x, [(-1, 1)] * d, norm)
    monkeypatch.setattr(questions, "PARTS_BEFORE_REGIONS", 0)
    with patch.object(questions, "nearest_in_regions", wraps=nearest_in_regions) as asked:
        again = network.robustness(x, [(-1, 1)] * d, norm)
    assert asked.called or found.n_parts <= 4
    assert found.status == again.status == "optimal"
    assert found.size == again.size == again.bound


def test_regions_are_projected_on_where_weights_have_very_different_sizes(monkeypatch):
    monkeypatch.setattr(questions, "PARTS_BEFORE_REGIONS", 0)
    tiny = 2.0**-600
    network = Network([[[1, tiny], [tiny, 1]], [[1, 1], [-1, 0.5]]], [[0, 0.25], [0, 0.75]])
    found = network.robustness([0.125, 0.25], [(-4, 4)] * 2, "l2")
    assert found.status == "optimal"
    assert found.distance == pytest.approx(0.25 / np.hypot(2, 0.5))


@given(st.data())
@examples(30)
def test_largest_difference_is_that_of_the_vertices_of_both(data):
    one = data.draw(networks(d=2, outputs=2, most=3))
    other = data.draw(networks(d=2, outputs=2, most=2))
    domain = data.draw(domains(2))
    # |f − g| is convex where both are affine: largest at a vertex of the common refinement,
    # which is that of the regions of a network with the hidden neurons of both.
    rows, best = [], Fraction(0)
    cells = [n.regions(domain, method="recursion") for n in (one, other)]
    rows = [[c.rows(i).tolist() for i in range(len(c))] for c in cells]
    for a, b in itertools.product(*rows):
        both = [list(map(Fraction, row)) for row in (*a, *b)]
        for some in itertools.combinations(both, 2):
            x = solved([row[:2] for row in some], [-row[2] for row in some])
            if x and all(r[0] * x[0] + r[1] * x[1] + r[2] >= 0 for r in both):
                pair = zip(one.exact_forward(x), other.exact_forward(x), strict=True)
                best = max(best, *(abs(u - v) for u, v in pair))
    with halving(data):
        found, equal = one.largest_difference(other, domain), one.equals(other, domain)
    assert found.value == found.bound == best
    pair = zip(one.exact_forward(found.point), other.exact_forward(found.point), strict=True)
    assert max(abs(u - v) for u, v in pair) == best
    assert equal.is_equal == (best == 0)
    if best:
        pair = zip(
            one.exact_forward(equal.point), other.exact_forward(equal.point), strict=True
        )
        assert 0 < equal.difference == max(abs(u - v) for u, v in pair) <= best


def test_a_search_that_is_stopped_says_so():
    network, domain = Network.random([2, 6, 6, 3], rng=0), [(-1, 1)] * 2
    found = network.maximum([1, 0, -1], domain, time_limit=0)
    outputs = network.exact_forward(found.point)
    assert found.status == "time_limit"
    assert found.value == outputs[0] - outputs[2] < found.bound
    near = network.maximum([1, 0, -1], domain, gap=10)
    assert near.status == "gap"
    assert 0 < near.gap <= 10
    x = [0, 0]
    best = network.robustness(x, domain)
    stopped = network.robustness(x, domain, time_limit=0)
    assert (best.status, stopped.status) == ("optimal", "time_limit")
    assert stopped.bound <= best.size <= stopped.size
    same = network.equals(network, domain, time_limit=0)
    assert same.is_equal is True


def test_a_bound_that_only_rounding_keeps_from_the_value_is_computed_exactly():
    # The last hidden layer is never active, so that the output is 0 in the whole domain.
    weights = [[[1, 2]], [[-2], [2], [-2]], [[-2, 1, 0], [-3, 0, 0]], [[0, -1], [-1, 0]]]
    dead = Network(weights, [[0], [0, 1, 0], [-9, -9], [0, 0]])
    with patch.object(branch_and_bound, "FEW_UNSTABLE", 0):
        found = dead.output_range([("-5/14", "8/7"), (-1, "4/3")], time_limit=10)
    assert [end.bound for end in (*found.minima, *found.maxima)] == [0] * 4
    assert all(end.n_parts == 1 for end in (*found.minima, *found.maxima))


@pytest.mark.parametrize("exponent", [160, 200, 250])
@pytest.mark.parametrize("norm", ["l1", "l2", "linf"])
def test_squares_of_distances_may_be_less_than_float64(norm, exponent):
    # The margin that is larger at 0 leads to the point that is further away.
    biases = [0, f"-2e-{exponent + 3}", f"-1e-{exponent - 3}"]
    found = Network([[[0], ["1e-3"], [-1000]]], [biases]).robustness([0], [(-1, 1)], norm)
    assert (found.status, found.point) == ("optimal", (-Fraction(1, 10**exponent),))
    assert (
        found.distance
        == found.distance_bound
        == pytest.approx(float(f"1e-{exponent}"), rel=1e-15, abs=0)
    )


@pytest.mark.parametrize("norm", ["l1", "l2", "linf"])
def test_squares_of_distances_may_be_more_than_float64(norm):
    network = Network([[[1]], [[1], [0]]], [[0], [-1e200, 0]])
    found = network.robustness([0], [(-1e201, 1e201)], norm)
    assert (found.status, found.point) == ("optimal", (Fraction(1e200),))
    assert found.distance == found.to_dict()["bound"] == 1e200


def test_a_box_with_one_more_row_may_have_any_number_of_inputs():
    d = 30
    domain = np.vstack([np.eye(d), -np.eye(d), np.ones(d)]), [1] * d + [0] * d + [3.5]
    weights = [[1] * d, [1] + [0] * (d - 1), [0, 1] + [0] * (d - 2)]
    network = Network([weights, [[1, 0, 0]]], [[0, -0.5, -0.5], [0]])
    with patch.object(given_domains, "Polyhedron", side_effect=AssertionError):
        assert network.maximum([1], domain).value == Fraction(7, 2)
        assert len(network.regions(domain, method="recursion")) == 4
        assert len(network.walk([0] * d, domain=domain).regions()) == 4


def test_bounds_beyond_float64_are_refused():
    network = Network([[[1], [1]], [[1e308, 1e308]]], [[0, 0], [0]])
    found = network.maximum([1], [(-10, 10)])
    assert (found.status, found.value) == ("optimal", 20 * Fraction(1e308))
    assert found.to_dict()["value"] == math.inf
    with pytest.raises(InputError, match="layer 1: values on the domain are beyond float64"):
        network.maximum([1], [(-10, 10)], time_limit=0)


@pytest.mark.slow
def test_boxes_are_halved_until_few_neurons_are_unstable():
    # Halved along the slope of the output alone, or left to programs of many neurons, each of
    # these takes more than ten times as many parts.
    most = {("l1", 0): 3000, ("l2", 0): 2500, ("linf", 0): 1800, ("l1", 1): 500}
    for (norm, seed), parts in most.items():
        d = 3 if seed == 0 else 2
        network = Network.random([d, 16, 16, 16, 3], rng=seed)
        x = np.random.default_rng(seed).uniform(-0.5, 0.5, d).tolist()
        found = network.robustness(x, [(-1, 1)] * d, norm, time_limit=60)
        assert found.status == "optimal"
        assert found.n_parts < parts
