"""Trains one model; run again, it resumes.

python -m launch.train --config=configs/introvae.py[:variant] [--workdir=DIR] [--config.any.field=value ...]
On a TPU slice or a cluster start it on every host with --distributed.
"""

import socket
import sys

if not __package__:  # python launch/train.py
    sys.path[0] += "/.."

from absl import flags

from genmodels.errors import UsageError
from launch import cli

CONFIG = cli.config("configs/<method>.py[:variant].")
START_FROM = flags.DEFINE_string(
    "start_from", None, "Another run's folder, whose newest checkpoint a new run starts at."
)
DISTRIBUTED = flags.DEFINE_bool("distributed", False, "One of several processes, of a TPU slice or a cluster's job.")
COORDINATOR = flags.DEFINE_string("coordinator_address", None, "host:port of process 0, where nothing else tells it.")
PROCESSES = flags.DEFINE_integer("num_processes", None, "How many there are; likewise.", lower_bound=1)
PROCESS = flags.DEFINE_integer("process_id", None, "Which of them this is, from 0; likewise.", lower_bound=0)
WORKDIR = flags.DEFINE_string("workdir", None, "The run's folder; by default runs/<method>-<variant>.")


def main() -> None:
    """Trains --config in --workdir."""
    import jax

    from genmodels import runs, training

    _join()
    workdir = cli.path(WORKDIR) or runs.default_workdir(CONFIG.value)
    result = training.train(CONFIG.value, workdir, start_from=cli.path(START_FROM))
    if jax.process_index():
        return  # process 0 speaks for all
    if result.finished:
        print(f"trained {result.step:,} steps: {workdir}")
    else:
        print(f"stopped and saved at step {result.step:,}: run the same command again to resume")


def _join() -> None:
    """Joins the other processes of a run, if there are any, before the devices are asked for."""
    import jax

    given = COORDINATOR.value, PROCESSES.value, PROCESS.value
    if not DISTRIBUTED.value and given == (None, None, None):
        return
    if COORDINATOR.value is not None:
        _check_port(COORDINATOR.value, bind=PROCESS.value == 0)
    try:
        jax.distributed.initialize(*given)
    except (ValueError, RuntimeError) as error:
        raise UsageError(
            f"the processes cannot be joined: {str(error).splitlines()[0]}\n"
            "Give --coordinator_address, --num_processes and --process_id, each of them to each process."
        ) from error


def _check_port(address: str, *, bind: bool) -> None:
    """Raises UsageError for an address without a port, and for a port in use, at which jax itself would crash."""
    _, _, port = address.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise UsageError(f"--coordinator_address={address} is not host:port.")
    if bind:
        with socket.socket() as probe:
            try:
                probe.bind(("", int(port)))
            except OSError as error:
                raise UsageError(
                    f"--coordinator_address={address}: the port cannot be had ({error.strerror}); choose another."
                ) from error


if __name__ == "__main__":
    cli.run(main, required=("config",), field="method")
