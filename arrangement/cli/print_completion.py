"""``arrangement completion``: what a shell needs to complete commands and options."""

from __future__ import annotations

import argparse

from arrangement.cli.facts import Fact, Result
from arrangement.cli.parser import Parser
from arrangement.errors import MissingExtraError

__all__ = ["add", "run"]


def add(parser: Parser) -> None:
    """Add the arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = """in bash: eval "$(arrangement completion bash)"
in zsh:  arrangement completion zsh > "${fpath[1]}/_arrangement\""""
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"))


def run(options: argparse.Namespace) -> Result:
    """The script that the shell reads, made from the parsers of all commands."""
    try:
        import shtab
    except ImportError as error:
        raise MissingExtraError(
            "completion needs shtab: pip install 'arrangement[shell]'"
        ) from error
    from arrangement.cli import parser_with  # It imports this module.

    script = shtab.complete(parser_with(), options.shell)
    return Result([Fact("script", script, {})], lines=script.splitlines())
