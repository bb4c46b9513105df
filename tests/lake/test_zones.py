import pytest

from lakegate.errors import Refused, UsageError
from lakegate.lake import zones
from lakegate.lake.zones import KeyTemplate, Place, place


@pytest.mark.parametrize(
    ("location", "expected", "dataset"),
    [
        ("s3://b/02-transient-zone/tealium/events/", Place("02-transient-zone", "tealium/events"), "tealium/events"),
        ("01-raw-data-zone/tealium/events", Place("01-raw-data-zone", "tealium/events"), "tealium/events"),
        ("s3://b/warehouse/core/{model}/", Place("warehouse/core", "flights"), "core/flights"),
        (
            "s3://b/02-transient-zone/_candidates/core/{model}",
            Place("02-transient-zone/_candidates", "core/flights"),
            "core/flights",
        ),
        ("S3A://b/04-user-drop-zone/ana/x", Place("04-user-drop-zone", "ana/x"), "ana/x"),
    ],
)
def test_a_location_names_a_place(location, expected, dataset):
    found = place(location, "flights")

    assert found == expected
    assert found.dataset == dataset


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("s3://b/02-transient-zone/../x", Refused),
        ("../02-transient-zone/x", Refused),
        ("/02-transient-zone/x", Refused),
        ("s3://b/02-transient-zone/a\nb", Refused),
        ("s3://b/elsewhere/x", UsageError),
        ("s3://b/02-transient-zone/", UsageError),
        ("s3://b/02-transient-zone/_quarantine/x", UsageError),
        ("s3://b/02-transient-zone/01-athena/x", UsageError),
        ("s3://b/01-raw-data-zone/_gate/commits/x", UsageError),
    ],
)
def test_other_locations_are_refused(location, error):
    with pytest.raises(error):
        place(location, "flights")


def test_keys_of_a_commit_and_a_revision():
    raw = Place("01-raw-data-zone", "web/hits")

    assert raw.commit("dt=2026-01-01/hour=05", 2) == (
        "01-raw-data-zone/_gate/commits/web/hits/dt%3D2026-01-01%2Fhour%3D05/000002.json"
    )
    assert raw.revision("b1", "0123456789abcdef", 3) == "01-raw-data-zone/web/hits/batch=b1/rev=0123456789ab-000003/"


@pytest.mark.parametrize("batch", ["b1", "dt=2026-01-01/hour=05", "ä b%2F", "..", "."])
def test_a_batch_key_is_one_segment_and_comes_back(batch):
    encoded = zones.segment(batch)

    assert "/" not in encoded
    assert encoded not in {".", ".."}
    assert zones.batch_of(encoded) == batch


@pytest.mark.parametrize(
    ("template", "key", "fields"),
    [
        ("dt={date}/hour={hour}", "dt=2026-01-01/hour=05", {"date": "2026-01-01", "hour": "05"}),
        ("flights-{month}.csv.gz", "flights-2013-01.csv.gz", {"month": "2013-01"}),
        ("flights-{month}.csv.gz", "flights-2013-01xcsv.gz", None),
        ("dt={date}", "dt=2026/01", None),
    ],
)
def test_a_template_reads_a_key(template, key, fields):
    assert KeyTemplate(template).fields(key) == fields


def test_batches_are_ordered_by_the_fields_as_numbers():
    keys = ["m-10.csv", "m-9.csv", "m-1.csv"]

    assert sorted(keys, key=lambda key: zones.order_of("m-{month}.csv", key)) == ["m-1.csv", "m-9.csv", "m-10.csv"]
    assert sorted(keys, key=lambda key: zones.order_of(None, key)) == ["m-1.csv", "m-10.csv", "m-9.csv"]


@pytest.mark.parametrize("template", ["{a}{b}", "{a}-{a}"])
def test_a_template_that_reads_nothing_is_refused(template):
    with pytest.raises(UsageError):
        KeyTemplate(template)
