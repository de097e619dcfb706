"""The scripts of examples/records: known terms, resumed and audited."""

import runpy
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "records"
TERMS = {
    "threshold": (4, 1882), "resonance": (4, 370), "pair_sums": (6, 168),
    "interval_sums": (4, 114), "comparative_probability": (5, 516),
}  # fmt: skip


def test_each_script_is_tried():
    others = {"records", "threshold_congruences"}
    assert {path.stem for path in FOLDER.glob("*.py")} == TERMS.keys() | others


@pytest.mark.parametrize("name", TERMS)
def test_a_known_term(name, monkeypatch, capsys, tmp_path):
    n, term = TERMS[name]
    monkeypatch.syspath_prepend(str(FOLDER))
    log = tmp_path / "log"
    for extra in ([], [], ["--audit", "2"], ["--plan", "2"], ["--share", "0/2"]):
        given = [str(n), "--checkpoint", str(log), *extra]
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *given])
        runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
    said = capsys.readouterr().out.splitlines()
    first, counted, again, resumed, audited, *_, planned, _, shared = said
    assert first == again
    assert first.startswith(f"n = {n}: about ")
    assert counted.startswith(f"n = {n}: {term} (as published")
    assert resumed.startswith(f"n = {n}: {term} (as published")
    assert audited.startswith("AuditedCount(n_tasks=")
    assert " tasks; 2 drawn: " in planned
    assert shared == "tasks 0, 2, … are done"


def test_shares_make_the_whole(monkeypatch, capsys, tmp_path):
    monkeypatch.syspath_prepend(str(FOLDER))
    for share in ("1/3", "0/3", "2/3", None):
        more = [] if share is None else ["--share", share]
        given = ["threshold.py", "4", "--checkpoint", str(tmp_path / "log"), *more]
        monkeypatch.setattr(sys, "argv", given)
        runpy.run_path(str(FOLDER / "threshold.py"), run_name="__main__")
    assert "1882 (as published" in capsys.readouterr().out
    counts = [path.read_text() for path in sorted((tmp_path / "log").glob("counts-*"))]
    assert len(counts) == 3
    assert sum(text.count("\n") - 1 for text in counts) > 3


def test_numbers_of_threshold_functions_have_their_remainders(monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(FOLDER))
    script = runpy.run_path(str(FOLDER / "threshold_congruences.py"))
    assert script["kept"]([1, 1, 1]) == script["COUNTED"][2]
    script["main"]()
    said = capsys.readouterr().out.splitlines()
    assert len(said) > 35
    assert all(line.endswith(" holds") for line in said)
    script["COUNTED"][10] += 2**11
    script["main"]()
    assert any(line.endswith(" differs") for line in capsys.readouterr().out.splitlines())
