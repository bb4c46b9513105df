"""Engines compute measures. They know no check."""
