"""lakegate gates a data lake with data contracts: a batch gets in only if it keeps its contract.

From Python: `lakegate.load(path_or_dict) -> Contract`, `lakegate.check(contract, data) -> Verdict` of files or of
tables in memory, `lakegate.assert_contract(data, contract)` for tests of what makes them,
`lakegate.to_pandera(contract, backend) -> DataFrameModel`, and `lakegate.Lake(address).read(dataset) -> Snapshot` over
exactly the committed files.
"""

from typing import TYPE_CHECKING, Any

from lakegate.version import __version__

if TYPE_CHECKING:
    from lakegate.api import assert_contract, check, load, to_pandera
    from lakegate.reader import Lake

__all__ = ["Lake", "__version__", "assert_contract", "check", "load", "to_pandera"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    """Load what is public when it is first asked for: importing the package stays cheap."""
    if name in ("assert_contract", "check", "load", "to_pandera"):
        from lakegate import api  # noqa: PLC0415 - see above

        return getattr(api, name)
    if name == "Lake":
        from lakegate.reader import Lake  # noqa: PLC0415 - see above

        return Lake
    raise AttributeError(f"module 'lakegate' has no attribute {name!r}")
