"""What changed between two versions of a contract, in sentences: what breaks whoever reads comes first.

A pure function of the two descriptions. Nothing is guessed: a field is called renamed only where nothing else can have
happened, a rule tightened or loosened only where its numbers say so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from lakegate.reports.contracts.descriptions import Description, Field, Rule
from lakegate.reports.summary import brief, counted

_LONGEST = 160  # characters of one text in a sentence
_NAMED = 8  # fields in one sentence
# Rules that say again what a field says of itself: told there.
_OF_FIELDS = frozenset({"columnPresent", "logicalType", "physicalType", "required", "unique", "enum", "relationship"})
_DOES = ("info", "warn", "quarantine", "fail")  # from what is only told to what blocks
_DONE = {"info": "is only told", "warn": "warns", "quarantine": "sets rows apart", "fail": "blocks"}
_END = re.compile(r"(at least|more than|at most|less than) (-?[0-9][0-9,]*(?:\.[0-9]+)?)\b")


def changes(old: Description, new: Description) -> tuple[str, ...]:
    """Return what changed, most important first; nothing where only texts that nobody reads differ."""
    before, after = ({field.path: field for field in one.fields} for one in (old, new))
    renamed = _renamed([f for f in old.fields if f.path not in after], [f for f in new.fields if f.path not in before])
    kept = [(before[path], field) for path, field in after.items() if path in before]
    pairs = [*kept, *((before[gone], after[come]) for gone, come in renamed.items())]
    return tuple(
        dict.fromkeys(
            (
                *_fields("removed", [path for path in before if path not in after and path not in renamed]),
                *(f"{_cut(come)} is the new name of {_cut(gone)}" for gone, come in renamed.items()),
                *(
                    f"the rules of {_cut(come)} changed"
                    for gone, come in renamed.items()
                    if _other(before[gone], after[come])
                ),
                *_of_pairs(pairs, _types),
                *_fields("added", [path for path in after if path not in before and path not in renamed.values()]),
                *_key(old, new),
                *_of_pairs(pairs, _nulls),
                *_of_pairs(pairs, _values),
                *_rules(old, new, kept),
                *_of_pairs(pairs, _references),
                *_of_pairs(pairs, _classified),
                *_of_pairs(pairs, _marks),
                *_levels(old, new),
                *_rest(old, new),
                *_texts(old, new, kept),
            )
        )
    )


# --- fields -----------------------------------------------------------------------------------------------------

_Told = Callable[[Field, Field], Iterator[str]]


def _of_pairs(pairs: Iterable[tuple[Field, Field]], told: _Told) -> Iterator[str]:
    for old, new in pairs:
        yield from told(old, new)


def _fields(word: str, paths: Sequence[str]) -> Iterator[str]:
    """Yield which fields came or went; of what went whole, the outermost."""
    outer = [path for path in paths if not any(path.startswith((f"{one}.", f"{one}[", f"{one}{{")) for one in paths)]
    if outer:
        yield f"{counted(len(outer), 'field')} {word}: {_names(outer)}"


def _renamed(gone: Sequence[Field], come: Sequence[Field]) -> dict[str, str]:
    """Return new names by old ones: where a field went and one came that says the same of itself, and no other does."""
    found = {}
    for field in gone:
        alike = [one for one in come if _same(field, one)]
        if len(alike) == 1 and sum(_same(other, alike[0]) for other in gone) == 1:
            found[field.path] = alike[0].path
    return found


def _same(one: Field, other: Field) -> bool:
    """Whether two fields can only be one: the same column of the data, or the same words and type."""
    column = one.physical_name == other.physical_name and one.type == other.type
    bare = replace(one, path="", physical_name="", rules=(), title=None)
    return column or (bool(one.description) and bare == replace(other, path="", physical_name="", rules=(), title=None))


def _other(old: Field, new: Field) -> bool:
    """Whether a renamed field has other rules: what they say of it names it, so that only the rest is compared."""
    was, now = (sorted((rule.type, rule.does, rule.code) for rule in one.rules) for one in (old, new))
    return was != now


def _types(old: Field, new: Field) -> Iterator[str]:
    yield from _was(f"the type of {_cut(new.path)}", old.type, new.type)
    yield from _was(f"the physical type of {_cut(new.path)}", old.physical_type, new.physical_type)
    yield from _was(f"the column of {_cut(new.path)}", old.physical_name, new.physical_name)


def _nulls(old: Field, new: Field) -> Iterator[str]:
    name = _cut(new.path)
    if old.required != new.required:
        yield f"{name} is never null now" if new.required else f"{name} may be null now"
    if old.unique != new.unique:
        yield f"every {name} occurs once now" if new.unique else f"{name} may repeat itself now"


def _values(old: Field, new: Field) -> Iterator[str]:
    """Yield what became of an enumeration."""
    before, after = ([one.value for one in field.values] for field in (old, new))
    if bool(before) != bool(after):
        yield f"{_cut(new.path)} may have {'only listed values' if after else 'any value'} now"
        return
    gone, come = [v for v in before if v not in after], [v for v in after if v not in before]
    if gone:
        yield f"{_cut(new.path)} may no longer be {_names(gone)}"
    if come:
        yield f"{_cut(new.path)} may be {_names(come)} as well"


def _references(old: Field, new: Field) -> Iterator[str]:
    for gone in old.references:
        if gone not in new.references:
            yield f"{_cut(new.path)} no longer refers to {_cut(gone)}"
    for come in new.references:
        if come not in old.references:
            yield f"{_cut(new.path)} refers to {_cut(come)} now"


def _classified(old: Field, new: Field) -> Iterator[str]:
    name = _cut(new.path)
    yield from _was(f"the classification of {name}", old.classification, new.classification)
    if old.samples != new.samples:
        shown = {"show": "may be shown", "mask": "are masked", "never": "are never shown"}
        yield f"values of {name} {shown.get(new.samples, new.samples)} in reports now"


def _marks(old: Field, new: Field) -> Iterator[str]:
    for word, was, now in (
        ("deprecated", old.deprecated, new.deprecated),
        ("critical", old.critical, new.critical),
        ("computed, and no column of the data", old.measure, new.measure),
    ):
        if was != now:
            yield f"{_cut(new.path)} is {word if now else f'no longer {word}'}{' now' if now else ''}"


def _key(old: Description, new: Description) -> Iterator[str]:
    was, now = (
        ", ".join(field.path for field in sorted((f for f in one.fields if f.key), key=lambda f: f.key or 0))
        for one in (old, new)
    )
    yield from _was("the primary key", was, now)


# --- rules ------------------------------------------------------------------------------------------------------


def _rules(old: Description, new: Description, kept: Sequence[tuple[Field, Field]]) -> Iterator[str]:
    """Yield which rules came, went or changed; those of fields that came or went go without saying."""
    before = {rule.key: rule for rule in (*old.rules, *(rule for was, _ in kept for rule in was.rules))}
    after = {rule.key: rule for rule in (*new.rules, *(rule for _, now in kept for rule in now.rules))}
    for key, rule in before.items():
        if key not in after and rule.type not in _OF_FIELDS:
            yield f"rule removed: {_cut(_said(rule))}"
    for key, rule in after.items():
        if key in before:
            yield from _changed(before[key], rule)
        elif rule.type not in _OF_FIELDS:
            yield f"rule added: {_cut(_said(rule))}"


def _changed(old: Rule, new: Rule) -> Iterator[str]:
    said = _cut(_said(new))
    if old.does != new.does and {old.does, new.does} <= set(_DOES):
        word = "tightened" if _DOES.index(new.does) > _DOES.index(old.does) else "loosened"
        yield f"rule {word}: {said}: it {_DONE[new.does]} now, and before it {_DONE[old.does]}"
    if bool(old.unchecked) != bool(new.unchecked):
        yield f"rule {'no longer checked' if new.unchecked else 'checked now'}: {said}"
    if new.type in _OF_FIELDS:
        return
    was, now = (rule.means or rule.sentence for rule in (old, new))
    if was != now:
        yield f"rule {_direction(was, now)}: {_cut(now)}; before: {_cut(was)}"
    elif old.code != new.code:
        yield f"rule rewritten: {said}"
    elif old.sentence != new.sentence:
        yield f"rule renamed: {_cut(new.sentence)}; before: {_cut(old.sentence)}"


def _direction(was: str, now: str) -> str:
    """Return whether a bound moved in or out, where that is all that is different."""
    ends = [_END.findall(text) for text in (was, now)]
    same = _END.sub(r"\1 ?", was) == _END.sub(r"\1 ?", now) and len(ends[0]) == 1
    if not same:
        return "changed"
    (word, one), (_, other) = ends[0][0], ends[1][0]
    rises = float(other.replace(",", "")) > float(one.replace(",", ""))
    return "tightened" if rises == (word in ("at least", "more than")) else "loosened"


def _said(rule: Rule) -> str:
    return f"{rule.sentence} ({rule.means})" if rule.means else rule.sentence


# --- the rest ---------------------------------------------------------------------------------------------------


def _levels(old: Description, new: Description) -> Iterator[str]:
    before, after = dict(old.levels), dict(new.levels)
    for name, words in before.items():
        if name not in after:
            yield f"no longer promised: {_cut(words)}"
    for name, words in after.items():
        if name not in before:
            yield f"promised now: {_cut(words)}"
        elif before[name] != words:
            yield f"promised now: {_cut(words)}; before: {_cut(before[name])}"


def _rest(old: Description, new: Description) -> Iterator[str]:
    for what, was, now in (
        ("the status", old.status, new.status),
        ("the owner", old.owner, new.owner),
        ("the place where batches arrive", old.source, new.source),
        ("how batches are cut", old.batches, new.batches),
        ("the domain", old.domain, new.domain),
        ("the data product", old.product, new.product),
        ("the title", old.title, new.title),
        ("the id of the contract", old.contract_id, new.contract_id),
    ):
        yield from _was(what, was, now)
    if old.waivers != new.waivers:
        yield (
            f"a failed batch may be let in by {_cut(new.waivers)}"
            if new.waivers
            else "nobody may let a failed batch in"
        )
    for gone in old.upstream:
        if gone not in new.upstream:
            yield f"it no longer looks at {_cut(gone)}"
    for come in new.upstream:
        if come not in old.upstream:
            yield f"it looks at {_cut(come)} now"
    if old.team != new.team or old.support != new.support:
        yield "its people, or where they are asked, changed"


def _texts(old: Description, new: Description, kept: Sequence[tuple[Field, Field]]) -> Iterator[str]:
    """Yield whose descriptions were rewritten."""
    for what in ("about", "purpose", "usage", "limitations"):
        if getattr(old, what) != getattr(new, what):
            yield f"{'the description of the data' if what == 'about' else f'the {what}'} was rewritten"
    described = [now.path for was, now in kept if (was.description, was.title) != (now.description, now.title)]
    if described:
        yield f"the description of {counted(len(described), 'field')} was rewritten: {_names(described)}"


def _was(what: str, old: str | None, new: str | None) -> Iterator[str]:
    """Yield that a word is another one now."""
    if (old or "") != (new or ""):
        yield f"{what} is {_cut(new) if new else 'no longer given'}, and was {_cut(old) if old else 'not given'}"


def _names(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _NAMED:,} more" if len(texts) > _NAMED else ""
    return ", ".join(_cut(text) for text in texts[:_NAMED]) + more


def _cut(text: str) -> str:
    return brief(text, _LONGEST)
