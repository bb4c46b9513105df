"""Expectations whose meaning equals measures."""

from __future__ import annotations

from lakegate.checks.interface import Check, Identity
from lakegate.contract.expectations import Expectation
from lakegate.contract.model import Action, SchemaObject


def translated(expectation: Expectation, obj: SchemaObject, identity: Identity, action: Action) -> Check | None:  # noqa: ARG001 - none yet
    """Return the check that equals an expectation, None where the library itself must run it."""
    return None
