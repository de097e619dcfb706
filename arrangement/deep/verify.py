"""An independent check that the regions of a certificate are all regions of a network.

This module and :mod:`arrangement.deep.triangulation` need Python's standard library and
nothing else: they can be read, copied and run apart from the engine that found the regions.
Every number is a Python integer or a ratio of two; nothing is rounded.

**What is certified.** A pattern says which piece of each hidden neuron is in force: of
max(0, z), and likewise of a leaky ReLU, the piece 0 where z ≤ 0 and the piece 1 where z ≥ 0;
of maxout the largest affine function, and of equal ones the first. The activation region of a
pattern is the set of points of the domain D with this pattern, if it has interior points.

**Theorem.** Let region R have the pattern C, the point x and the vertices V, and let

1. D be bounded, and every vertex in D have the pieces of C in force;
2. no piece before that of C be in force at x, nor one after it that is not in force at all of
   V, and x lie strictly inside D;
3. no two regions have the same pattern;
4. the volumes of simplices in conv(V), which overlap in no interior point, add up to the
   volume of D, over all regions.

Then these are all activation regions in D, and the closure of each is its conv(V).

*Proof.* Where the pieces of C are in force in the layers before, a layer is the same affine
function as on all of R; by induction over layers, (1) says that the affine inequalities of R
hold at its vertices, hence on conv(V). Two patterns differ first in a neuron whose pieces p < q
are affine functions common to both regions. One region lies where p ≥ q, the other where
q ≥ p, and by (2) q > p at the point of the other; so conv(V) of different regions have no
interior point in common. By (4) they leave nothing of D but a set without volume. An interior
point of conv(V) has the pattern C exactly, since by (2) an inequality that is not strict there
is an equation on all of R and C has the first of the equal pieces. An activation region that
was missing, or larger than its conv(V), would have interior points outside all conv(V). ∎

The simplices come from the faces of conv(V): the vertices at which an inequality of R is an
equation are those of a face, and so are intersections of such sets. A chain of d + 1 faces
from conv(V) to a vertex, each strictly in the one before, loses one dimension a step, so that
the pulling triangulation (each face is the cones from its first vertex over its facets that do
not contain it) has no simplex too many, whatever faces are missing. The domain's volume is
found in the same way from all its vertices, which this module computes from the rows of D.

Beyond the theorem, every facet must lie on a wall of D or belong to exactly two regions, as
the certificate says, and the witness of two neighbours must lie in the relative interior of
their facet: there the inequalities that hold with equality are those of the whole facet.

References
----------
J. A. De Loera, J. Rambau and F. Santos, *Triangulations* (2010), section 4.3.2.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import combinations
from math import gcd, lcm
from operator import and_, mul
from typing import Any

from arrangement.deep.triangulation import (
    Point,
    Simplices,
    determinant,
    equations,
    pulled,
    volume,
)

__all__ = ["BadCertificate", "Verdict", "check", "read", "verify"]


class BadCertificate(ValueError):
    """The file is no certificate, or is malformed; the message says where."""


@dataclass(frozen=True)
class Verdict:
    """What was checked, and what is wrong.

    Attributes
    ----------
    n_regions, n_vertices, n_facets, n_adjacencies : int
        `n_adjacencies` of the facets are shared by two regions, the others lie on walls.
    n_simplices : int
        So many volumes were added.
    domain_volume : Fraction
    missing : float
        The share of the domain's volume that the regions do not fill; 0 only if it is none,
        negative if regions overlap.
    failures : tuple of str
        Each names the region, if it concerns one.
    """

    n_regions: int
    n_vertices: int
    n_facets: int
    n_adjacencies: int
    n_simplices: int
    domain_volume: Fraction
    missing: float
    failures: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Is the certificate a proof?"""
        return not self.failures


def verify(path: str | os.PathLike[str]) -> Verdict:
    """Check a certificate that :meth:`Regions.write_certificate` wrote; see this module.

    Parameters
    ----------
    path : path-like
        JSON, perhaps compressed by gzip.

    Raises
    ------
    BadCertificate
        If it cannot be read as a certificate.
    OSError
        If it cannot be read at all.
    """
    return check(read(path))


def read(path: str | os.PathLike[str]) -> Any:
    """The content of a certificate, for :func:`check`."""
    with open(path, "rb") as stream:
        content = stream.read()
    try:
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
        if content.startswith((b"PK", b"\x93NUMPY")):
            raise BadCertificate("a file of arrays; only certificates of networks are verified")
        return json.loads(content)
    except (OSError, EOFError, zlib.error):
        raise BadCertificate("the compressed file is cut off or damaged") from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BadCertificate(f"not a certificate: no JSON ({error})") from None


def check(facts: Any) -> Verdict:
    """Check a certificate that has been read as JSON.

    Examples
    --------
    The regions of max(0, x) in [−1, 1]; then one of them is said to end at −1/2:

    >>> facts = {
    ...     "format": "arrangement certificate", "version": 1,
    ...     "network": {"activation": "relu", "weights": [[["1"]], [["1"]]],
    ...                 "biases": [["0"], ["0"]]},
    ...     "domain": [["1", "1"], ["-1", "1"]],
    ...     "vertices": [["-1"], ["0"], ["1"]],
    ...     "regions": [{"pattern": [[0]], "point": ["-1/2"], "vertices": [0, 1]},
    ...                 {"pattern": [[1]], "point": ["1/2"], "vertices": [1, 2]}],
    ...     "facets": [{"vertices": [0], "regions": [0], "wall": 0},
    ...                {"vertices": [2], "regions": [1], "wall": 1},
    ...                {"vertices": [1], "regions": [0, 1], "witness": ["0"]}]}
    >>> check(facts).holds
    True
    >>> facts["vertices"][0] = ["-1/2"]
    >>> print(*check(facts).failures, sep="\\n")
    region 0: its facet 0, with the vertices [0], is none of a polytope of its vertices
    the volumes of the regions leave 0.25 of the domain's
    """
    if not isinstance(facts, dict) or facts.get("format") != "arrangement certificate":
        raise BadCertificate("not a certificate of the regions of a network")
    if facts.get("version") != 1:
        raise BadCertificate(f"version {facts.get('version')!r} of certificates is not known")
    try:
        return _Check(facts).verdict()
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        if isinstance(error, BadCertificate):
            raise
        detail = f"{type(error).__name__}: {error}"
        raise BadCertificate(f"a damaged certificate ({detail})") from None


class _Network:
    """The hidden layers as integers."""

    def __init__(self, facts: dict[str, Any]) -> None:
        activation = facts["activation"]
        self.maxout = isinstance(activation, list)
        if activation not in ("relu", "leaky_relu") and not (
            self.maxout and activation[0] == "maxout" and activation[1] >= 2
        ):
            raise BadCertificate(f"network: unknown activation {activation!r}")
        # The pieces of a ReLU are 0 and z; those of a leaky one are taken as z ≤ 0 and z ≥ 0.
        self.pieces = int(activation[1]) if self.maxout else 2
        leaky = activation == "leaky_relu"
        self.slope = _rational(facts["negative_slope"] if leaky else "0")
        self.layers: list[tuple[list[Point], int]] = []
        self.widths: list[int] = []
        tables = list(zip(facts["weights"], facts["biases"], strict=True))
        inputs = self.dimension = len(tables[0][0][0])
        for l, (W, b) in enumerate(tables):
            rows = [_point([*row, c]) for row, c in zip(W, b, strict=True)]
            # The outputs bound no region: the last layer only has to fit.
            last = l == len(tables) - 1
            width, rest = divmod(len(rows), self.pieces if self.maxout and not last else 1)
            if not rows or rest or {*map(len, rows)} != {inputs + 2}:
                raise BadCertificate(f"network: layer {l} does not fit the one before")
            if not last:
                scale = lcm(*(row[-1] for row in rows))
                table = [tuple(v * (scale // row[-1]) for v in row[:-1]) for row in rows]
                self.layers.append((table, scale))
                self.widths.append(width)
            inputs = width

    def in_force(self, point: Point) -> int:
        """The pieces in force at a point: bit `pieces` · neuron + piece, in all layers."""
        values: Sequence[int] = point
        bits, at, (a, b), k = 0, 0, self.slope, self.pieces
        for rows, scale in self.layers:
            sums = [sum(map(mul, row, values)) for row in rows]
            bottom = values[-1] * scale
            if self.maxout:
                tops = [max(sums[j : j + k]) for j in range(0, len(sums), k)]
                for j, z in enumerate(sums):
                    bits |= (z == tops[j // k]) << (at + j)
                values, at = [*tops, bottom], at + len(sums)
            else:
                for z in sums:
                    bits |= ((z <= 0) + 2 * (z >= 0)) << at
                    at += 2
                values = [*(z * b if z > 0 else z * a for z in sums), bottom * b]
        return bits

    def chosen(self, pattern: Any) -> int:
        """A pattern as bits."""
        if [len(level) for level in pattern] != self.widths:
            raise BadCertificate("a pattern does not fit the layers of the network")
        bits = 0
        for j, p in enumerate(p for level in pattern for p in level):
            if not 0 <= p < self.pieces:
                raise BadCertificate(f"a pattern has the piece {p}")
            bits |= 1 << (self.pieces * j + p)
        return bits

    def name(self, bits: int) -> str:
        """The neuron of the first of some bits."""
        neuron, l = ((bits & -bits).bit_length() - 1) // self.pieces, 0
        while neuron >= self.widths[l]:
            neuron, l = neuron - self.widths[l], l + 1
        return f"neuron {neuron} of hidden layer {l}"


class _Check:
    """One run of the checks."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts, self.failures = facts, list[str]()
        self.network = _Network(facts["network"])
        self.d = d = self.network.dimension
        self.rows = [tuple(map(int, row)) for row in facts["domain"]]
        self.vertices = [_point(x) for x in facts["vertices"]]
        sizes = {*map(len, self.rows), *map(len, self.vertices)}
        if sizes != {d + 1}:
            raise BadCertificate(f"domain and vertices must have dimension {d}, the network's")
        self.force = [self.network.in_force(v) for v in self.vertices]
        self.walls = [self._walls(v) for v in self.vertices]
        self.simplices: Simplices = []
        self.owners: dict[tuple[int, ...], list[int]] = {}

    def _walls(self, point: Point) -> int | None:
        """The walls of the domain on which a point lies; None if it is outside."""
        heights = [sum(map(mul, row, point)) for row in self.rows]
        if min(heights) < 0:
            return None
        return sum(1 << i for i, h in enumerate(heights) if h == 0)

    def verdict(self) -> Verdict:
        regions, facets = self.facts["regions"], self.facts["facets"]
        seen: dict[int, int] = {}
        for i, region in enumerate(regions):
            chosen = self.network.chosen(region["pattern"])
            if (first := seen.setdefault(chosen, i)) != i:
                self.failures.append(f"region {i}: its pattern is that of region {first}, too")
            self.failures += [f"region {i}: {text}" for text in self._region(i, region, chosen)]
        listed: set[tuple[int, ...]] = set()
        for number, facet in enumerate(facets):
            key = self._numbers(facet["vertices"])
            self._facet(number, facet, key, key in listed)
            listed.add(key)
        for key, owners in self.owners.items():
            if key not in listed:
                self.failures += [
                    f"region {i}: its facet with the vertices {list(key)} is not listed"
                    for i in owners
                ]
        whole = self._domain_volume()
        p, q = volume(self.simplices, self.vertices)
        p, q = p * whole.denominator, q * whole.numerator
        missing = (q - p) / q
        if p != q:
            says = "leave" if p < q else "exceed by"
            self.failures.append(
                f"the volumes of the regions {says} {abs(missing):.3g} of the domain's"
            )
            missing = missing or (1 if p < q else -1) * 5e-324
        shared = sum(len(facet["regions"]) == 2 for facet in facets)
        return Verdict(
            len(regions), len(self.vertices), len(facets), shared, len(self.simplices), whole,
            missing, tuple(self.failures),
        )  # fmt: skip

    def _region(self, i: int, region: dict[str, Any], chosen: int) -> list[str]:
        """What is wrong with a region alone; its volume and facets are noted."""
        numbers = self._numbers(region["vertices"])
        wrong = []
        for v in numbers:
            if self.walls[v] is None:
                wrong.append(f"vertex {v} is outside the domain")
            elif lacking := chosen & ~self.force[v]:
                where = self.network.name(lacking)
                wrong.append(f"vertex {v} contradicts the pattern at {where}")
        force = [self.force[v] for v in numbers]
        common = reduce(and_, force)
        point = _point(region["point"])
        if len(point) != self.d + 1:
            raise BadCertificate(f"region {i}: a point of {len(point) - 1} coordinates")
        if self._walls(point) != 0:
            wrong.append("its point is not strictly inside the domain")
        at_point = self.network.in_force(point)
        if odd := (chosen & ~at_point) | (at_point & ~common):
            wrong.append(f"its point has another pattern at {self.network.name(odd)}")
        k, tied = self.network.pieces, common & ~chosen
        while tied:
            bit = tied & -tied
            block = ((1 << k) - 1) << ((bit.bit_length() - 1) // k * k)
            if bit < chosen & block:
                wrong.append(f"an equal piece comes first at {self.network.name(bit)}")
            tied ^= bit
        if wrong:
            return wrong
        walls = [self.walls[v] or 0 for v in numbers]
        faces = equations(force, common) | equations(walls)
        found: dict[tuple[int, int], Simplices] = {}
        simplices = pulled((1 << len(numbers)) - 1, self.d, faces, found)
        if not simplices:
            return [
                f"its vertices span no polytope of dimension {self.d} between kinks and walls"
            ]
        self.simplices += [tuple(numbers[v] for v in simplex) for simplex in simplices]
        for face in faces:
            if pulled(face, self.d - 1, faces, found):
                key = tuple(v for j, v in enumerate(numbers) if face >> j & 1)
                self.owners.setdefault(key, []).append(i)
        return []

    def _facet(
        self, number: int, facet: dict[str, Any], key: tuple[int, ...], again: bool
    ) -> None:
        """Compare a facet as it is listed with those of the regions."""
        said, owners = sorted(facet["regions"]), self.owners.get(key, [])
        name = f"its facet {number}, with the vertices {list(key)},"
        wrong = [(i, "is none of a polytope of its vertices") for i in said if i not in owners]
        wrong += [(i, "is listed without it") for i in owners if i not in said]
        if again:
            wrong += [(i, "is listed twice") for i in said]
        walls = reduce(and_, (self.walls[v] or 0 for v in key))
        if not wrong and len(said) == 1:
            if not walls:
                wrong = [(said[0], "belongs to no other region and lies on no wall")]
            elif not walls >> facet["wall"] & 1:
                wrong = [(said[0], f"does not lie on wall {facet['wall']}")]
        elif not wrong and (len(said) != 2 or walls):
            wrong = [(said[0], f"belongs to {len(said)} regions or lies on a wall, too")]
        elif not wrong:
            force = reduce(and_, (self.force[v] for v in key))
            witness = _point(facet["witness"])
            if self._walls(witness) != 0 or self.network.in_force(witness) != force:
                wrong = [
                    (i, "does not have its witness in its relative interior") for i in said
                ]
        self.failures += [f"region {i}: {name} {text}" for i, text in wrong]

    def _numbers(self, given: Any) -> tuple[int, ...]:
        numbers = tuple(sorted(set(given)))
        if not numbers or numbers[0] < 0 or numbers[-1] >= len(self.vertices):
            raise BadCertificate(f"vertices {given!r}: not numbers of vertices")
        return numbers

    def _domain_volume(self) -> Fraction:
        """The volume of the domain, which must be bounded.

        The domain's vertices and directions are the extreme rays (x, t) of the cone in which
        row·(x, t) ≥ 0 and t ≥ 0: vertices with t > 0, directions with t = 0.
        """
        d = self.d
        rows = [*self.rows, (*[0] * d, 1)]
        corners: dict[Point, int] = {}
        for chosen in combinations(rows, d):
            ray = [
                (-1) ** c * determinant([(*r[:c], *r[c + 1 :]) for r in chosen])
                for c in range(d + 1)
            ]
            for y in (ray, [-v for v in ray]):
                heights = [sum(map(mul, row, y)) for row in rows]
                if any(y) and min(heights) >= 0:
                    if y[-1] == 0:
                        raise BadCertificate("the domain is unbounded")
                    corner = tuple(v // gcd(*y) for v in y)
                    corners[corner] = sum(1 << i for i, h in enumerate(heights) if h == 0)
        faces = equations(list(corners.values()))
        simplices = pulled((1 << len(corners)) - 1, d, faces, {}) if corners else []
        if not simplices:
            raise BadCertificate("the domain has no interior points")
        return Fraction(*volume(simplices, list(corners)))


def _rational(text: str) -> tuple[int, int]:
    """ "p" or "p/q"; decimal, or hexadecimal after 0x, which has no limit of length."""
    p, _, q = text.partition("/")
    numerator, denominator = int(p, 0), int(q or "1", 0)
    if denominator <= 0:
        raise BadCertificate(f"{text[:40]}: the denominator must be positive")
    return numerator, denominator


def _point(coordinates: Sequence[str]) -> Point:
    pairs = [_rational(text) for text in coordinates]
    scale = lcm(*(q for _, q in pairs))
    return (*(p * (scale // q) for p, q in pairs), scale)
