"""An independent check that the regions of a certificate are all regions of a network.

The modules of :mod:`arrangement.networks.proofs` need Python's standard library and nothing
else: they can be read, copied and run apart from the engine that found the regions. Every
number is a Python integer or a ratio of two; nothing is rounded. The file is not trusted: what
it makes the check do is estimated and bounded.

**What is certified.** A pattern says which piece of each hidden neuron is in force: of
max(0, z), and likewise of a leaky ReLU, the piece 0 where z ≤ 0 and the piece 1 where z ≥ 0
(of slope 1 below zero too, always the piece 1);
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
import io
import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import gcd
from operator import and_, mul
from typing import Any, NoReturn

from arrangement.networks.proofs.corners import corners_of, spend_corners
from arrangement.networks.proofs.grammar import CERTIFICATE, BadCertificate, parsed
from arrangement.networks.proofs.hidden_layers import HiddenLayers, Integers, Rational
from arrangement.networks.proofs.triangulation import (
    MOST_STEPS,
    Point,
    Undecided,
    Work,
    added,
    cost,
    counted,
    equations,
    pulled,
    volume,
    volume_steps,
)

__all__ = ["BadCertificate", "Undecided", "Verdict", "check", "read", "verify"]

MOST_BYTES = 2**25
"""A longer certificate is not read, unless the limit is raised; JSON takes 20 times as much."""


@dataclass(frozen=True)
class Verdict:
    """What was checked, and what is wrong.

    Attributes
    ----------
    n_regions, n_vertices, n_facets, n_adjacencies : int
        `n_adjacencies` of the facets are shared by two regions, the others lie on walls.
    n_simplices : int
        So many volumes were added.
    domain : tuple of tuples of int
        What is proved, if it is, is proved of this domain: rows [g | c], g·x + c ≥ 0.
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
    domain: tuple[tuple[int, ...], ...]
    domain_volume: Fraction
    missing: float
    failures: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Is the certificate a proof?"""
        return not self.failures


def verify(path: str | os.PathLike[str], limit: float = 1.0) -> Verdict:
    """Check a certificate that :meth:`Regions.write_certificate` wrote; see this module.

    Parameters
    ----------
    path : path-like
        JSON, perhaps compressed by gzip.
    limit : float, optional
        As for :func:`check`.

    Raises
    ------
    BadCertificate
        If it cannot be read as a certificate.
    Undecided
        If it is too long, or the check takes too much work.
    OSError
        If it cannot be read at all.
    """
    return check(read(path, limit), limit)


def read(path: str | os.PathLike[str], limit: float = 1.0) -> Any:
    """The content of a certificate, for :func:`check`."""
    most = int(MOST_BYTES * limit)
    with open(path, "rb") as stream:
        content = _at_most(stream, most)
    try:
        if content.startswith(b"\x1f\x8b"):
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
                content = _at_most(packed, most)
        if content.startswith((b"PK", b"\x93NUMPY")):
            raise BadCertificate("a file of arrays; only certificates of networks are verified")
        return json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_int=_count,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
    except (OSError, EOFError, zlib.error):
        raise BadCertificate("the compressed file is cut off or damaged") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadCertificate(f"not a certificate: no JSON ({error})") from None
    except RecursionError:
        raise BadCertificate("not a certificate: lists of lists without end") from None


def _at_most(stream: Any, most: int) -> bytes:
    content = io.BytesIO()
    while part := stream.read(2**20):
        if content.write(part) + content.tell() - len(part) > most:
            raise Undecided(f"longer than {most:,} bytes, which are allowed")
    return content.getvalue()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise BadCertificate("an object has a key twice")
    return result


def _count(text: str) -> int:
    if len(text) > 15:
        raise BadCertificate(f"{text[:40]} …: numbers that are no counts are text")
    return int(text)


def _no_number(text: str) -> NoReturn:
    raise BadCertificate(f"{text[:40]}: numbers that are no counts are text, p or p/q")


def check(facts: Any, limit: float = 1.0) -> Verdict:
    """Check a certificate that has been read as JSON.

    Parameters
    ----------
    facts : dict
    limit : float, optional
        How many times the work that is allowed otherwise may be done.

    Raises
    ------
    BadCertificate
        If it is malformed.
    Undecided
        If the check takes too much work, by an estimate or as it turns out.

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
    >>> check(facts).holds, check(facts).domain
    (True, ((1, 1), (-1, 1)))
    >>> facts["vertices"][0] = ["-1/2"]
    >>> print(*check(facts).failures, sep="\\n")
    region 0: vertex 0 is none of the polytope that its vertices span
    region 0: its facet 0, with the vertices [0], is none of a polytope of its vertices
    the volumes of the regions leave 0.25 of the domain's
    """
    if not isinstance(facts, dict) or facts.get("format") != CERTIFICATE["format"]:
        raise BadCertificate("not a certificate of the regions of a network")
    version = facts.get("version")
    if type(version) is not int or version != CERTIFICATE["version"]:
        raise BadCertificate(f"version {ascii(version)[:40]} of certificates is not known")
    return _Check(parsed(facts, CERTIFICATE), limit).verdict()


class _Check:
    """One run of the checks."""

    def __init__(self, facts: dict[str, Any], limit: float) -> None:
        self.facts, self.failures, self.work = facts, list[str](), Work(MOST_STEPS * limit)
        self.integers = integers = Integers(limit)
        self.network = HiddenLayers(facts["network"], integers)
        self.d = d = self.network.dimension
        self.rows: list[tuple[int, ...]] = [tuple(row) for row in facts["domain"]]
        coordinates = facts["vertices"]
        sizes = {*map(len, self.rows), *(len(x) + 1 for x in coordinates)}
        if sizes != {d + 1} or not self.rows or not coordinates:
            raise BadCertificate(f"domain and vertices must have dimension {d}, the network's")
        for i, row in enumerate(self.rows):
            if not any(row[:-1]):
                raise BadCertificate(f"domain.{i}: the row is zero")
        self._estimate()
        spend_corners(self.rows, self.work)
        self.vertices = [integers.point(x) for x in coordinates]
        self.force = [self.network.in_force(v) for v in self.vertices]
        self.walls = [self._walls(v) for v in self.vertices]
        self.parts: list[tuple[tuple[int, ...], set[int]]] = []
        """The vertices and faces of each region with nothing wrong in it alone."""
        self.n_simplices, self.steps = 0, 0.0
        self.owners: dict[tuple[int, ...], list[int]] = {}

    def _estimate(self) -> None:
        """Refuse, before it begins, what takes too many steps by the numbers of everything."""
        facts, spend, d = self.facts, self.work.spend, self.d
        points = [r["point"] for r in facts["regions"]]
        points += [f["witness"] for f in facts["facets"] if "witness" in f]
        sizes: dict[int, int] = {}
        for x in facts["vertices"] + points:
            top, bottom = (
                (max(map(int.bit_length, part)) for part in zip(*x, strict=True))
                if x
                else (0, 0)
            )
            sizes[top + bottom] = sizes.get(top + bottom, 0) + 1
        for bits, count in sizes.items():
            each = self.network.steps(bits) + (len(self.rows) + 4) * (d + 1) * cost(bits)
            spend(count * (each + (bits / 200) ** 2), "the patterns of vertices and points")
        kinks = sum(self.network.widths) * self.network.pieces + len(self.rows)
        listed = [len(region["vertices"]) for region in facts["regions"]]
        each = 0.1 * kinks * (1 + kinks / 3000)
        spend(each * sum(n * (1 + n / 500) for n in listed), "the faces of regions")
        bits = sum(max(q.bit_length() for _, q in x) for x in facts["vertices"] if x)
        spend(3 * cost(bits), "the sum of the volumes")

    def _spend_volumes(self, count: int, steps: float) -> None:
        self.work.spend(steps, f"the volumes of {count:,} simplices")

    def _walls(self, point: Point) -> int | None:
        """The walls of the domain on which a point lies; None if it is outside."""
        heights = [sum(map(mul, row, point)) for row in self.rows]
        if min(heights) < 0:
            return None
        return sum(1 << i for i, h in enumerate(heights) if h == 0)

    def verdict(self) -> Verdict:
        regions, facets = self.facts["regions"], self.facts["facets"]
        self._check_vertices()
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
                    f"region {i}: its facet with the vertices {_some(key)} is not listed"
                    for i in owners
                ]
        self._spend_volumes(self.n_simplices, self.steps)
        whole = self._domain_volume()
        p, q = self._volume()
        p, q = p * whole.denominator, q * whole.numerator
        missing = _ratio(q - p, q)
        if p != q:
            says = "leave" if p < q else "exceed by"
            self.failures.append(
                f"the volumes of the regions {says} {abs(missing):.3g} of the domain's"
            )
            missing = missing or (1 if p < q else -1) * 5e-324
        shared = sum(len(facet["regions"]) == 2 for facet in facets)
        return Verdict(
            len(regions), len(self.vertices), len(facets), shared, self.n_simplices,
            tuple(self.rows), whole, missing, tuple(self.failures),
        )  # fmt: skip

    def _check_vertices(self) -> None:
        """Each point is one vertex, and of some region."""
        numbers = {v for region in self.facts["regions"] for v in region["vertices"]}
        first: dict[Point, int] = {}
        for v, x in enumerate(self.vertices):
            common = gcd(*x)
            if (other := first.setdefault(tuple(c // common for c in x), v)) != v:
                self.failures.append(f"vertex {v} is vertex {other}, too")
            if v not in numbers:
                self.failures.append(f"vertex {v} belongs to no region")

    def _region(self, i: int, region: dict[str, Any], chosen: int) -> list[str]:
        """What is wrong with a region alone; its facets and its work are noted."""
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
        point = self._point(region["point"], f"regions.{i}.point")
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
        found: dict[tuple[int, int], int] = {}
        count = counted((1 << len(numbers)) - 1, self.d, faces, found, self.work)
        if not count:
            return [
                f"its vertices span no polytope of dimension {self.d} between kinks and walls"
            ]
        for j, v in enumerate(numbers):
            if reduce(and_, (f for f in faces if f >> j & 1), -1) != 1 << j:
                wrong.append(f"vertex {v} is none of the polytope that its vertices span")
        self.n_simplices += count
        self.steps += volume_steps(count, [self.vertices[v] for v in numbers])
        self.parts.append((numbers, faces))
        for face in faces:
            if counted(face, self.d - 1, faces, found, self.work):
                key = tuple(v for j, v in enumerate(numbers) if face >> j & 1)
                self.owners.setdefault(key, []).append(i)
        return wrong

    def _facet(
        self, number: int, facet: dict[str, Any], key: tuple[int, ...], again: bool
    ) -> None:
        """Compare a facet as it is listed with those of the regions."""
        said, owners = sorted(facet["regions"]), self.owners.get(key, [])
        if len(said) not in (1, 2) or len(set(said)) < len(said):
            raise BadCertificate(f"facets.{number}.regions: one region or two are needed")
        name = f"its facet {number}, with the vertices {_some(key)},"
        wrong = [(i, "is none of a polytope of its vertices") for i in said if i not in owners]
        wrong += [(i, "is listed without it") for i in owners if i not in said]
        if again:
            wrong += [(i, "is listed twice") for i in said]
        walls = reduce(and_, (self.walls[v] or 0 for v in key))
        if not wrong and len(said) == 1:
            if "wall" not in facet or not walls:
                wrong = [(said[0], "belongs to no other region and lies on no wall")]
            elif not walls >> facet["wall"] & 1:
                wrong = [(said[0], f"does not lie on wall {facet['wall']}")]
        elif not wrong and (walls or "witness" not in facet):
            wrong = [(said[0], "belongs to two regions and lies on a wall, too")]
        elif not wrong:
            force = reduce(and_, (self.force[v] for v in key))
            witness = self._point(facet["witness"], f"facets.{number}.witness")
            if self._walls(witness) != 0 or self.network.in_force(witness) != force:
                wrong = [
                    (i, "does not have its witness in its relative interior") for i in said
                ]
        self.failures += [f"region {i}: {name} {text}" for i, text in wrong]

    def _numbers(self, given: list[int]) -> tuple[int, ...]:
        numbers = tuple(sorted(set(given)))
        if len(numbers) < len(given) or not numbers or numbers[-1] >= len(self.vertices):
            raise BadCertificate(f"vertices {_some(given)}: not numbers of vertices, each once")
        return numbers

    def _point(self, coordinates: list[Rational], place: str) -> Point:
        if len(coordinates) != self.d:
            raise BadCertificate(f"{place}: {len(coordinates)} coordinates")
        return self.integers.point(coordinates)

    def _volume(self) -> tuple[int, int]:
        """The sum of the volumes of the regions, as numerator and denominator."""
        volumes = []
        for numbers, faces in self.parts:
            found = pulled((1 << len(numbers)) - 1, self.d, faces, {}, self.work)
            named = [tuple(numbers[v] for v in simplex) for simplex in found]
            volumes.append(volume(named, self.vertices))
        return added(volumes, self.vertices)

    def _domain_volume(self) -> Fraction:
        """The volume of the domain, which must be bounded."""
        corners = corners_of(self.rows)
        points, faces = list(corners), equations(list(corners.values()))
        whole = (1 << len(points)) - 1
        count = counted(whole, self.d, faces, {}, self.work) if points else 0
        if not count:
            raise BadCertificate("the domain has no interior points")
        self._spend_volumes(count, volume_steps(count, points))
        simplices = pulled(whole, self.d, faces, {}, self.work)
        p, q = added([volume(simplices, points)], points)
        self.work.spend((q.bit_length() / 200) ** 2, "the volume of the domain")
        return Fraction(p, q)


def _ratio(p: int, q: int) -> float:
    try:
        return p / q
    except OverflowError:
        return float("inf") if p > 0 else float("-inf")


def _some(numbers: Sequence[int]) -> str:
    """A list for a message, which is not to be long."""
    return str([*numbers]) if len(numbers) <= 20 else f"{[*numbers[:20]]} and more"
