"""What Spark makes of a manifest: it reads exactly the committed files, and the ways that go wrong are known.

And what a dataset's page tells people to type is typed, to the letter.
"""

import contextlib
import csv
import datetime as dt
import html
import io
import json
import os
import re
import shlex
import sys
import uuid
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from checks.asked import contract
from gate.scene import SOURCE, TARGET, make_route, run, upload_batch
from lake.worlds import local
from lakegate.cli import main
from servers.s3 import moto_s3

pytestmark = pytest.mark.slow
BUCKET = f"lake-{uuid.uuid4().hex}"  # whose copy on this disk Spark reads under the same addresses: it has no S3 here
VIEW = "spark.hadoop.fs.viewfs"
BATCHES = {"dt=2026-01-01/hour=05": 1, "dt=2026-01-01/hour=06": 2}
TABLE = """
CREATE EXTERNAL TABLE {name} (id STRING, note STRING)
PARTITIONED BY (batch STRING)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION '{manifests}'
"""


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    if os.environ.get("CI") == "true":
        from pyspark import sql
    else:
        sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed", exc_type=ImportError)
    folder = tmp_path_factory.mktemp("spark")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.chdir(folder)
        session = (
            sql.SparkSession.builder.master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
            .config("spark.hadoop.javax.jdo.option.ConnectionURL", "jdbc:derby:memory:metastore;create=true")
            .config("spark.driver.extraJavaOptions", f"-Dderby.stream.error.file={folder / 'derby.log'}")
            .config("spark.hadoopRDD.ignoreEmptySplits", "false")
            .config("spark.hadoop.fs.s3.impl", "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme")
            .config(f"{VIEW}.overload.scheme.target.s3.impl", "org.apache.hadoop.fs.LocalFileSystem")
            .config(f"{VIEW}.mounttable.{BUCKET}.link./01-raw-data-zone", (folder / "01-raw-data-zone").as_uri())
            .enableHiveSupport()
            .getOrCreate()
        )
        session.folder = folder
        yield session
        session.stop()


def as_csv(number):
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([number, "x, y"])
    return out.getvalue().encode()


def as_parquet(number):
    out = io.BytesIO()
    pq.write_table(pa.table({"id": [str(number)], "note": ["x, y"]}), out)
    return out.getvalue()


def committed(folder, name, write):
    """A lake of two batches, each promoted twice: the first revision lies there still, and is not to be read."""
    lake, upload = local(folder)
    route = make_route(key="dt={date}/hour={hour}", on_change="new_revision")
    for batch, number in BATCHES.items():
        for content in (write(90 + number), write(number)):
            upload_batch(upload, {name: content, "_SUCCESS": b""}, prefix=f"{SOURCE.prefix}{batch}/")
            assert run(lake, batch=batch, route=route).exit_code == 0
    return lake, f"file://{lake.root}/{TARGET.zone}/_gate/_symlink_format_manifest/{TARGET.path}"


EXPECTED = [(str(number), "x, y", batch) for batch, number in BATCHES.items()]


def test_a_hive_table_over_the_manifests_of_text(spark, tmp_path):
    _, manifests = committed(tmp_path, "a.csv", as_csv)

    spark.sql(TABLE.format(name="flights", manifests=manifests))
    spark.sql("MSCK REPAIR TABLE flights")

    assert sorted(map(tuple, spark.table("flights").collect())) == EXPECTED
    one = spark.sql("SELECT id FROM flights WHERE batch = 'dt=2026-01-01/hour=06'").collect()
    assert [row.id for row in one] == ["2"]


def test_parquet_is_read_by_the_listed_paths(spark, tmp_path):
    lake, manifests = committed(tmp_path, "a.parquet", as_parquet)

    paths = [row.value for row in spark.read.text(manifests).collect()]
    rows = spark.read.option("basePath", f"{lake.root}/{TARGET.prefix}").parquet(*paths)

    assert sorted(map(tuple, rows.select("id", "note", "batch").collect())) == EXPECTED


def test_other_readers_of_a_folder_see_what_is_not_committed(spark, tmp_path):
    """Why manifests are needed: the folder holds the replaced revisions, too."""
    lake, _ = committed(tmp_path, "a.parquet", as_parquet)

    rows = spark.read.parquet(os.fspath(lake.root / TARGET.prefix))

    assert sorted(row.id for row in rows.collect()) == ["1", "2", "91", "92"]


# --- what a page shows --------------------------------------------------------------------------------------------

PLANES = {
    "tailnum": ({"logicalType": "string", "required": True}, pa.string(), ["N1", "N2"]),
    "seats": ({"logicalType": "integer", "physicalType": "int"}, pa.int32(), [2, None]),
    "weight": (
        {"logicalType": "number", "physicalType": "decimal(10, 2)"},
        pa.decimal128(10, 2),
        [Decimal("1.50"), None],
    ),
    "speed": ({"logicalType": "number"}, pa.float64(), [0.5, 1.5]),
    "built": ({"logicalType": "date"}, pa.date32(), [dt.date(1999, 1, 2), None]),
    "seen": ({"logicalType": "timestamp"}, pa.timestamp("us"), [dt.datetime(2026, 1, 2, 3), None]),  # noqa: DTZ001 - naive
    "jet": ({"logicalType": "boolean"}, pa.bool_(), [True, False]),
    "tags": (
        {"logicalType": "array", "items": {"name": "i", "logicalType": "string"}},
        pa.list_(pa.string()),
        [["a"], []],
    ),
    "at": (
        {"logicalType": "object", "properties": [{"name": "x", "logicalType": "integer"}]},
        pa.struct([("x", pa.int64())]),
        [{"x": 1}, None],
    ),
}
ENDS = {"parquet": "planes.parquet", "csv": "owners.csv"}


@pytest.fixture(scope="module")
def shown(spark, tmp_path_factory):
    """What the pages of two datasets show in a bucket, by their formats, each as (dataset, its blocks of code)."""
    server, folder = moto_s3(), tmp_path_factory.mktemp("project")
    columns = {
        "parquet": [{"name": name, **prop} for name, (prop, _, _) in PLANES.items()],
        "csv": [{"name": name, "logicalType": "string"} for name in ("tailnum", "owner")],
    }
    out = io.BytesIO()
    pq.write_table(pa.table({name: pa.array(rows, kind) for name, (_, kind, rows) in PLANES.items()}), out)
    contents = {"parquet": out.getvalue(), "csv": b'tailnum,owner\nN1,"Smith, John"\nN2,"a ""b"""\n'}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        patch.delenv("LAKEGATE_LAKE", raising=False)
        patch.chdir(folder)
        server.client.create_bucket(Bucket=BUCKET)
        (folder / "lakegate.toml").write_text(f'[s3]\nendpoint = "{server.endpoint}"\naddressing = "path"\n')
        for kind, end in ENDS.items():
            name = f"nyc/{end.partition('.')[0]}"
            zones = {"from": "02-transient-zone", "to": "01-raw-data-zone"}
            servers = [
                {"server": one, "type": "s3", "location": f"s3://x/{zone}/{name}/", "format": kind}
                for one, zone in zones.items()
            ]
            gate = {"from": "from", "to": "to", "batch": {"key": "part={part}"}}
            document = contract(*columns[kind], servers=servers, gate=gate) | {"id": kind}
            file = folder / f"contracts/{name}.odcs.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(document))
            for key, body in ((end, contents[kind]), ("_SUCCESS", b"")):
                server.client.put_object(Bucket=BUCKET, Key=f"02-transient-zone/{name}/part=1/{key}", Body=body)
            told = ("promote", file.relative_to(folder), "--all", "--lake", f"s3://{BUCKET}")
            ended = CliRunner().invoke(main, [str(word) for word in told])
            assert ended.exit_code == 0, ended.output
        pages = {}
        for entry in server.client.list_objects_v2(Bucket=BUCKET)["Contents"]:
            data = server.client.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
            if entry["Key"].startswith("references/datasets/") and entry["Key"].endswith("/index.html"):
                pages[entry["Key"].split("/")[3]] = data.decode()
            if entry["Key"].startswith("01-raw-data-zone/"):
                copy = spark.folder / entry["Key"]
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(data)
        yield {kind: blocks(pages[end.partition(".")[0]]) for kind, end in ENDS.items()}
        for entry in server.client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
            server.client.delete_object(Bucket=BUCKET, Key=entry["Key"])
        server.client.delete_bucket(Bucket=BUCKET)


def blocks(page):
    """The blocks of code under "How to get it", by the first word of their titles that tells them apart."""
    section = re.search(r'<section aria-labelledby="get">(.*?)</section>', page, re.DOTALL)[1]
    found = re.findall(r"<h3>(.*?)</h3>\s*<pre[^>]*><code>(.*?)</code>", section, re.DOTALL)
    words = ("committed files", "Python", "Athena", "Spark")
    return {next(word for word in words if word in title): html.unescape(code) for title, code in found}


def typed(code):
    """Run Python as it stands; return its names."""
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(code, names)  # noqa: S102 - it is what our page shows
    return names


def ran(spark, code):
    """Run statements as they stand, one after the other."""
    for statement in re.split(r";$", code, flags=re.MULTILINE):
        if statement.strip():
            spark.sql(statement)


@pytest.mark.parametrize("kind", ENDS)
def test_the_shell_and_python_of_a_page_give_what_is_committed(shown, kind):
    ended = CliRunner().invoke(main, shlex.split(shown[kind]["committed files"])[1:])
    rows = typed(shown[kind]["Python"])["rows"]

    assert ended.exit_code == 0, ended.output
    assert re.fullmatch(rf"s3://{BUCKET}/01-raw-data-zone/nyc/\S+/{ENDS[kind]}\n", ended.stdout)
    assert rows.dataset().count_rows() == len(rows.relation().fetchall()) == 2


def test_the_python_for_spark_of_a_page_reads_parquet(spark, shown):
    session = {"spark": spark}
    exec(shown["parquet"]["Spark"], session)  # noqa: S102 - as above

    rows = session["rows"].orderBy("tailnum").collect()
    assert [tuple(row)[:2] for row in rows] == [("N1", 2), ("N2", None)]
    assert {row.batch for row in rows} == {"part=1"}


def test_the_table_of_a_page_over_text(spark, shown):
    ran(spark, shown["csv"]["Athena"])

    rows = {tuple(row) for row in spark.table("nyc_owners").collect()}
    header = ("tailnum", "owner", "part=1")  # Spark does not heed `skip.header.line.count`
    assert rows == {header, ("N1", "Smith, John", "part=1"), ("N2", 'a "b"', "part=1")}


def test_the_table_of_a_page_over_parquet_has_the_columns_of_the_files(spark, shown):
    """Spark's reader of lists knows text alone, Athena's does not: the files are read as the table declares them."""
    ran(spark, shown["parquet"]["Athena"])

    assert [row.partition for row in spark.sql("SHOW PARTITIONS nyc_planes").collect()] == ["batch=part%3D1"]
    session = {"spark": spark}
    exec(shown["parquet"]["Spark"].splitlines()[0], session)  # noqa: S102 - as above
    fields = [field for field in spark.table("nyc_planes").schema.fields if field.name != "batch"]
    declared = ", ".join(f"{field.name} {field.dataType.simpleString()}" for field in fields)
    rows = spark.read.schema(declared).parquet(*session["paths"]).orderBy("tailnum").collect()
    expected = zip(*(values for _, _, values in PLANES.values()), strict=True)
    assert [row.asDict(recursive=True) for row in rows] == [
        dict(zip(PLANES, values, strict=True)) for values in expected
    ]
    assert [field.name for field in fields] == list(PLANES)
