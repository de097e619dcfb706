"""Loops that numba compiles when they are called, kept on disk where that can be."""

from __future__ import annotations

import logging
import pickle
import threading
import time
import warnings
from contextlib import contextmanager

from numba import njit
from numba.core import event
from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher

# Numba knows the operations on eight numbers before it compiles what uses them.
import arrangement.kernels.lanes_numba  # noqa: F401
from arrangement.kernels import built

__all__ = ["just_in_time"]


def just_in_time(function, options):
    """The function as numba compiles it.

    The compiled code is kept in ``NUMBA_CACHE_DIR``, beside the module, or in the user's cache,
    whichever can be written first. Where none can, every process compiles anew, and a
    UserWarning says so once.
    """
    dispatcher = njit(**options)(function)
    if not isinstance(dispatcher, Dispatcher):  # NUMBA_DISABLE_JIT
        return dispatcher
    try:
        # As njit(cache=True) does, whose own cache fails where it cannot write.
        dispatcher._cache = _ToleratingCache(function)  # type: ignore[attr-defined]
    except RuntimeError as error:
        if "no locator" not in str(error):
            raise
        _warn("no directory for it can be written")
    return dispatcher


class _Patience(event.Listener):  # type: ignore[misc]
    """Tells the log that numba compiles, once that has taken two seconds in all."""

    def __init__(self):
        self.left, self.depth = 2.0, 0

    def on_start(self, _):
        self.depth += 1
        if self.depth == 1:
            self.started = time.monotonic()
            self.timer = threading.Timer(self.left, self.end)
            self.timer.daemon = True
            self.timer.start()

    def on_end(self, _):
        self.depth -= 1
        if self.depth == 0:
            self.timer.cancel()
            self.left = max(self.left - (time.monotonic() - self.started), 0.0)

    def end(self):
        logging.getLogger(__name__).info("compiling, once")
        event.unregister("numba:compile", self)


event.register("numba:compile", _Patience())


class _ToleratingCache(FunctionCache):  # type: ignore[misc]
    """A cache whose directory may be full or lost, and its files cut short."""

    def __init__(self, function):
        super().__init__(function)
        # Numba looks whether the loop's own module has changed, not those that it calls.
        self._cache_file._source_stamp = self._cache_file._source_stamp, built.fingerprint()

    def load_overload(self, sig, target_context):
        with self._tolerance():
            try:
                return super().load_overload(sig, target_context)
            except _UNREADABLE:
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


# Cut short when the machine stopped; or of another version of the package.
_UNREADABLE = (EOFError, pickle.UnpicklingError, AttributeError, ImportError)

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
