"""lakegate gates a data lake with data contracts: a batch gets in only if it keeps its contract.

From Python: `lakegate.load(path_or_dict) -> Contract` and `lakegate.check(contract, data) -> Verdict`.
"""

from typing import TYPE_CHECKING, Any

from lakegate.version import __version__

if TYPE_CHECKING:
    from lakegate.api import check, load

__all__ = ["__version__", "check", "load"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    """Load `check` and `load` when they are first asked for: importing the package stays cheap."""
    if name in ("check", "load"):
        from lakegate import api  # noqa: PLC0415 - see above

        return getattr(api, name)
    raise AttributeError(f"module 'lakegate' has no attribute {name!r}")
