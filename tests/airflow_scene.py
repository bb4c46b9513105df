"""A project with one contract and a lake in which its batches arrive: what the tests of Airflow's side stand on."""

from dataclasses import dataclass
from pathlib import Path

CONTRACT = """apiVersion: v3.2.0
kind: DataContract
id: shop-orders
name: shop/orders
version: 1.0.0
status: active
team:
  name: order-desk
  members:
    - username: ann@example.com
      role: Owner
support:
  - channel: '#orders'
    tool: slack
servers:
  - server: transient
    type: s3
    location: s3://example-lake/02-transient-zone/shop/orders/
    format: csv
  - server: raw
    type: s3
    location: s3://example-lake/01-raw-data-zone/shop/orders/
    format: csv
schema:
  - name: orders
    physicalType: file
    properties:
      - name: id
        logicalType: string
        required: true
        unique: true
      - name: amount
        logicalType: integer
        logicalTypeOptions: {minimum: 0}
        quality:
          - type: library
            metric: nullValues
            mustBe: 0
            severity: warning
customProperties:
  - property: lakegate
    value:
      from: transient
      to: raw
      batch: {by: folder, key: 'day={day}', complete: success}
"""
GOOD, BAD = "id,amount\na,1\nb,2\nc,\n", "id,amount\na,1\n,-4711\n"


@dataclass(frozen=True)
class Scene:
    """`root` is the project's folder, `lake` the lake beside it."""

    root: Path
    lake: Path

    @property
    def contract(self):
        return self.root / "contracts" / "shop" / "orders.odcs.yaml"

    def arrive(self, batch, content, *, complete=True):
        folder = self.lake / "02-transient-zone" / "shop" / "orders" / batch
        folder.mkdir(parents=True)
        (folder / "orders.csv").write_text(content)
        if complete:
            (folder / "_SUCCESS").touch()


def scene(folder):
    made = Scene(folder / "project", folder / "lake")
    made.lake.mkdir()
    made.contract.parent.mkdir(parents=True)
    (made.root / "dags").mkdir()
    made.contract.write_text(CONTRACT)
    (made.root / "lakegate.toml").write_text(f'lake = "{made.lake}"\n')
    return made
