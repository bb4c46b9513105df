"""The checks of rules that are written for a library: expectations, measured where that means the same, and models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lakegate.checks.expectations.guest import file_of, guest_check
from lakegate.checks.expectations.translate import translated
from lakegate.checks.expectations.words import in_words
from lakegate.checks.interface import Check, Identity
from lakegate.checks.pandera_model import pandera_check
from lakegate.contract.build import action
from lakegate.contract.custom_rules import Engine, engine_of, model_of, said, suite_file
from lakegate.contract.expectation_catalogue import CATALOGUE, kwargs_of
from lakegate.contract.expectation_files import ExpectationFiles
from lakegate.contract.expectations import Expectation, single, suite
from lakegate.contract.findings import near
from lakegate.contract.model import Action, Quality, SchemaObject
from lakegate.errors import ContractError, Problem, Refused, Severity

LIBRARY = "great_expectations"


def expectations_of(rule: Quality, files: ExpectationFiles) -> tuple[Expectation, ...]:
    """Return the expectations of a rule of Great Expectations: its own one, or those of the suite that it names.

    Raises ContractError, Refused: it is wrong or unsafe, or the suite is not there.
    """
    file = suite_file(rule)
    if file is None:
        return (single(said(rule) or {}, f"the rule {rule.id or rule.index}"),)
    if file not in files.files:
        raise _wrong("missing-file", f"there is no file {file}", file)
    return suite(files.files[file], file).expectations


def loads_python(rule: Quality, files: ExpectationFiles) -> bool:
    """Whether a rule runs Python of the project: a model, or an expectation that is not the library's own.

    One that cannot be read runs nothing: what is wrong with it is told where its checks are made.
    """
    if engine_of(rule) is not Engine.GREAT_EXPECTATIONS:
        return engine_of(rule) is Engine.PANDERA
    try:
        return any(kwargs_of(each.type) is None for each in expectations_of(rule, files))
    except (ContractError, Refused):
        return False


def expectation_checks(
    rule: Quality, obj: SchemaObject, column: str | None, identity: Identity, files: ExpectationFiles
) -> tuple[Check, ...]:
    """Return a check for each expectation of a rule. `column` is that of the property the rule stands at.

    Raises ContractError where an expectation is neither the library's nor defined in `expectations/`.
    """
    asked = [_at(each, column, identity) for each in expectations_of(rule, files)]
    identities = _identities(asked, obj, identity, suite_file(rule))
    return tuple(
        _check(each, obj, one, _action(rule, each), files) for each, one in zip(asked, identities, strict=True)
    )


def _check(asked: Expectation, obj: SchemaObject, identity: Identity, acts: Action, files: ExpectationFiles) -> Check:
    if kwargs_of(asked.type) is not None:
        return translated(asked, obj, identity, acts) or guest_check(asked, obj, _guest(identity), acts, None)
    file = file_of(asked.type, files.python)
    if file is None:
        hint = near(asked.type, CATALOGUE) or "define its class in a file of expectations/"
        message = f"{asked.type} is no expectation of the library's, and none that expectations/ defines"
        raise _wrong("unknown-expectation", message, identity.key, hint)
    return guest_check(asked, obj, _guest(identity), acts, file)


def _guest(identity: Identity) -> Identity:
    return replace(identity, library=LIBRARY)


def _at(asked: Expectation, column: str | None, identity: Identity) -> Expectation:
    """Return the expectation about the column of the property that it stands at, where it names none itself."""
    known = kwargs_of(asked.type)
    if known is None or "column" not in known.all or "column" in asked.kwargs:
        return asked
    if column is None:
        message, hint = f"{identity.key}: {asked.type} names no column", "write kwargs: {column: …}"
        raise _wrong("no-argument", message, identity.key, hint)
    return replace(asked, kwargs={"column": column, **asked.kwargs})


def _action(rule: Quality, asked: Expectation) -> Action:
    """Return what a violation does: what the rule in the contract says; else what the expectation's severity says."""
    return rule.action if rule.graded or asked.severity is None else action(asked.severity, None)


def _identities(
    asked: list[Expectation], obj: SchemaObject, identity: Identity, file: str | None
) -> Iterator[Identity]:
    """Yield what each expectation is called. In a suite its key stays when others come and go before it."""
    seen: dict[str, int] = {}
    for each in asked:
        column = each.kwargs.get("column")
        prop = next((p for p in obj.properties if p.physical_name == column), None)
        own = replace(identity, type=each.type, suite=file, implementation=each.json, field=identity.field)
        if prop is not None:
            own = replace(own, field=prop.name)
        if file is not None:
            subject = prop.name if prop else "+".join(each.columns)
            key = each.id or ".".join(filter(None, (subject, each.type)))
            seen[key] = seen.get(key, 0) + 1
            number = f".{seen[key]}" if seen[key] > 1 else ""
            own = replace(own, key=f"{identity.key}.{key}{number}", name=each.description or "")
        means = in_words(each)
        yield replace(own, means=means) if own.name else replace(own, name=means)


def model_check(rule: Quality, obj: SchemaObject, identity: Identity) -> Check:
    """Return the check of a rule of pandera. Raises ContractError where it names no model."""
    model = model_of(rule)
    if model is None:
        raise _wrong("bad-rule", f"{identity.key}: it names no model", identity.key)
    reference = f"{model.file}:{model.name}"
    means = f"the pandera model {model.name} of {model.file} holds"
    own = replace(identity, suite=model.file, implementation=reference, library="pandera", means=means)
    return pandera_check(reference, obj, own, rule.action)


def _wrong(kind: str, message: str, where: str, hint: str = "") -> ContractError:
    return ContractError((Problem("", 0, 0, Severity.ERROR, kind, message, where, hint=hint),))
