"""One neuron with several outputs: one output in disguise, eigenvectors, perturbations."""

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import minimize

from arrangement import plot
from arrangement.errors import InputError
from arrangement.relu import OneHiddenLayer
from arrangement.relu.minima.rank_one import RankOneDecider
from tests.amounts import first
from tests.relu.test_landscape import data_set, with_bias


def loss_at(X, Y, w, z):
    """The mean squared length of the residuals; the points' axes first."""
    a = np.maximum(w @ X.T, 0.0)
    return np.mean(np.sum((a[..., :, None] * z[..., None, :] - Y) ** 2, axis=-1), axis=-1)


def targets(seed, n, outputs=2):
    rng = np.random.default_rng(seed)
    if seed % 5 == 0:
        return rng.normal(size=(n, outputs))
    return rng.integers(-3, 4, (n, outputs)) / 2


@pytest.mark.parametrize("seed", first(2, range(100)))
def test_targets_of_one_direction_have_the_pieces_of_one_output(seed):
    X, y, bias = data_set(seed, largest=7)
    one = OneHiddenLayer(X, y, bias=bias).landscape(exact=True)
    two = OneHiddenLayer(X, np.outer(y, [1, 2]), bias=bias).landscape(exact=seed % 2 == 0)
    expected = set(map(tuple, np.unique(one.pieces.faces, axis=0)))
    found = set(map(tuple, two.pieces.faces))
    assert found <= expected
    assert len(expected - found) <= two.doubtful
    place = {int(face): k for k, (face,) in enumerate(one.pieces.faces)}
    for piece, (face,) in zip(two.pieces, two.pieces.faces, strict=True):
        other = one.pieces[place[int(face)]]
        assert piece.loss == pytest.approx(5 * other.loss, abs=1e-12)
        assert (piece.kind, piece.dimension) == (other.kind, other.dimension)
    assert len(two.components) <= len(one.components)


@pytest.mark.parametrize("seed", first(1, range(60)))
def test_no_way_down_from_pieces_and_descents_end_on_them(seed):
    X, _, bias = data_set(seed, largest=9)
    Y, XB, rng = (
        targets(seed, len(X), 2 + seed % 2),
        with_bias(X, bias),
        np.random.default_rng(seed),
    )
    pieces = OneHiddenLayer(X, Y, bias=bias).landscape().pieces
    for piece in pieces[:40]:
        w, z = piece.weights[0], piece.output_weights[0]
        here = loss_at(XB, Y, w, z)
        assert here == pytest.approx(piece.loss, abs=1e-12)
        assert np.sum(pieces.residuals[0] ** 2) / len(X) == pytest.approx(pieces.loss[0])
        if piece.kind == "boundary":  # there w is on the face up to rounding only
            w = w - np.linalg.pinv(XB[piece.signs[0] == 0]) @ (XB[piece.signs[0] == 0] @ w)
        room = np.abs(XB @ w)[piece.signs[0] != 0].min(initial=1.0) / np.linalg.norm(XB)
        size = min(room, 1.0) * 10.0 ** rng.uniform(-4, -1, (600, 1))
        dw, dz = rng.normal(size=(600, len(w))) * size, rng.normal(size=(600, len(z))) * size
        dz[:200], dw[200:300] = dz[:200] / 100, 0
        if not np.maximum(XB @ w * np.abs(piece.signs[0]), 0).any():
            dz /= 100  # z is in an open cone, perhaps a narrow one
        assert loss_at(XB, Y, w + dw, z + dz).min() >= here - 1e-9 * (1 + here)

    def fun(p):
        w, z = p[: XB.shape[1]], p[XB.shape[1] :]
        a = np.maximum(XB @ w, 0)
        E = 2 * (np.outer(a, z) - Y) / len(Y)
        return loss_at(XB, Y, w, z), np.concatenate([(E @ z * (a > 0)) @ XB, E.T @ a])

    for _ in range(15):
        start = rng.normal(size=XB.shape[1] + Y.shape[1])
        end = minimize(fun, start, jac=True, tol=1e-13)
        if np.abs(end.jac).max() < 1e-8:  # else it has met a kink
            assert np.abs(pieces.loss - end.fun).min() < 1e-7


LEAKY = {"on a face": ([[1, 1], [1, 0]], [[1, 0], [0, 2]], 0.25)}


def leaky(seed):
    rng = np.random.default_rng(seed)
    X = rng.integers(-2, 3, size=(int(rng.integers(2, 6)), 2))
    X[~X.any(axis=1)] = 1
    return X, targets(seed, len(X)), (0.25, -0.5)[seed % 2]


@pytest.mark.parametrize("known", first(3, [*LEAKY, 4, 1, *range(5, 40)]))
def test_pieces_of_leaky_neurons_are_where_they_are_said_to_be(known):
    # Inactive on all samples a neuron has outputs, too: none of them positive.
    X, Y, slope = LEAKY[known] if known in LEAKY else leaky(known)
    X, rng = np.array(X), np.random.default_rng(0)
    layer = OneHiddenLayer(X, Y, bias=None, negative_slope=slope)
    for piece in layer.landscape().pieces:
        w, z, signs = piece.weights[0], piece.output_weights[0], piece.signs[0]
        assert np.mean(np.sum((piece.predict(X) - Y) ** 2, axis=1)) == pytest.approx(piece.loss)
        if not z.any():
            continue
        assert np.sign(np.where(signs, X @ w, 0)).tolist() == signs.tolist()
        dw, dz = 1e-4 * rng.normal(size=(2, 300, 2))
        t = (w + dw) @ X.T
        outputs = np.where(t > 0, t, slope * t)[:, :, None] * (z + dz)[:, None]
        losses = np.mean(np.sum((outputs - Y) ** 2, axis=2), axis=1)
        assert losses.min() >= piece.loss - 1e-9 or not w.any()


@pytest.mark.parametrize("seed", first(1, range(20)))
def test_pieces_are_the_stationary_faces_that_no_step_leaves(seed):
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(int(rng.integers(3, 8)), 2)), None
    Y = rng.normal(size=(len(X), 2))
    landscape = OneHiddenLayer(X, Y).landscape()
    table, XB = landscape.table, with_bias(X, 1.0)
    found = {
        int(f)
        for (f,), s in zip(landscape.pieces.faces, landscape.pieces.output_signs, strict=True)
        if s[0] and not table.idle[f]
    }
    expected = set()
    for face in table.active.tolist():
        signs = table.signs[face]
        T = np.eye(3)
        if table.codimension[face]:
            T = np.linalg.svd(XB[signs == 0])[2][table.codimension[face] :].T
        A = (signs > 0)[:, None] * (XB @ T)
        U, S, Vt = np.linalg.svd(A, full_matrices=False)
        rank = int(np.sum(1e-9 * S[0] < S))
        if rank < A.shape[1]:
            found.discard(face)
            continue
        q = np.linalg.eigh(U.T @ Y @ Y.T @ U)[1][:, -1]
        w = T @ (Vt.T @ (q / S))
        w *= np.sign((XB @ w)[signs != 0] @ signs[signs != 0])
        if np.any((XB @ w * signs)[signs != 0] <= 0):
            continue
        a = np.maximum(XB @ w * (signs != 0), 0)
        best = np.sum((Y.T @ a) ** 2) / (a @ a)
        room = np.abs(XB @ w)[signs != 0].min() / np.linalg.norm(XB)
        step = room * rng.normal(size=(3000, 3)) * 10.0 ** rng.uniform(-4, -1, (3000, 1))
        t = XB @ (w + step).T
        b = np.maximum(t, 0)
        if np.all(np.sum((Y.T @ b) ** 2, axis=0) / np.sum(b * b, axis=0) <= best * (1 + 1e-12)):
            expected.add(face)
    assert found == expected


def test_a_face_that_only_the_second_order_leaves():
    # From some faces h = 0 along a ray, and along it ρ rises in second order.
    X, Y = [[1, -1], [-1, 2], [-2, 0]], [[-1, 0], [2, -2], [1, 1]]
    landscape = OneHiddenLayer(X, Y, bias=None).landscape()
    XB, Y, rng = np.array(X, dtype=float), np.array(Y), np.random.default_rng(0)
    assert 10 not in landscape.pieces.faces
    signs = landscape.table.signs[10]
    w = landscape.table.weights(landscape.table.interior(10))
    w -= np.linalg.pinv(XB[signs == 0]) @ (XB[signs == 0] @ w)

    def rho(w):
        a = np.maximum(w @ XB.T, 0)
        return np.sum((a @ Y) ** 2, axis=-1) / np.sum(a * a, axis=-1)

    size = 10.0 ** rng.uniform(-4, -2, (2000, 1))
    assert rho(w + size * rng.normal(size=(2000, 2))).max() > rho(w) * (1 + 1e-9)


def rises(X, Y, w, signs, rng):
    """Does ρ rise from w, on a face of some signs, along its own and the local rays?"""
    on = X[signs == 0]
    flat = np.linalg.svd(on)[2][np.linalg.matrix_rank(on) :] if len(on) else np.eye(len(w))
    rays = []
    for k in range(len(on)):
        for rest in combinations(range(len(on)), k):
            null = np.linalg.svd(on[list(rest)])[2][np.linalg.matrix_rank(on[list(rest)]) :]
            across = null - null @ flat.T @ flat
            if np.linalg.matrix_rank(across, tol=1e-9) == 1:
                ray = across[np.argmax(np.linalg.norm(across, axis=1))]
                rays += [ray / np.linalg.norm(ray), -ray / np.linalg.norm(ray)]
    n = 6000
    along = np.exp(rng.normal(size=(n, len(rays)))) * (rng.random((n, len(rays))) < 0.4)
    v = along @ np.reshape(rays, (-1, len(w))) + rng.normal(size=(n, len(flat))) @ flat
    t = 10.0 ** rng.uniform(-3, -1, (n, 1)) * np.abs(X @ w)[signs != 0].min(initial=1.0)
    v *= t / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-300) / np.abs(X).max()

    def rho(w):
        a = np.maximum(np.where(np.abs(w @ X.T) < 1e-14, 0, w @ X.T), 0)
        return np.sum((a @ Y) ** 2, axis=-1) / np.maximum(np.sum(a * a, axis=-1), 1e-300)

    return rho(w + v).max() > rho(w) * (1 + 1e-10)


def degenerate(seed):
    rng = np.random.default_rng(seed)
    X = rng.integers(-1, 2, (int(rng.integers(3, 6)), 2 + seed % 2))
    X[~X.any(axis=1)] = 1
    return X.tolist(), rng.integers(-1, 2, (len(X), 2)).tolist(), None


# Faces between opposite rays of no slope, several such rays in one cone, double eigenvalues.
KNOWN = [
    ([[0, -1], [0, 1], [1, 1], [1, 0], [1, -1]],
     [[1, 0], [-1, -1], [1, 0], [1, 0], [-1, 1]], 0),
    ([[1, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, 0, 1], [-1, 0, 0]],
     [[1, -1], [1, -1], [0, 1], [0, 1], [1, 1]], 0),
    ([[0, -1, -1], [-1, 1, 1], [1, -1, 0]], [[1, 0], [1, -1], [0, -1]], 1),
    ([[0, 0, 1], [1, 1, -1], [-1, 1, 1], [1, -1, 1]],
     [[1, 0], [0, 1], [0, 0], [0, 0]], 0),
    ([[-1, -1, 1], [0, -1, 1], [-1, -1, 0], [-1, 0, 0], [1, 0, 0], [-1, 0, 1]],
     [[1, 0], [-1, -1], [1, 0], [-1, -1], [0, -1], [1, 0]], 2),
    ([[1, -1, 0], [-1, 0, 0], [-1, 0, 1]], [[1, -1], [1, -1], [1, 1]], 2),
    ([[1, -1, 1], [0, -1, 1], [0, 1, 1], [-1, 1, 1]],
     [[0, -1], [0, -1], [-1, 0], [1, 1]], 2),
]  # fmt: skip


@pytest.mark.parametrize("known", first(4, [*KNOWN, *map(degenerate, range(40))]))
def test_faces_with_rays_of_no_slope_are_decided_by_the_second_order(known):
    X, Y, doubtful = known
    landscape = OneHiddenLayer(X, Y, bias=None).landscape(exact=True)
    table, rng = landscape.table, np.random.default_rng(0)
    X, Y = np.array(X, dtype=float), np.array(Y, dtype=float)
    held, open_ = set(landscape.pieces.faces[:, 0].tolist()), 0
    for face in table.active.tolist():
        signs = table.signs[face]
        on = X[signs == 0]
        T = (
            np.linalg.svd(on)[2][np.linalg.matrix_rank(on) :].T
            if len(on)
            else np.eye(X.shape[1])
        )
        U, S, Vt = np.linalg.svd((signs > 0)[:, None] * (X @ T), full_matrices=False)
        values, vectors = np.linalg.eigh(U.T @ Y @ Y.T @ U)
        if np.sum(S > 1e-9) < T.shape[1] or values[-1] - values[:-1].max(initial=-1) < 1e-9:
            continue  # not one point
        w = T @ (Vt.T @ (vectors[:, -1] / S))
        w *= np.sign((X @ w)[signs != 0] @ signs[signs != 0])
        inside = np.all((X @ w * signs)[signs != 0] > 1e-9) and values[-1] > 1e-9
        wanted = inside and not rises(X, Y, w, signs, rng)
        open_ += wanted != (face in held)
        assert wanted or face not in held
    assert open_ <= landscape.doubtful
    assert doubtful in (landscape.doubtful, None)


def test_a_double_eigenvalue_is_a_continuum():
    landscape = OneHiddenLayer([[1, 0], [0, 1]], [[1, 0], [0, 1]], bias=None).landscape()
    best = landscape.global_minimum
    assert (best.kind, best.dimension, best.loss) == ("continuum", 1, 0.5)
    assert landscape.doubtful == 0
    # On its sides, where one sample is left, the loss is the same.
    assert landscape.components[0].tolist() == [0, 1, 2, 3, 4]
    assert landscape.pieces.loss[:5].tolist() == [0.5] * 5


@pytest.mark.parametrize("size", [1e-99, 1e99])
def test_targets_at_the_ends_of_float64(size):
    X, Y = [[0], [1], [2], [3]], np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    expected = OneHiddenLayer(X, Y).landscape().pieces
    pieces = OneHiddenLayer(X, size * Y).landscape().pieces
    assert pieces.loss / size**2 == pytest.approx(expected.loss)
    z = [p.output_weights / np.abs(p.output_weights).max() for p in (pieces[0], expected[0])]
    assert z[0] == pytest.approx(z[1])


def test_targets_of_a_table_with_names():
    pandas = pytest.importorskip("pandas")
    X, Y = [[0], [1], [2]], [[1, 0], [0, 1], [1, 1]]
    layer = OneHiddenLayer(pandas.DataFrame(X), pandas.DataFrame(Y, columns=["a", "b"]))
    assert layer.n_outputs == 2
    assert layer.targets.tolist() == Y


def test_what_is_refused():
    X, Y = [[0], [1], [2]], [[1, 0], [0, 1], [1, 1]]
    with pytest.raises(InputError, match="not convex, and has no landscape here"):
        OneHiddenLayer(X, Y, hidden=2).landscape()
    with pytest.raises(InputError, match="output_bias=True"):
        OneHiddenLayer(X, Y, output_bias=True)
    with pytest.raises(InputError, match="y has one column for it"):
        OneHiddenLayer(X, Y, loss="huber")
    with pytest.raises(InputError, match="is for one output"):
        OneHiddenLayer(X, Y).landscape().saddles()
    with pytest.raises(InputError, match="y has 2 entries, but X has 3 samples"):
        OneHiddenLayer(X, Y[:2])
    with pytest.raises(InputError, match="y, row 1"):
        OneHiddenLayer(X, [[1, 2], [3], [4, 5]])
    with pytest.raises(InputError, match="one output is drawn"):
        plot.slice(OneHiddenLayer(X, Y).landscape())


def test_pieces_are_saved_with_all_outputs(tmp_path):
    landscape = OneHiddenLayer([[0], [1], [2]], [[1, 0], [0, 1], [1, 1]]).landscape()
    landscape.save(tmp_path / "pieces.npz")
    landscape.save(tmp_path / "pieces.csv")
    with np.load(tmp_path / "pieces.npz") as saved:
        assert np.array_equal(saved["output_weights"], landscape.pieces.output_weights)
    heading, first_row, *_ = (tmp_path / "pieces.csv").read_text().splitlines()
    row = dict(zip(heading.split(","), first_row.split(","), strict=True))
    found = float(row["output_weight_0_0"]), float(row["output_weight_0_1"])
    assert found == tuple(landscape.pieces.output_weights[0, 0])


@pytest.mark.parametrize("hidden", [1, 2])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tolerance": -1}, "tolerance=-1 must lie between 0 and 1"),
        ({"tolerance": "a"}, "tolerance='a' must lie"),
        ({"time_limit": "x"}, "time_limit='x' must be"),
        ({"method": "guess"}, "method 'guess' is none of"),
        ({"random_state": -1}, "random_state = -1 is too small"),
        ({"random_state": "a"}, "random_state = 'a' is not an integer"),
    ],
)
def test_arguments_that_are_none(given, message, hidden):
    layer = OneHiddenLayer([[0], [1]], [[1, 0], [0, 1]], hidden=hidden)
    with pytest.raises(InputError, match=message):
        layer.fit_global(**given)


@pytest.mark.parametrize("seed", first(1, [1, 0, *range(2, 20)]))
def test_the_best_network_has_a_bound_that_none_is_below(seed):
    X, _, bias = data_set(seed, largest=6, features=2)
    Y = targets(seed, len(X))
    one = OneHiddenLayer(X, Y, bias=bias)
    best = one.fit_global()
    assert best.status == "optimal"
    assert best.fun == pytest.approx(one.landscape().global_minimum.loss, abs=1e-12)
    two = OneHiddenLayer(X, Y, hidden=2, bias=bias).fit_global(random_state=seed)
    assert two.lower_bound <= two.fun <= best.fun + 1e-9
    assert two.status in ("optimal", "bounded")
    assert np.mean(np.sum((two.predict(X) - Y) ** 2, axis=1)) == pytest.approx(
        two.fun, abs=1e-9
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_targets_of_one_direction_bound_the_known_optimum(seed):
    X, _, bias = data_set(seed, largest=6, features=2)
    y = targets(seed, len(X))[:, 0]
    Y = np.outer(y, [3, 4])
    known = OneHiddenLayer(X, y, hidden=2, bias=bias).fit_global()
    bound = OneHiddenLayer(X, Y, hidden=2, bias=bias).fit_global(random_state=seed)
    assert bound.lower_bound <= 25 * known.fun + 1e-9
    assert bound.fun >= 25 * known.lower_bound - 1e-9


def test_a_network_with_several_outputs_is_a_network():
    layer = OneHiddenLayer([[0], [1], [2]], [[1, 0], [0, 1], [1, 1]])
    best = layer.fit_global()
    assert best.network.forward(np.array([[0.0], [1.0], [2.0]])) == pytest.approx(
        best.predict([[0], [1], [2]])
    )
    assert layer.landscape().global_minimum.predict([[0], [1]]).shape == (2, 2)


@pytest.mark.parametrize(
    ("value", "Y", "turns", "codimension", "answer"),
    [
        (1, [0, 0, 0], [[1, -1, 0], [0, 1, -1]], 2, True),  # positive definite
        (1, [0, 0, 0, 0], [[1, -1, 0, 0], [0, 1, -1, 0], [0, 0, 1, -1]], 2, None),
        (3, [1, 1], [[1, 0], [0, 1]], 2, None),  # the cone may have a kink in between
        (3, [1, 1], [[1, 0], [0, 1]], 1, True),  # opposite rays span no cone
        (3, [1, 1], [[1, 0], [0, 1], [-1, 0], [0, -1]], 2, False),
        (1, [1, 0], [[1, 0], [0, 1]], 2, False),
        (2, [1, 0], [[1, 0], [0, 1]], 2, True),
    ],
)
def test_the_form_on_rays_of_no_slope_is_copositive_or_open(
    value, Y, turns, codimension, answer
):
    # The form is value·I − 2·Y Yᵀ between the turns, no face's own directions.
    turns, Y = np.array(turns, dtype=object), np.array(Y, dtype=object)[:, None]
    decider = SimpleNamespace(
        Y=Y, exact_turns=lambda face: turns, faces=SimpleNamespace(codimension=[codimension])
    )
    none = np.zeros((len(Y), 0), dtype=object)
    rays = np.arange(len(turns))
    found = RankOneDecider._copositive(decider, 0, rays, none, value, 2)
    assert found is answer
