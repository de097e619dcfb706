import json
import subprocess
import sys

import numpy as np
import pytest

from arrangement.networks import Network
from arrangement.networks.patterns import pattern_network

TABLE = "0 1 0\n1 2 0.5\n"


def test_a_table_becomes_a_network(facts, tmp_path):
    out, plot = tmp_path / "made.npz", tmp_path / "made.png"
    found = facts("pattern", "-", "--out", out, "--plot", plot, stdin=TABLE)
    assert found["values"] == [2, 3]
    assert found["directions"] == [[0, 0], [0, 1]]
    assert 0 < found["largest_error"] <= 2e-3
    made = pattern_network([[0, 1, 0], [1, 2, 0.5]])
    network = Network.read(out)
    assert all(map(np.array_equal, network.weights, made.network.weights))
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_samples_and_the_global_minimum(facts, tmp_path):
    samples = tmp_path / "samples.txt"
    samples.write_text("0 1 2\n1 1 -3\n4 0 1\n")
    found = facts(
        "pattern",
        "-",
        "--samples",
        samples,
        "--least",
        "all",
        "--tolerance",
        0.1,
        stdin="3\n1\n5\n",
    )
    assert (found["values"], found["samples"], found["added_to_the_pattern"]) == ([3], 3, -1)


def test_pictures_are_reduced_to_means(facts, tmp_path):
    image = pytest.importorskip("matplotlib.image")
    picture = np.zeros((6, 10, 3))
    picture[:, 5:] = 1
    image.imsave(tmp_path / "half.png", picture)
    found = facts("pattern", tmp_path / "half.png", "--side", 4)
    assert found["values"] == [4, 4]
    assert (found["least_value"], found["largest_value"]) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--side", "1"], "--side 1"),
        (["--tolerance", "0"], "tolerance"),
        (["--out", "x.txt"], "suffix"),
        (["--plot", "x.bmp"], "suffix"),
    ],
)
def test_refused(refused, arguments, message):
    assert message in refused("pattern", "-", *arguments, stdin=TABLE)


def test_a_file_that_is_no_picture(refused, tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "no.png"
    path.write_text("no")
    assert f"{path}: no picture" in refused("pattern", path)


@pytest.mark.processes
def test_as_a_process():
    run = subprocess.run(
        [sys.executable, "-m", "arrangement", "pattern", "-", "--json"],
        input=TABLE, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(run.stdout)["values"] == [2, 3]
    assert run.stderr == ""
