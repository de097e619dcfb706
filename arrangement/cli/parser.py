"""How arguments are parsed; nothing that takes long to import."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from arrangement.errors import InputError

__all__ = ["Parser"]


class Parser(argparse.ArgumentParser):
    """A parser whose errors are :class:`InputError`, and to which -1/2 is a number."""

    examples: Sequence[str] = ()
    """Commands that the help begins with."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **options,
        )
        self._negative_number_matcher = re.compile(r"-(\d|\.\d|inf)")

    def options(self, text: str, section: str | None = None, **kinds: Any) -> None:
        """Add options, which are written as their help shows them.

        Parameters
        ----------
        text : str
            "--rank K:int  list the flats" has a value, "--box LOW HIGH ..." one or more,
            "--method {auto,lp}=auto  how" is a choice with a default, "--exact  decide" has
            no value; what follows on further lines is indented.
        section : str, optional
            The title of their group, and after a line break what they are for.
        **kinds : dict
            By option: what else argparse takes.
        """
        group: Any = self
        if section is not None:
            title, _, about = section.partition("\n")
            group = self.add_argument_group(title, about)
        for entry in re.split(r"\n(?=-)", text.strip()):
            form, told = re.split(r"  +", entry, maxsplit=1)
            form, _, default = form.partition("=")
            form, several = form.removesuffix(" ..."), form.endswith(" ...")
            form, _, number = form.partition(":")
            flags = re.findall(r"--[\w-]+", form)
            kind = kinds.pop(flags[0][2:].replace("-", "_"), {})
            names = [word for word in form.split() if word.strip(",") not in flags]
            if not names:
                kind.setdefault("action", "store_true")
            elif names[0].startswith("{"):
                kind["choices"] = names[0][1:-1].split(",")
            else:
                kind["metavar"] = names[0] if len(names) == 1 else tuple(names)
            if several or len(names) > 1:
                kind["nargs"] = "+" if several else len(names)
            if number:
                kind["type"] = {"int": int, "float": float}[number]
            if default:
                kind["default"] = default
            group.add_argument(*flags, help=" ".join(told.split()), **kind)
        assert not kinds, kinds

    def format_help(self) -> str:
        """The examples, then what argparse tells."""
        lines = "".join(f"  {example}\n" for example in self.examples)
        return (
            f"examples:\n{lines}\n{super().format_help()}" if lines else super().format_help()
        )

    def error(self, message: str) -> NoReturn:
        """One line, for `main` to print."""
        raise InputError(message)
