"""Scales that float64 cannot decide: every answer is right, flagged, or refused in one line."""

import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement.errors import InputError, NearlyDegenerateWarning, SolverError
from arrangement.relu import OneHiddenLayer
from arrangement.relu.losses.criterion import local_minimum
from arrangement.relu.losses.pattern_fits import cellwise_minima
from arrangement.relu.minima import search
from tests.amounts import examples, first
from tests.landscape_reference import Reference

HOSTILE = dict(X=[[2e108], [-1e124], [2e-111]], y=[0, -1.597, 0])
WEIGHTS_BEYOND = dict(X=[[1, 1e-200], [1, 1.0000000001e-200]], y=[1e99, 1e100], bias=None)


def numbers(reach):
    """Numbers of up to 10^±reach, floats and others."""
    digits = st.sampled_from([1, 2, -1, -3, Fraction(1, 3), Fraction(-16, 10)])
    power = st.integers(-reach, reach).map(lambda k: Fraction(10) ** k)
    return st.builds(
        lambda v, p, exact: v * p if exact else float(v * p), digits, power, st.booleans()
    )


@st.composite
def problems(draw):
    n, d = draw(st.integers(1, 4)), draw(st.sampled_from([1, 1, 2]))
    reach = draw(st.sampled_from([4, 8, 12, 20, 60, 99]))
    entry = st.one_of(numbers(reach), numbers(1))
    shape = st.lists(st.lists(entry, min_size=d, max_size=d), min_size=n, max_size=n)
    X = draw(shape)
    scales = draw(st.lists(numbers(reach), min_size=d, max_size=d))
    X = [
        [x * Fraction(s) for x, s in zip(map(Fraction, row), scales, strict=True)] for row in X
    ]
    y = draw(
        st.lists(st.one_of(st.sampled_from([0, 1]), numbers(reach)), min_size=n, max_size=n)
    )
    return dict(
        X=X,
        y=y,
        hidden=draw(st.sampled_from([1, 1, 2])) if d == 1 or n < 3 else 1,
        bias=draw(st.one_of(st.none(), st.just(1), numbers(reach))),
        output_bias=draw(st.booleans()),
        negative_slope=draw(st.sampled_from([0, 0, 0.25])),
    )


def landscape_of(problem, **options):
    """None where it has weights that float64 does not hold."""
    try:
        return OneHiddenLayer(**problem).landscape(**options)
    except SolverError as error:
        if "weights of more than 1e308" not in str(error):
            raise
        return None


def states(pieces):
    return [
        tuple(sorted((tuple(row), s) for row, s in zip(signs, own, strict=True)))
        for signs, own in zip(pieces.signs.tolist(), pieces.output_signs.tolist(), strict=True)
    ]


def near(loss, expected, y):
    size = sum((Fraction(v) ** 2 for v in y), Fraction(0)) / len(y)
    return abs(Fraction(loss) - expected) <= expected / 10**9 + size / 10**12


@pytest.mark.parametrize("few", first(1, [None, -1]), ids=["exhaustive", "screened"])
@given(problem=problems())
@examples(60)
def test_exact_pieces_and_nodes_are_those_of_the_definitions(few, problem):
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", NearlyDegenerateWarning)
        if few is not None:
            patch.setattr(search, "VERY_FEW", few)
        specification = Reference(**problem)
        landscape = landscape_of(problem, exact=True)
        if landscape is None:
            return
        pieces = landscape.pieces
        expected = specification.pieces()
        assert sorted(states(pieces)) == sorted(expected)
        assert pieces.decided.all()
        assert not landscape.doubtful
        for state, loss in zip(states(pieces), pieces.loss, strict=True):
            assert loss == float(expected[state])
        assert np.isfinite(pieces.weights).all()
        cells = list(map(tuple, landscape.cells.signs.tolist()))
        graph = landscape.graph
        for node, loss, rank in zip(graph.nodes, graph.min_loss, graph.rank, strict=True):
            least, own = specification.node([cells[c] for c in node])
            assert rank == own
            assert near(loss, least, problem["y"])
        assert graph.min_loss[graph.basin].max() <= graph.min_loss.max()
        assert len(landscape.component) == len(pieces)
        landscape.saddles()


@given(problem=problems())
@examples(60)
def test_a_landscape_is_right_flagged_or_refused(problem):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", NearlyDegenerateWarning)
        landscape = landscape_of(problem)
        if landscape is None:
            return
        pieces = landscape.pieces
        expected = Reference(**problem).pieces()
        for state, loss, decided in zip(
            states(pieces), pieces.loss, pieces.decided, strict=True
        ):
            assert not decided or near(loss, expected[state], problem["y"])
        if pieces.decided.all() and not landscape.doubtful:
            assert sorted(states(pieces)) == sorted(expected)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("few", [-1, 2000])
def test_three_samples_of_hostile_sizes(monkeypatch, exact, few):
    monkeypatch.setattr(search, "VERY_FEW", few)
    landscape = OneHiddenLayer(**HOSTILE).landscape(exact=exact)
    best = landscape.global_minimum
    assert (best.loss, best.decided) == (0.0, True)
    assert np.all(np.abs(best.predict(HOSTILE["X"]) - HOSTILE["y"]) <= 1e-12)
    assert landscape.min_loss.min() == 0.0


def test_too_many_tuples_for_exact_arithmetic_are_refused_by_name(monkeypatch):
    monkeypatch.setattr(search, "FEW", -1)
    layer = OneHiddenLayer(**HOSTILE)
    with pytest.raises(SolverError, match=r"X, rows 0 and 2: .*exact=True"):
        layer.landscape()
    assert layer.landscape(exact=True).global_minimum.loss == 0.0


@pytest.mark.slow
def test_the_screen_keeps_faces_that_all_samples_are_near(monkeypatch):
    """On these the samples cancel, so that the maps have few digits."""
    monkeypatch.setattr(search, "VERY_FEW", -1)
    X = [[10**25 + k] for k in (-1, 0, 1, 3, -3)]
    problem = dict(X=X, y=[0.1] * 5, hidden=2, bias=0.01, negative_slope=0.25)
    found = OneHiddenLayer(**problem).landscape(exact=True)
    assert sorted(states(found.pieces)) == sorted(Reference(**problem).pieces())


def test_samples_that_are_nearly_equal_beside_an_output_bias():
    """The outputs of a neuron are nearly constant, but not in the span of the output bias."""
    X = [[-0.5446191761925718 + k * 1e-11] for k in (0, -5, 1, -3, 2)]
    for hidden in (1, 2):
        problem = dict(X=X, y=[-1, 2, -1, -2, -1], bias=None, output_bias=True, hidden=hidden)
        found = OneHiddenLayer(**problem).landscape()
        assert found.doubtful == 0
        assert found.pieces.decided.all()
        assert sorted(states(found.pieces)) == sorted(Reference(**problem).pieces())


@pytest.mark.parametrize("column", [[2.0**300, 2.0**-300], [2.0**-600, 2.0**500]])
def test_a_scale_of_a_feature_changes_nothing(column):
    X, y = np.array([[1.0, 2.0], [3.0, 1.0], [2.0, 2.0]]), [1.0, -1.0, 2.0]
    plain, scaled = (OneHiddenLayer(Z, y).landscape(exact=True) for Z in (X, X * column))
    parts = []
    for landscape in (plain, scaled):
        known = list(zip(states(landscape.pieces), landscape.pieces.loss, strict=True))
        parts.append(sorted(sorted(known[k] for k in rows) for rows in landscape.components))
    assert parts[0] == parts[1]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("seed", first(1, range(4)))
@pytest.mark.parametrize("shrink", [1, Fraction(1, 10**30)])
@pytest.mark.parametrize("spread", [1, Fraction(1, 10**40)])
def test_saddles_are_those_of_the_definition(seed, shrink, spread, exact):
    rng = np.random.default_rng(seed)
    X, y = rng.integers(-3, 4, (4, 1)).tolist(), rng.integers(-2, 3, 4).tolist()
    X[0][0] *= shrink
    y[1] *= spread
    problem = dict(X=X, y=y, hidden=1, bias=1)
    found = OneHiddenLayer(**problem).landscape(exact=exact).saddles()
    specification = Reference(**problem)
    r = [-v for v in specification.y]
    expected = [
        ((cell, 0),)
        for cell in specification.faces
        if 0 not in cell and specification.is_crossed(cell, r)
    ]
    assert sorted(states(found)) == expected


def test_weights_beyond_float64_are_refused():
    with pytest.raises(SolverError, match=r"weights of more than 1e308.*scale the data"):
        OneHiddenLayer(**WEIGHTS_BEYOND).landscape(exact=True)


def test_a_bias_beyond_float64_is_named():
    with pytest.raises(InputError, match=r"^bias: its absolute value is beyond"):
        OneHiddenLayer([[1.0], [2.0]], [1, 2], bias=1e250)


def test_the_criterion_refuses_what_is_beyond_float64():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SolverError, match="beyond float64; scale the samples"):
            local_minimum([[1e150], [1e120]], [1, 2], [[1e160]], [1], bias=None)


def test_the_criterion_sees_what_is_left_of_terms_that_cancel():
    x, w = [0.8, 0.8, 0.7], [-3.0, 2.0, 1.1428571428571432]
    value = sum(Fraction(a) * Fraction(b) for a, b in zip(w, x, strict=True))
    found = local_minimum([x], [0.0], [w], [1], bias=None)
    assert value > 0
    assert found.loss == pytest.approx(float(value * value), rel=1e-12, abs=0)


def test_minima_of_patterns_refuse_what_is_beyond_float64():
    with pytest.raises(SolverError, match=r"X, rows 0 and 2: .* remove one of them"):
        cellwise_minima(HOSTILE["X"], HOSTILE["y"])
