"""Running the checks of one plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from ganbench.api.arguments import checked
from ganbench.api.errors import GanbenchError, MissingData, UsageError, did_you_mean, one_line
from ganbench.api.specs import import_builder
from ganbench.authoring.conformance.names import kind_of
from ganbench.authoring.conformance.results import Broken, CheckResult, NotApplicable
from ganbench.authoring.conformance.table import BY_ID, Check, checks_of, needed
from ganbench.catalogue.blame import told
from ganbench.catalogue.catalogue import Catalogue, installed_catalogue
from ganbench.catalogue.plugin_files import NO_CHOICE, PluginChoice

if TYPE_CHECKING:
    from ganbench.authoring.conformance.subject import Subject


@checked
def check(
    name: str,
    kind: str | None = None,
    device: Literal["cpu", "cuda"] = "cpu",
    *,
    expected_failures: Mapping[str, str] | None = None,
    plugins: PluginChoice = NO_CHOICE,
) -> list[CheckResult]:
    """Check whether a plugin keeps the contract; what `ganbench check NAME` does.

    Args:
        name: of the plugin, with parameters if wanted: ``wgan-gp[lr=1e-3]``, ``images:PATH``; or a
            ``MODEL+LOSS`` pair.
        kind: of plugin, such as `loss`; None: the one that has that name, a variant first.
        device: where it is trained; the check `cuda` uses a GPU where there is one, in any case.
        expected_failures: id of a check that is known to fail -> why. One that passes after all is
            a failure.
        plugins: which ones to load.

    Returns:
        One result per check of that kind, in a fixed order.

    Raises:
        GanbenchError: there is no such plugin, kind or check.
    """
    catalogue = installed_catalogue(plugins)
    kind = kind_of(name, kind, catalogue)
    inspection = Inspection(name, kind, catalogue, device)
    expected = refuse_unknown(expected_failures or {}, kind)
    results = [inspection.result(one.id) for one in checks_of(kind)]
    return [_expected(one, expected[one.id]) if one.id in expected else one for one in results]


def refuse_unknown(expected_failures: Mapping[str, str], kind: str) -> Mapping[str, str]:
    """Expected failures as they are.

    Raises:
        UsageError: an id is no check of that kind, or comes without a reason.
    """
    known = [one.id for one in checks_of(kind)]
    for check_id, reason in expected_failures.items():
        if check_id not in known:
            raise UsageError(f"no check of a {kind} is {check_id!r}", did_you_mean(check_id, known))
        if not reason.strip():
            raise UsageError(f"the expected failure of {check_id} needs a reason")
    return expected_failures


def _expected(result: CheckResult, why: str) -> CheckResult:
    if result.status == "failed":
        return CheckResult(id=result.id, status="expected", reason=f"{why} ({result.reason})")
    if result.status == "passed":
        return CheckResult(
            id=result.id,
            status="failed",
            reason="it was expected to fail, and passes",
            hint="take it out of the expected failures",
        )
    return result


class Inspection:
    """The checks of one plugin, each made at most once.

    Args:
        name: of the plugin.
        kind: of it.
        catalogue: where it is looked up.
        device: where it is trained.
    """

    def __init__(self, name: str, kind: str, catalogue: Catalogue, device: str) -> None:
        self._name, self._kind = name, kind
        self._catalogue, self._device = catalogue, device
        self._subject: Subject | None = None
        self._results: dict[str, CheckResult] = {}

    def result(self, check_id: str) -> CheckResult:
        """The result of a check; those that it needs are made before it."""
        if check_id not in self._results:
            self._results[check_id] = self._make(BY_ID[check_id])
        return self._results[check_id]

    def _make(self, check: Check) -> CheckResult:
        if blocking := self._blocking(check):
            reason = f"it needs {blocking} to pass"
            return CheckResult(id=check.id, status="skipped", reason=reason, waits_for=blocking)
        try:
            self._run(check)
        except (NotApplicable, MissingData) as error:
            return CheckResult(id=check.id, status="skipped", reason=one_line(error))
        except Broken as error:
            return _failed(check, str(error), check.mend if error.mend is None else error.mend)
        except GanbenchError as error:  # a contract that runs hold plugins to as well
            return _failed(check, error.message, error.hint or "")
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a plugin may even call sys.exit()
            return _failed(check, told(error, self._catalogue.plugins))
        return CheckResult(id=check.id, status="passed")

    def _blocking(self, check: Check) -> str:
        """The check without which this one means nothing, and that failed; empty: there is none."""
        for one in needed(check, self._kind):
            result = self.result(one)
            if result.status == "failed":
                return one
            if result.waits_for:
                return result.waits_for
        return ""

    def _run(self, check: Check) -> None:
        from ganbench.authoring.conformance.subject import Subject
        from ganbench.authoring.conformance.surroundings import kept

        if self._subject is None:
            self._subject = Subject(self._name, self._kind, self._catalogue, self._device)
        with kept():
            import_builder(check.function)(self._subject)


def _failed(check: Check, reason: str, hint: str = "") -> CheckResult:
    return CheckResult(id=check.id, status="failed", reason=one_line(reason), hint=hint)
