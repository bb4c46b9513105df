"""What Spark makes of a manifest: it reads exactly the committed files, and the ways that go wrong are known."""

import csv
import io
import os
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gate.scene import SOURCE, TARGET, make_route, run, upload_batch
from lake.worlds import local

pytestmark = pytest.mark.slow
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
            .enableHiveSupport()
            .getOrCreate()
        )
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
