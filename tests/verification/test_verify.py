"""Real runs of a few steps, checked from their generators and by training again."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from ganbench.api.errors import GanbenchError, InvalidResults, PluginNotUsable, UsageError
from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.cli.main import cli
from ganbench.execution.conditions import Conditions
from ganbench.publishing.publish import package
from ganbench.publishing.reading import read_published
from ganbench.publishing.selection import publish_suite
from ganbench.results.record import Record
from ganbench.results.store import RunStore
from ganbench.running.generator import keep_generator, load_generator
from ganbench.storage.sealed import read_sealed, write_sealed
from ganbench.verification.claimed import ClaimedRun, read_claim
from ganbench.verification.verdict import RECOMPUTED, RETRAINED, Verdict
from ganbench.verification.verify import verify

SUITE = """
name = "tiny"
description = "One task, a few steps."
seeds = "0-3"

[[tasks]]
name = "ring8"
dataset = "ring8"
budget = "20steps"
fakes = 2500
evaluations = 2
scores = ["sliced-w2", "modes"]
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`runs` with four seeds of a variant with an average, and `results` published from it."""
    folder = tmp_path_factory.mktemp("verify")
    (folder / "tiny.toml").write_text(SUITE)
    variant, suite = "vanilla[ema=0.9]", str(folder / "tiny.toml")
    arguments = ["run", variant, "--suite", suite, "--runs", str(folder / "runs")]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False, catch_exceptions=False)
    assert result.return_value == 0
    publish_suite(folder / "runs", suite, folder / "results", unranked=False, remark=print)
    return folder


@pytest.fixture
def claim(home: Path) -> ClaimedRun:
    return read_claim(RunStore(home / "runs").ids()[0], home / "runs")


def check(claim: ClaimedRun, retrain: bool = False) -> Verdict:
    return verify(claim, installed_catalogue(), retrain=retrain, remark=lambda line: None)


def test_a_run_is_recomputed_from_its_generator(claim: ClaimedRun) -> None:
    verdict = check(claim)
    assert verdict.holds
    assert verdict.method == RECOMPUTED
    assert len(verdict.rescored) == len(claim.scores) > 3
    assert "recomputed from its generator: equal" in verdict.summary


def test_the_average_is_what_is_kept(home: Path, claim: ClaimedRun) -> None:
    record = RunStore(home / "runs").read(claim.run_id)
    assert claim.weights is not None
    assert len(record["generator_sha256"]) == 64
    _, weights = read_sealed(claim.weights)
    assert list(record["environment"]["sources"]) == ["ganbench"]
    assert sum(one.numel() for one in weights.values()) == record["parameters"]["generator"]


@pytest.mark.parametrize("change", [1e-4, -0.5])
def test_a_changed_score_is_found(claim: ClaimedRun, change: float) -> None:
    key = next(key for key, value in claim.scores.items() if value)
    false = replace(claim, scores={**claim.scores, key: claim.scores[key] * (1 + change)})
    verdict = check(false)
    assert not verdict.holds
    assert [one.key for one in verdict.rescored if one.verdict == "differs"] == [key]


def test_a_missing_score_is_found(claim: ClaimedRun) -> None:
    key = next(iter(claim.scores))
    fewer = {name: value for name, value in claim.scores.items() if name != key}
    assert not check(replace(claim, scores=fewer)).holds


def test_another_generator_is_refused_or_found(claim: ClaimedRun, tmp_path: Path) -> None:
    assert claim.weights is not None
    weights = {name: one + 0.1 for name, one in read_sealed(claim.weights)[1].items()}
    other = tmp_path / "generator.safetensors"
    write_sealed(other, "", weights, durable=False)
    with pytest.raises(InvalidResults, match="is not the generator that the run has left"):
        check(replace(claim, weights=other))
    assert not check(replace(claim, weights=other, digest=None)).holds


def test_retraining_gives_the_same_bits(claim: ClaimedRun) -> None:
    verdict = check(claim, retrain=True)
    assert verdict.method == RETRAINED
    assert {one.verdict for one in verdict.rescored} == {"same"}
    assert "trained again from its spec: equal, bit by bit" in verdict.summary


def test_it_is_trained_again_where_one_says(claim: ClaimedRun) -> None:
    """By the same door as every run."""
    with pytest.raises(
        UsageError, match=r"(?s)unknown executor 'lokal'.*did you mean local"
    ) as told:
        verify(claim, installed_catalogue(), retrain=True, conditions=Conditions(executor="lokal"))
    assert told.value.exit_code == 2


@pytest.fixture
def retrained(claim: ClaimedRun, monkeypatch: pytest.MonkeyPatch) -> Record:
    """What training again gives, on another processor."""
    points = [{"fraction": 1.0, "used": {}, "scores": dict(claim.scores)}]
    environment = {**claim.environment, "cpu_kind": "another"}
    record: Record = {"status": "ok", "points": points, "environment": environment}  # type: ignore[typeddict-item]
    monkeypatch.setattr("ganbench.verification.verify._train", lambda *_: record)
    return record


def test_elsewhere_the_seeds_say_what_is_another_trajectory(
    claim: ClaimedRun, retrained: Record
) -> None:
    key = next(key for key in claim.scores if key.startswith("sliced-w2"))
    values = [scores[key] for scores in claim.others]
    assert len(values) == 3
    retrained["points"][0]["scores"][key] = sum(values) / 3
    verdict = check(claim, retrain=True)
    assert verdict.holds
    assert "here another), within the interval of the other seeds" in verdict.summary
    (one,) = [one for one in verdict.rescored if one.key == key]
    assert one.low is not None
    assert one.high is not None
    for claimed, found in ((claim.scores[key], 2 * one.high), (2 * one.high, sum(values) / 3)):
        retrained["points"][0]["scores"][key] = found
        false = replace(claim, scores={**claim.scores, key: claimed})
        verdict = check(false, retrain=True)
        assert not verdict.holds
        assert "outside of the interval of the other seeds in 1 of" in verdict.summary
    retrained["points"][0]["scores"][key] = sum(values) / 3
    assert not check(replace(claim, others=claim.others[:1]), retrain=True).holds


def test_another_ending_is_found(claim: ClaimedRun, retrained: Record) -> None:
    retrained["status"] = "diverged"
    verdict = check(claim, retrain=True)
    assert not verdict.holds
    assert "it ended as diverged, not as ok" in verdict.summary


def test_without_a_generator_it_is_trained_again(claim: ClaimedRun, retrained: Record) -> None:
    said: list[str] = []
    bare = replace(claim, weights=None)
    assert verify(bare, installed_catalogue(), remark=said.append).method == RETRAINED
    assert "has left no generator: training again" in said[0]


def test_a_published_row_is_verified_with_weights_from_elsewhere(
    home: Path, claim: ClaimedRun
) -> None:
    published = read_claim(claim.run_id, home / "results" / "tiny", claim.weights)
    public = replace(claim.spec, suite="tiny", folder="")  # where its suite was is not published
    assert (published.spec, published.scores) == (public, claim.scores)
    assert published.others == claim.others
    assert published.environment["cpu"] == claim.environment["cpu"]
    assert published.environment["threads"] == claim.environment["threads"]
    assert check(published).holds


def test_a_published_row_is_trained_again_to_the_bit(home: Path, claim: ClaimedRun) -> None:
    published = read_claim(claim.run_id, home / "results" / "tiny")
    verdict = check(published, retrain=True)
    assert verdict.elsewhere == ()
    assert "trained again from its spec: equal, bit by bit" in verdict.summary


def test_a_number_that_was_changed_in_a_published_row_is_found(
    home: Path, claim: ClaimedRun, tmp_path: Path
) -> None:
    """By two in a hundred, which is far within what other seeds have."""
    runs, coverage = read_published(home / "results" / "tiny")
    key = next(key for key in claim.scores if key.startswith("sliced-w2"))
    frame = runs.frame.copy()
    frame.loc[frame["run_id"] == claim.run_id, [key, "distance_end"]] *= 0.98
    (folder := tmp_path / "tiny").mkdir()
    for name, content in package(replace(runs, frame=frame), "tiny", coverage).items():
        (folder / name).write_bytes(content)
    verdict = check(read_claim(claim.run_id, folder), retrain=True)
    assert not verdict.holds
    assert [one.key for one in verdict.rescored if one.verdict == "differs"] == [key]


def test_other_code_is_refused(claim: ClaimedRun) -> None:
    pins = tuple({**pin, "source_hash": "sha256:" + "0" * 64} for pin in claim.spec.pins)
    with pytest.raises(PluginNotUsable, match=r"is that of ganbench .* \(source sha256:000"):
        check(replace(claim, spec=replace(claim.spec, pins=pins)))
    gone = ({**claim.spec.pins[0], "name": "gone"},)
    with pytest.raises(PluginNotUsable, match=r"'gone' of this run is that of .* not here") as told:
        check(replace(claim, spec=replace(claim.spec, pins=gone)))
    assert (told.value.hint or "").startswith("install the run's: pip install ganbench==")
    own = ({**gone[0], "distribution": "", "version": "", "plugin": "my_gan.py"},)
    with pytest.raises(PluginNotUsable, match="is that of local code") as told:
        check(replace(claim, spec=replace(claim.spec, pins=own)))
    assert told.value.hint == "load the run's own my_gan.py, as it was then: -P FILE"


def test_another_protocol_is_refused(claim: ClaimedRun) -> None:
    with pytest.raises(InvalidResults, match="ran under protocol 1"):
        check(replace(claim, protocol=1))


def test_a_run_with_another_runs_spec_is_refused(home: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(home / "results" / "tiny", tmp_path / "tiny")
    manifest = json.loads((folder / "datapackage.json").read_text())
    manifest["ganbench"]["specs"][0]["spec"]["parameters"]["lr"] = 0.5
    (folder / "datapackage.json").write_text(json.dumps(manifest))
    run_id = next(iter(manifest["ganbench"]["specs"][0]["runs"]))
    with pytest.raises(InvalidResults, match="has another run's spec"):
        read_claim(run_id, folder)
    with pytest.raises(UsageError, match="no run in"):
        read_claim("nothing", folder)


def test_the_verb_says_how_and_fails_on_a_mismatch(
    home: Path, claim: ClaimedRun, tmp_path: Path
) -> None:
    arguments = ["verify", claim.run_id, "--runs", str(home / "runs"), "--json"]
    done = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert json.loads(done.stdout)["holds"] is True
    assert claim.weights is not None
    other = tmp_path / "other.safetensors"
    zeros = {name: one * 0 for name, one in read_sealed(claim.weights)[1].items()}
    write_sealed(other, "", zeros, durable=False)
    with pytest.raises(InvalidResults, match=r"scores differ|it ended as") as failed:
        CliRunner().invoke(
            cli,
            [*arguments, "--weights", str(other)],
            standalone_mode=False,
            catch_exceptions=False,
        )
    assert failed.value.exit_code == 4


def test_files_that_are_no_generators_are_refused(tmp_path: Path) -> None:
    generator, path = torch.nn.Linear(2, 3), tmp_path / "generator.safetensors"
    with pytest.raises(InvalidResults, match="cannot read"):
        load_generator(generator, path)
    path.write_bytes(b"no safetensors")
    with pytest.raises(InvalidResults, match="cannot be used: it is damaged"):
        load_generator(generator, path)
    assert keep_generator(torch.nn.Linear(2, 4), path, print)
    with pytest.raises(InvalidResults, match="does not fit"):
        load_generator(generator, path)
    spoiled = {"weight": torch.full((3, 2), torch.nan), "bias": torch.zeros(3)}
    write_sealed(path, "", spoiled, durable=False)
    with pytest.raises(InvalidResults, match="not finite"):
        load_generator(generator, path)


def test_a_run_is_not_lost_for_want_of_its_generator(tmp_path: Path) -> None:
    said: list[str] = []
    missing = tmp_path / "none" / "generator.safetensors"
    assert keep_generator(torch.nn.Linear(2, 3), missing, said.append) is None
    assert "the generator is not kept" in said[0]


def test_what_the_generator_cannot_tell_is_named_and_the_rest_verified(tmp_path: Path) -> None:
    suite = tmp_path / "looks.toml"
    suite.write_text(SUITE.replace('"0-3"', '"0"') + 'final_scores = ["discriminator"]\n')
    arguments = ["run", "vanilla", "--suite", str(suite), "--runs", str(tmp_path / "runs")]
    assert CliRunner().invoke(cli, arguments, standalone_mode=False).return_value == 0
    claim = read_claim(RunStore(tmp_path / "runs").ids()[0], tmp_path / "runs")
    said: list[str] = []
    verdict = verify(claim, installed_catalogue(), remark=said.append)
    assert verdict.holds
    assert verdict.method == RECOMPUTED
    keys = {one.key for one in verdict.rescored}
    assert keys == {key for key in claim.scores if not key.startswith("d_")}
    assert said == [
        "not verified: D AUC, D overfitting; discriminator looks at more than the generator that "
        "is kept; --retrain verifies all"
    ]
    forged = replace(claim, scores={**claim.scores, "modes/8@2500": 99.0})
    assert not verify(forged, installed_catalogue(), remark=lambda _: None).holds


@pytest.mark.parametrize("status", ["timeout", "oom", "killed", "error"])
def test_an_accident_of_this_machine_refutes_nothing(
    claim: ClaimedRun, retrained: Record, status: str
) -> None:
    retrained["status"] = status
    retrained["failure"] = {"message": "took more than 12 h"}  # type: ignore[typeddict-item]
    with pytest.raises(GanbenchError, match=f"ended as {status}: took more than 12 h") as told:
        check(claim, retrain=True)
    assert told.value.exit_code == 1
