"""The classifiers' lanes: which stage runs each, and which run at the same time."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from prefect import tags

from classifiers.registry import GPU_KINDS, VECTOR_KINDS
from flows.environment import sees_gpu
from flows.futures import MAX_PARALLEL_TASKS, wait_for
from flows.remote_lanes import remote_lane
from flows.settings import ClassifierSettings
from tasks.classify.decoding import SharedDecoder
from tasks.classify.task import classify
from tasks.cluster.opening import ClusterSession
from tasks.cluster.options import ClusterOptions
from tasks.errors import OutOfTime
from tasks.run import Run
from tasks.slots import gpu_limits, hold_slots
from tasks.tag.task import tag
from warehouse.records.runs import StageResult


def run_lanes(run: Run, lanes: Sequence[ClassifierSettings], cluster: ClusterOptions | None = None) -> None:
    """Run classifiers over their pending pictures: the local ones together, then those of servers, one by one.

    Those that label stored embeddings of other classifiers run after these. With a `cluster` its workers label the
    pictures, for one lane after the other: each needs the memory for one model.

    Each lane has its own row in the journal. A failed lane does not stop the others.
    """
    local = [lane for lane in lanes if remote_lane(lane) is None]
    of_pictures = [lane for lane in local if lane.kind not in VECTOR_KINDS]
    if cluster is None:
        _run_in_groups(run, of_pictures)
    else:
        with ClusterSession(cluster) as session:
            for lane in of_pictures:
                _run_together(run, [lane], session)
    _run_in_groups(run, [lane for lane in local if lane.kind in VECTOR_KINDS])
    for lane in lanes:
        if (remote := remote_lane(lane)) is not None:
            with tags(f"classifier:{lane.name}"):
                tag(run, remote, return_state=True)


def _run_in_groups(run: Run, lanes: Sequence[ClassifierSettings]) -> None:
    for start in range(0, len(lanes), MAX_PARALLEL_TASKS):
        _run_with_gpu(run, lanes[start : start + MAX_PARALLEL_TASKS])


def _run_with_gpu(run: Run, lanes: Sequence[ClassifierSettings]) -> None:
    """Run lanes together, with one slot of the GPU for all: each waits for the pictures that the others decode."""
    uses_gpu = sees_gpu() and any(lane.kind in GPU_KINDS for lane in lanes)
    try:
        with hold_slots(gpu_limits(socket.gethostname()) if uses_gpu else []):
            _run_together(run, lanes)
    except OutOfTime as error:
        for lane in lanes:
            run.journal.finish("classify", lane.name, StageResult("failed", message=str(error)))


def _run_together(
    run: Run, lanes: Sequence[ClassifierSettings], cluster: ClusterSession | None = None
) -> None:
    with SharedDecoder(run.home.picture_files, [lane.name for lane in lanes]) as decoding:
        futures = []
        for lane in lanes:
            with tags(f"classifier:{lane.name}"):
                futures.append(
                    classify.submit(
                        run, lane.name, lane.kind, lane.options, decoding, cluster, return_state=False
                    )
                )
        wait_for(futures, decoding.halt)
