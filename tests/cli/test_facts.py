"""What commands return, and how their options are written."""

import json
import math

import pytest

from arrangement.cli.facts import Fact, Result
from arrangement.cli.parser import Parser
from arrangement.errors import InputError


def never():
    raise AssertionError("called for what is not shown")


def test_facts_are_a_table_and_an_object():
    facts = [
        Fact("cells", 1234, "1,234"),
        Fact("by rank", [1, 3, 2]),
        Fact("widths", []),
        Fact("kept", {"Mean value": math.inf, "rows": [math.nan, 0.5]}, {}),
        Fact("told", text="a\nb"),
        Fact("area", 0.5, {"area of it": "1/2", "twice": 1}),
        Fact("called", lambda: 3, lambda: "three"),
    ]
    result = Result(facts, lines=["the end"])
    rows = [("cells", "1,234"), ("by rank", "1, 3, 2"), ("widths", "none"), ("told", "a\\nb")]
    rows += [("area of it", "1/2"), ("twice", "1"), ("called", "three")]
    table = "".join(f"{name:<10}  {text}\n" for name, text in rows)
    assert result.render(as_json=False) == table + "the end\n"
    assert json.loads(result.render(as_json=True)) == {
        "cells": 1234, "by_rank": [1, 3, 2], "widths": [],
        "kept": {"mean_value": None, "rows": [None, 0.5]}, "area": 0.5, "called": 3,
    }  # fmt: skip


def test_what_is_not_shown_is_not_computed():
    listed = Result([Fact("rows", never)], lines=["a row"], table=False)
    assert listed.render(as_json=False) == "a row\n"
    assert Result([Fact("rows", 1, never)]).render(as_json=True) == '{"rows": 1}\n'


def test_numbers_of_any_length_are_told():
    result = Result([Fact("cells", 10**5000)])
    assert result.render(as_json=True) == f'{{"cells": 1{"0" * 5000}}}\n'
    assert len(result.render(as_json=False)) == len("cells  \n") + 5001


@pytest.fixture
def parser():
    parser = Parser(prog="test")
    parser.options(
        """
--exact  decide exactly
--rank K:int  list
    flats
--share X:float=1e-8  a share
--box LOW HIGH  two
--classes LABEL ...  one or more
--sizes N:int ...=1  several
--method {auto,none}=auto  how
--domain, --polytope FILE  what
--even N  own
""",
        even={"type": lambda text: 2 * int(text)},
    )
    return parser


def test_options_are_written_as_their_help_shows_them(parser):
    assert vars(parser.parse_args([])) == {
        "exact": False, "rank": None, "share": 1e-8, "box": None, "classes": None,
        "sizes": 1, "method": "auto", "domain": None, "even": None,
    }  # fmt: skip
    line = "--exact --rank 2 --share .5 --box -1 2 --classes a b --sizes 3 4 --method none "
    assert vars(parser.parse_args([*line.split(), "--polytope", "p", "--even", "3"])) == {
        "exact": True, "rank": 2, "share": 0.5, "box": ["-1", "2"], "classes": ["a", "b"],
        "sizes": [3, 4], "method": "none", "domain": "p", "even": 6,
    }  # fmt: skip
    shown = parser.format_help()
    for form in (
        "--exact ", "--rank K ", "--box LOW HIGH", "--classes LABEL [LABEL ...]",
        "--method {auto,none}", "--polytope FILE", "list flats",
    ):  # fmt: skip
        assert form in shown


@pytest.mark.parametrize("line", ["--rank x", "--box 1", "--method other", "--classes"])
def test_other_values_are_refused(parser, line):
    with pytest.raises(InputError):
        parser.parse_args(line.split())
