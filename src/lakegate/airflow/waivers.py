"""`waiver`: a named approver lets a failed batch pass, with a reason and until a day; else the run fails."""

from __future__ import annotations

from airflow.providers.standard.operators.hitl import ApprovalOperator


class WaiverOperator(ApprovalOperator):
    """Ask the contract's approvers; what they approve becomes a waiver record in the lake (PROTOCOL)."""
