"""A stranger's batch meets the gate: one contract on `in/rows`, one local lake, whatever bytes a test lets arrive.

Everything is asked of the command line, as an operator would: what a batch comes to is its exit code, one line that
says the cause and the place, and where its bytes are afterwards.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from click.testing import CliRunner

from lakegate.cli import main
from lakegate.lake.layout import create_layout
from lakegate.lake.local import LocalLake

CONTRACT = "contracts/in/rows.odcs.yaml"
DROP = "02-transient-zone/in/rows"
RAW = "01-raw-data-zone/in/rows"
QUARANTINE = "02-transient-zone/_quarantine/in/rows"
SUFFIX = {"csv": "csv", "json": "jsonl", "parquet": "parquet", "xlsx": "xlsx", "avro": "avro", "orc": "orc"}


def prop(name, logical_type=None, /, **more):
    """A property as the standard writes it."""
    return {"name": name, **({"logicalType": logical_type} if logical_type else {}), **more}


@dataclass(frozen=True)
class Ended:
    """How a command ended. `report` is the published one, None where the batch was not judged."""

    exit_code: int
    output: str  # stdout and stderr as a person sees them
    report: dict | None = field(default=None, repr=False)

    def line(self, *parts):
        """The one line of the output in which all of `parts` stand; fails with the whole output where none does."""
        found = [line for line in self.output.splitlines() if all(str(part) in line for part in parts)]
        assert found, f"no line holds {parts}:\n{self.output}"
        return found[0]

    def checks(self, outcome="failed"):
        """The keys of the report's checks that came to `outcome`."""
        assert self.report is not None, self.output
        return [check["key"] for check in self.report["checks"] if check["outcome"] == outcome]


class World:
    """A project folder (the current directory) with one contract, and `./lake`."""

    def __init__(self, root):
        self.root, self.lake = root, root / "lake"
        self.lake.mkdir()
        create_layout(LocalLake(self.lake), "test")
        self.sent = {}

    def contract(self, *properties, form="csv", gate=None, server=None, quality=(), **more):
        """Write the contract; `gate` is the lakegate property beside its way, `server` more of the source's entry."""
        places = {"transient": "02-transient-zone", "raw": "01-raw-data-zone"}
        way = {"from": "transient", "to": "raw", "batch": {"by": "folder", "complete": "success"}}
        document = {
            "apiVersion": "v3.2.0",
            "kind": "DataContract",
            "id": "in-rows",
            "name": "in/rows",
            "version": "1.0.0",
            "status": "active",
            "servers": [
                {
                    "server": name,
                    "type": "s3",
                    "location": f"s3://example-lake/{place}/in/rows/",
                    "format": form,
                    **(server or {}),
                }
                for name, place in places.items()
            ],
            "schema": [
                {"name": "rows", "properties": list(properties), **({"quality": list(quality)} if quality else {})}
            ],
            "customProperties": [{"property": "lakegate", "value": way | (gate or {})}],
            **more,
        }
        return self.write(CONTRACT, json.dumps(document, indent=1))

    def write(self, path, content):
        """Write a file of the project."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def arrive(self, files, batch="b1", *, manifest=None, complete=True):
        """Let files (name -> bytes or text) arrive as a batch; a manifest may promise them. Returns the folder."""
        folder = self.lake / DROP / batch
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            self.sent[batch, name] = data
        if manifest is not None:
            (folder / "_MANIFEST.json").write_text(json.dumps(manifest))
        if complete:
            (folder / "_SUCCESS").touch()
        return folder

    def run(self, *words):
        """Run a command in this process; what it opens it opens in a worker of its own, as in life."""
        result = CliRunner().invoke(main, [str(word) for word in words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(result.exit_code, result.output, self.report())

    def report(self):
        """The newest published report."""
        found = sorted(
            (self.lake / "references/reports").rglob("report.json"), key=lambda file: file.stat().st_mtime_ns
        )
        return json.loads(found[-1].read_text()) if found else None

    def promote(self, batch="b1", *words):
        """Promote a batch."""
        return self.run("promote", CONTRACT, "--lake", "lake", "--batch", batch, *words)

    def lint(self):
        """Lint the contract."""
        return self.run("lint", CONTRACT)

    # --- what must hold of the bytes --------------------------------------------------------------------------

    def _lies_at(self, top):
        """Every file under a folder of the lake: SHA-256 -> path."""
        files = (path for path in (self.lake / top).rglob("*") if path.is_file())
        return {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in files}

    def assert_kept(self, exit_code):
        """Source bytes kept: in raw where it passed, else still in the drop; what violates lies in quarantine, too."""
        raw, drop, quarantine = (self._lies_at(top) for top in (RAW, DROP, QUARANTINE))
        for (batch, name), data in self.sent.items():
            digest = hashlib.sha256(data).hexdigest()
            if exit_code == 0:
                assert digest in raw, f"{batch}/{name} is not in raw"
                continue
            assert digest in drop, f"{batch}/{name} is not in the drop any more"
            assert digest not in raw, f"{batch}/{name} got into raw"
            assert exit_code != 1 or digest in quarantine, f"{batch}/{name} is not in quarantine"

    def assert_ends(self, exit_code, *cause, batch="b1", also=()):
        """Promote a batch: its exit code, the one line that tells the cause and the place, and the bytes are kept.

        `cause` must all stand in one line of what a person sees; each tuple in `also` in one further line.
        """
        ended = self.promote(batch)
        assert ended.exit_code == exit_code, ended.output
        for parts in (cause, *also):
            if parts:
                ended.line(*parts)
        self.assert_kept(exit_code)
        return ended

    def committed_files(self):
        """The committed files of the dataset: path relative to the batch -> bytes."""
        return {
            str(path.relative_to(self.lake / RAW)).split("/", 2)[2]: path.read_bytes()
            for path in (self.lake / RAW).rglob("*")
            if path.is_file()
        }
