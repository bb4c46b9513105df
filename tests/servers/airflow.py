"""What an operator does with a running Airflow, over its REST API: start runs, watch tasks, answer approvals."""

import json
import time

import httpx

from lakegate.airflow.summaries import SUMMARY

PATIENCE = 240  # seconds until what is waited for has to be there
GLANCE = 0.3  # seconds between two looks


class Airflow:
    """The REST API as one user sees it."""

    def __init__(self, url, user, password):
        self.url, self.user = url, user
        asked = httpx.post(f"{url}/auth/token", json={"username": user, "password": password})
        asked.raise_for_status()
        headers = {"Authorization": f"Bearer {asked.json()['access_token']}"}
        self.http = httpx.Client(base_url=f"{url}/api/v2", headers=headers, timeout=PATIENCE)

    def get(self, path, **query):
        answer = self.http.get(path, params=query)
        answer.raise_for_status()
        return answer.json()

    def dags(self):
        """The ids of what the dag-processor has found."""
        return {one["dag_id"] for one in self.get("/dags", limit=1000)["dags"]}

    def import_errors(self):
        return self.get("/importErrors")["import_errors"]

    def trigger(self, dag, **conf):
        """Start a run of a DAG."""
        answer = self.http.post(f"/dags/{dag}/dagRuns", json={"logical_date": None, "conf": conf})
        assert answer.status_code == 200, answer.text
        return Run(self, dag, answer.json()["dag_run_id"])

    def runs(self, dag):
        """Every run of a DAG, the oldest first."""
        found = self.get(f"/dags/{dag}/dagRuns", limit=1000, order_by="run_after")
        return [Run(self, dag, one["dag_run_id"]) for one in found["dag_runs"]]

    def events(self, dag):
        """The asset events that the tasks of a DAG have sent, the oldest first."""
        return self.get("/assets/events", source_dag_id=dag, limit=1000, order_by="timestamp")["asset_events"]

    def eventually(self, told, look, patience=PATIENCE):
        """Look again and again until there is something; `told` says for what."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            found = look()
            if found:
                return found
            time.sleep(GLANCE)  # another process acts; there is nothing to wait on
        raise AssertionError(f"waited {patience} s for {told}")


class Run:
    """One run of a DAG."""

    def __init__(self, airflow, dag, run):
        self.airflow, self.dag, self.id = airflow, dag, run
        self.path = f"/dags/{dag}/dagRuns/{run}"

    def __repr__(self):
        return f"{self.dag} {self.id}"

    def ended(self, patience=PATIENCE):
        """Wait for the run's end; return its state. Airflow streams a line a second until then."""
        end, state = time.monotonic() + patience, None
        with self.airflow.http.stream("GET", f"{self.path}/wait", params={"interval": 1}) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                state = json.loads(line)["state"]
                assert time.monotonic() < end, f"{self} is still {state} after {patience} s: {self.states()}"
        return state

    def tasks(self):
        """The task instances, as Airflow describes them, each with its `batch`.

        What never ran has no label, only an index: the label of `validate` holds for every task of that index.
        """
        found = self.airflow.get(f"{self.path}/taskInstances", limit=1000)["task_instances"]
        labels = {one["map_index"]: one["rendered_map_index"] for one in found if one["task_id"] == "validate"}
        return [{**one, "batch": labels.get(one["map_index"])} for one in found]

    def states(self, task=None):
        """The state of each task instance: `(task, batch)` -> state, or batch -> state of one task."""
        found = {(one["task_id"], one["batch"]): one["state"] for one in self.tasks()}
        return found if task is None else {batch: state for (named, batch), state in found.items() if named == task}

    def task(self, name, batch=None):
        """One task instance, None where there is none yet."""
        found = [one for one in self.tasks() if one["task_id"] == name]
        return next((one for one in found if batch in (None, one["batch"])), None)

    def reached(self, task, state, batch=None, patience=PATIENCE):
        """Wait until a task instance is in a state."""

        def look():
            found = self.task(task, batch)
            return found if found and found["state"] == state else None

        return self.airflow.eventually(f"{self}: {task} {batch or ''} {state}", look, patience)

    def of(self, task, what):
        """Ask for something about a task instance."""
        return self.airflow.get(f"{self.path}/taskInstances/{task['task_id']}/{what}", map_index=task["map_index"])

    def summary(self, task):
        """What a task pushed of its verdict."""
        name, index = task["task_id"], task["map_index"]
        path = f"{self.path}/taskInstances/{name}/xcomEntries/{SUMMARY}"
        return self.airflow.get(path, map_index=index, deserialize=True)["value"]

    def links(self, task):
        """The addresses behind a task's buttons."""
        name, index = task["task_id"], task["map_index"]
        return self.airflow.get(f"{self.path}/taskInstances/{name}/links", map_index=index)["extra_links"]

    def clear(self, task):
        """Have a task run again, as if it never had."""
        body = {"dry_run": False, "dag_run_id": self.id, "task_ids": [task], "only_failed": False}
        answer = self.airflow.http.post(f"/dags/{self.dag}/clearTaskInstances", json=body)
        assert answer.status_code == 200, answer.text

    def answer(self, task, chosen, *, by=None, **params):
        """Answer the approval that a task asks for, as `by` or as who runs this; return Airflow's answer."""
        path = f"{self.path}/taskInstances/{task['task_id']}/{task['map_index']}/hitlDetails"
        return (by or self.airflow).http.patch(path, json={"chosen_options": [chosen], "params_input": params})
