"""Counts of random, degenerate and family arrangements, and of networks, against the bounds.

Prints measured ÷ bound for every theorem of `arrangement.bounds`: cells against Zaslavsky and,
where all hyperplanes share a point, Cover; relatively bounded cells against Zaslavsky; faces of
each dimension against Buck; regions of deep networks against Serra, Montúfar (2017) and Raghu.
The networks that Montúfar et al. (2014) construct are counted on the unit cube, where they must
have at least the regions of their bound. Ends with exit code 1 if a bound is violated.

    python benchmarks/check_bounds.py [--large] [--seed 0] [--json]
"""

import argparse
import json
import sys
from fractions import Fraction

import networkx as nx
import numpy as np

from arrangement import Arrangement, bounds, families

MOST_LISTED = 50_000


def arrangements(rng, large):
    for n, d in [(12, 2), (20, 3), (14, 4), (10, 6), (3, 5)] + large * [(60, 4), (30, 6)]:
        yield f"generic {n} {d}", families.generic(n, d, rng)
        central = families.generic(n, d, rng).normals
        yield f"generic {n} {d}, central", Arrangement(central)
    for n, d in [(12, 2), (20, 3), (14, 4)]:
        normals, offsets = small_normals(rng, n, d), rng.integers(-2, 3, size=n)
        yield f"entries −2…2, {n} {d}", Arrangement(normals, offsets)
        half = n // 2
        copied = rng.integers(half, size=n - half)
        normals[half:] = normals[copied]
        offsets[half:] = offsets[copied] + rng.integers(3, size=n - half)
        yield f"parallels and copies, {n} {d}", Arrangement(normals, offsets)
        plane = np.column_stack([np.eye(2, dtype=int), rng.integers(-3, 4, size=(2, d - 2))])
        yield f"rank 2, {n} {d}", Arrangement(small_normals(rng, n, 2) @ plane, offsets)
    sizes = {
        "braid": (5, 7), "catalan": (3, 4), "ish": (4, 5), "linial": (4, 6),
        "semiorder": (3, 4), "shi": (4, 6), "resonance": (3, 5), "threshold": (3, 5),
        "cross_polytope": (4, 8), "demicube": (4, 5), "permutohedron": (2, 3),
    }  # fmt: skip
    for name, members in sizes.items():
        for n in members:
            yield f"{name} {n}", families.FAMILIES[name](n)
    for group in ("A 4", "B 4", "D 4", "E 6", "F 4", "G 2"):
        yield f"coxeter {group}", families.coxeter(group[0], int(group[2]))
    yield "grid 3 4 5", families.grid(3, 4, 5)
    yield "discriminantal 6 2", families.discriminantal(6, 2, rng)
    yield "graphical, Petersen", families.graphical(nx.petersen_graph())
    if large:
        yield "resonance 6", families.resonance(6)
        yield "coxeter E 7", families.coxeter("E", 7)


def small_normals(rng, n, d):
    """Normals with entries −2…2; one that is zero becomes that of the first axis."""
    normals = rng.integers(-2, 3, size=(n, d))
    normals[~normals.any(axis=1), 0] = 1
    return normals


def face_numbers(arrangement):
    """Faces by dimension from the rank down: the cells that are cut on every flat."""
    flats, numbers = {()}, []
    for _ in range(arrangement.rank + 1):
        numbers.append(sum(arrangement.restriction(flat).n_cells() for flat in flats))
        flats = {
            closed
            for flat in flats
            for i in set(range(len(arrangement))).difference(flat)
            if (closed := closure(arrangement, flat, i))
        }
    return numbers


def closure(arrangement, flat, i):
    try:
        return arrangement.closure([*flat, i])
    except ValueError:  # parallel to the flat
        return ()


def arrangement_rows(name, arrangement):
    n, rank = len(set(arrangement.coincidence[0].tolist())), arrangement.rank
    cells = arrangement.n_cells()
    yield name, "cells", "Zaslavsky", cells, bounds.zaslavsky(n, rank)
    if arrangement.is_central:
        yield name, "cells", "Cover", cells, bounds.cover(n, rank)
    elif cells <= MOST_LISTED:
        bounded = int(arrangement.cells().bounded.sum())
        limit = bounds.zaslavsky(n, rank, bounded=True)
        yield name, "bounded cells", "Zaslavsky", bounded, limit
    if cells <= 600 and n <= 20:
        limits = bounds.buck(n, rank)[::-1]
        for k, faces in enumerate(face_numbers(arrangement)):
            if k:
                yield name, f"faces, codim {k}", "Buck", faces, limits[k]


def networks(rng, large):
    """Random networks on the whole space: input dimension and widths, weights and biases."""
    shapes = [(1, (6,)), (2, (7,)), (1, (4, 4, 4)), (2, (4, 4)), (2, (3, 3, 3)), (3, (4, 1, 4))]
    for n_0, widths in shapes + large * [(2, (6, 6, 6)), (3, (6, 5))]:
        layers, width = [], n_0
        for n in widths:
            layers.append((rng.integers(-50, 51, (n, width)), rng.integers(-50, 51, n)))
            width = n
        yield n_0, widths, layers


def folding_network(n_0, widths):
    """The network of Montúfar et al. (2014): every layer but the last folds the unit cube.

    A layer with p teeth on an axis: max(0, p x), max(0, 2(p x − 1)), …, summed with alternating
    signs, runs up and down between 0 and 1 on each [i/p, (i+1)/p]. The last layer is in
    general position, with all its vertices inside the cube.
    """
    layers, sums = [], np.eye(n_0, dtype=object)
    for n in widths[:-1]:
        teeth = n // n_0
        weights = np.zeros((n, n_0), dtype=object)
        biases = np.full(n, -1, dtype=object)  # the units that are left over stay inactive
        after = np.zeros((n_0, n), dtype=object)
        for axis in range(n_0):
            for i in range(teeth):
                unit = axis * teeth + i
                weights[unit, axis] = teeth * (2 if i else 1)
                biases[unit] = -2 * i
                after[axis, unit] = (-1) ** i
        layers.append((weights @ sums, biases))
        sums = after
    n = widths[-1]
    curve = np.vander(np.arange(1, n + 1), n_0 + 1, increasing=True).astype(object)
    normals, offsets = curve[:, 1:], curve[:, 0]
    size = Fraction(
        1, 2 * (n + 1) ** (n_0 + 1)
    )  # x = 1/2 + size · y with |y| < (n + 1)^(n_0+1)
    offsets = offsets * size - normals.sum(axis=1) * Fraction(1, 2)
    layers.append((normals @ sums, offsets))
    return layers


def count_regions(layers, n_0, domain=None):
    """Activation regions: in each region of the layers before, the next one's arrangement."""
    whole = np.zeros((0, n_0 + 1), dtype=object)  # rows [g | c] with g·x + c > 0 inside
    if domain is not None:
        low = np.column_stack([np.eye(n_0, dtype=int), np.full(n_0, -domain[0])])
        high = np.column_stack([-np.eye(n_0, dtype=int), np.full(n_0, domain[1])])
        whole = np.concatenate([low, high]).astype(object)
    identity = np.column_stack([np.eye(n_0, dtype=int), np.zeros(n_0, dtype=int)])
    return _count(layers, whole, identity.astype(object))


def _count(layers, inside, outputs):
    if not layers:
        return 1
    (weights, biases), *deeper = layers
    values = weights.astype(object) @ outputs
    values[:, -1] += biases
    cuts = np.flatnonzero([any(row[:-1]) for row in values])
    n_0 = inside.shape[1] - 1
    arrangement = Arrangement(values[cuts, :-1].reshape(-1, n_0), values[cuts, -1])
    domain = (-inside[:, :-1], inside[:, -1]) if len(inside) else None
    total = 0
    for signs in arrangement.cells(domain=domain).signs:
        active = np.array([row[-1] > 0 for row in values], dtype=int)
        active[cuts] = signs > 0
        if not deeper:
            total += 1
            continue
        region = np.concatenate([inside, values[cuts] * signs[:, None].astype(object)])
        total += _count(deeper, region, values * active[:, None].astype(object))
    return total


def network_rows(rng, large):
    for n_0, widths, layers in networks(rng, large):
        name = f"network {n_0} → {' → '.join(map(str, widths))}"
        regions = count_regions(layers, n_0)
        yield name, "regions", "Serra", regions, bounds.serra(n_0, widths)
        yield name, "regions", "Montúfar 2017", regions, bounds.montufar_2017(n_0, widths)
        yield name, "regions", "Raghu", regions, bounds.raghu(n_0, widths)
    for n_0, widths in [(1, (5,)), (1, (3, 4, 5)), (2, (4, 3)), (2, (4, 5, 4)), (3, (6, 4))]:
        name = f"folding network {n_0} → {' → '.join(map(str, widths))}"
        regions = count_regions(folding_network(n_0, widths), n_0, domain=(0, 1))
        yield name, "regions", "≥ Montúfar 2014", regions, bounds.montufar_2014(n_0, widths)
        yield name, "regions", "Serra", regions, bounds.serra(n_0, widths)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    rows = []
    for name, arrangement in arrangements(rng, options.large):
        rows.extend(arrangement_rows(name, arrangement))
    rows.extend(network_rows(rng, options.large))
    violated = [
        row for row in rows if (row[3] < row[4] if row[2].startswith("≥") else row[3] > row[4])
    ]
    if options.json:
        keys = ("instance", "what", "bound_of", "measured", "bound")
        print(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=1))
    else:
        print(
            f"{'instance':32} {'what':16} {'bound of':16} {'measured':>12} {'bound':>14} ratio"
        )
        for name, what, theorem, measured, bound in rows:
            ratio = f"{measured / bound:.4f}" if bound else "-"
            print(f"{name:32} {what:16} {theorem:16} {measured:12,} {bound:14,} {ratio}")
    for row in violated:
        print("VIOLATED:", *row, file=sys.stderr)
    print(f"{len(rows)} comparisons, {len(violated)} violated", file=sys.stderr)
    return 1 if violated else 0


if __name__ == "__main__":
    sys.exit(main())
