"""The user's own table: kinds guessed, told, and set; what is missing; what is no table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ganbench import Categorical, Data, MissingData, Survey, UsageError
from ganbench.modalities import modality_of
from ganbench_plugins.datasets.csv_table import PARAMETERS, describe, load, read_cells

LINES = [
    f"{place},{20 + place % 30},{170 + place / 7:.2f},{place % 3},{'fm'[place % 2]}"
    for place in range(60)
]
TEXT = "\n".join(["id,age,height,children,sex", *LINES])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (path := tmp_path / "people.csv").write_text(TEXT)
    return path


def settings(path: Path, **own: Any) -> dict[str, Any]:
    defaults = {name: parameter.default for name, parameter in PARAMETERS.items()}
    return {**defaults, "path": str(path), "modes": 0, **own}


def kinds(survey: Survey | Data) -> dict[str, str]:
    assert survey.info.schema is not None
    return {
        column.name: "categories"
        if isinstance(column, Categorical)
        else "whole"
        if column.whole
        else "numbers"
        for column in survey.info.schema
    }


def test_kinds_are_guessed_and_told(file: Path) -> None:
    survey = describe(**settings(file))
    guessed = {
        "id": "whole", "age": "whole", "height": "numbers", "children": "categories",
        "sex": "categories",
    }  # fmt: skip
    assert kinds(survey) == guessed
    (note,) = survey.notes
    assert "60 rows, 20 of them held out" in note
    assert "children: 3 categories" in note
    assert "age: whole numbers from 20 to 49" in note


def test_kinds_can_be_set_and_columns_dropped(file: Path) -> None:
    own = settings(file, numbers="children", categories="age", drop="id", target="height")
    found = kinds(describe(**own))
    assert found == {"age": "categories", "children": "whole", "sex": "categories",
                     "height": "numbers"}  # fmt: skip
    assert list(found)[-1] == "height"
    assert kinds(load(**own)) == found


def test_missing_numbers_leave_rows_out_and_missing_categories_are_one(file: Path) -> None:
    file.write_text(TEXT.replace("\n5,25,", "\n5,NA,").replace("\n9,29,", "\n9,,")
                    .replace(",m\n", ",?\n", 1))  # fmt: skip
    survey = describe(**settings(file))
    assert "2 rows with missing numbers left out" in survey.notes[0]
    assert (survey.train or 0) + (survey.heldout or 0) == 58
    assert survey.info.schema is not None
    sex = survey.info.schema[-1]
    assert isinstance(sex, Categorical)
    assert "missing" in sex.categories


def test_what_is_missing_is_so_in_any_letters(file: Path) -> None:
    before = describe(**settings(file)).fingerprint
    spelt = {}
    for word in ("NA", "Nan", "NAN", "NULL", "Null", "none", "n/a"):
        file.write_text(TEXT.replace("\n5,25,", f"\n5,{word},").replace(",m\n", f",{word}\n", 1))
        spelt[word] = describe(**settings(file)).fingerprint
    assert len({*spelt.values()}) == 1
    assert before not in spelt.values()


def test_a_number_beyond_float32_is_told_with_its_column(file: Path) -> None:
    file.write_text(TEXT.replace("\n5,25,170.71,", "\n5,25,1e39,"))
    with pytest.raises(UsageError, match=r"column 'height' holds 1e\+39, float32 holds no number"):
        describe(**settings(file))
    assert kinds(describe(**settings(file, drop="height")))["age"] == "whole"


def test_the_content_is_the_identity(file: Path) -> None:
    before = describe(**settings(file)).fingerprint
    other = file.with_name("renamed.csv")
    other.write_text(TEXT)
    assert describe(**settings(other)).fingerprint == before
    other.write_text(TEXT.replace("\n7,27,", "\n7,28,"))
    assert describe(**settings(other)).fingerprint != before


def test_samples_that_ganbench_has_written_are_read_as_what_they_are(file: Path) -> None:
    signs = ["-1", "+1", "-.5e3", "-", "=a", "'=a", "''@b", "'-1", "+ -2", "@", "it's", "--3"]
    rows = [f"{place / 7},{signs[place % len(signs)]}" for place in range(60)]
    file.write_text("\n".join(["=x,@kind", *rows]))
    data = load(**settings(file))
    assert data.info.schema is not None
    assert [column.name for column in data.info.schema] == ["=x", "@kind"]
    (media,) = modality_of(data.info).files(data.train, data.info).values()
    (again := file.with_name("samples.csv")).write_bytes(media.content)
    text = media.content.decode()
    assert text.startswith("'=x,'@kind\n")
    written = {line.partition(",")[2] for line in text.splitlines()}
    assert {"-1", "'=a", "'-1", "it's"} <= written
    read = load(**settings(again))
    assert read.info.schema is not None
    assert [column.name for column in read.info.schema] == ["=x", "@kind"]
    kinds_read, kinds_made = (info.schema[1].categories for info in (read.info, data.info))
    assert set(kinds_read) == {*signs, "'@b"} - {"'=a", "''@b"}
    assert kinds_read == kinds_made


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters(file: Path, delimiter: str) -> None:
    before = describe(**settings(file)).fingerprint
    file.write_text(TEXT.replace(",", delimiter))
    assert describe(**settings(file)).fingerprint == before


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_end_where_lines_do_and_cells_where_their_quotes_do(file: Path, end: str) -> None:
    towns = ["New\nYork", "NewYork", "a\u2028b", "c\x85d", "e\vf", "g\fh", "i\r\nj", 'say "k"']
    rows = [f'"{town.replace(chr(34), 2 * chr(34))}",{place}' for place, town in enumerate(towns)]
    file.write_text(end.join(["town,x", *rows, rows[0]]), newline="")
    assert read_cells(str(file)) == {
        "town": [*towns, towns[0]],
        "x": [*map(str, range(8)), "0"],
    }


def test_line_breaks_in_cells_are_read_as_they_are_written(file: Path) -> None:
    towns = ["New\nYork", "NewYork", "a\u2028b", "i\r\nj"]
    rows = [f'{place / 7},"{towns[place % 4]}"' for place in range(60)]
    file.write_text("\n".join(["x,town", *rows]), newline="")
    data = load(**settings(file))
    (media,) = modality_of(data.info).files(data.train, data.info).values()
    (again := file.with_name("samples.csv")).write_bytes(media.content)
    first, read = (one.info.schema for one in (data, load(**settings(again))))
    assert first is not None
    assert read is not None
    assert first[1].categories == read[1].categories == tuple(sorted(towns))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "first line must name"),
        ("a,a\n1,2\n", "'a' is none"),
        (
            'a,b\n"1\n1",2\n3\n\n4,5,6\n',
            "2 of 3 rows .*: line 4 has 1, line 6 has 3",
        ),
        ("a,b\n1,2\n", "has 1 rows"),
        ('a,b\n1,2\n3,"x\n5,6\n', "a double quote is opened in the row that begins in line 3, and"),
        (
            'a,b\n"1\n1",2\n3,"x\n' + "5,6\n" * 40_000,
            r"the row that begins in line 4 cannot be read: field larger than field limit",
        ),
        ("name,b\n" + "".join(f"n{i},1\n" for i in range(50)), "50 different texts"),
        (
            "a;b\n" + "".join(f"{i},5;1\n" if i == 7 else f"{i};1\n" for i in range(50)),
            "'a' holds numbers, and in 1 of 50 rows none, such as '7,5'",
        ),
    ],
)
def test_what_is_no_table_is_said(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(UsageError, match=message):
        describe(**settings(file))


def test_what_python_alone_takes_for_a_number_is_a_text(file: Path) -> None:
    rows = "".join(f"2015_{place % 12:02},{place}\n" for place in range(60))
    file.write_text("month,n\n" + rows)
    assert kinds(describe(**settings(file))) == {"month": "categories", "n": "whole"}


def test_a_table_of_one_column_has_empty_cells_as_others_have(file: Path) -> None:
    file.write_text("\n\ntown\n" + "a\nb\n\n" * 20 + "\n\n")
    data = load(**settings(file))
    assert data.info.schema is not None
    (town,) = data.info.schema
    assert isinstance(town, Categorical)
    assert town.categories == ("a", "b", "missing")
    assert len(data.train) + len(data.heldout) == 59  # what ends the file is no cell


def test_settings_that_fit_nothing(file: Path) -> None:
    with pytest.raises(UsageError, match="no column 'town'"):
        describe(**settings(file, drop="town"))
    with pytest.raises(UsageError, match="'f' in column 'sex' is no finite number"):
        describe(**settings(file, numbers="sex"))
    with pytest.raises(MissingData, match="is no file"):
        describe(**settings(file.with_name("none.csv")))
    with pytest.raises(UsageError, match="csv:PATH"):
        describe(**(settings(file) | {"path": ""}))


def test_numbers_that_float32_cannot_hold(file: Path) -> None:
    file.write_text(TEXT.replace("\n3,", "\n99999999,"))
    with pytest.raises(UsageError, match="beyond"):
        describe(**settings(file))


def test_infinity_is_no_number(file: Path) -> None:
    file.write_text(TEXT.replace("\n3,23,", "\n3,inf,"))
    with pytest.raises(UsageError, match="'inf' in column 'age' is no finite number"):
        describe(**settings(file, numbers="age"))


def test_a_target_is_not_dropped(file: Path) -> None:
    with pytest.raises(UsageError, match="'sex' is dropped, and the target"):
        describe(**settings(file, drop="sex", target="sex"))


def test_delimiters_in_quoted_names_do_not_count(file: Path) -> None:
    rows = [f"{place % 7};{place * 1.5};x" for place in range(60)]
    file.write_text("\n".join(['"a, b";"c, d";"e"', *rows]))
    assert list(kinds(describe(**settings(file)))) == ["a, b", "c, d", "e"]
    file.write_text("\n".join(['width";height"', *(f"{place};{place * 2}" for place in range(60))]))
    assert list(kinds(describe(**settings(file)))) == ['width"', 'height"']


def test_a_file_that_cannot_be_read_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(UsageError, match=r"cannot read .*: Permission denied"):
        describe(**settings(file))
