"""`ganbench new`: a complete plugin package, from the templates beside this module.

A template is a file as the author will read it, but for words such as `__NAME__` in its text and
its path, so that Python files are valid Python before they are filled in, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import metadata, resources, util
from importlib.resources.abc import Traversable
from pathlib import Path

from ganbench.api.arguments import checked
from ganbench.api.errors import GanbenchError, UsageError, did_you_mean
from ganbench.api.specs import NAME_PATTERN
from ganbench.catalogue.catalogue import Catalogue, installed_catalogue
from ganbench.catalogue.plugin import Plugin

_TEMPLATES = resources.files("ganbench.authoring") / "templates"
_WORD = re.compile(r"__([A-Z]+)__")
_DISTRIBUTION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What the templates of one kind hold.

    Args:
        about: one line for the README and the package's metadata.
        run: arguments of the `ganbench run` that tries the plugin out.
        row: its arguments for a leaderboard that shows the plugin beside the built-in variants.
        suite: what `ganbench publish` must know of the suite; empty for the default one.
        provides: kinds of the specs in the package, all under the plugin's name.
    """

    about: str
    run: str
    row: str
    suite: str = ""
    provides: tuple[str, ...]


RIVALS = dict.fromkeys(("loss", "technique"), ("loss", "technique"))
"""Kinds that share their names: in ``mlp+NAME`` it must be clear which is meant."""

TEMPLATES: Mapping[str, Template] = {
    "variant": Template(
        about="Spectral-norm GAN with the hinge loss (Miyato et al. 2018)",
        run="__NAME__ --task ring8",
        row="--all",
        provides=("variant", "loss", "model"),
    ),
    "loss": Template(
        about="Least-squares loss (Mao et al. 2017) in both of its codings",
        run="mlp+__NAME__ --task ring8",
        row="--all mlp+__NAME__",
        provides=("loss",),
    ),
    "model": Template(
        about="Residual multilayer perceptrons (after He et al. 2016)",
        run="__NAME__+non-saturating-r1 --task ring8",
        row="--all __NAME__+non-saturating-r1",
        provides=("model",),
    ),
    "technique": Template(
        about="Orthogonal regularisation of the generator (Brock et al. 2019)",
        run="vanilla+__NAME__ --task ring8",
        row="--all vanilla+__NAME__",
        provides=("technique",),
    ),
    "dataset": Template(
        about="Gaussians on a sunflower's spiral (Vogel 1979), whose modes are known",
        run="dcgan --suite suite.toml",
        row="--all --suite suite.toml",
        suite=" --suite suite.toml",
        provides=("dataset",),
    ),
    "score": Template(
        about="Energy distance (Székely & Rizzo 2013) of features",
        run="vanilla --suite suite.toml",
        row="--all --suite suite.toml",
        suite=" --suite suite.toml",
        provides=("score",),
    ),
}


@checked
def new(
    kind: str,
    name: str,
    *,
    package: str | None = None,
    author: str | None = None,
    into: Path | str | None = None,
) -> Path:
    """Write a package that provides one working plugin; what `ganbench new` does.

    Args:
        kind: a key of `TEMPLATES`.
        name: of the plugin, as it will be typed.
        package: name of the distribution; None: ``ganbench-NAME``.
        author: for its metadata and licence; None: the package's authors.
        into: the folder to write, which must be empty or absent; None: ``./PACKAGE``.

    Returns:
        The folder.

    Raises:
        UsageError: the kind is unknown, a name is malformed or taken, the folder is not empty.
        GanbenchError: the folder cannot be written.
    """
    if kind not in TEMPLATES:
        raise UsageError(f"there is no template for a {kind!r}", did_you_mean(kind, TEMPLATES))
    _check_name(kind, name, installed_catalogue())
    package = package or f"ganbench-{_joined(name, '-')}"
    _check_package(package, _module(name))
    author = author or f"The {package} authors"
    if not author.isprintable():
        raise UsageError(f"the author {author!r} has characters that cannot be printed")
    files = render(kind, name, package, author)
    folder = Path(into or package)
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty", "choose another folder with --into DIR")
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
    except OSError as error:
        hint = "choose another folder with --into DIR"
        raise GanbenchError(f"cannot write {folder}: {error.strerror}", hint) from error
    return folder


def render(kind: str, name: str, package: str, author: str) -> dict[str, str]:
    """Path -> text of every file of the package, sorted by path."""
    template = TEMPLATES[kind]
    words = {
        "KIND": kind,
        "NAME": name,
        "MODULE": _module(name),
        "PACKAGE": package,
        "AUTHOR": author,
        "ABOUT": template.about,
        "RUN": run_command(kind, name),
        "ROW": f"ganbench run {template.row.replace('__NAME__', name)}",
        "SUITE": template.suite,
        "YEAR": str(date.today().year),
    }

    def fill(text: str, words: Mapping[str, str] = words) -> str:
        return _WORD.sub(lambda match: words.get(match[1], match[0]), text)

    quoted = {**words, "AUTHOR": author.replace("\\", "\\\\").replace('"', '\\"')}
    return {
        fill(path): fill(text, quoted if path.endswith(".toml") else words)
        for path, text in sorted([*_files(_TEMPLATES / "common"), *_files(_TEMPLATES / kind)])
    }


def run_command(kind: str, name: str) -> str:
    """The command that tries a new plugin out."""
    return "ganbench run " + TEMPLATES[kind].run.replace("__NAME__", name)


def _files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.name == "__pycache__":  # pip compiles the templates that are Python
            continue
        if entry.is_dir():
            yield from _files(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_text("utf-8")


def _joined(name: str, separator: str) -> str:
    """A name's letters and digits; what separates them becomes one `separator`."""
    return re.sub(r"[._-]+", separator, name).strip(separator)


def _module(name: str) -> str:
    """The import package: the prefix makes it an identifier and no keyword, whatever the name."""
    return f"ganbench_{_joined(name, '_')}"


def _check_name(kind: str, name: str, catalogue: Catalogue) -> None:
    if not NAME_PATTERN.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot name a {kind}",
            "use up to 63 lower-case letters, digits, '.', '_' and '-', a letter or digit first",
        )
    for plugin in catalogue.plugins:
        if plugin.name == name:
            raise _taken("plugin", name, plugin)
    for provided in TEMPLATES[kind].provides:
        for rival in RIVALS.get(provided, (provided,)):
            if (owner := catalogue.owner(rival, name)) is not None:
                raise _taken(rival, name, owner)


def _taken(kind: str, name: str, owner: Plugin) -> UsageError:
    return UsageError(
        f"there is a {kind} named {name!r} already, in {owner.distribution} {owner.version}",
        "choose another name; `ganbench list` shows those that are taken",
    )


def _check_package(package: str, module: str) -> None:
    if not _DISTRIBUTION.fullmatch(package):
        raise UsageError(
            f"{package!r} cannot name a package",
            "use letters, digits, '.', '_' and '-', a letter or digit at both ends",
        )
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        pass
    else:
        raise UsageError(
            f"{package} {version} is installed here: pip would replace it",
            "choose another name with --package NAME",
        )
    if util.find_spec(module) is not None:
        raise UsageError(f"the module {module} is installed already", "choose another name")
