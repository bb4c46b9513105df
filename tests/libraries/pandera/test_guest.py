"""Models of a project's `expectations/` as guests: planted violations are found where they are, and nothing is lost."""

import json
import textwrap

import pyarrow as pa
import pytest

from lakegate.checks.pandera_model import Note
from lakegate.libraries.interface import Guest
from lakegate.libraries.pandera.guest import GUEST
from lakegate.measures import Fault, LibraryAnswer, LibraryResult, NotMeasured

ROWS = pa.table(
    {
        "id": [1, 2, 2, None, 5],
        "amount": [10, -1, 5, -7, 3],
        "code": ["A1", "A2", "b3", "A4", None],
    }
)
GOOD = pa.table({"id": [1, 2], "amount": [10, 0], "code": ["A1", "A2"]})

MODEL = """
import pandera.{backend} as pa
{more}

class Orders(pa.DataFrameModel):
    id: float = pa.Field(unique=True, nullable=False, coerce=True)
    amount: int = pa.Field(ge=0)
    code: {text} = pa.Field(str_matches="^A", nullable=True)

    class Config:
        strict = True
        ordered = True
        unique = ["id", "amount"]
"""
BACKENDS = {
    "pandas": MODEL.format(backend="pandas", more="", text="str"),
    "polars": MODEL.format(backend="polars", more="", text="str"),
}


@pytest.fixture
def ask(tmp_path):
    """Return what a model says: `ask(source, rows)` gives the findings by name, or why there are none."""

    def asked(source, rows=ROWS, reference="expectations/orders.py:Orders", limit=5, **others):
        folder = tmp_path / "expectations"
        folder.mkdir(exist_ok=True)
        (folder / "orders.py").write_text(textwrap.dedent(source))
        for name, text in others.items():
            (folder / f"{name}.py").write_text(textwrap.dedent(text))
        measure = LibraryResult("pandera", json.dumps({"schema": reference}), None, files=True)
        answer = GUEST.measure([measure], rows, Guest(tmp_path, limit))[measure]
        if isinstance(answer, LibraryAnswer):
            found = {finding.name: finding for finding in answer.findings}
            assert len(found) == len(answer.findings)
            return found
        return answer

    return asked


def notes(finding):
    return json.loads(finding.result)["notes"]


def wrong(found):
    return {name: finding.rows for name, finding in found.items() if not finding.success}


@pytest.mark.parametrize("source", BACKENDS.values(), ids=BACKENDS)
def test_planted_violations_are_located(ask, source):
    found = ask(source)

    assert wrong(found) == {
        "id.nullable": (3,),
        "id.unique": (1, 2),
        "amount.greater_than_or_equal_to(0)": (1, 3),
        "code.str_matches('^A')": (2,),
    }
    bad = found["amount.greater_than_or_equal_to(0)"]
    assert (bad.column, bad.failed, bad.values) == ("amount", 2, ("-1", "-7"))
    assert bad.reason == "got another value, expected greater_than_or_equal_to(0)"


@pytest.mark.parametrize("source", BACKENDS.values(), ids=BACKENDS)
def test_the_same_things_are_listed_of_good_rows_and_bad(ask, source):
    good, bad = ask(source, GOOD), ask(source)

    assert list(good) == list(bad)
    assert wrong(good) == {}
    assert {"id.required", "id.dtype", "strict", "ordered", "unique(id, amount)"} <= set(good)


@pytest.mark.parametrize("source", BACKENDS.values(), ids=BACKENDS)
def test_only_so_many_rows_are_named_and_all_are_counted(ask, source):
    found = ask(source, limit=1)["amount.greater_than_or_equal_to(0)"]

    assert (found.failed, found.rows, found.values) == (2, (1,), ("-1",))


@pytest.mark.parametrize("source", BACKENDS.values(), ids=BACKENDS)
def test_what_was_not_looked_at_does_not_pass(ask, source):
    found = ask(source, GOOD.drop_columns(["amount"]))

    assert not found["amount.required"].success
    assert Note.NOT_CHECKED not in notes(found["amount.required"])
    for name in ("amount.dtype", "amount.greater_than_or_equal_to(0)", "unique(id, amount)"):
        assert not found[name].success
        assert Note.NOT_CHECKED in notes(found[name])


@pytest.mark.parametrize("source", BACKENDS.values(), ids=BACKENDS)
def test_undeclared_and_misplaced_columns(ask, source):
    extra = ask(source, GOOD.append_column("more", pa.array([1, 2])))
    turned = ask(source, GOOD.select(["amount", "id", "code"]))

    assert not extra["strict"].success
    assert "'more'" in extra["strict"].reason
    assert not turned["ordered"].success
    assert turned["strict"].success


@pytest.mark.parametrize("source", BACKENDS.values(), ids=BACKENDS)
def test_a_column_of_another_type_fails_by_it_alone(ask, source):
    found = ask(source, GOOD.set_column(1, "amount", pa.array(["x", "y"])))

    assert not found["amount.dtype"].success
    assert Note.NOT_CHECKED not in notes(found["amount.dtype"])
    assert "got type" in found["amount.dtype"].reason
    assert Note.NOT_CHECKED in notes(found["amount.greater_than_or_equal_to(0)"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PANDERA_VALIDATION_ENABLED", "False"),
        ("PANDERA_VALIDATION_DEPTH", "SCHEMA_ONLY"),
        ("PANDERA_VALIDATION_DEPTH", "DATA_ONLY"),
        ("PANDERA_USE_NARWHALS_BACKEND", "True"),
    ],
)
@pytest.mark.parametrize("backend", BACKENDS)
def test_no_environment_turns_validation_off(tmp_path, backend, name, value):
    """The variables are read when pandera is imported, so that a process of its own is asked."""
    import os
    import subprocess
    import sys

    (tmp_path / "expectations").mkdir()
    (tmp_path / "expectations" / "orders.py").write_text(BACKENDS[backend])
    program = f"""
import pathlib, pyarrow as pa
from lakegate.libraries.interface import Guest
from lakegate.libraries.pandera.guest import GUEST
from lakegate.measures import LibraryResult
one = LibraryResult("pandera", '{{"schema": "expectations/orders.py:Orders"}}', None, files=True)
rows = pa.table({{"id": [1, 2], "amount": ["x", "y"], "code": ["A", "b"]}})
answer = GUEST.measure([one], rows, Guest(pathlib.Path({str(tmp_path)!r}), 5))[one]
print([finding.name for finding in answer.findings if not finding.success])
"""
    around = {**os.environ, name: value}
    ran = subprocess.run([sys.executable, "-c", program], env=around, capture_output=True, text=True, check=True)

    assert "'amount.dtype'" in ran.stdout
    assert "code.str_matches" in ran.stdout


def test_a_model_that_turns_validation_off_is_validated(ask):
    off = """
    from pandera.config import CONFIG, reset_config_context
    CONFIG.validation_enabled = False
    reset_config_context()
    """
    from pandera.config import CONFIG, reset_config_context

    try:
        found = ask(textwrap.dedent(off) + BACKENDS["polars"])
    finally:
        CONFIG.validation_enabled = True
        reset_config_context()

    assert wrong(found)


DROPPING = """
import pandera.{backend} as pa

class Orders(pa.DataFrameModel):
    amount: int = pa.Field(ge=0)

    class Config:
        drop_invalid_rows = True
"""


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_rows_that_a_model_would_drop_fail(ask, backend):
    found = ask(DROPPING.format(backend=backend))

    assert wrong(found) == {"amount.greater_than_or_equal_to(0)": (1, 3)}


WARNING = """
import pandera.{backend} as pa

Orders = pa.DataFrameSchema({{
    "amount": pa.Column(int, pa.Check.ge(0, raise_warning=True, n_failure_cases=1)),
}})
"""


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_what_a_model_only_warns_of_is_told_as_a_warning(ask, backend):
    found = ask(WARNING.format(backend=backend))["amount.greater_than_or_equal_to(0)"]

    assert (found.success, found.failed, found.rows) == (False, 2, (1, 3))
    assert Note.WARNS in notes(found)


CUSTOM = {
    "pandas": """
import pandera.pandas as pa

class Orders(pa.DataFrameModel):
    amount: int
    code: str = pa.Field(nullable=True)

    @pa.check("amount")
    def even(cls, values):
        return values % 2 == 0

    @pa.dataframe_check(ignore_na=False)
    def code_where_dear(cls, frame):
        return frame["code"].notna() | (frame["amount"] < 3)

    @pa.dataframe_check
    def many(cls, frame):
        return len(frame) > 100

    @pa.dataframe_check
    def broken(cls, frame):
        return frame["nowhere"] > 1
""",
    "polars": """
import polars as pl
import pandera.polars as pa

class Orders(pa.DataFrameModel):
    amount: int
    code: str = pa.Field(nullable=True)

    @pa.check("amount")
    def even(cls, data):
        return data.lazyframe.select(pl.col(data.key) % 2 == 0)

    @pa.dataframe_check
    def code_where_dear(cls, data):
        return data.lazyframe.select(pl.col("code").is_not_null() | (pl.col("amount") < 3))

    @pa.dataframe_check
    def many(cls, data):
        return data.lazyframe.collect().height > 100

    @pa.dataframe_check
    def broken(cls, data):
        return data.lazyframe.select(pl.col("nowhere") > 1)
""",
}


@pytest.mark.parametrize("source", CUSTOM.values(), ids=CUSTOM)
def test_checks_of_the_model_s_own(ask, source):
    found = ask(source)

    assert wrong(found) == {"amount.even": (1, 2, 3, 4), "code_where_dear": (4,), "many": (), "broken": ()}
    assert found["many"].failed is None
    assert Note.RAISED in notes(found["broken"])
    assert "nowhere" not in found["broken"].reason


def test_coercion_is_the_model_s_own_word(ask):
    model = (
        "import pandera.{0} as pa\nOrders = pa.DataFrameSchema({{'a': pa.Column(int, pa.Check.gt(1), coerce=True)}})"
    )
    for backend in ("pandas", "polars"):
        assert wrong(ask(model.format(backend), pa.table({"a": ["2", "1"]}))) == {"a.greater_than(1)": (1,)}
        assert wrong(ask(model.format(backend), pa.table({"a": ["2", "x"]})))["a.dtype"] == (1,)


def test_large_integers_beside_nulls_are_not_rounded(ask):
    model = """
    import pandera.pandas as pa
    Orders = pa.DataFrameSchema({"a": pa.Column(checks=pa.Check.isin([2**53 + 1]), nullable=True)})
    """

    assert wrong(ask(model, pa.table({"a": [2**53 + 1, None]}))) == {}
    assert wrong(ask(model, pa.table({"a": [2**53, None]}))) == {"a.isin([9007199254740993])": (0,)}


def test_columns_that_match_a_pattern(ask):
    for backend in ("pandas", "polars"):
        model = f"""
        import pandera.{backend} as pa
        Orders = pa.DataFrameSchema({{"^n_.*$": pa.Column(int, pa.Check.gt(0), regex=True)}})
        """
        found = ask(model, pa.table({"n_a": [1, 2], "n_b": [1, 0]}))
        none = ask(model, pa.table({"a": [1, 2]}))

        assert wrong(found) == {"^n_.*$.greater_than(0)": (1,)}
        assert found["^n_.*$.greater_than(0)"].column == "n_b"
        assert not any(finding.success for finding in none.values())


def test_an_index_that_the_model_wants(ask):
    model = """
    import pandera.pandas as pa
    Orders = pa.DataFrameSchema({"a": pa.Column(int)}, index=pa.Index(int, pa.Check.lt(2)))
    """

    found = ask(model, pa.table({"a": [1, 2, 3]}))

    assert wrong(found) == {"index.less_than(2)": ()}


def test_an_index_of_another_shape_leaves_its_checks_unpassed(ask):
    model = """
    import pandera.pandas as pa
    index = pa.MultiIndex([pa.Index(int, name="i"), pa.Index(int, name="j")])
    Orders = pa.DataFrameSchema({"a": pa.Column(int)}, index=index)
    """

    found = ask(model, pa.table({"a": [1]}))

    assert not found["mismatch_index"].success
    assert [name for name, finding in found.items() if finding.success] == ["a.required", "a.dtype", "a.nullable"]


def test_one_type_for_every_column(ask):
    model = """
    import pandera.{0} as pa
    Orders = pa.DataFrameSchema(dtype=int)
    """
    for backend in ("pandas", "polars"):
        found = ask(model.format(backend), pa.table({"a": [1, 2], "b": ["x", "y"]}))
        good = ask(model.format(backend), pa.table({"a": [1, 2]}))

        assert list(wrong(found)) == ["dtype"]
        assert found["dtype"].column == "b"
        assert wrong(good) == {}


def test_a_parser_that_raises_leaves_nothing_passed(ask):
    model = """
    import pandera.pandas as pa
    from pandera.errors import SchemaError

    class Orders(pa.DataFrameModel):
        amount: int

        @pa.dataframe_parser
        def refuse(cls, frame):
            raise SchemaError(cls.to_schema(), frame, "no", failure_cases="no")
    """

    found = ask(model)

    assert [name for name, finding in found.items() if finding.success] == []
    assert any(Note.NOT_CHECKED not in notes(finding) for finding in found.values())


SIBLING = """
import pandera.pandas as pa
from shared_limits import LEAST

Orders = pa.DataFrameSchema({"amount": pa.Column(int, pa.Check.ge(LEAST))})
"""


def test_a_sibling_is_imported_and_forgotten(ask):
    import sys

    first = ask(SIBLING, shared_limits="LEAST = 0")
    again = ask(SIBLING, shared_limits="LEAST = -100")

    assert wrong(first)
    assert wrong(again) == {}
    assert "shared_limits" not in sys.modules
    assert not any(name.startswith("_lakegate_") for name in sys.modules)


@pytest.mark.parametrize(
    ("source", "reference", "said"),
    [
        ("import no_such_library", "expectations/orders.py:Orders", "expectations/orders.py:1: ModuleNotFoundError"),
        ("Orders = (", "expectations/orders.py:Orders", "expectations/orders.py:1: SyntaxError"),
        ("import sys\nsys.exit(0)", "expectations/orders.py:Orders", "expectations/orders.py:2: SystemExit"),
        ("Order = int", "expectations/orders.py:Orders", "has no 'Orders'"),
        ("Orders = 5", "expectations/orders.py:Orders", "got a int"),
        ("Orders = int", "expectations/orders.py:Orders", "got the class int"),
        (
            "import pandera.pandas as pa\nOrders = pa.DataFrameSchema()",
            "expectations/orders.py:Orders",
            "checks nothing",
        ),
        ("", "expectations/gone.py:Orders", "is not there"),
        ("", "expectations/../orders.py:Orders", "expected expectations/"),
        ("", "/etc/orders.py:Orders", "expected expectations/"),
        ("", "orders.py:Orders", "expected expectations/"),
        ("", "expectations/orders.py", "expected expectations/"),
        ("", "expectations/orders.txt:Orders", "expected expectations/"),
    ],
)
def test_a_model_that_cannot_be_had(ask, source, reference, said):
    answer = ask(source, reference=reference)

    assert isinstance(answer, NotMeasured)
    assert answer.fault is Fault.ENGINE
    assert said in answer.reason
    assert "\n" not in answer.reason


def test_a_link_out_of_the_folder_is_not_followed(ask, tmp_path):
    (tmp_path / "outside.py").write_text(
        "import pandera.pandas as pa\nOrders = pa.DataFrameSchema({'a': pa.Column(int)})"
    )
    (tmp_path / "expectations").mkdir()
    (tmp_path / "expectations" / "link.py").symlink_to(tmp_path / "outside.py")

    answer = ask("", reference="expectations/link.py:Orders")

    assert "leads out of expectations/" in answer.reason


def test_what_a_model_raises_is_told_without_values(ask):
    model = """
    import pandera.pandas as pa

    class Orders(pa.DataFrameModel):
        amount: int

        @pa.dataframe_parser
        def broken(cls, frame):
            raise ValueError(f"secret {frame['amount'][0]}")
    """

    answer = ask(model)

    assert answer.fault is Fault.ENGINE
    assert "ValueError at expectations/orders.py:9" in answer.reason
    assert "secret" not in answer.reason


def test_what_a_model_prints_is_no_answer(ask, capsys):
    ask("print('hello')\n" + BACKENDS["pandas"])

    assert capsys.readouterr().out == ""


def test_a_schema_of_another_backend_is_refused(ask):
    answer = ask("import pandera.pyarrow as pa\nOrders = pa.DataFrameSchema({'a': pa.Column(int)})")

    assert "expected a DataFrameModel or DataFrameSchema of pandas or polars" in answer.reason


def test_metadata_of_pandas_makes_no_index(ask):
    import pandas as pd

    frame = pd.DataFrame({"amount": [1, 2]}, index=pd.Index([7, 8], name="id"))
    model = "import pandera.pandas as pa\nOrders = pa.DataFrameSchema({'id': pa.Column(int), 'amount': pa.Column(int)})"

    assert wrong(ask(model, pa.Table.from_pandas(frame))) == {}
