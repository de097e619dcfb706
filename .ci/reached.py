"""A plugin of pytest: a run fails where numba has not compiled every loop that Python calls."""

import importlib
import pkgutil

import pytest

from arrangement import kernels
from arrangement.kernels.compiled import Kernel


def pytest_sessionfinish(session):
    """Fail if a loop is left, unless a test has failed anyway."""
    names = [
        one.name for one in pkgutil.walk_packages(kernels.__path__, f"{kernels.__name__}.")
    ]
    loops = {
        loop
        for name in names
        if "._built" not in name
        for loop in vars(importlib.import_module(name)).values()
        if isinstance(loop, Kernel) and loop.annotations
    }
    # Numba's dispatcher is made when a loop is first called.
    left = sorted(loop.py_func.__name__ for loop in loops if "dispatcher" not in vars(loop))
    if left and not session.testsfailed:
        pytest.exit(f"{len(left)} of {len(loops)} loops are not reached: {left}", 1)
