"""pandera's verdict on a frame is ours on its rows: `python -m libraries.pandera.differential --cases N --seed S`."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa

import lakegate
from lakegate.checks.derive import Neighbours, checks_of
from lakegate.checks.interface import Check, Outcome
from lakegate.contract.model import Contract
from lakegate.errors import ContractError
from lakegate.libraries.pandera.model import run, source_of
from lakegate.libraries.pandera.rules import Column, Model
from lakegate.libraries.pandera.source import class_name
from lakegate.verdict import Verdict
from libraries.pandera.cases import Case, case

BROKEN = {Outcome.FAILED, Outcome.WARNED, Outcome.INFORMED}
PANDAS: dict[str, dict[str, Any]] = {
    "numpy": {},
    "arrow": {"types_mapper": pd.ArrowDtype},
    "nullable": {"types_mapper": {pa.int64(): pd.Int64Dtype(), pa.float64(): pd.Float64Dtype()}.get},
}


@dataclass(frozen=True)
class Frame:
    """Rows as people have them, and as Arrow has the same."""

    backend: str
    kind: str
    frame: Any
    rows: pa.Table


@dataclass
class Tally:
    """What was compared."""

    cases: int = 0
    skipped: int = 0  # contracts that are wrong by themselves
    frames: Counter[str] = field(default_factory=Counter)
    passed: int = 0
    rules: int = 0
    differ: list[str] = field(default_factory=list)


def frames(table: pa.Table) -> Iterator[Frame]:
    """Yield the rows as every kind of frame there is of them."""
    for kind, how in PANDAS.items():
        try:
            frame = table.to_pandas(**how)
            rows = pa.Table.from_pandas(frame, preserve_index=False)
        except (pa.ArrowException, NotImplementedError, TypeError):
            continue  # what has no such frame, or is no table
        yield Frame("pandas", kind, frame, rows)
    eager = pl.from_arrow(table)
    yield Frame("polars", "eager", eager, eager.to_arrow())


def compared(one: Case, tally: Tally, spoil: Callable[[str], str] = str) -> None:
    """Hold both verdicts on every kind of frame against each other, and those of every single rule.

    `spoil` plants a bug into the source of a model.
    """
    try:
        contract = lakegate.load(one.contract)
        checks = checks_of(contract, contract.schema[0], Neighbours({}, {}))
    except ContractError:
        tally.skipped += 1
        return
    tally.cases += 1
    models = {backend: modelled(contract, checks, backend, spoil) for backend in ("pandas", "polars")}
    if not any(models.values()):
        return  # nothing in them to plant the bug into
    for frame in frames(one.table):
        if models[frame.backend] is None:
            continue
        verdict = lakegate.check(contract, frame.rows)
        model, said = models[frame.backend]
        held, failed = accepted(model, frame.frame)
        tally.frames[f"{frame.backend} ({frame.kind})"] += 1
        tally.passed += verdict.passes
        differ = [f"exit code {verdict.exit_code}, pandera {'accepts' if held else 'refuses'}"] * (
            held != verdict.passes
        )
        if failed is not None and verdict.rows is not None:
            differ += [*rules(said, verdict, failed, frame, tally), *fields(said, verdict, failed, frame)]
        if differ:
            asked = f"{one.contract['schema'][0]}\n{one.contract['customProperties']}\n{frame.rows}\n{failed}"
            tally.differ.append(f"{frame.backend} ({frame.kind}): {'; '.join(differ)}\n{asked}")


def modelled(
    contract: Contract, checks: tuple[Check, ...], backend: str, spoil: Callable[[str], str]
) -> tuple[Any, Model] | None:
    """Return the class that the exported source makes, and what it was made of; None where `spoil` finds nothing."""
    source, model = source_of(contract, contract.schema[0], checks, backend)
    assert not model.unsaid, model.unsaid
    spoiled = spoil(source)
    return None if spoil is not str and spoiled == source else (run(spoiled, class_name(model)), model)


def accepted(model: Any, frame: Any) -> tuple[bool, set[str] | None]:
    """Return whether pandera takes a frame, and the names of the checks that fail; None: it stopped before them."""
    from pandera.errors import SchemaErrors

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.validate(frame, lazy=True)
        except SchemaErrors as raised:
            names = [
                (str(error.schema.name), getattr(error.check, "name", error.check)) for error in raised.schema_errors
            ]
            return False, {told for column, name in names for told in (str(name), f"{column}:{name}")}
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - that it is refused is what counts; Polars panics, which is no Exception
            return False, None
    return True, set()


def rules(said: Model, verdict: Verdict, failed: set[str], frame: Frame, tally: Tally) -> Iterator[str]:
    """Yield each rule that is a method of the model, and that the two judge differently."""
    ours = {result.key: result.outcome for result in verdict.results}
    for rule in said.rules:
        if rule.warns or not set(rule.columns) <= set(frame.rows.column_names):
            continue  # pandera warns, or does not ask
        key = rule.key.removesuffix(".finite")
        tally.rules += 1
        wrong = bool(failed & {key, f"{key}.finite"})
        if key in ours and wrong != (ours[key] in BROKEN):
            yield f"{rule.key}: {ours[key]}, pandera {'fails' if wrong else 'passes'} it"


BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format")
SAID = {  # what `Field` says of a column of this type -> the checks it stands for, the names pandera has for it
    "integer": (BOUNDS, ("greater_than_or_equal_to", "greater_than", "less_than_or_equal_to", "less_than")),
    "string": (("enum",), ("isin",)),
}


def fields(said: Model, verdict: Verdict, failed: set[str], frame: Frame) -> Iterator[str]:
    """Yield each column of which `Field` says something that the two judge differently."""
    ours = {result.key: result.outcome for result in verdict.results}
    for name, column in said.columns.items():
        options, checks = SAID.get(str(column.declared.logical_type), ((), ()))
        if name not in frame.rows.column_names or not right(frame.rows.schema.field(name).type, column):
            continue  # of another type: that alone is told of it
        keys = {f"{said.obj.name}.{column.declared.name}.{option}" for option in options}
        held = not any(ours.get(key) in BROKEN for key in keys)
        if held != (not failed & {*keys, *(f"{name}:{check}" for check in checks)}):
            yield f"{name}: {sorted(keys & ours.keys())} {'hold' if held else 'do not hold'}, pandera says otherwise"


def right(found: pa.DataType, column: Column) -> bool:
    """Whether a column has the type that its `Field` was written for."""
    is_a = pa.types
    if column.declared.logical_type == "integer":
        return is_a.is_integer(found)
    return is_a.is_string(found) or is_a.is_large_string(found) or is_a.is_dictionary(found)


def compare(cases: int, seed: int, spoil: Callable[[str], str] = str, stop_after: int | None = None) -> Tally:
    """Compare so many random cases, or until so many differ."""
    random, tally = Random(seed), Tally()
    while tally.cases < cases and (stop_after is None or len(tally.differ) < stop_after):
        compared(case(random), tally, spoil)
    return tally


def main() -> int:
    """Compare, and say what was found; 1 where something differs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    tally = compare(asked.cases, asked.seed)
    for told in tally.differ[:10]:
        sys.stderr.write(f"{told}\n\n")
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in tally.frames.items())
    sys.stdout.write(
        f"{tally.cases:,} contracts, {sum(tally.frames.values()):,} frames ({kinds}), {tally.passed:,} of them pass\n"
        f"{tally.rules:,} single rules; {len(tally.differ):,} frames differ; seed {asked.seed}\n"
    )
    return 1 if tally.differ else 0


if __name__ == "__main__":
    sys.exit(main())
