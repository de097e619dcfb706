"""Branch and bound over directions: its bounds against networks, its optimum against others."""

import numpy as np
import pytest

from arrangement import kernels
from arrangement.relu import OneHiddenLayer
from arrangement.relu.training import direction_search
from arrangement.relu.training.global_search import GlobalSearch
from arrangement.relu.weight_space import Samples
from tests.amounts import first
from tests.relu.test_optimum import check, gaussian


@pytest.mark.parametrize(
    ("slope", "output_bias"),
    [
        (0.0, False),
        (0.25, True),
        pytest.param(-0.5, False, marks=pytest.mark.slow),
        pytest.param(2.0, True, marks=pytest.mark.slow),
    ],
)
def test_no_network_of_a_node_is_below_its_bound(slope, output_bias):
    rng = np.random.default_rng(0)
    X, y = gaussian(12, 3, 1)
    problem = OneHiddenLayer(X, y, hidden=2)
    samples = Samples.of(problem.arrangement, problem.targets, True)
    search = GlobalSearch(samples, 2, output_bias, slope, None, 1e-8)
    K, r, close = 2, 3, 0
    count = 200
    for _ in range(count):
        width = 10 ** rng.uniform(-3, 0.5)
        cones = rng.normal(size=(1, K, 1, r)) + width * rng.normal(size=(1, K, r, r))
        s = rng.choice([-1.0, 1.0], (1, K))
        points = np.zeros((1, len(search.point)))
        bounds, losses, splits = np.zeros(1), np.zeros(1), np.zeros((1, 4), dtype=np.int64)
        node = s, cones, points, bounds, losses, splits
        assert kernels.bound_cones(search.data, *node, 2.0, search.stop) == 1
        # The best of many networks of the node, by least squares on their sizes.
        shares = rng.dirichlet(np.full(r, 0.5), size=(40, K))
        inner = np.einsum("tjk,jka,ia->tji", shares, cones[0], search.Q)
        outputs = np.where(inner > 0, inner, slope * inner) * s[0, :, None]
        best = losses[0]
        for columns in outputs:
            A = np.vstack([columns, np.ones((int(output_bias), 12))]).T
            sizes = np.linalg.lstsq(A, search.y, rcond=None)[0]
            sizes[:K] = np.maximum(sizes[:K], 0.0)
            best = min(best, np.sum((A @ sizes - search.y) ** 2))
        assert bounds[0] <= best * (1 + 1e-12)
        close += bounds[0] > 0.9 * best
    assert close > count / 8


@pytest.mark.slow
@pytest.mark.parametrize(("n", "seed"), [(14, 0), (14, 1), (9, 2)])
def test_directions_and_samples_lead_to_the_same_optimum(n, seed):
    X, y = gaussian(n, 3, seed)
    problem = OneHiddenLayer(X, y, hidden=2)
    cones, branch = (problem.fit_global(method=m) for m in ("cones", "branch"))
    check(cones, problem)
    assert (cones.status, cones.certificate.method) == ("optimal", "cones")
    assert cones.fun == pytest.approx(branch.fun, abs=1e-6)


@pytest.mark.slow
def test_a_time_limit_leaves_a_bound_of_directions():
    X, y = gaussian(60, 3, 0)
    problem = OneHiddenLayer(X, y, hidden=2)
    for limit in (0, 0.3):
        result = problem.fit_global(method="cones", time_limit=limit)
        check(result, problem)
        assert result.status == "time_limit"
        assert result.certificate.n_open > 0


@pytest.mark.parametrize("room", first(1, [0, 10**5]))
def test_the_optimum_is_proven_where_there_is_no_room_for_nodes(room, monkeypatch):
    problem = OneHiddenLayer(*gaussian(10, 2, 0), hidden=2)
    expected = problem.fit_global(method="cones")
    monkeypatch.setattr(direction_search, "memory", lambda: room)
    found = problem.fit_global(method="cones")
    check(found, problem)
    assert (found.status, found.fun) == ("optimal", expected.fun)


def test_a_better_network_closes_thousands_of_nodes(monkeypatch):
    problem = OneHiddenLayer(*gaussian(6, 2, 0), hidden=1)
    samples = Samples.of(problem.arrangement, problem.targets, True)
    tree = direction_search._Tree(GlobalSearch(samples, 1, False, 0.0, None, 1e-8))
    monkeypatch.setattr(direction_search, "BATCH", 1)
    roots = tree.take()
    while tree.take() is not None:
        pass
    for _ in range(3000):
        tree.push(2.0, roots.choices[0], roots.cones[0], roots.points[0])
    assert tree.take() is None
    assert (len(tree), tree.closed) == (0, 2.0)


@pytest.mark.slow
def test_two_hundred_samples():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    y = np.sin(2 * X[:, 0]) + 0.3 * rng.normal(size=200)
    problem = OneHiddenLayer(X, y, hidden=2)
    result = problem.fit_global()
    check(result, problem)
    assert (result.status, result.certificate.method) == ("optimal", "cones")
