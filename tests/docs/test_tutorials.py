"""Every command and every block of code in the documents for newcomers does what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from .tutorial import Reader, blocks, can_be_done

DOCS = Path(__file__).parents[2] / "docs"
TUTORIALS = (
    "techniques.md",  # the longest first, see tests/sharing.py
    "your-own-gan.md",
    "loss-with-state.md",
    "first-run.md",
    "from-1-to-2.md",
    "reading-tables.md",
    "leaderboards.md",
    "score.md",
    "everyday.md",
    "coming-from.md",
)


@pytest.mark.whole
@pytest.mark.parametrize("name", TUTORIALS)
def test_it_can_be_followed_to_the_letter(name: str, tmp_path: Path) -> None:
    assert any(block.language == "bash" for block in blocks(DOCS / name))
    with Reader(tmp_path) as reader:
        reader.follow(DOCS / name)


@pytest.mark.parametrize("name", TUTORIALS)
def test_all_of_it_was_followed(name: str) -> None:
    """Skipped where something was left out for want of a package, which is named."""
    left_out = [one for one in blocks(DOCS / name) if not can_be_done(one)]
    if left_out:
        pytest.skip("; ".join(f"line {one.line} needs {one.options['needs']}" for one in left_out))


def test_a_wrong_line_is_found(tmp_path: Path) -> None:
    document = tmp_path / "wrong.md"
    with Reader(tmp_path) as reader:
        for wrong in ("```bash\nfalse\n```", "```bash exit=1\ntrue\n```", "```python\n1 / 0\n```"):
            document.write_text(wrong)
            with pytest.raises(AssertionError, match="line 1"):
                reader.follow(document)
        document.write_text("```bash\nmkdir a; cd a; echo 12 apples\n```\n```text\n7 pears\n```\n")
        with pytest.raises(AssertionError, match=r"line 4: was not printed: .*pears"):
            reader.follow(document)
        document.write_text(
            "```bash\necho 12 apples in 1 min 3 s and 2 h 5 min\n```\n"
            "```text\n7 apples in 12.5 s and 10 s\n```\n"
        )
        reader.follow(document)
        assert reader.folder == tmp_path / "work" / "a"
        document.write_text("```bash needs=no_such_module\nfalse\n```\n")
        reader.follow(document)
