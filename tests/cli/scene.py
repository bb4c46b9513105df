"""A project of two contracts and an empty lake: flights, each with a plane that reference data must know."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from lakegate.cli import main
from lakegate.lake.layout import create_layout
from lakegate.lake.local import LocalLake

SOURCES = Path(__file__).parents[2] / "src"
BUCKET = "s3://example-lake"
HEADER = "id,tailnum,delay\n"
GOOD = HEADER + "1,N1,2\n2,N2,-3.5\n"
BAD = HEADER + "1,N1,2\n1,N9,-300\nx,N1,\n"
FLIGHTS = "contracts/nyc/flights.odcs.yaml"
PLANES = "contracts/nyc/planes.odcs.yaml"


def contract(name, properties, *, zone="01-raw-data-zone", gate=None, **more):
    """A contract on `nyc/<name>`, from the transient zone to `zone`."""
    places = {"transient": "02-transient-zone", "target": zone}
    way = {"from": "transient", "to": "target", "batch": {"by": "folder", "key": "part={part}", "complete": "success"}}
    return {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": f"nyc-{name}",
        "name": f"nyc/{name}",
        "version": "1.0.0",
        "status": "active",
        "team": {"name": "air-traffic", "members": [{"username": "a@example.com", "role": "Owner"}]},
        "servers": [
            {"server": server, "type": "s3", "location": f"{BUCKET}/{place}/nyc/{name}/", "format": "csv"}
            for server, place in places.items()
        ],
        "schema": [{"name": name, "properties": properties}],
        "customProperties": [{"property": "lakegate", "value": way | (gate or {})}],
        **more,
    }


PLANES_CONTRACT = contract(
    "planes",
    [{"name": "tailnum", "logicalType": "string", "primaryKey": True, "required": True}],
    zone="03-master-data-zone",
)
FLIGHTS_CONTRACT = contract(
    "flights",
    [
        {"name": "id", "logicalType": "integer", "primaryKey": True, "required": True},
        {"name": "tailnum", "logicalType": "string", "relationships": [{"to": "nyc-planes.planes.tailnum"}]},
        {
            "name": "delay",
            "logicalType": "number",
            "logicalTypeOptions": {"minimum": -100},
            "quality": [{"id": "delay_known", "metric": "nullValues", "mustBe": 0, "severity": "warning"}],
        },
    ],
)


class Scene:
    """A project folder that is the current directory, with `./lake`."""

    def __init__(self, root):
        self.root, self.lake = root, root / "lake"
        self.lake.mkdir()
        self.store = LocalLake(self.lake)
        create_layout(self.store, "test")
        self.write(PLANES, PLANES_CONTRACT)
        self.write(FLIGHTS, FLIGHTS_CONTRACT)

    def write(self, path, content):
        """Write a file of the project: text, bytes, or a document as JSON, which is YAML."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            content = json.dumps(content, indent=1)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def change(self, path, change):
        """Change a contract in place by a function of its document."""
        document = copy.deepcopy(json.loads((self.root / path).read_text()))
        change(document)
        self.write(path, document)

    def arrive(self, batch, content=GOOD, *, dataset="nyc/flights", name=None, complete=True):
        """Let one file arrive as a batch of the transient zone; return its folder."""
        folder = self.lake / "02-transient-zone" / dataset / batch
        folder.mkdir(parents=True, exist_ok=True)
        content = content if isinstance(content, bytes) else content.encode()
        (folder / (name or "rows.csv")).write_bytes(content)
        if complete:
            (folder / "_SUCCESS").touch()
        return folder

    def planes(self, *tailnums, part="1"):
        """Commit reference data."""
        self.arrive(f"part={part}", "tailnum\n" + "".join(f"{one}\n" for one in tailnums), dataset="nyc/planes")
        ended = self.run("promote", PLANES, "--batch", f"part={part}", "--lake", "lake")
        assert ended.exit_code == 0, ended.output

    def run(self, *words):
        """Run a command in this process: `.exit_code`, `.stdout`, `.stderr`, `.output` of both."""
        result = CliRunner().invoke(main, [str(word) for word in words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def promote(self, *words):
        """Promote flights."""
        return self.run("promote", FLIGHTS, "--lake", "lake", *words)

    def judge(self, *words):
        """Test flights in the lake."""
        return self.run("test", FLIGHTS, "--lake", "lake", *words)

    def process(self, *words, **options):
        """Start a command as a process of its own."""
        program = "from lakegate.cli import main; main(prog_name='lakegate')"
        command = [sys.executable, "-c", program, *map(str, words)]
        environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
        return subprocess.Popen(
            command, cwd=self.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
        )

    def records(self, dataset="nyc/flights", zone="01-raw-data-zone"):
        """The commit records of a dataset, as documents."""
        return [
            json.loads(file.read_text())
            for file in sorted((self.lake / zone).glob(f"_gate/commits/{dataset}/*/*.json"))
        ]

    def tree(self):
        """Every path of the lake with its bytes (None for a folder) and time of change."""
        return {
            str(path.relative_to(self.lake)): (path.read_bytes() if path.is_file() else None, path.lstat().st_mtime_ns)
            for path in sorted(self.lake.rglob("*"))
        }
