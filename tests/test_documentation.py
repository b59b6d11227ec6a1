"""What the documents promise is there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from ganbench.api.specs import ScoreSpec
from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.cli.main import VERBS
from ganbench.planning.suite import embedded_suites, parse_suite

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    (extract,) = re.findall(r"^command=\$\((.*)\)$", script, re.MULTILINE)
    found = subprocess.run(["bash", "-c", extract], cwd=ROOT, capture_output=True, text=True)
    (command,) = re.findall(r"<!-- test command -->\n```bash\n(.*)\n```", README)
    assert found.stdout.strip() == command
    assert command.endswith("tox")


def test_the_readme_opens_with_the_two_commands() -> None:
    assert README.index("<!-- run command -->") < README.index("<!-- test command -->") < 1000


def test_the_suite_of_the_readme_is_valid() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    suite = parse_suite(text, "README.md")
    assert suite.tasks[0].dataset == "images:photos[side=32]"


def test_links_lead_somewhere() -> None:
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_documented(verb: str) -> None:
    text = README + (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"ganbench {verb}" in text or f"`{verb}`" in text


def test_every_score_and_suite_is_documented() -> None:
    scores = (ROOT / "docs" / "scores.md").read_text("utf-8")
    for name in installed_catalogue().names(ScoreSpec.kind):
        assert f"`{name}`" in scores, name
    for name in embedded_suites():
        assert f"`{name}`" in README, name
