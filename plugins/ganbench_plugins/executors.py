"""Where runs can run out of the box."""

from ganbench import ExecutorSpec, hookimpl

GANBENCH_API_VERSION = 2


@hookimpl
def ganbench_executors() -> list[ExecutorSpec]:
    """This machine."""
    return [
        ExecutorSpec(
            name="local",
            description="isolated processes on this machine, one per core or GPU at a time",
            build="ganbench.execution.executors.local:LocalExecutor",
        )
    ]
