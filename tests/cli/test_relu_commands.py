"""The commands for networks: landscape, train, convex."""

import csv
import re

import networkx as nx
import numpy as np
import pytest

from arrangement.data.samples import load, prepare
from arrangement.networks import Network
from arrangement.relu import OneHiddenLayer, sampled_basins, sampled_cells
from arrangement.relu.minima import settling
from arrangement.relu.training import convex
from tests.amounts import first

# --- landscape ---

SAMPLES = "x,kind\n0,1\n1,2\n2,4\n3,3\n"
X, Y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([1.0, 2.0, 4.0, 3.0])


def test_landscape_of_a_table(facts):
    found = facts("landscape", "--data", "-", "--no-normalise", stdin=SAMPLES)
    expected = OneHiddenLayer(X, Y).landscape()
    best = expected.global_minimum
    assert (found["data"], found["samples"], found["features"]) == ("<stdin>", 4, 1)
    assert (found["dimension"], found["cells"]) == (2, len(expected.cells))
    assert found["edges"] == len(expected.cells.edges)
    assert sum(found["pieces"].values()) == len(expected.pieces)
    assert found["cells_holding_a_minimum"] == pytest.approx(expected.attained.mean())
    assert found["number_of_cells_holding_a_minimum"] == int(expected.attained.sum())
    assert found["facets_holding_a_minimum"] == int(expected.boundary_minimum.sum())
    assert found["global_minimum"]["loss"] == pytest.approx(best.loss)
    assert found["global_minimum"]["kind"] == best.kind
    assert np.allclose(found["global_minimum"]["weights"], best.weights)
    assert set(found["global_minimum"]["signs"][0]) <= set("+-0")


def test_landscape_for_reading(run):
    code, out, err = run("landscape", "--data", "-", "--no-normalise", stdin=SAMPLES)
    assert (code, err) == (0, "")
    expected = OneHiddenLayer(X, Y).landscape()
    best = expected.global_minimum
    rows = {line[:25].strip(): line[25:].strip() for line in out.splitlines()}
    assert rows["pieces"].startswith(f"{len(expected.pieces)} (")
    assert rows["global minimum"] == f"loss {best.loss:.6g} ({best.kind})"
    held, share = expected.attained.sum(), expected.attained.mean()
    assert rows["cells holding a minimum"] == f"{held} of {len(expected.cells)} ({share:.1%})"


@pytest.mark.parametrize("loss", ["huber", "log_cosh", "logistic"])
def test_landscape_of_another_loss(facts, loss):
    labels = ["--labels", "sign"] if loss == "logistic" else ["--threshold", 0.5]
    stdin = "x,kind\n0,1\n1,2\n2,1\n3,2\n" if loss == "logistic" else SAMPLES
    found = facts(
        "landscape", "--data", "-", "--no-normalise", "--loss", loss, *labels, stdin=stdin
    )
    y, threshold = ([-1, 1, -1, 1], 1.0) if loss == "logistic" else (Y, 0.5)
    expected = OneHiddenLayer(X, y, loss=loss, threshold=threshold).landscape()
    assert found["loss_function"] == loss
    assert sum(found["pieces"].values()) == len(expected.pieces)
    assert found["global_minimum"]["loss"] == expected.global_minimum.loss
    limits = expected.falling[2]
    assert found["faces_on_which_it_falls_for_ever"] == len(limits)
    assert found["least_limit_on_these"] == (limits.min() if len(limits) else None)
    assert found["may_be_lower_without_a_minimum"] == expected.may_be_lower


@pytest.mark.slow
def test_landscape_of_another_loss_for_reading(run):
    stdin = "x,kind\n0,1\n1,2\n2,1\n3,2\n"
    given = "landscape", "--data", "-", "--no-normalise", "--loss", "logistic"
    code, out, _ = run(*given, "--labels", "sign", stdin=stdin)
    assert code == 0
    assert "without a minimum the loss falls towards 0.51986" in out
    bump = "x,kind\n0,1\n0,2\n1,1\n3,1\n3,2\n"
    for hidden, told in ("1", False), ("2", True):
        code, out, _ = run(*given, "--labels", "sign", "--hidden", hidden, stdin=bump)
        assert code == 0
        assert ("without a minimum the loss may be lower" in out) == told
    code, _, err = run(*given, stdin=stdin)
    assert code == 2
    assert "labels −1 and +1" in err
    code, _, err = run(*given, "--labels", "sign", "--saddles", stdin=stdin)
    assert (code, err.count("\n")) == (2, 1)
    assert "--saddles is for the squared loss" in err


def test_landscape_basins(facts, run):
    arguments = ["landscape", "--data", "-", "--no-normalise", "--basins", 5, "--seed", 2]
    found = facts(*arguments, "--initialisation", "torch", stdin=SAMPLES)["basins"]
    landscape = OneHiddenLayer(X, Y).landscape()
    expected = sampled_basins(landscape, 5, "torch", random_state=2)
    assert found == expected.to_dict()
    code, out, _ = run(*arguments, stdin=SAMPLES)
    assert code == 0
    assert "5 runs ended in" in out
    assert re.search(r"^row +loss +kind +runs +share +low +high$", out, re.MULTILINE)


def test_landscape_options_reach_the_data_and_the_problem(facts):
    pytest.importorskip("sklearn")
    found = facts(
        "landscape", "--data", "iris", "--classes", 2, 0, "--samples", 13, "--features", 2,
        "--reduction", "lsh", "--labels", "sign", "--bias", "none", "--seed", 4,
        "--no-normalise", "--hidden", 1,
    )  # fmt: skip
    data = prepare(load("iris"), [2, 0], 13, 2, "lsh", False, "sign", 4)
    expected = OneHiddenLayer(data.X, data.y, bias=None).landscape()
    assert (found["samples"], found["features"], found["dimension"]) == (13, 2, 2)
    assert found["global_minimum"]["loss"] == pytest.approx(expected.global_minimum.loss)


def test_landscape_is_written_and_drawn(facts, tmp_path):
    pytest.importorskip("matplotlib")
    graph, picture = tmp_path / "a.graphml", tmp_path / "a.png"
    found = facts(
        "landscape", "--data", "-", "--graphml", graph, "--plot", picture, stdin=SAMPLES
    )
    cells = nx.read_graphml(graph)
    assert cells.number_of_nodes() == found["cells"]
    assert cells.number_of_edges() == found["edges"]
    attained = [data["attained"] for _, data in cells.nodes(data=True)]
    assert sum(attained) / len(attained) == found["cells_holding_a_minimum"]
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--classes 9", "<stdin>: no class '9'; the classes are 1, 2, 3, 4"),
        ("--samples 5", "<stdin>: 5 samples of the data asked for, there are 4"),
        ("--samples 0", "samples = 0 is too small"),
        (
            "--features 2",
            "<stdin>: 2 features asked for, but the 4 centred samples have rank 1",
        ),
        ("--features 2 --reduction none", "<stdin>: 2 features asked for, there are 1"),
        ("--labels sign", "<stdin>: labels 'sign' need two classes, not 4"),
        ("--reduction lsh", "--reduction lsh: to how many? give --features D"),
        ("--target y", "<stdin>: no column 'y'; the columns are x, kind"),
        ("--hidden 0", "hidden=0"),
        ("--negative-slope 1/3", "--negative-slope: '1/3' is no float64, and would be rounded"),
        ("--negative-slope nan", "--negative-slope: 'nan' is not a number"),
        ("--seed -1", "seed = -1 is too small"),
        (
            "--bias 0",
            "bias=0 appends a coordinate that is always 0; for no bias give None ('none' on",
        ),
    ],
)
def test_bad_choices_of_data(refused, arguments, message):
    found = refused("landscape", "--data", "-", *arguments.split(), stdin=SAMPLES)
    assert found.startswith(message)


def test_landscape_with_the_index_of_every_critical_point(facts, run, tmp_path):
    options = "landscape", "--data", "-", "--hidden", 2, "--no-normalise", "--index"
    table = "x,y\n0,1\n1,1\n2,-1\n"
    found = facts(*options, stdin=table)
    expected = (
        OneHiddenLayer([[0], [1], [2]], [1, 1, -1], hidden=2).landscape().critical_points()
    )
    assert found["critical_points"] == expected.to_dict()
    assert max(found["critical_points"]["index"]) > 0
    code, out, err = run(*options, stdin=table)
    told, rows = out.split("\n\n")
    assert (code, err) == (0, "")
    assert f"{len(expected):,} ({(expected.index == 0).sum()} of index 0, " in told
    heading, first, *others = rows.splitlines()
    assert heading.split()[:5] == ["loss", "kind", "-", "0", "+"]
    assert [int(v) for v in first.split()[2:5]] == expected.inertia[0].tolist()
    assert others[-1] == f"({len(expected) - 20:,} more: --json has all)"
    pytest.importorskip("matplotlib")
    picture = tmp_path / "a.png"
    facts(*options, "--plot", picture, "--plot-kind", "index", stdin=table)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_an_index_of_nothing(run):
    options = "--data", "-", "--hidden", 1, "--index", "--max-loss", 0
    code, out, err = run("landscape", *options, stdin=SAMPLES)
    assert (code, err) == (0, "")
    assert re.search(r"^critical points +none\n", out, re.M)
    assert "multiplicity" not in out


def test_without_faces_there_are_no_saddles_on_faces(facts):
    found = facts(
        "landscape", "--data", "-", "--hidden", 2, "--index", "--kinds", "isolated", "dead",
        "--max-loss", 5, stdin=SAMPLES,
    )["critical_points"]  # fmt: skip
    assert set(found["codimension"]) == {0}
    assert max(found["loss"]) <= 5


def test_landscape_of_several_neurons(facts):
    found = facts(
        "landscape", "--data", "-", "--hidden", 2, "--no-normalise", "--saddles", stdin=SAMPLES
    )
    expected = OneHiddenLayer(X, Y, hidden=2).landscape()
    assert found["hidden"] == 2
    assert sum(found["pieces"].values()) == len(expected.pieces)
    assert found["components"] == len(expected.components)
    assert found["saddles"] == len(expected.saddles())
    assert found["number_of_tuples_of_cells_holding_a_minimum"] == int(expected.attained.sum())
    assert found["facets_holding_a_minimum"] == int(expected.boundary_minimum.sum())
    assert found["undecided_pieces"] == int((~expected.pieces.decided).sum())
    assert found["doubtful_tuples"] == expected.doubtful


def test_landscape_options_reach_the_search(facts):
    command = ["landscape", "--data", "-", "--hidden", 2, "--no-normalise"]
    found = facts(
        *command, "--max-loss", 0.4, "--kinds", "continuum", "boundary", "--exact",
        "--output-bias", "--negative-slope", 0.25, stdin=SAMPLES,
    )  # fmt: skip
    layer = OneHiddenLayer(X, Y, 2, output_bias=True, negative_slope=0.25)
    expected = layer.landscape(max_loss=0.4, kinds=["continuum", "boundary"], exact=True)
    assert sum(found["pieces"].values()) == len(expected.pieces) > 0
    assert set(found["pieces"]) == set(expected.pieces.kind)
    assert found["undecided_pieces"] == 0
    assert "global_minimum" not in found  # of two kinds only
    assert found["least_of_these"]["loss"] == expected.pieces[0].loss
    assert found["least_of_these"]["decided"]
    full = facts(*command, "--jobs", 2, stdin=SAMPLES)
    assert sum(full["pieces"].values()) == len(OneHiddenLayer(X, Y, 2).landscape().pieces)


def test_exact_settles_what_is_undecided(run, facts, monkeypatch):
    monkeypatch.setattr(settling, "SECONDS", 0.0)  # else it is settled without being asked
    monkeypatch.setattr(settling, "SECONDS_PER_TUPLE", 0.0)
    command = ["landscape", "--data", "-", "--hidden", 2, "--no-normalise"]
    table = "0.2,0.3\n-0.1,-0.1\n0,0.1\n0.3,0.3\n0.2,0.1\n"  # 0.3/0.1 is not 3 in float64
    rough, exact = (facts(*command, *more, stdin=table) for more in ([], ["--exact"]))
    assert rough["undecided_pieces"] > 0 < rough["doubtful_tuples"]
    assert (exact["undecided_pieces"], exact["doubtful_tuples"]) == (0, 0)
    assert (rough["exact"], exact["exact"]) == (False, True)
    assert run(*command, stdin=table)[1].count("; --exact decides") == 2


def test_a_landscape_without_pieces_is_told_and_not_drawn(run, refused, tmp_path):
    command = ["landscape", "--data", "-", "--max-loss", "1e-9", "--kinds", "isolated"]
    code, out, err = run(*command, stdin=SAMPLES)
    assert (code, err) == (0, "")
    rows = {line[:25].strip(): line[25:].strip() for line in out.splitlines()}
    assert (rows["pieces"], rows["least of these"]) == ("none", "none")
    pytest.importorskip("matplotlib")
    outputs = ["--plot", tmp_path / "a.png", "--graphml", tmp_path / "a.graphml"]
    assert "no minimum of this loss" in refused(*command, *outputs, stdin=SAMPLES)
    assert list(tmp_path.iterdir()) == []


def test_pieces_are_saved(facts, tmp_path):
    command = ["landscape", "--data", "-", "--hidden", 2, "--no-normalise"]
    for name in ("a.npz", "a.csv"):
        facts(*command, "--out", tmp_path / name, stdin=SAMPLES)
    expected = OneHiddenLayer(X, Y, 2).landscape()
    pieces = expected.pieces
    with np.load(tmp_path / "a.npz") as saved:
        for name in ("loss", "kind", "dimension", "margin", "decided", "output_signs"):
            assert np.array_equal(saved[name], getattr(pieces, name)), name
        assert np.array_equal(saved["component"], expected.component)
        assert np.array_equal(saved["signs"], pieces.signs)
        assert np.allclose(saved["weights"], pieces.weights)
    with open(tmp_path / "a.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(pieces)
    for row, piece, component in zip(rows, pieces, expected.component, strict=True):
        assert (float(row["loss"]), row["kind"]) == (piece.loss, piece.kind)
        assert int(row["component"]) == component
        for j in range(2):
            assert row[f"signs_{j}"] == "".join("-0+"[s + 1] for s in piece.signs[j])
            weights = [float(row[f"w_{j}_{i}"]) for i in range(2)]
            assert np.allclose(weights, piece.weights[j])
            assert int(row[f"output_weight_{j}"]) == piece.output_weights[j]


@pytest.mark.parametrize("kind", first(1, ["weights", "spectrum", "slice"]))
def test_every_kind_of_picture(facts, kind, tmp_path):
    pytest.importorskip("matplotlib")
    command = ["landscape", "--data", "-", "--hidden", 1 if kind == "weights" else 2]
    facts(*command, "--plot", tmp_path / "a.svg", "--plot-kind", kind, stdin=SAMPLES)
    text = (tmp_path / "a.svg").read_text()
    words = {"weights": "lower bound of", "spectrum": "all pairs of", "slice": "from A tow"}
    for name, word in words.items():
        assert (word in text) == (name == kind)
    assert "stdin&gt; (4 labels), 1 feature" in text.replace(">", "&gt;")


def test_the_graph_of_several_neurons(facts, tmp_path):
    found = facts(
        "landscape", "--data", "-", "--hidden", 2, "--graphml", tmp_path / "a.graphml.gz",
        stdin=SAMPLES,
    )  # fmt: skip
    graph = nx.read_graphml(tmp_path / "a.graphml.gz")
    m = found["cells"]
    assert graph.number_of_nodes() == m * (m + 1) // 2
    assert graph.number_of_edges() == found["edges"] * m
    held = sum(data["attained"] for _, data in graph.nodes(data=True))
    assert held == found["number_of_tuples_of_cells_holding_a_minimum"]


# --- train ---


def outputs_of_saved(path, samples):
    """What the network in a file computes, layer by layer."""
    with np.load(path) as saved:
        inner = samples @ saved["weights_0"].T + saved["biases_0"]
        slope = float(saved["negative_slope"]) if "negative_slope" in saved else 0.0
        active = np.where(inner > 0, inner, slope * inner)
        return (active @ saved["weights_1"].T + saved["biases_1"])[:, 0]


@pytest.mark.parametrize("more", [[], ["--output-bias", "--negative-slope", 0.1, "--bias", 2]])
def test_train(facts, more, tmp_path):
    command = ["train", "--data", "-", "--no-normalise", *more]
    found = facts(*command, "--out", tmp_path / "a.npz", stdin=SAMPLES)
    layer = OneHiddenLayer(X, Y)
    if more:
        layer = OneHiddenLayer(X, Y, bias=2, output_bias=True, negative_slope=0.1)
    least = layer.landscape().global_minimum.loss
    assert found["loss"] == pytest.approx(least)
    assert found["status"] == "optimal"
    assert 0 <= found["gap"] == pytest.approx(found["loss"] - found["lower_bound"])
    assert found["certificate"]["open"] == 0
    outputs = outputs_of_saved(tmp_path / "a.npz", X)
    assert np.mean((outputs - Y) ** 2) == pytest.approx(found["loss"])


def test_train_for_reading(run):
    code, out, err = run("train", "--data", "-", "--hidden", 2, stdin=SAMPLES)
    assert (code, err) == (0, "")
    rows = {line[:13].strip(): line[13:].strip() for line in out.splitlines()}
    assert rows["status"] == "optimal"
    assert float(rows["loss"]) >= float(rows["lower bound"])
    assert rows["certificate"].startswith("branch over 8 cells, 36 tuples of cells; ")
    assert out.isascii()


@pytest.mark.parametrize(
    ("samples", "start"), [(60, "cones of directions; "), (12, "branch without cells; ")]
)
def test_train_says_what_was_searched_without_cells(samples, start, run):
    rng = np.random.default_rng(0)
    table = "".join(f"{a},{b},{c}\n" for a, b, c in rng.normal(size=(samples, 3)))
    command = ["train", "--data", "-", "--hidden", 2, "--time-limit", 0]
    code, out, err = run(*command, stdin=table)
    assert (code, err) == (0, "")
    certificate = next(row for row in out.splitlines() if row.startswith("certificate"))
    assert certificate[13:].strip().startswith(start)


def test_train_that_is_stopped_has_a_valid_bound(facts):
    rng = np.random.default_rng(0)
    table = "".join(f"{a},{b},{c}\n" for a, b, c in rng.normal(size=(14, 3)))
    command = ["train", "--data", "-", "--hidden", 2]
    stopped = facts(*command, "--time-limit", 0, stdin=table)
    assert stopped["status"] == "time_limit"
    assert stopped["certificate"]["open"] > 0
    done = facts(*command, "--tolerance", 1e-6, stdin=table)
    assert done["status"] == "optimal"
    assert done["certificate"]["tolerance"] == pytest.approx(
        stopped["certificate"]["tolerance"] * 100
    )
    assert stopped["lower_bound"] <= done["loss"] <= stopped["loss"]


# --- convex ---


def test_convex(facts, tmp_path):
    pytest.importorskip("cvxpy")
    found = facts(
        "convex", "--data", "-", "--no-normalise", "--beta", "1/8", "--sampled", 2, "--seed", 3,
        "--out", tmp_path / "a.npz", stdin=SAMPLES,
    )  # fmt: skip
    expected = convex.train(X, Y, 0.125)
    assert found["beta"] == 0.125
    assert found["optimum"] == pytest.approx(expected.fun)
    assert found["dual_value"] == pytest.approx(expected.lower_bound)
    assert abs(found["gap"]) < 1e-7
    assert (found["patterns"], found["complete"]) == (8, True)
    assert found["neurons"] == len(found["weights"]) == len(expected.weights)
    outputs = outputs_of_saved(tmp_path / "a.npz", X)
    assert np.mean((outputs - Y) ** 2) == pytest.approx(found["mean_squared_error"])
    few = convex.train(X, Y, 0.125, patterns=2, rng=3)
    assert found["sampled_optimum"] == pytest.approx(few.fun)
    assert found["sampled_excess"] == pytest.approx(few.fun - expected.fun)
    assert found["sampled_excess"] > 0
    assert not found["sampled_complete"]
    alone = facts(
        "convex", "--data", "-", "--no-normalise", "--beta", 0.125, "--patterns", 2,
        "--seed", 3, stdin=SAMPLES,
    )  # fmt: skip
    assert alone["optimum"] == found["sampled_optimum"]


@pytest.mark.parametrize(
    ("loss", "labels"), [("softmax", "class"), ("hinge", "sign"), ("huber", "regression")]
)
def test_convex_with_other_losses(facts, tmp_path, loss, labels):
    kept = "0,1\n1,0\n2,0\n3,1\n" + ("4,2\n" if labels == "class" else "")
    found = facts(
        "convex", "--data", "-", "--no-normalise", "--beta", 0.1, "--loss", loss, "--labels",
        labels, "--margin", 0.5, "--threshold", 0.5, "--out", tmp_path / "a.npz",
        stdin="x,kind\n" + kept,
    )  # fmt: skip
    y = np.array([1, 0, 0, 1] + [2] * (labels == "class"))
    inputs = np.arange(float(len(y)))[:, None]
    y = 2 * y - 1 if labels == "sign" else y
    best = convex.train(inputs, y, 0.1, loss=loss, margin=0.5, threshold=0.5)
    assert found["optimum"] == pytest.approx(best.fun)
    assert abs(found["gap"]) < 1e-6
    if labels == "regression":
        error = np.mean((best.outputs - y) ** 2)
        assert found["mean_squared_error"] == pytest.approx(error, abs=1e-6)
    else:
        assert found["accuracy"] == 1.0
        assert "mean_squared_error" not in found
    with np.load(tmp_path / "a.npz") as saved:
        hidden = np.maximum(inputs @ saved["weights_0"].T + saved["biases_0"], 0.0)
        outputs = hidden @ saved["weights_1"].T + saved["biases_1"]
    assert outputs.reshape(best.outputs.shape) == pytest.approx(best.outputs, abs=1e-5)


def test_convex_for_reading(run):
    pytest.importorskip("cvxpy")
    code, out, err = run("convex", "--data", "-", "--beta", 1, "--sampled", 1, stdin=SAMPLES)
    assert (code, err) == (0, "")
    assert "\npatterns                    8 (all)\n" in out
    assert "\nsampled patterns            1 (drawn; " in out


# --- errors ---


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("landscape --max-loss -1", "max_loss=-1.0: a loss, at least 0"),
        ("landscape --kinds blue", "argument --kinds: invalid choice: 'blue'"),
        ("landscape --jobs 0", "argument --jobs: '0' is no number of processes"),
        ("landscape --negative-slope 1", "negative_slope=1.0: a number between -1 and 1"),
        ("landscape --out a.txt", "--out a.txt: the suffix of the file must be .npz or .csv"),
        ("landscape --plot-kind slice", "--plot-kind slice: of which picture?"),
        ("landscape --plot a.png --plot-kind index", "--plot-kind index: give --index"),
        (
            "landscape --hidden 2 --plot a.png --plot-kind weights",
            "--plot-kind weights: the we",
        ),
        ("train --hidden 0", "hidden=0"),
        ("train --time-limit -1", "time_limit=-1.0 must be a number of seconds"),
        ("train --time-limit nan", "time_limit=nan must be a number of seconds"),
        ("train --tolerance 0", "tolerance=0.0 must lie between 0 and 1"),
        ("train --out a.csv", "--out a.csv: the suffix of the file must be .npz"),
        ("train --out no/a.npz", "--out no/a.npz: there is no directory no"),
        ("train --labels sign", "<stdin>: labels 'sign' need two classes, not 4"),
        ("convex", "the following arguments are required: --beta"),
        ("convex --beta 0", "beta=0: the weight decay must be a finite number above 0"),
        ("convex --beta 1 --loss cubic", "argument --loss: invalid choice: 'cubic'"),
        ("convex --beta 1 --loss hinge", "y, entry 1: 2, but the loss 'hinge' is for labels"),
        ("convex --beta x", "--beta: 'x' is not a number"),
        ("convex --beta 1 --patterns some", "argument --patterns: 'some' is neither 'all' nor"),
        ("convex --beta 1 --patterns 0", 'patterns=0: "all", or a number of random vectors'),
        ("convex --beta 1 --sampled -3", 'patterns=-3: "all", or a number of random vectors'),
    ],
)
def test_bad_arguments(refused, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command, *rest = arguments.split()
    assert refused(command, "--data", "-", *rest, stdin=SAMPLES).startswith(message)
    assert list(tmp_path.iterdir()) == []


def table(n, d):
    return "".join(
        ",".join(map(repr, row)) + "\n"
        for row in np.random.default_rng(0).normal(size=(n, d + 1)).tolist()
    )


@pytest.mark.parametrize(
    ("arguments", "shape", "message"),
    [
        (
            "landscape --hidden 3",
            (60, 12),
            r"60 samples in .* years on one core.* fewer samples",
        ),
        ("landscape --hidden 2 --kinds dead --graphml a", (60, 2), r"graph .* nodes .* edges"),
        ("landscape", (50, 45), r"<stdin>: 50 samples .* rank 45, .* at least 2\^45 cells"),
        ("train", (60, 12), r"60 samples of rank 13 .* activation patterns"),
        ("train", (50, 45), r"rank 45, .* at least 2\^45 cells"),
        ("convex --beta 1", (60, 12), r"60 samples .* patterns .*, or sample the patterns"),
    ],
)
def test_what_is_too_large_is_refused_up_front(
    refused, arguments, shape, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    command, *rest = arguments.split()
    found = refused(command, "--data", "-", "--no-normalise", *rest, stdin=table(*shape))
    assert re.search(message, found)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["train", "convex"])
def test_every_command_has_its_help(run, capfd, command):
    with pytest.raises(SystemExit) as done:
        run(command, "--help")
    assert done.value.code == 0
    assert "last column" in capfd.readouterr().out


# --- polish ---


def test_polish(facts, refused, tmp_path):
    path, out = tmp_path / "net.json", tmp_path / "end.npz"
    network = Network([[[1.0], [-1.0]], [[1.0, 0.3]]], [[-0.5, 2.2], [0.5]])
    network.save(path)
    found = facts(
        "polish", path, "--data", "-", "--no-normalise", "--exact", "--out", out, stdin=SAMPLES
    )
    expected = OneHiddenLayer(X, Y, hidden=2, output_bias=True).polish(network, exact=True)
    assert (found["certified"], found["kind"]) == (True, expected.kind)
    assert found["loss"] == pytest.approx(expected.loss)
    assert found["fall"] > 0
    saved = Network.read(out).forward(X)[:, 0]
    assert np.mean((saved - Y) ** 2) == pytest.approx(found["loss"])
    state = tmp_path / "state.npz"  # as numpy.savez writes a state dict of torch
    np.savez(state, **{"a.weight": [[1.0], [-1.0]], "a.bias": [-0.5, 2.2]},
             **{"b.weight": [[1.0, 0.3]], "b.bias": [0.5]})  # fmt: skip
    said = ["--activation", "relu", "--layers", "a", "b", "--data", "-", "--no-normalise"]
    assert facts("polish", state, *said, stdin=SAMPLES)["loss"] == pytest.approx(found["loss"])
    assert "--activation" in refused("polish", state, *said[2:], stdin=SAMPLES)
    wide = "1,2,0\n3,4,1\n1,5,2\n"
    assert "inputs" in refused("polish", path, "--data", "-", stdin=wide)


def test_sample(facts):
    found = facts(
        "sample", "--data", "-", "--no-normalise", "--hidden", 2, "--draws", 9, stdin=SAMPLES
    )
    expected = sampled_cells(X, Y, 2, draws=9)
    assert (found["holding"], found["undecided"]) == (expected.holding, expected.undecided)
    assert found["interval"] == pytest.approx([expected.low, expected.high])
