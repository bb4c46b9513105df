"""What Airflow's provider manager is told is of its own schema, and every class that is named is there."""

import importlib
import json
from pathlib import Path

import jsonschema_rs

import airflow
from lakegate.airflow.provider import get_provider_info


def test_the_description_is_of_airflows_schema():
    schema = json.loads((Path(airflow.__path__[0]) / "provider_info.schema.json").read_text())
    jsonschema_rs.validator_for(schema).validate(get_provider_info())


def test_every_class_that_is_named_is_there():
    told = get_provider_info()
    for name in (*told["notifications"], *told["extra-links"]):
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute)
