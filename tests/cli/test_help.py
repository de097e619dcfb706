"""What --help, --version and completion tell; every example of the help runs."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from arrangement.cli import COMMANDS, EXAMPLES, parser_with
from arrangement.networks import Network
from arrangement.version import __version__

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("examples")
    rng = np.random.default_rng(0)
    np.savetxt(path / "planes.csv", rng.integers(-9, 9, (6, 3)), fmt="%d", delimiter=",")
    np.savetxt(path / "samples.csv", rng.normal(size=(7, 3)), fmt="%.3f", delimiter=",")
    np.savetxt(path / "picture.csv", rng.integers(0, 9, (4, 4)), fmt="%d", delimiter=",")
    Network.random([2, 6, 2], rng=1).save(path / "net.npz")
    one = Network.random([2, 4, 1], rng=1)
    one.save(path / "one.npz")
    return path


def test_every_command_has_examples_of_its_own():
    assert list(EXAMPLES) == list(COMMANDS)
    for name, examples in EXAMPLES.items():
        assert all(example.startswith(f"arrangement {name} ") for example in examples)


@pytest.mark.slow
def test_every_example_runs(run, folder, monkeypatch):
    monkeypatch.chdir(folder)
    for example in (one for several in EXAMPLES.values() for one in several):
        words, _, target = example.partition(" > ")
        words = shlex.split(words.replace("surface net.npz", "surface one.npz"))[1:]
        code, out, err = run(*words)
        assert (code, out != "") == (0, True), (example, err)
        if target:
            (folder / target).write_text(out)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_begins_with_examples(name):
    parsers = parser_with([name])._subparsers._group_actions[0].choices
    assert parsers[name].format_help().startswith(f"examples:\n  arrangement {name} ")


@pytest.mark.processes
def test_the_version_tells_what_a_report_needs():
    done = subprocess.run(
        [sys.executable, "-m", "arrangement", "--version"], capture_output=True, text=True
    )
    first, python, loops, *_ = done.stdout.splitlines()
    assert first == f"arrangement {__version__}"
    assert python.startswith("Python 3.")
    assert loops.startswith("loops ")
    assert f"numpy {np.__version__}" in done.stdout


@pytest.mark.processes
def test_bash_completes(tmp_path):
    pytest.importorskip("shtab")
    words = [sys.executable, "-m", "arrangement", "completion", "bash"]
    script = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    asked = """
for words in "fa" "cells --graph" "landscape --labels s"; do
    COMP_WORDS=(arrangement $words); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
    _shtab_arrangement; echo "${COMPREPLY[@]}"
done
"""
    path = tmp_path / "asked.bash"
    path.write_text(script + asked)
    done = subprocess.run(["bash", str(path)], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["faces", "--graphml", "sign"], done.stderr


@pytest.mark.processes
def test_a_manual_page_has_every_command_and_option(tmp_path):
    pytest.importorskip("argparse_manpage")
    command = re.search(
        r"^argparse-manpage .*?--output \S+",
        (DOCS / "install.md").read_text("utf-8"),
        re.M | re.S,
    )
    words = [sys.executable, "-c", "from argparse_manpage.cli import main; main()"]
    words += shlex.split(command[0].replace("\\\n", " "))[1:]
    subprocess.run(words, check=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)})
    page = (tmp_path / "arrangement.1").read_text("utf-8").replace("\\-", "-")
    for name, parser in parser_with()._subparsers._group_actions[0].choices.items():
        assert f"COMMAND \\fI\\,'arrangement {name}'" in page
        flags = {flag for action in parser._actions for flag in action.option_strings}
        flags -= {"-h", "--help"}
        assert all(flag in page for flag in flags), name
