"""The command `arrangement surface`."""

import json

import numpy as np
import pytest

from arrangement.networks import Network
from arrangement.relu import NetworkLoss, loss_surface

TABLE = "1,2,a\n0,1,b\n-1,0.5,c\n2,-1,a\n"
X = np.array([[1, 2], [0, 1], [-1, 0.5], [2, -1]])
NETWORK = Network.random([2, 4, 3, 3], rng=0)
LOSS = NetworkLoss(NETWORK, X, [0, 1, 2, 0], "softmax")


@pytest.fixture
def surface(run, tmp_path):
    NETWORK.save(tmp_path / "net.npz")
    Network.random([2, 4, 3, 3], rng=1).save(tmp_path / "two.npz")
    Network.random([2, 4, 3, 3], rng=2).save(tmp_path / "three.npz")

    def surface(*arguments, table=TABLE):
        files = [tmp_path / a if str(a).endswith(".npz") else a for a in arguments]
        common = ("--data", "-", "--no-normalise", "--points", 5)
        return run("surface", tmp_path / "net.npz", *files, *common, stdin=table)

    return surface


@pytest.fixture
def facts(surface):
    def facts(*arguments, **options):
        code, out, err = surface(*arguments, "--json", **options)
        assert (code, err) == (0, "")
        return json.loads(out)

    return facts


def test_facts_are_those_of_the_surface(facts, tmp_path):
    found = facts("--loss", "softmax", "--layer", 1, "--seed", 3, "--out", "a.npz")
    expected = loss_surface(LOSS, "filter", layer=1, points=5, rng=3)
    assert found["loss"] == LOSS.value()
    assert found["gradient"] == pytest.approx(np.linalg.norm(LOSS.gradient()))
    assert found["lowest_loss"] == expected.losses.min()
    assert found["lowest_at"] == expected.lowest.tolist()
    assert (found["grid"], found["moving_layers"]) == ([5, 5], [1])
    assert found["kinks"] == len(expected.kinks())
    with np.load(tmp_path / "a.npz") as saved:
        np.testing.assert_array_equal(saved["losses"], expected.losses)
        np.testing.assert_array_equal(saved["kinks"], expected.kinks())
    assert "kinks" not in facts("--loss", "softmax", "--layer", 1, "--no-kinks")


def test_lines_planes_and_penalties(facts):
    options = ("--loss", "multiclass_hinge", "--margin", 0.5, "--penalty", "l1", "--alpha", 0.1)
    line = facts(*options, "--through", "two.npz", "--window", -1, 2)
    assert (line["grid"], line["window"]) == ([5], [[-1.0, 2.0]])
    loss = NetworkLoss(
        NETWORK, X, [0, 1, 2, 0], "multiclass_hinge", margin=0.5, penalty="l1", alpha=0.1
    )
    assert line["loss"] == loss.value()
    assert facts(*options, "--through", "two.npz", "three.npz")["grid"] == [5, 5]
    plane = facts(*options, "--biases", 0, 1, 1, 2, "--window", -1, 2, 0, 1, "--max-norm", 1e9)
    assert plane["window"] == [[-1.0, 2.0], [0.0, 1.0]]
    assert (plane["feasible"], plane["moving_layers"]) == (1.0, [0, 1])
    none = facts(*options, "--max-norm", 1e-9)
    assert none["feasible"] == 0
    assert "lowest_loss" not in none


def test_labels_are_outputs_by_name_number_or_order(facts, surface, tmp_path):
    rows = "1,2,{}\n0,1,{}\n-1,0.5,{}\n2,-1,{}\n"
    for labels, y in (("abca", [0, 1, 2, 0]), ("2122", [2, 1, 2, 2]), ("7997", [0, 1, 1, 0])):
        found = facts("--loss", "softmax", table=rows.format(*labels))
        assert found["loss"] == NetworkLoss(NETWORK, X, y, "softmax").value()
    chosen = facts("--loss", "softmax", "--classes", "c", "a")
    assert chosen["loss"] == NetworkLoss(NETWORK, X[[0, 2, 3]], [1, 0, 1], "softmax").value()
    arguments = (*NETWORK.as_arguments()[:-1], ["c", "b", "a"])
    Network(*arguments).save(tmp_path / "net.npz")
    found = facts("--loss", "softmax")
    assert found["loss"] == NetworkLoss(NETWORK, X, [2, 1, 0, 2], "softmax").value()
    code, _, err = surface("--loss", "softmax", table=rows.format(*"abcd"))
    assert code == 2
    assert "label d is none of the classes" in err


@pytest.mark.slow
def test_pictures(surface, tmp_path):
    pytest.importorskip("matplotlib")
    for name in ("a.png", "a.svg"):
        code, out, err = surface("--loss", "softmax", "--layer", 0, "--plot", tmp_path / name)
        assert (code, err) == (0, "")
        assert "kinks" in out
        assert (tmp_path / name).stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--loss", "squared"), "the labels are names"),
        (("--loss", "softmax", "--layer", 7), "layer = 7"),
        (("--loss", "softmax", "--layer", 0, "--directions", "hessian"), "--layer"),
        (("--loss", "softmax", "--biases", 0), "--biases 0: a layer and a neuron"),
        (("--loss", "softmax", "--biases", 0, 9), "neuron = 9"),
        (("--loss", "softmax", "--biases", 0, 1, "--through", "two.npz"), "give one of them"),
        (("--loss", "softmax", "--through", "net.npz"), "the same"),
        (("--loss", "softmax", "--window", 1), "window must be"),
        (("--loss", "softmax", "--window", "a", 1), "--window"),
        (("--loss", "softmax", "--penalty", "l2"), "alpha"),
        (("--loss", "softmax", "--alpha", 1), "penalty"),
        (("--loss", "softmax", "--max-norm", -1), "max_norm"),
        (("--loss", "softmax", "--plot", "a.gif"), "--plot"),
        (("--loss", "softmax", "--out", "net.npz"), "the same file"),
    ],
)
def test_what_is_refused(surface, arguments, message):
    code, out, err = surface(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("1,a\n2,b\n", "1 features, but"),
        ("1,2,a\n1,3,b\n0,0,c\n1,1,d\n", "4 labels, but"),
    ],
)
def test_samples_that_do_not_fit(surface, table, message):
    code, out, err = surface("--loss", "softmax", table=table)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
