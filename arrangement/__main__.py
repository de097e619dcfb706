"""The command ``arrangement``, also as ``python -m arrangement``."""

import os
import signal

__all__ = ["main"]


def main() -> int:
    """Run the command line; see :func:`arrangement.cli.main`.

    Its modules are imported here, so that an interruption in the first moments ends the
    process as quietly as any later one.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from arrangement.cli import main as command

    return command()


if __name__ == "__main__":
    raise SystemExit(main())
