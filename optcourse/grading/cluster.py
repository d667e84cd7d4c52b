"""Marking on a Dask cluster that exists already, for classes too large for one machine.

A notebook travels as bytes and comes back as `Marks`; the workers need no shared disk, but this same version of the course, and
bubblewrap. Dask moves pickles between its processes, so a scheduler is trusted like this machine itself.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError

from optcourse.grading.pool import NO_SANDBOX, Job, Markers, Result, grader_version, in_flight
from optcourse.grading.walls.outside import has_bubblewrap

CONNECT_SECONDS = 20
LOOK_SECONDS = 30  # without a result, before it is asked whether any worker is left
IN_FLIGHT = 2  # notebooks for each thread of the cluster: one is marked, one waits

_judges: Markers | None = None


class ClusterError(Exception):
    """The cluster cannot be used; the text is a sentence for the person."""


def mark_there(job: Job) -> Result:
    """On a worker: mark a notebook with a judge of this worker's own."""
    global _judges
    if _judges is None:
        _judges = Markers()
    return _judges.mark(job)


def look_there() -> dict:
    """On a worker: what it can do."""
    return {"grader": grader_version(), "bubblewrap": has_bubblewrap()}


def close_there() -> None:
    """On a worker: end its judges."""
    global _judges
    if _judges is not None:
        _judges.close()
        _judges = None


def mark_on_cluster(jobs: Iterable[Job], address: str, sandboxed: bool) -> Iterator[Result]:
    """Results in the order in which they come, from the workers behind a scheduler's address.

    Raises ClusterError where there is no cluster, no worker, or a worker that cannot do it.
    """
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise ClusterError(
            "--scheduler needs Dask, which is not installed: pip install -e '.[cluster]'"
        ) from error
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address} ({error or type(error).__name__})."
        ) from error
    settings = {"distributed.admin.large-graph-warning-threshold": "100MB"}  # notebooks are large
    try:
        with _quiet_dask(), client, dask.config.set(settings):
            threads = _check(client, address, sandboxed)
            try:
                yield from in_flight(
                    jobs,
                    submit=lambda job: client.submit(mark_there, job, pure=False),
                    limit=IN_FLIGHT * threads,
                    wait=lambda going: _wait(client, going),
                    result=_result,
                )
            finally:
                if client.status == "running":
                    client.run(close_there, on_error="ignore")
    except (OSError, CancelledError) as error:  # the client gave up after its own tries to come back
        raise ClusterError(
            f"the Dask cluster at {address} does not answer any more; what was marked is kept."
        ) from error


@contextlib.contextmanager
def _quiet_dask() -> Iterator[None]:
    """Dask logs whole tracebacks while it tries to reach a scheduler that is gone; a sentence of ours says it at the end."""
    logger = logging.getLogger("distributed.client")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _check(client, address: str, sandboxed: bool) -> int:
    """The threads of the cluster, once every worker is known to be fit."""
    threads = client.nthreads()
    if not threads:
        raise ClusterError(
            f"the Dask cluster at {address} has no worker; start one with: dask worker {address}"
        )
    answers = client.run(look_there, on_error="return")
    for worker, answer in answers.items():
        if not isinstance(answer, dict):
            raise ClusterError(
                f"the worker {worker} has no optcourse that can mark ({answer}); install the course there."
            )
        if answer["grader"] != grader_version():
            raise ClusterError(
                f"the worker {worker} has the course {answer['grader']}, and this machine {grader_version()}; "
                "install the same version on both."
            )
        if sandboxed and not answer["bubblewrap"]:
            raise ClusterError(
                f"on the worker {worker} {NO_SANDBOX}; install it (Debian: apt-get install bubblewrap), or go on "
                "with --without-sandbox."
            )
    return sum(threads.values())


def _wait(client, going: set) -> tuple[set, set]:
    """The futures that are done and those that are not; ClusterError where nobody is left to work on them."""
    from distributed import wait

    while True:
        try:
            with client.as_current():
                return tuple(wait(going, timeout=LOOK_SECONDS, return_when="FIRST_COMPLETED"))
        except TimeoutError:
            if not client.nthreads():
                raise ClusterError("no worker of the cluster is left; what was marked is kept.") from None


def _result(future, job: Job) -> Result:
    """A task's result. Dask gives a task up where several workers in a row ended while they had it."""
    error = future.exception()  # raises CancelledError where the scheduler is gone
    if error is None:
        return future.result()
    return Result(
        job.key,
        reason=f"the cluster gave the notebook up ({type(error).__name__})",
        died=True,
        log=str(error),
    )
