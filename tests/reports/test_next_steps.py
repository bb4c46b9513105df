"""What can be done about a verdict: commands that are there, for what the batch is."""

import pytest

from lakegate.reports.next_steps import next_steps
from reports.verdicts import FAILED, verdict


@pytest.mark.parametrize(
    ("dataset", "first"),
    [
        ("nyc/flights", ["lakegate promote contracts/a.odcs.yaml --batch 'a b'"]),
        (
            "core/fact",
            [
                "lakegate build core/fact --batch 'a b' --promote",
                "lakegate promote contracts/a.odcs.yaml --batch 'a b'",
            ],
        ),
    ],
)
def test_a_table_is_built_again_and_what_arrived_is_sent_again(dataset, first):
    blocked = verdict(*FAILED, dataset=dataset, batch="a b", contract_file="contracts/a.odcs.yaml")

    steps = next_steps(blocked)

    assert [step.command for step in steps][: len(first)] == first
    assert all(step.title.startswith("The data is wrong") for step in steps[: len(first)])
    assert not steps[len(first)].title.startswith("The data is wrong")
