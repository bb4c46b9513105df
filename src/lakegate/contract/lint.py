"""`lakegate lint`: every problem of every contract at once, and how it is told.

What needs the document alone is found by `contract.odcs.parse`; this page adds what needs the project around it: the
other contracts, and the files that rules name.
"""

from __future__ import annotations

import glob
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from lakegate.contract import custom_rules
from lakegate.contract.expectation_files import pinned
from lakegate.contract.expectations import suite_findings
from lakegate.contract.findings import REFUSED, Finding, exit_code
from lakegate.contract.model import Contract, Quality
from lakegate.contract.odcs import Parsed, parse, read_file
from lakegate.contract.own_rules import Reconciliation, column_findings, side_findings
from lakegate.contract.places import Place, places
from lakegate.contract.project import Project, Unknown, contracts_under, why
from lakegate.contract.source import read
from lakegate.errors import ContractError, LakegateError, Problem, Refused, Severity, UsageError

__all__ = ["contract_files", "exit_code", "lint", "render_text", "to_json"]


def lint(paths: Sequence[str]) -> tuple[Problem, ...]:
    """Return all problems of the contracts in `paths`: files, folders (searched to any depth), globs. By file and line.

    Raises:
        UsageError: a path names no contract.
    """
    projects: dict[tuple[Path, bool], Project] = {}
    problems: list[Problem] = []
    for file in contract_files(paths):
        project = Project.around(file)
        project = projects.setdefault((project.root, project.deep), project)
        problems += _linted(parse(read_file(file)), project)
    return tuple(sorted(set(problems), key=lambda p: (p.file, p.line, p.column, p.severity, p.rule, p.path, p.message)))


def contract_files(paths: Sequence[str]) -> tuple[str, ...]:
    """Return the contract files that `paths` name, each once. Raises UsageError where one of them names none."""
    found: dict[str, None] = {}
    for path in paths:
        if Path(path).is_dir():
            files = [str(file) for file in contracts_under(Path(path))]
        elif Path(path).exists():
            files = [path]
        else:
            matches = glob.glob(path, recursive=True)  # noqa: PTH207 - an author's pattern may be absolute
            files = sorted(file for file in matches if Path(file).is_file())
        if not files:
            hint = "contracts are called <dataset>.odcs.yaml"
            raise UsageError(f"no contract is found at {path}", hint=hint)
        found |= dict.fromkeys(files)
    return tuple(found)


def _linted(parsed: Parsed, project: Project) -> list[Problem]:
    """Return the problems of one contract, those that need its project included."""
    contract = parsed.draft
    if contract is None:
        return list(parsed.problems)
    files = list(_rule_files(contract, project))
    around = [one for one in files if isinstance(one, Finding)]
    around += [*_foreign_keys(contract, project), *_inputs(contract, project)]
    suites = [one for one in files if isinstance(one, Problem)]
    return [*parsed.problems, *suites, *parsed.source.locate((*around, *_twin(contract, project)))]


def _rule_files(contract: Contract, project: Project) -> Iterator[Finding | Problem]:
    """Yield each file a custom rule names that cannot be used, at the rule; what is wrong in it, in its own lines."""
    for place, rule in _custom_rules(contract):
        for name in custom_rules.files_named([rule]):
            path = (*place.path, "quality", rule.index, "implementation")
            try:
                content = pinned(project.root, [name], python=False).files[name]
            except ContractError as error:
                first = error.problems[0]
                yield Finding(
                    path, first.rule, first.message, found=first.found, expected=first.expected, hint=first.hint
                )
            except Refused as error:
                yield Finding(path, REFUSED + "file", error.message, hint=error.hint)
            else:
                if name == custom_rules.suite_file(rule):
                    source = read(content, os.path.relpath(project.root / name))
                    yield from (*source.problems, *source.locate(suite_findings(source)))


def _custom_rules(contract: Contract) -> Iterator[tuple[Place, Quality]]:
    """Yield every rule that an engine of its own runs."""
    for place in places(contract):
        yield from ((place, rule) for rule in place.quality if rule.type == "custom")


def _foreign_keys(contract: Contract, project: Project) -> Iterator[Finding]:
    """Yield each foreign key into another contract that leads nowhere."""
    for place in places(contract):
        for i, relationship in enumerate(place.relationships):
            if not {".", "#"} & set(relationship.reference):
                continue  # it stays in the contract: told by contract.meaning
            path = (*place.path, "relationships", i, "to")
            try:
                found = project.look_up(contract, relationship)
            except LakegateError as error:
                yield Finding(path, "unknown-reference", f"the contract it refers to is wrong: {why(error)}")
                continue
            if isinstance(found, Unknown):
                yield Finding(path, "unknown-reference", found.message, expected=found.expected, hint=found.hint)


def _inputs(contract: Contract, project: Project) -> Iterator[Finding]:
    """Yield each reconciliation whose other side is not there, or has no such properties.

    A dataset that goes by its place in the lake alone is found when a batch is judged.
    """
    for place, rule in _custom_rules(contract):
        asked = custom_rules.own_rule_of(rule, place.name or None)
        if not isinstance(asked, Reconciliation):
            continue
        path = (*place.path, "quality", rule.index, "implementation", "reconcile")
        try:
            there = contract.object(asked.dataset) or project.described(asked.dataset)
        except LakegateError as error:
            yield Finding(path, "unknown-dataset", f"the contract of {asked.dataset} is wrong: {why(error)}")
            continue
        if there is None:
            hint = "a dataset is called by its contract's name, or its file under contracts/"
            message = f"no contract of the project goes by {asked.dataset}"
            yield Finding(path, "unknown-dataset", message, Severity.WARNING, hint=hint)
            continue
        yield from side_findings(there, asked.there, path)
        for _, other in asked.by:
            yield from column_findings(there, other, path, "by")


def _twin(contract: Contract, project: Project) -> Iterator[Finding]:
    """Yield another file that holds a contract with the same id."""
    own = Path(contract.path or "").resolve()
    others = [path for path in project.index.get(contract.id, ()) if path.resolve() != own]
    if others:
        message = f"another contract of the project has the id {contract.id}"
        yield Finding(("id",), "duplicate-id", message, found=str(others[0]), hint="ids name contracts: rename one")


def render_text(problems: Sequence[Problem], files: int) -> str:
    """Return the problems for a reader, one line each in the form compilers use, and a line that counts them.

    `files` is how many were looked at.
    """
    counts = Counter(problem.severity for problem in problems)
    tally = ", ".join(_counted(counts[severity], severity.value) for severity in Severity if counts[severity])
    told = f"{_counted(files, 'contract')}: {tally or 'no problems'}"
    return "\n".join([*map(str, problems), *([""] if problems else []), told])


def _counted(number: int, what: str) -> str:
    """Return `1 error`, `2 errors`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def to_json(problems: Sequence[Problem]) -> str:
    """Return the problems as JSON: {"exitCode", "problems": [the fields of `Problem`]}."""
    return json.dumps(
        {"exitCode": exit_code(problems), "problems": [asdict(problem) for problem in problems]}, indent=2
    )
