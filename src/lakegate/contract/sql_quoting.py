"""Which values of the data the answer of a contract's query may hold: a report must not tell those of every column."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp


def quoted(tree: exp.Expr) -> tuple[str, ...]:
    """Return the columns that a SELECT names, in any of its parts, where its one cell may hold a value of theirs.

    Empty where the cell is made of counts, constants and truths alone: it tells of rows and quotes none. What is not
    known to be such quotes; `*` stands for every column.
    """
    from sqlglot import exp

    cells = tree.expressions if isinstance(tree, exp.Select) else [tree]
    if not any(_quotes(cell) for cell in cells):
        return ()
    names = {column.name for column in tree.find_all(exp.Column) if not isinstance(column.this, exp.Star)}
    sources = {name.casefold() for table in tree.find_all(exp.Table) for name in (table.name, table.alias) if name}
    whole_rows = any(name.casefold() in sources for name in names)  # `max(t)` is a row as one value
    stars = any(not isinstance(star.parent, exp.Count) for star in tree.find_all(exp.Star))
    everything = stars or whole_rows or tree.find(exp.Columns) is not None or not names
    return ("*",) if everything else tuple(sorted(names))


def _quotes(node: object) -> bool:
    """Whether the value of an expression may be, or be made of, a value of a column; of nothing it is not."""
    from sqlglot import exp

    parts: list[object]  # what the value is made of
    match node:
        case None | exp.Literal() | exp.Boolean() | exp.Null() | exp.Predicate() | exp.And() | exp.Or() | exp.Not():
            parts = []
        case exp.Count() | exp.CountIf() | exp.ApproxDistinct():
            parts = []
        case exp.Case():
            parts = [*(one.args["true"] for one in node.args["ifs"]), node.args.get("default")]
        case exp.If():
            parts = [node.args["true"], node.args.get("false")]
        case (
            exp.Filter()
            | exp.Alias()
            | exp.Paren()
            | exp.Neg()
            | exp.Cast()
            | exp.Sum()
            | exp.Avg()
            | exp.Min()
            | exp.Max()
        ):
            parts = [node.this]
        case exp.Add() | exp.Sub() | exp.Mul() | exp.Div() | exp.IntDiv() | exp.Mod() | exp.Nullif():
            parts = [node.this, node.expression]
        case exp.Coalesce() | exp.Round() | exp.Abs():
            parts = list(node.iter_expressions())
        case exp.Subquery(this=exp.Select() as inner):
            parts = list(inner.expressions)
        case _:
            return True
    return any(_quotes(one) for one in parts)
