from lakegate.lake.zones import CANDIDATES, TRANSIENT, USER_DROP, ZONES
from lakegate.reports.site.zones import LAKE_ORDER, lake_order, zone_word


def test_every_zone_that_a_gate_opens_into_has_a_word_and_a_place():
    assert set(LAKE_ORDER) == set(ZONES) - {CANDIDATES, TRANSIENT, USER_DROP}


def test_datasets_are_in_the_order_of_the_lake():
    names = [("warehouse/mart", "mart/a"), ("elsewhere", "a"), ("01-raw-data-zone", "b"), ("01-raw-data-zone", "a")]

    assert sorted(names, key=lambda name: lake_order(*name)) == [names[3], names[2], names[0], names[1]]


def test_an_unknown_zone_is_named_as_it_is():
    assert zone_word("elsewhere") == "elsewhere"
