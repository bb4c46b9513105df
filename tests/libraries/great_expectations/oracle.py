"""Ask Great Expectations itself: many expectations of one frame at once, in this process, without a data context."""

import logging
import os
import warnings
from dataclasses import dataclass
from functools import cache

import pandas as pd

os.environ["GX_ANALYTICS_ENABLED"] = "False"


@dataclass(frozen=True)
class Said:
    """What the library said. `error` is set where it could not evaluate."""

    success: bool
    result: dict
    error: str | None = None


@cache
def _library():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it imports warns of versions that nobody asks for here
        import great_expectations as gx
        from great_expectations.execution_engine import PandasExecutionEngine, SqlAlchemyExecutionEngine
        from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
        from great_expectations.validator.validator import Validator
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    return gx, PandasExecutionEngine, SqlAlchemyExecutionEngine, Validator, ExpectationConfiguration


def version() -> str:
    return _library()[0].__version__


def asked_of_pandas(frame: pd.DataFrame, expectations) -> list[Said]:
    """Return what the library says of a frame, one answer for each expectation, in order."""
    engine = _library()[1]()
    engine.load_batch_data("batch", frame)
    return _each(engine, expectations)


def _each(engine, expectations) -> list[Said]:
    """Ask all together, but quantiles alone: of two of one column the library answers both as it does the first."""
    alone = [number for number, one in enumerate(expectations) if "quantile" in one.type]
    together = [number for number in range(len(expectations)) if number not in alone]
    said = dict(zip(together, _asked(engine, [expectations[number] for number in together]), strict=True))
    said |= {number: _asked(engine, [expectations[number]])[0] for number in alone}
    return [said[number] for number in range(len(expectations))]


def _asked(engine, expectations) -> list[Said]:
    *_, validator_class, configuration = _library()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        validator = validator_class(execution_engine=engine)
        validator._metrics_calculator._show_progress_bars = False
        said, asked = {}, []
        for number, one in enumerate(expectations):
            config = configuration(type=one.type, kwargs=dict(one.kwargs), meta={"number": number})
            try:
                config.to_domain_obj()
            except Exception as error:  # noqa: BLE001 - whatever it raises, it does not evaluate
                said[number] = Said(False, {}, f"{type(error).__name__}: {error}")
            else:
                asked.append(config)
        basic = {"catch_exceptions": True, "result_format": {"result_format": "BASIC"}}
        for found in validator.graph_validate(asked, runtime_configuration=basic) if asked else ():
            said[found.expectation_config.meta["number"]] = _said(found)
    return [said[number] for number in range(len(expectations))]


def _said(found) -> Said:
    info = found.exception_info or {}
    errors = [one for one in [info, *info.values()] if isinstance(one, dict) and one.get("raised_exception")]
    return Said(bool(found.success), found.result or {}, str(errors[0]["exception_message"]) if errors else None)


def asked_of_sqlite(frame: pd.DataFrame, expectations) -> list[Said]:
    """Return what the library says of the same rows in SQLite, where LIKE tells cases apart as the standard's does."""
    import sqlalchemy as sa
    from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData

    connect = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    with connect.connect() as connection:
        connection.execute(sa.text("PRAGMA case_sensitive_like = ON"))
        frame.to_sql("rows", connection, index=False)
        connection.commit()
    engine = _library()[2](engine=connect)
    engine.load_batch_data("batch", SqlAlchemyBatchData(execution_engine=engine, table_name="rows"))
    try:
        return _asked(engine, expectations)
    finally:
        engine.close()
        connect.dispose()
