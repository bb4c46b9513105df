"""The templates and the one style sheet of every page, and how they become text.

A page is one file: no script, no other asset, and a content security policy that allows its own style and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from lakegate.reports import summary

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, **values: object) -> str:
    """Return the page that `template` (a file beside this one) makes of `values`.

    Every value is made `summary.plain` and escaped; a name the template is not given raises `jinja2.UndefinedError`.
    """
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    """Return the one environment of all pages: style, policy and the words of `summary` are known to every template."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    style = files(__name__).joinpath("style.css").read_text(encoding="utf-8")
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment = Environment(
        loader=PackageLoader("lakegate.reports", "site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: value if hasattr(value, "__html__") else summary.plain(str(value)),
    )
    environment.filters["brief"] = summary.brief
    environment.globals.update(
        summary=summary,
        style=style,
        policy=f"default-src 'none'; style-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'",
    )
    return environment
