"""Everything that is published hangs together: each link leads somewhere, each page is valid."""

from html.parser import HTMLParser
from pathlib import Path
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


def test_every_link_of_every_page_leads_to_a_file_that_is_there(world):
    published = world.published()
    pages = {path: read(content) for path, content in published.items() if path.endswith(".html")}

    dead = []
    for path, page in pages.items():
        for link in page.links:
            told = urlsplit(link)
            if told.scheme in ("http", "https", "mailto"):
                continue
            where = (Path("/") / path).parent / unquote(told.path) if told.path else Path("/") / path
            target = Path(*(where.parts[1:])).as_posix()
            target = Path("/" + target).resolve().as_posix()[1:]
            if told.scheme or target not in published:
                dead.append((path, link))
            elif told.fragment and target in pages and unquote(told.fragment) not in pages[target].ids:
                dead.append((path, link))
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
