"""SQL that a contract brings is vetted before anything runs it (INPUTS, threats: SQL in a contract).

This is the first layer: one SELECT over the batch and the datasets that the contract names, and functions whose answer
depends on nothing but their arguments. The engine's locked connection is the second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakegate.errors import ContractError, Problem, Refused, Severity

if TYPE_CHECKING:
    from sqlglot import exp

TABLE_WORDS = "object|table|model|schema"
COLUMN_WORDS = "property|column|field"


@dataclass(frozen=True, slots=True)
class Vetted:
    """A query that may run. `tables` names what it reads beside the batch."""

    sql: str
    tables: tuple[str, ...]


def vet(query: str, *, table: str, column: str | None, tables: frozenset[str], where: str) -> Vetted:
    """Fill the placeholders and let through one SELECT that reads `table` and `tables` only.

    Raises ContractError for what is no query, Refused for a query that reaches outside.
    """
    import sqlglot
    from sqlglot import errors

    sql = fill(query, table, column, where)
    try:
        statements = sqlglot.parse(sql, dialect="duckdb", error_level=errors.ErrorLevel.RAISE)
    except errors.SqlglotError as error:
        raise _broken(where, f"the query cannot be read as SQL: {_first_line(error)}") from None
    if len(statements) != 1 or statements[0] is None:
        raise Refused(f"{where}: got {len(statements)} statements, expected one SELECT")
    return _vet_statement(statements[0], sql.strip().rstrip(";"), table, tables, where)


def fill(query: str, table: str, column: str | None, where: str) -> str:
    """Replace `{object}`, `${table}`, `{property}`, `${column}` … by quoted names. Raises ContractError without one."""

    def name(match: re.Match[str]) -> str:
        word = match[1].lower()
        found = table if re.fullmatch(TABLE_WORDS, word) else column
        if found is None:
            raise _broken(where, f"{match[0]} stands in a rule of a whole object, where there is no property")
        return '"' + found.replace('"', '""') + '"'

    return re.sub(rf"\$?\{{\s*({TABLE_WORDS}|{COLUMN_WORDS})\s*\}}", name, query, flags=re.IGNORECASE)


def _vet_statement(tree: exp.Expr, sql: str, table: str, tables: frozenset[str], where: str) -> Vetted:
    from sqlglot import exp

    if not isinstance(tree, exp.Query):
        raise Refused(f"{where}: got a {tree.key.upper()} statement, expected one SELECT")
    used: list[str] = []
    local = {cte.alias for cte in tree.find_all(exp.CTE)}
    for node in tree.walk():
        if reason := _reaches_out(node):
            raise Refused(f"{where}: {reason}", hint="a rule's SQL may read only the batch and datasets it names")
        if isinstance(node, exp.Table):
            name = node.name
            if name in local and not node.db:
                continue
            if node.db or node.catalog or name not in tables | {table}:
                known = ", ".join(sorted(tables | {table}))
                raise Refused(f"{where}: the query reads {node.sql(dialect='duckdb')}, expected only {known}")
            used.append(name)
    return Vetted(sql, tuple(dict.fromkeys(name for name in used if name != table)))


def _reaches_out(node: exp.Expr) -> str | None:
    """Return why a node may not stand in a contract's SQL, None where it may."""
    from sqlglot import exp

    if isinstance(node, exp.Anonymous):
        name = node.name.lower()
        return None if name in HARMLESS else f"function {name}() is not on the list of harmless functions"
    if isinstance(node, exp.Func):
        names = {name.lower() for name in node.sql_names()}
        return None if not names & NOT_PURE else f"function {min(names)}() depends on more than the data"
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        return f"table function {node.this.sql(dialect='duckdb')} is not allowed"
    if isinstance(node, (exp.Command, exp.DDL, exp.DML, exp.Into, exp.Lock, exp.Parameter, exp.Placeholder)):
        return f"{node.key.upper()} is not allowed"
    return None


# Functions that sqlglot knows by a class of their own and whose answer is not a function of the data.
NOT_PURE = frozenset(
    """
    current_timestamp current_date current_time current_datetime current_user current_schema localtime
    localtimestamp rand random randn uuid gen_random_uuid now getdate session_user version read_csv read_parquet
    read_json current_database current_catalog today sysdate utc_date utc_time utc_timestamp current_setting
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
# DuckDB's functions that sqlglot has no class for, all functions of their arguments alone.
HARMLESS = frozenset(
    """
    count_if list_position list_contains list_has list_has_any list_has_all list_distinct list_unique list_sum
    list_avg list_min list_max list_sort list_filter list_transform len array_length struct_extract struct_pack
    element_at map_keys map_values map_entries cardinality regexp_matches regexp_full_match regexp_extract
    regexp_replace regexp_split_to_array strip_accents printf format starts_with ends_with contains prefix suffix
    jaccard levenshtein editdist3 hamming jaro_similarity jaro_winkler_similarity damerau_levenshtein epoch
    epoch_ms epoch_us epoch_ns to_timestamp make_date make_time make_timestamp date_diff datediff date_part
    datepart date_sub datesub date_trunc strftime strptime try_strptime isfinite isinf isnan even factorial gcd
    lcm bit_count xor hash md5 sha256 typeof json_extract json_extract_string json_valid json_type
    json_array_length json_keys json_contains try_cast quantile quantile_cont quantile_disc mode mad kurtosis
    skewness entropy product histogram bool_and bool_or favg fsum kahan_sum arg_min arg_max first last any_value
    list string_agg nullif ifnull
    """.split()  # noqa: SIM905 - a list of words reads best as words
)


def _first_line(error: Exception) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip().splitlines()[0]


def _broken(where: str, message: str) -> ContractError:
    return ContractError((Problem("", 0, 0, Severity.ERROR, "bad-sql", f"{where}: {message}", where),))
