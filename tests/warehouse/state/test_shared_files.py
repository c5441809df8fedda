"""Small state of several machines with one home: models, limits, authors, and the lease of the budget."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from warehouse.errors import BadHome, HomeBusy
from warehouse.home import Home
from warehouse.state import budget_lease
from warehouse.state.budget_lease import hold_budget
from warehouse.state.work_folder import check_owner

Machine = Callable[[str], Home]


@pytest.fixture
def machine(s3: Any, tmp_path: Path) -> Machine:
    """The home on a machine with its own work folder."""

    def make(name: str) -> Home:
        (tmp_path / name).mkdir(exist_ok=True)
        return Home(tmp_path / name, s3.store())

    return make


def write(home: Home, name: str, text: str) -> None:
    file = home.folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_what_one_machine_trains_another_one_has(machine: Machine) -> None:
    """Models that were added, changed or removed on one machine are so on the other one."""
    one, other = machine("one"), machine("other")
    write(one, "trained/red/model.json", "first")
    write(one, "topics/en.safetensors", "topics")
    one.share_state()
    other.bring_state()
    assert (other.trained / "red/model.json").read_text() == "first"
    write(other, "trained/red/model.json", "second")
    (other.topics / "en.safetensors").unlink()
    other.share_state()
    one.bring_state()
    assert (one.trained / "red/model.json").read_text() == "second"
    assert not (one.topics / "en.safetensors").exists()


def test_nothing_moves_when_nothing_changed(s3: Any, machine: Machine) -> None:
    """A second time takes one request to look, and none to put back."""
    home = machine("one")
    write(home, "trained/red/model.json", "first")
    home.share_state()
    home.bring_state()
    s3.proxy.clear()
    home.bring_state()
    home.share_state()
    assert s3.proxy.counts() == {"list": 1}


def test_what_a_killed_command_left_is_put_back_by_the_next(machine: Machine) -> None:
    """A model that was stored on this machine alone reaches the store; one that the store replaced meanwhile does not."""
    one, other = machine("one"), machine("other")
    write(one, "forecast/likes/model.json", "first")
    one.share_state()
    other.bring_state()
    write(one, "forecast/comments/model.json", "unshared")
    write(one, "forecast/likes/model.json", "unshared")
    write(other, "forecast/likes/model.json", "newer")
    other.share_state()
    one.bring_state()
    other.bring_state()
    assert (other.forecast / "comments/model.json").read_text() == "unshared"
    assert (one.forecast / "likes/model.json").read_text() == "newer"


def test_a_lost_work_folder_deletes_nothing(machine: Machine) -> None:
    """An empty work folder is filled from the store, also where only files are gone."""
    one = machine("one")
    write(one, "trained/red/model.json", "first")
    one.share_state()
    (one.trained / "red/model.json").unlink()
    one.bring_state()
    assert (one.trained / "red/model.json").read_text() == "first"


def test_a_name_in_the_store_does_not_lead_out_of_the_work_folder(s3: Any, machine: Machine) -> None:
    """Objects that somebody else wrote below `state` are left alone, and so are unfinished files."""
    home = machine("one")
    for name in ("trained/.hidden/model", "elsewhere/file", "trained"):
        s3.store().put(f"state/{name}", b"x")
    write(home, "trained/.red-x/model.json", "unfinished")
    home.bring_state()
    found = {file.relative_to(home.folder).as_posix() for file in home.folder.rglob("*") if file.is_file()}
    assert found - {".state.json", ".state.lock"} == {"trained/.red-x/model.json"}
    assert not s3.store().exists("state/trained/.red-x/model.json")


def test_all_machines_hash_an_author_alike(machine: Machine) -> None:
    """The first key counts, also if another machine had made one of its own before."""
    one, other = machine("one"), machine("other")
    value = one.authors().stored("Ann")
    assert other.authors().stored("@ann") == value
    third = machine("third")
    write(third, "authors/key", "a key of its own, made without a net")
    third.bring_state()
    assert third.authors().stored("ann") == value


def test_two_machines_that_make_the_key_at_once_have_one(machine: Machine) -> None:
    """Whoever comes second takes the key of the first."""
    homes = [machine(f"machine-{number}") for number in range(4)]
    start, values = threading.Barrier(len(homes)), []

    def stored(home: Home) -> None:
        start.wait()
        values.append(home.authors().stored("ann"))

    threads = [threading.Thread(target=stored, args=(home,)) for home in homes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(values) == len(homes)
    assert len(set(values)) == 1


def test_an_author_is_forgotten_on_all_machines(machine: Machine) -> None:
    """Two machines that forget at the same time lose none."""
    one, other = machine("one"), machine("other")
    one.authors().forget("ann")
    other.authors().forget("bob")
    for home in (one, other):
        home.bring_state()
        assert home.authors().is_forgotten("ann")
        assert home.authors().is_forgotten("bob")


def test_a_limit_of_a_host_holds_on_all_machines(machine: Machine) -> None:
    """A run elsewhere obeys what a host announced here."""
    one, other = machine("one"), machine("other")
    until = datetime.now(UTC) + timedelta(hours=1)
    one.limits.note("social.example", "token", until)
    one.share_state()
    other.bring_state()
    assert other.limits.until("social.example", "token") == until


def test_analysts_get_models_and_nothing_else(s3: Any, machine: Machine) -> None:
    """They read no key and no limit, and write nothing."""
    one, analyst = machine("one"), machine("analyst")
    one.authors().forget("ann")
    one.limits.note("social.example", None, datetime.now(UTC) + timedelta(hours=1))
    write(one, "forecast/likes/model.json", "model")
    one.share_state()
    s3.proxy.clear()
    analyst.bring_state(only_models=True)
    assert set(s3.proxy.counts()) == {"list", "get"}
    found = {file.name for file in analyst.folder.rglob("*") if file.is_file()}
    assert found == {"model.json", ".state.json", ".state.lock"}


def test_one_machine_at_a_time_holds_the_budget(s3: Any) -> None:
    """Another one is told so, and holds it afterwards."""
    store = s3.store()
    busy = "Another machine sends pictures for money"
    with hold_budget(store, 0), pytest.raises(HomeBusy, match=busy), hold_budget(store, 0):
        pass
    with hold_budget(store, 0):
        pass
    assert len(list(store.list("state/budget"))) == 1


def test_the_budget_of_a_killed_machine_is_free_after_a_while(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its object was last written long ago; of several machines that see that, one holds the budget."""
    store = s3.store()
    store.put("state/budget/000000000007", b"held")
    monkeypatch.setattr(budget_lease, "ABANDONED_AFTER", timedelta(0))
    with hold_budget(store, 0):
        monkeypatch.setattr(budget_lease, "ABANDONED_AFTER", timedelta(minutes=15))
        assert [one.name for one in store.list("state/budget")] == ["state/budget/000000000008"]
        with pytest.raises(HomeBusy), hold_budget(store, 0):
            pass


def test_a_work_folder_is_of_one_home(tmp_path: Path) -> None:
    """Neither another home's work folder nor a home folder is used as one."""
    check_owner(tmp_path, "s3://bucket/one")
    check_owner(tmp_path, "s3://bucket/one")
    with pytest.raises(BadHome, match="work folder of s3://bucket/one"):
        check_owner(tmp_path, "s3://bucket/other")
    (tmp_path / "home" / "lake").mkdir(parents=True)
    with pytest.raises(BadHome, match="home folder of its own"):
        check_owner(tmp_path / "home", "s3://bucket/one")


def test_a_damaged_record_costs_only_copies(machine: Machine) -> None:
    """The files are copied again."""
    home = machine("one")
    write(home, "trained/red/model.json", "first")
    home.share_state()
    (home.folder / ".state.json").write_text(json.dumps({"trained/red/model.json": {"etag": 1}}))
    home.bring_state()
    assert (home.trained / "red/model.json").read_text() == "first"
