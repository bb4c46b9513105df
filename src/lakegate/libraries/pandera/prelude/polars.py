"""How a written model for Polars reads a frame and answers."""

from collections import Counter
from unicodedata import normalize

import pandera.polars as pa
import polars as pl
import pyarrow as arrow
import pyarrow.compute as pc
from pandera.config import ValidationDepth, get_config_context
from pandera.engines.polars_engine import DataType


class Anything(DataType):
    """A column of any type: which types a rule takes, its checks say."""

    type = pl.Unknown

    def __init__(self) -> None:
        """Nothing is asked of the type."""

    def check(self, *_: object, **__: object) -> bool:
        """Whether the rows are looked at: of a LazyFrame pandera looks at the types alone, and any rows would pass."""
        return get_config_context().validation_depth is not ValidationDepth.SCHEMA_ONLY

    def __str__(self) -> str:
        """Say what is expected where that is not so."""
        return "anything in a DataFrame that is not lazy: collect() it first"


def column_of(data: pa.PolarsData) -> arrow.Array:
    """Return the column that a check is asked about, as Arrow has it."""
    return columns_of(data, data.key)[0]


def columns_of(data: pa.PolarsData, *names: str) -> list[arrow.Array]:
    """Return columns of a frame as Arrow has them. Raises for one that is not there."""
    frame = data.lazyframe.select(names).collect()
    return [plain(frame[name].to_arrow()) for name in names]


def plain(found: arrow.Array) -> arrow.Array:
    """Return a column with its values themselves, text as text."""
    found = found.dictionary_decode() if arrow.types.is_dictionary(found.type) else found
    return found.cast(arrow.large_string()) if arrow.types.is_string_view(found.type) else found


def height(data: pa.PolarsData) -> int:
    """Return the number of rows."""
    return int(data.lazyframe.select(pl.len()).collect().item())


def twins(data: pa.PolarsData) -> bool:
    """Whether two columns have one name, but for case, or one has a name that is reserved."""
    alike = Counter(normalize("NFC", name).casefold() for name in data.lazyframe.collect_schema().names())
    return any(often > 1 or name.startswith("_lakegate_") for name, often in alike.items())


def answer(data: pa.PolarsData, wrong: arrow.Array) -> pl.LazyFrame:
    """Return, for pandera, whether each row keeps the rule."""
    return pl.LazyFrame({"keeps": pl.Series(pc.invert(wrong).to_pylist(), dtype=pl.Boolean)})


def whole(held: bool) -> pl.LazyFrame:
    """Return, for pandera, one answer for all rows: beside other failures it cannot tell a mere bool."""
    return pl.LazyFrame({"keeps": [held]})
