"""The files that the command line is to write, checked before the work."""

from __future__ import annotations

import argparse
import importlib.util
import os
from collections.abc import Sequence

from arrangement.errors import InputError, MissingExtraError
from arrangement.files.output import hindrance, is_stream

__all__ = ["FORMATS", "check_outputs", "is_page", "names_directory"]

FORMATS = (".png", ".pdf", ".svg")
PAGE = ".html"

OUTPUTS = ("out", "prune", "certificate", "graphml", "plot")
"""The options that name a file to write."""


def check_outputs(
    options: argparse.Namespace,
    *sources: str | None,
    saved: Sequence[str] = (".npz",),
    pictures: Sequence[str] = (*FORMATS, PAGE),
) -> None:
    """Find out before the work what would hinder the writing after it.

    Parameters
    ----------
    options : Namespace
        The files are those that its options name.
    sources : str or None
        The files that are read; - is standard input.
    saved : sequence of str
        The suffixes that the file of --out may have.
    pictures : sequence of str
        Those that the file of --plot may have.

    Raises
    ------
    InputError
        If a file cannot be written, has a suffix that does not fit, or is named twice; the
        message names the option.
    MissingExtraError
        If a picture is asked for and matplotlib is not installed.
    """
    taken = {os.path.realpath(path): "the input" for path in sources if path not in (None, "-")}
    for name in OUTPUTS:
        option, path = f"--{name}", getattr(options, name, None)
        if path is None:
            continue
        if (place := os.path.realpath(path)) in taken:
            raise InputError(f"{option} {path}: the same file as {taken[place]}")
        taken[place] = option
        reason = _wrong_name(option, path, saved, pictures) or hindrance(path)
        if reason is not None:
            raise InputError(f"{option} {path}: {reason}")
        if option == "--plot" and importlib.util.find_spec("matplotlib") is None:
            raise MissingExtraError("--plot needs matplotlib: pip install 'arrangement[plot]'")


def is_page(path: str) -> bool:
    """Is a page to be written, rather than a picture?"""
    return os.path.splitext(path)[1].lower() == PAGE


def _wrong_name(
    option: str, path: str, saved: Sequence[str], pictures: Sequence[str]
) -> str | None:
    suffix = os.path.splitext(path)[1].lower()
    if option == "--plot" and path and suffix not in pictures:
        return f"a picture's suffix must be {', '.join(pictures[:-1])} or {pictures[-1]}"
    if path == "-":
        return "a file of this name is hardly meant; write /dev/stdout for standard output"
    if option == "--out" and path and suffix not in saved and not is_stream(path):
        return f"the suffix of the file must be {' or '.join(saved)}"
    return None


def names_directory(path: str) -> bool:
    """Is this the name of a directory for blocks: without a suffix, and no stream?"""
    if os.path.isdir(path):
        return True
    return path not in ("", "-") and "." not in os.path.basename(path) and not is_stream(path)
