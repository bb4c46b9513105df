"""The folders of a lake, made by a small `_README.md` in each: a bucket has no empty folders."""

from __future__ import annotations

from lakegate.lake.interface import Lake

PURPOSES = {
    "01-raw-data-zone": "Exact copies in native format, immutable, kept for ever. Only the gate writes here. Read it "
    "through `lakegate paths`: what is not in a commit record under `_gate/commits` is not committed.",
    "02-transient-zone": "Arrivals wait here for the gate: `<source>/<dataset>/<batch>/`. Names with `_` in front are "
    "the gate's own: `_quarantine`, `_candidates`, `_tmp`.",
    "02-transient-zone/01-athena": "Query results, a folder a user.",
    "02-transient-zone/02-glue": "Temporary files of jobs.",
    "03-master-data-zone": "Reference data, let in by the gate.",
    "04-user-drop-zone": "Files made by hand, a folder a user, on their way through the gate.",
    "data/user": "Sandbox, unmanaged.",
    "log/emr": "Logs of EMR.",
    "log/hadoop": "Logs of Hadoop.",
    "log/glue": "Logs of Glue.",
    "log/gate": "One line of JSON per gate run.",
    "warehouse/stage": "First layer: the raw zone with types.",
    "warehouse/cleanse": "Second layer: cleaned and conformed.",
    "warehouse/core": "Third layer: facts and dimensions.",
    "warehouse/mart": "Last layer: what is made for one audience.",
    "references": "Dictionaries, manuals and the gate's published reports.",
}


def create_layout(lake: Lake, write_id: str) -> tuple[str, ...]:
    """Create what is missing of the lake's layout and return the keys that were written; nothing is overwritten."""
    files = {f"{folder}/_README.md": f"# {folder}\n\n{purpose}\n" for folder, purpose in PURPOSES.items()}
    contents = "".join(f"| `{folder}` | {purpose} |\n" for folder, purpose in PURPOSES.items())
    files["README.md"] = f"# This lake\n\nKept by lakegate.\n\n| folder | what it holds |\n|---|---|\n{contents}"
    return tuple(key for key, text in files.items() if lake.put_if_absent(key, text.encode(), write_id))
