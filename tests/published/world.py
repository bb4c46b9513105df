"""A lake of which everything published is looked at: every outcome of a gate, marks where nobody may read, markup
wherever a text comes from outside. The gate that fills it is the real one."""

import json

import pyarrow as pa
import pyarrow.parquet as pq

from cli.scene import BUCKET, Scene

# One mark for each classified column: what of it is found in a published byte has leaked.
MARKS = {
    "email": "qzmarkmail",
    "phone": "qzmarkphone",
    "ssn": "qzmarkssn",
    "salary": "918273",
    "born": "1931-07-2",
    "street": "qzmarkstreet",
    "tags": "qzmarktag",
}
HOSTILE = "<img src=x onerror=alert(1)>"
TEMPLATE = "{{7*191}}${7*191}<%= 7*191 %>"  # 1337, where something evaluates it
BIDI = "a\u202egnp.exe\u2066"
SCRIPT = "</script><script>alert(2)</script>"
STYLE = "</style><svg onload=alert(3)>"
ATTRIBUTE = "\" onmouseover=\"alert(4)' x='"
TEXTS = (HOSTILE, TEMPLATE, BIDI, SCRIPT, STYLE, ATTRIBUTE)

PEOPLE = "contracts/crm/people.odcs.yaml"
ORDERS = "contracts/cleanse/orders.odcs.yaml"
WILD = "contracts/wild/table.odcs.yaml"


def contract(name, schema, *, fmt, gate=None, source="02-transient-zone", target="01-raw-data-zone", **more):
    """A contract on a dataset, of the raw zone where nothing else is said."""
    servers = (("from", source), ("to", target))
    batch = {"by": "folder", "key": "day={date}", "complete": "success"}
    return {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": name.replace("/", "-"),
        "name": name,
        "version": "1.0.0",
        "status": "active",
        "servers": [
            {"server": server, "type": "s3", "location": f"{BUCKET}/{zone}/{name}/", "format": fmt}
            for server, zone in servers
        ],
        "schema": [schema],
        "customProperties": [
            {"property": "lakegate", "value": {"from": "from", "to": "to", "batch": batch, **(gate or {})}}
        ],
        **more,
    }


def people():
    """A table whose columns are classified in every way that there is; each breaks every kind of rule."""
    never = {"property": "lakegate", "value": {"samples": "never"}}
    mean = {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "salary", "max_value": 1}}
    known = {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "email", "value_set": ["a@b.c"]}}
    properties = [
        {"name": "id", "logicalType": "integer", "primaryKey": True, "required": True},
        {
            "name": "email",
            "logicalType": "string",
            "classification": "restricted",
            "unique": True,
            "examples": [f"{MARKS['email']}.of.the.contract"],
            "logicalTypeOptions": {"maxLength": 12, "pattern": "^[^@]+@[^@]+$"},
            "quality": [{"metric": "invalidValues", "arguments": {"validValues": ["x@y.z"]}, "mustBe": 0}],
        },
        {
            "name": "phone",
            "logicalType": "string",
            "classification": "confidential",
            "relationships": [{"to": "cleanse-orders.orders.phone"}],
        },
        {
            "name": "ssn",
            "logicalType": "string",
            "classification": "secret",
            "customProperties": [never],
            "logicalTypeOptions": {"minLength": 40},
        },
        {
            "name": "salary",
            "logicalType": "number",
            "classification": "restricted",
            "logicalTypeOptions": {"maximum": 10},
            "quality": [
                {
                    "type": "sql",
                    "query": "SELECT max(CAST(salary AS DOUBLE)) FROM {object}",
                    "mustBeLessThan": 10,
                }
            ],
        },
        {
            "name": "born",
            "logicalType": "date",
            "classification": "restricted",
            "logicalTypeOptions": {"minimum": "2000-01-01"},
        },
        {
            "name": "address",
            "logicalType": "object",
            "classification": "restricted",
            "logicalTypeOptions": {"minProperties": 5},  # a rule of the whole, which holds what is classified
            "properties": [{"name": "street", "logicalType": "string", "logicalTypeOptions": {"maxLength": 3}}],
        },
        {
            "name": "tags",
            "logicalType": "array",
            "classification": "restricted",
            "items": {"logicalType": "string", "logicalTypeOptions": {"maxLength": 3}},
        },
    ]
    quality = [
        # The engine's own error quotes the value that it could not convert.
        {"id": "quotes", "type": "sql", "query": "SELECT sum(CAST(email AS INTEGER)) FROM {object}", "mustBe": 0},
        {"type": "custom", "engine": "greatExpectations", "implementation": mean},
        {"type": "custom", "engine": "greatExpectations", "implementation": known},
    ]
    waiver = {"waiver": {"allowed": True, "approvers": ["ana"]}}
    return contract(
        "crm/people", {"name": "people", "properties": properties, "quality": quality}, fmt="json", gate=waiver
    )


def orders():
    """A table of which rows are set apart."""
    properties = [
        {"name": "id", "logicalType": "integer", "required": True},
        {
            "name": "phone",
            "logicalType": "string",
            "classification": "confidential",
            "logicalTypeOptions": {"maxLength": 14},
        },
    ]
    gate = {"quarantine": "rows", "max_rejected": "50 percent", "on_change": "reject"}
    way = {"source": "02-transient-zone/_candidates", "target": "warehouse"}
    return contract("cleanse/orders", {"name": "orders", "properties": properties}, fmt="parquet", gate=gate, **way)


def person(number, **changed):
    """One row, marked in every classified column."""
    row = {
        "id": number,
        "email": f"{MARKS['email']}{number}@example.com",
        "phone": f"{MARKS['phone']}{number}",
        "ssn": f"{MARKS['ssn']}{number}",
        "salary": float(f"{MARKS['salary']}{number}"),
        "born": f"{MARKS['born']}{number}",
        "address": {"street": f"{MARKS['street']} {number}"},
        "tags": [f"{MARKS['tags']}{number}"],
    }
    return row | changed


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def wild():
    """A contract whose every text is hostile."""
    names = iter(TEXTS * 2)
    properties = [
        {"name": "id", "logicalType": "integer", "primaryKey": True, "required": True},
        *(
            {
                "name": name,
                "businessName": name,
                "description": f"{name} says {SCRIPT}",
                "logicalType": "string",
                "classification": text,
                "examples": [text, SCRIPT],
                "logicalTypeOptions": {"maxLength": 2},
                "quality": [
                    {
                        "name": f"rule {text}",
                        "description": text,
                        "type": "sql",
                        "query": "SELECT count(*) FROM {{object}} /* {} */".format(text.replace("{", "{ ")),
                        "mustBe": 77,
                    }
                ],
                "customProperties": [{"property": "lakegate", "value": {"samples": "show"}}],
            }
            for name, text in zip(names, TEXTS, strict=False)
        ),
    ]
    more = {
        "domain": HOSTILE,
        "dataProduct": TEMPLATE,
        "tags": list(TEXTS),
        "description": {"purpose": " ".join(TEXTS), "usage": SCRIPT, "limitations": STYLE},
        "team": {"name": f"team {ATTRIBUTE}", "members": [{"username": HOSTILE, "role": SCRIPT, "name": BIDI}]},
        "support": [
            {"channel": HOSTILE, "tool": SCRIPT, "url": "javascript:alert(5)"},
            {"channel": "data", "url": "data:text/html,<script>alert(6)</script>"},
            {"channel": BIDI, "tool": "email", "url": 'mailto:a@example.com"onclick=alert(7)'},
        ],
        "slaProperties": [{"property": "latency", "value": 1, "unit": "d"}, {"property": HOSTILE, "value": SCRIPT}],
    }
    schema = {
        "name": "table",
        "businessName": STYLE,
        "description": " ".join(TEXTS),
        "properties": properties,
    }
    return contract("wild/table", schema, fmt="json", **more)


class World(Scene):
    """The lake, and what was done in it."""

    def __init__(self, root):
        super().__init__(root)
        self.write(PEOPLE, people())
        self.write(ORDERS, orders())
        self.write(WILD, wild())

    def gate(self, contract, batch, *, exit_code, words=()):
        """Promote a batch, and see that it ended as it has to."""
        ended = self.run("promote", contract, "--lake", "lake", "--batch", batch, *words)
        assert ended.exit_code == exit_code, ended.output
        return ended

    def propose(self, batch, table):
        """Let a batch of orders arrive as a candidate."""
        folder = self.lake / "02-transient-zone/_candidates/cleanse/orders" / batch
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, folder / "o.parquet")
        (folder / "_SUCCESS").touch()

    def filled(self):
        """Let batches of every outcome through the gate."""
        marked = [MARKS["phone"], MARKS["phone"] * 2]
        for day, phones, code in ((1, marked, 0), (2, ["ok"], 0), (2, ["no"], 4)):
            self.propose(f"day=2026-01-0{day}", pa.table({"id": range(len(phones)), "phone": phones}))
            self.gate(ORDERS, f"day=2026-01-0{day}", exit_code=code, words=("--samples",))
        for words, day in (((), 1), (("--samples",), 2)):
            self.arrive(
                f"day=2026-01-0{day}", lines(*(person(n) for n in range(3))), dataset="crm/people", name="p.json"
            )
            self.gate(PEOPLE, f"day=2026-01-0{day}", exit_code=5, words=words)
        self.change(PEOPLE, lambda document: document["schema"][0]["quality"].pop(0))
        self.change(PEOPLE, lambda document: document.update(version="1.1.0"))
        for words, day in (((), 3), (("--samples",), 4)):
            rows = [person(1), person(1), person(3, salary=f"{MARKS['salary']}x", born=f"{MARKS['born']}x")]
            self.arrive(f"day=2026-01-0{day}", lines(*rows), dataset="crm/people", name="p.json")
            self.gate(PEOPLE, f"day=2026-01-0{day}", exit_code=1, words=words)
        broken = lines(person(1)) + f'{{"id": 2, "email": "{MARKS["email"]}'
        self.arrive("day=2026-01-05", broken, dataset="crm/people", name="p.json")
        self.gate(PEOPLE, "day=2026-01-05", exit_code=1, words=("--samples",))
        self.arrive("day=2026-01-06", lines(*(person(n) for n in range(3))), dataset="crm/people", name="p.json")
        self.gate(PEOPLE, "day=2026-01-06", exit_code=1)
        who = ("--approver", "ana", "--reason", "known", "--days", "3")
        waived = self.run("waive", PEOPLE, "--lake", "lake", "--batch", "day=2026-01-06", *who)
        assert waived.exit_code == 0, waived.output
        self.gate(PEOPLE, "day=2026-01-06", exit_code=0, words=("--samples",))
        row = {"id": 1} | {
            one["name"]: TEXTS[i % len(TEXTS)] for i, one in enumerate(wild()["schema"][0]["properties"][1:])
        }
        name = "'\"><svg onload=alert(8)>{{7*191}}.json".replace("/", "")
        self.arrive("day=2026-01-01", lines(row, row), dataset="wild/table", name=name)
        self.gate(WILD, "day=2026-01-01", exit_code=1, words=("--samples",))
        return self

    def published(self):
        """Every published file: its path below `references/` -> its bytes."""
        references = self.lake / "references"
        return {
            file.relative_to(references).as_posix(): file.read_bytes()
            for file in sorted(references.rglob("*"))
            if file.is_file()
        }
