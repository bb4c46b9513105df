"""Clusters for tests: what was submitted really runs, as a process of this machine, and only its API is a stand-in."""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-"))

SOURCES = Path(__file__).parents[2] / "src"


def started(entry, arguments, **environment):
    """Start what a cluster would start, in a folder of nobody's and without Airflow's settings."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "LAKEGATE"))}
    env |= {"PYTHONPATH": str(SOURCES), **environment}
    command = [sys.executable, str(entry), *arguments]
    return subprocess.Popen(command, cwd="/", env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


class Livy:
    """A server that speaks Livy's batches.

    `hold`: batches are taken and not yet run, until `release`. `refuse`: so many questions are answered with 503.
    """

    def __init__(self):
        self.batches, self.hold, self.refuse = {}, False, 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        for batch in self.batches.values():
            self.kill(batch)

    def start(self, body):
        number = len(self.batches)
        batch = {"id": number, "name": body["name"], "body": body, "process": None, "killed": False}
        self.batches[number] = batch
        if not self.hold:
            batch["process"] = started(body["file"], body["args"])
        return batch

    def release(self):
        self.hold = False
        for batch in self.batches.values():
            if batch["process"] is None and not batch["killed"]:
                batch["process"] = started(batch["body"]["file"], batch["body"]["args"])

    def kill(self, batch):
        batch["killed"] = True
        if batch["process"]:
            batch["process"].kill()
            batch["process"].communicate()

    def end(self, number=0):
        """Wait until a batch has ended; return its exit code and what it wrote."""
        process = self.batches[number]["process"]
        out, _ = process.communicate(timeout=60)
        return process.returncode, out

    def seen(self, batch):
        """A batch as the API shows it."""
        process = batch["process"]
        code = process.poll() if process else None
        state = "starting" if process is None else "running" if code is None else "dead" if code else "success"
        return {
            "id": batch["id"],
            "name": batch["name"],
            "state": "killed" if batch["killed"] else state,
            "appId": f"application_{batch['id']}",
        }

    def _handler(self):
        livy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                path, _, query = self.path.partition("?")
                if livy.refuse:
                    livy.refuse -= 1
                    return self.say(503, {"msg": "later"})
                if path == "/batches":
                    first = int(re.search(r"from=(\d+)", query)[1])
                    size = int(re.search(r"size=(\d+)", query)[1])
                    every = [livy.seen(one) for one in livy.batches.values()]
                    return self.say(200, {"from": first, "total": len(every), "sessions": every[first : first + size]})
                batch = livy.batches.get(int(path.removeprefix("/batches/")))
                return self.say(200, livy.seen(batch)) if batch else self.say(404, {"msg": "not found"})

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                return self.say(201, livy.seen(livy.start(body)))

            def do_DELETE(self):
                batch = livy.batches.get(int(self.path.removeprefix("/batches/")))
                if not batch:
                    return self.say(404, {"msg": "not found"})
                livy.kill(batch)
                return self.say(200, {"msg": "deleted"})

            def say(self, code, document):
                data = json.dumps(document).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                """Say nothing."""

        return Handler
