"""No source file can turn data into code, but for the few places named here with the reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import ganbench
import ganbench_plugins

ROOTS = [Path(module.__file__ or "").parent for module in (ganbench, ganbench_plugins)]

MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml"}
CALLS = {"eval", "exec", "compile", "__import__"}
LOADERS = {
    "torch.hub.load", "torch.jit.load", "torch.package.PackageImporter", "pandas.read_pickle",
    "pd.read_pickle", "os.system", "os.popen", "logging.config.listen",
}  # fmt: skip

ALLOWED = {
    ("ganbench_plugins/extractors/archive.py", "imports pickle"):
        "the name of an exception; opcodes are read by pickletools, which runs none",
}  # fmt: skip


def findings(tree: ast.AST) -> Iterator[str]:
    """What in a source could run what it reads."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            names = []
        yield from (f"imports {name}" for name in names if name.split(".")[0] in MODULES)
        if isinstance(node, ast.Call):
            yield from _of_call(node)


def _of_call(node: ast.Call) -> Iterator[str]:
    name = ast.unparse(node.func)
    options = {one.arg: ast.unparse(one.value) for one in node.keywords}
    if name in CALLS or name in LOADERS:
        yield f"calls {name}"
    if name == "torch.load" and options.get("weights_only") != "True":
        yield "calls torch.load without weights_only=True"
    if name.endswith(".load") and options.get("allow_pickle", "False") != "False":
        yield "loads arrays with pickles"
    if options.get("shell", "False") != "False":
        yield "asks a shell"


def sources() -> Iterator[tuple[str, ast.AST]]:
    for root in ROOTS:
        for file in sorted(root.rglob("*.py")):
            yield f"{root.name}/{file.relative_to(root).as_posix()}", ast.parse(file.read_text())


def test_no_source_turns_data_into_code() -> None:
    found = {(name, what) for name, tree in sources() for what in findings(tree)}
    assert found == set(ALLOWED)


@pytest.mark.parametrize(
    "line",
    [
        "import pickle", "from yaml import safe_load", "import joblib.numpy_pickle", "eval('1')",
        "torch.load(path)", "torch.load(path, weights_only=False)", "os.system('ls')",
        "np.load(path, allow_pickle=True)", "subprocess.run('ls', shell=True)", "exec(text)",
        "torch.jit.load(path)", "torch.hub.load('a/b', 'c')", "pd.read_pickle(path)",
    ],
)  # fmt: skip
def test_the_scan_sees(line: str) -> None:
    assert list(findings(ast.parse(line)))


def test_the_scan_reads_everything() -> None:
    names = {name for name, _ in sources()}
    assert len(names) > 150
    assert {"ganbench/results/store.py", "ganbench_plugins/extractors/tensors.py"} <= names
