"""How many regions a deep ReLU network can have, by its input dimension and its widths.

A network has L hidden layers of n_1, …, n_L rectified units on n_0 inputs; layer l is
x ↦ max(0, W_l x + b_l). Its regions are the open sets of inputs on which the set of active
units is constant (activation regions); the output is affine on each, so the linear regions,
where neighbours with the same affine map are one, are at most as many. The upper bounds are
for either, and

    montufar_2014 ≤ the most regions ≤ serra ≤ montufar_2017 ≤ raghu ≤ 2^(n_1 + … + n_L).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from math import comb, prod

from arrangement.bounds.arrangements import count, zaslavsky
from arrangement.errors import InputError
from arrangement.exact.numbers import shown

__all__ = ["montufar_2014", "montufar_2017", "raghu", "serra"]


def montufar_2014(n_0: int, widths: Iterable[int]) -> int:
    """A lower bound: some network has (Π_(l<L) ⌊n_l/n_0⌋^(n_0)) Σ_(j≤n_0) C(n_L, j) regions.

    Each layer but the last folds its input ⌊n_l/n_0⌋ times along every one of n_0 axes; the
    last cuts all the copies. Where one of these layers has fewer than n_0 units the bound is 0
    and says nothing.

    Parameters
    ----------
    n_0 : int
        Input dimension, at least 1.
    widths : iterable of int
        Units n_1, …, n_L of the hidden layers, each at least 0. Without a layer the network
        is affine: one region.

    Returns
    -------
    int
        A number of linear regions, exact, of any size.

    Raises
    ------
    InputError
        If n_0 or a width is no such integer.

    References
    ----------
    G. Montúfar, R. Pascanu, K. Cho and Y. Bengio, *On the number of linear regions of deep
    neural networks*, NIPS 27 (2014), Theorem 4.

    Examples
    --------
    >>> from arrangement.bounds import montufar_2014
    >>> montufar_2014(2, [4, 4, 4])  # 2² · 2² · (1 + 4 + 6)
    176
    """
    n_0, widths = _network(n_0, widths)
    if not widths:
        return 1
    return prod((n // n_0) ** n_0 for n in widths[:-1]) * zaslavsky(widths[-1], n_0)


def raghu(n_0: int, widths: Iterable[int]) -> int:
    """An upper bound: Π_l Σ_(j≤n_0) C(n_l, j).

    The image of a region under the layers before is at most n_0-dimensional, so layer l cuts
    it into at most as many parts as n_l hyperplanes cut R^(n_0). For L layers of k units it is
    O(k^(n_0 L)).

    Parameters
    ----------
    n_0 : int
        Input dimension, at least 1.
    widths : iterable of int
        Units n_1, …, n_L of the hidden layers, each at least 0.

    Returns
    -------
    int
        Exact, of any size.

    Raises
    ------
    InputError
        If n_0 or a width is no such integer.

    References
    ----------
    M. Raghu, B. Poole, J. Kleinberg, S. Ganguli and J. Sohl-Dickstein, *On the expressive
    power of deep neural networks*, ICML 34 (2017), Theorem 1 and its proof.

    Examples
    --------
    >>> from arrangement.bounds import raghu
    >>> raghu(2, [4, 4, 4])  # 11³
    1331
    """
    n_0, widths = _network(n_0, widths)
    return prod(zaslavsky(n, n_0) for n in widths)


def montufar_2017(n_0: int, widths: Iterable[int]) -> int:
    """An upper bound: Π_l Σ_(j≤d_l) C(n_l, j) with d_l = min(n_0, n_1, …, n_l).

    As Raghu's, but a narrow layer also bounds the dimension of the image for all later ones.

    Parameters
    ----------
    n_0 : int
        Input dimension, at least 1.
    widths : iterable of int
        Units n_1, …, n_L of the hidden layers, each at least 0.

    Returns
    -------
    int
        Exact, of any size.

    Raises
    ------
    InputError
        If n_0 or a width is no such integer.

    References
    ----------
    G. Montúfar, *Notes on the number of linear regions of deep neural networks*, SampTA
    (2017), Proposition 3.

    Examples
    --------
    >>> from arrangement.bounds import montufar_2017
    >>> montufar_2017(2, [4, 1, 4])  # 11 · 2 · (1 + 4)
    110
    """
    n_0, widths = _network(n_0, widths)
    narrowest = accumulate([n_0, *widths], min)
    next(narrowest)
    return prod(zaslavsky(n, d) for n, d in zip(widths, narrowest, strict=True))


def serra(n_0: int, widths: Iterable[int]) -> int:
    """An upper bound: Σ_(j_1,…,j_L) Π_l C(n_l, j_l) over 0 ≤ j_l ≤ d_l, where

        d_l = min(n_0, n_1 − j_1, …, n_(l−1) − j_(l−1), n_l).

    A region in which few units of a layer are active has an image of few dimensions: at best
    C(n_l, j) regions have n_l − j active units, for every j. Attained for one layer, where it
    is Zaslavsky's bound. Summed layer by layer over the dimension that is left, in O(L n_0²)
    steps.

    Parameters
    ----------
    n_0 : int
        Input dimension, at least 1.
    widths : iterable of int
        Units n_1, …, n_L of the hidden layers, each at least 0.

    Returns
    -------
    int
        Exact, of any size.

    Raises
    ------
    InputError
        If n_0 or a width is no such integer.

    References
    ----------
    T. Serra, C. Tjandraatmadja and S. Ramalingam, *Bounding and counting linear regions of
    deep neural networks*, ICML 35 (2018), Theorem 1.

    Examples
    --------
    >>> from arrangement.bounds import serra, zaslavsky
    >>> serra(2, [3, 3, 3])  # montufar_2017 gives 343
    208
    >>> serra(3, [7]) == zaslavsky(7, 3)
    True
    """
    n_0, widths = _network(n_0, widths)
    sums = {n_0: 1}  # by min(n_0, n_1 − j_1, …), the sum of the products so far
    for n in widths:
        after: dict[int, int] = {}
        for left, total in sums.items():
            for j in range(min(left, n) + 1):
                key = min(left, n - j)
                after[key] = after.get(key, 0) + total * comb(n, j)
        sums = after
    return sum(sums.values())


def _network(n_0: int, widths: Iterable[int]) -> tuple[int, list[int]]:
    n_0 = count(n_0, "n_0", least=1)
    try:
        layers = list(widths)
    except TypeError:
        raise InputError(
            f"widths = {shown(widths)} is not a sequence of integers, one a layer"
        ) from None
    return n_0, [count(n, f"widths[{l}]") for l, n in enumerate(layers)]
