"""``python -m arrangement`` is the command ``arrangement``."""

from arrangement.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
