"""`python -m fuzz csv --seconds 600`: give a target inputs that nobody would send, and say what came of them.

Inputs run in a child process; one that kills it, hangs it or eats its memory is kept, and another child goes on. Exit
code 1: an exception that is none of ours came out, or rows that are not in the file (docs/fuzzing.md).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fuzz.child import AGAIN, OUT_OF_MEMORY
from fuzz.targets import TARGETS

HANG = 60  # seconds that one input may take


def main() -> int:
    """Fuzz one target."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="Without atheris, also where it is installed.")
    parser.add_argument("--folder", type=Path, help="Where findings are kept; a new temporary folder by default.")
    asked = parser.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix=f"fuzz-{asked.target}-"))
    for name in ("corpus", "found", "contained", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, data in TARGETS[asked.target].seeds().items():
        (folder / "corpus" / name).write_bytes(data)
    (folder / "beat").write_bytes(bytes(16))
    began, number = time.monotonic(), 0
    while (left := asked.seconds - (time.monotonic() - began)) > 1:
        number += 1
        _watch(asked, folder, left, asked.seed + number)
    return _tell(asked.target, folder, time.monotonic() - began, number)


def _command(asked: argparse.Namespace, folder: Path, *more: str) -> list[str]:
    plain = ["--plain"] if asked.plain else []
    return [sys.executable, "-m", "fuzz.child", asked.target, str(folder), *plain, *more]


def _watch(asked: argparse.Namespace, folder: Path, seconds: float, seed: int) -> None:
    """Run one child until it ends; what ended it before its time is kept."""
    temporary, began = folder / "tmp", time.monotonic()
    command = _command(asked, folder, "--seconds", str(seconds), "--seed", str(seed))
    with (folder / "stderr").open("wb") as errors:
        child = subprocess.Popen(command, stdout=errors, stderr=errors, env={**os.environ, "TMPDIR": str(temporary)})
        seen, since = -1, began
        while child.poll() is None:
            time.sleep(0.2)
            runs = struct.unpack_from("<q", (folder / "beat").read_bytes())[0]
            if runs != seen:
                seen, since = runs, time.monotonic()
            elif time.monotonic() - since > HANG:
                child.kill()
                child.wait()
                _contained(asked, folder, "hang")
    shutil.rmtree(temporary)
    temporary.mkdir()
    code = child.returncode
    if code == OUT_OF_MEMORY:
        _contained(asked, folder, "memory")
    elif code < 0 and code != -signal.SIGKILL:
        _contained(asked, folder, signal.Signals(-code).name.lower())
    elif code not in (0, AGAIN, -signal.SIGKILL):
        if time.monotonic() - began < 5:  # it did not come to an input
            raise SystemExit((folder / "stderr").read_text(errors="replace")[-3000:])
        _contained(asked, folder, f"exit-{code}")


def _contained(asked: argparse.Namespace, folder: Path, how: str) -> None:
    """Keep the input that ended a child, and whether it ends a fresh one, too."""
    data = (folder / "current").read_bytes()
    kept = folder / "contained" / f"{how}-{hashlib.sha256(data).hexdigest()[:12]}"
    kept.write_bytes(data)
    environment = {**os.environ, "TMPDIR": str(folder / "tmp")}
    try:
        again = subprocess.run(
            _command(asked, folder, "--replay", str(kept)),
            check=False,
            capture_output=True,
            timeout=HANG,
            env=environment,
        )
        told = f"again: {again.returncode} {again.stdout.decode(errors='replace')[:200]}"
    except subprocess.TimeoutExpired:
        told = "again: hangs"
    kept.with_suffix(".txt").write_text(told + "\n" + (folder / "stderr").read_text(errors="replace")[-3000:])


def _tell(target: str, folder: Path, seconds: float, children: int) -> int:
    """Say what came of it."""
    runs = struct.unpack_from("<q", (folder / "beat").read_bytes())[0]
    found = sorted((folder / "found").glob("*.txt"))
    contained = sorted((folder / "contained").glob("*.txt"))
    seen = json.loads((folder / "seen.json").read_text()) if (folder / "seen.json").exists() else {}
    out = [f"{target}: {runs:,} inputs in {seconds:,.0f} s, {children} processes, {len(seen):,} outcomes"]
    out.append(f"{len(list((folder / 'corpus').iterdir())):,} inputs in the corpus; {folder}")
    out += [f"contained {file.stem}: {file.read_text().splitlines()[0]}" for file in contained]
    out += [f"FAILED {file.stem}: {file.read_text().rstrip().splitlines()[-1][:300]}" for file in found]
    sys.stdout.write("\n".join(out) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
