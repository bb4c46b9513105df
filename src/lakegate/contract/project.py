"""A project: the contracts that know each other, and the folder that paths in them are relative to."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lakegate.contract.findings import listed, near
from lakegate.contract.model import Contract, Property, Relationship, SchemaObject
from lakegate.contract.odcs import load
from lakegate.contract.own_rules import leaves
from lakegate.contract.references import find
from lakegate.contract.source import read
from lakegate.errors import ContractError, LakegateError, Problem, Severity

SETTINGS = "lakegate.toml"
FOLDER = "contracts"
SUFFIXES = (".odcs.yaml", ".odcs.yml", ".odcs.json")

_ID = re.compile(
    rb"""^id:[ \t]*(?:"([^"\n]+)"|'([^'\n]+)'|([^\s#'"&*!|>{\[][^\n#]*?))[ \t]*(?:#.*)?\r?$""", re.MULTILINE
)
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages"})  # and whatever begins with . or _


@dataclass(frozen=True, slots=True)
class Target:
    """The other side of a foreign key: `properties` in the order of the relationship's own columns."""

    contract: Contract
    object: SchemaObject
    properties: tuple[Property, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why a reference leads nowhere."""

    message: str
    expected: str = ""
    hint: str = ""


def is_contract(name: str) -> bool:
    """Whether a file's name says that it is a contract."""
    return name.casefold().endswith(SUFFIXES)


def contracts_under(folder: Path, *, deep: bool = True) -> Iterator[Path]:
    """Yield the contract files of a folder in the order of their paths; hidden folders are left out."""
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if deep and f[0] not in "._" and f not in _SKIPPED)
        yield from (Path(where, name) for name in sorted(files) if is_contract(name))


class Project:
    """The contracts under one root. Files are looked at when asked for, and each is parsed once."""

    def __init__(self, root: Path, *, deep: bool = True) -> None:
        """`root` is the folder that paths are relative to; with `deep` False only files directly in it count."""
        self.root = root
        self.deep = deep

    @classmethod
    def around(cls, contract: str | os.PathLike[str]) -> Project:
        """Return the project of a contract's file, or of a folder.

        Its root is the nearest parent with lakegate.toml, else the parent of `contracts/`, else the contract's folder.
        A folder may also hold `contracts/`, or lie beside it.
        """
        path = Path(contract).absolute()
        folder = path if path.is_dir() else path.parent
        chain = (folder, *folder.parents)
        settled = next((parent for parent in chain if (parent / SETTINGS).is_file()), None)
        if settled is not None:
            return cls(settled)
        above = next((parent.parent for parent in chain if parent.name == FOLDER), None)
        if above is None and path.is_dir():
            above = next((parent for parent in chain if (parent / FOLDER).is_dir()), None)
        return cls(above) if above is not None else cls(folder, deep=False)

    @property
    def folder(self) -> Path:
        """Where the project's contracts lie: `contracts/` under the root, or the root itself."""
        return self.root / FOLDER if (self.root / FOLDER).is_dir() else self.root

    @functools.cached_property
    def index(self) -> dict[str, tuple[Path, ...]]:
        """Contract id -> its files; more than one where an id is taken twice. No contract is parsed for it."""
        found: dict[str, tuple[Path, ...]] = {}
        for path in contracts_under(self.folder, deep=self.deep):
            identity = _id_of(path)
            if identity is not None:
                found[identity] = (*found.get(identity, ()), path)
        return found

    @functools.cached_property
    def _loaded(self) -> dict[Path, Contract]:
        """The contracts parsed so far, by file."""
        return {}

    def contract(self, path: Path) -> Contract:
        """Return the contract in a file, parsed once. Raises what `odcs.load` raises."""
        if path not in self._loaded:
            self._loaded[path] = load(path)
        return self._loaded[path]

    def by_id(self, identity: str) -> Contract | None:
        """Return the contract with this id, None where there is not exactly one. Raises what `odcs.load` raises."""
        paths = self.index.get(identity, ())
        return self.contract(paths[0]) if len(paths) == 1 else None

    def described(self, dataset: str) -> SchemaObject | None:
        """Return the object that describes a dataset, by its contract's file under the project's folder or its name.

        None where not exactly one goes by it. Raises what `odcs.load` raises for the file of that name.
        """
        if leaves(dataset):
            return None
        for suffix in SUFFIXES:
            if (file := self.folder / f"{dataset}{suffix}").is_file():
                schema = self.contract(file).schema
                return schema[0] if len(schema) == 1 else None
        found = []
        for path in contracts_under(self.folder, deep=self.deep):
            with suppress(LakegateError):
                contract = self.contract(path)
                several = len(contract.schema) > 1
                names = {f"{contract.name}/{one.name}" if several else contract.name: one for one in contract.schema}
                found += [one for name, one in names.items() if name == dataset]
        return found[0] if len(found) == 1 else None

    def resolve(self, contract: Contract, relationship: Relationship) -> Target:
        """Return the other side of one of the contract's foreign keys.

        Raises:
            ContractError: the reference leads nowhere, or to a contract that is wrong.
            Refused: it leads to a contract that is unsafe.
        """
        found = self.look_up(contract, relationship)
        if isinstance(found, Target):
            return found
        file = contract.path or contract.id
        problem = Problem(
            file, 0, 0, Severity.ERROR, "unknown-reference", found.message, expected=found.expected, hint=found.hint
        )
        raise ContractError((problem,))

    def look_up(self, contract: Contract, relationship: Relationship) -> Target | Unknown:
        """Return the other side of a foreign key, or why there is none. Raises what `odcs.load` raises."""
        reference = relationship.reference
        if "#" in reference:
            file, _, fragment = reference.partition("#")
            return self._in_file(contract, file, fragment.strip("/").removeprefix("schema/"), relationship)
        if "." not in reference:
            return _target(contract, reference.removeprefix("/").removeprefix("schema/"), relationship)
        identity, _, name = reference.rpartition(".")
        if identity == contract.id:
            return _target(contract, name, relationship)
        paths = self.index.get(identity, ())
        if len(paths) > 1:
            return Unknown(f"several contracts have the id {identity}: {listed(map(str, paths))}", hint="rename one")
        other = self.by_id(identity)
        if other is None:
            hint = near(identity, self.index) or f"write its contract under {self.folder}"
            return Unknown(f"no contract of the project has the id {identity}", hint=hint)
        return _target(other, name, relationship)

    def _in_file(self, contract: Contract, file: str, name: str, relationship: Relationship) -> Target | Unknown:
        """Return the other side that a file reference names, relative to the contract's folder, else to the root."""
        if "://" in file:
            return Unknown(f"{file} is not in the project", hint="refer to a contract of the project by its id")
        beside = Path(contract.path).absolute().parent if contract.path else self.root
        for base in (beside, self.root):
            path = Path(os.path.normpath(base / file))
            if path.is_file():
                if not path.resolve().is_relative_to(self.root.resolve()):
                    return Unknown(f"{file} lies outside the project", expected=f"a file under {self.root}")
                return _target(self.contract(path), name, relationship)
        return Unknown(f"there is no contract {file}", expected=f"a file under {beside} or {self.root}")


def _target(contract: Contract, name: str, relationship: Relationship) -> Target | Unknown:
    """Return the object and properties of a contract that a relationship names, or why they are not there."""
    found = find(contract, name, relationship.to)
    if found is not None:
        return Target(contract, *found)
    others = [one.name for one in contract.schema]
    if find(contract, name, ()) is None:
        return Unknown(
            f"the contract {contract.id} has no object {name}", expected=listed(others), hint=near(name, others)
        )
    missing = next(column for column in relationship.to if find(contract, name, (column,)) is None)
    columns = [prop.name for one in contract.schema for prop in one.properties]
    return Unknown(f"{contract.id}.{name} has no property {missing}", hint=near(missing, columns))


def _id_of(path: Path) -> str | None:
    """Return a contract's id from its text alone; None where it has none, or cannot be read."""
    try:
        return identity_in(path.read_bytes(), str(path))
    except OSError:
        return None


def identity_in(content: bytes, file: str) -> str | None:
    """Return the id of the contract that a file's bytes hold, by its text alone; None where it has none."""
    match = _ID.search(content)
    if match is not None:
        return next(group for group in match.groups() if group is not None).decode("utf-8", "replace").strip()
    data = read(content, file).data
    identity = data.get("id") if isinstance(data, dict) else None
    return identity if isinstance(identity, str) else None


def why(error: LakegateError) -> str:
    """Return an error of another contract in one line."""
    return str(error).splitlines()[0]
