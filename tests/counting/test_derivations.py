"""Logarithmic derivations: by their definition and Saito's criterion."""

import shutil

import numpy as np
import pytest
import sympy

from arrangement import Arrangement, InputError, MissingExtraError, SolverError, families
from arrangement.counting import derivations as module
from arrangement.counting.freeness import exponents
from tests.counting.test_freeness import degenerate

RANDOM = [degenerate(seed) for seed in (0, 1, 2, 3)]


def text(polynomial):
    return sympy.sympify(polynomial.replace("^", "**"))


@pytest.mark.slow
@pytest.mark.parametrize("program", module.PROGRAMS)
@pytest.mark.parametrize(
    "arrangement",
    [
        families.braid(3),
        families.coxeter("B", 3),
        families.grid(1, 1),
        families.shi(2).cone(),
        Arrangement([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [1, 1, 1]]),
        *RANDOM,
    ],
)
def test_derivations_by_their_definition(program, arrangement, monkeypatch):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    monkeypatch.setattr(module, "PROGRAMS", {program: module.PROGRAMS[program]})
    found = [tuple(map(text, one)) for one in arrangement.derivations()]
    x = sympy.symbols(f"x:{arrangement.dimension}")
    forms = [
        sum(int(c) * v for c, v in zip(row, x, strict=True))
        for row in arrangement.rows[arrangement.different, :-1]
    ]
    for derivation in found:
        for form in forms:
            value = sum(p * sympy.diff(form, v) for p, v in zip(derivation, x, strict=True))
            assert sympy.rem(sympy.expand(value), form, *x) == 0
    # Saito: d derivations are a basis iff their determinant is the product of the forms.
    assert arrangement.is_free() == (len(found) == arrangement.dimension)
    if arrangement.is_free():
        ratio = sympy.cancel(sympy.Matrix(found).det() / sympy.prod(forms))
        assert ratio.is_number
        assert ratio != 0
        degrees = sorted(
            max(sympy.Poly(p, *x).total_degree() for p in one if p) for one in found
        )
        roots = [
            round(root) for root in np.poly1d(arrangement.characteristic_polynomial()).r.real
        ]
        assert degrees == sorted(roots)


def test_free_arrangements_that_need_no_program(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    for free in (families.braid(4), families.coxeter("D", 4), families.shi(3).cone()):
        assert free.is_free()
    assert not Arrangement([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]).is_free()
    with pytest.raises(MissingExtraError, match="install Singular"):
        families.braid(3).derivations()
    with pytest.raises(InputError, match="cone"):
        families.shi(3).derivations()
    with pytest.raises(InputError, match="rational"):
        Arrangement([["sqrt(2)", 1], [1, 0]]).derivations()
    assert Arrangement(np.zeros((0, 2))).derivations() == [("1", "0"), ("0", "1")]


@pytest.mark.parametrize(
    ("prints", "code"), [("x0", 0), ("x0\nx1", 1), ("? error\nx0", 0), ("", 3)]
)
def test_a_program_that_fails_is_one_clear_error(prints, code, monkeypatch, tmp_path):
    program = tmp_path / "Singular"
    program.write_text(f"#!/bin/sh\necho '{prints}'\nexit {code}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SolverError, match=f"Singular failed with code {code}"):
        families.grid(1, 1).derivations()


FACTORED = [  # exponents 1, 3, 3, and four generators: Singular says so, too
    [[1, 2, 2], [2, -1, -1], [1, -2, -2], [1, -1, -1], [0, 1, 1], [2, 1, -2], [1, 0, 1]],
    [[0, 1, 1], [1, 1, -1], [2, -1, -1], [1, 1, 1], [2, 1, 1], [1, -2, -2], [2, -1, 0]],
]


@pytest.mark.parametrize("normals", FACTORED)
def test_roots_that_are_integers_make_none_free(normals, monkeypatch, tmp_path):
    arrangement = Arrangement(normals)
    assert exponents(arrangement) == (1, 3, 3)
    if shutil.which("Singular") or shutil.which("M2"):
        assert len(arrangement.derivations()) == 4
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not arrangement.is_free()
    stretched = [["sqrt(2)" if v == 1 else f"{v}*sqrt(2)", *row] for v, *row in normals]
    assert not Arrangement(stretched).is_free()


@pytest.mark.parametrize(
    "arrangement",
    [
        families.braid(5),
        families.coxeter("D", 4),
        families.shi(4).cone(),
        families.coxeter("I", 5),
        families.coxeter("H", 3),
        families.grid(1, 1),
        *(arrangement for arrangement in RANDOM if exponents(arrangement)),
    ],
)
def test_a_basis_is_found_where_a_chain_says_free(arrangement):
    degrees = exponents(arrangement)
    normals = arrangement.rows[arrangement.different, :-1]
    assert module._has_basis(normals, degrees) == arrangement.is_inductively_free()
    wrong = (*degrees[:-2], degrees[-2] - 1, degrees[-1] + 1)
    if wrong[-2] >= 0:
        assert not module._has_basis(normals, wrong)


def test_what_is_too_large_is_left_to_a_program(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(module, "LARGEST", (20, 20))
    with pytest.raises(MissingExtraError, match="install Singular"):
        Arrangement(FACTORED[0]).is_free()
