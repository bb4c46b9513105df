"""SQL that a contract brings is vetted before anything runs it (INPUTS, threats: SQL in a contract).

This is the first layer: one SELECT over the batch and the datasets that the contract names, and functions whose answer
depends on nothing but their arguments. The engine's locked connection is the second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakegate.contract import proofs
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
    sql = fill(query, table, column, where)
    facts = (sql, table, *sorted(tables), *proofs.judges("sqlglot", __name__))
    known = proofs.recall("vetted", facts)
    if known is None:
        vetted = _vet(sql, table, tables, where)
        proofs.remember("vetted", facts, [vetted.sql, *vetted.tables])
        return vetted
    return Vetted(known[0], tuple(known[1:]))


def _vet(sql: str, table: str, tables: frozenset[str], where: str) -> Vetted:
    import sqlglot
    from sqlglot import errors, exp

    try:
        parsed = sqlglot.parse(sql, dialect="duckdb", error_level=errors.ErrorLevel.RAISE)
    except errors.SqlglotError as error:
        raise _broken(where, f"the query cannot be read as SQL: {_first_line(error)}") from None
    except RecursionError:
        raise _broken(where, "the query is nested too deep to be read") from None
    except (
        AttributeError,
        IndexError,
        KeyError,
        TypeError,
        ValueError,
    ):  # sqlglot 30, on text like `E'`: found by fuzzing
        raise _broken(where, "the query cannot be read as SQL") from None
    statements = [one for one in parsed if one is not None and not isinstance(one, exp.Semicolon)]
    if not statements:
        raise _broken(where, "the query is empty")
    if len(statements) > 1:
        raise Refused(f"{where}: got {len(statements)} statements, expected one SELECT")
    used = _vet_statement(statements[0], {table, *tables}, where)
    ends = [token.start for token in sqlglot.tokenize(sql, "duckdb") if token.token_type is sqlglot.TokenType.SEMICOLON]
    return Vetted(sql[: ends[0] if ends else None].strip(), tuple(name for name in used if name != table))


def fill(query: str, table: str, column: str | None, where: str) -> str:
    """Replace `{object}`, `${table}`, `{property}`, `${column}` … by quoted names. Raises ContractError without one."""

    def name(match: re.Match[str]) -> str:
        word = match[1].lower()
        found = table if re.fullmatch(TABLE_WORDS, word) else column
        if found is None:
            raise _broken(where, f"{match[0]} stands in a rule of a whole object, where there is no property")
        return '"' + found.replace('"', '""') + '"'

    return re.sub(rf"\$?\{{\s*({TABLE_WORDS}|{COLUMN_WORDS})\s*\}}", name, query, flags=re.IGNORECASE)


def _vet_statement(tree: exp.Expr, tables: set[str], where: str) -> list[str]:
    """Return which of `tables` a statement reads. Names are the same in any case, as the engine has it."""
    from sqlglot import exp

    if not isinstance(tree, exp.Query):
        raise Refused(f"{where}: got a {tree.key.upper()} statement, expected one SELECT")
    known = {name.casefold(): name for name in tables}
    used: list[str] = []
    for node in tree.walk():
        if (impure := _impure(node)) is not None:
            message = f"the answer of {impure}() depends on more than the data"
            raise _broken(where, message, "the same batch must get the same verdict: freshness is an slaProperty")
        if reason := _reaches_out(node):
            raise Refused(f"{where}: {reason}", hint="a rule's SQL may read only the batch and datasets it names")
        if isinstance(node, exp.Table) and not _is_common_table(node):
            name = known.get(node.name.casefold())
            if name is None or node.db or node.catalog:
                read, expected = node.sql(dialect="duckdb"), ", ".join(sorted(tables))
                raise Refused(f"{where}: the query reads {read}, expected only {expected}")
            used.append(name)
    return list(dict.fromkeys(used))


def _is_common_table(table: exp.Table) -> bool:
    """Whether a name is a common table expression where it stands: one that an enclosing query wrote before it."""
    from sqlglot import exp

    name = table.name.casefold()
    inside: exp.Expr = table
    while (above := inside.parent) is not None and not table.db:
        ctes = above.expressions if isinstance(above, exp.With) else getattr(above, "ctes", [])
        for cte in ctes:
            if cte is inside and not above.args.get("recursive"):
                break
            if cte.alias.casefold() == name:
                return True
        inside = above.parent if isinstance(above, exp.With) and above.parent else above
    return False


def _impure(node: exp.Expr) -> str | None:
    """Return the name of a function whose answer is not a function of its arguments, None for any other node."""
    from sqlglot import exp

    if isinstance(node, exp.Anonymous):
        return node.name.lower() if node.name.lower() in NOT_PURE else None
    if isinstance(node, exp.Func):
        return min((name.lower() for name in node.sql_names() if name.lower() in NOT_PURE), default=None)
    return None


def _reaches_out(node: exp.Expr) -> str | None:
    """Return why a node may not stand in a contract's SQL, None where it may."""
    from sqlglot import exp

    if isinstance(node, exp.Anonymous):
        name = node.name.lower()
        return None if name in HARMLESS else f"function {name}() is not on the list of harmless functions"
    if isinstance(node, (exp.ReadCSV, exp.ReadParquet)):
        return "reading a file is not allowed"
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        return f"table function {node.this.sql(dialect='duckdb')} is not allowed"
    if isinstance(node, (exp.Command, exp.DDL, exp.DML, exp.Into, exp.Lock, exp.Parameter, exp.Placeholder)):
        return f"{node.key.upper()} is not allowed"
    return None


# Functions whose answer is not a function of their arguments: the clock, chance, the session.
NOT_PURE = frozenset(
    """
    current_timestamp current_date current_time current_datetime current_user current_schema current_schemas
    current_role current_version current_database current_catalog current_timezone current_setting localtime
    localtimestamp systimestamp sysdate today now getdate utc_date utc_time utc_timestamp get_current_timestamp
    transaction_timestamp session_user version rand random randn randstr uuid gen_random_uuid generate_uuid
    uuid_string setseed
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


def _broken(where: str, message: str, hint: str = "") -> ContractError:
    return ContractError((Problem("", 0, 0, Severity.ERROR, "bad-sql", f"{where}: {message}", where, hint=hint),))
