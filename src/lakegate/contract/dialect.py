"""What separates and surrounds the fields of a text, as a contract declares it: marks have to be told apart."""

from __future__ import annotations

from lakegate.contract.model import Contract, TextDialect

_WORDS = {"comma": ",", "tab": "\t", "\\t": "\t", "semicolon": ";", "pipe": "|"}


def mark(declared: str) -> str:
    """Return the delimiter that a word or a character stands for."""
    return _WORDS.get(declared, declared)


def fault(text: TextDialect, delimiter: str) -> str | None:
    """Return what is wrong with the marks of a dialect whose delimiter is `delimiter`, None where nothing is.

    Marks that hold one another cannot be told apart, and others the engine does not take for marks.
    """
    for word, found in (("delimiter", delimiter), ("quote", text.quote), ("escape", text.escape)):
        if len(found) != 1:
            return f"got the {word} {found!r}, expected one character"
        if found in "\r\n\0" or not (found.isascii() or word == "delimiter"):
            return f"got the {word} {found!r}, expected one ASCII character that ends no line"
    for token in (text.quote, text.escape, *text.nulls):
        if delimiter in token or (text.quote in token and token in text.nulls):
            told = f"got {token!r} beside the delimiter {delimiter!r} and the quote {text.quote!r}"
            return f"{told}, expected marks and null tokens that do not hold one another"
    return None


def fault_of(contract: Contract) -> str | None:
    """Return what is wrong with the dialect of the text that arrives by a contract, None where none is read."""
    there = contract.server(contract.gate.from_server or "")
    if there is not None and (there.format or "csv").lower() not in ("csv", "tsv"):
        return None
    declared = there.delimiter if there and there.delimiter else contract.gate.text.delimiter
    if declared in ("new_line", "array"):  # of JSON, which the files' names will say
        return None
    if there and (there.format or "").lower() == "tsv" and declared == TextDialect().delimiter:
        declared = "tab"
    return fault(contract.gate.text, mark(declared))
