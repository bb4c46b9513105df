"""Expectations of Great Expectations as checks: translated to measures, or asked of the library itself."""
