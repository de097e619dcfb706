"""What theorems and published tables say of the families, without making an arrangement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

from flint import fmpz_poly

from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import shown
from arrangement.families.chromatic import chromatic_polynomial, forests
from arrangement.families.graphs import Graph, given_graph
from arrangement.families.matroids import CIRCUITS, matroid
from arrangement.families.polytopes import facets, zonotope
from arrangement.families.regular import regular_polytope, simplicial
from arrangement.families.representations import specht
from arrangement.families.root_systems import coxeter_type, dimension, exponents, root_system
from arrangement.families.sizes import size
from arrangement.in_notebooks import InNotebooks

__all__ = ["KnownCounts", "known_counts"]

HIGHEST_DEGREE = 1000


@dataclass(frozen=True)
class KnownCounts(InNotebooks):
    """What is known of an arrangement; None where nothing is.

    Attributes
    ----------
    characteristic_polynomial : tuple of int, or None
        Coefficients from t^d down.
    n_cells, n_bounded_cells : int, or None
        Cells, and relatively bounded cells.
    source : str
        The theorem or the table.

    Examples
    --------
    >>> from arrangement import families
    >>> families.known_counts("braid", 4).n_cells
    24
    """

    characteristic_polynomial: tuple[int, ...] | None
    n_cells: int | None
    n_bounded_cells: int | None
    source: str


def known_counts(family: str | Callable[..., Any], *args: Any) -> KnownCounts:
    """The counts of a member of a family that are known without enumeration.

    Where the characteristic polynomial χ is known in closed form, cells = |χ(−1)| and
    relatively bounded cells = |χ(1)| (Zaslavsky 1975). No closed form is known for the
    resonance and threshold arrangements, the demicube and the permutohedron: their cells are
    those that have been published, and None beyond them.

    Parameters
    ----------
    family : str or function
        ``"braid"`` or ``families.braid``.
    *args
        The arguments of the family.

    Raises
    ------
    InputError
        If there is no such family, or the arguments do not fit it; SizeError if the dimension
        is above 1000.

    References
    ----------
    T. Zaslavsky, *Facing up to arrangements*, Mem. Amer. Math. Soc. 154 (1975); the source of
    each family is in the answer.

    Examples
    --------
    >>> from arrangement import families
    >>> shi = families.known_counts("shi", 3)
    >>> shi.characteristic_polynomial, shi.n_cells, shi.n_bounded_cells
    ((1, -6, 9, 0), 16, 4)
    >>> families.known_counts(families.coxeter, "E", 8).n_cells
    696729600
    >>> families.known_counts("resonance", 9).n_cells
    1955230985997140
    >>> families.known_counts("resonance", 10).n_cells is None
    True
    """
    name = family if isinstance(family, str) else getattr(family, "__name__", repr(family))
    if name not in _KNOWN:
        raise InputError(
            f"known_counts: no family {shown(name)}; there are {', '.join(_KNOWN)}"
        )
    return _KNOWN[name](*args)


t = fmpz_poly([0, 1])


def _braid(n: int) -> KnownCounts:
    n = _degree("braid", n)
    return _from_polynomial(_with_roots(range(n)), "t(t−1)···(t−n+1); Stanley 2007, Lecture 1")


def _shi(n: int | str, m: int = 1) -> KnownCounts:
    excess, roots = _exponents("shi", n)
    h = _coxeter_number(roots) * size("shi: the multiplicity", m, least=0)
    return _from_polynomial(
        t**excess * (t - h) ** len(roots),
        "(t−mh)^l; Shi 1986, Headley 1997, Yoshinaga 2004",
    )


def _ish(n: int) -> KnownCounts:
    n = _degree("ish", n)
    source = "t(t−n)^(n−1); Armstrong and Rhoades 2012, Theorem 3.2"
    return _from_polynomial(t * (t - n) ** (n - 1), source)


def _ish_b(n: int) -> KnownCounts:
    n = _degree("ish_b", n)
    return _from_polynomial((t - 2 * n) ** n, "(t−2n)^n; Tran and Tsujie 2023")


def _catalan(n: int | str, m: int = 1) -> KnownCounts:
    excess, roots = _exponents("catalan", n)
    h = _coxeter_number(roots) * size("catalan: the multiplicity", m, least=0)
    return _from_polynomial(
        t**excess * _with_roots(e + h for e in roots),
        "Π(t−e_i−mh); Athanasiadis 1996 and 2004",
    )


def _exponents(name: str, n: int | str) -> tuple[int, list[int]]:
    """How many dimensions a root system does not span, and its exponents; n means A_(n−1)."""
    if not isinstance(n, str):
        return 1, exponents("A", _degree(name, n) - 1)
    letter, rank, d = root_system(n, name)
    return d - _degree(name, rank), exponents(letter, rank)


def _coxeter_number(roots: Sequence[int]) -> int:
    """The largest exponent and one; 0 where there is no reflection, as in A_0 and D_1."""
    return max(roots) + 1 if any(roots) else 0


def _linial(n: int) -> KnownCounts:
    n = _degree("linial", n)
    total = sum((comb(n, k) * (t - k) ** (n - 1) for k in range(n + 1)), fmpz_poly([]))
    return _from_polynomial(
        t * fmpz_poly([int(v) >> n for v in total.coeffs()]),
        "2^(−n) t Σ_k C(n,k) (t−k)^(n−1); Postnikov and Stanley 2000, §9",
    )


def _semiorder(n: int) -> KnownCounts:
    n = _degree("semiorder", n)
    return _from_polynomial(
        _exponential([_semiorders(m) for m in range(n + 1)]),
        "Σ_n χ_n(t) x^n/n! = (Σ_n (−1)^n r_n x^n/n!)^(−t) with r_n the semiorders; "
        "Stanley 1996, and Stanley 2007, Theorem 5.17",
    )


def _semiorders(n: int) -> int:
    """Σ_k (−1)^(n−k) S(n,k) k! C_k, where S(n,k) k! counts the surjections onto k elements."""
    return sum(
        (-1) ** (n - k)
        * sum((-1) ** (k - j) * comb(k, j) * j**n for j in range(k + 1))
        * (comb(2 * k, k) // (k + 1))
        for k in range(n + 1)
    )


def _exponential(r: list[int]) -> fmpz_poly:
    """χ_n of an exponential sequence of arrangements from its cells r_0, …, r_n.

    With Σ (−1)^k r_k x^k/k! = exp Σ l_k x^k/k!, the power −t is exp Σ −t l_k x^k/k!; both
    exponentials are unfolded by e_n = Σ_k C(n−1,k−1) l_k e_(n−k).
    """
    logs, powers = [0], [fmpz_poly([1])]
    for n in range(1, len(r)):
        rest = sum(
            comb(n - 1, k - 1) * logs[k] * (-1) ** (n - k) * r[n - k] for k in range(1, n)
        )
        logs.append((-1) ** n * r[n] - rest)
        terms = (comb(n - 1, k - 1) * logs[k] * powers[n - k] for k in range(1, n + 1))
        powers.append(-t * sum(terms, fmpz_poly([])))
    return powers[-1]


def _coxeter(type: str, n: int | None = None) -> KnownCounts:
    letter, n = coxeter_type(type, n)
    roots = exponents(letter, _degree("coxeter", n))
    return _from_polynomial(
        t ** (dimension(letter, n) - len(roots)) * _with_roots(roots),
        "the exponents are the roots; Brieskorn 1971, Orlik and Solomon 1980, "
        "Humphreys 1990, §3.20",
    )


def _graphical(graph: Graph) -> KnownCounts:
    return _from_polynomial(
        fmpz_poly(list(chromatic_polynomial(graph)[::-1])),
        "the chromatic polynomial; Stanley 1973, Greene and Zaslavsky 1983",
    )


def _bigraphical(graph: Graph, rng: Any = 0) -> KnownCounts:
    import networkx as nx

    simple = nx.Graph(given_graph("bigraphical", graph))
    counts = [count * (-2) ** k for k, count in enumerate(forests(simple))]
    n = simple.number_of_nodes()
    return _from_polynomial(
        sum((count * t ** (n - k) for k, count in enumerate(counts)), fmpz_poly([])),
        "Σ (−2)^|F| t^(n−|F|) over forests F, with probability near one; "
        "Hopkins and Perkinson 2016, Theorem 1.1",
    )


def _of_graph(name: str, complete: Callable[[int], KnownCounts]) -> Any:
    """The counts of two parallel hyperplanes an edge, of a forest or a complete graph."""

    def counts(graph: Graph) -> KnownCounts:
        import networkx as nx

        simple = nx.Graph(given_graph(name, graph))
        n, m = simple.number_of_nodes(), simple.number_of_edges()
        if n and m == comb(n, 2):
            return complete(n)
        if not n or nx.is_forest(simple):
            return _from_polynomial(
                t ** (n - m) * (t - 2) ** m, "t^(n−m)(t−2)^m of a forest: normals independent"
            )
        return KnownCounts(None, None, None, "neither a forest nor complete")

    return counts


def _generic(n: int, d: int, rng: Any = 0) -> KnownCounts:
    n, d = size("generic", n, least=0), _degree("generic", d)
    return _from_polynomial(
        fmpz_poly([(-1) ** k * comb(n, k) for k in range(d + 1)][::-1]),
        "Σ_k (−1)^k C(n,k) t^(d−k), with probability one; Zaslavsky 1975",
    )


def _discriminantal(n: int, k: int, rng: Any = 0) -> KnownCounts:
    n, k = _degree("discriminantal", n), size("discriminantal", k, least=1)
    if k == 1:
        return _braid(n)
    source = "rank at most 3, or B(n, 1); Manin and Schechtman 1989, Athanasiadis 1999"
    if k >= n:
        return _from_polynomial(t**n, source)
    if k == n - 1:
        return _from_polynomial(t ** (n - 1) * (t - 1), source)
    if k == n - 2:
        return _from_polynomial(t ** (n - 2) * (t - 1) * (t - (n - 1)), source)
    if k == n - 3:
        # n pencils of n − 1 hyperplanes each, for the sets of n − 1; all other pairs are alone.
        m = comb(n, 2)
        lines = n * (n - 2) + comb(m, 2) - n * comb(n - 1, 2)
        return _from_polynomial(
            t ** (n - 3) * (t - 1) * (t**2 - (m - 1) * t + lines - m + 1), source
        )
    return KnownCounts(None, None, 0, "central: no relatively bounded cell")


def _soft_discriminantal(k: int, m: int, rng: Any = 0) -> KnownCounts:
    k = size("soft_discriminantal", k, least=2)
    n = size("soft_discriminantal", m, least=k + 1) - 1
    cone = (t - 1) ** k if n == k else None  # the hyperplanes of a basis
    if n > k and (chi := _discriminantal(n, n - k).characteristic_polynomial) is not None:
        cone = fmpz_poly(list(chi[k::-1]))
    source = "B(m−1, m−1−k), made essential and deconed; Falk 1994"
    if cone is None:
        return KnownCounts(None, None, None, source)
    return _from_polynomial(cone // (t - 1), f"{source}; with probability near one")


def _multigrid(n: int, lines: int, shifts: Any = None, rng: Any = 0) -> KnownCounts:
    n, lines = size("multigrid", n, least=2), size("multigrid", lines, least=0)
    if shifts is not None:
        return KnownCounts(None, None, None, "shifts that are given may be special")
    return _from_polynomial(
        t**2 - n * lines * t + comb(n, 2) * lines**2,
        "t² − nlt + C(n,2)l², with probability near one; de Bruijn 1981",
    )


def _matroid(name: str) -> KnownCounts:
    matroid(name)
    n, r, large = CIRCUITS[name]
    # A hyperplane of s elements, any r − 1 of them a basis, has the Möbius value ±C(s−1, r−2).
    whitney = [comb(n, k) for k in range(r)]
    whitney[-1] -= sum(count * comb(s - 1, r - 1) for s, count in large.items())
    chi = [(-1) ** k * w for k, w in enumerate(whitney)]
    return _from_polynomial(
        fmpz_poly([-sum(chi), *chi[::-1]]), "the sizes of its hyperplanes; Oxley 2011, Appendix"
    )


def _specht(*partition: int) -> KnownCounts:
    specht(*partition)
    n, source = sum(partition), "Wiltshire-Gordon, Woo and Zajaczkowska 2017"
    if len(partition) == 1:
        return _from_polynomial(t - 1, f"trivial; {source}")
    if tuple(partition) in ((n - 1, 1), (1,) * n):
        top = n if partition[0] > 1 else 2
        return _from_polynomial(_with_roots(range(1, top)), f"braid, or a sign; {source}")
    if tuple(partition) == (2, *[1] * (n - 2)):
        # n vectors with one dependency: no n − 1 of them are dependent.
        chi = sum(
            ((-1) ** k * comb(n, k) * (t ** (n - 1 - k) - 1) for k in range(n - 1)),
            fmpz_poly([]),
        )
        return _from_polynomial(chi, f"n generic vectors of rank n − 1; {source}")
    return KnownCounts(None, None, 0, "central: no relatively bounded cell")


def _facets(points: Any) -> KnownCounts:
    facets(points)
    return KnownCounts(None, None, None, "no theorem for all polytopes")


def _zonotope(generators: Any) -> KnownCounts:
    zonotope(generators)
    return KnownCounts(None, None, None, "as many cells as the zonotope has vertices")


def _grid(*sizes: int) -> KnownCounts:
    if not sizes:
        raise InputError("grid: a size for each axis is needed, as in grid(3, 4)")
    _degree("grid", len(sizes))
    return _from_polynomial(
        _with_roots(size("grid", s, least=0) for s in sizes),
        "Π(t − sizes[i]); Orlik and Terao 1992, Lemma 2.50",
    )


def _cross_polytope(d: int) -> KnownCounts:
    d = _degree("cross_polytope", d)
    # Over F_q, x_0 = 0 leaves q − 1 values to every other coordinate, x_0 ≠ 0 leaves q − 2.
    return _from_polynomial(
        (t - 1) ** (d - 1) + (t - 1) * (t - 2) ** (d - 1),
        "(t−1)^(d−1) + (t−1)(t−2)^(d−1); by points over F_q, Athanasiadis 1996",
    )


def _published(name: str, least: int, cells: Mapping[int, int], source: str) -> Any:
    """The counts of central arrangements whose cells have only been computed."""

    def counts(n: int) -> KnownCounts:
        return KnownCounts(None, cells.get(size(name, n, least)), 0, source)

    return counts


def _simplicial(series: int, n: int) -> KnownCounts:
    planes = simplicial(series, n).n_hyperplanes
    points = {0: n, 1: (n * n + 2 * n + 8) // 8, 2: (n * n + 2 * n + 5) // 8}[series]
    # By Euler's formula 2f − 2 triangles, and (t − 1)(t² − (n − 1)t + c) has χ(−1) twice those.
    return _from_polynomial(
        (t - 1) * (t**2 - (planes - 1) * t + 2 * points - 2 - planes),
        "f points and 2f − 2 triangles of the projective plane; Grünbaum 2009",
    )


def _regular_polytope(name: str) -> KnownCounts:
    regular_polytope(name)
    bounded = {"dodecahedron": 63, "icosahedron": 473}.get(name)
    return KnownCounts(None, None, bounded, "Coxeter, Du Val, Flather and Petrie 1938")


_PUBLISHED = "Brysiewicz, Eble and Kühne 2023"

_KNOWN: dict[str, Callable[..., KnownCounts]] = {
    "bigraphical": _bigraphical,
    "braid": _braid,
    "catalan": _catalan,
    "coxeter": _coxeter,
    "cross_polytope": _cross_polytope,
    "demicube": _published("demicube", 1, {1: 2, 2: 4, 3: 16, 4: 146, 5: 3756}, _PUBLISHED),
    "discriminantal": _discriminantal,
    "facets": _facets,
    "g_semiorder": _of_graph("g_semiorder", _semiorder),
    "g_shi": _of_graph("g_shi", _shi),
    "generic": _generic,
    "graphical": _graphical,
    "grid": _grid,
    "ish": _ish,
    "ish_b": _ish_b,
    "linial": _linial,
    "matroid": _matroid,
    "multigrid": _multigrid,
    "permutohedron": _published("permutohedron", 1, {1: 2, 2: 4, 3: 32}, _PUBLISHED),
    "regular_polytope": _regular_polytope,
    "resonance": _published(
        "resonance",
        1,
        {
            1: 2, 2: 6, 3: 32, 4: 370, 5: 11_292, 6: 1_066_044, 7: 347_326_352,
            8: 419_172_756_930, 9: 1_955_230_985_997_140,
        },
        "OEIS A034997",
    ),
    "semiorder": _semiorder,
    "shi": _shi,
    "simplicial": _simplicial,
    "soft_discriminantal": _soft_discriminantal,
    "specht": _specht,
    "ternary": _published(
        "ternary",
        1,
        {
            1: 2, 2: 8, 3: 96, 4: 5376, 5: 1_981_440, 6: 5_722_536_960,
            7: 138_430_238_607_360,
        },
        "2^d d! times OEIS A009997",
    ),
    "threshold": _published(
        "threshold",
        0,
        {
            0: 2, 1: 4, 2: 14, 3: 104, 4: 1882, 5: 94_572, 6: 15_028_134, 7: 8_378_070_864,
            8: 17_561_539_552_946, 9: 144_130_531_453_121_108,
        },
        "OEIS A000609",
    ),
    "zonotope": _zonotope,
}  # fmt: skip


def _with_roots(roots: Iterable[int]) -> fmpz_poly:
    product = fmpz_poly([1])
    for root in roots:
        product *= t - root
    return product


def _from_polynomial(chi: fmpz_poly, source: str) -> KnownCounts:
    coefficients = tuple(int(v) for v in reversed(chi.coeffs()))
    return KnownCounts(coefficients, abs(int(chi(-1))), abs(int(chi(1))), source)


def _degree(name: str, n: int) -> int:
    n = size(name, n, least=1)
    if n > HIGHEST_DEGREE:
        raise SizeError(
            f"known_counts: {name} in dimension {n}; the most are {HIGHEST_DEGREE} dimensions"
        )
    return n
