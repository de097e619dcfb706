"""Strict systems, directions and boxes of polyhedra, against elimination and vertices."""

from fractions import Fraction

import numpy as np
import pytest

from arrangement import exact
from arrangement.exact import inner_points
from arrangement.exact.inner_points import (
    inner_point,
    some_inner_point,
    unbounded_direction,
)
from arrangement.exact.polyhedron import Polyhedron
from arrangement.exact.solver import Guess, ProgramSolver
from arrangement.networks import Network
from arrangement.networks.complex.domains import bounded_rows, box_round


def rows_of(table):
    return np.array([[int(v) for v in row] for row in table], dtype=object)


def systems(seed, count=25):
    """Small integers, thin strips, opposite rows, and huge factors."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        d = int(rng.integers(1, 5))
        table = rows_of(rng.integers(-3, 4, (int(rng.integers(1, 3 * d + 2)), d + 1)))
        kind = int(rng.integers(4))
        if kind and len(table) > 1:
            table[-1] = -table[0] * 10 ** int(rng.choice([0, 30]))
            table[-1, -1] += kind - 1
        if kind == 3:
            table[:, -1] *= 10**25
        yield table


def is_inside(rows, x):
    return all(sum(a * v for a, v in zip(r, [*x, 1], strict=True)) > 0 for r in rows.tolist())


@pytest.mark.parametrize("lies", [False, True])
def test_programs_decide_as_elimination_does(lies, monkeypatch):
    monkeypatch.setattr(inner_points, "MOST_ELIMINATED", 0)
    if lies:
        rng = np.random.default_rng(1)

        def solve(self, program):
            m, n = len(program.rows), len(program.cost)
            k = int(rng.integers(min(m, n) + 1))
            some = [sorted(rng.choice(v, k, replace=False).tolist()) for v in (n, m)]
            return Guess(None, np.zeros(m), *some)

        monkeypatch.setattr(ProgramSolver, "solve", solve)
    kinds = set()
    for rows in systems(0, 60):
        there = exact.interior_point(rows.tolist())
        found = some_inner_point(rows)
        assert (found is None) == (there is None)
        assert found is None or is_inside(rows, found)
        ladder = inner_point(rows, np.full(rows.shape[1] - 1, np.nan))
        assert (ladder is None) == (there is None)
        assert ladder is None or is_inside(rows, ladder)
        kinds.add(found is None)
    assert kinds == {True, False}


def test_directions_are_those_of_the_polyhedron():
    kinds = set()
    for rows in systems(1, 80):
        if exact.interior_point(rows.tolist()) is None:
            continue
        body = Polyhedron(rows)
        found = unbounded_direction(rows)
        assert (found is None) == (not (body.lines or body.rays))
        kinds.add(found is None)
        if found is None:
            columns = zip(*body.vertices, strict=True)
            assert box_round(rows) == [(min(c), max(c)) for c in columns]
        else:
            assert any(found)
            assert all(v >= 0 for v in (rows[:, :-1] @ np.array(found, dtype=object)).tolist())
    assert kinds == {True, False}


def test_boxes_of_polytopes_without_stated_ends():
    rng = np.random.default_rng(2)
    for scale in (1, 10**40, Fraction(1, 10**40)):
        d = int(rng.integers(2, 5))
        points = rng.integers(-3, 4, (d, d))
        normals = np.vstack([points, -points.sum(axis=0)[None]])
        if abs(np.linalg.det(points)) < 0.5:
            continue
        rows = bounded_rows((normals.tolist(), [scale] * (d + 1)), d)
        columns = zip(*Polyhedron(rows).vertices, strict=True)
        assert box_round(rows) == [(min(c), max(c)) for c in columns]


def test_polytopes_of_many_inputs_take_no_enumeration():
    d = 30
    rng = np.random.default_rng(0)
    normals = np.vstack([np.eye(d, dtype=int), -np.ones((1, d), dtype=int)])
    turned = normals + np.triu(rng.integers(0, 2, (d + 1, d)), 1)
    network = Network.random([d, 3, 1], rng=0)
    domain = np.vstack([normals, turned]), [1] * (2 * d + 2)
    assert 1 <= len(network.regions(domain)) <= 8
    assert network.minimum([1], domain).status == "optimal"
