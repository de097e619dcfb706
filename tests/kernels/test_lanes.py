"""Eight numbers at once: as numpy has it."""

from fractions import Fraction

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.double_double import difference, product, quotient
from arrangement.kernels.lanes import (
    above,
    absolute,
    covering,
    down,
    fused,
    if_above,
    load,
    marked,
    maximum,
    peak,
    shared,
    spread,
    store,
)

NUMBERS = np.array([0.0, -0.0, 1.5, -2.5, 1e300, -1e-300, np.inf, 0.1])
OTHERS = np.array([1.0, -1.0, 1.5, 2.0, -1e300, 3.0, 5.0, np.nan])


@compiled(error_model="numpy")
def _arithmetic(left, right, out):
    x, y = load(left, np.uint64(0)), load(right, np.uint64(0))
    values = (x + y, x - y, x * y, x / y, 2.0 * x, x / 3.0, absolute(x), down(x))
    for k, value in enumerate(values):
        store(out, np.uint64(8 * k), value)


def test_arithmetic_rounds_as_numpy():
    out = np.zeros((8, 8))
    _arithmetic(NUMBERS, OTHERS, out)
    x, y = NUMBERS, OTHERS
    with np.errstate(all="ignore"):
        expected = [x + y, x - y, x * y, x / y, 2 * x, x / 3, np.abs(x), np.floor(x)]
    np.testing.assert_array_equal(out, expected)


@compiled(error_model="numpy")
def _comparisons(left, right, out, words, bit):
    x, y = load(left, np.uint64(0)), load(right, np.uint64(0))
    store(out, np.uint64(0), maximum(x, y))
    store(out, np.uint64(8), if_above(x, y, x))
    store(out, np.uint64(16), fused(x, spread(2.0), y))
    where = above(x, y)
    store(words, np.uint64(0), marked(spread(0.0), where, bit))
    return where, peak(if_above(y, spread(0.0), y))


def test_comparisons_and_words():
    out, words, bit = np.zeros((3, 8)), np.zeros(8, dtype=np.uint64), np.uint64(1) << 63
    where, largest = _comparisons(NUMBERS, OTHERS, out, words, bit)
    x, y = NUMBERS, OTHERS
    expected = x > y
    np.testing.assert_array_equal(out[0], np.where(expected, x, y))
    np.testing.assert_array_equal(out[1], np.where(expected, x, 0.0))
    np.testing.assert_array_equal(out[2], 2 * x + y)
    assert where == sum(1 << k for k in range(8) if expected[k])
    np.testing.assert_array_equal(words, np.where(expected, bit, np.uint64(0)))
    assert largest == 5.0


@compiled(error_model="numpy")
def _bits(words, start, word, out):
    store(out, np.uint64(0), shared(words, start, word))


def test_bits_that_words_share():
    rng = np.random.default_rng(0)
    words = rng.integers(0, 2**64, size=(3, 7), dtype=np.uint64)
    words[1, 4], out = 2**64 - 1, np.zeros(8)
    for word in (*words[0], np.uint64(0), np.uint64(2**64 - 1)):
        _bits(words, np.uint64(9), word, out)
        assert (out == np.bitwise_count(words.ravel()[9:17] & word)).all()


@compiled(error_model="numpy")
def _covering(words, start, word):
    return covering(words, start, word)


def test_words_that_have_all_bits_of_a_word():
    rng = np.random.default_rng(0)
    words = rng.integers(0, 2**64, size=23, dtype=np.uint64)
    words[[9, 13]] = 2**64 - 1
    for word in (*(words & np.uint64(2**40 - 2**36)), np.uint64(0), np.uint64(2**64 - 1)):
        expected = sum(1 << k for k in range(8) if words[9 + k] & word == word)
        assert _covering(words, np.uint64(9), word) == expected


@compiled(error_model="numpy")
def _twofold(a, b, out, single):
    x, y, low = load(a, np.uint64(0)), load(b, np.uint64(0)), spread(1e-20)
    for k, (high, rest) in enumerate(
        (product(x, low, y, low), difference(x, low, y, low), quotient(x, low, y, low))
    ):
        store(out, np.uint64(16 * k), high)
        store(out, np.uint64(16 * k + 8), rest)
    for k in range(8):
        single[0, k], single[1, k] = product(a[k], 1e-20, b[k], 1e-20)
        single[2, k], single[3, k] = difference(a[k], 1e-20, b[k], 1e-20)
        single[4, k], single[5, k] = quotient(a[k], 1e-20, b[k], 1e-20)


def test_twofold_numbers_are_the_same_one_by_one():
    rng = np.random.default_rng(0)
    a, b, out, single = (
        rng.normal(size=8),
        rng.normal(size=8),
        np.zeros((6, 8)),
        np.zeros((6, 8)),
    )
    _twofold(a, b, out, single)
    np.testing.assert_array_equal(out, single)
    exact = [
        (Fraction(x) + Fraction(1e-20)) * (Fraction(y) + Fraction(1e-20))
        for x, y in zip(a, b, strict=True)
    ]
    for value, high, low in zip(exact, *out[:2], strict=True):
        assert abs(value - Fraction(high) - Fraction(low)) <= abs(value) / 2**100
