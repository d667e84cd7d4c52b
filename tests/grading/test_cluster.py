"""Marking on a Dask cluster: the marks of this machine from workers that share no disk with it, and sentences."""

from __future__ import annotations

import json
import re
import sys
import time
from concurrent.futures import CancelledError
from pathlib import Path

import psutil
import pytest

from optcourse.grading import cluster, command, pool
from optcourse.grading.gradebook import Gradebook
from optcourse.grading.pool import Job
from tests.grading.processes import judges_below

ROOT = Path(__file__).resolve().parents[2]
SOLVED = (ROOT / "solutions" / "03_gradient_descent.ipynb").read_bytes()
BLANK = (ROOT / "lessons" / "03_gradient_descent.ipynb").read_bytes()
WRONG = SOLVED.replace(b"w -= learning_rate * dw", b"w += learning_rate * dw")
POISON = json.dumps(
    {**json.loads(SOLVED), "cells": [{"cell_type": "code", "source": "import os; os._exit(1)"}]}
).encode()
LARGE = json.dumps({**json.loads(SOLVED), "metadata": {"picture": "x" * 12_000_000}}).encode()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The address of a scheduler with two worker processes."""
    import dask
    from distributed import LocalCluster

    scratch = str(tmp_path_factory.mktemp("dask"))
    with (
        dask.config.set({"temporary-directory": scratch}),
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
        ) as running,
    ):
        yield running.scheduler_address


def jobs(seed: int = 11) -> list[Job]:
    notebooks = (SOLVED, BLANK, WRONG, POISON, LARGE, b"a poem")
    return [Job(k, data, seed, "03", True, pool.grader_version()) for k, data in enumerate(notebooks)]


def plain(results) -> dict:
    """Results without what no two runs share: how long they took."""
    return {
        r.key: (
            r.reason,
            r.died,
            r.marks and (r.marks.lesson, r.marks.seed, r.marks.exercises, r.marks.trouble),
        )
        for r in results
    }


def test_the_cluster_gives_the_marks_that_this_machine_gives(address):
    there = plain(cluster.mark_on_cluster(jobs(), address, sandboxed=True))
    assert there == plain(pool.mark_locally(jobs(), 2))
    points = {key: sum(e.points for e in marks[2]) for key, (_, _, marks) in there.items() if marks}
    assert points[0] == points[4] == 14 and points[1] == 0 and 0 < points[2] < 14 and 5 not in points
    left = judges_below()
    assert not psutil.wait_procs(left, timeout=120)[1], "the workers' judges are sent home"


def test_the_command_hands_a_folder_to_the_cluster(address, tmp_path, capsys):
    folder = tmp_path / "week"
    folder.mkdir()
    for name, data in (("good", SOLVED), ("blank", BLANK)):
        (folder / f"{name}.ipynb").write_bytes(data)
    assert command.main([str(folder), "--scheduler", address, "--seed", "11"]) == 0
    with Gradebook(tmp_path / "week-marks" / "gradebook.sqlite") as book:
        assert {key: s.lessons["03"].total for key, s in book.students().items()} == {"good": 14, "blank": 0}
        assert book.rows("SELECT place FROM runs")[0]["place"] == address
    assert "2 of 2 in" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            {"grader": "0.0.9+old", "bubblewrap": True},
            "has the course 0.0.9\\+old, and this machine .*same version on both",
        ),
        (
            {"bubblewrap": False},
            "bubblewrap is not installed here; install it",
        ),
        (ModuleNotFoundError("No module named 'optcourse'"), "has no optcourse that can mark"),
    ],
)
def test_a_worker_that_cannot_mark_is_named_in_a_sentence(address, monkeypatch, answer, says):
    from distributed import Client

    real = Client.run
    given = {"grader": pool.grader_version()} | answer if isinstance(answer, dict) else answer
    monkeypatch.setattr(
        Client,
        "run",
        lambda self, f, **kw: {"tcp://worker": given} if f is cluster.look_there else real(self, f, **kw),
    )
    with pytest.raises(cluster.ClusterError, match="the worker tcp://worker") as error:
        list(cluster.mark_on_cluster(jobs(), address, sandboxed=True))
    assert re.search(says, str(error.value))


@pytest.mark.parametrize(
    "error", [CancelledError("scheduler-connection-lost"), OSError("Timed out"), ValueError("ours")]
)
def test_a_scheduler_that_goes_away_is_told_in_a_sentence_and_a_bug_of_ours_is_not_hidden(
    address, monkeypatch, error
):
    def breaks(*_, **__):
        raise error
        yield

    monkeypatch.setattr(cluster, "in_flight", breaks)
    expected = ValueError if isinstance(error, ValueError) else cluster.ClusterError
    with pytest.raises(expected, match="ours|does not answer any more; what was marked is kept"):
        list(cluster.mark_on_cluster(jobs(), address, sandboxed=True))


def test_when_the_last_worker_is_gone_nobody_waits_for_ever(address, monkeypatch):
    from distributed import Client

    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.2)
    with Client(address, set_as_default=False) as client:
        never = client.submit(time.sleep, 20, pure=False)
        monkeypatch.setattr(client, "nthreads", dict)
        with pytest.raises(cluster.ClusterError, match="no worker of the cluster is left"):
            cluster._wait(client, {never})
        never.cancel()


def test_no_cluster_and_a_cluster_without_workers(monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(cluster.ClusterError, match="no Dask scheduler answers at tcp://127.0.0.1:1 "):
        list(cluster.mark_on_cluster(jobs(), "tcp://127.0.0.1:1", sandboxed=True))
    with LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0") as empty:
        with pytest.raises(cluster.ClusterError, match="has no worker"):
            list(cluster.mark_on_cluster(jobs(), empty.scheduler_address, sandboxed=True))


def test_without_dask_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(cluster.ClusterError, match=r"pip install -e '\.\[cluster\]'"):
        list(cluster.mark_on_cluster([], "tcp://127.0.0.1:1", sandboxed=True))


def test_few_notebooks_are_under_way_at_once():
    drawn, most = [], 0

    def draw():
        for job in range(100):
            drawn.append(job)
            yield job

    class Done:
        pass

    seen = 0
    for _ in pool.in_flight(
        draw(),
        submit=lambda job: Done(),
        limit=4,
        wait=lambda going: ({next(iter(going))}, set()),
        result=lambda f, job: job,
    ):
        most = max(most, len(drawn) - seen)
        seen += 1
    assert seen == 100 and most <= 5
