"""Flats on disk and on executors: the same numbers, whatever happens to the directory."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import reduce
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given

from arrangement import Arrangement, InputError, families
from arrangement.counting import flat_count, flat_levels, polynomial
from arrangement.counting.flat_count import FlatCount
from arrangement.counting.whitney import BrokenCircuits
from arrangement.symmetry import permutation_groups
from arrangement.symmetry.automorphisms import Automorphisms, find_generators
from arrangement.symmetry.permutation_groups import PermutationGroup
from tests.amounts import examples
from tests.facts import WHITNEY
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.results.test_cell_classes import planted


@pytest.fixture
def in_parts(monkeypatch):
    """Tasks are small, and so is what is merged at a time."""
    monkeypatch.setattr(flat_count, "COVERS", 100)
    monkeypatch.setattr(flat_count, "PLANES", 2)
    monkeypatch.setattr(flat_levels, "PART", 400)
    monkeypatch.setattr(flat_levels, "CHUNK", 5)
    monkeypatch.setattr(flat_levels, "LITTLE", 1000)
    monkeypatch.setattr(polynomial, "SOON", 0)
    count = BrokenCircuits.whitney_numbers
    monkeypatch.setattr(
        BrokenCircuits,
        "whitney_numbers",
        lambda sets, most=None: None if most == 0 else count(sets, most),
    )


CASES = [
    (families.threshold(4), "auto"), (families.resonance(4), None), (families.shi(4), "auto"),
    (families.coxeter("H", 4), "auto"), (families.grid(2, 3), None),
    (families.braid(4), [[0, 3, 4, 1, 2, 5]]), (families.coxeter("D", 5), "auto"),
    (families.resonance(5), "auto"), (families.generic(7, 5), None),
    (Arrangement(np.zeros((0, 2))), "auto"),
]  # fmt: skip


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize(("arrangement", "symmetry"), CASES)
def test_on_disk_and_in_parts(arrangement, symmetry, tmp_path, monkeypatch):
    expected = arrangement.characteristic_polynomial()
    assert arrangement.characteristic_polynomial(symmetry) == expected
    kept = tmp_path / "kept"
    with ThreadPoolExecutor(2) as executor:
        found = arrangement.whitney_numbers(symmetry, executor=executor, checkpoint=kept)
    assert found == tuple(map(abs, expected))
    assert any(kept.glob("*.npy")) == (arrangement.rank > 0)
    # Nothing is done again.
    monkeypatch.setattr(FlatCount, "passed_on", None)
    assert arrangement.characteristic_polynomial(symmetry, checkpoint=kept) == expected


@pytest.mark.usefixtures("in_parts")
@given(planted())
@examples(40)
def test_planted_symmetries(tmp_path_factory, problem):
    d, normals, offsets, _ = problem
    arrangement = arrangement_of(d, normals, offsets)
    found = arrangement.characteristic_polynomial(
        "auto", checkpoint=tmp_path_factory.mktemp("kept")
    )
    assert found == arrangement.characteristic_polynomial()


def counted(arrangement):
    """A count by all linear symmetries of a central arrangement."""
    rows = arrangement.essentialization().rows[:, :-1]
    generators, _ = find_generators(Automorphisms(rows, infinity=False))
    return FlatCount(rows, None, PermutationGroup(generators))


@pytest.mark.slow
def test_known_orbits_by_rank():
    count = counted(families.threshold(8))
    w = count.whitney_numbers()
    assert 2 * sum(w[::2]) == 17561539552946  # χ(1) = 0: as many of even rank as of odd
    assert count.orbits == [1, 1, 4, 13, 52, 221, 947]


def test_orbits_are_those_of_all_flats():
    """Of permutations of four numbers that sum to 0, and a fifth."""
    arrangement = families.resonance(5)
    count = counted(arrangement)
    count.whitney_numbers()
    rows = arrangement.rows[:, :-1].astype(int).tolist()
    sums = [frozenset(i + 1 for i in range(5) if row[i]) for row in rows]
    place = {key: i for i, key in enumerate(sums)}
    place |= {frozenset(range(6)) - key: i for i, key in enumerate(sums)}
    maps = [
        [place[frozenset(order[i] for i in key)] for key in sums]
        for order in permutations(range(6))
    ]
    for rank in (1, 2):
        found = {
            min(tuple(sorted(images[i] for i in flat)) for images in maps)
            for flat in (f.hyperplanes for f in arrangement.flats(rank))
        }
        assert count.orbits[rank] == len(found)


@pytest.mark.usefixtures("in_parts")
def test_damaged_files_are_done_again(tmp_path):
    arrangement = families.resonance(5)
    expected = tuple(WHITNEY["resonance", 5])
    assert arrangement.whitney_numbers("auto", checkpoint=tmp_path) == expected
    files = sorted(tmp_path.glob("*.npy"))
    assert {path.name.split("-")[0] for path in files} == {"covers", "flats"}
    for path in files[::3]:
        content = bytearray(path.read_bytes())
        content[-9] ^= 1
        path.write_bytes(content)
    for path in files[1::3]:
        path.unlink()
    assert any(path.name.startswith("covers") for path in files[2::3])
    assert arrangement.whitney_numbers("auto", checkpoint=tmp_path) == expected
    with pytest.raises(InputError, match="another arrangement"):
        families.threshold(3).whitney_numbers("auto", checkpoint=tmp_path)


@pytest.mark.usefixtures("in_parts")
def test_parts_of_orbits_found_again_as_other_images(tmp_path, monkeypatch):
    """Where searches are cut short, images depend on random elements."""
    arrangement = families.coxeter("D", 8)
    expected = tuple(reduce(np.convolve, [(1, m) for m in (1, 3, 5, 7, 7, 9, 11, 13)]).tolist())
    monkeypatch.setattr(permutation_groups, "CANDIDATES", 1)
    monkeypatch.setattr(flat_count, "PLANES", 20)
    assert arrangement.whitney_numbers("auto", checkpoint=tmp_path) == expected
    assert {path.name[:8] for path in tmp_path.glob("covers-*")} == {"covers-5"}
    before = sorted(path.name for path in tmp_path.glob("flats-5-*"))
    (tmp_path / before[1]).unlink()
    find = permutation_groups.kernel.stabilise
    monkeypatch.setattr(
        permutation_groups.kernel,
        "stabilise",
        lambda *given: find(*given[:3], given[3] + 30),
    )
    assert arrangement.whitney_numbers("auto", checkpoint=tmp_path) == expected
    assert sorted(path.name for path in tmp_path.glob("flats-5-*")) != before


@pytest.mark.usefixtures("in_parts")
def test_more_tables_than_files_may_be_open(tmp_path, monkeypatch):
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(flat_levels, "PART", 10000)
    arrangement, expected = families.resonance(5), tuple(WHITNEY["resonance", 5])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with open(tmp_path / "file", "w") as last:
        resource.setrlimit(resource.RLIMIT_NOFILE, (last.fileno() + 20, hard))
    try:
        found = arrangement.whitney_numbers(checkpoint=tmp_path / "kept")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert found == expected
    assert len(list((tmp_path / "kept").glob("covers-*"))) > 20


RUN = """
import sys
from arrangement import families
from arrangement.counting import flat_count, flat_levels
flat_count.COVERS, flat_count.PLANES, flat_levels.PART = 2000, 4, 20000
print(sum(families.resonance(7).whitney_numbers("auto", checkpoint=sys.argv[1])))
"""


@pytest.mark.processes
def test_killed_at_ten_moments_and_gone_on_with(tmp_path):
    rng = np.random.default_rng(0)
    command = [sys.executable, "-c", RUN, tmp_path / "kept"]
    killed = 0
    for _ in range(10):
        run = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        before = len(list(tmp_path.glob("kept/*")))
        while run.poll() is None and len(list(tmp_path.glob("kept/*"))) == before:
            time.sleep(0.01)
        time.sleep(0.2 * rng.random())
        run.send_signal(signal.SIGKILL)
        killed += run.wait() == -signal.SIGKILL
        run.stdout.close()
    assert killed > 4
    end = subprocess.run(command, capture_output=True, text=True, check=True)
    assert end.stdout == "347326352\n"


@pytest.mark.processes
@pytest.mark.usefixtures("in_parts")
def test_processes_and_a_dask_cluster(tmp_path, dask_executor):
    arrangement, expected = families.resonance(6), sum(WHITNEY["resonance", 6])
    with ProcessPoolExecutor(2) as executor:
        found = arrangement.whitney_numbers("auto", executor=executor, checkpoint=tmp_path)
    assert sum(found) == expected
    found = arrangement.whitney_numbers("auto", executor=dask_executor)
    assert sum(found) == expected


def test_the_command_line(facts, tmp_path):
    command = ("count", "--family", "threshold", 4, "--checkpoint", tmp_path / "kept")
    assert facts(*command)["whitney_numbers"] == [1, 16, 120, 460, 820, 465]
    assert list((tmp_path / "kept").glob("flats-*.npy"))
    assert facts(*command, "--symmetry", "none")["cells"] == 1882
