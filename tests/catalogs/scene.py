"""A table of a warehouse in a lake, and the same table in an Iceberg catalogue."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import traceback
import uuid
from pathlib import Path

import duckdb
import pytest

from gate.scene import make_route, run
from lakegate.catalogs.iceberg import _Target, register
from lakegate.catalogs.settings import catalogue
from lakegate.gate.promote import PromotionState
from lakegate.lake.local import LocalLake
from lakegate.lake.s3.arrow import for_pyiceberg
from lakegate.lake.zones import Place
from lakegate.reader import read
from servers.s3 import moto_s3, new_bucket, real_s3

PLACE = Place("warehouse/core", "fact_flight")
ROUTE = dataclasses.replace(
    make_route("new_revision"), source=Place("02-transient-zone/_candidates", "core/fact_flight"), target=PLACE
)


@dataclasses.dataclass(frozen=True)
class World:
    """A lake, its uploader, and a catalogue beside it."""

    lake: object
    upload: object
    catalogue: object
    folder: Path

    def commit(self, batch, *selects, place=PLACE):
        """Commit one file a query as a revision of a batch."""
        way = dataclasses.replace(ROUTE, target=place)
        for number, select in enumerate(selects):
            self.upload(f"{way.source.prefix}{batch}/part-{number}.parquet", parquet(self.folder, select))
        self.upload(f"{way.source.prefix}{batch}/_SUCCESS", b"")
        ended = run(self.lake, route=way, batch=batch)
        assert ended.state is PromotionState.COMMITTED, ended
        return ended.record

    def register(self, *batches):
        """Register some batches, or all."""
        return register(self.catalogue, self.lake, PLACE, batches or None)

    def put(self, batch, *selects):
        """Commit and register."""
        self.commit(batch, *selects)
        return self.register(batch)

    @property
    def table(self):
        """The Iceberg table, as a reader of its own opens it."""
        return _Target(self.catalogue, self.lake, PLACE).load()

    def in_iceberg(self, **scan):
        """The rows that a reader of Iceberg sees."""
        return rows(self.table.scan(**scan).to_arrow())

    def in_lake(self):
        """The rows that the lake's own reader sees."""
        return rows(read(self.lake, PLACE).dataset().to_table().drop_columns(["batch"]))

    def agree(self):
        """Whether both readers see the same rows, each file once, and never saw half a revision."""
        files = sorted(file.file_path for file in map(entry, self.table.scan().plan_files()))
        assert len(files) == len(set(files))
        for snapshot in self.table.snapshots():
            revisions = whole(self.table, snapshot)
            assert len(revisions) == len({batch for batch, _ in revisions}), revisions
        assert self.in_iceberg() == self.in_lake()
        return True


def entry(task):
    return task.file


def whole(table, snapshot):
    """(batch, revision) of all files of a snapshot."""
    paths = [
        one.data_file.file_path
        for manifest in snapshot.manifests(table.io)
        for one in manifest.fetch_manifest_entry(table.io)
    ]
    return {tuple(path.split("/")[-3:-1]) for path in paths}


def rows(table):
    """Rows without what is null, so that a column that a file lacks makes no difference; sorted."""
    told = [{name: value for name, value in row.items() if value is not None} for row in table.to_pylist()]
    return sorted(told, key=lambda row: str(sorted(row.items())))


def parquet(folder, select):
    """The bytes of a Parquet file as DuckDB writes it."""
    file = folder / f"{uuid.uuid4().hex}.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY ({select}) TO '{file}' (FORMAT parquet)")
    return file.read_bytes()


def local(folder):
    """A folder, and SQLite beside it."""
    root = folder / "lake"
    root.mkdir(exist_ok=True)

    def upload(key, data):
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    settings = {"type": "sql", "uri": "sqlite:///catalogue.db", "warehouse": "iceberg"}
    return World(LocalLake(root), upload, catalogue(settings, folder / "lakegate.toml"), folder)


def moto_sql(folder):
    return _bucket(folder, moto_s3(), {"type": "sql", "uri": "sqlite:///catalogue.db"})


def moto_glue(folder):
    server = moto_s3()
    return _bucket(folder, server, {"type": "glue", "glue": {"endpoint": server.endpoint, "region": "us-east-1"}})


def ceph_sql(folder):
    return _bucket(folder, real_s3(), {"type": "sql", "uri": "sqlite:///catalogue.db"})


WORLDS = (local, moto_sql, moto_glue, ceph_sql)


def _bucket(folder, server, settings):
    name = new_bucket(server)
    gate = server.settings(name)

    def upload(key, data):
        server.client.put_object(Bucket=name, Key=key, Body=data)

    def access():
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in server.environment.items():
                patch.setenv(variable, value)
            return for_pyiceberg(gate)

    where = {**settings, "warehouse": f"s3://{name}/warehouse/_iceberg/{uuid.uuid4().hex[:8]}"}
    return World(server.lake(name), upload, catalogue(where, folder / "lakegate.toml", access), folder)


@contextlib.contextmanager
def forked(act):
    """Fork a process that does one thing; hand out its id, and wait for its end."""
    child = os.fork()
    if child == 0:
        code = 70
        try:
            act()
            code = 0
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            raise
        finally:
            os._exit(code)
    yield child
