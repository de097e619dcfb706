"""Linear bounds in parts of a domain, against all vertices of all regions in Fractions."""

import itertools
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arrangement.exact.rational_programs import Program, maximum
from arrangement.exact.solver import ProgramSolver
from arrangement.networks import Network
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.questions.aims import Largest, Nearest
from arrangement.networks.questions.one_kink import one_kink
from arrangement.networks.questions.relaxation import Multipliers, Parts, Relaxation
from tests.amounts import examples
from tests.networks.test_questions import all_vertices

ENTRIES = {
    "integers": st.integers(-2, 2),
    "thirds": st.integers(-4, 4).map(lambda k: Fraction(k, 3)),
    "floats": st.floats(-2, 2, allow_subnormal=False),
    "powers": st.tuples(st.sampled_from([-1, 0, 1]), st.integers(-40, 40)).map(
        lambda t: t[0] * 2.0 ** t[1]
    ),
}
SLOPES = 0.0, 0.0, 0.1, 1.0, -1.0, 2.0, -0.5


@st.composite
def relaxed(draw, most=3, numbers=tuple(ENTRIES)):
    """A network of one kink a neuron, boxes in float64, and what is known of them."""
    d = draw(st.integers(1, 2))
    widths = draw(st.lists(st.integers(1, most), min_size=1, max_size=3))
    entry = ENTRIES[draw(st.sampled_from(numbers))]
    k = draw(st.sampled_from([1, 1, 1, 3])) if len(widths) < 3 else 1
    weights, biases = [], []
    for l, (a, b) in enumerate(itertools.pairwise([d, *widths, draw(st.integers(1, 2))])):
        table = [
            [draw(entry) for _ in range(a + 1)]
            for _ in range(b * (k if l < len(widths) else 1))
        ]
        weights.append([row[:-1] for row in table])
        biases.append([row[-1] for row in table])
    slopes = [[draw(st.sampled_from(SLOPES)) for _ in range(n)] for n in widths]
    kind = ("leaky_relu", slopes) if k == 1 else (("maxout", k),)
    network = one_kink(Network(weights, biases, *kind))
    ends = [
        draw(st.lists(st.floats(-2, 2, width=16), min_size=d, max_size=d)) for _ in range(2)
    ]
    low, width = np.array(ends[0]), np.abs(ends[1]) + draw(st.sampled_from([0.0, 1e-9])) + 1e-3
    # A second part beside it, so that none is bounded by what holds in another.
    boxes = np.array([low, low + width]), np.array([low + width, low + 2 * width])
    layers = [np.full((2, n), np.inf) for n in network.hidden_widths]
    parts = Parts(*boxes, [-v for v in layers], [v.copy() for v in layers])
    relaxation = Relaxation(network, np.zeros((0, d + 1), dtype=object))
    relaxation.tighten(parts)
    return network, relaxation, parts


def corners_of(network, parts, i):
    """All vertices of all regions in part i, and the values of all layers there, exactly."""
    box = list(zip(map(Fraction, parts.low[i]), map(Fraction, parts.high[i]), strict=True))
    full = Network(*network.as_arguments())
    return [(x, layers_at(network, x)) for x in all_vertices(full, box)]


def layers_at(network, x):
    values, result = list(x), []
    for l, (W, b) in enumerate(zip(network.exact_weights, network.exact_biases, strict=True)):
        values = [
            sum((Fraction(a) * v for a, v in zip(row, values, strict=True)), Fraction(c))
            for row, c in zip(W.tolist(), b.tolist(), strict=True)
        ]
        result.append(values)
        if l < len(network.slopes):
            slopes = map(Fraction, network.slopes[l].tolist())
            values = [v if v > 0 else s * v for v, s in zip(values, slopes, strict=True)]
    return result


def dot(a, b):
    return sum((Fraction(u) * Fraction(v) for u, v in zip(a, b, strict=True)), Fraction(0))


def is_above(bound, slope, c, l, corners, low, high):
    """Is a bound one at all corners, and the affine function of that slope, too?"""
    ends = [max(Fraction(a) * Fraction(u), Fraction(a) * Fraction(v))
            for a, u, v in zip(slope, low, high, strict=True)]  # fmt: skip
    constant = Fraction(bound) - sum(ends)
    return all(dot(c, z[l]) <= dot(slope, x) + constant for x, z in corners)


@given(relaxed(), st.data())
@examples(100)
def test_bounds_hold_at_all_vertices(given_, data):
    network, relaxation, parts = given_
    wide = Parts(
        parts.low, parts.high, *([v.copy() for v in u] for u in (parts.least, parts.most))
    )
    l = data.draw(st.integers(0, network.depth - 1))
    width = len(network.weights[l])
    entry = st.integers(-2, 2) | st.floats(-1, 1, allow_subnormal=False)
    C = np.array(
        [[[data.draw(entry) for _ in range(width)] for _ in range(2)] for _ in range(2)], float
    )
    lines = [np.array([data.draw(st.sampled_from([np.nan, 0.0, 0.3, 1.0, -5.0, 5.0]))
                       for _ in s]) for s in network.slopes]  # fmt: skip
    hints = Multipliers(1.0, [np.zeros(len(s)) for s in network.slopes], lines, np.zeros(0))
    found = [relaxation.upper(wide, l, C, hint) for hint in (None, hints)]
    for i in range(2):
        corners = corners_of(network, parts, i)
        for k, n in enumerate(network.hidden_widths):
            for j in range(n):
                values = [z[k][j] for _, z in corners]
                assert parts.least[k][i, j] <= min(values)
                assert max(values) <= parts.most[k][i, j]
        for bounds, slopes in found:
            for r in range(2):
                ends = parts.low[i], parts.high[i]
                assert is_above(bounds[i, r], slopes[i, r], C[i, r], l, corners, *ends)


@given(relaxed(most=2), st.data())
@examples(60)
def test_multipliers_of_splits_and_walls_leave_bounds_where_those_hold(given_, data):
    network, _, parts = given_
    d = network.input_dimension
    wall = np.array([[data.draw(st.integers(-3, 3)) for _ in range(d + 1)]], dtype=object)
    relaxation = Relaxation(network, wall)
    signs = [
        np.array([data.draw(st.sampled_from([-1, 0, 1])) for _ in s]) for s in network.slopes
    ]
    size = st.sampled_from([0.0, 0.1, 1.0, 3.0])
    splits = [s * np.array([data.draw(size) for _ in s]) for s in signs]
    lines = [np.full(len(s), np.nan) for s in network.slopes]
    hints = Multipliers(1.0, splits, lines, np.array([data.draw(size)]))
    unit = np.ones((1, 1, network.output_dimension))
    for i in range(2):  # what is said of one part is put into one part
        part = parts[i : i + 1]
        bound, _ = relaxation.upper(part, network.depth - 1, unit, hints)
        for x, z in corners_of(network, parts, i):
            if all(
                s * v >= 0 for sign, values in zip(signs, z, strict=False)
                for s, v in zip(sign.tolist(), values, strict=True)
            ) and dot(wall[0], [*x, 1]) >= 0:  # fmt: skip
                assert sum(z[-1]) <= bound.item()


@given(relaxed(), st.data())
@examples(60)
def test_every_point_of_a_part_is_one_of_its_exact_program(given_, data):
    network, relaxation, parts = given_
    part = parts[:1]
    unstable = part.unstable(network.slopes)
    neurons = [
        (l, j) for l, one in enumerate(unstable) for j in np.flatnonzero(one[0]).tolist()
    ]
    splits = tuple(
        (l, j, sign) for l, j in neurons if (sign := data.draw(st.sampled_from([-1, 0, 1])))
    )
    program, outputs, names = relaxation.program(part, splits, exact=True)
    assert sum(name == "split" for name, _, _ in names) == len(splits)
    for x, z in corners_of(network, parts, 0):
        if any(sign * z[l][j] < 0 for l, j, sign in splits):
            continue
        slopes = [Fraction(network.slopes[l][j]) for l, j in neurons]
        values = [z[l][j] for l, j in neurons]
        kinks = [max(0, v) + s * min(0, v) for v, s in zip(values, slopes, strict=True)]
        v = [*x, *kinks]
        ends = zip(program.low, v, program.high, strict=True)
        assert all(low <= value <= high for low, value, high in ends)
        assert all(dot(row, [*v, 1]) >= 0 for row in program.rows)
        assert [dot(row, [*v, 1]) for row in outputs] == z[-1]


@given(relaxed(numbers=("integers", "thirds", "floats")), st.data())
@examples(60)
def test_prices_of_a_program_bound_as_well_as_it_does(given_, data):
    network, relaxation, parts = given_
    part = parts[:1]
    splits = tuple(
        (l, j, sign)
        for l, one in enumerate(part.unstable(network.slopes))
        for j in np.flatnonzero(one[0]).tolist()
        if (sign := data.draw(st.sampled_from([-1, 0, 1])))
    )
    program, outputs, names = relaxation.program(part, splits, exact=False)
    aim = Largest(network.input_dimension)
    guess = ProgramSolver().solve(aim.program(program, outputs[0], False, []))
    assert guess.point is not None or splits
    if guess.point is None:
        return
    best = float(outputs[0] @ np.append(guess.point[: len(program.cost)], 1.0))
    unit = np.zeros((1, 1, len(outputs)))
    unit[0, 0, 0] = 1.0
    hints = relaxation.hints(names, guess.prices, splits)
    bound = relaxation.upper(part, network.depth - 1, unit, hints)[0].item()
    sizes = [np.abs(v).max(initial=1.0) for v in (*part.most, *part.least)]
    scale = max(sizes) * max(np.abs(W).sum(axis=1).max(initial=1.0) for W in network.weights)
    scale += np.abs(network.biases[-1]).max()
    assert abs(bound - best) <= 1e-6 * scale


@given(st.floats(-3, 3), st.floats(1e-3, 3), st.sampled_from(SLOPES), st.floats(0, 1))
@examples(200)
def test_the_bounds_of_one_neuron_are_its_chord_and_a_line(a, width, s, share):
    b = a + width
    neuron = FeedForward([[[1.0]], [[1.0]]], [[0.0], [0.0]], "leaky_relu", s)
    relaxation = Relaxation(neuron, np.zeros((0, 2), dtype=object))
    ends = np.array([[a]]), np.array([[b]])
    parts = Parts(*ends, [np.full((1, 1), -np.inf)], [np.full((1, 1), np.inf)])
    relaxation.tighten(parts)
    line = min(1.0, s) + share * abs(1.0 - s)
    hints = Multipliers(1.0, [np.zeros(1)], [np.array([line])], np.zeros(0))

    def chosen(t):  # what the convex (concave) function is more (less) than, at its best
        return sorted((t * a, t * b))

    known = parts.least[0].item() >= 0 or parts.most[0].item() <= 0 or s == 1
    f = [v if v > 0 else s * v for v in (a, b)]
    for hint, t in ((None, 1.0 if b > -a else s), (hints, line)):
        top, bottom = (
            sign * relaxation.upper(parts, 1, np.full((1, 1, 1), float(sign)), hint)[0].item()
            for sign in (1, -1)
        )
        line_ends = sorted(f) if known else chosen(t)
        expected = (
            max(f) if s <= 1 or known else line_ends[1],
            min(f) if s > 1 or known else line_ends[0],
        )
        assert np.allclose((top, bottom), expected, rtol=1e-12, atol=1e-12)


def test_values_beyond_float64_are_bounded_by_infinity():
    huge = FeedForward([[[1e200]], [[1e200], [1.0]], [[1.0, 1.0]]], [[0.0], [0.0, 0.0], [0.0]])
    relaxation = Relaxation(huge, np.zeros((0, 2), dtype=object))
    layers = [np.full((1, n), np.inf) for n in huge.hidden_widths]
    parts = Parts(np.array([[-1.0]]), np.array([[1.0]]), [-v for v in layers], layers)
    relaxation.tighten(parts)
    assert parts.most[1][0, 0] == np.inf
    bounds, _ = relaxation.upper(parts, 2, np.ones((1, 1, 1)))
    assert bounds.item() == np.inf


@given(relaxed())
@examples(60)
def test_slopes_vary_by_no_more_than_their_variation(given_):
    network, relaxation, parts = given_
    radius = relaxation.variation(parts, [0, 0])
    for i in range(2):
        box = list(zip(map(Fraction, parts.low[i]), map(Fraction, parts.high[i]), strict=True))
        slopes = Network(*network.as_arguments()).regions(box).slope[:, 0]
        scale = 1e-9 * (1 + np.abs(slopes).max(initial=0.0))
        assert (np.ptp(slopes, axis=0) <= 2 * radius[i] + scale).all()
    tent = FeedForward([[[1], [-1]], [[1, 1]]], [[0, 0], [0]])
    ends = np.array([[-1.0]]), np.array([[1.0]])
    kinks = [np.array([[-1.0, -1.0]])], [np.array([[1.0, 1.0]])]
    relaxation = Relaxation(tent, np.zeros((0, 2), dtype=object))
    assert relaxation.variation(Parts(*ends, *kinks), [0]).item() == 1.0


@given(st.data())
@examples(100)
def test_a_program_of_distances_ends_at_the_least_in_its_box(data):
    d, norm = data.draw(st.integers(1, 3)), data.draw(st.sampled_from([1, np.inf]))
    number = st.integers(-4, 4).map(lambda k: Fraction(k, 3))
    x, low, width, towards = (
        [data.draw(kind) for _ in range(d)]
        for kind in (number, number, st.integers(0, 2), st.sampled_from([-1, 1]))
    )
    high = [a + b for a, b in zip(low, width, strict=True)]
    ends = [np.array(v, dtype=object) for v in (low, high)]
    inside = Program(np.zeros(d, dtype=object), np.zeros((0, d + 1), dtype=object), *ends)
    aim = Nearest(x, norm, np.array(towards))
    program = aim.program(inside, np.array([0] * d + [1], dtype=object), True, [])
    value, variables = maximum(program)
    nearest = [min(max(v, a), b) for v, a, b in zip(x, low, high, strict=True)]
    assert -value == aim.size(nearest)
    found = aim.point(variables)
    assert all(a <= v <= b for v, a, b in zip(found, low, high, strict=True))
    assert aim.size(found) == aim.size(nearest)
