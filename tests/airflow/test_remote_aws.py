"""A gate as a job of EMR Serverless or Glue: moto is the API, a process of this machine the cluster."""

import asyncio
import json
from pathlib import Path

import boto3
import pytest
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred

from airflow_context import context
from lakegate.airflow.remote import EmrServerless, Glue, RemotePromoteOperator
from lakegate.airflow.remote.runners import Job, JobState
from lakegate.gate import ledger
from lakegate.lake.zones import Place
from servers.clusters import started
from servers.s3 import close, moto_s3, new_bucket

TOP = Path(__file__).parents[2]
AIRLINES = TOP / "contracts/nyc/airlines.odcs.yaml"
DROP = "02-transient-zone/nyc/airlines/edition=2013/"
ROWS = "carrier,name\n" + "".join(f"{chr(65 + n)}{n % 10},Airline {n} é\n" for n in range(12))
ROLE = "arn:aws:iam::123456789012:role/gate"
RAW = Asset(name="airlines", uri="s3://example/airlines")


@pytest.fixture
def bucket(monkeypatch):
    """The name of an empty bucket, in an environment in which boto3, and the hooks of the provider, find moto."""
    server = moto_s3()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://")
    monkeypatch.delenv("LAKEGATE_LAKE", raising=False)
    yield new_bucket(server)
    close()


def arrive(bucket, text):
    client = moto_s3().client
    for key, body in ((f"{DROP}airlines.csv", text.encode()), (f"{DROP}_SUCCESS", b"")):
        client.put_object(Bucket=bucket, Key=key, Body=body)


class Serverless:
    """EMR Serverless: moto's API, its job runs carried out here."""

    def __init__(self):
        from moto.emrserverless.models import emrserverless_backends

        self.client = boto3.client("emr-serverless")
        made = self.client.create_application(name="gates", releaseLabel="emr-7.9.0", type="SPARK")
        self.application = made["applicationId"]
        self.runs = emrserverless_backends["123456789012"]["us-east-1"].job_runs
        self.runs[self.application] = []  # moto knows no application that has run nothing
        self.runner = EmrServerless(self.application, ROLE, parameters="--conf spark.driver.memory=16g", spark=False)

    def all(self):
        return self.runs.get(self.application, [])

    def put(self, run, state):
        run.state = {JobState.RUNNING: "RUNNING", JobState.SUCCEEDED: "SUCCESS", JobState.FAILED: "FAILED"}[state]

    def command(self, run):
        driver = run.job_driver["sparkSubmit"]
        return fetched(driver["entryPoint"]), driver["entryPointArguments"]


class GlueJobs:
    """Glue: moto's API, its runs carried out here."""

    def __init__(self):
        from moto.glue.models import glue_backends

        self.client = boto3.client("glue")
        self.backend = glue_backends["123456789012"]["us-east-1"]
        self.name = f"gate-{len(self.backend.jobs)}"
        self.client.create_job(
            Name=self.name, Role=ROLE, Command={"Name": "glueetl"}, ExecutionProperty={"MaxConcurrentRuns": 100}
        )
        self.runner = Glue(self.name, arguments={"--additional-python-modules": "lakegate"}, run={"Timeout": 60})

    def all(self):
        return self.backend.jobs[self.name].job_runs

    def put(self, run, state):
        run._transitions = []  # moto would let it succeed
        run.status = {JobState.RUNNING: "RUNNING", JobState.SUCCEEDED: "SUCCEEDED", JobState.FAILED: "FAILED"}[state]

    def command(self, run):
        script = TOP / "src/lakegate/airflow/remote/entry.py"  # what the job was made with
        return script.read_text(), [word for pair in run.arguments.items() for word in pair]


def fetched(address):
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return moto_s3().client.get_object(Bucket=bucket, Key=key)["Body"].read().decode()


@pytest.fixture(params=[Serverless, GlueJobs])
def cluster(request, bucket):
    return request.param()


def carried_out(cluster, folder, number=-1):
    """Run what was submitted, as the cluster would."""
    run = cluster.all()[number]
    script, arguments = cluster.command(run)
    entry = folder / "script.py"
    entry.write_text(script)
    process = started(entry, arguments)
    out, _ = process.communicate(timeout=90)
    cluster.put(run, JobState.FAILED if process.returncode else JobState.SUCCEEDED)
    return process.returncode, out


def task(cluster, bucket, **more):
    return RemotePromoteOperator(
        task_id="promote",
        contract=str(AIRLINES),
        batch="edition=2013",
        lake=f"s3://{bucket}",
        runner=cluster.runner,
        poll_interval=0.05,
        outlets=[RAW],
        **more,
    )


def deferred(cluster, operator, told):
    with pytest.raises(TaskDeferred) as raised:
        operator.execute(told)
    cluster.put(cluster.all()[-1], JobState.RUNNING)
    return raised.value


def resumed(operator, told, waiting):
    async def event():
        return await anext(waiting.trigger.run())

    return getattr(operator, waiting.method_name)(told, asyncio.run(event()).payload)


def committed(bucket):
    return ledger.committed(moto_s3().lake(bucket), Place("03-master-data-zone", "nyc/airlines"))


def test_a_good_batch_is_promoted(cluster, bucket, tmp_path):
    arrive(bucket, ROWS)
    operator, told = task(cluster, bucket), context()
    waiting = deferred(cluster, operator, told)
    code, out = carried_out(cluster, tmp_path)

    summary = resumed(operator, told, waiting)

    (record,) = committed(bucket)
    assert (code, summary["exit_code"], summary["slot"]) == (0, 0, 1), out
    assert told["outlet_events"][RAW].extra["digest"] == record.digest
    assert waiting.trigger.name in json.dumps(told["ti"].pushed["lakegate_job"])
    assert told["ti"].pushed["lakegate_job"]["log"].startswith("https://console.aws.amazon.com/")


def test_a_violation_is_not_tried_again(cluster, bucket, tmp_path):
    arrive(bucket, ROWS.replace("A0,", "a?,"))
    operator, told = task(cluster, bucket), context()
    waiting = deferred(cluster, operator, told)
    code, out = carried_out(cluster, tmp_path)

    with pytest.raises(AirflowFailException, match="violates its contract"):
        resumed(operator, told, waiting)

    assert (code, committed(bucket)) == (1, ()), out


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.FAILED])
def test_a_job_that_ends_without_an_answer_is_tried_again(cluster, bucket, state):
    arrive(bucket, ROWS)
    operator, told = task(cluster, bucket), context()
    waiting = deferred(cluster, operator, told)
    cluster.put(cluster.all()[-1], state)

    with pytest.raises(AirflowException, match=f"{state} and left no answer") as raised:
        resumed(operator, told, waiting)

    assert not isinstance(raised.value, AirflowFailException)


def test_a_task_whose_worker_died_finds_its_job_again(cluster, bucket):
    arrive(bucket, ROWS)
    told = context()
    first = deferred(cluster, task(cluster, bucket), told)

    again = deferred(cluster, task(cluster, bucket), told)
    other = deferred(cluster, task(cluster, bucket), context(run_id="another"))
    for run in cluster.all():
        cluster.put(run, JobState.FAILED)
    anew = deferred(cluster, task(cluster, bucket), told)

    names = [one.trigger.name for one in (first, again, other, anew)]
    assert names[0] == names[1]
    assert len(set(names)) == 3
    assert len(cluster.all()) == 3


def test_a_project_that_is_not_what_was_sent_is_not_unpacked(cluster, bucket, tmp_path):
    arrive(bucket, ROWS)
    deferred(cluster, task(cluster, bucket), context())
    client = moto_s3().client
    (key,) = [one["Key"] for one in client.list_objects_v2(Bucket=bucket, Prefix="log/gate/_jobs/project-")["Contents"]]
    client.put_object(Bucket=bucket, Key=key, Body=b"something else")

    code, out = carried_out(cluster, tmp_path)

    assert code == 1
    assert "is not what was sent" in out
    with pytest.raises(AirflowException, match="is not what its name says"):
        task(cluster, bucket).execute(context(run_id="later"))


def test_the_job_of_emr_serverless_is_what_was_asked_for(bucket):
    cluster = Serverless()
    job = Job("lakegate-1-2", ("--version",), "s3://b/entry.py", "s3://b/p.zip", "0")

    started = cluster.runner.submit(job)

    (run,) = cluster.all()
    assert (run.id, run.name, run.client_token, run.execution_role) == (started, job.name, job.name, ROLE)
    assert run.job_driver["sparkSubmit"]["sparkSubmitParameters"] == "--conf spark.driver.memory=16g"
    cluster.put(run, JobState.RUNNING)
    cluster.runner.cancel(started)
    assert cluster.runner.state(started) is JobState.FAILED
    cluster.runner.cancel(started)  # again is harmless


def test_the_run_of_glue_is_what_was_asked_for(bucket):
    cluster = GlueJobs()
    job = Job("lakegate-1-2", ("--version",), "s3://b/entry.py", "s3://b/p.zip", "0")

    started = cluster.runner.submit(job)

    (run,) = cluster.all()
    assert run.job_run_id == started
    assert run.arguments["--additional-python-modules"] == "lakegate"
    assert json.loads(run.arguments["--lakegate"])["arguments"] == ["--version"]
    assert cluster.runner.state(started) in (JobState.RUNNING, JobState.SUCCEEDED)
