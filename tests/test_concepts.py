"""Every call of the table of concepts runs, on the data that stands above it."""

import re
from pathlib import Path

import matplotlib
import pytest

matplotlib.use("Agg")

PAGE = (Path(__file__).parent.parent / "docs" / "concepts.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (.+?) \| .*\| `(.+)` \|$", PAGE, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def names():
    made = {}
    exec(re.search(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)[1], made)
    return made


def test_every_line_of_a_table_has_a_call():
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    heads = [line for line in lines if line in ("| concept | what it is | call |",)]
    rules = [line for line in lines if line == "| --- | --- | --- |"]
    assert len(ROWS) == len(lines) - len(heads) - len(rules)
    assert len(ROWS) >= 50


@pytest.mark.parametrize(("concept", "call"), ROWS, ids=[concept for concept, _ in ROWS])
def test_a_concept_is_shown_by_its_call(names, concept, call):
    assert eval(call, names) is not None
