"""Checks that every link inside a built site leads to a file, and to a place in it.

What a page loads is a link of the site: it needs no network.

python .ci/links.py SITE
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The links of a page, and the names of the places in it."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.places = [], set(), set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        """Note what an element links to, and its name."""
        found = dict(attrs)
        self.places |= {found[key] for key in ("id", "name") if found.get(key)}
        self.links += [found[key] for key in ("href", "src") if found.get(key)]
        if tag == "link" or "src" in found:
            self.loaded.add(found.get("src") or found.get("href"))


def dead_links(site):
    """Each link that leads nowhere, after the page that has it."""
    pages = {
        path.resolve(): Page(path)
        for path in sorted(site.rglob("*.html"))
        if "_static" not in path.parts  # The theme's own, which nobody is led to.
    }
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            outside = parts.scheme or parts.netloc
            if parts.scheme == "data" or (outside and link not in page.loaded):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place = unquote(parts.fragment)
            if not target.is_file() or (
                place and target in pages and place not in pages[target].places
            ):
                yield f"{path.relative_to(site.resolve())}: {link}"


if __name__ == "__main__":
    dead = list(dead_links(Path(sys.argv[1])))
    print("\n".join(dead) or "No dead link.")
    sys.exit(1 if dead else 0)
