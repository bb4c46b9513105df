"""lakegate gates a data lake with data contracts: a batch gets in only if it keeps its contract."""

__version__ = "0.1.0"
