"""Everything that is published hangs together: each link leads somewhere, each page is valid."""

import posixpath
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from servers.html_checker import needs_html_checker, problems


class Links(HTMLParser):
    """What a page links to, and the ids that it can be linked at."""

    def __init__(self):
        super().__init__()
        self.links, self.ids = [], []

    def handle_starttag(self, tag, attrs):
        self.links += [value for name, value in attrs if name in ("href", "src", "xlink:href")]
        self.ids += [value for name, value in attrs if name == "id"]


def read(content):
    page = Links()
    page.feed(content.decode())
    return page


def leads(path, link, published, pages):
    """Whether a link of a page leads out into the web, or to a file and a place in it."""
    told = urlsplit(link)
    if told.scheme:
        return told.scheme in ("http", "https", "mailto")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(told.path))) if told.path else path
    if target not in published:
        return False
    places = (told.fragment, unquote(told.fragment))  # a browser looks for the one, then for the other
    return not told.fragment or target not in pages or any(place in pages[target].ids for place in places)


def test_every_link_of_every_page_leads_to_a_file_that_is_there(world):
    published = world.published()
    pages = {path: read(content) for path, content in published.items() if path.endswith(".html")}

    dead = [
        (path, link) for path, page in pages.items() for link in page.links if not leads(path, link, published, pages)
    ]
    assert dead == []


def test_no_page_says_an_id_twice(world):
    twice = {
        path: {one for one in ids if ids.count(one) > 1}
        for path, content in world.published().items()
        if path.endswith(".html")
        for ids in [read(content).ids]
        if len(set(ids)) != len(ids)
    }

    assert twice == {}


@needs_html_checker
def test_every_page_is_valid_html(world):
    assert problems(world.lake / "references") == []
