from __future__ import annotations

from ganbench.results.headings import distinct_labels, measurement_name


def test_labels_stay_as_they_are_where_they_differ() -> None:
    labels = {"recall/a@1/top/heldout/9x9": "recall", "precision/a@1/top/heldout/9x9": "precision"}
    assert distinct_labels(labels) == labels
    assert list(distinct_labels(labels)) == list(labels)


def test_equal_labels_are_told_apart_by_the_first_part_that_differs() -> None:
    labels = {
        "precision/classifier-digits@1/embedding/heldout/9x9": "precision",
        "near_train/classifier-digits@1/embedding/heldout/9x9": "near train",
        "precision/mobilenetv2-b13@2/b13/heldout/9x9": "precision",
    }
    assert list(distinct_labels(labels).values()) == [
        "precision (classifier-digits)",
        "near train",
        "precision (mobilenetv2-b13)",
    ]


def test_several_parts_are_named_where_one_is_not_enough() -> None:
    keys = ["fd/a@1/x/heldout/9x9", "fd/a@1/x/heldout/9x5", "fd/b@1/x/heldout/9x9"]
    assert list(distinct_labels(dict.fromkeys(keys, "FD")).values()) == [
        "FD (a, 9x9)",
        "FD (a, 9x5)",
        "FD (b)",
    ]


def test_keys_that_only_a_hash_tells_apart_are_named_in_full() -> None:
    keys = ["fd/a@1/x/heldout/9x9", "fd/a@2/x/heldout/9x9"]
    assert list(distinct_labels(dict.fromkeys(keys, "FD")).values()) == [f"FD ({k})" for k in keys]
    odd = ["mine", "fd/a@2/x/heldout/9x9"]
    assert list(distinct_labels(dict.fromkeys(odd, "FD")).values()) == [f"FD ({k})" for k in odd]


def test_a_measurement_is_named_by_what_its_key_begins_with() -> None:
    assert measurement_name("high_quality/8@2500") == "high_quality"
    assert measurement_name("fd/classifier@12/embedding/heldout/1x1") == "fd"
