"""The templates and the one style sheet of every page, and how they become text.

A page is one file that needs no other: its style and, where it has one, its script stand in it, and a content security
policy allows these two by their digests and nothing else. What a page tells it tells without its script.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from lakegate.reports import sentences, summary
from lakegate.reports.site.links import field_anchor, relative
from lakegate.reports.site.times import minute

if TYPE_CHECKING:
    from jinja2 import Environment

PROGRAMS = re.compile(r"{% set programs = (\[[^]]*\]) %}")


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

    `sheet(…)` and `script(…)` give a template the files that it names, `policy(…)` what allows exactly these. With a
    `theme`, `light` or `dark`, the pages have it whatever the reader's system prefers.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup  # noqa: PLC0415 - only where pages are made

    def sheet(*names: str) -> Markup:
        """Return the style of every page, then that of some."""
        texts = [files(__name__).joinpath("style.css"), *(files(package).joinpath(folder, name) for name in names)]
        style = "".join(text.read_text(encoding="utf-8") for text in texts)
        if theme is not None:
            style = style.replace("color-scheme: light dark", f"color-scheme: {theme}", 1)
            asked = "screen and (prefers-color-scheme: dark)"
            style = style.replace(asked, "screen" if theme == "dark" else "not all")
        return Markup(style)  # noqa: S704

    def script(*names: str) -> Markup:
        """Return scripts of the folder, one behind the other."""
        texts = (files(package).joinpath(folder, name).read_text(encoding="utf-8") for name in names)
        return Markup("".join(texts))  # noqa: S704 - our own files

    made = Environment(
        loader=ChoiceLoader([PackageLoader(package, folder), PackageLoader("lakegate.reports", "site")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: value if hasattr(value, "__html__") else summary.plain(str(value)),
    )
    made.filters.update(brief=summary.brief, minute=minute)
    made.globals.update(
        summary=summary,
        sentence=sentences.sentence,
        newline=Markup("\n"),
        relative=relative,
        field_anchor=field_anchor,
        sheet=cache(sheet),
        script=cache(script),
        policy=_policy,
    )
    return made


def _policy(style: str, script: str = "") -> str:
    """Return the content security policy of a page with this style and this script."""
    allowed = f"; script-src '{_digest(script)}'" if script else ""
    return f"default-src 'none'; style-src '{_digest(style)}'{allowed}; base-uri 'none'; form-action 'none'"


@cache
def script_sources() -> tuple[str, ...]:
    """Return the source expression of every script that a page may have: whoever serves pages allows exactly these."""
    folder = files(__name__)
    found = set()
    for template in folder.iterdir():
        if template.name.endswith(".html.j2") and (named := PROGRAMS.search(template.read_text(encoding="utf-8"))):
            names = re.findall(r'"([^"]+)"', named[1])
            found.add(_digest("".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)))
    return tuple(sorted(found))


@cache
def _digest(text: str) -> str:
    """Return the source expression that allows an inline text (CSP level 2)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
