"""SIGTERM as an exception, so that nothing half-written is left behind."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

__all__ = ["orderly_termination"]


@contextmanager
def orderly_termination() -> Iterator[None]:
    """In the block SIGTERM ends the worker processes and raises SystemExit(143)."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are none of its business
        return

    def stop(*_: object) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends already
        # What the threads of a pool say of workers that are gone is no news.
        threading.excepthook = lambda _: None
        for child in multiprocessing.active_children():
            child.terminate()
        raise SystemExit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
