"""Certificates: they prove what they should, and nothing else passes."""

import ast
import copy
import json
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrangement import Arrangement, InputError
from arrangement.cli import main
from arrangement.deep import Network, triangulation, verify
from arrangement.deep.certificate import certificate
from tests.test_deep import box, networks, random_network, sawtooth

TRIANGLE = ([[-1, 0], [0, -1], [1, 1]], [0, 0, "1/3"])


def proof(network, domain):
    """The certificate as it is in a file."""
    return json.loads(json.dumps(certificate(network.regions(domain))))


@pytest.fixture(scope="module")
def good():
    return proof(Network.random([2, 6, 5, 2], rng=1), box(2))


@pytest.fixture
def facts(good):
    return copy.deepcopy(good)


def failures(facts):
    verdict = verify.check(facts)
    assert verdict.holds == (not verdict.failures)
    return list(verdict.failures)


def names(texts, *regions):
    """Does some message name each of these regions?"""
    return all(any(t.startswith(f"region {i}:") for t in texts) for i in regions)


@pytest.mark.parametrize(
    ("layers", "domain", "activation"),
    [
        ([1, 9, 9, 1], box(1), "relu"),
        ([2, 16, 16, 1], box(2), "relu"),
        ([2, 7, 5, 3], TRIANGLE, "relu"),
        ([2, 5, 4, 1], [("-1/3", "1/7"), (0, 2.0**-30)], ("maxout", 3)),
        ([3, 5, 4, 1], box(3), "leaky_relu"),
        ([3, 4, 3, 1], box(3), ("maxout", 2)),
        ([4, 4, 3, 1], box(4), "relu"),
        ([2, 3], box(2), "relu"),
    ],
)
def test_certificates_are_proofs(layers, domain, activation, tmp_path):
    regions = Network.random(layers, rng=0, activation=activation).regions(domain)
    regions.write_certificate(tmp_path / "c.json.gz")
    verdict = verify.verify(tmp_path / "c.json.gz")
    assert verdict.failures == ()
    assert verdict.holds
    assert verdict.missing == 0
    assert verdict.n_regions == len(regions)
    assert verdict.n_adjacencies == len(regions.edges)
    volume = sum(regions.exact_volume(i) for i in range(len(regions)))
    assert verdict.domain_volume == volume


def test_a_slice_has_a_certificate():
    """Its numbers are no float64; the domain has a row too many, which only touches."""
    network = Network.random([5, 6, 4, 2], rng=0)
    slice_ = network.restrict(
        ["1/3", 0, "1/7", 0, 1], [[1, 0, "1/3", 0, 0], [0, 1, 1, 1, "2/9"]]
    )
    facts = proof(slice_, ([[-1, 0], [0, -1], [1, 1], [-1, -1]], [0, 0, "2/3", 0]))
    assert failures(facts) == []
    assert Network(**facts["network"]) == slice_


@given(networks(), st.sampled_from(["relu", "leaky_relu"]))
@settings(max_examples=60, deadline=None)
def test_degenerate_networks(network, activation):
    d, weights, biases, _ = network
    assert failures(proof(Network(weights, biases, activation, 0.25), box(d))) == []


@given(networks(maxout=True))
@settings(max_examples=40, deadline=None)
def test_degenerate_maxout_networks(network):
    d, weights, biases, k = network
    if k > 1:
        assert failures(proof(Network(weights, biases, ("maxout", k)), box(d))) == []


@given(networks(), st.data())
@settings(max_examples=60, deadline=None)
def test_incomplete_certificates_of_degenerate_networks(network, data):
    """Without a region, or with a pattern of another, nothing is proved."""
    d, weights, biases, _ = network
    facts = proof(Network(weights, biases), box(d))
    i = data.draw(st.integers(0, len(facts["regions"]) - 1))
    if data.draw(st.booleans()):
        del facts["regions"][i]
        for facet in facts["facets"]:
            facet["regions"] = [r - (r > i) for r in facet["regions"] if r != i]
        facts["facets"] = [f for f in facts["facets"] if f["regions"]]
        assert any("of the domain's" in text for text in failures(facts))
    else:
        pattern = facts["regions"][i]["pattern"]
        layer = data.draw(st.integers(0, len(pattern) - 1))
        neuron = data.draw(st.integers(0, len(pattern[layer]) - 1))
        pattern[layer][neuron] ^= 1
        assert names(failures(facts), i)


def test_the_region_at_a_tie_of_maxout():
    """Equal pieces: the first is in force; a certificate that says otherwise is wrong."""
    network = Network([[[1], [1], [-1]], [[1]]], [[0, 0, 0], [0]], ("maxout", 3))
    facts = proof(network, box(1))
    assert [r["pattern"] for r in facts["regions"]] in ([[[0]], [[2]]], [[[2]], [[0]]])
    assert failures(facts) == []
    for region in facts["regions"]:
        if region["pattern"] == [[0]]:
            region["pattern"] = [[1]]
            i = facts["regions"].index(region)
    assert names(failures(facts), i)


def test_a_removed_region_is_missed(facts):
    """The regions after it have other numbers, so that most facets are wrong as well."""
    del facts["regions"][3]
    neighbours = {r for f in facts["facets"] for r in f["regions"] if 3 in f["regions"]}
    found = failures(facts)
    assert names(found, *(r for r in neighbours if r > 3))
    assert "of the domain's" in found[-1]


def test_a_region_removed_with_care_is_missed(facts):
    """All that mentions it is gone, and its neighbours' facets have no other side."""
    i = 5
    around = [f for f in facts["facets"] if i in f["regions"]]
    others = {r - (r > i) for f in around for r in f["regions"] if r != i}
    del facts["regions"][i]
    for facet in facts["facets"]:
        facet["regions"] = [r - (r > i) for r in facet["regions"] if r != i]
    facts["facets"] = [f for f in facts["facets"] if f["regions"]]
    found = failures(facts)
    assert sum("belongs to no other region and lies on no wall" in t for t in found) == len(
        [f for f in around if len(f["regions"]) == 1 and "wall" not in f]
    )
    assert names(found, *others)
    assert "of the domain's" in found[-1]


@pytest.mark.parametrize("shift", [Fraction(1, 2**60), Fraction(-1, 10)])
@pytest.mark.parametrize("coordinate", [0, 1])
def test_a_shifted_vertex_is_found(facts, shift, coordinate):
    for v in range(0, len(facts["vertices"]), 5):
        changed = copy.deepcopy(facts)
        vertex = changed["vertices"][v]
        vertex[coordinate] = str(Fraction(vertex[coordinate]) + shift)
        touched = [i for i, r in enumerate(facts["regions"]) if v in r["vertices"]]
        found = failures(changed)
        assert any(names(found, i) for i in touched)


def test_a_vertex_left_out_is_found(facts):
    facts["regions"][4]["vertices"].pop()
    assert names(failures(facts), 4)


def test_a_changed_pattern_is_found(facts):
    for i in range(0, len(facts["regions"]), 4):
        changed = copy.deepcopy(facts)
        changed["regions"][i]["pattern"][1][2] ^= 1
        assert names(failures(changed), i)


def test_a_point_elsewhere_is_found(facts):
    regions = facts["regions"]
    regions[0]["point"], regions[1]["point"] = regions[1]["point"], regions[0]["point"]
    assert names(failures(facts), 0, 1)


def test_a_point_on_a_kink_is_found(facts):
    for facet in facts["facets"]:
        if "witness" in facet:
            changed = copy.deepcopy(facts)
            for i in facet["regions"]:
                changed["regions"][i]["point"] = facet["witness"]
            assert names(failures(changed), *facet["regions"])


def test_a_point_on_a_wall_is_found(facts):
    for facet in facts["facets"]:
        if "wall" in facet:
            changed = copy.deepcopy(facts)
            ends = [map(Fraction, facts["vertices"][v]) for v in facet["vertices"]]
            middle = [str(sum(x) / 2) for x in zip(*ends, strict=True)]
            (i,) = facet["regions"]
            changed["regions"][i]["point"] = middle
            assert f"region {i}: its point is not strictly inside the domain" in failures(
                changed
            )


def test_swapped_regions_are_found(facts):
    """Two regions change places: volumes, facets and points fit all the same."""
    exchange = {2: 5, 5: 2}
    first, second = facts["regions"][2], facts["regions"][5]
    first["vertices"], second["vertices"] = second["vertices"], first["vertices"]
    for facet in facts["facets"]:
        facet["regions"] = [exchange.get(r, r) for r in facet["regions"]]
    assert names(failures(facts), 2, 5)
    assert any("contradicts the pattern at neuron" in text for text in failures(facts))


def test_a_neighbour_left_out_is_found(facts):
    facet = next(f for f in facts["facets"] if "witness" in f)
    i = facet["regions"].pop()
    assert any(t.startswith(f"region {i}: ") and "without it" in t for t in failures(facts))


def test_swapped_neighbours_are_found(facts):
    pairs = [f for f in facts["facets"] if len(f["regions"]) == 2]
    first = pairs[0]
    second = next(f for f in pairs if not set(f["regions"]) & set(first["regions"]))
    touched = [first["regions"][1], second["regions"][1]]
    first["regions"][1], second["regions"][1] = second["regions"][1], first["regions"][1]
    assert names(failures(facts), *touched)


def test_a_dropped_facet_is_found(facts):
    dropped = facts["facets"].pop(7)
    found = failures(facts)
    assert names(found, *dropped["regions"])
    assert all("is not listed" in text for text in found)


def test_a_repeated_facet_is_found(facts):
    facts["facets"].append(facts["facets"][7])
    assert names(failures(facts), *facts["facets"][7]["regions"])


def test_a_duplicate_region_is_found(facts):
    facts["regions"].append(copy.deepcopy(facts["regions"][2]))
    found = failures(facts)
    last = len(facts["regions"]) - 1
    assert f"region {last}: its pattern is that of region 2, too" in found
    assert "exceed" in found[-1]


def test_a_witness_at_a_vertex_or_beside_is_found(facts):
    for shift in (None, Fraction(1, 2**70)):
        changed = copy.deepcopy(facts)
        facet = next(f for f in changed["facets"] if "witness" in f)
        if shift is None:
            facet["witness"] = changed["vertices"][facet["vertices"][0]]
        else:
            facet["witness"][0] = str(Fraction(facet["witness"][0]) + shift)
            facet["witness"][1] = str(Fraction(facet["witness"][1]) + 3 * shift)
        assert names(failures(changed), *facet["regions"])


@pytest.mark.parametrize("layer", [0, 1])
def test_a_changed_weight_is_found(facts, layer):
    """By 2⁻⁴⁰: unless it acts only where its input is 0, or no kink moves."""
    harmful = 0
    for j, c in np.ndindex(np.shape(facts["network"]["weights"][layer])):
        changed = copy.deepcopy(facts)
        row = changed["network"]["weights"][layer][j]
        row[c] = str(Fraction(row[c]) + Fraction(1, 2**40))
        found = failures(changed)
        again = proof(Network(**changed["network"]), box(2))
        if sorted(again["vertices"]) == sorted(facts["vertices"]):
            assert found == []
        else:
            assert any(text.startswith("region ") for text in found)
            harmful += 1
    assert harmful >= 10


def test_a_wrong_wall_is_found(facts):
    facet = next(f for f in facts["facets"] if "wall" in f)
    facet["wall"] ^= 1
    assert names(failures(facts), facet["regions"][0])


def test_a_larger_domain_is_not_covered(facts):
    facts["domain"][0][-1] = str(int(facts["domain"][0][-1]) + 1)
    verdict = verify.check(facts)
    assert verdict.domain_volume == 6
    assert verdict.missing > 1 / 3


def test_long_numbers():
    """Vertices with more digits than Python reads as decimals."""
    tiny = 2.0**-1000
    weights = [np.array([[1.0, tiny], [tiny, 1.0]])] + [
        np.array([[1.0, -tiny], [tiny, 0.7]])
    ] * 6
    biases = [np.array([tiny, -tiny])] * 7
    facts = proof(Network([*weights, np.ones((1, 2))], [*biases, np.zeros(1)]), box(2))
    assert failures(facts) == []
    longest = max(len(text) for vertex in facts["vertices"] for text in vertex)
    assert longest > sys.get_int_max_str_digits()


def test_sawtooth_and_wider_networks():
    for weights, biases in (sawtooth(4, 2), sawtooth(2, 4), random_network([2, 32, 32, 1])):
        network = Network(weights, biases)
        assert failures(proof(network, [(0, 1)] * network.input_dimension)) == []


def test_merged_regions_have_no_certificate(tmp_path):
    regions = Network.random([2, 4, 2], rng=0).regions(box(2))
    for other in (regions.merge(), regions.decision_regions()):
        with pytest.raises(InputError, match="without merge=True"):
            other.write_certificate(tmp_path / "c.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.update(format="cells"), "not a certificate"),
        (lambda f: f.update(version=2), "version 2"),
        (lambda f: f.pop("facets"), "KeyError"),
        (lambda f: f["network"].update(activation="tanh"), "unknown activation"),
        (lambda f: f["network"]["weights"][1][0].pop(), "layer 1 does not fit"),
        (lambda f: f["vertices"][0].pop(), "dimension 2"),
        (lambda f: f["vertices"][0].__setitem__(0, "1/0"), "denominator"),
        (lambda f: f["vertices"][0].__setitem__(0, "x"), "damaged"),
        (lambda f: f["vertices"][0].__setitem__(0, 0.5), "damaged"),
        (lambda f: f["regions"][0]["vertices"].append(10**6), "not numbers of vertices"),
        (lambda f: f["regions"][0]["pattern"].pop(), "does not fit the layers"),
        (lambda f: f["regions"][0]["pattern"][0].__setitem__(0, 2), "the piece 2"),
        (lambda f: f["domain"].pop(), "unbounded"),
        (lambda f: f["domain"].append(["1", "0", "-5"]), "no interior"),
    ],
)
def test_malformed_certificates(facts, change, message):
    change(facts)
    with pytest.raises(verify.BadCertificate, match=message):
        verify.check(facts)


def test_the_check_needs_the_standard_library_only():
    names = set()
    for module in (verify, triangulation):
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names.add(node.module)
            elif isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
    others = {name for name in names if name.split(".")[0] not in sys.stdlib_module_names}
    assert others == {"arrangement.deep.triangulation"}


def test_command_line(tmp_path, capsys):
    network = Network.random([2, 5, 4, 1], rng=0)
    regions = network.regions(box(2))
    path, other = tmp_path / "c.json", tmp_path / "other.json"
    regions.write_certificate(path)
    network.save(tmp_path / "network.npz")
    Network.random([2, 5, 4, 1], rng=1).save(other)
    assert main(["verify", str(path), "--network", str(tmp_path / "network.npz")]) == 0
    out = capsys.readouterr().out
    assert f"{len(regions)}\n" in out
    assert "yes: these are all activation regions" in out
    assert main(["verify", str(path), "--network", str(other)]) == 1
    assert f"the network is not that of {other}" in capsys.readouterr().out
    facts = json.loads(path.read_text())
    del facts["facets"][0]
    path.write_text(json.dumps(facts))
    assert main(["verify", str(path), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["proof"] is False
    assert found["failures"][0].startswith("region ")
    del facts["regions"][0]
    path.write_text(json.dumps(facts))
    assert main(["verify", str(path)]) == 1
    assert "more (--json has all)" in capsys.readouterr().out


def test_command_line_refuses_other_files(tmp_path, capsys):
    cells = tmp_path / "cells.npz"
    Arrangement([[1, 0]]).cells().save(cells)
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "text.json").write_text("hello")
    (tmp_path / "cut.json.gz").write_bytes(b"\x1f\x8b\x08")
    for name, message in (
        ("cells.npz", "only certificates of networks"),
        ("list.json", "not a certificate"),
        ("text.json", "no JSON"),
        ("cut.json.gz", "damaged"),
        ("missing.json", "No such file"),
    ):
        assert main(["verify", str(tmp_path / name)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert message in err
        assert err.startswith(f"arrangement: error: {tmp_path / name}: ")
