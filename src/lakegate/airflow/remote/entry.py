"""What a cluster starts: it unpacks the project that was sent along, then it is the command line of lakegate.

A script of its own, written into the lake beside the project; where it runs, lakegate is installed and Airflow is not.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import os
import sys
import tempfile
import zipfile
from pathlib import Path


def main(argv: list[str]) -> None:
    """Run the job in the argument after `--lakegate`; exits as `lakegate` does. Other arguments are the cluster's."""
    job = json.loads(argv[argv.index("--lakegate") + 1])
    project = fetched(job["project"])
    if hashlib.sha256(project).hexdigest() != job["sha256"]:
        sys.exit(f"{job['project']} is not what was sent: its SHA-256 is not {job['sha256']}")
    if job["spark"]:  # YARN takes a job without a session for one that failed
        importlib.import_module("pyspark.sql").SparkSession.builder.getOrCreate()
    with tempfile.TemporaryDirectory(prefix="lakegate-job-") as folder:
        zipfile.ZipFile(io.BytesIO(project)).extractall(folder)
        os.chdir(folder)
        importlib.import_module("lakegate.cli").main(job["arguments"], prog_name="lakegate")


def fetched(address: str) -> bytes:
    """Return a file of the lake: `s3://bucket/key`, by the machine's own role, or a path."""
    if not address.startswith("s3://"):
        return Path(address).read_bytes()
    bucket, _, key = address.removeprefix("s3://").partition("/")
    client = importlib.import_module("boto3").client("s3")
    return bytes(client.get_object(Bucket=bucket, Key=key)["Body"].read())


if __name__ == "__main__":
    main(sys.argv[1:])
