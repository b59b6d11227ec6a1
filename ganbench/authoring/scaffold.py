"""`ganbench new`: a complete plugin package, from the templates beside this module.

A template is a file as the author will read it, but for words such as `__NAME__` in its text and
its path, so that Python files are valid Python before they are filled in, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import metadata, resources, util
from pathlib import Path

from ganbench.api.arguments import checked
from ganbench.api.data import MODALITY_NAMES, ModalityName
from ganbench.api.errors import UsageError, did_you_mean
from ganbench.api.specs import NAME_PATTERN
from ganbench.authoring.grounds import GROUNDS, sample_table
from ganbench.authoring.template_files import template_files, write_folder
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
        run: what `ganbench run` tries the plugin out with, before the task.
        row: what it runs for a leaderboard that shows the plugin beside the built-in variants.
        suite: whether the package has a suite of its own.
        provides: kinds of the specs in the package, all under the plugin's name.
        modalities: kinds of data that it can be written for.
        usual: those that it is for if nobody says another.
    """

    about: str
    run: str
    row: str = "--all"
    suite: bool = False
    provides: tuple[str, ...]
    modalities: tuple[ModalityName, ...] = MODALITY_NAMES
    usual: tuple[ModalityName, ...] = MODALITY_NAMES


RIVALS = dict.fromkeys(("loss", "technique"), ("loss", "technique"))
"""Kinds that share their names: in ``mlp+NAME`` it must be clear which is meant."""

PERCEPTRON = "mlp+non-saturating"
"""What is trained where the plugin is nothing to train: it takes any kind of data."""

TEMPLATES: Mapping[str, Template] = {
    "variant": Template(
        about="Spectral-norm GAN with the hinge loss (Miyato et al. 2018)",
        run="__NAME__",
        row="--all __NAME__",
        provides=("variant", "loss", "model"),
        modalities=("points", "image"),
        usual=("points", "image"),
    ),
    "loss": Template(
        about="Least-squares loss (Mao et al. 2017) in both of its codings",
        run="mlp+__NAME__",
        row="--all mlp+__NAME__",
        provides=("loss",),
    ),
    "model": Template(
        about="Residual multilayer perceptrons (after He et al. 2016)",
        run="__NAME__+non-saturating-r1",
        row="--all __NAME__+non-saturating-r1",
        provides=("model",),
    ),
    "technique": Template(
        about="Orthogonal regularisation of the generator (Brock et al. 2019)",
        run=f"{PERCEPTRON}+__NAME__",
        row=f"--all {PERCEPTRON}+__NAME__",
        provides=("technique",),
    ),
    "dataset": Template(
        about="Samples of a known law",
        run=PERCEPTRON,
        suite=True,
        provides=("dataset",),
        usual=("points",),
    ),
    "score": Template(
        about="Energy distance (Székely & Rizzo 2013) of features",
        run=PERCEPTRON,
        suite=True,
        provides=("score",),
    ),
    "extractor": Template(
        about="Random features of the arc-cosine kernel (Cho & Saul 2009)",
        run=PERCEPTRON,
        suite=True,
        provides=("extractor",),
    ),
}


@checked
def new(
    kind: str,
    name: str,
    *,
    modality: str | None = None,
    package: str | None = None,
    author: str | None = None,
    into: Path | str | None = None,
) -> Path:
    """Write a package that provides one working plugin; what `ganbench new` does.

    Args:
        kind: a key of `TEMPLATES`.
        name: of the plugin, as it will be typed.
        modality: the kind of data that it is for; None: all that are usual for such a plugin.
        package: name of the distribution; None: ``ganbench-NAME``.
        author: for its metadata and licence; None: the package's authors.
        into: the folder to write, which must be empty or absent; None: ``./PACKAGE``.

    Returns:
        The folder.

    Raises:
        UsageError: there is no template of that kind for such data, a name is malformed or taken,
            the folder is not empty.
        GanbenchError: the folder cannot be written.
    """
    if kind not in TEMPLATES:
        raise UsageError(f"there is no template for a {kind!r}", did_you_mean(kind, TEMPLATES))
    modalities = _modalities(kind, modality)
    _check_name(kind, name, installed_catalogue())
    package = package or f"ganbench-{_joined(name, '-')}"
    _check_package(package, _module(name))
    author = author or f"The {package} authors"
    if not author.isprintable():
        raise UsageError(f"the author {author!r} has characters that cannot be printed")
    files = render(kind, name, package, author, modalities)
    folder = Path(into or package)
    write_folder(folder, files)
    return folder


def render(
    kind: str, name: str, package: str, author: str, modalities: tuple[ModalityName, ...]
) -> dict[str, str]:
    """Path -> text of every file of the package, sorted by path."""
    words = {
        **_words(kind, name, modalities),
        "PACKAGE": package,
        "AUTHOR": author,
        "YEAR": str(date.today().year),
    }

    def fill(text: str, words: Mapping[str, str] = words) -> str:
        return _WORD.sub(lambda match: words.get(match[1], match[0]), text)

    quoted = {**words, "AUTHOR": author.replace("\\", "\\\\").replace('"', '\\"')}
    return {
        fill(path): fill(text, quoted if path.endswith(".toml") else words)
        for folder in _folders(kind, modalities)
        for path, text in sorted(template_files(_TEMPLATES / folder))
    }


def run_command(kind: str, name: str, modality: str | None = None) -> str:
    """The command that tries a new plugin out."""
    return _words(kind, name, _modalities(kind, modality))["RUN"]


def _modalities(kind: str, modality: str | None) -> tuple[ModalityName, ...]:
    """The kinds of data that a new plugin is for.

    Raises:
        UsageError: there is no template for that one.
    """
    template = TEMPLATES[kind]
    if modality is None:
        return template.usual
    chosen = tuple(one for one in template.modalities if one == modality)
    if not chosen:
        others = " or ".join(
            other for other, one in TEMPLATES.items() if modality in one.modalities
        )
        raise UsageError(
            f"there is no template of a {kind} for {modality!r} data",
            f"there is one of {others}" if others else did_you_mean(modality, template.modalities),
        )
    return chosen


def _words(kind: str, name: str, modalities: tuple[ModalityName, ...]) -> dict[str, str]:
    """What stands in the templates for the words that depend on kind, name and data."""
    template, ground = TEMPLATES[kind], GROUNDS[modalities[0]]
    law = ground.law
    suite = "suite.toml" if template.suite else ground.suite
    option = f" --suite {suite}" if suite else ""
    own = kind == "dataset"
    words = {
        "KIND": kind,
        "NAME": name,
        "MODULE": _module(name),
        "ABOUT": law.about if own else template.about,
        "LAW": law.module,
        "MODALITIES": f"({', '.join(map(_quoted, modalities))}{',' * (len(modalities) == 1)})",
        "SAMPLES": sample_table(modalities),
        "DATASET": name if own else ground.dataset,
        "EXTRACTOR": ground.extractor if len(modalities) == 1 else "raw",
        "SCORES": ", ".join(map(_quoted, ground.scores)),
        "FAKES": str(ground.fakes),
        "TRIES": f', "ganbench[{ground.extra}]"' if ground.extra and not own else "",
        "SUITE": option,
    }
    task = option.strip() if template.suite else ground.task
    for word, command in (("RUN", f"{template.run} {task}"), ("ROW", template.row + option)):
        words[word] = f"ganbench run {command.replace('__NAME__', name)}"
    return words


def _quoted(text: str) -> str:
    return f'"{text}"'


def _folders(kind: str, modalities: tuple[ModalityName, ...]) -> list[str]:
    """The templates of which a package is put together."""
    if kind != "dataset":
        return ["common", kind]
    (modality,) = modalities
    return ["common", kind, *(f"laws/{one}" for one in (*GROUNDS[modality].law.parts, modality))]


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
