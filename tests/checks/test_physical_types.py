"""A physicalType as the engine spells it."""

import subprocess
import sys

import pytest

from lakegate.checks.physical_types import _parsed, duckdb_type


@pytest.mark.parametrize("declared", ["decimal(12,2)", "DECIMAL(12, 2)", "numeric(38,0)", " Decimal(5,5) "])
def test_a_decimal_is_read_as_the_parser_reads_it(declared):
    assert duckdb_type(declared) == _parsed(declared)


def test_a_decimal_loads_no_parser():
    program = "from lakegate.checks.physical_types import duckdb_type as t; import sys; t('decimal(12,2)')"

    ran = subprocess.run([sys.executable, "-c", f"{program}; sys.exit('sqlglot' in sys.modules)"], check=False)

    assert ran.returncode == 0
