"""Counting by chambers: totals of tasks, their log, and whatever may happen to it."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from hypothesis import given

from arrangement import Arrangement, families
from arrangement.counting import by_chambers, polynomial
from arrangement.counting.by_chambers import audit_count, chamber_counts, count_by_chambers
from arrangement.enumeration.estimate import estimated_flats
from arrangement.errors import InputError, SizeError
from arrangement.symmetry import chamber_count
from arrangement.symmetry.count_log import CountLog
from arrangement.symmetry.symmetries import Symmetries
from tests.amounts import examples, first
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.results.test_cell_classes import planted

THRESHOLD = [(2, 2, 14), (3, 3, 104), (4, 7, 1882), (5, 21, 94572), (6, 135, 15028134),
             (7, 2470, 8378070864), (8, 175428, 17561539552946)]  # fmt: skip
RESONANCE = [(3, 2, 32), (4, 12, 370), (5, 56, 11292), (6, 576, 1066044), (7, 16640, 347326352),
             (8, 1681100, 419172756930)]  # fmt: skip


@pytest.mark.parametrize("known", first(4, THRESHOLD))
def test_threshold_functions(known):
    n, classes, cells = known
    found = count_by_chambers(chamber_counts(families.threshold(n)))
    assert (found.n_classes, found.n_cells) == (classes, cells)


@pytest.mark.parametrize("known", first(3, RESONANCE))
def test_resonance(known):
    n, classes, cells = known
    found = count_by_chambers(chamber_counts(families.resonance(n)))
    assert (found.n_classes, found.n_cells) == (classes, cells)


@pytest.mark.parametrize(
    "arrangement",
    [
        families.braid(6), families.shi(4), families.catalan(4), families.linial(4),
        families.coxeter("F", 4), families.coxeter("H", 3),
        Arrangement(np.zeros((0, 3))), Arrangement([[2]]),
        Arrangement([[1, 0, 0], [0, 1, 0], [2, 0, 0]]),
    ],
)  # fmt: skip
def test_families(arrangement):
    assert count_by_chambers(chamber_counts(arrangement)).n_cells == arrangement.n_cells()


@given(planted())
@examples(60)
def test_planted_symmetries(problem):
    d, normals, offsets, _ = problem
    arrangement = arrangement_of(d, normals, offsets)
    found = count_by_chambers(chamber_counts(arrangement))
    assert found.n_cells == arrangement.n_cells()
    assert found.n_classes == arrangement.n_classes(symmetry="auto")


def generic_with_a_mirror():
    """A chamber of one reflection contains lines, and hyperplanes cut it into orthants."""
    rows = np.random.default_rng(1).integers(-9, 10, size=(4, 5))
    mirrored = rows * [-1, 1, 1, 1, 1]
    return Arrangement(np.concatenate([rows, mirrored])[:, :4], [*rows[:, 4], *rows[:, 4]])


@pytest.fixture
def in_parts(monkeypatch):
    """Tasks are small."""
    monkeypatch.setattr(chamber_count, "PORTION", 12)
    monkeypatch.setattr(chamber_count, "EXACT", 5)
    monkeypatch.setattr(chamber_count, "SAMPLES", 4)


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize(
    "arrangement",
    first(1, [generic_with_a_mirror(), families.resonance(6), families.threshold(6)]),
)
def test_tasks_are_parts_of_faces(arrangement):
    counts = chamber_counts(arrangement)
    found = [counts.count(i) for i in range(len(counts.tasks))]
    assert found == [counts.count_again(i) for i in range(len(counts.tasks))]
    assert counts.n_cells(found) == arrangement.n_cells()
    assert len(counts.tasks) > len(counts.faces)
    assert (counts.tasks[:, 4] >= 0).any() == (arrangement.n_hyperplanes > 60)
    # The same tasks wherever they are made.
    assert (counts.tasks == chamber_counts(arrangement).tasks).all()


def test_estimates_of_totals_are_within_their_errors(monkeypatch):
    monkeypatch.setattr(chamber_count, "EXACT", 0)
    counts = chamber_counts(families.threshold(6))
    mean, error = counts.estimate
    assert 0 < error < 200
    assert abs(mean - 1607) < 5 * error
    total, doubt = counts.estimated_cells()
    assert abs(total - 15028134) < 5 * doubt


@pytest.mark.parametrize("rank", first(2, [1, 2, 3, 4]))
def test_estimates_of_flats_are_near(rank):
    arrangement = families.threshold(4)
    n = len(arrangement.flats(rank))
    assert abs(estimated_flats(arrangement.rows, rank, samples=2000) / n - 1) < 0.1


def test_n_cells_takes_chambers_where_flats_are_many(monkeypatch):
    seen = []
    count = by_chambers.count_by_chambers
    monkeypatch.setattr(
        by_chambers, "count_by_chambers", lambda *given: seen.append(1) or count(*given)
    )
    assert families.threshold(4).n_cells(symmetry="auto") == 1882
    assert families.braid(7).n_cells(symmetry="auto") == 5040
    assert not seen
    monkeypatch.setattr(polynomial, "FLAT", 1.0)
    monkeypatch.setattr(polynomial, "FEW_FLATS", 0)
    assert families.threshold(5).n_cells(symmetry="auto") == 94572
    assert seen


def test_factors_of_a_product_are_counted_apart(monkeypatch):
    monkeypatch.setattr(polynomial, "FLAT", 1.0)
    monkeypatch.setattr(polynomial, "FEW_FLATS", 0)
    seen = []
    count = by_chambers.count_by_chambers
    monkeypatch.setattr(
        by_chambers, "count_by_chambers", lambda *given: seen.append(1) or count(*given)
    )
    one, two = families.threshold(5), families.shi(5)  # rows of 6 and of 5 coordinates
    normals = np.zeros((52, 11), dtype=object)
    normals[:32, :6], normals[32:, 6:] = one.normals, two.normals
    both = Arrangement(normals, [*one.offsets, *two.offsets])
    assert both.n_cells(symmetry="auto") == both.n_cells(symmetry="full") == 94572 * 1296
    assert len(seen) == 2  # of threshold functions


def test_a_large_group_without_reflections_is_not_listed(tmp_path):
    """Quarter turns of eight planes."""
    turns = np.zeros((8, 16, 16), dtype=int)
    for k, turn in enumerate(turns):
        turn[:] = np.eye(16)
        turn[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = [[0, -1], [1, 0]]
    arrangement = Arrangement(np.eye(16, dtype=int))
    with pytest.raises(SizeError, match="more than 16,384 symmetries"):
        arrangement.n_classes(symmetry=list(turns))
    assert arrangement.n_cells(symmetry=list(turns)) == 2**16
    assert arrangement.n_cells(symmetry=list(turns), checkpoint=tmp_path) == 2**16


@pytest.mark.slow
def test_symmetry_of_more_than_a_thousand_hyperplanes():
    found = Symmetries(families.resonance(11), "auto")
    assert (found.n, found.reflections.coxeter_type) == (2047, "A11")


# --- the log ---


@pytest.mark.slow
@pytest.mark.usefixtures("in_parts")
def test_a_log_is_gone_on_with_and_audited(tmp_path, monkeypatch):
    arrangement = families.threshold(5)
    counts = chamber_counts(arrangement)
    log = CountLog(tmp_path / "log", counts)
    for part in counts.pieces(counts.intervals()[0], 1):
        if part.start % 3:
            log.write(part, next(counts.blocks(part)))
    started = audit_count(arrangement, tmp_path / "log")
    assert started.n_cells is None
    assert started.n_done == len(log.found) < started.n_tasks == len(counts.tasks)
    assert abs(started.expected - 270) <= 5 * started.doubt
    seen = []
    found = arrangement.n_cells(
        symmetry="auto", checkpoint=tmp_path / "log", progress=lambda *at: seen.append(at)
    )
    assert found == 94572
    assert seen[-1] == (270, 270)
    assert all(done <= total for done, total in seen)
    assert sorted(p.name for p in (tmp_path / "log").iterdir()) == [
        "count.json", "counts-1.txt", "counts-2.txt",
    ]  # fmt: skip
    audited = arrangement.audit_count(tmp_path / "log", samples=10**6)
    assert audited.n_again == audited.n_done == audited.n_tasks
    assert (audited.n_classes, audited.n_cells) == (21, 94572)
    # Of what is large a piece is counted in Python's integers.
    monkeypatch.setattr(by_chambers, "SMALL", 6)
    pieces = arrangement.audit_count(tmp_path / "log", samples=30)
    assert 0 < pieces.n_pieces < pieces.n_again == 30
    # Nothing is counted again.
    monkey = chamber_counts(arrangement)
    monkey.count = None
    assert count_by_chambers(monkey, checkpoint=tmp_path / "log").n_cells == 94572


def test_damaged_lines_are_done_again_and_wrong_ones_found(tmp_path):
    arrangement = families.threshold(4)
    expected = arrangement.n_cells(symmetry="auto", checkpoint=tmp_path)
    path = tmp_path / "counts-1.txt"
    whole = path.read_text()
    lines = whole.splitlines(keepends=True)
    damaged = lines[5].replace(" -1 -1 ", " -1 0 ", 1)
    endless = lines[2].replace(lines[2].split()[-2], "9" * 5000)
    damaged += "\x00\n" + endless
    path.write_text("".join([*lines[:5], damaged, *lines[6:-1], lines[-1][:-9]]))
    assert audit_count(arrangement, tmp_path).n_done == len(lines) - 3
    assert arrangement.n_cells(symmetry="auto", checkpoint=tmp_path) == expected
    counts = chamber_counts(arrangement)
    log = CountLog(tmp_path, counts)
    wrong = log._line(0, log.found[0] + 1)
    path.write_text(whole.replace(lines[1], wrong + "\n"))
    (tmp_path / "counts-2.txt").unlink()
    with pytest.raises(InputError, match=r"task 0 has 7 cells, and the log says 8"):
        audit_count(arrangement, tmp_path, samples=10**6)
    path.write_text(whole + wrong + "\n")
    with pytest.raises(InputError, match="8 cells in task 0, which has 7 in another line"):
        audit_count(arrangement, tmp_path)


def test_directories_of_something_else(tmp_path):
    arrangement = families.threshold(4)
    with pytest.raises(InputError, match="no directory of counts"):
        audit_count(arrangement, tmp_path / "nothing")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(InputError, match="not empty, and no directory of counts"):
        arrangement.n_cells(symmetry="auto", checkpoint=tmp_path / "full")
    arrangement.n_cells(symmetry="auto", checkpoint=tmp_path / "log")
    with pytest.raises(InputError, match="holds counts of another arrangement"):
        families.threshold(3).n_cells(symmetry="auto", checkpoint=tmp_path / "log")
    (tmp_path / "log" / "count.json").write_text("[")
    with pytest.raises(InputError, match=r"count.json: damaged"):
        arrangement.n_cells(symmetry="auto", checkpoint=tmp_path / "log")
    with pytest.raises(InputError, match="in a domain, or with a symmetry"):
        arrangement.n_cells(checkpoint=tmp_path / "log")


RUN = """
import sys
from arrangement import families
from arrangement.symmetry import chamber_count
chamber_count.PORTION = 3000
print(families.threshold(8).n_cells(symmetry="auto", checkpoint=sys.argv[1]))
"""


@pytest.mark.processes
def test_killed_at_ten_moments_and_gone_on_with(tmp_path):
    rng = np.random.default_rng(0)
    command = [sys.executable, "-c", RUN, tmp_path / "log"]
    killed = 0
    for _ in range(10):
        run = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        while run.poll() is None and not list(tmp_path.glob("log/counts-*")):
            time.sleep(0.01)
        time.sleep(rng.random())
        run.send_signal(signal.SIGKILL)
        killed += run.wait() == -signal.SIGKILL
        run.stdout.close()
    assert killed > 1
    end = subprocess.run(command, capture_output=True, text=True, check=True)
    assert end.stdout == "17561539552946\n"


@pytest.mark.processes
@pytest.mark.usefixtures("in_parts")
def test_processes_and_a_dask_cluster(tmp_path, dask_executor):
    arrangement = families.threshold(6)
    with ProcessPoolExecutor(2) as executor:
        found = arrangement.n_cells(symmetry="auto", executor=executor, checkpoint=tmp_path)
    assert found == 15028134
    assert audit_count(arrangement, tmp_path, samples=0).n_cells == found
    assert arrangement.n_cells(symmetry="auto", executor=dask_executor) == found


def test_the_command_line(facts, refused, tmp_path):
    command = ("count", "--family", "threshold", 4, "--symmetry", "chambers")
    found = facts(*command, "--checkpoint", tmp_path / "log")
    assert found["cells"] == 1882
    assert found["cells_up_to_reflections"] == 7
    assert found["reflection_group"] == "B5"
    audited = facts(*command, "--checkpoint", tmp_path / "log", "--audit", 9)
    assert audited["cells"] == 1882
    assert audited["tasks_counted_again"] == 9
    assert json.loads((tmp_path / "log" / "count.json").read_text())["order"] == "3840"
    assert "--audit: only with" in refused(*command, "--audit", 9)
    assert "--audit -1" in refused(*command, "--checkpoint", tmp_path / "log", "--audit", -1)
    assert "not with a domain" in refused(*command, "--domain", 0, 1)
    os.remove(tmp_path / "log" / "counts-1.txt")
    assert facts(*command, "--checkpoint", tmp_path / "log", "--audit", 9)["cells"] is None
