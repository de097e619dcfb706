"""What users may rely on: the names that public packages list, and no others."""

import inspect
import os
import re
import subprocess
import sys
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

PUBLIC = ["arrangement"] + [
    f"arrangement.{name}" for name in ("bounds", "data", "families", "networks", "plot", "relu")
]

# All but `exact` and `kernels`, whose pages of contents are for the package itself.
INTERNAL = [
    f"arrangement.{name}"
    for name in (
        "counting",
        "enumeration",
        "files",
        "hyperplanes",
        "kernels.cells",
        "kernels.landscape",
        "kernels.networks",
        "results",
        "symmetry",
    )
]


def shown(module):
    """The names that a module shows, and those of them that are modules."""
    names = {name for name in dir(module) if not name.startswith("_")}
    return names, {name for name in names if isinstance(getattr(module, name), ModuleType)}


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_package_shows_what_it_lists(name):
    module = import_module(name)
    assert set(dir(module)) == set(module.__all__)
    assert len(set(module.__all__)) == len(module.__all__)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_documented(name):
    module = import_module(name)
    undocumented = []
    for public in module.__all__:
        value = getattr(module, public)
        undocumented += [] if inspect.getdoc(value) else [public]
        members = inspect.getmembers(value) if inspect.isclass(value) else []
        undocumented += [
            f"{public}.{name}"
            for name, member in members
            if (callable(member) or isinstance(member, property | cached_property))
            and not (name.startswith("_") or inspect.getdoc(member))
        ]
    assert undocumented == []


@pytest.mark.parametrize("name", PUBLIC)
def test_arrays_say_their_shapes(name):
    module = import_module(name)
    silent = []
    for public in module.__all__:
        value = getattr(module, public)
        for name, member in inspect.getmembers(value) if inspect.isclass(value) else []:
            got = getattr(member, "func", getattr(member, "fget", None))
            returned = str(getattr(got, "__annotations__", {}).get("return", ""))
            is_array = re.search(r"NDArray|Floats|Indices|Mask|Signs\b", returned)
            if not name.startswith("_") and is_array and "hape" not in inspect.getdoc(member):
                silent.append(f"{public}.{name}")
    assert silent == []


@pytest.mark.parametrize("name", INTERNAL)
def test_an_internal_package_exports_nothing(name):
    names, modules = shown(import_module(name))
    assert names == modules


@pytest.mark.slow
def test_the_examples_of_the_readme_have_types(tmp_path):
    pytest.importorskip("mypy")
    root = Path(__file__).parents[1]
    text = (root / "README.md").read_text() + (root / "docs" / "tour.md").read_text()
    examples = re.findall("```python\n(.*?)```", text, re.DOTALL)
    claims = """
reveal_type(network.regions([(-1, 1)]).edges)
reveal_type(network.regions([(-1, 1)], method="complex"))
reveal_type(network.regions([(-1, 1)], method="recursion"))
reveal_type(A.cells()[0].vertices())
"""
    path = tmp_path / "readme.py"
    path.write_text("\n".join(examples) + claims)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-pretty", str(path)]
    environment = os.environ | {"MYPYPATH": str(root)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, env=environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    revealed = re.findall('Revealed type is "(.*)"', done.stdout)
    for found, words in zip(
        revealed,
        (
            ("signedinteger", "Any"),
            (".Regions",),
            (".HalfspaceRegions",),
            ("Fraction", "FieldElement"),
        ),
        strict=True,
    ):
        assert all(word in found for word in words), found


@pytest.mark.processes
def test_names_are_there_after_one_import():
    code = "import arrangement; print(callable(arrangement.relu.convex.train))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("True\n", "")


@pytest.mark.parametrize("name", PUBLIC)
def test_the_reference_has_every_public_name(name):
    pages = Path(__file__).parent.parent.glob("docs/reference/*.md")
    listed = {line.strip() for page in pages for line in page.read_text("utf-8").split("\n")}
    module = import_module(name)
    wanted = {
        public
        for public in module.__all__
        if not (isinstance(getattr(module, public), ModuleType) or public.startswith("__"))
    }
    wanted -= {"FAMILIES"}  # a table of the others
    assert wanted <= listed
