"""The order of a lake, as every list of its datasets has it, and what readers call its zones."""

from __future__ import annotations

LAKE_ORDER = {
    "01-raw-data-zone": "Raw",
    "03-master-data-zone": "Master",
    "warehouse/stage": "Stage",
    "warehouse/cleanse": "Cleanse",
    "warehouse/core": "Core",
    "warehouse/mart": "Mart",
}


def zone_word(zone: str) -> str:
    """Return what readers call a zone: `Raw`, `Mart`; a zone that none of a site's datasets lies in, as it is."""
    return LAKE_ORDER.get(zone, zone)


def lake_order(zone: str, dataset: str) -> tuple[int, str, str]:
    """Return what datasets are sorted by: raw, master, stage, cleanse, core, mart, any other; then the name."""
    order = tuple(LAKE_ORDER)
    return (order.index(zone) if zone in order else len(order), zone, dataset)
