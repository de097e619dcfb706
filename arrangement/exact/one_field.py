"""Tables of numbers, brought into one number field."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from arrangement.exact.fields import FieldElement, Number, NumberField, compositum, image_of

__all__ = ["field_of", "in_one_field", "simplest"]


def field_of(table: NDArray[Any]) -> NumberField | None:
    """The field of the first entry that is a field element, None if there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from arrangement.exact.fields import NumberField
    >>> from arrangement.exact.one_field import field_of
    >>> root = NumberField("sqrt(5)").generator
    >>> field_of(np.array([1, root], dtype=object)) == root.field
    True
    """
    values = table.ravel().tolist()
    if FieldElement not in set(map(type, values)):
        return None
    return next(v.field for v in values if isinstance(v, FieldElement))


def in_one_field(table: NDArray[Any]) -> NDArray[Any]:
    """The same numbers, all that are not rational in one field, the others ints or Fractions.

    Parameters
    ----------
    table : ndarray of ints, Fractions and field elements

    Raises
    ------
    SizeError
        If the field has a degree above `MAX_DEGREE`.

    Examples
    --------
    >>> import numpy as np
    >>> from arrangement.exact.fields import NumberField
    >>> from arrangement.exact.one_field import in_one_field
    >>> two, three = NumberField("sqrt(2)").generator, NumberField("sqrt(3)").generator
    >>> table = in_one_field(np.array([two, three, two * two, 1], dtype=object))
    >>> table[0].field == table[1].field, table[2:].tolist()
    (True, [2, 1])
    """
    if field_of(table) is None:
        return table
    result = table.copy()
    elements = [(i, v) for i, v in enumerate(table.flat) if isinstance(v, FieldElement)]
    images: dict[NumberField, FieldElement] = {}
    field: NumberField | None = None
    for i, v in elements:
        if v.is_rational:
            result.flat[i] = simplest(v)
        elif field is None:
            field = v.field
            images[field] = field.generator
        elif v.field not in images:
            field, here, there = compositum(field, v.field)
            images = {key: image_of(image, here) for key, image in images.items()}
            images[v.field] = there
    for i, v in elements:
        if not v.is_rational:
            result.flat[i] = v if v.field is field else image_of(v, images[v.field])
    return result


def simplest(value: Any) -> Number:
    """The same number as an int, else as a Fraction, else as an element of a field.

    Examples
    --------
    >>> from arrangement.exact.fields import NumberField
    >>> from arrangement.exact.one_field import simplest
    >>> root = NumberField("sqrt(5)").generator
    >>> [type(simplest(v)).__name__ for v in (root, root**2, root / root / 2)]
    ['FieldElement', 'int', 'Fraction']
    """
    if isinstance(value, FieldElement):
        if not value.is_rational:
            return value
        value = value.rational()
    return value.numerator if value.denominator == 1 else value
