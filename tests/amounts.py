"""How many random cases a test takes: few by default, all of them where `.ci/run` runs it."""

import pytest
from hypothesis import settings


def examples(number):
    """As many examples of hypothesis in its profile `ci`, a part of them in `dev`."""
    return settings(max_examples=max(1, number * settings.default.max_examples // 100))


def first(number, values):
    """Parameters of a test: those after the first are taken when `slow` tests are."""
    return [
        pytest.param(value, marks=pytest.mark.slow if at >= number else ())
        for at, value in enumerate(values)
    ]
