from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import least_squares, minimize

from arrangement.errors import InputError, SizeError
from arrangement.relu import LinearNetwork
from tests.amounts import first


def random(seed, n=9, d=4, m=3, hidden=(2,), bias=None):
    rng = np.random.default_rng(seed)
    X, Y = rng.integers(-5, 6, size=(n, d)), rng.integers(-5, 6, size=(n, m))
    return LinearNetwork(X, Y, hidden=hidden, bias=bias)


SHAPES = [((1,), 3), ((2,), 4), ((3,), 4), ((5,), 2), ((2, 2), 3), ((3, 2), 4), ((2, 3, 4), 3)]


def unpacked(network, vector):
    sizes = [(b, a) for a, b in pairwise(network.widths)]
    ends = np.cumsum([a * b for a, b in sizes])
    return [part.reshape(s) for part, s in zip(np.split(vector, ends[:-1]), sizes, strict=True)]


def packed(layers):
    return np.concatenate([layer.ravel() for layer in layers])


@pytest.mark.parametrize(("hidden", "m"), SHAPES)
def test_derivatives_are_those_of_the_loss(hidden, m):
    network = random(1, m=m, hidden=hidden, bias=1.0)
    rng = np.random.default_rng(2)
    at = rng.normal(size=sum(a * b for a, b in pairwise(network.widths)))
    step = 1e-6
    gradient = packed(network.gradient(unpacked(network, at)))
    hessian = network.hessian(unpacked(network, at))
    for k, unit in enumerate(np.eye(len(at))):
        up, down = (unpacked(network, at + s * step * unit) for s in (1, -1))
        slope = (network.loss(up) - network.loss(down)) / (2 * step)
        assert slope == pytest.approx(gradient[k], rel=1e-5, abs=1e-5)
        row = (packed(network.gradient(up)) - packed(network.gradient(down))) / (2 * step)
        assert np.allclose(row, hessian[k], rtol=1e-5, atol=1e-5 * np.abs(hessian).max())


def inertia(hessian):
    values = np.linalg.eigvalsh(hessian)
    tolerance = 1e-9 * np.abs(values).max()
    return (
        (values < -tolerance).sum(),
        (abs(values) <= tolerance).sum(),
        (values > tolerance).sum(),
    )


def check(network):
    points = network.critical_points()
    for point in points:
        layers = point.weights()
        scale = max(1.0, float((network.Y**2).mean()))
        assert np.abs(packed(network.gradient(layers))).max() < 1e-9 * scale
        assert network.loss(layers) == pytest.approx(point.loss, rel=1e-9, abs=1e-9 * scale)
        assert inertia(network.hessian(layers)) == point.inertia
        product = np.linalg.multi_dot([*reversed(layers)])
        assert np.allclose(product, point.end_to_end)
        assert np.linalg.matrix_rank(product, tol=1e-9) == point.rank
        flat = point.kind == "flat saddle"
        assert (point.index == 0) == (flat or point.kind == "global minimum")
        assert not flat or len(network.widths) > 3
    least = [point for point in points if point.kind == "global minimum"]
    assert len(least) == 1
    assert least[0] is points[0]
    return points


@pytest.mark.parametrize(("hidden", "m"), SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_points_are_critical_and_have_the_inertia_that_is_said(hidden, m, seed):
    check(random(seed, m=m, hidden=hidden, bias=1.0 if seed else None))


@pytest.mark.parametrize("hidden", [(1,), (2,), (3,), (2, 2), (1, 3)])
def test_dependent_features_outputs_and_equal_eigenvalues(hidden):
    square = np.array([[2, 1], [1, 2], [-2, -1], [-1, 3]])
    twice = np.hstack([square, square[:, :1]])  # a feature again
    check(LinearNetwork(twice, square, hidden, bias=None))
    check(LinearNetwork(square, np.hstack([square, square @ [[1], [1]]]), hidden, bias=None))
    # Orthogonal samples: Σ = diag(4, 4, 1), so one eigenvalue is double.
    points = check(LinearNetwork(np.eye(3), np.diag([2, 2, 1]), hidden, bias=None))
    assert {p.subset for p in points if p.rank == 1} == {(0,), (2,)}
    assert {p.freedom for p in points if p.subset == (0,)} == {1}
    check(LinearNetwork(np.eye(3), np.zeros((3, 2)), hidden, bias=None))


def newton(network, at):
    """Newton's method for a gradient of 0, damped (Levenberg 1944), and the gradient there."""
    found = least_squares(
        lambda at: packed(network.gradient(unpacked(network, at))),
        at,
        jac=lambda at: network.hessian(unpacked(network, at)),
        method="lm",
        xtol=1e-14,
        ftol=1e-14,
        gtol=1e-14,
    )
    return found.x, np.abs(found.fun).max()


def runs(network, seeds):
    """The losses at which descents, and Newton's method from anywhere, come to rest."""
    points = network.critical_points()
    for seed in seeds:
        rng = np.random.default_rng(seed)
        near = packed(points[seed // 4 % len(points)].weights())
        start = rng.normal(size=len(near))
        if seed % 4 == 0:
            start = minimize(
                lambda at: network.loss(unpacked(network, at)),
                start,
                jac=lambda at: packed(network.gradient(unpacked(network, at))),
                options={"gtol": 1e-8},
            ).x
        elif seed % 4 > 1:
            start = near + 0.01 * start
        at, slope = newton(network, start)
        if slope < 1e-9:
            yield network.loss(unpacked(network, at))


def ends_are_listed(hidden, seeds):
    network = random(5, n=12, d=4, m=4, hidden=hidden)
    values = np.array([point.loss for point in network.critical_points()])
    nearest = []
    for loss in runs(network, seeds):
        nearest.append(np.abs(values - loss).argmin())
        assert values[nearest[-1]] == pytest.approx(loss, rel=1e-6)
    assert len(nearest) > 0.5 * len(seeds)
    return set(values[nearest]), set(values)


@pytest.mark.parametrize("hidden", first(1, [(2,), (2, 2), (1,), (3,)]))
def test_descents_and_newton_runs_end_at_listed_values(hidden):
    ends_are_listed(hidden, range(16))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hidden", "runs"), [((1,), 900), ((2,), 450), ((3,), 450), ((2, 2), 200)]
)
def test_2000_runs_reach_every_value_and_no_other(hidden, runs):
    reached, values = ends_are_listed(hidden, range(runs))
    assert reached == values


def test_bad_arguments():
    with pytest.raises(InputError, match=r"Y has 2 rows, but X has 1 samples"):
        LinearNetwork([[1]], [[1], [2]])
    with pytest.raises(InputError, match=r"hidden"):
        LinearNetwork([[1]], [[1]], hidden=0)
    with pytest.raises(InputError, match=r"at least one hidden layer"):
        LinearNetwork([[1]], [[1]], hidden=())
    with pytest.raises(InputError, match=r"Y, row 1, column 0"):
        LinearNetwork([[1], [2]], [[1], [np.nan]])
    with pytest.raises(SizeError, match=r"sets of eigenvalues"):
        LinearNetwork(np.eye(24), np.diag(np.arange(1, 25)), 12, bias=None).critical_points()


@pytest.mark.parametrize("method", ["loss", "gradient", "hessian"])
def test_layers_that_do_not_fit_are_refused(method):
    ask = getattr(LinearNetwork([[1, 2], [3, 4]], [1, 2], hidden=3, bias=None), method)
    for layers, message in [
        (
            [np.ones((3, 3)), np.ones((1, 3))],
            r"shapes \[\(3, 3\), \(1, 3\)\].*\[\(3, 2\), \(1, 3\)\]",
        ),
        ([np.ones((1, 2))], r"weights of shapes \[\(1, 2\)\]"),
        ([[["a", 1]] * 3, [[1, 2, 3]]], r"weights, layer 0, entry 0: 'a' is not a finite"),
    ]:
        with pytest.raises(InputError, match=message):
            ask(layers)
