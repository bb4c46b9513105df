"""The W3C's Nu Html Checker, asked about whole folders of pages."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

JAR = next(iter(sorted((Path(__file__).parents[2] / ".vnu").glob("*/vnu.jar"))), None)
ABSENT = JAR is None or shutil.which("java") is None
# The checker knows no digests in a policy; that style and script are let through is seen in a browser.
KNOWN = ("violates Content Security Policy (meta tag)",)

needs_html_checker = pytest.mark.skipif(
    ABSENT and os.environ.get("CI") != "true",
    reason="no HTML checker: fetch it by tests/servers/html-checker (it needs Java; with CI=true this is a failure)",
)


def problems(*paths):
    """Return what is wrong with pages, or with every page below folders, one line for each: errors and warnings."""
    assert not ABSENT, "CI=true and no HTML checker: tests/servers/html-checker"
    files = [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*.html")))]
    assert files, f"no page lies at {paths}"
    command = [
        "java",
        "-Xss8m",
        "-jar",
        str(JAR),
        "--format",
        "json",
        "--stdout",
        "--exit-zero-always",
        *map(str, files),
    ]
    asked = subprocess.run(command, capture_output=True, text=True, check=True)
    found = [one for one in json.loads(asked.stdout)["messages"] if not any(known in one["message"] for known in KNOWN)]
    return [f"{one.get('url')}:{one.get('lastLine')}: {one['message']}: {one.get('extract', '')}" for one in found]
