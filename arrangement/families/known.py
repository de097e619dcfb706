"""What theorems and published tables say of the families, without making an arrangement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING, Any

from flint import fmpz_poly

from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import shown
from arrangement.families.chromatic import chromatic_polynomial
from arrangement.families.regular import regular_polytope, simplicial
from arrangement.families.root_systems import coxeter_type, exponents
from arrangement.families.sizes import size

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["KnownCounts", "known_counts"]

HIGHEST_DEGREE = 1000


@dataclass(frozen=True)
class KnownCounts:
    """What is known of an arrangement; None where nothing is.

    Attributes
    ----------
    characteristic_polynomial : tuple of int, or None
        Coefficients from t^d down.
    n_cells, n_bounded_cells : int, or None
        Cells, and relatively bounded cells.
    source : str
        The theorem or the table.
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

    Returns
    -------
    KnownCounts

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


def _shi(n: int, name: str = "shi", source: str = "Shi 1986; Headley 1997") -> KnownCounts:
    n = _degree(name, n)
    return _from_polynomial(t * (t - n) ** (n - 1), f"t(t−n)^(n−1); {source}")


def _ish(n: int) -> KnownCounts:
    return _shi(n, "ish", "Armstrong and Rhoades 2012, Theorem 3.2")


def _catalan(n: int) -> KnownCounts:
    n = _degree("catalan", n)
    return _from_polynomial(
        t * _with_roots(range(n + 1, 2 * n)),
        "t(t−n−1)···(t−2n+1); Stanley 2007, Lecture 5; Athanasiadis 1996",
    )


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
    n = len(roots)
    dimension = {"A": n + 1, "E": 8, "G": 3}.get(letter, n)
    return _from_polynomial(
        t ** (dimension - n) * _with_roots(roots),
        "the exponents are the roots; Brieskorn 1971, Orlik and Solomon 1980, "
        "Humphreys 1990, §3.20",
    )


def _graphical(graph: nx.Graph) -> KnownCounts:
    return _from_polynomial(
        fmpz_poly(list(chromatic_polynomial(graph)[::-1])),
        "the chromatic polynomial; Stanley 1973, Greene and Zaslavsky 1983",
    )


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
    "braid": _braid,
    "catalan": _catalan,
    "coxeter": _coxeter,
    "cross_polytope": _cross_polytope,
    "demicube": _published("demicube", 1, {1: 2, 2: 4, 3: 16, 4: 146, 5: 3756}, _PUBLISHED),
    "discriminantal": _discriminantal,
    "generic": _generic,
    "graphical": _graphical,
    "grid": _grid,
    "ish": _ish,
    "linial": _linial,
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
    "threshold": _published(
        "threshold",
        0,
        {
            0: 2, 1: 4, 2: 14, 3: 104, 4: 1882, 5: 94_572, 6: 15_028_134, 7: 8_378_070_864,
            8: 17_561_539_552_946, 9: 144_130_531_453_121_108,
        },
        "OEIS A000609",
    ),
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
