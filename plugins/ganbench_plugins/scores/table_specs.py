"""The scores of tables that ganbench carries, as plugins."""

from functools import partial

from ganbench import Parameter, ScoreSpec, hookimpl
from ganbench_plugins.scores import requirements

GANBENCH_API_VERSION = 2

_MEASURES = "ganbench_plugins.scores.tables"


@hookimpl
def ganbench_scores() -> list[ScoreSpec]:
    """Columns, pairs, categories, learners, nearest rows."""
    spec = partial(ScoreSpec, modalities=("tabular",))
    return [
        spec(
            name="column-shapes",
            description="columns one by one: 1 - Kolmogorov-Smirnov or total variation distance",
            blind="how columns hang together",
            paper="SDMetrics, Column Shapes, https://docs.sdv.dev/sdmetrics",
            compute=f"{_MEASURES}:column_shapes",
            check=requirements.halves,
        ),
        spec(
            name="pair-trends",
            description="pairs of columns: correlations and joint shares, over all pairs",
            blind="what needs three columns, and bends that no line follows",
            paper="SDMetrics, Column Pair Trends, https://docs.sdv.dev/sdmetrics",
            compute=f"{_MEASURES}:pair_trends",
            check=requirements.pair_trends,
        ),
        spec(
            name="category-coverage",
            description="share of the real categories that fakes have",
            blind="how often a category is there",
            compute=f"{_MEASURES}:coverage",
            check=requirements.category_coverage,
        ),
        spec(
            name="tstr",
            description="models trained on fakes, tested on real rows: macro F1, or R² of numbers",
            blind="whatever does not help to foretell one column; copies are worth most",
            paper="Esteban et al. 2017, Real-valued Medical Time Series Generation, "
            "arXiv:1706.02633; as in Xu et al. 2019, arXiv:1907.00503",
            compute=f"{_MEASURES}:train_on_synthetic",
            check=requirements.train_on_synthetic,
            parameters={
                "target": Parameter(default="", help="column to foretell; empty: the last one"),
                "draws": Parameter(
                    default=10, minimum=2, maximum=1000, help="random halves of the fakes"
                ),
            },
        ),
        spec(
            name="c2st",
            description="how well trees tell fakes from real rows: cross-validated AUC",
            blind="what is wrong; one wrong column is enough for 1",
            paper="Lopez-Paz & Oquab 2017, Revisiting Classifier Two-Sample Tests, "
            "arXiv:1610.06545",
            compute=f"{_MEASURES}:two_sample",
            check=requirements.two_sample,
        ),
        spec(
            name="nearer-train",
            description="share of fakes whose nearest real row (Gower) is a training row",
            blind="copies with one column changed far; whose data they are",
            paper="Platzer & Reutterer 2021, Holdout-Based Empirical Assessment of Mixed-Type "
            "Synthetic Data, arXiv:2104.00635",
            compute=f"{_MEASURES}:nearer_train",
            check=requirements.nearer_train,
        ),
    ]
