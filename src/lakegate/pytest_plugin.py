"""Contracts as tests: `pytest contracts/` lints each contract and proves its examples (`commands.examples`).

Collected are contracts in a folder called `contracts`, at any depth, and those named on the command line. Every pytest
run of whoever has lakegate installed loads this module: it loads nothing else before a contract is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest._code.code import TerminalRepr

MARK = ".odcs."  # in the name of every contract; asked before the rest of lakegate is loaded


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take up a file that is a contract."""
    if MARK not in file_path.name.casefold():
        return None
    from lakegate.contract.project import FOLDER, is_contract

    if not is_contract(file_path.name):
        return None
    asked = FOLDER in file_path.parent.parts or parent.session.isinitpath(file_path)
    return ContractFile.from_parent(parent, path=file_path) if asked else None


class ContractFile(pytest.File):
    """A contract: `lint`, one test for each of its examples, and `examples` where those leave something to be said."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the tests. The contract itself may be wrong: then every one of them says so."""
        from lakegate.commands.examples import examples, prove, shortcomings

        yield ContractItem.from_parent(self, name="lint", run=self._lint)
        amiss = shortcomings(self.path)
        if amiss.wrong or amiss.missing:
            item = ContractItem.from_parent(self, name="examples", run=lambda: _tell(amiss.wrong))
            if not amiss.wrong:
                item.add_marker(pytest.mark.skip(reason="; ".join(amiss.missing)))
            yield item
        for example in examples(self.path):
            yield ContractItem.from_parent(self, name=example.title, run=lambda each=example: prove(each))

    def _lint(self) -> None:
        """Fail where `lakegate lint` does, with everything it tells."""
        from lakegate.commands.contracts import linted
        from lakegate.contract.findings import exit_code

        problems = linted([str(self.path)])
        if exit_code(problems):
            _tell([str(problem) for problem in problems])


class Told(Exception):
    """A test that failed for what its message says; nobody needs to see where it was raised."""


def _tell(lines: tuple[str, ...] | list[str]) -> None:
    raise Told("\n".join(lines))


class ContractItem(pytest.Item):
    """One thing that a contract is tested for; `run` raises what is wrong."""

    def __init__(self, *, run: Callable[[], object], **known: object) -> None:
        """`known` is what pytest hands to every item."""
        super().__init__(**known)  # type: ignore[arg-type]
        self._run = run

    def runtest(self) -> None:
        """Run it."""
        self._run()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: None = None) -> str | TerminalRepr:  # type: ignore[override]
        """Return what is wrong in lakegate's own words, without a traceback, for errors that are not bugs."""
        from lakegate.commands.examples import Unexpected
        from lakegate.errors import LakegateError
        from lakegate.reports.text import to_text

        match excinfo.value:
            case Unexpected() as unexpected:
                return f"{unexpected.message}\n\n{to_text(unexpected.verdict)}"
            case Told() | LakegateError() | OSError() as error:
                return str(error)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the test stands and what its heading is."""
        return self.path, 0, f"{self.path.name}: {self.name}"
