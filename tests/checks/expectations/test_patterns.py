"""A pattern rewritten for RE2 finds exactly the texts in which Python finds the pattern."""

import re
from random import Random

import duckdb
import pytest

from lakegate.checks.expectations import patterns
from lakegate.checks.expectations.asked import Untranslatable

ATOMS = (
    "a", "b", "k", "é", "ß", "😀", ".", r"\.", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", "[ab]",
    "[^a]", "[a-k]", r"[^\s]", r"[\d_]", r"[\w-]", "[]x]", "[^]]", r"\n", r"\t", r"\x41", r"\u00e9",
    "1", "_", "-", "%", "/", "#", "&&", "~",
)  # fmt: skip
COUNTS = ("", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,1}", "{2,}", "{0}")
TEXTS = (
    "", "a", "ab", "ba", "aab", "k", "\u212a", "é", "É", "ß", "😀", ".", "1", "٣", "²", "Ⅷ", "_",
    "-", " ", "\t", "\n", "\x0b", "\x1c", "\u00a0", "\u2028", "\u3000", "\x85", "a\n", "a\n\n",
    "\na", "a\nb", "a.b", "x]", "A", "%", "/", "日本", "\u0301", "aé1 ", "b1-", "\ufeff", "#&&~",
    "\U0010ffff", "\ud7ff", "\ue000", "\x7f",
)  # fmt: skip


def _pattern(random: Random, depth: int = 2) -> str:
    parts = []
    for _ in range(random.randint(1, 3)):
        atom = (
            f"({random.choice(('', '?:'))}{_pattern(random, depth - 1)})"
            if depth and random.random() < 0.25
            else random.choice(ATOMS)
        )
        parts.append(atom + random.choice(COUNTS))
    found = "".join(parts)
    if random.random() < 0.2 and depth:
        found = f"{found}|{_pattern(random, depth - 1)}"
    begin, end = random.choice(("", "", "^", r"\A", "(?s)")), random.choice(("", "", "$", r"\Z"))
    return f"{begin}{found}{end}" if depth == 2 else found + end * (random.random() < 0.3)


@pytest.mark.parametrize("seed", range(4))
def test_random_patterns_find_what_python_finds(seed):
    random, tried, wrong = Random(seed), 0, []
    with duckdb.connect() as connection:
        while tried < 150:
            pattern = _pattern(random)
            try:
                written = patterns.of_regex(pattern)
            except Untranslatable:
                continue
            tried += 1
            query = "SELECT list_transform(?::VARCHAR[], lambda s: regexp_matches(s, ?))"
            ((found,),) = connection.execute(query, [list(TEXTS), written]).fetchall()
            expected = [re.search(pattern, text) is not None for text in TEXTS]
            wrong += [(pattern, text) for text, f, e in zip(TEXTS, found, expected, strict=True) if f is not e]

    assert not wrong


@pytest.mark.parametrize(
    "pattern",
    [
        "(", r"\b", r"\B", "a(?=b)", "(?<!a)b", r"(a)\1", "(?>a)b", "a++", "(?i)a", "(?i:a)",
        "(?m)^a", "(?x) a", "(?a)a", "(?u)a", "a$b", "(a$)+", "a$\\n", "[[:alpha:]]", "a{,2}",
        "(a)?(?(1)b|c)", "a{1001}", r"\w{100}", "\0", r"\x00", "[a--b]",
    ],
)  # fmt: skip
def test_what_means_something_else_in_re2_is_left_to_the_library(pattern):
    with pytest.raises(Untranslatable):
        patterns.of_regex(pattern)


def test_every_character_is_in_the_categories_where_python_has_it():
    every = "".join(chr(code) for code in range(1, 0x110000) if not 0xD800 <= code <= 0xDFFF)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT unnest(string_split(?, '')) AS c", [every])
        for category in (r"\d", r"\w", r"\s", r"\D", r"\W", r"\S"):
            query = "SELECT string_agg(c, '' ORDER BY c) FROM t WHERE regexp_matches(c, ?)"
            ((found,),) = connection.execute(query, [patterns.of_regex(category)]).fetchall()

            assert sorted(found) == sorted(re.findall(category, every)), category
