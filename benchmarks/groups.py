"""Small timings in groups, by which a change is compared with its parent.

Each answer is checked. On one core, with the loops that were built:

    python -m pytest benchmarks/groups.py --benchmark-autosave             # at the parent
    python -m pytest benchmarks/groups.py --benchmark-compare              # at the change
    python -m pytest benchmarks/groups.py --benchmark-group-by=group -k flats
"""

import os
from math import comb

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np
import pytest

from arrangement import Arrangement, Polyhedra, families
from arrangement.bounds import zaslavsky
from arrangement.relu import Network, OneHiddenLayer


def random(n, d):
    rng = np.random.default_rng([n, d])
    return Arrangement(rng.normal(size=(n, d)), rng.normal(size=n))


def samples(n, d):
    rng = np.random.default_rng([n, d])
    return rng.normal(size=(n, d)), rng.choice([-1.0, 1.0], n)


@pytest.mark.benchmark(group="cells")
@pytest.mark.parametrize("method", ["sweep", "restrict"])
@pytest.mark.parametrize(("n", "d"), [(60, 3), (20, 5)])
def test_cells(benchmark, method, n, d):
    arrangement = random(n, d)
    assert len(benchmark(arrangement.cells, method)) == zaslavsky(n, d)


@pytest.mark.benchmark(group="cells")
def test_cells_of_a_reflection_arrangement(benchmark):
    arrangement = families.coxeter("B", 5)
    assert len(benchmark(arrangement.cells)) == 3840


@pytest.mark.benchmark(group="polyhedra")
def test_vertices_rays_and_volumes(benchmark):
    cells = random(30, 4).cells()

    def closures():
        polyhedra = Polyhedra(cells)
        return polyhedra.vertices, polyhedra.rays, polyhedra.volumes

    vertices, _, volumes = benchmark(closures)
    assert len(vertices) == comb(30, 4)
    assert np.isfinite(volumes).sum() == comb(29, 4)


@pytest.mark.benchmark(group="polyhedra")
def test_rays_of_a_central_arrangement(benchmark):
    cells = families.resonance(5).cells()
    assert len(benchmark(lambda: Polyhedra(cells).rays)) == 2 * 625  # flats of rank 4


@pytest.mark.benchmark(group="domains")
def test_cells_in_a_box(benchmark):
    arrangement = random(30, 3)
    box = [(-1, 1)] * 3
    found = benchmark(arrangement.n_cells, domain=box)
    assert found == len(arrangement.cells("lp", domain=box))


@pytest.mark.benchmark(group="counting")
@pytest.mark.parametrize("symmetry", ["auto", None])
def test_count(benchmark, symmetry):
    arrangement = families.threshold(5)
    assert benchmark(arrangement.n_cells, symmetry=symmetry) == 94572


@pytest.mark.benchmark(group="counting")
def test_characteristic_polynomial(benchmark):
    arrangement = families.shi(6)
    polynomial = benchmark(arrangement.characteristic_polynomial)
    assert sum(map(abs, polynomial)) == 7**5


@pytest.mark.benchmark(group="faces")
@pytest.mark.parametrize("method", ["count", "enumerate"])
def test_face_vector(benchmark, method):
    arrangement = families.braid(6)
    assert benchmark(arrangement.face_vector, method)[-1] == 720


@pytest.mark.benchmark(group="flats")
def test_flats(benchmark):
    arrangement = families.braid(7)
    flats = benchmark(lambda: [len(list(arrangement.flats(k))) for k in range(7)])
    assert sum(flats) == 877  # the partitions of seven things


@pytest.mark.benchmark(group="landscape")
@pytest.mark.parametrize("bias", [None, 1.0])
def test_landscape(benchmark, bias):
    X, y = samples(14, 3)
    assert benchmark(lambda: OneHiddenLayer(X, y, bias=bias).landscape()).pieces


@pytest.mark.benchmark(group="landscape")
def test_global_minimum(benchmark):
    X, y = samples(12, 2)
    found = benchmark(lambda: OneHiddenLayer(X, y, hidden=2).fit_global())
    assert found.status == "optimal"


@pytest.mark.benchmark(group="regions")
@pytest.mark.parametrize("sizes", [(2, 32, 32), (3, 16, 16), (4, 8, 8)])
def test_regions(benchmark, sizes):
    network = Network.random([*sizes, 1], rng=0)
    box = [(-1, 1)] * sizes[0]
    expected = network.regions(box).n_linear_regions
    assert benchmark(lambda: network.regions(box).n_linear_regions) == expected
