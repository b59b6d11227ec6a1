import subprocess
import sys


def test_results_never_import_torch() -> None:
    code = (
        "import pkgutil, importlib, sys, ganbench.results as r\n"
        "for module in pkgutil.iter_modules(r.__path__):\n"
        "    importlib.import_module('ganbench.results.' + module.name)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
