"""Expectations of Great Expectations whose meaning equals measures: they run in the contract's own scan."""
