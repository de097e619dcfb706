"""The share of cells with a differentiable minimum."""

import csv
import io
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from scipy.optimize import linprog

from arrangement import InputError, SizeError
from arrangement.bounds import cover
from arrangement.data.samples import DataSet, gaussian, iris, prepare
from arrangement.relu import OneHiddenLayer
from benchmarks import minima_probability as experiment
from benchmarks.minima_probability import (
    DIFFERENTIABLE,
    Groups,
    drawn_share,
    minima_probability,
)
from tests.amounts import first

SHARES = {  # percent, Gaussian x and labels ±1, two inputs, seeds 0 to 19
    None: {5: 28, 10: 11, 20: 3.5},
    1.0: {5: 26, 10: 9, 20: 3},
}


def share_by_definition(X, y, hidden):
    """Tuples of cells with a solution of the normal equations inside, by linear programs."""
    signs = OneHiddenLayer(X, y, bias=None).arrangement.cells().signs.astype(float)
    d, count, holding = X.shape[1], 0, 0
    for cells in combinations_with_replacement(range(len(signs)), hidden):
        count += 1
        masks = (signs[list(cells)] > 0).astype(float)
        if not masks.any(axis=1).all():
            continue
        A = np.concatenate([mask[:, None] * X for mask in masks], axis=1)
        for outputs in product((1, -1), repeat=hidden):
            # max t ≤ 1 with σ_i s_j R_j·x_i ≥ t for all i, j, and AᵀA R = Aᵀ y
            inside = np.zeros((hidden * len(X), hidden * d + 1))
            inside[:, -1] = 1
            for j, (k, s) in enumerate(zip(cells, outputs, strict=True)):
                rows = slice(j * len(X), (j + 1) * len(X))
                inside[rows, j * d : (j + 1) * d] = -s * signs[k][:, None] * X
            normal = np.column_stack([A.T @ A, np.zeros(len(A.T))])
            found = linprog(
                np.append(np.zeros(hidden * d), -1),
                inside,
                np.zeros(len(inside)),
                normal,
                A.T @ y,
                [(None, None)] * (hidden * d) + [(None, 1)],
            )
            if found.status == 0 and -found.fun > 1e-7:
                holding += 1
                break
    return holding / count


def rows_of(X, y):
    """A source that gives the same samples whatever is asked for."""
    return lambda samples, features, seed: DataSet(X, y, "given")


@pytest.mark.parametrize("bias", first(1, [None, 1.0]))
def test_shares_of_one_neuron_on_gaussian_samples(bias):
    table = minima_probability(samples=[5, 10, 20], seeds=range(20), bias=bias)
    expected = np.array(list(SHARES[bias].values())) / 100
    assert np.all(np.abs(table.share - expected) < 0.005)
    assert np.all(np.abs(table.share - expected) < table.standard_error)
    assert table.looked_at.tolist() == table.cells.tolist() == table.tuples.tolist()
    assert not table.doubtful.any()


@pytest.mark.slow
@pytest.mark.parametrize("bias", [None, 1.0])
def test_shares_over_many_seeds(bias):
    few = minima_probability(samples=[5, 10, 20], seeds=range(20), bias=bias)
    many = minima_probability(samples=[5, 10, 20], seeds=range(20, 420), bias=bias)
    error = np.hypot(few.standard_error, many.standard_error)
    assert np.all(np.abs(few.share - many.share) < 3 * error)
    assert np.all(many.standard_error < 0.01)


@pytest.mark.parametrize(
    ("n", "hidden"),
    [(6, 1), (9, 1), (4, 2), pytest.param(5, 2, marks=pytest.mark.slow)],
)
def test_share_is_that_of_the_definition(n, hidden):
    table = minima_probability(samples=[n], hidden=[hidden], seeds=[1], bias=None)
    for seed, share in zip(table.seeds, table.shares[0], strict=True):
        data = gaussian(n, 2, int(seed))
        assert share == share_by_definition(data.X, data.y, hidden)


@pytest.mark.parametrize("hidden", [1, 2])
def test_degenerate_samples(hidden):
    X = np.array([[1.0, 0.0], [1.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    y = np.array([1.0, 2.0, -1.0, 1.0, 3.0])
    table = minima_probability(rows_of(X, y), [5], [2], [hidden], [0], bias=None)
    assert table.shares[0, 0] == share_by_definition(X, y, hidden)


def test_targets_zero():
    # R_1 + R_2 = 0 has z ≠ 0 in both only if they are in one of the three cells not dead.
    table = minima_probability(
        rows_of(np.eye(2), np.zeros(2)), [2], [2], [1, 2], [0], bias=None
    )
    assert table.share.tolist() == [0, 3 / 10]


@pytest.mark.parametrize(
    "options", first(1, [{}, {"output_bias": True}, {"negative_slope": 0.1}])
)
def test_share_is_that_of_the_landscape(options):
    table = minima_probability(gaussian, [5], [1], [2], range(2), **options)
    for seed, share in zip(range(2), table.shares[0], strict=True):
        data = gaussian(5, 1, seed)
        landscape = OneHiddenLayer(data.X, data.y, 2, **options).landscape()
        pieces = landscape.pieces
        differentiable = np.isin(pieces.kind, ["isolated", "continuum"])
        nodes = len(landscape.graph)
        assert share == len(np.unique(pieces.faces[differentiable], axis=0)) / nodes
        only = landscape.problem.landscape(kinds=("isolated", "continuum"))
        assert share == only.attained.mean()


def test_rows_are_all_combinations():
    table = minima_probability(samples=[4, 6], features=[1, 2], hidden=[1, 2], seeds=[3, 5])
    assert table.features.tolist() == [1] * 4 + [2] * 4
    assert table.dimension.tolist() == [2] * 4 + [3] * 4
    assert table.hidden.tolist() == [1, 1, 2, 2] * 2
    assert table.samples.tolist() == [4, 6] * 4
    assert table.seeds.tolist() == [3, 5]
    alone = minima_probability(gaussian, [6], [2], [2], [5])
    assert table.shares[-1, 1] == alone.shares[0, 0]
    assert np.array_equal(table.share, table.shares.mean(axis=1))
    half = np.abs(table.shares[:, 0] - table.shares[:, 1]) / 2
    assert np.allclose(table.standard_error, half)


def test_shares_of_single_data_sets():
    table = minima_probability(samples=[5, 10], seeds=range(4), bias=None)
    assert table.shares.tolist() == [[0.2, 0.5, 0.3, 0.2], [0.1, 0.1, 0.15, 0.15]]
    assert table.share.tolist() == [0.3, 0.125]
    assert table.standard_error.round(4).tolist() == [0.0707, 0.0144]
    cells = table.markdown().splitlines()[2].split("|")
    assert [cell.strip() for cell in cells[1:7]] == ["5", "2", "1", "10", "10", "30.0 ± 7.1 %"]


def test_an_executor_and_progress():
    calls = []
    arguments = {"samples": [4, 7], "hidden": [1, 2], "seeds": range(3)}
    with ThreadPoolExecutor(2) as executor:
        table = minima_probability(
            **arguments, executor=executor, progress=lambda *call: calls.append(call)
        )
    assert calls == [(k, 12) for k in range(1, 13)]
    assert np.array_equal(table.shares, minima_probability(**arguments).shares)


@pytest.mark.slow
@pytest.mark.parametrize("hidden", [2, 3])
def test_drawn_tuples_are_unbiased(hidden):
    data = gaussian(6, 1 if hidden == 3 else 2)
    layer = OneHiddenLayer(data.X, data.y, hidden)
    search = layer.search(layer.faces(codimensions=1), kinds=DIFFERENTIABLE)
    active = minima_probability(gaussian, [6], [data.X.shape[1]], [hidden], [0])
    m, n = int(active.cells[0, 0]), len(search.positions)
    assert m > n
    in_all = active.share[0] * active.tuples[0, 0]
    count = len(list(combinations_with_replacement(range(n), hidden)))
    rng = np.random.default_rng(0)
    found = np.array(
        [drawn_share(search, Groups.drawn(n, hidden, 96, rng))[1] for _ in range(200)]
    )
    assert abs(found.mean() - in_all / count) < 3.5 * found.std() / 200**0.5
    assert 0 < found.std() / 200**0.5 < 0.1 * found.mean()


@pytest.mark.slow
def test_drawn_shares_are_of_all_tuples():
    arguments = {"samples": [4], "features": [1], "hidden": [2], "seeds": range(80)}
    exact, drawn = minima_probability(**arguments), minima_probability(**arguments, draws=20)
    assert np.all(drawn.looked_at < drawn.tuples)
    off = (drawn.shares - exact.shares)[0]
    assert abs(off.mean()) < 3 * off.std() / 80**0.5
    assert off.std() / 80**0.5 < 0.06 * exact.share[0]


@pytest.mark.slow
def test_draws_of_a_large_problem():
    table = minima_probability(samples=[8, 40], hidden=[3], seeds=range(2), draws=2000)
    assert np.all(table.looked_at <= 2000)
    assert np.all(table.looked_at > 0)
    assert table.tuples[1].tolist() == [636_393_164] * 2
    few = minima_probability(samples=[8], hidden=[1, 2], seeds=range(2), draws=10**9)
    assert np.array_equal(few.looked_at, few.tuples)
    assert "drawn" in table.markdown()
    assert "drawn" not in few.markdown()


@pytest.mark.slow
@pytest.mark.parametrize("bias", [None, pytest.param(1.0, marks=pytest.mark.slow)])
@pytest.mark.parametrize("slope", first(1, [0.0, 0.1]))
def test_cells_in_portions_give_the_same(monkeypatch, bias, slope):
    arguments = {"samples": [4, 9], "hidden": [1, 2], "seeds": range(3)}
    arguments |= {"bias": bias, "negative_slope": slope}
    kept = minima_probability(**arguments)
    drawn = minima_probability(**{**arguments, "seeds": range(40)}, draws=64)
    monkeypatch.setattr(experiment, "PORTION", 16)
    streamed = minima_probability(**arguments)
    for name in ("cells", "tuples", "doubtful"):
        assert np.array_equal(getattr(streamed, name), getattr(kept, name))
    assert np.array_equal(streamed.shares[:2], kept.shares[:2])  # all cells of one neuron
    again = minima_probability(**{**arguments, "seeds": range(40)}, draws=64)
    assert np.array_equal(again.looked_at, drawn.looked_at)
    error = np.hypot(again.standard_error, drawn.standard_error)
    assert np.all(abs(again.share - drawn.share) <= 4 * error)


@pytest.mark.processes
def test_many_cells_take_little_memory():
    code = (
        "from benchmarks.minima_probability import gaussian, minima_probability\n"
        "import resource\n"
        "minima_probability(gaussian, [6], [2], [2], [0], draws=50)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "table = minima_probability(gaussian, [45], [5], [2], [0], draws=200)\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(int(table.cells[0, 0]), after - before)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cells, kibibytes = map(int, done.stdout.split())
    assert cells == cover(45, 6)
    assert 45 * cells > 100_000_000  # bytes of their signs alone
    assert kibibytes < 60_000


def test_too_many_cells_to_draw_from_are_refused():
    with pytest.raises(SizeError, match="all cells are gone through once"):
        minima_probability(gaussian, [500], [5], [2], draws=200)


def test_data_of_ones_own():
    data = iris()

    def source(samples, features, seed):
        return prepare(data, [0, 1], samples, features, "lsh", labels="sign", seed=seed)

    table = minima_probability(source, samples=[6, 20], seeds=range(5))
    assert table.share[0] > table.share[1] > 0


def test_a_source_that_gives_other_samples():
    with pytest.raises(InputError, match="gaussian: 3 samples of 2 features, where 5 of 2"):
        minima_probability(lambda n, d, seed: gaussian(3, 2), [5])


def test_what_takes_too_long_is_refused_at_once():
    def never(samples, features, seed):
        raise AssertionError

    started = time.process_time()
    with pytest.raises(SizeError) as caught:
        minima_probability(never, [5, 100], [3], [3])
    assert time.process_time() - started < 0.1
    for part in ("(100 samples, 3 features and a bias, 3 neurons)", "years", "draw some"):
        assert part in str(caught.value)


def test_more_tuples_than_float64_counts_are_refused():
    with pytest.raises(SizeError, match="more than a billion years"):
        minima_probability(gaussian, [200], [3], [100], draws=10)


def test_the_table_as_text():
    table = minima_probability(samples=[5, 10], seeds=range(4))
    stream = io.StringIO(table.markdown())
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in stream]
    assert lines[0] == ["N", "d", "K", "cells", "tuples", "share", "seconds"]
    assert lines[2][:5] == ["5", "3", "1", "22", "22"]
    mean, error = 100 * table.share[0], 100 * table.standard_error[0]
    assert lines[2][5] == f"{mean:.1f} ± {error:.1f} %"
    single = minima_probability(samples=[5], seeds=[0])
    assert np.isnan(single.standard_error).all()
    assert "±" not in single.markdown()


def test_gaussian_samples():
    data = gaussian(400, 3, seed=7)
    assert data.X.shape == (400, 3)
    assert set(data.y) == {-1.0, 1.0}
    assert abs(data.X.mean()) < 0.1
    assert abs(data.X.std() - 1) < 0.1
    assert abs(data.y.mean()) < 0.2
    assert not np.array_equal(data.X, gaussian(400, 3).X)
    with pytest.raises(InputError, match="features = 0"):
        gaussian(3, 0)


# --- picture ---


@pytest.mark.slow
def test_the_picture():
    pytest.importorskip("matplotlib")
    table = minima_probability(gaussian, [5, 7, 10], [1, 2], [1, 2], range(2))
    figure = experiment.draw(table)
    (axes,) = figure.axes
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["d = 2, K = 1", "d = 2, K = 2", "d = 3, K = 1", "d = 3, K = 2"]
    drawn = sorted(np.concatenate([line[0].get_ydata() for line in axes.containers]))
    assert np.allclose(drawn, sorted(table.share))
    figure.canvas.draw()
    assert [text.get_text() for text in axes.get_xticklabels()] == ["5", "7", "10"]
    assert "10 %" in [text.get_text() for text in axes.get_yticklabels()]


def test_shares_of_zero_are_triangles(tmp_path):
    pytest.importorskip("matplotlib")
    table = minima_probability(
        rows_of(np.eye(2), np.zeros(2)), [2], [2], [1, 2], [0], bias=None
    )
    figure = experiment.draw(table, tmp_path / "zero.png", title="nothing")
    names = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert names[-1] == "none found"
    marks = [line for line in figure.axes[0].lines if line.get_marker() == "v"]
    assert [line.get_ydata().tolist() for line in marks] == [[1 / 4], []]
    assert (tmp_path / "zero.png").read_bytes().startswith(b"\x89PNG")


# --- command line ---


@pytest.fixture
def run(capfd):
    def run(*arguments):
        code = 0
        try:
            experiment.main(list(map(str, arguments)))
        except SystemExit as end:
            code = end.code
        return (code, *capfd.readouterr())

    return run


GAUSSIAN = ("--data", "gaussian", "--samples", 5, 10, "--features", 2, "--seeds", 3)


def test_sweep_for_reading(run):
    table = minima_probability(samples=[5, 10], seeds=range(4, 7), bias=None)
    code, out, err = run(*GAUSSIAN, "--seed", 4, "--bias", "none", "--jobs", 2)
    assert (code, err) == (0, "")
    cut = [line.rsplit("|", 2)[0] for line in out.splitlines()]
    assert cut == [line.rsplit("|", 2)[0] for line in table.markdown().splitlines()]


@pytest.mark.slow
def test_sweep_as_json_csv_and_picture(run, tmp_path):
    pytest.importorskip("matplotlib")
    files = "--out", tmp_path / "table.csv", "--plot", tmp_path / "table.png"
    code, out, err = run(*GAUSSIAN, "--hidden", 1, 2, "--json", *files)
    assert (code, err) == (0, "")
    found = json.loads(out)
    table = minima_probability(samples=[5, 10], hidden=[1, 2], seeds=range(3))
    assert found["data"] == "gaussian"
    assert [row["share"] for row in found["rows"]] == table.share.tolist()
    with open(tmp_path / "table.csv", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == list(table.rows()[0])
    assert [float(row["standard_error"]) for row in rows] == table.standard_error.tolist()
    assert [int(row["hidden"]) for row in rows] == [1, 1, 2, 2]
    assert (tmp_path / "table.png").read_bytes().startswith(b"\x89PNG")


def test_sweep_over_a_data_set(run):
    pytest.importorskip("sklearn")
    arguments = ["--classes", 2, 0, "--reduction", "lsh", "--labels", "sign", "--no-normalise"]
    code, out, _ = run(
        "--data", "iris", *arguments, "--samples", 7, "--features", 2, "--hidden", 2,
        "--seeds", 2, "--draws", 60, "--json",
    )  # fmt: skip
    data = iris()
    prepared = partial(prepare, data, [2, 0], reduction="lsh", normalise=False, labels="sign")
    table = minima_probability(
        lambda n, d, seed: prepared(samples=n, features=d, seed=seed),
        [7],
        [2],
        [2],
        range(2),
        draws=60,
    )
    assert code == 0
    (row,) = json.loads(out)["rows"]
    assert row["share"] == table.share[0] > 0
    assert row["looked_at"] == table.looked_at.sum() < table.tuples.sum()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--data gaussian --samples 5", "of how many samples and features? give one"),
        ("--data iris --features 2", "of how many samples and features? give one"),
        ("--data gaussian --samples 0 --features 2", "--samples: 0 is too small"),
        ("--data gaussian --samples 5 --features 2 --hidden 1.5", "--hidden: invalid"),
        ("--data gaussian --samples 5 --features 2 --seeds 0", "--seeds: 0 is too small"),
        ("--data gaussian --samples 5 --features 2 --draws 0", "--draws: 0 is too small"),
        ("--data gaussian --samples 5 --features 2 --seed -1", "seed"),
        ("--data gaussian --samples 5 --features 2 --out a.npz", "suffix of the file must be"),
        ("--data gaussian --samples 5 --features 2 --plot a.txt", "--plot a.txt: a picture's"),
        ("--data irises --samples 5 --features 2", "irises: neither a data set"),
        ("--data gaussian --samples 99 --features 3 --hidden 3", "years on one core"),
    ],
)
def test_refused_sweeps(run, arguments, message):
    code, out, err = run(*arguments.split())
    assert (code, out) == (2, "")
    assert message in err.splitlines()[-1]
