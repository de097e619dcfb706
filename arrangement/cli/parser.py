"""How arguments are parsed; nothing that takes long to import."""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn

from arrangement.errors import InputError

__all__ = ["Parser"]


class Parser(argparse.ArgumentParser):
    """A parser whose errors are :class:`InputError`, and to which -1/2 is a number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **options,
        )
        self._negative_number_matcher = re.compile(r"-(\d|\.\d|inf)")

    def error(self, message: str) -> NoReturn:
        """One line, for `main` to print."""
        raise InputError(message)
