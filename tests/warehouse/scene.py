"""A small chain of layers: sales arrive by the day, shops are reference data; the four layers are built of them."""

import contextlib
import hashlib
import os
import textwrap
from pathlib import Path

import pyarrow.parquet as pq

from lakegate.api import Asked
from lakegate.commands import batches, warehouse
from lakegate.gate import ledger
from lakegate.lake.local import LocalLake
from lakegate.lake.zones import places_called

DAYS = ("2026-01-01", "2026-01-02", "2026-01-03")
SALES = {
    DAYS[0]: "id,shop,amount\n1,a,10.50\n2,b,1.25\n2,b,1.25\n",
    DAYS[1]: "id,shop,amount\n3,a,3.00\n4,a,4.75\n",
    DAYS[2]: "id,shop,amount\n5,b,0.10\n6,a,0.20\n7,b,0.30\n8,a,-1.00\n",
}
SHOPS = "shop,city\na,Basel\nb,Bern\n"


def column(name, kind, *, key=False, more=""):
    position = ", primaryKey: true, primaryKeyPosition: 1" if key else ""
    return f"      - {{name: {name}, logicalType: {kind}, required: true{position}{more}}}\n"


def contract(dataset, zone, arrives, columns, template, *, form="csv", more=""):
    """The text of a contract; `more` are lines of its lakegate property."""
    source, name = dataset.split("/")
    complete = "manifest" if arrives.endswith("_candidates") else "success"
    return f"""\
apiVersion: v3.1.0
kind: DataContract
id: {source}-{name}
name: {dataset}
version: 1.0.0
status: active
servers:
  - {{server: from, type: s3, location: 's3://lake/{arrives}/{dataset}/', format: {form}}}
  - {{server: to, type: s3, location: 's3://lake/{zone}/{dataset}/', format: {form}}}
schema:
  - name: {name}
    properties:
{columns}\
customProperties:
  - property: lakegate
    value:
      from: from
      to: to
      batch: {{key: '{template}', complete: {complete}}}
{textwrap.indent(textwrap.dedent(more), " " * 6)}"""


def table(dataset, columns, template, more=""):
    return contract(dataset, "warehouse", "02-transient-zone/_candidates", columns, template, form="parquet", more=more)


ID = column("id", "integer", key=True)
SHOP = column("shop", "string")
AMOUNT = column("amount", "number")
CONTRACTS = {
    "shop/sales": contract(
        "shop/sales", "01-raw-data-zone", "02-transient-zone", column("id", "integer") + SHOP + AMOUNT, "dt={date}"
    ),
    "shop/shops": contract(
        "shop/shops", "03-master-data-zone", "02-transient-zone", SHOP + column("city", "string"), "edition={edition}"
    ),
    "stage/sales": table("stage/sales", column("id", "integer") + SHOP + AMOUNT, "dt={date}"),
    "cleanse/sales": table(  # it sets one row of the third day apart
        "cleanse/sales",
        ID + SHOP + column("amount", "number", more=", logicalTypeOptions: {minimum: 0}"),
        "dt={date}",
        "quarantine: rows\nmax_rejected: 50 percent",
    ),
    "core/dim_shop": table("core/dim_shop", column("shop", "string", key=True) + column("city", "string"), "all"),
    "core/fact_sale": table(
        "core/fact_sale",
        ID + column("shop", "string", more=", relationships: [{to: core-dim_shop.dim_shop.shop}]") + AMOUNT,
        "dt={date}",
        "upstream: [core/dim_shop]",
    ),
    "mart/by_city": table("mart/by_city", column("city", "string", key=True) + column("amount", "number"), "all"),
}
SQL = {
    "stage/sales": 'SELECT id, shop, CAST(amount AS DECIMAL(10, 2)) AS amount\nFROM "shop/sales"\nORDER BY ALL\n',
    "cleanse/sales": 'SELECT DISTINCT id, shop, amount\nFROM "stage/sales"\nORDER BY id\n',
    "core/dim_shop": 'SELECT shop, city\nFROM "shop/shops"\nORDER BY shop\n',
    "core/fact_sale": 'SELECT id, shop, amount\nFROM "cleanse/sales"\nORDER BY id\n',
    "mart/by_city": """\
WITH sold AS (SELECT shop, sum(amount) AS amount FROM "core/fact_sale" GROUP BY shop)
SELECT city, CAST(sum(amount) AS DECIMAL(18, 2)) AS amount
FROM sold JOIN "core/dim_shop" USING (shop)
GROUP BY city
ORDER BY city
""",
}


def project(folder, contracts=CONTRACTS, sql=SQL):
    """Write a project into a folder."""
    for name, text in contracts.items():
        write(folder / "contracts" / f"{name}.odcs.yaml", text)
    for name, text in sql.items():
        write(folder / "dags" / "sql" / f"{name}.sql", text)
    return folder


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def arrive(lake, dataset, batch, text, name="data.csv"):
    folder = Path(lake) / "02-transient-zone" / dataset / batch
    write(folder / name, text)
    write(folder / "_SUCCESS", "")


def arrived(lake, days=DAYS, shops=SHOPS):
    """Let raw and master data arrive, and promote it. The current directory is the project's."""
    for day in days:
        arrive(lake, "shop/sales", f"dt={day}", SALES[day])
    arrive(lake, "shop/shops", "edition=1", shops)
    for name in ("shop/sales", "shop/shops"):
        promoted(lake, name)


def promoted(lake, dataset):
    done = batches.promoted(None, Asked(Path(f"contracts/{dataset}.odcs.yaml"), str(lake)))
    assert all(one.exit_code == 0 for one in done), done
    return done


@contextlib.contextmanager
def inside(folder):
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield folder
    finally:
        os.chdir(before)


def build(lake, table=None, batch=None, *, promote=True, **more):
    return warehouse.built(warehouse.Wanted(table, batch), str(lake), warehouse.Asked(promote=promote, **more))


def told(steps):
    """What became of each batch, in words."""
    return {
        (one.table, one.batch): str(one.error or (one.promotion.state if one.promotion else one.build.state))
        for one in steps
    }


def records(lake, dataset):
    (place,) = [
        p for p in places_called(dataset) if p.dataset == dataset and ledger.slot_keys(LocalLake(Path(lake)), p)
    ] or [None]
    return ledger.committed(LocalLake(Path(lake)), place) if place else ()


def rows(lake, dataset):
    """The committed rows of a table, as a sorted list of texts."""
    found = []
    for record in records(lake, dataset):
        for file in record.files:
            read = pq.read_table(Path(lake) / file.key, partitioning=None).to_pylist()
            found += [repr(sorted(row.items())) for row in read]
    return sorted(found)


def digests(lake, dataset):
    return {record.batch: record.digest for record in records(lake, dataset)}


def tree(folder):
    """Every file below a folder, with its sha256."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    }
