"""The text of a contract -> plain data, and the place of every key and value in it.

PyYAML's C parser gives events; the tree is built here with the scalars of YAML 1.2's core schema (`NO`, `on` and
`yes` are text), so that lint and the run path read a file with the same eyes. JSON is YAML 1.2. Nothing is constructed
from tags. INPUTS, Contracts 1-8.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from lakegate.contract.findings import REFUSED, Finding, Path, written
from lakegate.errors import Problem, Severity

MAX_BYTES = 4_000_000  # of a contract's text; the largest known in the wild are a tenth of it
MAX_DEPTH = 64  # of nesting, aliases followed
MAX_NODES = 200_000  # aliases followed: what ten thousand columns need, and no alias bomb stays below

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_BOOLEAN_1_1 = frozenset(("yes", "no", "on", "off"))
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_MAX_DIGITS = 400  # of a number; a longer run of digits stays text

_TAG = "tag:yaml.org,2002:"
_CORE_TAGS = frozenset(_TAG + name for name in ("str", "int", "float", "bool", "null", "map", "seq")) | {"!"}


@dataclass(frozen=True, slots=True)
class Source:
    """A contract as it was written. `data` is None where the text is no YAML at all; `problems` then says why.

    `keys` and `values` hold 1-based (line, column) per path; `raw` the text of plain scalars that are not text
    (`1.10`, which `data` holds as 1.1).
    """

    file: str
    data: Any
    sha256: str
    problems: tuple[Problem, ...] = ()
    keys: Mapping[Path, tuple[int, int]] = field(default_factory=dict)
    values: Mapping[Path, tuple[int, int]] = field(default_factory=dict)
    raw: Mapping[Path, str] = field(default_factory=dict)

    def place(self, path: Path, *, at_key: bool = False) -> tuple[int, int]:
        """Return (line, column) of `path`, or of its nearest known parent; (0, 0) for a contract that had no text."""
        if at_key and path in self.keys:
            return self.keys[path]
        for end in range(len(path), -1, -1):
            place = self.values.get(path[:end])
            if place is not None:
                return self.keys.get(path[:end], place) if end < len(path) else place
        return (0, 0)

    def locate(self, findings: Iterable[Finding]) -> tuple[Problem, ...]:
        """Return the findings as problems, in the order of the text, each once."""
        problems = {self._problem(finding) for finding in findings}
        return tuple(sorted(problems, key=lambda p: (p.line, p.column, p.rule, p.path, p.message)))

    def _problem(self, finding: Finding) -> Problem:
        """Return a problem where an event stands."""
        line, column = self.place(finding.path, at_key=finding.at_key)
        return Problem(
            file=self.file,
            line=line,
            column=column,
            severity=finding.severity,
            rule=finding.rule,
            message=finding.message,
            path=written(finding.path),
            found=finding.found,
            expected=finding.expected,
            hint=finding.hint,
        )


def read(content: bytes, file: str) -> Source:
    """Return the bytes of a contract as data with places. `file` is the name that messages use. Raises nothing."""
    sha256 = hashlib.sha256(content).hexdigest()
    builder = _Builder(file)
    try:
        for event in yaml.parse(_text(content, file), Loader=yaml.CSafeLoader):
            builder.take(event)
    except _StopError as stop:
        return Source(file, None, sha256, (*builder.problems, stop.problem))
    except yaml.YAMLError as error:
        return Source(file, None, sha256, (*builder.problems, _syntax(file, error)))
    if builder.root is None:
        return Source(file, None, sha256, (_broken(file, "empty", "the file holds no document"),))
    problems = tuple(builder.problems)
    return Source(file, builder.root, sha256, problems, builder.keys, builder.values, builder.raw)


def _text(content: bytes, file: str) -> str:
    """Return the bytes as text. Raises _StopError where they are too many, or not UTF-8."""
    if len(content) > MAX_BYTES:
        found, expected = f"{len(content):,} bytes", f"at most {MAX_BYTES:,}"
        raise _StopError(_broken(file, "too-large", "the contract is too large", found=found, expected=expected))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = (content[: error.start].count(b"\n") + 1, 0)
        found, hint = f"byte 0x{content[error.start]:02x}", "save it as UTF-8"
        problem = _broken(file, "encoding", "the contract is not UTF-8", place, found=found, hint=hint)
        raise _StopError(problem) from error


def _syntax(file: str, error: yaml.YAMLError) -> Problem:
    """Return what the parser says as a problem."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return _broken(file, "syntax", str(error).splitlines()[0])
    message = " ".join(filter(None, (getattr(error, "problem", None), getattr(error, "context", None))))
    return _broken(file, "syntax", message, (mark.line + 1, mark.column + 1))


class _StopError(Exception):
    """What was found makes the rest of the text unreadable, or unsafe to read."""

    def __init__(self, problem: Problem) -> None:
        """`problem` says why."""
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet. `key` is the mapping's key that waits for its value."""

    node: dict[str, Any] | list[Any]
    path: Path
    key: str | None = None
    skip: bool = False  # the waiting key stood there already: its value is read and dropped


class _Builder:
    """Turns events into data, without recursion. An alias is its anchor's events taken once more, under the caps."""

    def __init__(self, file: str) -> None:
        """`file` is the name that messages use."""
        self.root: Any = None
        self.documents = 0
        self.problems: list[Problem] = []
        self.keys: dict[Path, tuple[int, int]] = {}
        self.values: dict[Path, tuple[int, int]] = {}
        self.raw: dict[Path, str] = {}
        self._file = file
        self._open: list[_Open] = []
        self._taken: list[yaml.Event] = []  # every event, aliases replaced by what they stand for
        self._anchors: dict[str, tuple[int, int | None]] = {}  # name -> its events in _taken; None: not at its end yet
        self._opened: list[str | None] = []  # the anchors of the open nodes

    def take(self, event: yaml.Event) -> None:
        """Take the next event of the text. Raises _StopError."""
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._stop(event, "several-documents", "a second document begins here", expected="one document a file")
        elif isinstance(event, yaml.AliasEvent):
            start, end = self._anchors.get(event.anchor or "", (-1, None))
            if start < 0:
                self._stop(event, "unknown-anchor", f"no anchor is called {event.anchor}")
            if end is None:
                self._stop(event, "self-reference", f"*{event.anchor} stands inside what it refers to")
            for known in self._taken[start:end]:
                self._node(known, event)
        elif isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            self._remember(event)

    def _remember(self, event: yaml.Event) -> None:
        """Take an event of a node and note where its anchor's events begin and end."""
        start = len(self._taken)
        anchor = getattr(event, "anchor", None)
        self._node(event, event)
        if isinstance(event, yaml.CollectionStartEvent):
            self._opened.append(anchor)
            if anchor:
                self._anchors[anchor] = (start, None)
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = self._opened.pop()
            if closed:
                self._anchors[closed] = (self._anchors[closed][0], len(self._taken))
        elif anchor:
            self._anchors[anchor] = (start, start + 1)

    def _node(self, event: yaml.Event, at: yaml.Event) -> None:
        """Add one event to the tree. `at` is where it stands in the text: the alias, for what an alias repeats."""
        self._taken.append(event)
        if len(self._taken) > MAX_NODES:
            self._stop(
                at, REFUSED + "alias-bomb", "aliases make too much of the text", expected=f"at most {MAX_NODES:,}"
            )
        if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            self._open.pop()
            return
        self._check_tag(event, at)
        holder = self._open[-1] if self._open else None
        if holder and isinstance(holder.node, dict) and holder.key is None:
            self._key(holder, event, at)
            return
        step: Path = () if holder is None else (holder.key,) if holder.key is not None else (len(holder.node),)
        path = holder.path + step if holder else ()
        value = self._value(event, path, at)
        if holder is None:
            self.root = value
        elif isinstance(holder.node, list):
            holder.node.append(value)
        elif holder.key is not None:
            if not holder.skip:
                holder.node[holder.key] = value
            holder.key, holder.skip = None, False
        if isinstance(event, yaml.CollectionStartEvent):
            if len(self._open) >= MAX_DEPTH:
                self._stop(at, "too-deep", "the contract is nested too deep", expected=f"at most {MAX_DEPTH} levels")
            self._open.append(_Open(value, path))

    def _check_tag(self, event: yaml.Event, at: yaml.Event) -> None:
        """Raise _StopError for a tag that is not of the core schema."""
        tag = getattr(event, "tag", None)
        if tag is None or tag in _CORE_TAGS:
            return
        name = tag.replace(_TAG, "!!")
        if name.startswith("!!python"):
            hint = "a contract is data; remove the tag"
            self._stop(at, REFUSED + "tag", "a tag asks to run code", found=name, hint=hint)
        self._stop(at, "tag", "a tag that contracts do not know", found=name, hint="remove the tag")

    def _key(self, holder: _Open, event: yaml.Event, at: yaml.Event) -> None:
        """Take a key of a mapping; one that stood there before is a problem."""
        if not isinstance(event, yaml.ScalarEvent):
            self._stop(at, "complex-key", "a list or an object is used as a key", expected="text")
        key = event.value
        path = (*holder.path, key)
        holder.key = key
        if key in holder.node:
            first = "{}:{}".format(*self.keys[path])
            message = f"the key {key} stands here twice; first in line {first.replace(':', ', column ')}"
            self.problems.append(self._problem(at, "duplicate-key", message, hint="keep one of them"))
            holder.skip = True
            return
        self.keys[path] = _place(at)

    def _value(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, path: Path, at: yaml.Event) -> Any:
        """Return an event as a value, and note its place and its text."""
        self.values.setdefault(path, _place(at))
        if isinstance(event, yaml.CollectionStartEvent):
            return {} if isinstance(event, yaml.MappingStartEvent) else []
        value = _scalar(event)
        if isinstance(value, float) and not math.isfinite(value):
            hint = "allow it in data with `nan: allow` in a lakegate property"
            self.problems.append(self._problem(at, "not-finite", "no finite number", found=event.value, hint=hint))
        if not isinstance(value, str):
            self.raw[path] = event.value
        elif event.implicit[0] and event.tag is None and value.lower() in _BOOLEAN_1_1:
            message, hint = "read as text; other tools may read it as a boolean", f"write '{value}', or true or false"
            problem = self._problem(at, "ambiguous-text", message, found=value, hint=hint, severity=Severity.HINT)
            self.problems.append(problem)
        return value

    def _problem(self, at: yaml.Event, rule: str, message: str, **more: Any) -> Problem:
        """Return a problem where an event stands."""
        return _broken(self._file, rule, message, _place(at), **more)

    def _stop(self, at: yaml.Event, rule: str, message: str, **more: Any) -> NoReturn:
        """Raise _StopError where an event stands."""
        raise _StopError(self._problem(at, rule, message, **more))


def _broken(file: str, rule: str, message: str, place: tuple[int, int] = (0, 0), **more: Any) -> Problem:
    """Return a problem of the text itself."""
    severity = more.pop("severity", Severity.ERROR)
    return Problem(file, *place, severity=severity, rule=rule, message=message, **more)


def _place(event: yaml.Event) -> tuple[int, int]:
    """Return where an event stands, from 1."""
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def _scalar(event: yaml.ScalarEvent) -> Any:
    """Return a scalar by YAML 1.2's core schema: quoted is text, plain is null, boolean, number or text."""
    text, tag = event.value, event.tag
    if tag == _TAG + "str" or tag == "!" or (tag is None and not event.implicit[0]):
        return text
    if text in _NULL or text in _BOOLEAN:
        return _BOOLEAN.get(text)
    return _number(text)


def _number(text: str) -> int | float | str:
    """Return text that is written as a number as that number, any other as it is."""
    if len(text) > _MAX_DIGITS:
        return text
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text
