"""A contract's examples: batches that keep it, and batches that each break exactly one of its rules.

They lie beside the contract: `examples/<dataset>/good` and `/bad`, where `<dataset>` is the contract's file without
`.odcs.yaml`, or `examples/good` and `/bad` where the folder holds one contract only; of a contract with several objects
one level deeper, under the object's name. Each file or folder in there is a batch, but for what begins with `.`, `_`
or `README`.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lakegate.api import Asked
from lakegate.checks.derive import checks_of
from lakegate.checks.interface import Outcome
from lakegate.commands.batches import Wanted, judged
from lakegate.context import Neighbour, Surroundings, surroundings
from lakegate.contract.findings import near
from lakegate.contract.model import Contract, SchemaObject
from lakegate.contract.odcs import load
from lakegate.contract.project import SUFFIXES, Project, is_contract
from lakegate.errors import LakegateError, UsageError
from lakegate.intake.files import without_suffixes
from lakegate.judge import Options
from lakegate.reports.summary import counted, having
from lakegate.verdict import CheckResult, Verdict

FOLDER, GOOD, BAD = "examples", "good", "bad"
AS_OF = "AS_OF"  # a text file: the instant at which the examples are judged
GRAVEST_FIRST = (Outcome.FAILED, Outcome.SET_APART, Outcome.WARNED, Outcome.INFORMED)
BESIDE = ("reconciliation", "maxRejected")  # what a few bad rows break, too, beside the rule that they show


@dataclass(frozen=True, slots=True)
class Example:
    """One batch, a file or a folder. `model` is the object whose it is, None where the contract has only one."""

    contract: Path
    model: str | None
    kind: str  # GOOD or BAD
    path: Path

    @property
    def title(self) -> str:
        """What the example is called: `bad/dest.pattern@2`, `orders/good/2013-01`."""
        name = self.path.name if self.path.is_dir() else without_suffixes(self.path.name)
        return "/".join(part for part in (self.model, self.kind, name) if part)

    @property
    def rule(self) -> str:
        """The rule that a bad example breaks, as its name says it; what stands behind `@` is free."""
        return self.title.rpartition(f"{self.kind}/")[2].partition("@")[0]

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of the batch, in the order of their paths."""
        if self.path.is_file():
            return (self.path,)
        inside = ((file, file.relative_to(self.path).parts) for file in sorted(self.path.rglob("*")))
        return tuple(file for file, parts in inside if file.is_file() and not any(map(_hidden, parts)))


class Unexpected(Exception):
    """An example that does not do what its place and name say. `verdict` is what it came to."""

    def __init__(self, message: str, verdict: Verdict) -> None:
        """`message` says what was got and what was expected, of the rules."""
        super().__init__(message)
        self.message, self.verdict = message, verdict


# --- what there is ----------------------------------------------------------------------------------------------------


def examples(contract: Path) -> tuple[Example, ...]:
    """Return the examples of the contract in a file, the good ones of each object first. No file is opened for it."""
    return tuple(
        Example(contract, model, kind, path)
        for model, folder in _places(contract)
        for kind in (GOOD, BAD)
        for path in _inside(folder / kind)
    )


@dataclass(frozen=True, slots=True)
class Shortcomings:
    """What is amiss with the examples as a whole: `wrong` must be mended, `missing` might be written."""

    wrong: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def shortcomings(contract: Path) -> Shortcomings:
    """Return what is amiss with the examples of the contract in a file, as sentences without their end.

    Of a contract that cannot be loaded nothing is said that depends on its objects.
    """
    places = _places(contract)
    if not places:
        return Shortcomings(tuple(_strangers(contract)), ("it has no examples",))
    wrong = [*_strangers(contract), *(fault for _, folder in places for fault in _faults(folder))]
    titles = Counter(example.title for example in examples(contract))
    wrong += [f"{counted(n, 'example')} are called {title}: write {title}@2" for title, n in titles.items() if n > 1]
    missing = []
    with suppress(LakegateError):  # told by lint
        names = [obj.name for obj in load(contract).schema]
        found = [model if model or len(names) > 1 else names[0] for model, _ in places]
        wrong += [_nobody(model, names) for model in found if model not in names]
        missing = [f"{name} has no examples" for name in names if name not in found]
    return Shortcomings(tuple(wrong), tuple(missing))


def _home(contract: Path) -> Path:
    """Return the folder in which the examples of a contract lie, or would lie."""
    own = contract.parent / FOLDER / _stem(contract)
    return own if own.is_dir() or len(_contracts_beside(contract)) > 1 else contract.parent / FOLDER


def _places(contract: Path) -> list[tuple[str | None, Path]]:
    """Return the folders that hold `good` and `bad`, each with the object that it is named by."""
    home = _home(contract)
    if any((home / kind).exists() for kind in (GOOD, BAD)):
        return [(None, home)]
    return [(path.name, path) for path in _inside(home) if path.is_dir()]


def _strangers(contract: Path) -> Iterator[str]:
    """Yield the folders of examples that belong to no contract; the first contract of a folder tells of them."""
    beside = _contracts_beside(contract)
    if contract.name != min(path.name for path in beside) or _home(contract) == contract.parent / FOLDER:
        return
    stems = [_stem(path) for path in beside]
    for path in _inside(contract.parent / FOLDER):
        if path.name not in {*stems, AS_OF}:
            yield f"{FOLDER}/{path.name} belongs to no contract: {near(path.name, stems) or 'name it by one'}"


def _faults(folder: Path) -> Iterator[str]:
    """Yield what is wrong with one folder of good and bad examples."""
    told = _told(folder)
    if not _inside(folder / GOOD):
        yield f"{told}/{GOOD} holds no example: nothing shows that a batch can keep the contract"
    if (folder / BAD).exists() and not _inside(folder / BAD):
        yield f"{told}/{BAD} is empty"
    for path in _inside(folder):
        if path.name not in {GOOD, BAD, AS_OF}:
            yield f"{told}/{path.name} is neither {GOOD}, {BAD} nor {AS_OF}"


def _nobody(model: str | None, names: list[str]) -> str:
    if model is None:
        return f"the contract has several objects, and the examples do not say whose they are: {', '.join(names)}"
    return f"the contract has no object {model!r}: {near(model, names) or 'it has ' + ', '.join(names)}"


def _inside(folder: Path) -> list[Path]:
    """Return what lies directly in a folder and counts, in order; nothing where it is not there."""
    return sorted(path for path in folder.iterdir() if not _hidden(path.name)) if folder.is_dir() else []


def _hidden(name: str) -> bool:
    return name.startswith((".", "_")) or name.upper().startswith("README")


def _contracts_beside(contract: Path) -> list[Path]:
    return [path for path in contract.parent.iterdir() if is_contract(path.name)]


def _stem(contract: Path) -> str:
    suffix = next(each for each in SUFFIXES if contract.name.casefold().endswith(each))
    return contract.name[: -len(suffix)]


def _told(path: Path) -> str:
    """Return a path as far as it says something: from the folder of examples on."""
    parts = path.parts
    return "/".join(parts[len(parts) - 1 - parts[::-1].index(FOLDER) :])


# --- what an example shows --------------------------------------------------------------------------------------------


def prove(example: Example) -> Verdict:
    """Judge an example and return its verdict, if it does what it should.

    A good one passes the gate. Of a bad one the rule in its name does not hold and no other of that weight: what blocks
    is all there is to look at where something blocks, else what sets rows apart, what warns, what informs. A check that
    could not be evaluated shows nothing. A bad example need not match what it was made of, nor keep to `max_rejected`,
    unless that is the rule in its name.

    Raises:
        Unexpected: it does something else.
        UsageError: it names no rule of the contract, or something that it needs is missing.
        LakegateError: what `load` and `commands.batches.judged` raise.
    """
    verdict = _verdict(example)
    if example.kind == GOOD:
        if not verdict.passes:
            raise Unexpected(f"{example.title} should keep its contract, and does not", verdict)
        return verdict
    meant = _meant(example.rule, verdict)
    expected = f"{example.title} should break {' or '.join(sorted({result.key for result in meant}))} and nothing else"
    if verdict.exit_code not in (0, 1):
        raise Unexpected(f"{expected}, but what it breaks is not known", verdict)
    broken = next((found for outcome in GRAVEST_FIRST if (found := having(verdict, outcome))), ())
    if not broken:
        raise Unexpected(f"{expected}, but no rule broke", verdict)
    keys = {result.key for result in meant}
    broken_keys = [result.key for result in broken if result.key in keys or result.type not in BESIDE]
    if not broken_keys:
        raise Unexpected(f"{expected}, but only what came in does not match, or too many rows are bad", verdict)
    if not set(broken_keys) <= keys:
        raise Unexpected(f"{expected}, but it broke {', '.join(broken_keys)}", verdict)
    return verdict


def _verdict(example: Example) -> Verdict:
    """Judge the files of an example as a batch, the good examples of other datasets beside it."""
    contract = load(example.contract)
    obj = _object(contract, example)
    if not example.files:
        raise UsageError(f"{_told(example.path)} holds no file", hint="a batch is a file, or a folder with files")
    around = surroundings(contract, obj, Project.around(example.contract))
    instant = _instant(example.contract)
    if instant is None and any(check.reads_clock for check in checks_of(contract, obj, around.neighbours)):
        where = f"{_told(_home(example.contract))}/{AS_OF}"
        raise UsageError(
            f"{obj.name} is judged by how old it is, and nothing says when its examples are looked at",
            hint=f"write an instant into {where}: 2013-02-01T06:00:00Z",
        )
    asked = Asked(contract, schema_name=obj.name, beside=_beside(around), options=Options(as_of=instant))
    (verdict,) = judged(Wanted(data=example.files), asked)
    return verdict


def _object(contract: Contract, example: Example) -> SchemaObject:
    names = [obj.name for obj in contract.schema]
    found = contract.schema[0] if example.model is None and len(names) == 1 else contract.object(example.model or "")
    if found is None:
        raise UsageError(_nobody(example.model, names))
    return found


def _instant(contract: Path) -> dt.datetime | None:
    """Return the instant that the examples are judged at. Raises UsageError where it is written and none."""
    home = _home(contract)
    file = next((path for path in (home / AS_OF, contract.parent / FOLDER / AS_OF) if path.is_file()), None)
    if file is None:
        return None
    text = file.read_text(encoding="utf-8").strip()
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{_told(file)}: got {text[:60]!r}, expected an instant: 2013-02-01T06:00:00Z") from None


def _beside(around: Surroundings) -> dict[str, tuple[Path, ...]]:
    """Return the files of the good examples of each dataset that is looked at: they stand for what is committed, and
    for what a batch was made of.
    """
    return {name: _committed(name, there) for name, there in {**around.datasets, **around.inputs}.items()}


def _committed(name: str, there: Neighbour) -> tuple[Path, ...]:
    path = Path(there.contract.path or "")
    only = len(there.contract.schema) == 1
    files = tuple(
        file
        for example in (examples(path) if there.contract.path else ())
        if example.kind == GOOD and (example.model == there.obj.name or (only and example.model is None))
        for file in example.files
    )
    if not files:
        where = f"{_home(path)}/{GOOD}" if there.contract.path else "its own contract file"
        raise UsageError(
            f"the contract looks at {name}, which has no good example to stand for what is committed",
            hint=f"write one under {where}",
        )
    return files


def _meant(rule: str, verdict: Verdict) -> tuple[CheckResult, ...]:
    """Return the results that a rule's name means: by key, with or without the object's name, else by id."""
    keys = {rule, f"{verdict.model}.{rule}"}
    found = tuple(result for result in verdict.results if result.key in keys)
    found = found or tuple(result for result in verdict.results if result.quality_id == rule)
    if not found:
        ids = [result.quality_id for result in verdict.results if result.quality_id]
        names = [result.key.removeprefix(f"{verdict.model}.") for result in verdict.results]
        hint = near(rule, [*ids, *names]) or f"its rules are: {', '.join(names)}"
        raise UsageError(f"{verdict.model} has no rule {rule!r}", hint=hint)
    return found
