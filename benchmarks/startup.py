"""CPU seconds of short commands, whole process: `--help`, `--version`, and `lakegate test` on 1 MB of CSV.

Prints min / median of several runs, the worker's seconds among them, with bytecode cached as after an installation.
Beside them stands what importing DuckDB and opening a connection takes, which no test of data can do without.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

MAIN = "from lakegate.cli import main; main()"
ROWS = 60_000  # about 1 MB
PROPERTIES = [
    {"name": "id", "logicalType": "integer", "required": True, "primaryKey": True},
    {"name": "code", "logicalType": "string", "logicalTypeOptions": {"pattern": "^N[0-9]+$"}},
    {"name": "delay", "logicalType": "number", "logicalTypeOptions": {"minimum": 0, "maximum": 100}},
]
RULE = {"id": "none_negative", "type": "sql", "query": "SELECT count(*) FROM {object} WHERE id < 0", "mustBe": 0}


def contract(quality: list[dict[str, object]]) -> str:
    """Return a contract on the rows as JSON, which is YAML."""
    head = {"apiVersion": "v3.2.0", "kind": "DataContract", "id": "rows", "version": "1.0.0", "status": "active"}
    schema = [{"name": "rows", "properties": PROPERTIES, "quality": quality}]
    servers = [{"server": "here", "type": "local", "path": "rows.csv", "format": "csv"}]
    return json.dumps(head | {"schema": schema, "servers": servers})


def cpu(program: str, words: list[str], folder: Path) -> float:
    """Run a Python program to its end; return its CPU seconds, user and system. Stops where it fails."""
    environment = os.environ | {"PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    process = subprocess.Popen(
        [sys.executable, "-c", program, *words], cwd=folder, env=environment, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{words} exited {process.returncode}, expected 0")
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = "".join(f"{n},N{n * 7919 % 99_991:05},{n % 1000 / 10}\n" for n in range(ROWS))
        (folder / "rows.csv").write_text("id,code,delay\n" + rows)
        (folder / "rows.odcs.yaml").write_text(contract([]))
        (folder / "sql.odcs.yaml").write_text(contract([RULE]))
        cases = {
            "--help": (MAIN, ["--help"]),
            "--version": (MAIN, ["--version"]),
            "test 1 MB, json": (MAIN, ["test", "rows.odcs.yaml", "--output-format", "json"]),
            "test 1 MB, text": (MAIN, ["test", "rows.odcs.yaml"]),
            "test 1 MB, a rule in SQL": (MAIN, ["test", "sql.odcs.yaml", "--output-format", "json"]),
            "DuckDB alone": ("import duckdb; duckdb.connect()", []),
        }
        for case, (program, words) in cases.items():
            cpu(program, words, folder)  # writes the bytecode
            spent = [cpu(program, words, folder) for _ in range(runs)]
            print(f"{case:<26} min {min(spent):.2f} s  median {statistics.median(spent):.2f} s of CPU")


if __name__ == "__main__":
    main()
