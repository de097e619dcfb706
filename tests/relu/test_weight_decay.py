"""The decay of w and z themselves, cell by cell, against cvxpy and descent in (w, z)."""

from dataclasses import replace
from functools import partial

import cvxpy as cp
import numpy as np
import pytest
from scipy.optimize import minimize

from arrangement import Arrangement
from arrangement.errors import InputError, SizeError, SolverError
from arrangement.relu import decayed_cells, decayed_minimum
from arrangement.relu.losses import weight_decay
from arrangement.relu.losses.losses import LOSSES, Loss
from tests.amounts import first
from tests.relu.test_landscape import with_bias
from tests.relu.test_losses import CLASSED, targets


@pytest.mark.parametrize("name", LOSSES)
def test_conjugates_are_the_largest_differences(name):
    rng = np.random.default_rng(0)
    loss, y = Loss(name, threshold=0.7, margin=1.3), targets(name, 60, rng).astype(float)
    f = rng.normal(size=(60, 3) if name in CLASSED else 60)
    # Fenchel and Young: with equality at slopes of l, and no slope is beyond the domain.
    slopes = loss.gradient(f, y)
    moved, values = loss.conjugate(slopes, y)
    assert moved == pytest.approx(slopes)
    product = (slopes * f).reshape(60, -1).sum(axis=1)
    assert values == pytest.approx(product - loss.values(f, y))
    v, values = loss.conjugate(2 * rng.normal(size=f.shape), y)
    for t in (1.0, 0.3):
        same, scaled = loss.conjugate(t * v, y)
        assert same == pytest.approx(t * v)
        for _ in range(50):
            f = 4 * rng.normal(size=f.shape)
            below = (t * v * f).reshape(60, -1).sum(axis=1) - scaled
            assert np.all(loss.values(f, y) >= below - 1e-12)


def random_problem(rng, name, n, d):
    X = (
        rng.integers(-3, 4, (n, d)).astype(float)
        if rng.random() < 0.6
        else rng.normal(size=(n, d))
    )
    options = {"loss": name, "negative_slope": float(rng.choice([0.0, 0.2]))}
    return X, targets(name, n, rng), options | ({"classes": 3} if name in CLASSED else {})


def penalised(X, y, alpha, w, z, options):
    """The loss and the decay of a network, from their definitions; X has the bias."""
    inner = X @ w.T
    f = np.where(inner > 0, inner, options["negative_slope"] * inner) @ z
    loss = np.mean(Loss(options["loss"]).values(f, y))
    return loss + alpha / 2 * (np.sum(w**2) + np.sum(z**2))


@pytest.mark.parametrize("seed", first(1, range(6)))
@pytest.mark.parametrize("name", first(2, [name for name in LOSSES if name not in CLASSED]))
@pytest.mark.parametrize("K", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_one_output_is_the_group_lasso_of_cvxpy(seed, name, K):
    rng = np.random.default_rng([LOSSES.index(name), K, seed])
    X, y, options = random_problem(rng, name, 5, 1)
    XB, alpha = with_bias(X, 1.0), 10 ** rng.uniform(-2, 0)
    cells = Arrangement(XB).cells().signs
    patterns = cells[rng.integers(0, len(cells), K)]
    found = decayed_minimum(X, y, patterns, alpha, **options)
    values = []
    for signs in np.ndindex(*(2,) * K):
        s, u = 2 * np.array(signs) - 1, cp.Variable((K, 2))
        share = np.where(patterns > 0, 1.0, options["negative_slope"])
        f = sum(s[j] * cp.multiply(share[j], XB @ u[j]) for j in range(K))
        cost = Loss(name).expression(f, y) + alpha * cp.sum(cp.norm(u, 2, axis=1))
        sides = [cp.multiply(patterns[j], XB @ u[j]) >= 0 for j in range(K)]
        values.append(cp.Problem(cp.Minimize(cost), sides).solve(solver=cp.CLARABEL))
    assert found.status == "optimal"
    assert found.fun == pytest.approx(min(values), abs=1e-6)
    assert (
        found.lower_bound
        <= found.fun
        <= found.lower_bound + 1e-5 * np.mean(Loss(name).values(np.zeros(5), y))
    )
    w, z = found.weights, found.output_weights
    assert penalised(XB, y, alpha, w, z, options) == pytest.approx(found.fun)
    assert found.predict(X) == pytest.approx(found.outputs)
    assert np.linalg.norm(w, axis=1) == pytest.approx(abs(z))
    assert np.min(patterns * (w @ XB.T)) > -1e-7


@pytest.mark.parametrize("seed", first(1, range(6)))
@pytest.mark.parametrize(
    "name",
    [
        "squared",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("logistic", "softmax")),
    ],
)
def test_no_descent_in_weights_and_output_weights_lies_below_the_best_cell(seed, name):
    rng = np.random.default_rng([LOSSES.index(name), seed])
    X, y, options = random_problem(rng, name, 4, 1)
    XB, alpha = with_bias(X, 1.0), 10 ** rng.uniform(-1.5, -0.5)
    found = decayed_cells(X, y, alpha, **options)
    d, C = XB.shape[1], 3 if name in CLASSED else 1

    def fun(v, X=XB, y=y, alpha=alpha, d=d, C=C, options=options):
        z = v[d:].reshape(1, C) if C > 1 else v[d:]
        return penalised(X, y, alpha, v[None, :d], z, options)

    ends = [minimize(fun, rng.normal(size=d + C)).fun for _ in range(8)]
    assert found.lower_bound.min() - 1e-8 <= min(ends)
    # With several outputs branch and bound may end before the bound is reached.
    assert found.status == "optimal" or name == "softmax"
    if found.status == "optimal":
        zero = fun(np.zeros(d + C))
        assert min(ends) >= found.fun.min() - 1e-5 * zero - 1e-8


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 5])
def test_without_branches_there_is_a_gap_and_it_is_told(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(6, 2)), np.array([0, 1, 2, 0, 1, 2])
    cells = Arrangement(with_bias(X, 1.0)).cells().signs
    signs = cells[np.argmax(np.sum(cells > 0, axis=1))]

    def least():
        return decayed_minimum(X, y, signs, 0.02, loss="softmax")

    found = least()
    monkeypatch.setattr(weight_decay, "MOST_PROGRAMS", 0)
    root = least()
    assert (found.status, root.status) == ("optimal", "bounds")
    # The gap that counts as none is a share of the loss of no network.
    monkeypatch.setattr(weight_decay, "TOLERANCE", 0.5 * root.gap / np.log(3))
    assert least().status == "bounds"
    assert root.lower_bound < 0.95 * root.fun
    assert root.lower_bound < found.lower_bound <= found.fun <= root.fun


@pytest.mark.parametrize("seed", first(1, range(3)))
def test_no_dual_gives_a_bound_above_the_least(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(5, 1)), rng.normal(size=5)
    cells = Arrangement(with_bias(X, 1.0)).cells().signs
    active = cells[rng.integers(0, len(cells), 2)] > 0
    options = "squared", 1.0, 1.0, None, 1.0, 0.0
    problem = weight_decay._Problem(X, y, 0.1, "l2", *options)
    program, right = weight_decay._Program(problem, 2), weight_decay.minimise
    least = {id(cones): program._relaxed(active, cones)[0] for cones in program.orthants}

    def wrong(solved, size, noise):
        right(solved)
        dual = solved.constraints[0].dual_variables[0]
        dual.save_value(size * dual.value + noise * rng.normal(size=dual.shape))

    for size, noise in ((3.0, 0.0), (1.05, 0.0), (1.0, 0.3), (-1.0, 0.0), (0.0, 1.0)):
        monkeypatch.setattr(weight_decay, "minimise", partial(wrong, size=size, noise=noise))
        for cones in program.orthants:
            assert program._relaxed(active, cones)[0] <= least[id(cones)] + 1e-6


def test_halves_of_a_cone_are_all_of_it():
    rng = np.random.default_rng(0)
    for size in (2, 3):
        cones = rng.normal(size=(2, size, size))
        halves = list(weight_decay._halves(cones, 1))
        assert all(np.array_equal(half[0], cones[0]) for half in halves)
        for v in rng.uniform(size=(200, size)) @ cones[1]:
            shares = [np.linalg.solve(half[1].T, v) for half in halves]
            assert max(share.min() for share in shares) > -1e-9


def test_the_best_cell_is_proven_only_beside_the_others():
    cells = decayed_cells([[-1.0], [0.0], [2.0]], [-1, 1, 1], 0.1, loss="hinge")
    best, other = cells.minima[cells.best], (cells.best + 1) % len(cells.minima)
    assert cells.status == "optimal"
    for lower, status in ((best.fun, "optimal"), (best.fun - 0.1, "bounds")):
        open_ = replace(cells.minima[other], lower_bound=lower, status="bounds")
        minima = [*cells.minima]
        minima[other] = open_
        assert replace(cells, minima=tuple(minima)).status == status


def test_a_panic_of_the_solver_is_an_error_of_it(monkeypatch):
    PanicException = type("PanicException", (BaseException,), {})

    def panic(*given, **options):
        raise PanicException("Eigval error")

    monkeypatch.setattr(cp.Problem, "solve", panic)
    with pytest.raises(SolverError, match="Eigval error"):
        decayed_minimum([[0.0], [1.0]], [0, 1], [0, 1], 0.1, loss="softmax")


def test_within_a_cell_no_descent_lies_below_the_bound_with_three_classes():
    rng = np.random.default_rng(5)
    for name in CLASSED:
        X, y = rng.normal(size=(5, 1)), np.array([0, 1, 2, 1, 0])
        XB, alpha = with_bias(X, 1.0), 0.05
        options = {"loss": name, "negative_slope": 0.0, "classes": 3}
        signs = Arrangement(XB).cells().signs[3]
        found = decayed_minimum(X, y, signs, alpha, **options)
        assert found.lower_bound <= found.fun
        assert penalised(
            XB, y, alpha, found.weights, found.output_weights, options
        ) == pytest.approx(found.fun)
        # Rays of the cell in the plane: weights are their sums.
        corners = [v for x in XB for t in (1, -1) for v in [t * np.array([-x[1], x[0]])]]
        rays = [v for v in corners if np.min(signs * (XB @ v)) > -1e-9]
        for _ in range(400):
            w = np.abs(rng.normal(size=2)) @ np.array(rays)
            scale, z = rng.uniform(0.1, 2), rng.normal(size=(1, 3))
            w = scale * w[None] / np.linalg.norm(w)
            assert penalised(XB, y, alpha, w, z, options) >= found.lower_bound


@pytest.mark.parametrize("seed", first(1, range(6)))
def test_three_classes_against_a_grid_of_output_directions(seed):
    # The best z sums to zero, so it is a direction in the plane; with it given all is convex.
    rng = np.random.default_rng([8, seed])
    plane = np.array([[1, -1, 0], [1, 1, -2]]) / np.sqrt([[2], [6]])
    name = CLASSED[rng.integers(3)]
    X, y, n = rng.integers(-2, 3, (5, 1)).astype(float), rng.integers(0, 3, 5), 5
    XB, alpha = with_bias(X, 1.0), 10 ** rng.uniform(-1.5, -0.3)
    cells = Arrangement(XB).cells().signs
    signs = cells[rng.integers(len(cells))]
    found = decayed_minimum(X, y, signs, alpha, loss=name, classes=3)
    w, z, hidden = cp.Variable(2), cp.Parameter((1, 3)), cp.Variable(n)
    f = cp.reshape(hidden, (n, 1), order="C") @ z
    cost = Loss(name).expression(f, y) + alpha * cp.norm(w)
    held = [hidden == cp.multiply((signs > 0) * 1.0, XB @ w)]
    program = cp.Problem(cp.Minimize(cost), [*held, cp.multiply(signs, XB @ w) >= 0])
    values = []
    for angle in np.linspace(0, 2 * np.pi, 61):
        z.value = np.array([[np.cos(angle), np.sin(angle)]]) @ plane
        values.append(program.solve(solver=cp.CLARABEL))
    scale = np.mean(Loss(name).values(np.zeros((n, 3)), y))
    assert found.lower_bound <= min(values) + 1e-7
    assert found.fun <= min(values) + 2e-5 * scale
    assert found.fun >= min(values) - 5e-3 * scale


@pytest.mark.slow
def test_two_neurons_and_three_classes():
    X, y = [[-1.0], [0.0], [1.0], [2.0]], [0, 1, 2, 1]
    patterns = [[1, 1, 0, 0], [0, 0, 1, 1]]
    both = decayed_minimum(X, y, patterns, 0.05, loss="softmax")
    for pattern in patterns:
        one = decayed_minimum(X, y, pattern, 0.05, loss="softmax")
        assert both.lower_bound <= one.fun + 1e-7
        assert both.fun <= one.fun + 1e-5
    assert both.weights.shape == (2, 2)
    assert both.output_weights.shape == (2, 3)
    options = {"loss": "softmax", "negative_slope": 0.0}
    z = both.output_weights
    assert penalised(with_bias(X, 1.0), y, 0.05, both.weights, z, options) == pytest.approx(
        both.fun
    )


@pytest.mark.parametrize("seed", first(1, range(6)))
def test_two_classes_are_the_logistic_loss_and_the_hinge(seed):
    rng = np.random.default_rng([6, seed])
    X, y, _ = random_problem(rng, "logistic", 6, 1)
    cells = Arrangement(with_bias(X, 1.0)).cells().signs
    signs, alpha = cells[rng.integers(len(cells))], 10 ** rng.uniform(-2, 0)
    for one, two in (("logistic", "softmax"), ("hinge", "multiclass_hinge")):
        a = decayed_minimum(X, y, signs, alpha / 2**0.5, loss=one)
        b = decayed_minimum(X, (y + 1) // 2, signs, alpha, loss=two, classes=2)
        assert a.status == b.status == "optimal"
        assert a.fun == pytest.approx(b.fun, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"penalty": "l1"}, r"penalty='l1': .*convex for \"l2\" only"),
        ({"penalty": "elasticnet"}, "convex"),
        ({"penalty": None}, "penalty=None"),
        ({"alpha": 0}, "alpha=0"),
        ({"patterns": [1, 0, 1]}, "patterns has shape"),
        ({"loss": "hinge"}, "y, entry 0: 0"),
    ],
)
def test_bad_input_is_one_clear_error(change, message):
    given = {"X": [[0.0], [1.0]], "y": [0.0, 1.0], "patterns": [1, 1], "alpha": 1.0} | change
    with pytest.raises(InputError, match=message):
        decayed_minimum(**given)


def test_too_many_choices_of_signs_are_refused():
    with pytest.raises(SizeError, match="8,192 choices of signs"):
        decayed_minimum([[0.0], [1.0]], [0.0, 1.0], np.ones((13, 2), dtype=int), 1.0)
