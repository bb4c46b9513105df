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
    """Return the one environment of all reports."""
    return environment("lakegate.reports", "site")


def environment(package: str, folder: str, theme: str | None = None) -> Environment:
    """Return an environment for the templates in a folder of a package, which may extend those of this one.

    Style, policy and the words of `summary` are known to every template; a `style.css` of the folder is added. With a
    `theme`, `light` or `dark`, the pages have it whatever the reader's system prefers.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    own = files(package).joinpath(folder, "style.css")
    sheets = [files(__name__).joinpath("style.css"), *([own] if package != "lakegate.reports" else [])]
    style = "".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
    if theme is not None:
        style = style.replace("color-scheme: light dark", f"color-scheme: {theme}", 1)
        style = style.replace("(prefers-color-scheme: dark)", "all" if theme == "dark" else "not all")
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package, folder), PackageLoader("lakegate.reports", "site")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: value if hasattr(value, "__html__") else summary.plain(str(value)),
    )
    made.filters["brief"] = summary.brief
    made.globals.update(
        summary=summary,
        style=style,
        policy=f"default-src 'none'; style-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'",
    )
    return made
