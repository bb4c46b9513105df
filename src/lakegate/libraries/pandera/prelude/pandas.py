"""How a written model for pandas reads a frame and answers."""

from collections import Counter
from unicodedata import normalize

import pandas as pd
import pyarrow as arrow
import pyarrow.compute as pc


def column_of(column: pd.Series) -> arrow.Array:
    """Return a column as Arrow has it. What is missing to pandas is null; mixed types raise."""
    found = arrow.Array.from_pandas(column)
    found = found.combine_chunks() if isinstance(found, arrow.ChunkedArray) else found
    found = found.dictionary_decode() if arrow.types.is_dictionary(found.type) else found
    return found.cast(arrow.large_string()) if arrow.types.is_string_view(found.type) else found


def columns_of(frame: pd.DataFrame, *names: str) -> list[arrow.Array]:
    """Return columns of a frame. Raises KeyError for one that is not there."""
    return [column_of(frame[name]) for name in names]


def height(data: pd.Series | pd.DataFrame) -> int:
    """Return the number of rows."""
    return len(data)


def twins(frame: pd.DataFrame) -> bool:
    """Whether two columns have one name, but for case, or one has a name that is reserved."""
    alike = Counter(normalize("NFC", str(name)).casefold() for name in frame.columns)
    return any(often > 1 or name.startswith("_lakegate_") for name, often in alike.items())


def answer(data: pd.Series | pd.DataFrame, wrong: arrow.Array) -> pd.Series:
    """Return, for pandera, whether each row keeps the rule."""
    return pd.Series(pc.invert(wrong).to_numpy(zero_copy_only=False), index=data.index, dtype=bool)
