"""The command ``arrangement``, also as ``python -m arrangement``."""

__all__ = ["main"]


def main() -> int:
    """Run the command line; see :func:`arrangement.cli.main`.

    Its modules are imported here, so that an interruption in the first moments ends the
    process as quietly as any later one.
    """
    try:
        from arrangement.cli import main as command

        return command()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
