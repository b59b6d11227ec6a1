"""Images in a bare folder or zip archive, as the data set `images` reads them."""

from __future__ import annotations

from pathlib import Path

from ganbench.api.errors import UsageError
from ganbench.planning.references import parse_reference

ZIP = ".zip"


def is_folder(path: Path) -> bool:
    """Whether it is one, whatever is asked: references may be longer than a name can be."""
    try:
        return path.is_dir()
    except OSError:
        return False


def as_images(text: str) -> str:
    """The reference to `images` that a folder or an archive stands for.

    ``photos`` and ``photos.zip[side=64]`` become ``images:"photos"`` and
    ``images:"photos.zip"[side="64"]``; any other text is left as it is. So what is held out is what
    a run that was trained on the same file has never seen. A folder of just that name is meant
    before one whose name is followed by parameters.

    Raises:
        UsageError: its name has a quotation mark in it, which references cannot hold.
    """
    path, settings = Path(text).expanduser(), ""
    if not is_folder(path):
        reference = parse_reference(text)
        path = Path(reference.name).expanduser()
        if reference.argument is not None or not (path.suffix.lower() == ZIP or is_folder(path)):
            return text
        settings = ",".join(f'{name}="{value}"' for name, value in reference.settings.items())
    if '"' in str(path):
        raise UsageError(f"{path} has a quotation mark in its name", "give it another name")
    return f'images:"{path}"' + (f"[{settings}]" if settings else "")
