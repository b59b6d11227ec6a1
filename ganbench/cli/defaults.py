"""What files and variables set becomes the default of options, which read and check it."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator, Mapping

import click
from click.core import ParameterSource

from ganbench.api.errors import GanbenchError, UsageError
from ganbench.catalogue.catalogue import DISABLED_VARIABLE
from ganbench.cli.context import SETTINGS
from ganbench.cli.options import out_option, run_options, runs_option, selection_options
from ganbench.cli.plugin_options import plugin_options
from ganbench.cli.settings import KEYS, Setting, read_settings, variable


def apply_settings(context: click.Context, verbs: Iterable[str]) -> None:
    """Make what files and variables say the defaults of every verb's options.

    Raises:
        UsageError: as `checked_settings`.
    """
    settings = checked_settings()
    context.meta[SETTINGS] = settings
    context.default_map = {
        verb: {
            KEYS[key].option: setting.value
            for key, setting in settings.items()
            if _concerns(key, setting, verb)
        }
        for verb in verbs
    }
    if cache := settings.get("cache"):
        os.environ[variable("cache")] = str(cache.value)  # so that workers have it, too


def tell_settings(context: click.Context) -> Iterator[str]:
    """A line for each setting that no flag overrides and that changes what this verb runs."""
    settings: Mapping[str, Setting] = context.meta.get(SETTINGS, {})
    for key, setting in settings.items():
        source = context.get_parameter_source(KEYS[key].option)
        counts = source is not ParameterSource.COMMANDLINE or KEYS[key].type == "list"
        if counts and (not KEYS[key].portable or key == "device"):
            is_list = isinstance(setting.value, list)
            value = ", ".join(setting.value) if is_list else setting.value
            yield f"{key} is {value}: set by {setting.origin}"


def checked_settings() -> dict[str, Setting]:
    """Everything that files and variables set, by key.

    Raises:
        UsageError: as `ganbench.cli.settings.read_settings`, or a value is none that its option
            takes, even where another setting has the last word.
    """
    settings = {}
    for key, setting in read_settings():
        _check(key, setting)
        settings[key] = setting
    return settings


def option_of(key: str) -> click.Option:
    """The option whose default a key is."""
    return _options()[KEYS[key].option]


@functools.cache
def _options() -> dict[str, click.Option]:
    @click.command()
    @selection_options
    @runs_option
    @run_options
    @out_option
    @plugin_options
    @click.option("--cache", help="Folder of what can be computed or fetched again.")
    def every_option(**_: object) -> None:
        """All that can be set, as no verb in particular has them."""

    options = [option for option in every_option.params if isinstance(option, click.Option)]
    return {option.name: option for option in options if option.name}


def _check(key: str, setting: Setting) -> None:
    try:
        option_of(key).type_cast_value(click.Context(click.Command("ganbench")), setting.value)
    except click.BadParameter as error:
        raise UsageError(f"{setting.origin}: {key}: {error.message.rstrip('.')}") from None
    except GanbenchError as error:
        raise UsageError(f"{setting.origin}: {error.message}", error.hint) from None


def _concerns(key: str, setting: Setting, verb: str) -> bool:
    if setting.origin == DISABLED_VARIABLE:  # the catalogue reads it, for functions, too
        return False
    if key == "cache":  # no option's default, but a variable's
        return False
    return not KEYS[key].verbs or verb in KEYS[key].verbs
