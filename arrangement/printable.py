"""Text that a terminal shows as it is: one line, without control characters."""

from __future__ import annotations

__all__ = ["printable"]


def printable(text: str) -> str:
    r"""The text with every character that is not printable escaped as in a Python string.

    Line breaks, terminal escapes, characters that turn the direction of writing and bytes that
    are no text are such characters; a backslash of the text itself is left alone.

    Examples
    --------
    >>> print(printable("cat\x1b[31m\n"), printable("Stärke ≤ 3"))
    cat\x1b[31m\n Stärke ≤ 3
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )
