"""Where runs can run out of the box."""

from ganbench import ExecutorSpec, Parameter, hookimpl

GANBENCH_API_VERSION = 2


@hookimpl
def ganbench_executors() -> list[ExecutorSpec]:
    """This machine, and clusters."""
    return [
        ExecutorSpec(
            name="local",
            description="isolated processes on this machine, one per core or GPU at a time",
            build="ganbench.execution.executors.local:LocalExecutor",
        ),
        ExecutorSpec(
            name="ray",
            description="tasks of a Ray cluster: ray:HOST:PORT; needs ganbench[ray]",
            build="ganbench.execution.executors.ray:RayExecutor",
            parameters={
                "address": Parameter(default="", help="of the cluster: HOST:PORT, or auto"),
            },
            argument="address",
            remote=True,
        ),
        ExecutorSpec(
            name="slurm",
            description="jobs of a Slurm cluster, which is asked for them with sbatch",
            build="ganbench.execution.executors.slurm:SlurmExecutor",
            parameters={
                "partition": Parameter(default="", help="whose nodes are used; empty: the default"),
                "options": Parameter(default="", help="of sbatch, e.g. '--account=lab --qos=low'"),
            },
            argument="partition",
            remote=True,
        ),
    ]
