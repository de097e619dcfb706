from fractions import Fraction

import numpy as np
import pytest

from arrangement.networks import Network

BOX = ["--box", -1, "4/3"]
DOMAIN = [(-1, Fraction(4, 3))] * 2


@pytest.fixture
def network(tmp_path):
    made = Network.random([2, 4, 3], rng=0)
    made.save(tmp_path / "network.npz")
    return made, tmp_path / "network.npz"


def test_extrema_are_those_of_the_network(facts, network):
    made, path = network
    found = facts("ask", path, *BOX, "--minimum", "1/3", 0, -1)
    least = made.minimum(["1/3", 0, -1], DOMAIN)
    assert Fraction(found["exact_value"]) == Fraction(found["exact_bound"]) == least.value
    assert list(map(Fraction, found["point"])) == list(least.point)
    assert (found["minimum"], found["status"], found["gap"]) == (
        float(least.value),
        "optimal",
        0,
    )
    ends = facts("ask", path, *BOX, "--range")["output_range"]
    assert ends == made.output_range(DOMAIN).to_dict()


def test_robustness_of_an_input_in_a_file(facts, network, tmp_path):
    made, path = network
    x = np.array([0.25, 1.0])
    np.save(tmp_path / "x.npy", x)
    near = made.robustness(x, DOMAIN, "l2")
    for given in ([tmp_path / "x.npy"], ["1/4", 1]):
        found = facts("ask", path, *BOX, "--robustness", *given, "--norm", "l2")
        assert Fraction(found["exact_distance_squared"]) == near.size
        assert (found["class"], found["nearest_class"]) == (near.label, near.nearest_label)
        assert list(map(Fraction, found["point"])) == list(near.point)


def test_networks_are_compared(run, facts, network, tmp_path):
    made, path = network
    weights, biases = list(made.weights), list(made.biases)
    turned = Network([weights[0][::-1], weights[1][:, ::-1]], [biases[0][::-1], biases[1]])
    turned.save(tmp_path / "turned.npz")
    assert facts("ask", path, *BOX, "--equals", tmp_path / "turned.npz")["equal"] is True
    biases[1] = biases[1] + [0, 0.25, 0]
    Network(weights, biases).save(tmp_path / "other.npz")
    code, out, _ = run("ask", path, *BOX, "--equals", tmp_path / "other.npz")
    assert code == 1
    assert out.startswith("equal       no\ndifference  0.25\n")
    found = facts("ask", path, *BOX, "--difference", tmp_path / "other.npz")
    assert found["largest_difference"] == 0.25


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*BOX], "ask one question: give one of --maximum"),
        ([*BOX, "--range", "--maximum", 1, 0, 0], "ask one question"),
        (["--range"], "give either --box LOW HIGH or --domain FILE.npz"),
        ([*BOX, "--maximum", 1, 0], "c has 2 entries, but the network has 3 outputs"),
        ([*BOX, "--range", "--gap", -1], "gap -1 must be at least 0"),
        ([*BOX, "--range", "--time-limit", "nan"], "time_limit nan"),
        ([*BOX, "--robustness", 7, 7], "x is not in the domain"),
        ([*BOX, "--robustness", 7], "7: cannot be read"),
        ([*BOX, "--equals", "none.npz"], "none.npz: cannot be read"),
    ],
)
def test_refused(refused, network, arguments, message):
    assert message in refused("ask", network[1], *arguments)
