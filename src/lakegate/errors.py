"""Every error lakegate raises on purpose, as one tree. A class says who is at fault and what the caller may do.

    LakegateError
    ├── UsageError          2  the command, an option or a setting is wrong
    ├── ContractError       2  the contract is wrong; carries every problem found
    ├── NotReady            3  the batch is not complete yet; ask again later
    ├── Conflict            4  another content is committed under this batch key
    ├── CouldNotEvaluate    5  infrastructure; a retry may mend it
    │   ├── EngineError        the engine raised
    │   ├── WorkerDied         the process that opened the batch crashed, was killed or took too long
    │   ├── LakeError          the lake could not be read or written
    │   │   └── SourceChanged  a pinned file is missing or is not what was pinned (PROTOCOL P2)
    │   └── OutcomeUnknown     the commit may or may not have happened (PROTOCOL P8)
    └── Refused             6  refused for security; a human must look

Data that violates its contract is no error: it is a `Verdict` that blocks (exit code 1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar


class Severity(StrEnum):
    """How much a `Problem` weighs: an error stops a run, a warning names something that will not be checked."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in a file a person wrote.

    `line` and `column` are 1-based, 0 where the place is not known. `path` is the place inside the document
    (`schema[0].properties[3].quality[0].metric`). `found` and `expected` may be empty where `message` says it all.
    """

    file: str
    line: int
    column: int
    severity: Severity
    rule: str  # a stable kebab-case name, `unknown-key`
    message: str
    path: str = ""
    found: str = ""
    expected: str = ""
    hint: str = ""  # what to do next; the near name for a typo

    def __str__(self) -> str:
        """Return the problem as one line, in the form compilers use."""
        where = self.file + (f":{self.line}:{self.column}" if self.line else "") + ": " * bool(self.file)
        got = f"; got {self.found}" if self.found else ""
        want = f", expected {self.expected}" if self.expected else ""
        then = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.severity} {self.rule}: {self.message}{got}{want}{then}"


class LakegateError(Exception):
    """The root of the tree. `exit_code` is what the command line answers (docs/reference/exit-codes.md)."""

    exit_code: ClassVar[int] = 5

    def __init__(self, message: str, *, hint: str = "") -> None:
        """`message` says what is wrong and where, `hint` what to do next."""
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return the message, and what to do next where that is known."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(LakegateError):
    """The command, an option or a setting is wrong."""

    exit_code = 2


class ContractError(LakegateError):
    """The contract is wrong. All problems are found before this is raised."""

    exit_code = 2

    def __init__(self, problems: tuple[Problem, ...], *, hint: str = "") -> None:
        """`problems` holds at least one of severity error."""
        super().__init__("\n".join(str(p) for p in problems), hint=hint)
        self.problems = problems

    def of(self, file: str) -> ContractError:
        """Return the error with its file, which what reads a single rule does not know."""
        return ContractError(tuple(replace(p, file=p.file or file) for p in self.problems))


class NotReady(LakegateError):
    """The batch is not complete yet (PROTOCOL P1)."""

    exit_code = 3


class Conflict(LakegateError):
    """Another content is committed under this batch key (PROTOCOL P4)."""

    exit_code = 4


class CouldNotEvaluate(LakegateError):
    """Something other than the data or the contract failed. Never told as "failed", never as "passed"."""

    exit_code = 5


class EngineError(CouldNotEvaluate):
    """The engine that measures raised."""


class WorkerDied(CouldNotEvaluate):
    """The process in which the batch was opened crashed, was killed or took too long (INPUTS 120). Never a pass."""


class LakeError(CouldNotEvaluate):
    """The lake could not be read or written."""


class SourceChanged(LakeError):
    """A pinned file is missing, or is not what was pinned any more (PROTOCOL P2)."""


class OutcomeUnknown(CouldNotEvaluate):
    """The commit may or may not have happened; nothing was deleted, the next run settles it (PROTOCOL P8)."""


class Refused(LakegateError):
    """Refused for security; a human must look before anything is tried again."""

    exit_code = 6
