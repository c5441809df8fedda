"""The parts of a night without a server: what is refused, and how a part that does not complete is reported."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Self
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound

from flows import nightly, nightly_in_parts, part_runs, parts
from flows.errors import SettingsError
from flows.part_runs import check_deployments, run_part
from flows.run_lifecycle import join_run, open_run
from flows.settings import read_settings
from tasks.run import Run
from warehouse.records.runs import Journal, StageResult, stage_runs

pytestmark = pytest.mark.slow


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Parts start and are cancelled without a server; the list has what happened."""
    events: list[str] = []

    def run_deployment(name: str, **_: Any) -> FlowRun:
        events.append(f"start {name}")
        return FlowRun.model_construct(id=uuid4())

    monkeypatch.setattr(part_runs, "run_deployment", run_deployment)
    monkeypatch.setattr(part_runs, "_cancel", lambda _: events.append("cancel"))
    monkeypatch.setattr(part_runs, "POLL_SECONDS", 0.0)
    return events


def in_state(kind: StateType, message: str = "") -> FlowRun:
    """A flow run of the part `label`."""
    state = State(type=kind, message=message)
    return FlowRun.model_construct(name="label 2026-11-27", work_pool_name="gpu", state=state)


def test_a_part_that_no_worker_takes_is_cancelled_and_named(started, monkeypatch):
    """After the limit the result says how to start a worker, and the run does not begin later by surprise."""
    monkeypatch.setattr(part_runs, "MAX_START_SECONDS", 0.0)
    monkeypatch.setattr(part_runs, "_read", lambda _: in_state(StateType.SCHEDULED))
    result = run_part("label", {})
    assert result.status == "failed" and "prefect worker start --pool gpu" in result.message
    assert started == ["start label/label", "cancel"]


def test_a_part_that_crashed_has_its_reason(started, monkeypatch):
    """A part may take long: what counts is its last state, whose message becomes the night's."""
    states = [in_state(StateType.PENDING), in_state(StateType.RUNNING)]
    states.append(in_state(StateType.CRASHED, "No heartbeat"))
    monkeypatch.setattr(part_runs, "MAX_START_SECONDS", 3600.0)
    monkeypatch.setattr(part_runs, "_read", lambda _: states.pop(0))
    result = run_part("label", {})
    assert result.message == "Its run 'label 2026-11-27' on the work pool gpu is Crashed. No heartbeat"
    assert started == ["start label/label"]


def test_a_night_that_is_stopped_cancels_its_part(started, monkeypatch):
    """Otherwise the part would go on alone, or begin hours later."""

    def interrupt(_: object) -> FlowRun:
        raise KeyboardInterrupt

    monkeypatch.setattr(part_runs, "_read", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_part("label", {})
    assert started == ["start label/label", "cancel"]


def test_a_night_waits_for_a_server_that_starts_again(started, monkeypatch):
    """A request that fails is tried again; the part goes on meanwhile."""
    responses: list[Any] = [ConnectionError("refused"), in_state(StateType.COMPLETED)]

    class Client(Connection):
        def read_flow_run(self, _: object) -> FlowRun:
            response = responses.pop(0)
            if isinstance(response, Exception):
                raise response
            return response

    monkeypatch.setattr(part_runs, "get_client", lambda **_: Client())
    assert run_part("label", {}).status == "done"
    assert responses == []


@pytest.mark.parametrize(
    ("is_published", "state"), [(True, "Incomplete"), (False, "Failed")], ids=["published", "not published"]
)
def test_a_night_says_which_part_failed_and_goes_on(unlabelled, monkeypatch, is_published, state):
    """A failed part does not end the night; its row, its state and its message name it."""
    config = unlabelled / "likelens.toml"
    lake = read_settings(config).home.lake
    parts: list[str] = []

    def run_part(part: str, parameters: dict[str, Any]) -> StageResult:
        parts.append(part)
        if part == "publish" and is_published:
            Journal(lake, parameters["run_id"], resumed=True).finish("publish", "", StageResult("done"))
        return StageResult("failed", message="It is Crashed.") if part == "label" else StageResult("done")

    for name, stand_in in {"run_part": run_part, "check_deployments": lambda: None}.items():
        monkeypatch.setattr(nightly_in_parts, name, stand_in)
    for name in ("tag_run", "report_night"):
        monkeypatch.setattr(nightly_in_parts, name, lambda *_: None)
    ended = nightly_in_parts.nightly_in_parts.fn(str(config))
    assert parts == ["collect", "label", "publish"]
    assert (ended.name, ended.message) == (state, "part label: failed. It is Crashed.")
    rows = {(row.stage, row.lane): row.status for row in stage_runs(lake)}
    assert rows["part", "label"] == "failed" and rows["part", "publish"] == "done"
    assert rows["run", ""] == state.lower()


def test_a_killed_night_in_parts_is_completed_by_a_run_on_one_machine(unlabelled, monkeypatch):
    """The row of a part that failed says what was, and the result is that of the stages."""
    config = unlabelled / "likelens.toml"
    with open_run(read_settings(config)) as killed:
        killed.journal.finish("part", "label", StageResult("failed", message="It is Crashed."))
    for name in ("collect_all", "run_lanes", "tag_run", "report_night"):
        monkeypatch.setattr(nightly, name, lambda *_, **__: None)
    monkeypatch.setattr(
        nightly, "publish_all", lambda run, *_, **__: run.journal.finish("publish", "", StageResult("done"))
    )
    assert nightly.nightly.fn(str(config)).message == "0 posts seen"
    rows = {(row.stage, row.lane): row for row in stage_runs(killed.home.lake)}
    assert rows["run", ""].status == "done" and rows["run", ""].run_id == killed.journal.run_id
    assert rows["part", "label"].message.endswith("Before that: failed. It is Crashed.")


class Connection:
    """A client of the server as a context."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


def test_a_machine_without_the_shared_home_is_named(unlabelled):
    """A part on a machine that has another home folder stops, and says so."""
    with (
        pytest.raises(SettingsError, match="does not share the home folder"),
        join_run(read_settings(unlabelled / "likelens.toml"), "20261127T030000Z-abcdef"),
    ):
        pass


@pytest.mark.parametrize(
    ("pool", "text"), [(None, "has no deployment collect/collect"), ("likelens", "Set collect under")]
)
def test_a_night_does_not_begin_without_the_deployments_of_its_parts(monkeypatch, pool, text):
    """A part that is not registered, or that would wait for the night's own slot, is named before any work."""

    class Client(Connection):
        def read_deployment_by_name(self, name: str) -> Any:
            if pool is None:
                raise ObjectNotFound(RuntimeError(name))
            return SimpleNamespace(work_pool_name=pool)

    run = SimpleNamespace(flow_run=SimpleNamespace(work_pool_name="likelens"))
    monkeypatch.setattr("flows.part_runs.get_client", lambda **_: Client())
    monkeypatch.setattr("flows.part_runs.FlowRunContext", SimpleNamespace(get=lambda: run))
    with pytest.raises(SettingsError, match=text):
        check_deployments()


def test_the_pool_of_the_night_is_none_for_its_parts(command, tmp_path):
    """The settings are refused with a sentence: the part would wait for a slot that its night has."""
    (tmp_path / "likelens.toml").write_text('[pools]\nlabel = "likelens"\n')
    ended = command(tmp_path, "serve")
    assert ended.returncode == 2 and "whose only slot is taken" in ended.stderr


def test_the_part_collect_fetches_as_a_night_of_one_machine_does(unlabelled, monkeypatch):
    """Both go through one function, which gives the cluster of the settings to the stage."""
    settings_file = unlabelled / "likelens.toml"
    text = settings_file.read_text("utf-8").replace("[fetch]\n", '[fetch]\nrunner = "dask"\nworkers = 3\n')
    settings_file.write_text(text, "utf-8")
    given = []
    for name in ("scrape_all", "read_all_comments"):
        monkeypatch.setattr(nightly, name, lambda *_, **__: None)
    monkeypatch.setattr(nightly, "fetch", lambda run, options, cluster, **_: given.append(cluster))
    settings = read_settings(settings_file)
    run = Run(settings.home, Journal(settings.home.lake, "one", resumed=False))
    nightly.collect_all(run, settings, full=False)
    assert [(one.runner, one.workers) for one in given] == [("dask", 3)]
    assert parts.collect_all is nightly.collect_all
