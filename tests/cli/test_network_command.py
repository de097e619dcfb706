"""The command `arrangement network`."""

import json
import warnings
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest

from arrangement.bounds import montufar_2017, serra
from arrangement.cli import main
from arrangement.errors import ModelWarning
from arrangement.networks import Network
from arrangement.networks.regions.regions import Regions

SQUARE = [(-1, 1), (-1, 1)]


@pytest.fixture
def run(capfd):
    def run(*arguments):
        code = main(["network", *map(str, arguments)])
        return (code, *capfd.readouterr())

    return run


@pytest.fixture
def facts(run):
    def facts(*arguments):
        code, out, err = run(*arguments, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    return facts


@pytest.fixture
def refused(run):
    def refused(*arguments):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert err.startswith("arrangement: error: ")
        assert err.count("\n") == 1
        return err

    return refused


@pytest.fixture
def classifier(tmp_path):
    network = Network.random([2, 8, 6, 3], rng=1)
    network.save(tmp_path / "network.npz")
    return network, tmp_path / "network.npz"


def test_every_number_under_its_own_name(facts, tmp_path):
    # min(1, relu(x)) has three maps on [−1, 3]; a neuron without effect cuts the last at 2.
    network = Network([[[1], [1], [1], [1]], [[1, -1, 0, 0]]], [[0, -1, -2, 9], [0]])
    network.save(tmp_path / "n.json")
    found = facts(tmp_path / "n.json", "--box", -1, 3)
    assert found["activation_regions"] == 4
    assert found["distinct_affine_maps"] == found["linear_regions"] == 3
    assert (found["inputs"], found["outputs"], found["widths"]) == (1, 1, [4])
    assert found["breakpoints"] == [0, 1, 2]
    assert found["volume"] == found["volume_of_the_domain"] == 4
    assert (found["vertices"], found["facets_between_regions"]) == (5, 3)
    assert found["facets_on_the_boundary"] == 2
    # A bump is 0 on both sides: two regions of one map.
    bump = Network([[[1], [1], [1]], [[1, -2, 1]]], [[0, -1, -2], [0]])
    bump.save(tmp_path / "bump.json")
    found = facts(tmp_path / "bump.json", "--box", -1, 3)
    assert found["activation_regions"] == found["linear_regions"] == 4
    assert found["distinct_affine_maps"] == 3


def test_classes_ranks_and_bounds(facts, run, classifier):
    network, path = classifier
    regions = network.regions(SQUARE)
    decision = regions.decision_regions()
    found = facts(path, "--box", -1, 1)
    assert found["activation_regions"] == len(regions)
    assert found["decision_regions"] == len(decision)
    assert [c["decision_regions"] for c in found["classes"]] == decision.class_counts.tolist()
    assert sum(c["volume"] for c in found["classes"]) == pytest.approx(4)
    assert [(r["least"], r["largest"]) for r in found["ranks"]] == list(
        zip(regions.ranks.min(axis=0), regions.ranks.max(axis=0), strict=True)
    )
    assert found["dead_regions_by_layer"] == regions.dead.sum(axis=0).tolist()
    assert found["bounds"]["serra_2018"] == {
        "bound": serra(2, [8, 6]),
        "measured_per_bound": len(regions) / serra(2, [8, 6]),
    }
    code, out, _ = run(path, "--box", -1, 1)
    assert code == 0
    lines = dict(line.split("  ", 1) for line in out.splitlines())
    assert lines["widths"].strip() == "8, 6"
    assert lines["activation regions"].strip() == str(len(regions))
    assert f"area {decision.class_volumes[0]:.6g}" in lines["class 0"]
    assert f"at most {montufar_2017(2, [8, 6])}" in lines["Montufar 2017"]


def test_labels_do_not_break_the_table(run, tmp_path):
    labels = ["a\n\x1b[31m", "b\u202e", "c"]
    Network([[[1]], [[1], [2], [3]]], [[1], [0, 1, 0]], labels=labels).save(tmp_path / "n.json")
    lines = run(tmp_path / "n.json", "--box", -1, 1)[1].splitlines()
    assert all(line.isprintable() for line in lines)
    classes = [line for line in lines if line.startswith("class ")]
    assert [" ".join(line.split()[:2]) for line in classes] == [
        r"class a\n\x1b[31m", r"class b\u202e", "class c",
    ]  # fmt: skip
    assert len({line.index(" decision region") for line in classes}) == 1


def test_boxes_and_domains(facts, classifier, tmp_path):
    network, path = classifier
    found = facts(path, "--box", "-1/3", 1, "-1e-1", "0.5")
    box = [(Fraction(-1, 3), 1), (Fraction(-1, 10), Fraction(1, 2))]
    assert found["activation_regions"] == len(network.regions(box))
    assert found["volume_of_the_domain"] == pytest.approx(0.8)
    triangle = np.array([[-1, 0], [0, -1], [1, 1]]), np.array([0, 0, 1])
    np.savez(tmp_path / "domain.npz", G=triangle[0], h=triangle[1])
    found = facts(path, "--domain", tmp_path / "domain.npz")
    assert found["activation_regions"] == len(network.regions(triangle))
    assert found["volume_of_the_domain"] == 0.5


def test_slices(facts, refused, tmp_path):
    network = Network.random([5, 6, 3], rng=0)
    network.save(tmp_path / "network.npz")
    points = np.random.default_rng(0).normal(size=(3, 5))
    np.save(tmp_path / "points.npy", points)
    np.savetxt(tmp_path / "points.csv", points, delimiter=",", header="a,b,c,d,e", fmt="%.17g")
    plane = network.slice_through(points)
    for name in ("points.npy", "points.csv"):
        found = facts(
            tmp_path / "network.npz", "--slice", tmp_path / name, "--box", 0, 1,
            "--out", tmp_path / "out.npz",
        )  # fmt: skip
        assert found["inputs"] == 2
        assert found["volume_of_the_domain"] == 1
        regions = plane.regions([(0, 1)] * 2)
        assert found["activation_regions"] == len(regions)
        if name == "points.npy":
            saved = Regions.load(tmp_path / "out.npz")
            assert saved.exact_volume(0) == regions.exact_volume(0)
    arguments = tmp_path / "network.npz", "--box", 0, 1, "--slice"
    (tmp_path / "flat.csv").write_text("0,0,0,0,0\n1,1,1,1,1\n2,2,2,2,2\n")
    assert "flat of dimension 1" in refused(*arguments, tmp_path / "flat.csv")
    (tmp_path / "short.csv").write_text("0,0\n1,1\n")
    assert "rows of 2 numbers, but the network has 5" in refused(
        *arguments, tmp_path / "short.csv"
    )
    assert "no.csv: cannot be read" in refused(*arguments, tmp_path / "no.csv")


def test_files_are_written(facts, tmp_path):
    weights = [[[1, 0], [0, 1], [2, 0]], [[1, 1, -0.5], [1, 0, 0]], [[1, 1]]]
    network = Network(weights, [[0, 0, 0], [-0.5, 9], [0]])
    network.save(tmp_path / "network.npz")
    names = {"--out": "r.npz", "--graphml": "g.graphml", "--plot": "p.png", "--prune": "n.json"}
    files = [w for flag, name in names.items() for w in (flag, tmp_path / name)]
    pytest.importorskip("matplotlib")
    found = facts(
        tmp_path / "network.npz", "--box", -1, 1, *files, "--colour", "dead", "--redundant"
    )
    regions = network.regions(SQUARE)
    assert len(Regions.load(tmp_path / "r.npz")) == found["activation_regions"] == len(regions)
    assert len(nx.read_graphml(tmp_path / "g.graphml")) == len(regions)
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    pruned = Network.read(tmp_path / "n.json")
    assert pruned == network.prune(SQUARE)
    assert found["pruned_widths"] == list(pruned.hidden_widths)
    assert pruned.n_neurons < network.n_neurons
    expected = network.redundant_neurons(SQUARE)
    assert [(r["layer"], r["neuron"], r["kind"]) for r in found["redundant_neurons"]] == [
        (one.layer, one.neuron, one.kind) for one in expected
    ]
    assert found["redundant_neurons"][0]["combination"] == {"0": "2"}
    merged = facts(
        tmp_path / "network.npz", "--box", -1, 1, "--merge", "--out", tmp_path / "r.npz"
    )
    again = Regions.load(tmp_path / "r.npz")
    assert again.merged
    assert len(again) == merged["linear_regions"]
    assert merged["activation_regions"] == found["activation_regions"]


def test_certificate_and_coverage(facts, refused, run, classifier, tmp_path):
    _, path = classifier
    proof = tmp_path / "proof.json.gz"
    found = facts(path, "--box", -1, 1, "--certificate", proof, "--coverage", 1000)
    assert main(["verify", str(proof), "--network", str(path)]) == 0
    assert found["coverage"]["n_regions"] == found["activation_regions"]
    assert 0 < found["coverage"]["share"] <= 1
    _, out, _ = run(path, "--box", -1, 1, "--coverage", 10)
    assert "10 random points find" in out
    assert "--coverage 0" in refused(path, "--box", -1, 1, "--coverage", 0)
    assert "suffix" in refused(path, "--box", -1, 1, "--certificate", tmp_path / "proof.npz")


def test_measures(run, facts, refused, tmp_path):
    # y_0 = | |x| + |y| − 2 | and y_1 = 1: the least is y_0 in a ring.
    layers = [[[1, 0], [-1, 0], [0, 1], [0, -1]], [[1] * 4, [-1] * 4], [[1, 1], [0, 0]]]
    path = tmp_path / "ring.npz"
    Network(layers, [[0] * 4, [-2, 2], [0, 1]]).save(path)
    asked = path, "--box", -4, 4, "--betti", "--statistics"
    found = facts(*asked, "--lipschitz", "linf", "--classes", "argmin")
    assert found["betti_numbers"] == [
        {"class": 0, "numbers": [1, 1]},
        {"class": 1, "numbers": [2, 1]},
    ]
    assert found["betti_numbers_of_the_decision_boundary"] == [2, 2]
    told = found["lipschitz_constant"]
    assert (told["value"], told["lower"], told["upper"]) == (2.0, "2", "2")
    assert found["statistics"]["neighbors"]["largest"] == 3
    assert facts(*asked)["betti_numbers"][0]["numbers"] == [2, 1]
    _, out, _ = run(*asked, "--lipschitz", "l2")
    lines = dict(line.split("  ", 1) for line in out.splitlines())
    assert lines["Lipschitz constant in l2"].strip().startswith("1.414213562 (region")
    assert lines["Betti numbers of class 0"].strip() == "2, 1"
    assert lines["area of a region"].strip() == "2 to 14, median 8, mean 8"
    recursion = path, "--box", -4, 4, "--method", "recursion"
    assert facts(*recursion, "--lipschitz", "l1")["lipschitz_constant"]["value"] == 1.0
    assert "--betti: not by --method recursion" in refused(*recursion, "--betti")
    Network([[[1]]], [[0]]).save(tmp_path / "one.json")
    assert "--betti: the network has one output" in refused(
        tmp_path / "one.json", "--box", 0, 1, "--betti"
    )


def test_redundant_neurons_for_reading(run, tmp_path):
    network = Network([[[1], [2], [1], [-1], [0]], [[1] * 5]], [[0, 0, 9, -8, 3], [0]])
    network.save(tmp_path / "n.json")
    code, out, _ = run(tmp_path / "n.json", "--box", -1, 1, "--redundant")
    assert code == 0
    lines = dict(line.split("  ", 1) for line in out.splitlines())
    assert lines["redundant neurons"].strip() == "4"
    assert lines["layer 0, neuron 1"].strip() == "duplicate, 2 times neuron 0"
    assert lines["layer 0, neuron 2"].strip() == "active, preactivation at least 8"
    assert lines["layer 0, neuron 3"].strip() == "inactive, preactivation at most -7"
    assert lines["layer 0, neuron 4"].strip() == "active, preactivation at least 3"


def test_activations_that_files_do_not_say(facts, refused, tmp_path):
    random = Network.random([2, 4, 1], rng=0)
    layers = {"0.weight": random.weights[0], "0.bias": random.biases[0]}
    layers |= {"2.weight": random.weights[1], "2.bias": random.biases[1]}
    np.savez(tmp_path / "state.npz", **layers)
    arguments = tmp_path / "state.npz", "--box", -1, 1, "--layers", 0, 2
    assert "the activation is not said" in refused(*arguments)
    unordered = refused(*arguments[:4], "--activation", "relu")
    assert "the order of the layers 0, 2 is not said" in unordered
    assert facts(*arguments, "--activation", "relu")["activation"] == "relu"
    leaky = facts(*arguments, "--activation", "leaky_relu", "--negative-slope", "1/4")
    assert leaky["activation"] == "leaky_relu 0.25"
    assert set(leaky["bounds"]) == {"montufar_2017", "raghu_2017"}
    layers["2.weight"] = random.weights[1][:, :2]
    np.savez(tmp_path / "state.npz", **layers)
    maxout = facts(*arguments, "--activation", "maxout", 2)
    assert (maxout["activation"], maxout["widths"]) == ("maxout of 2", [2])
    assert "bounds" not in maxout
    random.save(tmp_path / "said.json")
    said = refused(tmp_path / "said.json", "--box", -1, 1, "--activation", "relu")
    assert "activation is given, but the file has its own" in said
    assert "none of relu" in refused(*arguments, "--activation", "tanh")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give either --box LOW HIGH or --domain"),
        (["--box", 1], "--box: 1 numbers; give LOW HIGH once"),
        (["--box", *"010101"], "--box: 6 numbers"),
        (["--box", 1, 0], "low 1 is not below high 0"),
        (["--box", 0, "x"], "--box: 'x' is not a number"),
        (["--box", 0, "inf"], "--box: 'inf' is not a number"),
        (["--box", 0, 1, "--domain", "d.npz"], "give either --box"),
        (["--domain", "d.npz"], "d.npz: cannot be read"),
        (["--box", 0, 1, "--colour", "map"], "--colour: of a picture"),
        (["--box", 0, 1, "--plot", "p.gif"], "suffix must be .png, .pdf, .svg or .html"),
        (["--box", 0, 1, "--out", "r.npy"], "--out r.npy: the suffix must be .npz"),
        (["--box", 0, 1, "--prune", "n.txt"], "the suffix must be .npz or .json"),
        (["--box", 0, 1, "--out", "no/r.npz"], "--out no/r.npz: "),
        (["--box", 0, 1, "--out", "a.npz", "--prune", "a.npz"], "the same file as --out"),
        (["--box", 0, 1, "--slice", "s.npz", "--out", "s.npz"], "the same file as the input"),
        (["--box", 0, 1, "--negative-slope", "x"], "--negative-slope: 'x' is not a number"),
        (["--box", 0, 1, "--negative-slope", "1/3"], "--negative-slope: '1/3' is no float64"),
        (
            ["--box", 0, 1, "--negative-slope", "1e400"],
            "--negative-slope: the number is beyond",
        ),
        (["--box", 0, 1, "--activation", "maxout", "9" * 5000], "activation is given, but"),
    ],
)
def test_bad_arguments(refused, classifier, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert message in refused("network.npz", *arguments)
    assert [p.name for p in tmp_path.iterdir()] == ["network.npz"]


def test_pictures_that_cannot_be_drawn_are_refused_before_the_work(
    refused, tmp_path, monkeypatch
):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(Network, "regions", None)
    options = "--box", 0, 1, "--plot", tmp_path / "p.png"
    Network.random([3, 4, 2], rng=0).save(tmp_path / "three.npz")
    assert "draw a plane through three inputs" in refused(tmp_path / "three.npz", *options)
    Network.random([2, 4, 1], rng=0).save(tmp_path / "one.npz")
    assert "no classes" in refused(tmp_path / "one.npz", *options, "--colour", "class")
    Network([[[1, 2]]], [[0]]).save(tmp_path / "linear.npz")
    assert "no hidden layer" in refused(tmp_path / "linear.npz", *options, "--colour", "rank")


def test_bad_networks_are_named(refused, tmp_path):
    (tmp_path / "n.json").write_text(
        '{"weights": [[[1, 2]], [[1, 2]]], "biases": [[0], [0]], "activation": "relu"}'
    )
    assert "n.json: layer 1: weights of shape (1, 2)" in refused(
        tmp_path / "n.json", "--box", 0, 1
    )
    assert "the suffix of a network must be" in refused(tmp_path / "n.txt", "--box", 0, 1)


@pytest.mark.slow
def test_many_inputs_are_done_by_recursion(facts, refused, tmp_path):
    path = tmp_path / "network.npz"
    network = Network.random([8, 2, 2], rng=0)
    network.save(path)
    found = facts(path, "--box", -1, 1)
    assert found["activation_regions"] == len(network.regions([(-1, 1)] * 8, method="complex"))
    assert "volume" not in found
    assert "classes" not in found
    drawn = facts(path, "--box", -1, 1, "--graphml", tmp_path / "g.graphml")
    assert len(nx.read_graphml(tmp_path / "g.graphml")) == found["activation_regions"]
    assert drawn["volume_of_the_domain"] == pytest.approx(256)
    options = path, "--box", -1, 1, "--method", "recursion", "--redundant"
    assert "--redundant: not by --method recursion" in refused(*options)
    Network.random([2, 5, 1], rng=0).save(path)
    one, other = (facts(path, "--box", -1, 1, "--method", m) for m in ("complex", "recursion"))
    assert one["activation_regions"] == other["activation_regions"]
    assert one["ranks"] == other["ranks"]


def test_help_cites_the_definitions(capfd):
    with pytest.raises(SystemExit):
        main(["network", "--help"])
    text = capfd.readouterr().out
    assert "Stargalla, Hertrich and Reichman" in text
    assert "distinct affine maps" in text


def test_verify_reads_the_network_as_network_does(refused, run, tmp_path):
    weights, biases = [[[1], [-1], [2]], [[1]]], [[0, 1, -1], [0]]
    np.savez(
        tmp_path / "n.npz", **{f"W{l}": np.array(w, float) for l, w in enumerate(weights)},
        **{f"b{l}": np.array(b, float) for l, b in enumerate(biases)},
    )  # fmt: skip
    path, proof = tmp_path / "n.npz", tmp_path / "c.json"
    kind = ["--activation", "maxout", 3]
    assert run(path, "--box", -1, 1, *kind, "--certificate", proof)[0] == 0
    verify = ["verify", proof, "--network", path]
    assert main([*map(str, verify), *map(str, kind)]) == 0
    assert main([*map(str, verify[:2]), "--slice", "x"]) == 2
    Network.random([3, 4, 1], rng=0).save(tmp_path / "m.npz")
    (tmp_path / "plane.csv").write_text("0,0,0\n1,0,0\n0,1,1\n")
    cut = ["--slice", tmp_path / "plane.csv"]
    assert run(tmp_path / "m.npz", "--box", -1, 1, *cut, "--certificate", proof)[0] == 0
    verify = ["verify", proof, "--network", tmp_path / "m.npz"]
    assert main([*map(str, verify), *map(str, cut)]) == 0
    assert main(list(map(str, verify))) == 1


def test_shares_of_domains_whose_volume_is_no_float64(facts, classifier):
    _, path = classifier
    found = facts(path, "--box", 0, "1e-200", "--coverage", 50)
    assert sum(row["share"] for row in found["classes"]) == pytest.approx(1)
    assert 0 < found["coverage"]["volume_share"] <= 1 + 1e-12


def test_a_slope_without_a_leaky_relu_is_refused(refused, tmp_path):
    np.savez(tmp_path / "n.npz", W0=np.ones((2, 1)), W1=np.ones((1, 2)))
    message = refused(tmp_path / "n.npz", "--box", -1, 1, "--negative-slope", 0.2)
    assert "--activation leaky_relu" in message


def test_onnx_models_are_compared_and_what_is_left_out_is_said(run, refused, tmp_path):
    onnx_tests = pytest.importorskip("tests.networks.test_onnx")
    nodes = [("MatMul", ["x", "W"], "z", {}), ("Softmax", ["z"], "y", {})]
    model, inputs = tmp_path / "m.onnx", tmp_path / "x.csv"
    onnx_tests.onnx.save(onnx_tests.of(nodes, onnx_tests.W, ["N", 2]), model)
    inputs.write_text("1,1/3\n2,3\n")
    for check in ((), ("--check", inputs)):
        with pytest.warns(ModelWarning):
            code, out, _ = run(model, "--box", -1, 1, *check, "--json")
        (said,) = json.loads(out)["warnings"]
        assert code == 0
        assert said.startswith('Softmax node "Softmax" ends the model')
    inputs.write_text("1,2,3\n")
    with warnings.catch_warnings(action="ignore"):
        err = refused(model, "--box", -1, 1, "--check", inputs)
    assert "m.onnx: check: inputs of shape (1, 3)" in err
    Network([[[1.0]]], [[0.0]]).save(tmp_path / "n.npz")
    given = {"inputs": np.array([[1.0], [-1.0]]), "outputs": np.array([[1.0], [2.0]])}
    np.savez(tmp_path / "known.npz", **given)
    err = refused(tmp_path / "n.npz", "--box", -1, 1, "--check", tmp_path / "known.npz")
    assert "output 0 at input 1 is 2" in err
    err = refused(tmp_path / "n.npz", "--box", -1, 1, "--check", tmp_path / "n.npz")
    assert "not a .npz file with inputs and outputs" in err


def test_walks_are_told_with_their_limits(facts, refused, tmp_path):
    made = Network.random([10, 6, 5, 2], rng=0)
    path = tmp_path / "network.npz"
    made.save(path)
    x = [*[0] * 9, "1/3"]
    found = facts(
        path, "--walk", *x, "--max-regions", 4, "--statistics",
        "--graphml", tmp_path / "walk.graphml",
    )  # fmt: skip
    expected = made.walk(x, max_regions=4).regions()
    assert found["walk"] == expected.to_dict()
    assert (found["complete"], found["reason"]) == (False, "max_regions")
    assert found["activation_regions"] == 4
    assert found["statistics"]["facets"]["largest"] == expected.facet_counts.max()
    assert (tmp_path / "walk.graphml").exists()
    np.save(tmp_path / "x.npy", np.zeros(10))
    near = facts(path, "--walk", tmp_path / "x.npy", "--radius", "1/8", "--box", 0, 1)
    assert near["walk"]["radius"] == "1/8"
    assert near["reason"] in (None, "radius")
    assert "so that it ends" in refused(path, "--walk", *x)
    assert "--betti: not of a walk" in refused(path, "--walk", *x, "--radius", 1, "--betti")
    assert "--radius: of a walk" in refused(path, "--box", 0, 1, "--radius", 1)
    assert "x is outside" in refused(path, "--walk", *[2] * 10, "--box", 0, 1)
    assert "--radius" in refused(path, "--walk", *x, "--radius", "far")


@pytest.mark.slow
def test_regions_by_recursion_have_a_graph_and_statistics(facts, tmp_path):
    made = Network.random([3, 6, 5, 1], rng=0)
    path = tmp_path / "network.npz"
    made.save(path)
    options = path, "--box", -1, 1, "--statistics", "--graphml"
    one = facts(*options, tmp_path / "a.graphml")
    other = facts(*options, tmp_path / "b.graphml", "--method", "recursion")
    for name in ("neighbors", "facets"):
        assert one["statistics"][name] == other["statistics"][name]
    edges = [(tmp_path / f"{k}.graphml").read_text().count("<edge") for k in "ab"]
    assert edges[0] == edges[1] == one["facets_between_regions"]


def test_parts_that_are_done_are_kept(facts, refused, tmp_path):
    path, kept = tmp_path / "network.npz", tmp_path / "kept"
    made = Network.random([3, 6, 5, 1], rng=0)
    made.save(path)
    asked = path, "--box", -1, 1, "--checkpoint", kept
    whole = len(made.regions([(-1, 1)] * 3))
    assert [facts(*asked)["activation_regions"] for _ in range(2)] == [whole] * 2
    assert list(kept.glob("regions-*.npz"))
    assert "another network or domain" in refused(path, "--box", 0, 1, "--checkpoint", kept)
    assert "--betti: not by --checkpoint" in refused(*asked, "--betti")
    assert "--checkpoint: not by --method complex" in refused(*asked, "--method", "complex")
    assert "--checkpoint: not of a walk" in refused(*asked, "--walk", 0, 0, 0)


def test_statistics_of_many_inputs_are_told_without_volumes(facts, tmp_path):
    path = tmp_path / "network.npz"
    Network.random([12, 3, 2, 1], rng=0).save(path)
    found = facts(path, "--box", -1, 1, "--statistics")
    assert set(found["statistics"]) == {"neighbors", "facets"}
