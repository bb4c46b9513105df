"""The version: part of what a verdict is a function of."""

__version__ = "0.1.0"
