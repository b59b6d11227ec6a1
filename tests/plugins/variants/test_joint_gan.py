"""The joint GAN of pairs and its control, trained for moments through the real command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ganbench.api.specs import VariantSpec
from ganbench.planning.suite import load_suite

from ...conftest import RunCli
from ...training.small import catalogue, recipe_of
from ...modalities.samples import pair_info, stored  # noqa: F401
