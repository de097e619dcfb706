"""How every loop is compiled: by numba, and kept on disk from run to run where that can be."""

from __future__ import annotations

import pickle
import warnings
from contextlib import contextmanager

from numba import njit
from numba.core.caching import FunctionCache

__all__ = ["compiled"]


def compiled(**options):
    """Compile a function when it is first called; what numba's `njit` takes are its options.

    The compiled code is kept in ``NUMBA_CACHE_DIR``, beside the module, or in the user's cache,
    whichever can be written first. Where none can, every process compiles anew, and a
    UserWarning says so once.
    """

    def compile_later(function):
        dispatcher = njit(**options)(function)
        try:
            # As njit(cache=True) does, whose own cache fails where it cannot write.
            dispatcher._cache = _ToleratingCache(function)
        except RuntimeError as error:
            if "no locator" not in str(error):
                raise
            _warn("no directory for it can be written")
        return dispatcher

    return compile_later


class _ToleratingCache(FunctionCache):  # type: ignore[misc]
    """A cache whose directory may be full or lost, and its files cut short."""

    def load_overload(self, sig, target_context):
        with self._tolerance():
            try:
                return super().load_overload(sig, target_context)
            except (EOFError, pickle.UnpicklingError):  # cut short when the machine stopped
                self.flush()
        return None

    def save_overload(self, sig, data):
        with self._tolerance():
            super().save_overload(sig, data)

    @contextmanager
    def _tolerance(self):
        try:
            yield
        except OSError as error:
            self.disable()
            _warn(f"{self.cache_path}: {error.strerror}")


_warned = False


def _warn(reason):
    global _warned
    if not _warned:
        _warned = True
        warnings.warn(
            f"compiled code is not kept ({reason}), so that every start takes longer; set "
            "NUMBA_CACHE_DIR to a directory that can be written",
            stacklevel=3,
        )
