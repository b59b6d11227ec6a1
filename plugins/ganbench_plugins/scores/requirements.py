"""How many samples the scores need, of which split. Asked twice: when a task is planned, as far as
the numbers are known then, and before each computation. Never imports torch."""

from __future__ import annotations

from ganbench import Categorical, EvaluationInfo, UsageError
from ganbench_plugins.networks.windows import LARGEST_CODE, LARGEST_TABLE, longest_window

MOST_FEATURES = 96
"""Of an extractor whose Fréchet distance is taken class by class: with 1,000 samples a side its
floor is 3 % of the features' variance, with FID's 2,048 features 62 %."""

BLEU_TEXTS = 501
"""Texts whose BLEU is computed, at most: each has 500 others, as Texygen's fast way."""


def frechet(evaluation: EvaluationInfo, *, extractor: str) -> None:
    """A covariance on either side."""
    _require("fd", evaluation, real=2, fakes=2)


def kernel(evaluation: EvaluationInfo, *, extractor: str) -> None:
    """Pairs of different samples on either side."""
    _require("kid", evaluation, real=2, fakes=2)


def prdc(evaluation: EvaluationInfo, *, extractor: str) -> None:
    """Fifth neighbours of real samples, third ones of fakes."""
    _require("prdc", evaluation, real=6, fakes=4)


def class_recall(evaluation: EvaluationInfo, *, extractor: str, each: bool) -> None:
    """Frequent, medium and rare classes, and neighbours."""
    if (evaluation.data.classes or 0) < 3:
        raise UsageError(
            f"score class-recall needs three classes or more, {evaluation.data.name} has "
            f"{evaluation.data.classes or 'none'}",
            "leave the score out, or name the classes of the samples",
        )
    _require("class-recall", evaluation, real=6, fakes=1)


def class_distance(
    evaluation: EvaluationInfo, *, extractor: str, judge: str, distance: str, each: bool
) -> int:
    """Enough samples of every class, and few enough features for a covariance of so few.

    Returns:
        How many samples of a class are the least that have a distance; without a known number of
        features the least that there could be.
    """
    classes, features = evaluation.data.classes or 0, evaluation.features.get(extractor, 1)
    if classes < 1:
        raise UsageError(
            f"score class-distance needs samples with classes, {evaluation.data.name} has none",
            "leave the score out, or name the classes of the samples",
        )
    if distance == "fd" and features > MOST_FEATURES:
        raise UsageError(
            f"score class-distance[distance=fd] needs an extractor of {MOST_FEATURES} features or "
            f"fewer, {extractor} has {features}: of the few samples of a class, the distance would "
            "be bias",
            f"use class-distance[extractor={extractor}], whose kernel distance has no bias, or "
            "fewer features: class-distance[distance=fd,extractor=mobilenetv2-b13]",
        )
    least = features + 1 if distance == "fd" else 2
    for what, count, mend in (
        ("real", evaluation.real, "use more real samples"),
        ("generated", evaluation.fakes, f"take more fakes: {classes * least}"),
    ):
        if count is not None and count < classes * least:
            raise UsageError(
                f"score class-distance[distance={distance}] needs {least} {what} samples of each "
                f"of {classes} classes, and there are {count} of all",
                mend if distance == "kid" else f"{mend}, or ask for [distance=kid]",
            )
    return least


def near_train(evaluation: EvaluationInfo, *, extractor: str) -> None:
    """A held-out split to compare with."""
    _two_splits("near-train", evaluation)


def near_held_out(evaluation: EvaluationInfo, *, extractor: str) -> None:
    """A held-out split that may have leaked."""
    _two_splits("near-held-out", evaluation)


def _two_splits(score: str, evaluation: EvaluationInfo) -> None:
    if evaluation.split != "heldout":
        raise UsageError(
            f"score {score} tells copies of one split by what samples of the other do, and the "
            "real side here is the train split",
            'compare with the held-out split (split = "heldout" of a task; arrays have none), or '
            "leave the score out",
        )


def bins(evaluation: EvaluationInfo, *, extractor: str, bins: int) -> None:
    """A training sample for each cell."""
    count = evaluation.train
    if count is not None and count < bins:
        raise UsageError(
            f"score ndb with {bins} bins needs as many training samples, there are {count}",
            f"set fewer: ndb[bins={max(2, count // 10)}]",
        )


def exact_wasserstein(evaluation: EvaluationInfo, *, samples: int) -> None:
    """As many points on either side, and as many real ones again."""
    _transport("w2", evaluation, samples)


def sliced_wasserstein(evaluation: EvaluationInfo) -> None:
    """Real points on both sides of a floor."""
    if evaluation.real is not None:
        _transport("sliced-w2", evaluation, min(evaluation.real, evaluation.fakes))


def _transport(score: str, evaluation: EvaluationInfo, n: int) -> None:
    _require(score, evaluation, real=n, fakes=n)
    real, train = evaluation.real, evaluation.train
    others = train if evaluation.split == "heldout" else 0
    if real is not None and others is not None and real - n + others < n:
        raise UsageError(
            f"{evaluation.data.name} has too few samples for score {score}: its noise floor "
            f"compares {n} real samples with {n} others",
            "take fewer fakes: `fakes = N` of a task, `--fakes N` of ganbench score"
            if score == "sliced-w2"
            else "set [samples=N]",
        )


def _require(score: str, evaluation: EvaluationInfo, *, real: int, fakes: int) -> None:
    for what, count, least in (
        ("real", evaluation.real, real),
        ("generated", evaluation.fakes, fakes),
    ):
        if count is not None and count < least:
            raise UsageError(f"score {score} needs {least} {what} samples or more, it gets {count}")


def halves(evaluation: EvaluationInfo, *, score: str = "column-shapes") -> None:
    """Two real tables of two rows, for the floor."""
    _require(score, evaluation, real=4, fakes=2)


def pair_trends(evaluation: EvaluationInfo) -> None:
    """A pair of columns."""
    if len(evaluation.data.schema or ()) < 2:
        raise UsageError(
            f"score pair-trends needs two columns, {evaluation.data.name} has one",
            "leave the score out",
        )
    halves(evaluation, score="pair-trends")


def category_coverage(evaluation: EvaluationInfo) -> None:
    """A column of categories."""
    if not any(isinstance(column, Categorical) for column in evaluation.data.schema or ()):
        raise UsageError(
            f"score category-coverage needs categories, {evaluation.data.name} has none",
            "leave the score out",
        )


def train_on_synthetic(evaluation: EvaluationInfo, *, target: str, draws: int) -> int:
    """Held-out rows, and something to foretell: the place of its column."""
    _two_splits("tstr", evaluation)
    schema = evaluation.data.schema or ()
    names = [column.name for column in schema]
    if len(names) < 2 or (target and target not in names):
        raise UsageError(
            f"score tstr foretells column {target!r} from others, {evaluation.data.name} has: "
            f"{', '.join(names)}",
            "name one of them: tstr[target=NAME]",
        )
    _require("tstr", evaluation, real=2, fakes=20)
    return names.index(target) if target else len(names) - 1


def two_sample(evaluation: EvaluationInfo) -> None:
    """Two rows of each side in each of five folds."""
    _require("c2st", evaluation, real=10, fakes=10)


def nearer_train(evaluation: EvaluationInfo) -> None:
    """Both splits."""
    _two_splits("nearer-train", evaluation)


def bleu(evaluation: EvaluationInfo) -> int:
    """Texts to compare with others: how many."""
    sides = {
        "generated": evaluation.fakes,
        "real": None if evaluation.real is None else evaluation.real + 1,
        "training": evaluation.train,
    }
    known = {side: count for side, count in sides.items() if count is not None}
    fewest = min(known, key=lambda side: known[side])
    if known[fewest] < 3:
        raise UsageError(
            f"score bleu compares texts with others, and there are too few {fewest} ones",
            "take 3 fakes or more"
            if fewest == "generated"
            else "use more texts, or leave the score out",
        )
    return min(BLEU_TEXTS, known[fewest])


def compared_texts(evaluation: EvaluationInfo) -> int:
    """How many texts are measured where the number depends on how many there are.

    All fakes, or half as many as there are training lines: floors are of random sets of as many of
    these, and larger sets would share most of them, or be one and the same.
    """
    train = evaluation.train
    return evaluation.fakes if train is None else min(evaluation.fakes, train // 2)


def ngram_jsd(evaluation: EvaluationInfo, *, longest: int) -> None:
    """Numbers for the windows, and sets of training lines for the floor."""
    _codes("ngram-jsd", evaluation, longest, parameter="longest")
    _sets_of_lines("ngram-jsd", evaluation)


def distinct_n(evaluation: EvaluationInfo, *, n: int) -> None:
    """Numbers for the windows, and sets of training lines for the null."""
    _codes("distinct-n", evaluation, n, parameter="n")
    _sets_of_lines("distinct-n", evaluation)


def language_model(evaluation: EvaluationInfo, *, n: int) -> None:
    """A table for the windows, and sets of training lines for the floor."""
    _table("language-model", evaluation, n)
    _sets_of_lines("language-model", evaluation)


def temperature_sweep(evaluation: EvaluationInfo, *, n: int, each: bool) -> None:
    """A table for the windows."""
    _table("temperature-sweep", evaluation, n)


def _table(score: str, evaluation: EvaluationInfo, n: int) -> None:
    size = len(evaluation.data.vocabulary or ())
    if size and n > (fits := longest_window(size, LARGEST_TABLE)):
        raise UsageError(
            f"score {score}[n={n}] counts {n}-grams of the {size} tokens of {evaluation.data.name} "
            f"in a table of {size**n:,} numbers, and {LARGEST_TABLE:,} are the most",
            f"set the longest that fits: {score}[n={fits}]",
        )


def _codes(score: str, evaluation: EvaluationInfo, n: int, *, parameter: str) -> None:
    size = len(evaluation.data.vocabulary or ())
    if size and n > (fits := longest_window(size, LARGEST_CODE)):
        raise UsageError(
            f"score {score}[{parameter}={n}] numbers {n}-grams of the {size:,} tokens of "
            f"{evaluation.data.name}, which are more than 64 bits tell apart",
            f"set the longest that fits: {score}[{parameter}={fits}]",
        )


def _sets_of_lines(score: str, evaluation: EvaluationInfo) -> None:
    if compared_texts(evaluation) < 1:
        raise UsageError(
            f"score {score} compares sets of training lines, and {evaluation.data.name} has "
            f"{evaluation.train} of them",
            "use two or more, or leave the score out",
        )


def recognised(evaluation: EvaluationInfo, *, extractor: str) -> None:
    """Real clips that are none of the training clips which vote on them."""
    if evaluation.split != "heldout":
        raise UsageError(
            "score recognised asks the training clips that are nearest to a clip, and the real "
            "side here is the train split, in which each clip is the nearest to itself",
            'set split = "heldout" for the task and hold clips out, or leave the score out',
        )


def overlap(evaluation: EvaluationInfo) -> None:
    """Held-out lines beside those of training."""
    _two_splits("overlap", evaluation)


def sources(evaluation: EvaluationInfo, *, extractor: str) -> None:
    """Sources, which are the classes of a mixture."""
    if (evaluation.data.classes or 0) < 2:
        raise UsageError(
            f"score sources needs two sources or more, {evaluation.data.name} has none",
            "use it on a mixture, A|B, or leave the score out",
        )
