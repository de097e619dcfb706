"""Estimates of the number of cells: unbiased, over number fields too, and what they refuse."""

import numpy as np
import pytest

from arrangement import Arrangement, SizeError, families
from arrangement.enumeration.estimate import estimated_cells, estimated_faces
from arrangement.hyperplanes.reduction import Reduction
from arrangement.memory import refuse_large
from tests.amounts import first

CASES = {
    "resonance 5": families.resonance(5),
    "shi 5": families.shi(5),
    "generic 30, 4": families.generic(30, 4, 0),
    "braid 7": families.braid(7),
    "H4": families.coxeter("H", 4),
    "parallels": Arrangement([v for v in np.eye(3, dtype=int).tolist() for _ in range(9)],
                             [*range(9)] * 3),
}  # fmt: skip


@pytest.mark.parametrize("name", first(3, CASES))
def test_estimates_are_close(name):
    reduction = Reduction(CASES[name])
    expected = estimated_cells(reduction.rows, samples=20000)
    n_cells = CASES[name].n_cells() / reduction.copies
    assert expected == pytest.approx(n_cells, rel=0.05)


@pytest.mark.parametrize(
    "name", first(1, ["generic 30, 4", "braid 7", "parallels", "resonance 5", "H4"])
)
def test_estimates_of_faces(name):
    rows, vector = CASES[name].rows, CASES[name].face_vector()[::-1]
    for k, expected in enumerate(estimated_faces(rows, k) for k in range(4)):
        assert expected < 1.5 * vector[k]
        if name == "generic 30, 4":
            assert expected > 0.6 * vector[k]


def test_more_faces_than_memory_are_refused_at_once():
    rng = np.random.default_rng(0)
    huge = Arrangement(rng.normal(size=(200, 9)), rng.normal(size=200))
    with pytest.raises(SizeError, match=r"about \d\.\de\+1\d faces do not fit in the memory"):
        huge.faces(4)


def test_estimates_are_exact_where_every_path_is_the_same():
    # The cells of k hyperplanes in R^1 are k + 1, of d independent ones 2^d.
    points = np.array([[1, -k] for k in range(40)], dtype=object)
    assert estimated_cells(points, samples=3) == 41
    assert estimated_cells(np.zeros((0, 1), dtype=object)) == 1
    assert estimated_cells(np.zeros((0, 4), dtype=object)) == 1
    square = np.array([[1, 0, 0], [0, 1, 0]], dtype=object)
    assert estimated_cells(square, samples=20000) == pytest.approx(4, rel=0.02)


def test_blocks_of_samples_are_one_estimate(monkeypatch):
    rows = Reduction(families.shi(4)).rows
    whole = estimated_cells(rows, samples=20000)
    monkeypatch.setattr("arrangement.enumeration.estimate.ENTRIES", 1000)
    assert estimated_cells(rows, samples=20000) == pytest.approx(whole, rel=0.1)


@pytest.mark.slow
def test_too_large_is_refused_before_memory_runs_out(monkeypatch):
    rng = np.random.default_rng(0)
    with pytest.raises(SizeError, match=r"about \d\.\de\+\d+ cells do not fit in the memory"):
        Arrangement(rng.normal(size=(200, 12))).cells()
    with pytest.raises(SizeError, match=r"at least 2\^99 cells do not fit"):
        Arrangement(rng.integers(-5, 5, size=(120, 100))).cells()
    resonance = families.resonance(6)  # 1,066,044 cells of 8 bytes
    monkeypatch.setattr("os.sysconf", lambda name: 2**12)  # a machine of 16 MiB
    with pytest.raises(SizeError, match=r"about 1\.\de\+06 cells .* machine \(0 GiB\)"):
        resonance.cells()
    with pytest.raises(SizeError, match=r"about 1\.\de\+06 cells"):
        resonance.cells(method="sweep")
    monkeypatch.setattr(
        "arrangement.enumeration.estimate.estimated_cells", lambda *_, **__: 0.0
    )
    with pytest.raises(SizeError, match=r"more than \d+,\d+ cells do not fit"):
        resonance.cells()


def test_what_was_found_must_leave_room(monkeypatch):
    monkeypatch.setattr("arrangement.memory.memory", lambda: 2**16)
    refuse_large([np.zeros((1000, 2), dtype=np.uint64)], "faces")
    with pytest.raises(SizeError, match="more than 1,100 faces do not fit in the memory"):
        refuse_large([np.zeros((550, 2), dtype=np.uint64)] * 2, "faces")
