"""Break a promotion at the system calls of its process, one call after the other; then run clean and look.

    python fault_driver.py FOLDER pass|fail|apart FAULT

FAULT is what strace injects: `error=EIO`, `error=ENOSPC`, `signal=KILL`. strace attaches to a forked child that has
imported everything, so every call that it counts is the promotion's. Prints how many promotions were broken.
"""

import ctypes
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path

from gate import invariants, scene
from gate.scene import DROP, OF_OUTCOME, TARGET, run
from lakegate.errors import EngineError, LakegateError
from lakegate.gate import ledger
from lakegate.gate.promote import PromotionState
from lakegate.lake.local import LocalLake

CALLS = ("fsync", "fdatasync", "write", "pwrite64", "link", "linkat", "rename", "renameat", "renameat2")
CALLS += ("unlink", "unlinkat", "mkdir", "mkdirat", "openat", "fchmod")
PR_SET_PTRACER = 0x59616D61
ANY = ctypes.c_ulong(-1)
ESCAPED = 99  # exit code of a child whose promotion raised what no promotion may raise


def judge(batch):
    """The scene's judge; what it cannot read it tells as an engine does."""
    try:
        return scene.judge(batch)
    except OSError as error:
        raise EngineError(str(error)) from error


def promote_in_child(root, ready):
    """Fork a child that promotes once `ready` is closed elsewhere and has something to read; return its pid."""
    child = os.fork()
    if child:
        return child
    code = ESCAPED
    try:
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ANY, 0, 0, 0)
        os.read(ready, 1)
        code = run(LocalLake(root), judge=judge).exit_code
    except LakegateError as error:
        code = error.exit_code
    except Exception:  # noqa: BLE001 - the child ends here, and tells why
        traceback.print_exc()
    finally:
        os._exit(code)


def broken(root, call, fault, when):
    """Promote with `fault` at the `when`-th `call`; return whether there was one, and the exit code or signal."""
    ready, go = os.pipe()
    child = promote_in_child(root, ready)
    log = root.parent / "strace"
    command = ["strace", "-f", "-p", str(child), "-o", str(log), "-e", f"trace={call}"]
    command += ["-e", f"inject={call}:{fault}:when={when}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        attached = strace.stderr.readline()
        os.write(go, b"x")
        _, status = os.waitpid(child, 0)
        complaint = strace.communicate()[1]
    os.close(ready)
    os.close(go)
    assert "attached" in attached, attached + complaint
    code = os.waitstatus_to_exitcode(status)
    return "INJECTED" in log.read_text() or code == -signal.SIGKILL, code


def one_fault(folder, files, call, fault, when):
    """Break one promotion, look, run clean, look; False where it came to no `when`-th call."""
    root = folder / f"{call}-{when}" / "lake"
    for path, data in files.items():
        (root / DROP / path).parent.mkdir(parents=True, exist_ok=True)
        (root / DROP / path).write_bytes(data)
    hit, code = broken(root, call, fault, when)
    assert code in ({-signal.SIGKILL} if fault == "signal=KILL" and hit else {0, 1, 5}), f"exit code {code}"
    lake = LocalLake(root)
    invariants.holds(lake, files)
    if code == 0:
        assert ledger.committed(lake, TARGET), "I12: success means that the record stands"
    first = run(lake)
    invariants.holds(lake, files)
    invariants.ends_right(lake, first, files)
    again = run(lake)
    assert again.state in {PromotionState.ALREADY_COMMITTED, PromotionState.QUARANTINED}, "I10: idempotent"
    return hit


def main(folder, outcome, fault):
    files = OF_OUTCOME[outcome]
    one_fault(Path(folder), files, "fsync", fault, 65_000)  # breaks nothing, and imports what is imported late
    count = 0
    for call in CALLS:
        when = 1
        try:
            while one_fault(Path(folder), files, call, fault, when):
                when += 1
        except BaseException as error:
            error.add_note(f"{fault} at {call} number {when}")
            raise
        count += when - 1
    sys.stdout.write(f"{count}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
