"""The dictionary as a page, CSV and JSON; the page of manuals."""

import csv
import dataclasses
import io
import json
import re
from html.parser import HTMLParser

import pytest

from lakegate.reports.contracts.dictionary import HEADER, dictionary_csv, dictionary_json, dictionary_page
from lakegate.reports.contracts.manuals import manuals_page, size_in_words
from lakegate.reports.datasets.told import Manual
from reports.contracts.documents import MARKUP, hostile, of_project, project

AT = "2026-11-20T10:42:08.212Z"


class Read(HTMLParser):
    """The ids, links and texts of a page, and tags that no page of ours holds."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.texts, self.tags = [], [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data):
        self.texts.append(data)


def test_every_field_of_every_dataset_is_there_in_the_order_of_the_lake():
    page = dictionary_page(project())

    read = Read(page)
    assert len(read.ids) == len(set(read.ids))
    assert [text for text in read.texts if text in ("Raw", "Master", "Stage", "Cleanse", "Core", "Mart")][-6:] == [
        *("Raw", "Master", "Stage", "Cleanse", "Core", "Mart")
    ]
    for one in project():
        for field in one.fields:
            assert f"../datasets/{one.dataset}/index.html#field-" in page
            assert field.path in read.texts
    assert "./../datasets/nyc/flights/index.html#field-tailnum" in read.links
    assert page == dictionary_page(project()[::-1])


def test_links_within_the_page_lead_to_an_id():
    read = Read(dictionary_page((*project(), hostile())))

    assert {link[1:] for link in read.links if link.startswith("#")} <= set(read.ids)


def test_an_empty_dictionary_says_why():
    assert "No contract is known to these pages yet." in dictionary_page([])
    assert dictionary_csv([]) == ",".join(HEADER) + "\r\n"
    assert json.loads(dictionary_json([])) == {"datasets": [], "schemaVersion": "1.0"}


def test_a_line_of_csv_for_each_field():
    rows = list(csv.DictReader(io.StringIO(dictionary_csv(project()))))

    assert len(rows) == sum(len(one.fields) for one in project())
    tail = next(row for row in rows if (row["dataset"], row["field"]) == ("nyc/flights", "tailnum"))
    assert (tail["zone"], tail["title"], tail["type"], tail["refers to"]) == (
        *("Raw", "Tail number", "string", "nyc/planes.tailnum"),
    )
    visitor = next(row for row in rows if (row["dataset"], row["field"]) == ("tealium/events", "visitor_id"))
    assert (visitor["classification"], visitor["values in reports"]) == ("restricted", "masked")


def test_no_cell_of_csv_is_a_formula():
    rows = list(csv.reader(io.StringIO(dictionary_csv([hostile()]))))

    cells = [cell for row in rows for cell in row]
    assert any(cell.startswith("'=cmd|") for cell in cells)
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


def test_json_is_for_programs():
    told = json.loads(dictionary_json(project()))["datasets"]

    flights = next(one for one in told if one["dataset"] == "nyc/flights")
    assert flights["contractVersion"] == of_project("nyc/flights").contract_version
    assert next(field for field in flights["fields"] if field["path"] == "tailnum")["title"] == "Tail number"
    assert not re.search(r'"[a-z]+_[a-z]+":', dictionary_json([of_project("nyc/flights")]))


def test_a_hostile_contract_is_text():
    page = dictionary_page([hostile()])

    assert not {"img", "textarea"} & Read(page).tags
    assert "{{ 7 * 7 }}" in page
    assert "\u202e" not in page
    assert "\x1b" not in page


@pytest.mark.parametrize(
    ("size", "words"),
    [
        *((0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 KB"), (9949, "9.9 KB"), (9960, "10 KB")),
        *((999_499, "999 KB"), (999_600, "1.0 MB"), (12_345_678, "12 MB"), (10**15, "1,000 TB")),
    ],
)
def test_sizes_are_in_words(size, words):
    assert size_in_words(size) == words


def test_manuals_are_listed_by_dataset():
    page = manuals_page(
        {
            "": [Manual("references/manuals/glossary.html", 10, AT)],
            "nyc/flights": [Manual(f"references/manuals/nyc/flights/{name}", 2, AT) for name in ("b.pdf", "A.txt")],
            "nyc/none": [],
        }
    )

    read = Read(page)
    assert read.texts.index("A.txt") < read.texts.index("b.pdf")
    assert {"./glossary.html", "./nyc/flights/b.pdf", "./../datasets/nyc/flights/index.html"} <= set(read.links)
    assert "nyc/none" not in page
    assert "3 files that owners added" in page


def test_without_a_manual_the_page_says_how_to_add_one():
    page = manuals_page({})

    assert "No file is here yet." in page
    assert "references/manuals/nyc/flights/" in page


def test_a_hostile_name_of_a_file_is_text():
    page = manuals_page({"": [Manual(f"references/manuals/{MARKUP}", 2, AT)]})

    assert "img" not in Read(page).tags
    assert "\u202e" not in page
    assert all(":" not in link for link in Read(page).links)


def test_values_of_what_is_masked_are_nowhere():
    flights = of_project("nyc/flights")
    field = dataclasses.replace(flights.fields[0], samples="mask", classification="pii", examples=())
    told = dataclasses.replace(flights, fields=(field,))

    assert "masked" in dictionary_page([told])
    assert "for example" not in dictionary_page([told])
