"""How every loop is compiled: when the package is installed, or by numba when it is called."""

from __future__ import annotations

import functools
import os

from arrangement.errors import InputError
from arrangement.kernels import built
from arrangement.kernels.types import expected, fit

__all__ = ["Kernel", "compiled"]


def compiled(*annotations, **options):
    """Compile a function; what numba's `jit` takes are the options.

    A function that Python calls declares the types of its arguments
    (:mod:`arrangement.kernels.types`), and is built when the package is installed. Arguments
    of other types, and every function where nothing was built, are left to numba, which
    compiles on the first call and keeps what it made (:mod:`arrangement.kernels.just_in_time`).

    The environment variable ``ARRANGEMENT_KERNELS`` may be set to ``jit`` to leave all to
    numba, or to ``built`` to have a TypeError wherever it would be needed.
    """
    return lambda function: Kernel(function, annotations, options)


class Kernel:
    """A compiled loop.

    Attributes
    ----------
    py_func : function
        As it is written.
    annotations : tuple
        The types of its arguments; empty if only other loops call it.
    targetoptions : dict
        The options, under the name by which numba looks for them.
    """

    def __init__(self, function, annotations, options):
        functools.update_wrapper(self, function)
        self.py_func = function
        self.annotations = annotations
        self.targetoptions = options

    def __call__(self, *arguments):
        """Run what was built, or what numba makes where that does not fit."""
        function = self._built
        if function is not None and self.takes(arguments):
            return function(*arguments)
        if self.annotations and _wanted() == "built":
            name = f"{self.__module__}.{self.py_func.__name__}"
            raise TypeError(f"{name} is not built for its arguments")
        return self.dispatcher(*arguments)

    def takes(self, arguments):
        """Are the arguments of the types that are declared?"""
        return fit(arguments, self._expected)

    @functools.cached_property
    def _built(self):
        name = built.name_of(self.py_func)
        return None if _wanted() == "jit" else built.functions().get(name)

    @functools.cached_property
    def _expected(self):
        return tuple(map(expected, self.annotations))

    @functools.cached_property
    def dispatcher(self):
        """The same as numba compiles it."""
        # Imported for lack of a built function only: it takes half a second.
        from arrangement.kernels.just_in_time import just_in_time

        return just_in_time(self.py_func, self.targetoptions)

    @property
    def _numba_type_(self):
        # Numba asks for it where one loop calls another.
        return self.dispatcher._numba_type_


@functools.cache
def _wanted():
    wanted = os.environ.get("ARRANGEMENT_KERNELS", "")
    if wanted not in ("", "built", "jit"):
        raise InputError(f"ARRANGEMENT_KERNELS is {wanted!r}: it may be 'built' or 'jit'")
    return wanted
