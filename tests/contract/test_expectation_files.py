"""What of `expectations/` is pinned, and what is refused."""

import pytest

from lakegate.contract.expectation_files import pinned
from lakegate.errors import ContractError, Refused


@pytest.fixture
def root(tmp_path):
    (tmp_path / "expectations/nyc").mkdir(parents=True)
    (tmp_path / "expectations/nyc/flights.json").write_text("{}")
    (tmp_path / "expectations/orders.py").write_text("import helpers")
    (tmp_path / "expectations/helpers.py").write_text("")
    (tmp_path / "expectations/__pycache__").mkdir()
    (tmp_path / "expectations/__pycache__/x.py").write_text("")
    (tmp_path / "expectations/.hidden.py").write_text("")
    return tmp_path


def test_a_named_suite_is_pinned_alone(root):
    assert set(pinned(root, ["expectations/nyc/flights.json"], python=False).files) == {"expectations/nyc/flights.json"}


def test_python_comes_with_all_that_it_may_import(root):
    files = pinned(root, ["expectations/orders.py"], python=True)

    assert set(files.files) == {"expectations/orders.py", "expectations/helpers.py"}
    assert files.digests().keys() == files.files.keys()


def test_what_was_pinned_is_written_whatever_the_project_says_meanwhile(root, tmp_path_factory):
    files = pinned(root, ["expectations/orders.py"], python=True)
    (root / "expectations/orders.py").write_text("raise SystemExit")

    home = files.written(tmp_path_factory.mktemp("home"))

    assert (home / "expectations/orders.py").read_text() == "import helpers"


@pytest.mark.parametrize("name", ["../x.json", "/etc/passwd", "expectations/../x.json", "expectations\\x.json", "a\nb"])
def test_a_name_that_leads_out_of_the_project_is_refused(root, name):
    with pytest.raises(Refused, match="leads out of the project"):
        pinned(root, [name], python=False)


def test_a_link_is_refused_wherever_it_stands(root, tmp_path_factory):
    there = tmp_path_factory.mktemp("there")
    (there / "x.json").write_text("{}")
    (root / "expectations/link.json").symlink_to(there / "x.json")
    (root / "expectations/away").symlink_to(there)

    for name in ("expectations/link.json", "expectations/away/x.json"):
        with pytest.raises(Refused, match="is a link"):
            pinned(root, [name], python=False)


def test_a_linked_python_file_is_refused_when_python_is_wanted(root, tmp_path_factory):
    other = tmp_path_factory.mktemp("there") / "x.py"
    other.write_text("")
    (root / "expectations/x.py").symlink_to(other)

    with pytest.raises(Refused, match="is a link"):
        pinned(root, [], python=True)


def test_a_folder_is_no_suite(root):
    with pytest.raises(Refused, match="no plain file"):
        pinned(root, ["expectations/nyc"], python=False)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("suites/flights.json", "is not in the project's expectations/"),
        ("expectations/nyc/flight.json", "did you mean flights.json?"),
    ],
)
def test_a_file_that_is_not_there_is_told(root, name, told):
    with pytest.raises(ContractError, match="missing-file") as caught:
        pinned(root, [name], python=False)
    assert told in str(caught.value)


def test_too_much_is_refused(root, monkeypatch):
    monkeypatch.setattr("lakegate.contract.expectation_files.MAX_BYTES", 10)

    with pytest.raises(ContractError, match="more than 10 bytes"):
        pinned(root, ["expectations/orders.py"], python=False)
