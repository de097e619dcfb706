"""Standard output holds the answer and nothing else, whatever libraries print."""

import json
import os
import subprocess
import sys

import networkx as nx
import pytest

from arrangement.relu import Network

pytestmark = pytest.mark.processes

# A process that is the command, where each module that it imports prints in every way: at once,
# through Python, and through the buffer of C, which is emptied at exit.
LOUD = """
import ctypes, os, sys
from arrangement.cli import main

class Loud:
    def find_spec(self, name, path=None, target=None):
        os.write(1, b"a banner\\n")
        print("a remark")
        ctypes.CDLL(None).puts(b"a word of thanks")

sys.meta_path.insert(0, Loud())
raise SystemExit(main())
"""

SAMPLES = "0,1\n1,0\n2,1\n3,5\n"


def command(*arguments, code=None, **options):
    """Exit code, standard output and standard error of the command in a process of its own."""
    how = ["-m", "arrangement"] if code is None else ["-c", code]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 300}
    done = subprocess.run(
        [sys.executable, *how, *map(str, arguments)],
        check=False, text=True, **pipes | options,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "net.npz"
    Network.random([2, 3, 2], rng=0).save(path)
    return path


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ("cells --family braid 3 --method lp", "cells"),
        ("cells --family grid 2 2 --domain 0 1", "cells"),
        ("cells --family braid 4 --jobs 2", "cells"),
        ("cells --family braid 3 --plot PLOT", "cells"),
        ("count --family braid 4", "cells"),
        ("faces --family braid 3", "faces_by_dimension"),
        ("flats --family braid 3", "flats_by_rank"),
        ("bounds --family braid 3", "cells"),
        ("landscape --data -", "cells"),
        ("train --data -", "loss"),
        ("convex --data - --beta 0.1", "optimum"),
        ("network NET --box -1 1", "activation_regions"),
        ("network NET --box -1 1 --method recursion --jobs 2", "activation_regions"),
    ],
)
def test_json_is_all_that_is_printed(arguments, key, network, tmp_path):
    names = {"NET": str(network), "PLOT": str(tmp_path / "a.png")}
    words = [names.get(word, word) for word in arguments.split()]
    status, out, err = command(*words, "--json", code=LOUD, input=SAMPLES)
    assert (status, err, out.count("\n")) == (0, "", 1)
    assert key in json.loads(out)


def test_a_module_that_is_run_prints_json_alone():
    status, out, err = command(
        "cells", "--family", "braid", 3, "--method", "lp", "--domain", 0, 1, "--json"
    )
    assert (status, err, out.count("\n")) == (0, "", 1)
    assert json.loads(out)["cells"] == 6


def test_a_proof_is_told_in_json_alone(network, tmp_path):
    proof = tmp_path / "proof.json"
    status, out, err = command(
        "network", network, "--box", -1, 1, "--certificate", proof, code=LOUD
    )
    assert (status, err) == (0, "")
    assert out.startswith("inputs ")
    status, out, err = command("verify", proof, "--json", code=LOUD)
    assert (status, err) == (0, "")
    assert isinstance(json.loads(out), dict)


@pytest.mark.skipif(os.name == "nt", reason="names of POSIX")
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "a link"])
def test_a_file_named_standard_output_goes_there(name, tmp_path):
    if name.startswith("/proc") and not os.path.exists(name):
        pytest.skip("no /proc")
    if name == "a link":
        name = tmp_path / "graph.graphml"
        name.symlink_to("/dev/stdout")
    words = ("cells", "--family", "braid", 3, "--method", "lp", "--graphml", name, "--json")
    status, out, err = command(*words, code=LOUD)
    assert (status, err) == (0, "")
    graph, end, report = out.partition("</graphml>\n")
    assert nx.parse_graphml(graph + end).number_of_nodes() == json.loads(report)["cells"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("option", ["--help", "--version", "cells --help"])
def test_help_is_told_whether_it_was_printed(option):
    with open("/dev/full", "w") as full:
        code, _, error = command(*option.split(), stdout=full)
    assert (code, error) == (2, "arrangement: error: No space left on device\n")
    read, write = os.pipe()
    os.close(read)
    with open(write, "w") as gone:
        code, _, error = command(*option.split(), stdout=gone)
    assert (code, error) == (141, "")


def test_characters_that_standard_output_does_not_have_are_escaped(tmp_path):
    path = tmp_path / "Stärke ≤ 3.csv"
    path.write_text(SAMPLES)
    environment = os.environ | {"PYTHONIOENCODING": "latin-1"}
    code, output, error = command(
        "landscape", "--data", path, env=environment, encoding="latin-1"
    )
    assert (code, error) == (0, "")
    assert "Stärke \\u2264 3.csv" in output


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_is_an_error():
    with open("/dev/full", "w") as full:
        status, _, err = command("bounds", "--family", "braid", 3, stdout=full)
    assert status == 2
    assert err == "arrangement: error: No space left on device\n"


def test_a_caller_keeps_its_standard_output():
    code = """
import sys
from arrangement.cli import main
main(["cells", "--family", "braid", "3", "--method", "lp", "--json"])
print("the caller's")
sys.argv[1:] = ["bounds", "--family", "braid", "3", "--json"]
main()
print("the caller's")
"""
    status, out, err = command(code=code)
    assert (status, err) == (0, "")
    cells, first, bounds, second = out.splitlines()
    assert json.loads(cells)["cells"] == json.loads(bounds)["cells"] == 6
    assert first == second == "the caller's"


def test_python_prints_nothing_of_its_own():
    code = """
from arrangement import Arrangement
from arrangement.relu import Network, OneHiddenLayer, convex

A = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
A.cells(method="lp")
A.cells(domain=[(0, 1), (0, 1)])
Network.random([2, 3, 2], rng=0).regions([(-1, 1)] * 2)
X, y = [[0.0], [1.0], [2.0]], [1.0, 0.0, 1.0]
convex.train(X, y, beta=0.1)
OneHiddenLayer(X, y).fit_global()
"""
    assert command(code=code) == (0, "", "")
