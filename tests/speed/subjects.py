"""Subjects of tests of speed."""

from __future__ import annotations

from ganbench.planning.plan import Selection, make_plan
from ganbench.speed.subject import Subject

from ..training.small import CPU, catalogue


def subject_of(variant: str, task: str = "ring8", suite: str = "starter") -> Subject:
    selection = Selection(variants=[variant], suite=suite, tasks=[task], seeds=[0])
    return Subject(make_plan(selection, catalogue()).runs[0], catalogue(), CPU)
