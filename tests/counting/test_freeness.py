"""Supersolvable, inductively free and formal arrangements: definitions, chains, theorems."""

from collections import Counter
from itertools import combinations, pairwise

import numpy as np
import pytest
from flint import fmpz_poly
from hypothesis import given

from arrangement import Arrangement, SizeError, families
from arrangement.exact import nullspace, rank
from tests.amounts import examples, first
from tests.counting.test_invariants import Subsets
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.strategies import tables

ROOTED = {
    "braid 5": families.braid(5),
    "B 3": families.coxeter("B", 3),
    "cone of Shi 3": families.shi(3).cone(),
    "D 4": families.coxeter("D", 4),
    "H 3": families.coxeter("H", 3),
    "F 4": families.coxeter("F", 4),
}


def degenerate(seed):
    """A central arrangement of few directions, so that there are many dependencies."""
    rng = np.random.default_rng(seed)
    normals = rng.integers(-1, 2, (int(rng.integers(3, 8)), int(rng.integers(3, 5))))
    return Arrangement(normals[normals.any(axis=1)])


def has_modular_chain(arrangement):
    """By the definition: r(X) + r(Y) = r(X ∨ Y) + r(X ∧ Y) for all flats Y."""
    sets = Subsets(arrangement)
    flats, r = sets.flats(), sets.rank
    modular = [
        X
        for X in flats
        if all(
            r[X] + r[Y]
            == r[sets.closure(tuple(sorted({*X, *Y})))] + r[tuple(sorted({*X} & {*Y}))]
            for Y in flats
        )
    ]
    reached = {()}
    for k in range(1, arrangement.rank + 1):
        reached = {X for X in modular if r[X] == k and any({*Y} < {*X} for Y in reached)}
    return bool(reached)


@pytest.mark.parametrize("seed", first(4, range(80)))
def test_supersolvable_by_the_definition(seed):
    arrangement = degenerate(seed)
    chain = arrangement.modular_chain()
    assert (chain is not None) == has_modular_chain(arrangement)
    assert arrangement.is_supersolvable() == (chain is not None)


@pytest.mark.parametrize(
    "arrangement", [*list(ROOTED.values())[:3], *map(degenerate, range(8))]
)
def test_polynomials_factor_along_modular_chains(arrangement):
    chain = arrangement.modular_chain()
    if chain is None:
        return
    product = fmpz_poly([0] * (arrangement.dimension - arrangement.rank) + [1])
    for below, flat in pairwise(chain):
        assert arrangement.closure(flat) == flat
        new = {int(arrangement.coincidence[0][i]) for i in {*flat} - {*below}}
        product *= fmpz_poly([-len(new), 1])
    assert [int(c) for c in product][::-1] == list(arrangement.characteristic_polynomial())
    assert len(chain) == arrangement.rank + 1
    assert arrangement.is_inductively_free()
    assert arrangement.is_formal()


def check_chain(arrangement, chain):
    """Terao's addition theorem, step by step, down to restrictions of rank 2."""
    d = arrangement.dimension
    before = (0,) * d
    for k, (_, exponents) in enumerate(chain):
        so_far = arrangement.from_exact(arrangement.given[[i for i, _ in chain[: k + 1]]])
        on = so_far.restriction(k)
        inner = on.inductive_chain()
        check_chain(on, inner)
        restricted = Counter(inner[-1][1] if inner else (0,) * (d - 1))
        (extra,) = (Counter(exponents) - restricted).elements()
        assert Counter(before) == restricted + Counter([extra - 1])
        before = exponents


@pytest.mark.parametrize("name", first(2, ROOTED))
def test_chains_of_additions_are_proofs(name):
    arrangement = ROOTED[name]
    chain = arrangement.inductive_chain()
    if name == "F 4":
        assert chain[-1][1] == (1, 5, 7, 11)
        return
    check_chain(arrangement, chain)
    assert sorted(i for i, _ in chain) == list(range(arrangement.n_hyperplanes))
    roots = np.poly1d(arrangement.characteristic_polynomial()).r
    assert np.allclose(sorted(roots.real), chain[-1][1], atol=1e-3)


def test_arrangements_that_are_not_free():
    generic = Arrangement([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
    assert generic.inductive_chain() is None
    assert not generic.is_formal()
    # Edelman and Reiner: the cone over a graph without chords, a cycle.
    cycle = Arrangement([[1, -1, 0, 0], [0, 1, -1, 0], [0, 0, 1, -1], [1, 0, 0, -1]])
    assert not cycle.is_supersolvable()
    assert not cycle.is_inductively_free()
    with pytest.raises(SizeError, match="larger `most`"):
        families.coxeter("D", 4).inductive_chain(most=3)


@pytest.mark.parametrize("seed", first(4, range(80)))
def test_formal_by_the_definition(seed):
    arrangement = degenerate(seed)
    rows = arrangement.rows[arrangement.different, :-1]
    n = len(rows)
    found = np.full((n, 0), 0, dtype=object)
    for chosen in combinations(range(n), 3):
        dependencies = nullspace(rows[list(chosen)].T)
        wide = np.full((n, dependencies.shape[1]), 0, dtype=object)
        wide[list(chosen)] = dependencies
        found = np.concatenate([found, wide], axis=1)
    assert arrangement.is_formal() == (rank(found) == n - arrangement.rank)


@examples(40)
@given(tables(central=True))
def test_planar_arrangements_are_supersolvable(table):
    arrangement = arrangement_of(*table)
    if arrangement.rank < 3:
        assert arrangement.is_supersolvable()
        assert arrangement.is_inductively_free()


@pytest.mark.parametrize("seed", range(12))
def test_dependencies_are_generated_by_those_of_few(seed):
    arrangement = degenerate(seed)
    normals = arrangement.rows[arrangement.different, :-1]
    n, wanted = len(normals), 0
    while True:  # by the definition: all sets of k normals
        found = [np.full((n, 0), 0, dtype=object)]
        for on in map(list, combinations(range(n), wanted)):
            dependencies = nullspace(normals[on].T)
            wide = np.full((n, dependencies.shape[1]), 0, dtype=object)
            wide[on] = dependencies
            found.append(wide)
        if rank(np.concatenate(found, axis=1)) == n - arrangement.rank:
            break
        wanted += 1
    assert arrangement.minimal_generated_number() == wanted
    assert arrangement.is_formal() == (wanted <= 3)
