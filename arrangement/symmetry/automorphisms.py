"""Symmetries of an arrangement: permutations of its hyperplanes that a linear map induces."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from arrangement import exact
from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import primitive_rows
from arrangement.hyperplanes.components import components, coordinates
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.symmetry.permutation_groups import orbits

__all__ = ["Automorphisms", "find_generators", "given_generators", "projections"]

Integers = NDArray[np.object_]
Colours = NDArray[np.uint64]
Floats = NDArray[np.float64]

MOST_HYPERPLANES = 2**10
"""Beyond this, "auto" does not look for symmetry: it compares all pairs of hyperplanes."""

SCALINGS = 200
"""How often the vectors are scaled, at most."""

NEWTON = 60
"""How often at the end by Newton's method."""

CURVED = 1e-12
"""Makes the second derivative definite: it is 0 where all factors are multiplied by one."""

PASSES = 8
"""How often coordinates are changed for better ones, at most."""

WELL_CONDITIONED = 1e3
"""With such a condition number float64 rounds P in its last digits alone."""

NOISE = 1e-9
"""Numbers in P that differ by less count as equal; they are at most 1."""

PATIENCE = 2**28
"""After so many comparisons of pairs without a new symmetry the search ends."""

REFINEMENT = 2**14
"""What a refinement costs besides, in comparisons."""

LARGEST = 2**13
"""The most hyperplanes that given symmetries may permute: tables have all pairs."""


class Automorphisms:
    """Which permutations of vectors does a linear map induce, up to scaling of each vector?

    Parameters
    ----------
    rows : ndarray of Python ints, shape (m, D)
        Of rank D together with the last unit vector, if that must be fixed.
    infinity : bool
        Must the last unit vector be fixed?

    Examples
    --------
    >>> corners = Automorphisms(np.array([[1, 0], [0, 1], [1, 1]], dtype=object), False)
    >>> (1, 2, 0) in corners
    True
    >>> frame = Automorphisms(np.array([[1, 0], [0, 1], [1, 1], [1, 2]], dtype=object), False)
    >>> (1, 2, 0, 3) in frame, (1, 0, 3, 2) in frame
    (False, True)
    """

    def __init__(self, rows: Integers, infinity: bool) -> None:
        self.n, width = rows.shape
        self.infinity = infinity
        unit = np.array([[0] * (width - 1) + [1]], dtype=object)
        self.vectors = np.concatenate([rows, unit]) if infinity else rows
        # The last that there are: infinity is one of them.
        reversed_basis = exact.independent_columns(self.vectors[::-1].T)
        self.basis = [len(self.vectors) - 1 - i for i in reversed(reversed_basis)]
        here = coordinates(self.vectors, self.basis)
        assert here is not None, "the basis is one"
        self._form, self._factors = _normal_form(here)

    @property
    def table(self) -> Integers:
        """The vectors up to positive factors, in a basis of them: alike in all coordinates.

        The last of them, if it must be fixed, is a multiple of the last unit vector.
        """
        signs = map(exact.sign, self._factors)
        turned = ([sign * v for v in row] for sign, row in zip(signs, self._form, strict=True))
        return primitive_rows(turned, len(self.basis))

    def __contains__(self, permutation: Sequence[int]) -> bool:
        return self.scales(permutation) is not None

    def scales(self, permutation: Sequence[int]) -> list[Any] | None:
        """By what a linear map that takes vectors to multiples of each other multiplies them.

        Parameters
        ----------
        permutation : sequence of n ints
            Vector i goes to a multiple of vector ``permutation[i]``.

        Returns
        -------
        list of numbers, or None if there is no such map
            Of the vector to be fixed, too, at the end. Unique up to one factor, of either
            sign, for each connected component of the vectors.

        Examples
        --------
        >>> plane = np.array([[1, 0], [0, 1], [1, 2]], dtype=object)
        >>> list(map(str, Automorphisms(plane, False).scales([1, 0, 2])))
        ['2', '1/2', '1']
        """
        images = [*permutation, self.n] if self.infinity else list(permutation)
        there = coordinates(self.vectors[images], self.basis)
        if there is None:
            return None
        form, factors = _normal_form(there)
        if form != self._form:
            return None
        return [a / b for a, b in zip(self._factors, factors, strict=True)]

    def linear_map(self, permutation: Sequence[int]) -> Integers | None:
        """The matrix T of such a map v ↦ v T, of ints, Fractions or field elements.

        Examples
        --------
        >>> plane = np.array([[1, 0], [0, 1], [1, 1]], dtype=object)
        >>> Automorphisms(plane, False).linear_map([1, 2, 0]).astype(int).tolist()
        [[0, -1], [1, 1]]
        """
        scales = self.scales(permutation)
        if scales is None:
            return None
        images = [*permutation, self.n] if self.infinity else list(permutation)
        moved = [scales[b] * self.vectors[images[b]] for b in self.basis]
        inverse, scale = exact.inverse(self.vectors[self.basis])
        return inverse @ np.array(moved, dtype=object) * exact.ratio(1, scale)


def _normal_form(table: Integers) -> tuple[list[list[Any]], list[Any]]:
    """The table with rows and columns scaled so that certain entries become 1.

    With the form come the numbers by which its rows were divided, beyond the columns' factors.

    The non-zero entries are the edges of a graph on rows and columns. Along a spanning forest
    they tell all factors, up to one for each component: tables have the same form iff they
    differ by scaling.
    """
    scale: dict[int, Any] = {}
    form: list[list[Any]] = [[]] * len(table)
    factors: list[Any] = [1] * len(table)
    waiting = list(range(len(table)))
    while waiting:
        later = []
        for j in waiting:
            support = [(c, v) for c, v in enumerate(table[j]) if v]
            known = next((v * scale[c] for c, v in support if c in scale), None)
            if known is None:
                later.append(j)
                continue
            for c, v in support:
                scale.setdefault(c, known / v)
            form[j] = [v * scale[c] / known if v else 0 for c, v in enumerate(table[j])]
            factors[j] = known
        if len(later) == len(waiting):
            scale[next(c for c, v in enumerate(table[later[0]]) if v)] = Fraction(1)
        waiting = later
    return form, factors


def given_generators(
    arrangement: Hyperplanes, automorphisms: Automorphisms, symmetry: Any
) -> list[list[int]]:
    """The permutations that a caller gave, checked, on the different hyperplanes."""
    first, _ = arrangement.coincidence
    representatives, position = np.unique(first, return_inverse=True)
    n = arrangement.n_hyperplanes
    try:
        permutations = [[operator.index(v) for v in permutation] for permutation in symmetry]
    except TypeError:
        raise InputError(
            "symmetry is None, 'auto' or a list of permutations, each a list of integers"
        ) from None
    if len(representatives) > LARGEST:
        raise SizeError(
            f"symmetry: of at most {LARGEST:,} different hyperplanes, and here are "
            f"{len(representatives):,}"
        )
    generators = []
    for k, permutation in enumerate(permutations):
        if sorted(permutation) != list(range(n)):
            raise InputError(
                f"symmetry {k}: {_shown(permutation)} is no permutation of 0 … {n - 1}"
            )
        images = position[np.array(permutation, dtype=np.int64)]
        reduced = images[representatives]
        if not np.array_equal(reduced[position], images):
            i = int(np.flatnonzero(reduced[position] != images)[0])
            raise InputError(
                f"symmetry {k}: hyperplanes {first[i]} and {i} coincide, but their images "
                "do not"
            )
        if len(reduced) and reduced.tolist() not in automorphisms:
            raise InputError(
                f"symmetry {k}: no {'affine' if automorphisms.infinity else 'linear'} map "
                f"permutes the hyperplanes like {_shown(permutation)}"
            )
        generators.append(reduced.tolist())
    return generators if len(representatives) else []


def _shown(permutation: Sequence[int]) -> str:
    text = ", ".join(map(str, permutation[:12]))
    return f"[{text}, …]" if len(permutation) > 12 else f"[{text}]"


def find_generators(automorphisms: Automorphisms) -> tuple[list[list[int]], int]:
    """Permutations that linear maps induce, and the order of the group that they generate.

    A linear map permutes the vectors ±a_i iff it keeps the numbers a_i·(Σ_k a_k a_kᵀ)^(−1) a_j
    (Bremner, Dutour Sikirić and Schürmann 2009): an automorphism of the complete graph on these
    vectors with the numbers as colours. Those are sought by refining partitions and
    backtracking (McKay 1981), and each is checked exactly. The search may end early, and miss
    some.

    Examples
    --------
    >>> from arrangement import families
    >>> rows = families.coxeter("D", 4).rows[:, :-1]
    >>> find_generators(Automorphisms(rows, False))[1]
    576
    """
    if automorphisms.n > MOST_HYPERPLANES or automorphisms.n == 0:
        return [], 1
    vectors = next(projections(automorphisms), None)
    return ([], 1) if vectors is None else _Search(automorphisms, _products(vectors)).run()


def projections(automorphisms: Automorphisms) -> Iterator[Floats]:
    """Scaled vectors u_i, one a row, in coordinates in which their columns are orthonormal.

    So P_ij = u_i·u_j = a_i·(Σ_k a_k a_kᵀ)^(−1) a_j; there are none where float64 fails.
    The vectors are scaled until all P_ii are equal: then the scaling that they came with does
    not matter. That is possible unless some flat holds more than its share of the vectors
    (Barthe 1998). Where it is not, affine hyperplanes are scaled otherwise, and then P of the
    vectors as they are is another guess.
    """
    with np.errstate(all="ignore"):
        try:
            vectors, is_balanced = _orthonormal(automorphisms.table, _balanced)
            if not is_balanced and automorphisms.infinity:
                vectors, _ = _orthonormal(automorphisms.table, _affine)
            yield vectors
            if not is_balanced:
                yield np.linalg.qr(_rounded(automorphisms.vectors))[0]
        except np.linalg.LinAlgError:
            return


def _orthonormal(
    table: Integers, scale: Callable[[Floats, Integers], tuple[Floats, bool]]
) -> tuple[Floats, bool]:
    """The scaled vectors in orthonormal coordinates, and are they as they should be?

    While these are too far from those of the table for float64, the table is multiplied by
    the change of coordinates exactly, and rounded again.
    """
    for _ in range(PASSES):
        scaled, is_right = scale(_rounded(table), table)
        vectors, triangle = np.linalg.qr(scaled)
        if not np.isfinite(vectors).all():
            raise np.linalg.LinAlgError
        if np.linalg.cond(triangle) < WELL_CONDITIONED:
            break
        # Infinity is the last unit vector, up to a factor, after a triangle, too.
        inverse = np.triu(np.linalg.inv(triangle))
        if not (np.isfinite(inverse).all() and inverse.diagonal().all()):
            raise np.linalg.LinAlgError
        change = np.array([list(map(Fraction, row)) for row in inverse.tolist()], dtype=object)
        table = primitive_rows(table @ change, len(triangle))
    return vectors, is_right


def _rounded(table: Integers) -> Floats:
    """The rows in float64, large ones up to scaling."""
    largest: Any = np.abs(table).max()
    if largest < exact.FLOAT_EXACT_LIMIT:
        return table.astype(np.float64)
    return exact.float_rows(table)[0]


def _balanced(rows: Floats, table: Integers) -> tuple[Floats, bool]:
    """Rows scaled so that all P_ii are equal, if they can be."""
    factors, is_balanced = _balancing(rows)
    return factors * rows, is_balanced


def _affine(rows: Floats, table: Integers) -> tuple[Floats, bool]:
    """Scaled rows [normal | offset], and the last one, of infinity, as it is.

    The normals are balanced, component by component and each direction once, and then the
    offsets of a component, to be at distance 1 from those of hyperplanes with a common point.
    """
    rows, normals = rows.copy(), table[:-1, :-1]
    for part in components(normals):
        directions = rows[part][:, exact.independent_columns(normals[part])]
        lengths = np.linalg.norm(directions, axis=1, keepdims=True)
        parallel = np.abs(directions @ directions.T) > (1 - NOISE) * (lengths * lengths.T)
        first = parallel.argmax(axis=1)
        factors = np.ones_like(lengths)
        factors[np.unique(first)], _ = _balancing(directions[np.unique(first)])
        factors = factors[first] * lengths[first] / lengths
        directions, offsets = factors * directions, factors[:, 0] * rows[part, -1]
        if not (np.isfinite(directions).all() and np.isfinite(offsets).all()):
            raise np.linalg.LinAlgError
        fit = np.linalg.lstsq(directions, offsets)[0]
        distance = np.linalg.norm(offsets - directions @ fit)
        rows[part] *= factors / (distance if distance > NOISE else 1.0)
    return rows, True


def _balancing(rows: Floats) -> tuple[Floats, bool]:
    """Factors of vectors for which all P_ii are equal, as a column, and are they?

    They minimise log det Σ_k f_k² a_k a_kᵀ − (D/m) Σ_k log f_k², a convex function of log f: at
    first step by step, then by Newton's method. Where they grow apart, those within and those
    off a flat that holds too many are right.
    """
    m, width = rows.shape
    factors = np.ones((m, 1))
    for step in range(SCALINGS):
        scaled = factors * rows
        forms = _products(np.linalg.qr(scaled)[0])
        length = np.sqrt(np.diagonal(forms)[:, None] * (m / width))
        if not (length > 0).all():
            raise np.linalg.LinAlgError
        if np.abs(length - 1).max() < 1e-13:
            return factors, True
        if step < SCALINGS - NEWTON:
            factors = factors / length
            continue
        curvature = np.diag(np.diagonal(forms) + CURVED) - forms**2
        change = np.linalg.solve(curvature, width / m - np.diagonal(forms))
        if np.abs(change).max() > 1:
            break
        factors = factors * np.exp(change[:, None] / 2)
    parts, label = connected_components(csr_array(np.abs(forms) > NOISE))
    for k in range(parts):
        factors[label == k] /= np.exp(np.log(factors[label == k]).mean())
    return factors, False


def _products(vectors: Floats) -> Floats:
    return vectors @ vectors.T


class _Search:
    """Backtracking for linear maps that permute ± some vectors.

    Point i is vector i, point m + i its opposite; edges have the colours of the numbers in P,
    told apart in float64: a wrong guess costs time only.
    """

    def __init__(self, automorphisms: Automorphisms, forms: NDArray[np.float64]) -> None:
        self.automorphisms = automorphisms
        self.m = len(forms)
        values, place = np.unique(np.abs(forms), return_inverse=True)
        number: NDArray[np.int64] = np.cumsum(np.diff(values, prepend=0.0) > NOISE)
        colour = number[place].reshape(forms.shape)
        colour = np.where(forms < 0, -colour, colour)
        self._component = connected_components(csr_array(colour != 0))[1]
        signed = np.block([[colour, -colour], [-colour, colour]])
        self._edges = _mix(signed.astype(np.int64).view(np.uint64))
        self._spent = 0
        colours = np.diagonal(self._edges).copy()
        if automorphisms.infinity:
            colours[[self.m - 1, 2 * self.m - 1]] += np.uint64(1)
        self.path = [self._refine(colours)]
        self.base: list[int] = []
        while (point := _smallest_cell(self.path[-1])) is not None:
            self.base.append(point)
            self.path.append(self._individualise(self.path[-1], point))

    def run(self) -> tuple[list[list[int]], int]:
        """Generators and the order of the group: bottom up, the orbit of each base point."""
        found: list[list[int]] = []
        order = 1
        for level in range(len(self.base) - 1, -1, -1):
            point = self.base[level]
            part = self._component[point % self.m]
            if part not in self._component[np.array(self.base[:level], dtype=int) % self.m]:
                found.append(self._opposite(part))
            cell = np.flatnonzero(self.path[level] == self.path[level][point])
            label = self._orbits(found)
            failed: list[int] = []
            for x in cell.tolist():
                if label[x] in label[[point, *failed]] or self._spent > PATIENCE:
                    continue
                image = next(self._images(level, self.path[level], x), None)
                if image is None:
                    failed.append(x)
                    continue
                found.append(image)
                self._spent = 0
                label = self._orbits(found)
            order *= int((label == label[point]).sum())
        identity = list(range(self.automorphisms.n))
        generators = [[v % self.m for v in image[: len(identity)]] for image in found]
        # A map that takes each vector to ± itself has one sign on each component.
        return [g for g in generators if g != identity], order >> int(self._component.max()) + 1

    def _opposite(self, part: int) -> list[int]:
        """The opposite map on one component."""
        turned = np.tile(np.where(self._component == part, self.m, 0), 2)
        return ((np.arange(2 * self.m) + turned) % (2 * self.m)).tolist()

    def _orbits(self, generators: list[list[int]]) -> NDArray[np.int64]:
        return orbits(np.array([range(2 * self.m), *generators], dtype=np.uint16))

    def _images(self, level: int, colours: Colours, x: int) -> Iterator[list[int]]:
        """Automorphisms that fix the base before this level and take its point to x."""
        there = self._individualise(colours, x)
        here = self.path[level + 1]
        if self._spent > PATIENCE or not np.array_equal(np.sort(here), np.sort(there)):
            return
        if level + 1 == len(self.base):
            self._spent += 32 * REFINEMENT  # exact arithmetic
            image = np.empty(2 * self.m, dtype=np.int64)
            image[np.argsort(here)] = np.argsort(there)
            permutation = (image[: self.automorphisms.n] % self.m).tolist()
            opposite = (image[: self.m] + self.m) % (2 * self.m)
            if (
                np.array_equal(opposite, image[self.m :])
                and np.array_equal(self._edges[np.ix_(image, image)], self._edges)
                and permutation in self.automorphisms
            ):
                yield image.tolist()
            return
        for y in np.flatnonzero(there == here[self.base[level + 1]]).tolist():
            yield from self._images(level + 1, there, y)

    def _individualise(self, colours: Colours, x: int) -> Colours:
        colours = colours.copy()
        colours[x] += np.uint64(1)
        return self._refine(colours)

    def _refine(self, colours: Colours) -> Colours:
        """Colour by colour and by the edges to each colour, until no colour splits."""
        n_colours = len(np.unique(colours))
        while True:
            self._spent += len(colours) ** 2 + REFINEMENT
            seen = _mix(self._edges ^ colours).sum(axis=1, dtype=np.uint64)
            colours = _mix(colours + _mix(seen))
            new = len(np.unique(colours))
            if new == n_colours:
                return colours
            n_colours = new


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers that look random, the same for the same."""
    mixed = (values + np.uint64(0x632BE59BD9B4E019)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(0xD6E8FEB86659FD93)
    return mixed ^ (mixed >> np.uint64(32))


def _smallest_cell(colours: Colours) -> int | None:
    """The first point of the smallest class of more than one, lowest colour first."""
    _, first, counts = np.unique(colours, return_index=True, return_counts=True)
    large = np.flatnonzero(counts > 1)
    if len(large) == 0:
        return None
    return int(first[large[np.argmin(counts[large])]])
