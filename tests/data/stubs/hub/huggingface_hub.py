"""A hub without a network, for documents that are followed: it looks at what it would be given.

`tests/authoring/test_repository.py` holds the call to the signature of the real one.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace


class HfApi:
    def upload_folder(
        self,
        *,
        repo_id: str,
        repo_type: str,
        folder_path: str,
        path_in_repo: str,
        allow_patterns: list[str],
        commit_message: str,
        create_pr: bool,
    ) -> SimpleNamespace:
        assert repo_type == "dataset"
        assert create_pr
        assert all((Path(folder_path) / name).stat().st_size for name in allow_patterns)
        assert commit_message
        assert path_in_repo
        return SimpleNamespace(pr_url=f"https://huggingface.co/datasets/{repo_id}/discussions/1")
