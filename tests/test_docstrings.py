"""pydoc of every public object: parameters, what is returned, errors, an example."""

import ast
import inspect
import re
import textwrap

import pytest

import arrangement
from arrangement import bounds, data, families, networks, plot, relu

PACKAGES = (
    arrangement, bounds, data, families, networks, plot, relu, relu.convex, relu.losses
)  # fmt: skip
PUBLIC = {
    name: value
    for package in PACKAGES
    for name, value in ((name, getattr(package, name)) for name in package.__all__)
    if callable(value)
}
SIMPLE = {"None", "bool", "int", "float", "str", "Fraction", "Self", "Given", "FeedForward"}
SIMPLE |= {"LocalMinimum", "Coverage", "NeuronFaces", "AuditedCount", "Figure", *PUBLIC}


def function_of(member):
    """What is called in the end by a property, a class method or a wrapper."""
    for name in ("__func__", "fget", "func"):
        member = getattr(member, name, member)
    return inspect.unwrap(member) if callable(member) else member


def own_members(owner):
    """Methods and properties that this package has written, by name."""
    for name in dir(owner):
        member = inspect.getattr_static(owner, name)
        found = function_of(member)
        ours = inspect.isfunction(found) and found.__module__.startswith("arrangement")
        if ours and not name.startswith("_"):
            yield name, member, found


OWNERS = {name: value for name, value in PUBLIC.items() if inspect.isclass(value)}
MEMBERS = {
    f"{owner}.{name}": (member, found)
    for owner, value in OWNERS.items()
    for name, member, found in own_members(value)
}
METHODS = {
    name: found
    for name, (member, found) in MEMBERS.items()
    if callable(member) or isinstance(member, classmethod | staticmethod)
}


def sections(documented):
    found = r"^([A-Z][\w ]+)\n-{3,}\n(.*?)(?=^[A-Z][\w ]+\n-{3,}\n|\Z)"
    return dict(re.findall(found, inspect.getdoc(documented) or "", re.MULTILINE | re.DOTALL))


def examples(documented):
    lines = (inspect.getdoc(documented) or "").splitlines()
    return "\n".join(line for line in lines if line.lstrip().startswith((">>>", "...")))


def unnamed(documented, parameters, *titles):
    """Parameters that no heading of these sections names."""
    told = sections(documented)
    lines = "\n".join(told.get(title, "") for title in titles).splitlines()
    heads = " ".join(line for line in lines if line and not line.startswith(" "))
    return [name for name in parameters if not re.search(rf"\b{name}\b", heads)]


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_have_an_example(name):
    assert ">>>" in (inspect.getdoc(PUBLIC[name]) or "")


@pytest.mark.parametrize("owner", OWNERS)
def test_every_method_is_in_an_example_of_a_class_that_has_it(owner):
    told = {}  # by what is called: methods are inherited, and so are their examples
    for value in OWNERS.values():
        of_class = list(own_members(value))
        text = "\n".join([examples(value), *(examples(found) for _, _, found in of_class)])
        for name, _, found in of_class:
            told[found] = told.get(found, False) or bool(re.search(rf"\.{name}\b", text))
    names = (name for name in METHODS if name.startswith(f"{owner}."))
    assert [name for name in names if not told[METHODS[name]]] == []


@pytest.mark.parametrize("name", [*PUBLIC, *METHODS])
def test_parameters_are_named(name):
    documented = PUBLIC.get(name) or METHODS[name]
    if inspect.isclass(documented) and issubclass(documented, Exception):
        return  # a message, as of any
    parameters = list(inspect.signature(documented).parameters)
    if name in METHODS and not isinstance(MEMBERS[name][0], staticmethod):
        parameters = parameters[1:]
    # Those that begin with _ are not looked at: Sequence.index has them.
    parameters = [one for one in parameters if one != "kwargs" and not one.startswith("_")]
    if name in OWNERS and "Made by" in inspect.getdoc(documented):
        return  # by the package and not by its users
    titles = ("Parameters", "Attributes") if name in OWNERS else ("Parameters",)
    assert unnamed(documented, parameters, *titles) == []


@pytest.mark.parametrize("name", [n for n in [*PUBLIC, *METHODS] if n not in OWNERS])
def test_what_is_returned_and_raised_is_told(name):
    documented = PUBLIC.get(name) or METHODS[name]
    told = sections(documented)
    returned = str(documented.__annotations__["return"])
    assert returned.strip("'") in SIMPLE or {"Returns", "Yields"} & set(told), returned
    tree = ast.parse(textwrap.dedent(inspect.getsource(documented)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            error = ast.unparse(node.exc.func)
            assert error not in PUBLIC or error in told.get("Raises", ""), error
