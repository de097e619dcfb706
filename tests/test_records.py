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


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.py")))
def test_a_known_term(name, monkeypatch, capsys, tmp_path):
    if name == "records":
        return
    n, term = TERMS[name]
    monkeypatch.syspath_prepend(str(FOLDER))
    log = tmp_path / "log"
    for extra in ([], [], ["--audit", "2"]):
        given = [str(n), "--checkpoint", str(log), *extra]
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *given])
        runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
    first, counted, again, resumed, audited = capsys.readouterr().out.splitlines()
    assert first == again
    assert first.startswith(f"n = {n}: about ")
    assert counted.startswith(f"n = {n}: {term} (as published")
    assert resumed.startswith(f"n = {n}: {term} (as published")
    assert audited.startswith("AuditedCount(n_tasks=")
