"""The code of README and of the pages that are not run when the site is built runs here."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import matplotlib
import pytest

import arrangement

matplotlib.use("Agg")

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.processes
@pytest.mark.parametrize("page", ["README.md", "docs/tour.md"])
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in re.findall("```python\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL):
        exec(compile(block, page, "exec"), names)


PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] + [
    path.relative_to(ROOT).as_posix()
    for folder in (ROOT / "docs", ROOT / "docs" / "reference", ROOT / "docs" / "theory")
    for path in sorted(folder.glob("*.md"))
    if path.name != "command_line.md"  # made when the site is built
]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page):
    text = (ROOT / page).read_text("utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    links += re.findall(r"^```\{(?:include|literalinclude)\} (.+)$", text, re.MULTILINE)
    for link in links:
        assert ((ROOT / page).parent / link).exists(), link


def test_dead_links_of_a_site_are_found(tmp_path):
    pages = {
        "index.html": '<a href="a/b.html#there">b</a><a href="https://example.org">out</a>',
        "a/b.html": '<p id="there"><a href="#no">x</a><img src="../none.png"></p>',
        "c.html": '<a href="a/b.html#gone">b</a><a href="d%20e.html">d</a>',
        "d e.html": '<script src="https://example.org/x.js"></script><img src="data:,">',
    }
    (tmp_path / "a").mkdir()
    for name, text in pages.items():
        (tmp_path / name).write_text(text, "utf-8")
    command = [sys.executable, ROOT / ".ci" / "links.py", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    dead = ["a/b.html: #no", "a/b.html: ../none.png", "c.html: a/b.html#gone"]
    dead += ["d e.html: https://example.org/x.js"]
    assert (done.returncode, done.stdout.splitlines()) == (1, dead)


def test_the_version_is_one():
    version = re.escape(arrangement.__version__)
    places = {
        "CITATION.cff": rf"^version: {version}$",
        "CHANGELOG.md": rf"^## {version} — \d{{4}}-\d\d-\d\d$",
        ".github/packaging/recipe.yaml": rf"^  version: {version}$",
    }
    for name, line in places.items():
        assert re.search(line, (ROOT / name).read_text("utf-8"), re.MULTILINE), name


def test_the_recipe_of_conda_needs_what_the_project_needs():
    recipe = (ROOT / ".github" / "packaging" / "recipe.yaml").read_text("utf-8")
    run = recipe.split("\n  run:\n")[1].split("\n\n")[0]
    found = dict(re.findall(r"- ([\w-]+) (>=[\d.]+)", run))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = dict(
        re.fullmatch(r"([\w-]+)(.+)", one).groups() for one in project["dependencies"]
    )
    wanted["cvxpy-base"] = wanted.pop("cvxpy")  # without the solvers that are not called
    assert found == wanted | {"python": project["requires-python"]}
