"""A model written as Python: it stands alone, without lakegate, and reads like one that a person wrote."""

from __future__ import annotations

import ast
import functools
import importlib.resources
import keyword
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from lakegate.libraries.pandera.rules import Column, Model, Rule
from lakegate.libraries.pandera.words import text

WIDTH = 120  # characters of a line
# What a field or method may not be called: names of a model itself, and those that the class's own body uses.
RESERVED = frozenset(
    """
    Config build_schema_ empty example from_arrow_schema from_format from_json from_schema from_yaml get_metadata
    get_validators pydantic_validate register schema strategy to_format to_ibis_schema to_json to_json_schema
    to_pyarrow to_pyarrow_schema to_schema to_script to_structtype to_yaml validate
    Any Anything Optional arrow bool pa pd pl
    """.split()  # noqa: SIM905 - names are read best as words
)


@dataclass(slots=True)
class Names:
    """Gives each thing of a class a name of its own."""

    taken: set[str] = field(default_factory=lambda: set(RESERVED))

    def of(self, wanted: str) -> str:
        """Return an identifier like `wanted` that nothing else has."""
        plain = re.sub(r"\W", "_", wanted, flags=re.ASCII).strip("_")
        plain = plain if plain and not plain[0].isdigit() else f"column_{plain}"
        plain = f"{plain}_" if keyword.iskeyword(plain) else plain
        name, number = plain, 2
        while name in self.taken:
            name, number = f"{plain}_{number}", number + 1
        self.taken.add(name)
        return name


def written(model: Model, backend: str, heading: str) -> str:
    """Return the source of a `DataFrameModel` of a backend, `pandas` or `polars`. `heading` says what it is."""
    body = "\n".join(_class(model, backend))
    functions, named = _functions(body, backend)
    code = "\n\n\n".join([*functions, body])
    imports = "\n".join(_imports(named, backend))
    left_out = [f"# - {line(one.key)}: {line(one.why)}\n" for one in (*model.unsaid, *model.prose)]
    notes = "\n# What the contract says beside, and this model cannot:\n" + "".join(left_out) if left_out else ""
    return f'"""{quoted(heading)}"""\n{notes}\n{imports}\n\n\n{code}\n'


def class_name(model: Model) -> str:
    """Return what the model's class is called: `tealium_events` becomes `TealiumEvents`."""
    words = re.findall(r"[A-Za-z0-9]+", model.obj.name)
    name = "".join(word[0].upper() + word[1:] for word in words)
    return name if name and not name[0].isdigit() and name not in RESERVED else f"Model{name}"


def line(text: str) -> str:
    """Return text for a comment: one line, and nothing that cannot be seen."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in " ".join(text.split()))


def quoted(text: str) -> str:
    """Return text for a docstring: one line that ends where it should."""
    return line(text).replace("\\", "\\\\").replace('"', '\\"')


# --- the class --------------------------------------------------------------------------------------------------


def _class(model: Model, backend: str) -> Iterator[str]:
    names = Names()
    yield f"class {class_name(model)}(pa.DataFrameModel):"
    yield f'    """{quoted(model.obj.description or model.obj.business_name or model.obj.name)}"""'
    yield ""
    for column in model.columns.values():
        yield from _field(column, names.of(column.declared.name), backend)
    yield "" if model.columns else "    pass\n"
    yield "    class Config:"
    yield f"        name = {text(model.obj.name)}"
    yield f"        strict = {model.closed}"
    for rule in model.rules:
        yield ""
        yield from _method(rule, names.of(rule.key.partition(".")[2] or rule.key), backend)


def _field(column: Column, name: str, backend: str) -> Iterator[str]:
    declared, kind = column.declared, "Any" if backend == "pandas" else "Anything"
    said: dict[str, object] = {} if name == declared.physical_name else {"alias": declared.physical_name}
    said |= column.field
    if declared.description or declared.business_name:
        said["description"] = line(declared.description or declared.business_name or "")
    annotation = f"Optional[{kind}]" if column.may_be_absent else kind
    yield from call(f"    {name}: {annotation} = pa.Field", [f"{key}={_value(one)}" for key, one in said.items()])


def _value(value: object) -> str:
    match value:
        case str():
            return text(value)
        case list():
            return "[" + ", ".join(_value(one) for one in value) + "]"
        case dict():
            return "{" + ", ".join(f"{_value(key)}: {_value(one)}" for key, one in value.items()) + "}"
        case _:
            return repr(value)


def call(head: str, arguments: Sequence[str]) -> Iterator[str]:
    """Yield a call on one line, or on one a line for each argument where it would be too long."""
    whole = f"{head}({', '.join(arguments)})"
    if len(whole) <= WIDTH:
        yield whole
        return
    indent = " " * (len(head) - len(head.lstrip()) + 4)
    yield f"{head}("
    yield from (f"{indent}{argument}," for argument in arguments)
    yield f"{indent[4:]})"


def _method(rule: Rule, name: str, backend: str) -> Iterator[str]:
    one = len(rule.columns) == 1
    arguments = [text(rule.columns[0])] if one else []
    arguments += [f"name={text(rule.key)}", "ignore_na=False"] + (["raise_warning=True"] if rule.warns else [])
    yield from call(f"    @pa.{'check' if one else 'dataframe_check'}", arguments)
    frame, rows = ("pa.PolarsData", "pl.LazyFrame") if backend == "polars" else ("pd.DataFrame", "pd.Series")
    given = "pd.Series" if one and backend == "pandas" else frame
    yield f"    def {name}(cls, data: {given}) -> {rows if rule.rows or backend == 'polars' else 'bool'}:"
    yield f'        """{quoted(rule.told)}."""'
    if one:
        yield "        values = column_of(data)"
    elif rule.columns:
        taken = ", ".join(f"v{n}" for n in range(len(rule.columns)))
        yield f"        {taken} = columns_of(data, {', '.join(map(text, rule.columns))})"
    *first, last = rule.lines
    yield from (f"        {each}" for each in first)
    whole = backend == "polars" and not rule.rows
    yield f"        return whole({last.removeprefix('return ')})" if whole else f"        {last}"


# --- what the class stands on -----------------------------------------------------------------------------------


@functools.cache
def _prelude(backend: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Return the functions a model may stand on, in their order: name -> (source, the names it reads)."""
    folder = importlib.resources.files("lakegate.libraries.pandera.prelude")
    found = {}
    for module in (backend, "arrow"):
        whole = folder.joinpath(f"{module}.py").read_text("utf-8")
        for node in ast.parse(whole).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                source = ast.get_source_segment(whole, node) or ""
                found[node.name] = (source, _named(source))
    return found


def _functions(body: str, backend: str) -> tuple[list[str], set[str]]:
    """Return the source of the functions that a class needs, and of those that they need; and all names they read."""
    prelude = _prelude(backend)
    named = set(_named(body))
    waiting, needed = list(named), set[str]()
    while waiting:
        name = waiting.pop()
        if name in prelude and name not in needed:
            needed.add(name)
            named |= prelude[name][1]
            waiting += prelude[name][1]
    return [source for name, (source, _) in prelude.items() if name in needed], named


def _named(code: str) -> frozenset[str]:
    """Return every name that code reads."""
    return frozenset(node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name))


IMPORTS = (  # in the order in which they are written
    ("dt", "import datetime as dt"),
    ("math", "import math"),
    ("re", "import re"),
    ("Counter", "from collections import Counter"),
    ("Callable Hashable Sequence", "from collections.abc import {}"),
    ("Decimal", "from decimal import Decimal"),
    ("Fraction", "from fractions import Fraction"),
    ("Any Optional", "from typing import {}"),
    ("normalize", "from unicodedata import normalize"),
    ("", ""),
    ("pd", "import pandas as pd"),
    ("pa", "import pandera.{backend} as pa"),
    ("pl", "import polars as pl"),
    ("arrow", "import pyarrow as arrow"),
    ("pc", "import pyarrow.compute as pc"),
    ("ValidationDepth get_config_context", "from pandera.config import {}"),
    ("DataType", "from pandera.engines.polars_engine import DataType"),
)


def _imports(named: Collection[str], backend: str) -> Iterator[str]:
    for names, statement in IMPORTS:
        used = [name for name in names.split() if name in named]
        if used or not names:
            yield statement.format(", ".join(used), backend=backend)
