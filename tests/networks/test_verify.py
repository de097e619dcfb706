"""Certificates: they prove what they should, and nothing else passes."""

import ast
import contextlib
import copy
import gzip
import json
import sys
import time
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from flint import fmpz
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement, InputError
from arrangement.cli import main
from arrangement.networks import Network
from arrangement.networks.proofs import corners, grammar, hidden_layers, triangulation, verify
from arrangement.networks.regions.certificate import certificate
from tests.amounts import examples, first
from tests.networks.test_regions import box, networks, random_network, sawtooth

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
        pytest.param([2, 16, 16, 1], box(2), "relu", marks=pytest.mark.slow),
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
@examples(60)
def test_degenerate_networks(network, activation):
    d, weights, biases, _ = network
    assert failures(proof(Network(weights, biases, activation, 0.25), box(d))) == []


@given(networks(maxout=True))
@examples(40)
def test_degenerate_maxout_networks(network):
    d, weights, biases, k = network
    if k > 1:
        assert failures(proof(Network(weights, biases, ("maxout", k)), box(d))) == []


@given(networks(), st.data())
@examples(60)
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
@pytest.mark.parametrize("coordinate", first(1, [0, 1]))
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


@pytest.mark.parametrize("layer", first(1, [0, 1]))
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


@pytest.mark.parametrize(
    "layers", first(1, [sawtooth(4, 2), sawtooth(2, 4), random_network([2, 32, 32, 1])])
)
def test_sawtooth_and_wider_networks(layers):
    network = Network(*layers)
    assert failures(proof(network, [(0, 1)] * network.input_dimension)) == []


def test_merged_regions_have_no_certificate(tmp_path):
    regions = Network.random([2, 4, 2], rng=0).regions(box(2))
    with pytest.raises(InputError, match="without merge=True"):
        regions.merge().write_certificate(tmp_path / "c.json")
    assert not hasattr(regions.decision_regions(), "write_certificate")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.update(format="cells"), "not a certificate"),
        (lambda f: f.update(version=2), "version 2"),
        (lambda f: f.pop("facets"), '"facets" is missing'),
        (lambda f: f.update(note="x"), "'note' is no part of a certificate"),
        (lambda f: f["network"].update(activation="tanh"), "network.activation: 'tanh' is unk"),
        (lambda f: f["network"].update(labels=["a"]), "'labels' is no part"),
        (lambda f: f["network"].update(activation="leaky_relu"), "is unknown"),
        (lambda f: f["network"].update(activation=["maxout", 1]), "maxout of 1 pieces"),
        (lambda f: f["network"].update(activation=["maxout", 2.9]), "2.9 is not an integer"),
        (lambda f: f["network"].update(activation=["maxout", True]), "True is not an integer"),
        (lambda f: f.update(version=True), "version True"),
        (lambda f: f.update(version=1.0), "version 1.0"),
        (lambda f: f.update(domain=[[1.0, 1.99], [-1.0, 1.99]]), "domain.0.0: 1.0 is not an"),
        (lambda f: f.update(domain=[]), "domain and vertices"),
        (lambda f: f["domain"].append(["0", "0", "1"]), "domain.4: the row is zero"),
        (lambda f: f["domain"][0].__setitem__(0, "1/2"), "domain.0.0: '1/2' is not an integer"),
        (lambda f: f["regions"][0].update(point=["0"]), "regions.0.point: 1 coordinates"),
        (lambda f: f["regions"][0]["pattern"][0].__setitem__(0, True), "True is not an int"),
        (lambda f: f["regions"][0]["pattern"][0].__setitem__(0, -1), "-1 is not an integer"),
        (lambda f: f["facets"][0].update(regions=[0, 0]), "one region or two"),
        (lambda f: f["facets"][0].update(regions=[0, 1, 2]), "one region or two"),
        (
            lambda f: f["facets"][0]["vertices"].append(f["facets"][0]["vertices"][0]),
            "each once",
        ),
        (lambda f: f["network"]["weights"][1][0].pop(), "layer 1 does not fit"),
        (lambda f: f["vertices"][0].pop(), "dimension 2"),
        (lambda f: f["vertices"][0].__setitem__(0, "1/0"), "denominator"),
        (lambda f: f["vertices"][0].__setitem__(0, "x"), "vertices.0.0: 'x' is not an"),
        (lambda f: f["vertices"][0].__setitem__(0, 0.5), "vertices.0.0: 0.5 is not an"),
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


TEXTS = (
    *("+1", "01", "1.0", "1e3", " 1", "1 ", "1_0", "٣", "１", "", "-", "-0", "--1", "1/", "/2"),
    *("1/0", "1/-2", "1/2/3", "0x", "0xG", "0x01", "0XA", "0xA", "inf", "nan", "1\n", "0b1"),
)


@pytest.mark.parametrize("text", TEXTS)
def test_numbers_have_one_spelling(facts, text):
    for form in (grammar.Atom.RATIONAL, grammar.Atom.INTEGER):
        with pytest.raises(verify.BadCertificate):
            grammar.parsed(text, form)
    facts["vertices"][0][0] = text
    with pytest.raises(verify.BadCertificate, match=r"vertices\.0\.0"):
        verify.check(facts)


@given(st.integers(0, 10**6), st.integers(-10, 10**5), st.booleans())
@examples(60)
def test_the_reader_reads_what_the_writer_writes(digits, shift, ratio):
    value = 7 ** (digits % 10_000) - shift
    number = Fraction(value, 3 ** (digits % 5000)) if ratio else value
    for form in (grammar.Atom.RATIONAL, *(() if ratio else (grammar.Atom.INTEGER,))):
        found = grammar.parsed(grammar.written(number, form), form)
        assert (Fraction(*found) if isinstance(found, tuple) else found) == number
    if abs(value) < 10**3900:
        assert grammar.parsed(str(fmpz(value)), grammar.Atom.INTEGER) == value


@pytest.mark.parametrize("limit", [640, 4300, 0])
def test_python_s_limit_of_digits_does_not_matter(limit):
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(limit)
    try:
        end = Fraction(1, 10**4000)
        facts = proof(Network([[[1]], [[1]]], [[0], [0]]), [(-end, end)])
        assert verify.check(facts).holds
        assert grammar.parsed("9" * 4000, grammar.Atom.INTEGER) == 10**4000 - 1
    finally:
        sys.set_int_max_str_digits(before)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"format": 1, "format": 2}', "key twice"),
        ('{"version": 1.0}', "1.0: numbers that"),
        ('{"version": NaN}', "NaN: numbers that"),
        ('{"version": -Infinity}', "-Infinity: numbers that"),
        ('{"version": 1e400}', "1e400: numbers that"),
        ('{"version": ' + "9" * 5000 + "}", "numbers that are no counts"),
        ("[" * 10**6, "without end"),
        ("\ufeff{}", "no JSON"),
        ("{} {}", "no JSON"),
    ],
)
def test_files_that_are_no_certificates(tmp_path, text, message):
    (tmp_path / "c.json").write_text(text, encoding="utf-8")
    with pytest.raises(verify.BadCertificate, match=message):
        verify.read(tmp_path / "c.json")


def test_a_proof_is_of_one_set_however_it_is_described(facts):
    assert verify.check(facts).domain == ((1, 0, 1), (-1, 0, 1), (0, 1, 1), (0, -1, 1))
    rows = [[0, -7, 7], [3, 0, 3], [0, 1, 1], [-1, 0, 1], [-1, -1, 2], [-1, -1, 9]]
    assert corners.same_domain(verify.check(facts).domain, rows)
    for changed in ([[0, -7, 8], *rows[1:]], [*rows, [-10, -10, 19]], [[1, 1], [-1, 1]]):
        assert not corners.same_domain(verify.check(facts).domain, changed)
    with pytest.raises(verify.BadCertificate, match="unbounded"):
        corners.same_domain(rows, rows[1:4])


def cube(d):
    """A hand-written certificate of a network without kinks on a cube."""
    corners = list(product("01", repeat=d))
    unit = np.eye(d, dtype=int)
    rows = [[*map(str, v), c] for k in range(d) for v, c in ((unit[k], "0"), (-unit[k], "1"))]
    facets = [
        {"vertices": [i for i, x in enumerate(corners) if x[k] == side], "regions": [0],
         "wall": 2 * k + int(side)}
        for k in range(d) for side in "01"
    ]  # fmt: skip
    return {
        "format": "arrangement certificate",
        "version": 1,
        "network": {"activation": "relu", "weights": [[["1"] * d]], "biases": [["0"]]},
        "domain": rows,
        "vertices": [list(x) for x in corners],
        "regions": [{"pattern": [], "point": ["1/2"] * d, "vertices": [*range(len(corners))]}],
        "facets": facets,
    }


def test_too_much_work_is_refused_before_it_begins(tmp_path, capfd):
    for d in (1, 2, 3, 4, 5):
        assert failures(cube(d)) == []
    path = tmp_path / "cube.json"
    for d in (8, 9, 10, 12):
        started = time.process_time()
        path.write_text(json.dumps(cube(d)))
        with pytest.raises(verify.Undecided, match=r"steps are needed, 1e\+07 are allowed"):
            verify.check(cube(d), limit=0.02)
        assert time.process_time() - started < 10
    assert main(["verify", str(path)]) == 3
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(
        f"arrangement: {path}: not decided: the vertices of a domain of 24 rows"
    )
    assert err.endswith("--limit F allows F times as much\n")
    assert main(["verify", str(path), "--json"]) == 3
    assert json.loads(capfd.readouterr().out)["proof"] is None
    assert main(["verify", str(path), "--limit", "0"]) == 2
    path.write_text(json.dumps(cube(3)))
    assert main(["verify", str(path), "--limit", "1e-6"]) == 3
    assert main(["verify", str(path)]) == 0


def test_simplices_are_counted_before_they_are_found():
    """Of a cube there are d!; the check of nine dimensions ended only in the middle."""
    started = time.process_time()
    with pytest.raises(verify.Undecided, match="the volumes of 362,880 simplices"):
        verify.check(cube(9))
    assert time.process_time() - started < 5


@given(networks(), st.sampled_from(["relu", "leaky_relu"]))
@examples(20)
def test_the_number_of_simplices_is_that_of_the_triangulation(network, activation):
    d, weights, biases, _ = network
    verdict = verify.check(proof(Network(weights, biases, activation, 0.5), box(d)))
    assert verdict.holds
    faces = {0b0011, 0b0110, 0b1100, 0b1001}
    for given_faces in (faces, faces - {0b0110}, set()):
        work = triangulation.Work(1e4)
        simplices = triangulation.pulled(0b1111, 2, given_faces, {}, work)
        assert triangulation.counted(0b1111, 2, given_faces, {}, work) == len(simplices)


@pytest.mark.parametrize("extra", [["1/2", "0"], ["1/3", "1/3"], ["1/2", "1/2"]])
def test_a_point_that_is_no_vertex_is_found(extra):
    """On an edge or inside, and in the lists of facets as well: it changes no volume."""
    facts = cube(2)
    facts["vertices"].append(extra)
    facts["regions"][0]["vertices"].append(4)
    for facet in facts["facets"]:
        if extra[1] == "0" and facet["vertices"] == [0, 2]:
            facet["vertices"].append(4)
    assert failures(facts) == [
        "region 0: vertex 4 is none of the polytope that its vertices span"
    ]


@pytest.mark.slow
def test_small_files_do_not_take_much(tmp_path):
    """A few bytes that unpack to many, long denominators, and polytopes of many faces."""
    path = tmp_path / "c.json.gz"
    path.write_bytes(gzip.compress(b" " * (verify.MOST_BYTES + 1)))
    with pytest.raises(verify.Undecided, match="longer than"):
        verify.read(path)
    facts = cube(1)
    facts["network"] = {
        "activation": "relu",
        "weights": [[[f"1/{n}"] for n in range(10**5, 12 * 10**4)], [["0"] * 20_000]],
        "biases": [["0"] * 20_000, ["0"]],
    }
    with pytest.raises(verify.Undecided, match="common denominators"):
        verify.check(facts)
    facts = cube(2)
    facts["domain"] *= 10_000
    with pytest.raises(verify.Undecided, match="the vertices of a domain"):
        verify.check(facts)
    facts = cube(2)
    facts["vertices"][0] = ["0x" + "f" * 10**6] * 2
    assert any("outside the domain" in text for text in failures(facts))


def told(facts):
    """Patterns, points and facets of a certificate, apart from numbers and spelling."""
    points = [tuple(map(fraction, x)) for x in facts["vertices"]]
    regions = facts["regions"]
    names = [str(r["pattern"]) for r in regions]
    hulls = {n: {points[v] for v in r["vertices"]} for n, r in zip(names, regions, strict=True)}
    facets = {
        (frozenset(points[v] for v in f["vertices"]), frozenset(names[i] for i in f["regions"]))
        for f in facts["facets"]
    }
    return hulls, facets, len(regions), len(facts["facets"]), len(points)


def fraction(text):
    p, _, q = text.partition("/")
    return Fraction(int(p, 0), int(q or "1", 0))


def fractions(value):
    """Fractions in place of texts, in lists and at the top."""
    if isinstance(value, dict):
        return {k: v if k == "activation" else fractions(v) for k, v in value.items()}
    return [*map(fractions, value)] if isinstance(value, list) else fraction(value)


def is_proof(facts):
    """Does the engine find the same for the network and the domain that are written?"""
    network = Network(**fractions(facts["network"]))
    rows = [[int(v, 0) for v in row] for row in facts["domain"]]
    domain = [[-v for v in row[:-1]] for row in rows], [row[-1] for row in rows]
    regions = network.regions(domain)
    if told(json.loads(json.dumps(certificate(regions)))) != told(facts):
        return False
    for region in facts["regions"]:
        x = [fraction(v) for v in region["point"]]
        assert str(
            [p[regions.locate(x)].astype(int).tolist() for p in regions.patterns]
        ) == str(region["pattern"])
    return True


def places(value, path=()):
    """Where something stands in a certificate."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*path, key)
        if isinstance(inner, list | dict):
            yield from places(inner, (*path, key))


def altered(value, rng):
    """Something else in place of a value."""
    if isinstance(value, str):
        other = [*TEXTS, "0", "1", "-1", "1/2", f"-{value}", f"{value}/2", value.lstrip("-")]
        with contextlib.suppress(ValueError):
            x = fraction(value)
            other += [str(x + 1), str(x - Fraction(1, 2**40)), str(2 * x), hex(x.numerator)]
        return str(rng.choice(other))
    if isinstance(value, list):
        kind = rng.integers(5)
        if kind == 0 or not value:
            return value[:-1]
        if kind == 1:
            return [*value, value[0]]
        if kind == 2:
            return value[::-1]
        if kind == 3:
            return value[1:]
        return [value[i] for i in rng.permutation(len(value))]
    if isinstance(value, dict):
        return {k: v for k, v in value.items() if rng.random() < 0.7}
    return [value + 1, value - 1, 0, True, float(value), str(value), 10**12][rng.integers(7)]


@pytest.mark.parametrize("count", first(1, [140, 700]))
@pytest.mark.parametrize("activation", first(1, ["relu", "leaky_relu", ("maxout", 2)]))
@pytest.mark.parametrize("d", [1, 2])
def test_tampered_certificates(d, activation, count):
    """Each is a proof by the engine's word as well, or is not accepted; none is an accident."""
    network = Network.random([d, 3, 2, 2], rng=d, activation=activation, negative_slope=0.25)
    whole, rng = proof(network, box(d)), np.random.default_rng(0)
    where = list(places(whole))
    accepted = refused = malformed = 0
    for _ in range(count):
        facts = copy.deepcopy(whole)
        for _ in range(rng.integers(1, 3)):
            path = where[rng.integers(len(where))]
            try:
                holder = facts
                for key in path[:-1]:
                    holder = holder[key]
                holder[path[-1]] = altered(holder[path[-1]], rng)
            except (LookupError, TypeError):
                continue
        try:
            holds = verify.check(facts).holds
        except verify.BadCertificate:
            malformed += 1
            continue
        if holds:
            accepted += 1
            assert is_proof(facts)
        refused += not holds
    assert accepted > count // 35
    assert refused > count // 14
    assert malformed > count // 7


@pytest.mark.slow
def test_damaged_texts_of_certificates(tmp_path, good):
    content, rng = json.dumps(good).encode(), np.random.default_rng(0)
    path = tmp_path / "c.json"
    for _ in range(150):
        changed = bytearray(content)
        for _ in range(rng.integers(1, 4)):
            changed[rng.integers(len(changed))] = rng.choice(list(b'0123456789"[]{},:/-x \xff'))
        path.write_bytes(changed)
        try:
            holds = verify.verify(path).holds
        except verify.BadCertificate:
            continue
        assert not holds or is_proof(json.loads(path.read_text()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f["regions"][0]["point"].__setitem__(0, "2"), "not strictly inside the dom"),
        (lambda f: f["vertices"].append(["0", "0"]), "belongs to no region"),
        (lambda f: f["vertices"].append(f["vertices"][0]), "is vertex 0, too"),
        (lambda f: f.update(regions=[]), "leave 1 of the domain's"),
        (lambda f: f.update(facets=[]), "is not listed"),
        (lambda f: f["facets"][0].update(regions=[99]), "region 99: "),
    ],
)
def test_certificates_that_prove_less_are_no_proofs(facts, change, message):
    change(facts)
    assert any(message in text for text in failures(facts))


def test_the_check_needs_the_standard_library_only():
    names = set()
    for module in (verify, corners, hidden_layers, triangulation, grammar):
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names.add(node.module)
            elif isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
    others = {name for name in names if name.split(".")[0] not in sys.stdlib_module_names}
    assert others == {
        "arrangement.networks.proofs.corners",
        "arrangement.networks.proofs.grammar",
        "arrangement.networks.proofs.hidden_layers",
        "arrangement.networks.proofs.triangulation",
    }


def test_command_line(tmp_path, capfd):
    network = Network.random([2, 5, 4, 1], rng=0)
    regions = network.regions(box(2))
    path, other = tmp_path / "c.json", tmp_path / "other.json"
    regions.write_certificate(path)
    network.save(tmp_path / "network.npz")
    Network.random([2, 5, 4, 1], rng=1).save(other)
    assert main(["verify", str(path), "--network", str(tmp_path / "network.npz")]) == 0
    out = capfd.readouterr().out
    assert f"{len(regions)}\n" in out
    assert "yes: these are all activation regions" in out
    assert main(["verify", str(path), "--network", str(other)]) == 1
    assert f"the network is not that of {other}" in capfd.readouterr().out
    facts = json.loads(path.read_text())
    del facts["facets"][0]
    path.write_text(json.dumps(facts))
    assert main(["verify", str(path), "--json"]) == 1
    found = json.loads(capfd.readouterr().out)
    assert found["proof"] is False
    assert found["failures"][0].startswith("region ")
    del facts["regions"][0]
    path.write_text(json.dumps(facts))
    assert main(["verify", str(path)]) == 1
    assert "more (--json has all)" in capfd.readouterr().out


def test_the_domain_that_is_meant(tmp_path, capfd):
    path = tmp_path / "c.json"
    network = Network.random([2, 4, 1], rng=0)
    network.regions([(-1, "1/2"), (0, 2)]).write_certificate(path)
    G = np.array([[-1.0, 0], [0, -2], [4, 0], [0, 1], [1, 1], [4, 0]])
    np.savez(tmp_path / "same.npz", G=G, h=[1.0, 0, 2, 2, 2.5, 2])
    np.savez(tmp_path / "less.npz", G=G, h=[1.0, 0, 2, 2, 2.4, 2])
    np.savez(tmp_path / "open.npz", G=G[:1], h=[1.0])
    for arguments, code in (
        (["--box", "-1", "0.5", "0", "2"], 0),
        (["--box", "-1", "0.5", "0", "2.0000000000000000000001"], 1),
        (["--box", "-1", "1"], 1),
        (["--polytope", str(tmp_path / "same.npz")], 0),
        (["--domain", str(tmp_path / "less.npz")], 1),
        (["--domain", str(tmp_path / "open.npz")], 2),
        (["--box", "-1", "1", "-1", "1", "-1", "1"], 2),
        (["--box", "-1", "1", "--domain", "x.npz"], 2),
    ):
        assert main(["verify", str(path), *arguments]) == code, arguments
        out, _ = capfd.readouterr()
        assert ("the domain is not that of" in out) == (code == 1)
        assert ("domain              [-1, 1/2] x [0, 2]\n" in out) == (code < 2)
        assert main(["verify", str(path), *arguments, "--json"]) == code
        out, _ = capfd.readouterr()
        if code < 2:
            facts = json.loads(out)
            assert facts["proof"] == (code == 0)
            assert facts["domain"] == [["1", "0", "1"], ["-2", "0", "1"], ["0", "1", "0"],
                                       ["0", "-1", "2"]]  # fmt: skip
    network.regions(TRIANGLE).write_certificate(path)
    assert main(["verify", str(path)]) == 0
    assert "1 x0 >= 0, 1 x1 >= 0, -3 x0 + -3 x1 >= -1" in capfd.readouterr().out


def test_tiny_and_huge_boxes_are_proved(tmp_path, capfd):
    tiny, network = tmp_path / "c.json", tmp_path / "n.json"
    Network([[[1]], [[1]]], [[0], [0]]).save(network)
    for end in (Fraction(1, 10**4000), Fraction(10**4000), Fraction(10**5000 + 1, 3**9000)):
        Network.read(network).regions([(-end, end)]).write_certificate(tiny)
        assert main(["verify", str(tiny), "--network", str(network)]) == 0
        out, _ = capfd.readouterr()
        assert max(map(len, out.splitlines())) < 200
    assert main(["verify", str(tiny), "--json"]) == 0
    assert len(json.loads(capfd.readouterr().out)["domain_volume"]) > 9000


def test_command_line_refuses_other_files(tmp_path, capfd):
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
        out, err = capfd.readouterr()
        assert out == ""
        assert message in err
        assert err.startswith(f"arrangement: error: {tmp_path / name}: ")
