"""The page on the `lakegate` property says what its schema says."""

from contract.property_page import PAGE, render


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == render(), "run: make docs"
