"""What the intake's tests share: a folder to put files in, and what comes out of it, as plain Python."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import duckdb

from lakegate.contract.model import Gate, LogicalType, Property, SchemaObject
from lakegate.intake.batch import open_batch
from lakegate.intake.files import NativeFile
from lakegate.intake.staging import Reader
from lakegate.rows import Rows


def prop(name: str, logical_type: str | None = None, **more) -> Property:
    """A property under one name, or with another one in the data (`physical_name`)."""
    kind = LogicalType(logical_type) if logical_type else None
    return Property(name, more.pop("physical_name", name), kind, **more)


@dataclass(frozen=True)
class Opened:
    """The rows of a batch, and what is in them."""

    rows: Rows

    def column(self, name: str) -> list:
        """The values of a column, in the order of parts and rows."""
        quoted = '"' + name.replace('"', '""') + '"'
        return [value for part in self.rows.parts for (value,) in _query(f"SELECT {quoted} FROM {{}}", part.path)]

    def texts(self, name: str) -> list[str]:
        """The values of a column as the engine writes them, in UTC."""
        return [text for part in self.rows.parts for (text,) in _query(f"SELECT {name}::VARCHAR FROM {{}}", part.path)]

    @property
    def lines(self) -> list[int | None]:
        """The lines on which the rows begin."""
        places = [part.records.places(range(1, part.rows + 1)) for part in self.rows.parts]
        return [line for part in places for _, line in part.values()]

    @property
    def defects(self) -> list[tuple[str, str]]:
        """Kind and message of each defect."""
        return [(str(defect.kind), defect.message) for defect in self.rows.defects]

    @property
    def names(self) -> list[str]:
        """The columns."""
        return list(self.rows.types)


def _query(sql: str, path: str) -> list:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(sql.format(f"read_parquet('{path}')")).fetchall()


def open_files(folder: Path, files: dict[str, bytes], *props: Property, gate: Gate = Gate(), **reader) -> Opened:  # noqa: B008
    """Write the files into `folder` and open them as one batch."""
    natives = []
    for at, (name, data) in enumerate(files.items()):
        path = folder / f"arrived-{at}" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        natives.append(NativeFile(name, path))
    workspace = folder / "workspace"
    workspace.mkdir()
    obj = SchemaObject("rows", "rows", tuple(props))
    reading = dataclasses.replace(Reader(samples=True), **reader)
    return Opened(open_batch(natives, obj, gate, reading, workspace=workspace))
