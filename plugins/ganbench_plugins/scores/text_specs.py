"""The scores of texts, as plugins."""

from ganbench import Parameter, ScoreSpec, hookimpl
from ganbench_plugins.scores import requirements

GANBENCH_API_VERSION = 2

_MEASURES = "ganbench_plugins.scores.text"
_MODELS = "ganbench_plugins.scores.language_models"

_GULRAJANI = "Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv:1704.00028"
_SHORT = "Caccia et al. 2020, Language GANs Falling Short, arXiv:1811.02549"


def _n(default: int, what: str) -> Parameter:
    return Parameter(default=default, minimum=1, maximum=6, help=what)


@hookimpl
def ganbench_scores() -> list[ScoreSpec]:
    """Distances of n-grams, BLEU, repetition, overlap, language models."""
    return [
        ScoreSpec(
            name="ngram-jsd",
            description="Jensen-Shannon divergence of n characters in a row, in bits",
            blind="what lies farther apart than n characters, and copies",
            paper=_GULRAJANI,
            compute=f"{_MEASURES}:ngram_jsd",
            check=requirements.ngram_jsd,
            modalities=("text",),
            parameters={"longest": _n(4, "n-grams of 1 to so many characters")},
        ),
        ScoreSpec(
            name="bleu",
            description="BLEU against held-out texts, and self-BLEU of as many references",
            blind="copies, and what is missing (BLEU); quality (self-BLEU)",
            paper="Papineni et al. 2002; Zhu et al. 2018, Texygen, arXiv:1802.01886",
            compute=f"{_MEASURES}:bleu",
            check=requirements.bleu,
            modalities=("text",),
        ),
        ScoreSpec(
            name="distinct-n",
            description="different n-grams over all n-grams of the fakes",
            blind="quality: noise has many",
            paper="Li et al. 2016, A Diversity-Promoting Objective Function, arXiv:1510.03055",
            compute=f"{_MEASURES}:distinct_n",
            check=requirements.distinct_n,
            modalities=("text",),
            parameters={"n": _n(4, "characters in a row")},
        ),
        ScoreSpec(
            name="overlap",
            description="fakes that are training lines, beside those that are held-out ones",
            blind="copies with a character changed",
            compute=f"{_MEASURES}:overlap",
            check=requirements.overlap,
            modalities=("text",),
        ),
        ScoreSpec(
            name="language-model",
            description="bits of fakes under n-grams of the data, and of the data under the fakes'",
            blind="what n characters do not show",
            paper="Zhao et al. 2018, arXiv:1706.04223; Semeniuta et al. 2018, arXiv:1806.04936",
            compute=f"{_MODELS}:language_model",
            check=requirements.language_model,
            modalities=("text",),
            parameters={"n": _n(4, "characters of a window")},
        ),
        ScoreSpec(
            name="temperature-sweep",
            description="bits above maximum likelihood's curve of quality against diversity",
            blind="what n characters do not show",
            paper=_SHORT,
            compute=f"{_MODELS}:temperature_sweep",
            check=requirements.temperature_sweep,
            modalities=("text",),
            parameters={
                "n": _n(4, "characters of a window"),
                "each": Parameter(default=False, help="two columns for each temperature as well"),
            },
        ),
    ]
