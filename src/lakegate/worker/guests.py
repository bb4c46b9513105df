"""What libraries of checks are asked of a table in memory, in a worker: Python of `expectations/` runs nowhere else."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lakegate.contract.expectation_files import ExpectationFiles
from lakegate.engines.interface import Engine
from lakegate.errors import WorkerDied
from lakegate.lake.workspace import private_folder
from lakegate.measures import Answer, Fault, Measure, NotMeasured
from lakegate.plan import LibraryPass
from lakegate.rows import Rows
from lakegate.worker.limits import Limits
from lakegate.worker.messages import Ask, Source
from lakegate.worker.process import Worker


@dataclass(frozen=True, slots=True)
class Apart:
    """Runs the passes in a worker of their own (`libraries.guests.Guests`); the table goes there as an Arrow file.

    `source` says of which contract the worker is told; `locations` failing rows are named for each finding.
    """

    source: Source
    files: ExpectationFiles
    limits: Limits
    locations: int

    def measure(self, passes: Sequence[LibraryPass], rows: Rows, engine: Engine) -> dict[Measure, Answer]:
        """Answer every measure of the passes; a worker that dies could not evaluate them."""
        wanted = [name for one in passes for name in one.columns or rows.types]
        table = engine.table(rows, [name for name in dict.fromkeys(wanted) if name in rows.types])
        if isinstance(table, NotMeasured):
            return {measure: table for one in passes for measure in one.measures}
        with private_folder(Path(tempfile.gettempdir())) as folder, Worker(self.source, folder, self.limits) as worker:
            file = folder / "table.arrow"
            _write(table, file)
            try:
                return worker.ask(Ask(tuple(passes), file, self.files, self.locations))
            except WorkerDied as died:
                fault = NotMeasured(Fault.ENGINE, str(died))
                return {measure: fault for one in passes for measure in one.measures}


def _write(table: object, file: Path) -> None:
    """Write a table as an Arrow file."""
    import pyarrow as pa

    with pa.OSFile(str(file), "wb") as out, pa.ipc.new_file(out, table.schema) as writer:  # type: ignore[attr-defined]
        writer.write_table(table)
