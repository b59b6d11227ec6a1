"""Object stores for tests: in memory, in a folder, and a real server that speaks S3."""

from __future__ import annotations

import functools
import os
import secrets
from importlib.util import find_spec
from pathlib import Path

import pytest

STORES = ("memory", "file", "s3")
KEYS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@functools.cache
def s3_endpoint() -> str:
    """Where the server listens that all tests of this process share; it ends with the process."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    return f"http://127.0.0.1:{port}"


def s3_environment() -> dict[str, str]:
    """Variables with which any process finds the server; skips where it is not installed."""
    if find_spec("moto") is None or find_spec("s3fs") is None:
        pytest.skip("needs: pip install 'ganbench[bucket]' 'moto[server]'")
    return {**KEYS, "AWS_ENDPOINT_URL": s3_endpoint()}


def new_store(kind: str, folder: Path, patch: pytest.MonkeyPatch) -> str:
    """The URL of an empty place for runs."""
    name = f"lab-{secrets.token_hex(6)}"
    if kind == "file":
        (folder / name / "runs").mkdir(parents=True)
        return f"file://{folder}/{name}/runs"
    if kind == "s3":
        for variable in [one for one in os.environ if one.startswith("AWS_")]:
            patch.delenv(variable)
        for variable, value in s3_environment().items():
            patch.setenv(variable, value)
        import s3fs

        s3fs.S3FileSystem(use_listings_cache=False).mkdir(name)
    return f"{kind}://{name}/runs"
