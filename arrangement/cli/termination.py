"""Signals that end a process as an exception, so that nothing half-written is left."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

__all__ = ["orderly_termination"]


@contextmanager
def orderly_termination() -> Iterator[None]:
    """In the block SIGTERM ends the worker processes and raises SystemExit(143).

    So does the end of the terminal, SIGHUP, unless it is ignored, with 129.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are none of its business
        return

    signals = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]

    process = os.getpid()

    def stop(number: int, *_: object) -> NoReturn:
        if os.getpid() != process:  # a worker forked just now: the rest is its parent's
            os._exit(128 + number)
        for one in handlers:
            signal.signal(one, signal.SIG_IGN)  # it ends already
        # What the threads of a pool say of workers that are gone is no news.
        threading.excepthook = lambda _: None
        for child in multiprocessing.active_children():
            child.terminate()
        raise SystemExit(128 + number)

    handlers = {one: signal.getsignal(one) for one in signals}
    for one, handler in list(handlers.items()):
        if handler in (signal.SIG_IGN, None):  # None: of no Python handler
            del handlers[one]
        else:
            signal.signal(one, stop)
    try:
        yield
    finally:
        for one, handler in handlers.items():
            signal.signal(one, handler)
