"""What a contract says of its dataset, with the names that the dataset's neighbours have in the lake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from lakegate.checks.derive import checks_of
from lakegate.context import Neighbour, Surroundings
from lakegate.contract.model import Contract, SchemaObject
from lakegate.errors import Refused, UsageError
from lakegate.gate.arrivals import route
from lakegate.lake.interface import Lake
from lakegate.reports.contracts.describe import Lies, Other, describe
from lakegate.reports.contracts.descriptions import Description


def described(
    contract: Contract,
    obj: SchemaObject,
    around: Surroundings,
    waits_for: Sequence[Neighbour] = (),
    lake: Lake | None = None,
) -> Description:
    """Return the description of the dataset that `obj` of a contract gates.

    `waits_for` are the datasets of `lakegate.upstream`.

    Raises as `gate.arrivals.route` where the contract names no way, and as `checks_of`.
    """
    way = route(contract, obj)
    neighbours = {**around.datasets, **around.inputs}
    others = {name: Other(_dataset(there), there.obj) for name, there in neighbours.items()}
    lies = Lies(
        dataset=way.dataset,
        zone=way.target.zone,
        source=way.source.prefix,
        upstream=tuple(dict.fromkeys(_dataset(there) for there in _upstream(around, waits_for))),
        others=others,
        lake=_address(lake),
        file=around.contract_file,
    )
    return describe(contract, obj, checks_of(contract, obj, around.neighbours), lies)


def _upstream(around: Surroundings, waits_for: Sequence[Neighbour]) -> Iterator[Neighbour]:
    """Yield what a dataset is made of, then what it waits for, then what it refers to."""
    yield from around.inputs.values()
    yield from waits_for
    yield from around.datasets.values()


def _dataset(there: Neighbour) -> str:
    """Return what the pages call a dataset: by its place; of a contract that gates nothing, as reports do."""
    with suppress(UsageError, Refused):
        return route(there.contract, there.obj).dataset
    return there.name


def _address(lake: Lake | None) -> str:
    """Return the address of a bucket; a folder of some machine is no address for readers."""
    root = lake.uri("README.md").removesuffix("/README.md") if lake is not None else ""
    return root if root.startswith("s3://") else ""
