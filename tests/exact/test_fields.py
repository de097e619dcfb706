"""Real algebraic numbers against integer arithmetic, identities and each other."""

import operator
import pickle
from decimal import Decimal, localcontext
from fractions import Fraction
from math import floor, inf, nan, pi, prod

import numpy as np
import pytest
from flint import fmpq, fmpz, fmpz_poly
from hypothesis import given
from hypothesis import strategies as st

from arrangement import InputError
from arrangement.errors import SizeError
from arrangement.exact.algebraic import read_number
from arrangement.exact.fields import FieldElement, NumberField, compositum, minimal_polynomial
from arrangement.exact.one_field import in_one_field

FIELDS = [
    NumberField("sqrt(2)"),
    NumberField([1, -1, -1], (1, 2)),
    NumberField([1, 0, -1, -1]),
    NumberField("2*cos(2*pi/7)"),
    NumberField([1, 0, -10, 0, 1], (0, 1)),
]
ratios = st.fractions(max_denominator=20).map(lambda v: v % 7 - 3)


@st.composite
def elements(draw, field=None):
    field = draw(st.sampled_from(FIELDS)) if field is None else field
    size = draw(st.sampled_from([1, 1, 1, 10**18]))
    return field.element([draw(ratios) * size for _ in range(field.degree)])


@st.composite
def siblings(draw, count):
    field = draw(st.sampled_from(FIELDS))
    return [draw(elements(field)) for _ in range(count)]


def quadratic_sign(a, b, d):
    """The sign of a + b√d by squaring."""
    sign = lambda v: (v > 0) - (v < 0)  # noqa: E731
    if sign(a) * sign(b) >= 0:
        return sign(a) or sign(b)
    return sign(a) * sign(a * a - b * b * d)


def decimal_value(x):
    """The value of an element by Horner's rule in 80 digits, from α found by bisection."""
    field = x.field
    f = [int(c) for c in field.polynomial.coeffs()]
    at = lambda v, g: sum(c * v**k for k, c in enumerate(g))  # noqa: E731
    low = high = Fraction(floor(field.generator * 10**6), 10**6)
    high += Fraction(1, 10**6)
    assert at(low, f) * at(high, f) < 0
    for _ in range(260):
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle, f) * at(low, f) > 0 else (low, middle)
    with localcontext() as context:
        context.prec = 80
        value = at(low, x.coefficients)
        return Decimal(value.numerator) / Decimal(value.denominator)


@given(ratios, ratios, st.sampled_from([2, 3, 5, 6, 7, 10**12 + 1]))
def test_signs_of_quadratic_numbers_are_those_by_squaring(a, b, d):
    x = NumberField([1, 0, -d], (0, d)).element([a, b])
    assert x.sign() == quadratic_sign(a, b, d)
    assert (x > 0, x < 0, bool(x)) == (x.sign() > 0, x.sign() < 0, x.sign() != 0)


@pytest.mark.parametrize("k", range(1, 300, 7))
def test_signs_of_numbers_that_nearly_vanish(k):
    """The convergents p/q of √2 leave p − q√2 = ±1/(p + q√2), whose sign alternates."""
    root = NumberField("sqrt(2)").generator
    p, q = 1, 1
    for _ in range(k - 1):
        p, q = p + 2 * q, p + q
    x = p - q * root
    assert x.sign() == (-1) ** k
    assert (p + q * root) * x == (-1) ** k
    assert float(x) == pytest.approx((-1) ** k / (p + q * 2**0.5), rel=1e-14)


@given(siblings(3))
def test_elements_are_a_field(numbers):
    x, y, z = numbers
    assert (x + y) * z == x * z + y * z
    assert x - y == -(y - x)
    assert (x * y) * z == x * (y * z)
    if y:
        assert x / y * y == x
        assert y**-3 * y**3 == 1


@given(siblings(2))
def test_order_is_that_of_the_values(numbers):
    x, y = numbers
    a, b = decimal_value(x), decimal_value(y)
    if x != y:
        assert (x < y, x > y, x <= y) == (a < b, a > b, a <= b)
    assert abs(x) == max(x, -x)


@given(elements())
def test_float_is_correctly_rounded(x):
    value = Fraction(decimal_value(x))
    assert float(x) == float(value)
    assert floor(x) == value // 1 or x == floor(x)


@given(elements())
def test_text_is_read_as_the_same_number(x):
    assert read_number(str(x)) == x
    assert pickle.loads(pickle.dumps(x)) == x


@given(elements())
def test_minimal_polynomials_vanish(x):
    f = minimal_polynomial(x)
    assert sum(int(c) * x**k for k, c in enumerate(f.coeffs())) == 0
    assert x.field.degree % f.degree() == 0


@given(elements(), elements())
def test_fields_are_joined(x, y):
    total, product = x + y, x * y
    assert total - y == x
    assert float(total) == pytest.approx(
        float(x) + float(y), rel=1e-9, abs=1e-9 * abs(float(x))
    )
    if y:
        assert product / y == x
    if x == y:
        assert hash(x) == hash(y)


@given(ratios, ratios)
def test_equal_numbers_of_different_fields_have_equal_hashes(a, b):
    root = NumberField("sqrt(5)").generator
    tau = NumberField([1, -1, -1], (1, 2)).generator
    x, y = a + b * (1 + root) / 2, a + b * tau
    assert x == y
    assert hash(x) == hash(y)
    if b == 0:
        assert hash(x) == hash(a)


def test_floats_are_dyadic_rationals():
    root = NumberField("sqrt(2)").generator
    assert root * 0.5 == root / 2
    assert root + 0.1 != root + Fraction(1, 10)
    assert root * np.float64(0.5) == root * np.int64(1) / 2


@pytest.mark.parametrize("other", [inf, -inf, nan])
def test_comparisons_with_infinity_are_those_of_fractions(other):
    for x in (FIELDS[0].generator, -FIELDS[0].generator):
        for holds in ("eq", "ne", "lt", "le", "gt", "ge"):
            compare = getattr(operator, holds)
            assert compare(x, other) == compare(Fraction(1), other)
            assert compare(other, x) == compare(other, Fraction(1))


def test_powers_enclose():
    for field in FIELDS:
        for bits in (10, 200):
            for k, v in enumerate(field.powers(bits)):
                assert abs(field.generator**k * 2**bits - v) <= 1
            embeddings = field.conjugate_powers(bits)
            assert len(embeddings) == field.degree
            # The norm of α is ± the constant coefficient.
            size = prod(((re[1] ** 2 + im[1] ** 2) ** 0.5 / 2**bits) for re, im in embeddings)
            assert size == pytest.approx(
                abs(int(field.polynomial[0])), rel=1e-2 if bits < 64 else 1e-9
            )


def test_primes_have_roots():
    for field in FIELDS:
        for k, (p, r) in enumerate(field.primes(2**26)):
            assert int(field.polynomial(r)) % p == 0
            if k == 10:
                break
        pairs = list(field.primes(100))
        assert pairs == list(field.primes(100))
        whole = [
            p
            for p in range(100, 1, -1)
            if all(p % q for q in range(2, p))
            and any(int(field.polynomial(r)) % p == 0 for r in range(p))
        ]
        assert [p for p, _ in pairs] == whole


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1/2+1/2*sqrt(5)", (1 + 5**0.5) / 2),
        ("(1+sqrt(5))/2", (1 + 5**0.5) / 2),
        ("cos(2*pi/7)", np.cos(2 * pi / 7)),
        ("2*cos(pi/5)", 2 * np.cos(pi / 5)),
        ("sin(3*pi/7)", np.sin(3 * pi / 7)),
        ("tan(pi/7)", np.tan(pi / 7)),
        ("cos(-5*pi/9+2*pi)", np.cos(5 * pi / 9)),
        ("sqrt(2)+sqrt(3)", 2**0.5 + 3**0.5),
        ("2^(1/3)", 2 ** (1 / 3)),
        ("(2/3)**(3/4)", (2 / 3) ** 0.75),
        ("sqrt(2+sqrt(2))", (2 + 2**0.5) ** 0.5),
        ("-sqrt(0.2)e", None),
        ("root(x^3-x-1,1,2)", 1.324717957244746),
        ("root(x^4-10*x^2+1, 3, 3.5)", 2**0.5 + 3**0.5),
        ("1e3*sqrt(2)", 1e3 * 2**0.5),
        ("-2^2*sqrt(2)", -4 * 2**0.5),
        ("sqrt(x)", None),
        ("sqrt(2", None),
        ("sqrt 2", None),
        ("2 3", None),
        ("pi", None),
        ("", None),
        ("x", None),
        ("sqrt(-2)", InputError),
        ("cos(1)", InputError),
        ("cos(pi^2)", InputError),
        ("root(x^2-2,-2,2)", InputError),
        ("root(x^2-2,2,3)", InputError),
        ("2^(2^10)", SizeError),
        ("root(x^1000-2,1,2)", SizeError),
        ("(" * 99 + "1" + ")" * 99, SizeError),
        ("-" * 2000 + "1", 1),
        ("2^(1/97)", SizeError),
        ("cos(pi/1009)", SizeError),
        ("((9^999)^999)^999*sqrt(2)", SizeError),
        ("1/(sqrt(2)-sqrt(2))", ZeroDivisionError),
    ],
)
def test_text(text, value):
    if value is None:
        with pytest.raises(ValueError) as refusal:
            read_number(text)
        assert not isinstance(refusal.value, InputError)
    elif isinstance(value, type):
        with pytest.raises(value):
            read_number(text)
    else:
        assert float(read_number(text)) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("m", [*range(1, 21), 24, 30, 42])
def test_cosines_and_sines(m):
    for k in range(m):
        cos, sin = (read_number(f"{f}({2 * k}*pi/{m})") for f in ("cos", "sin"))
        assert float(cos) == pytest.approx(np.cos(2 * pi * k / m), abs=1e-14)
        assert float(sin) == pytest.approx(np.sin(2 * pi * k / m), abs=1e-14)
        if m < 13:
            assert cos**2 + sin**2 == 1


def test_compositum_of_fields_that_overlap():
    for texts, degree in [
        (["sqrt(2)", "sqrt(3)", "sqrt(6)"], 4),
        (["sqrt(2)", "sqrt(8)"], 2),
        (["2*cos(2*pi/7)", "root(x^3+x^2-2*x-1,-1,0)"], 3),
        (["2^(1/3)", "2^(1/6)", "sqrt(2)"], 6),
        (["2^(1/3)", "3^(1/3)"], 9),
        (["2^(1/4)", "-2^(1/4)", "sqrt(2)"], 4),
        (["1-2^(1/4)", "2^(1/4)/3", "3^(1/4)"], 16),
        (["2*cos(pi/15)", "sqrt(5)", "2*cos(pi/9)"], 12),
    ]:
        numbers = [read_number(text) for text in texts]
        table = in_one_field(np.array([*numbers, Fraction(1, 3)], dtype=object))
        assert len({v.field for v in table[:-1]}) == 1
        assert table[0].field.degree == degree
        assert table.tolist() == [*numbers, Fraction(1, 3)]
        for image, number in zip(table[:-1], numbers, strict=True):
            assert minimal_polynomial(image) == minimal_polynomial(number)
            assert float(image) == float(number)


def test_products_of_arrays_in_two_fields_do_not_warn():
    texts = ("root(x^4-10*x^2+1,3,4)", "root(x^8-308*x^6+17526*x^4+50092*x^2+46225,15,16)")
    one, other = (np.array([NumberField(text).generator], dtype=object) for text in texts)
    compositum.cache_clear()
    with np.errstate(all="raise"):
        product = one * other
    assert abs(float(product[0]) - float(one[0]) * float(other[0])) < 1e-9


def test_rational_numbers_leave_the_field():
    root = NumberField("sqrt(2)").generator
    table = in_one_field(np.array([root * root, root / root / 3, root], dtype=object))
    assert [type(v) for v in table] == [int, Fraction, FieldElement]


def test_rational_numbers_of_flint_are_numbers():
    root = NumberField("sqrt(2)").generator
    for x, y in ((fmpq(2, 3), Fraction(2, 3)), (fmpz(-4), -4)):
        assert (x + root, x * root, x / root) == (y + root, y * root, y / root)
        assert (root + x, root * x, root / x) == (root + y, root * y, root / y)
        assert x - root == -(root - x) == y - root


def test_fields_are_equal_when_their_numbers_are():
    assert NumberField("sqrt(5)") == NumberField([1, 0, -5], (2, 3))
    assert NumberField("sqrt(5)") != NumberField([1, 0, -5], (-3, -2))
    assert len({NumberField("sqrt(5)"), NumberField([1, 0, -5], (0, 9))}) == 1
    field, a, b = compositum(*[NumberField([1, 0, -5], e) for e in [(2, 3), (-3, -2)]])
    assert (field.degree, a + b) == (2, 0)


@pytest.mark.parametrize(
    "arguments",
    [
        ([1, 0, -4], (1, 3)),
        ([2, 0, -1], (0, 1)),
        ([1, 0, 1],),
        ([1, 0, -2],),
        ([1, 0, -2], (2, 3)),
        ([1, -2],),
        ([],),
        (["a"],),
        ([1, 0, -2], ("x", 2)),
        ("1/2",),
        ("cos(2*pi/7)",),
    ],
)
def test_no_fields(arguments):
    with pytest.raises(InputError):
        NumberField(*arguments)


def test_degrees_that_are_too_large():
    with pytest.raises(SizeError, match="degree 33"):
        NumberField([1, *[0] * 32, -2], (0, 2))
    with pytest.raises(SizeError, match="degree 64"):
        sum(read_number(f"sqrt({p})") for p in (2, 3, 5, 7, 11, 13))


def test_an_algebraic_integer_is_asked_for():
    with pytest.raises(InputError, match="take 2 times"):
        NumberField("cos(2*pi/7)")


def test_polynomials_with_a_content():
    assert read_number("root(2*x^3-1/3,0,1)") ** 3 == Fraction(1, 6)
    assert minimal_polynomial(read_number("sqrt(5)/10")) == fmpz_poly([-1, 0, 20])


@pytest.mark.parametrize("text", ["x^2-x-1", "sqrt(", "", "1/0"])
def test_a_text_that_is_no_number_is_no_field(text):
    with pytest.raises(InputError, match="is no number"):
        NumberField(text)
