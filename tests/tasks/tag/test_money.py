"""Budgets, estimates, and labels that are already paid for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tasks.tag.budget_tracker import BudgetTracker
from tasks.tag.estimate import estimate
from tasks.tag.lane import make_lane, parse_models
from tasks.tag.stage import local_lane
from warehouse.schema.run_tables import Charge
from warehouse.schema.tables import Post, PostPicture
from warehouse.upkeep.forgetting import forget_account


@pytest.mark.slow
def test_the_monthly_budget_is_never_exceeded(shop):
    """The lane stops before it and says when the budget resets. With a higher budget the lane resumes."""
    shop.store(50)
    result = shop.run(batch=8, monthly_budget=20)
    assert (result.status, result.items) == ("incomplete", 20)
    assert (
        "monthly budget of 20 pictures is used up" in result.message
        and "30 pictures are pending" in result.message
    )
    assert sum(shop.clarifai.bought.values()) == 20
    assert shop.run(batch=8, monthly_budget=20).items == 0
    assert sum(shop.clarifai.bought.values()) == 20
    assert shop.run(batch=8, monthly_budget=50).status == "done"
    assert set(shop.clarifai.bought.values()) == {1}


@pytest.mark.slow
def test_the_daily_budget_counts_today(shop):
    """What was sent yesterday does not count for today."""
    shop.store(10)
    shop.home.lake.append([charge("a", n, datetime.now(UTC) - timedelta(days=1, hours=1)) for n in range(6)])
    result = shop.run(batch=4, daily_budget=5)
    assert result.items == 5 and "daily budget of 5" in result.message


def test_unknown_counts_as_spent_and_not_billed_does_not(shop, stand_in):
    """A picture whose response was lost may be billed, so the budget counts it. A throttled one is not billed."""
    shop.store(6)
    shop.clarifai.script += [
        stand_in.status_only(11005),
        stand_in.abort(stand_in.grpc.StatusCode.UNAVAILABLE, after_work=True),
    ]
    result = shop.run(monthly_budget=10)
    assert (result.status, result.items) == ("incomplete", 4)
    assert shop.outcomes() == {"not_billed": 6, "unknown": 6, "billed": 4}


def test_a_picture_for_two_models_counts_twice(shop, stand_in):
    """A picture that goes to both models takes two from the budget, and the two models take turns."""
    shop.store(20)
    result = shop.run(regions_model=stand_in.REGIONS, batch=5, monthly_budget=20)
    assert (result.status, result.items) == ("incomplete", 20)
    assert [model for model, _ in shop.rows("select model, count(*) from charges group by 1 order by 1")] == [
        stand_in.REGIONS,
        stand_in.CONCEPTS,
    ]


def charge(request: str, position: int, at: datetime, **changes) -> Charge:
    """A row of the ledger."""
    values = {
        "request_id": request,
        "position": position,
        "sha256": f"{position:064x}",
        "classifier": "clarifai",
        "model": "m",
        "model_version": "v",
        "sent_at": at,
        "ended_at": at,
        "outcome": "billed",
        "reason": None,
        "message": None,
        "price": 0.001,
    }
    return Charge(**values | changes)


def test_budgets_reset_at_a_new_day_and_a_new_month(shop):
    """A run over midnight gets the new day's budget, and on the first the new month's too, in UTC."""
    lane = make_lane("clarifai", shop.tagging(monthly_budget=100, daily_budget=10).options, lambda _: "")
    at = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
    shop.home.lake.append([charge("a", n, at) for n in range(7)])
    now = at
    budget = BudgetTracker(shop.home.lake, lane, lambda: now)
    assert budget.left() == 3
    budget.reserve(3)
    assert budget.left() == 0 and "resets on 2026-02-01" in budget.exhausted_message()
    now = at + timedelta(minutes=2)
    budget.refresh()
    assert budget.left() == 10
    budget.release(3, at)
    assert budget.left() == 10


def test_an_estimate_is_what_a_run_sends(shop, stand_in):
    """The numbers of the dry run are those of the run that follows, with a budget that is too small for all."""
    shop.store(30)
    settings = {"regions_model": stand_in.REGIONS, "batch": 8, "price_per_1000": 1.5, "monthly_budget": 41}
    lane = local_lane(shop.home, "clarifai", shop.tagging(**settings).options)
    estimates = estimate(shop.home, lane)
    assert [(one.waiting, one.would_send, one.requests) for one in estimates] == [(30, 21, 3), (30, 20, 3)]
    assert estimates[0].cost == pytest.approx(21 * 0.0015)
    assert shop.clarifai.requests == []
    shop.run(**settings)
    assert sum(shop.clarifai.bought.values()) == 41
    after = estimate(shop.home, local_lane(shop.home, "clarifai", shop.tagging(**settings).options))
    assert [one.would_send for one in after] == [0, 0]


def test_a_second_model_does_not_buy_the_first_again(shop, stand_in):
    """Adding regions buys only regions; the concepts that are paid for are copied to the new version."""
    shas = shop.store(6)
    first = shop.run()
    second = shop.run(regions_model=stand_in.REGIONS)
    assert second.items == 6 and second.version != first.version
    assert set(shop.clarifai.bought.values()) == {1} and len(shop.clarifai.bought) == 12
    under = shop.rows(f"select distinct sha256, region > 0 from labels where version = '{second.version}'")
    assert set(under) == {(one, regions) for one in shas for regions in (False, True)}
    shop.run(name="again", regions_model=stand_in.REGIONS)
    assert len(shop.clarifai.bought) == 12
    assert len(shop.rows("select distinct sha256 from labels where classifier = 'again'")) == 6


@pytest.mark.slow
def test_a_new_version_of_a_model_is_bought_for_all_pictures(shop, stand_in):
    """A setting that names another version asks for exactly this."""
    shop.store(3)
    shop.run()
    shop.clarifai.versions[stand_in.CONCEPTS] = "newer"
    result = shop.run(model_version="newer")
    assert result.items == 3
    assert set(shop.clarifai.bought.values()) == {2}


def test_a_model_without_a_version_setting_uses_the_current_one(shop):
    """One free request per run gets Clarifai's current version of the model; the run uses it throughout."""
    shop.clarifai.versions["food-item-recognition"] = "v7"
    shop.store(1)
    result = shop.run(model="food-item-recognition")
    assert result.version == "food-item-recognition@v7"
    assert shop.clarifai.probes == 1
    assert shop.rows("select model, model_version, outcome from charges") == [
        ("food-item-recognition", "v7", "billed")
    ]


@pytest.mark.parametrize(
    ("version", "count"),
    [
        ("a@1", 1),
        ("/my models/a.gguf@1", 1),
        ("regions a@1", 1),
        ("a@1 + regions b@2", 2),
        ("visual-1", 0),
        ("InceptionV3-0123", 0),
    ],
)
def test_a_version_of_labels_contains_its_models(version, count):
    """The versions of other classifiers contain none."""
    models = parse_models(version)
    assert len(models) == count
    assert [one.regions for one in models] == sorted(one.regions for one in models)


@pytest.mark.slow
def test_a_forgotten_account_keeps_its_cost_in_the_ledger(shop):
    """The hashes of its pictures are removed; price and outcome stay."""
    (sha256,) = shop.store(1)
    shop.run(price_per_1000=2.0)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    shop.home.lake.append(
        [
            Post(
                source="s", post_id="p", account="ann", url="http://x.org/p", kind="image", posted_at=None,
                caption=None, place=None, pinned=None, first_seen_at=now, last_seen_at=now,
            )
        ]
    )  # fmt: skip
    shop.home.lake.append(
        [PostPicture(source="s", post_id="p", position=0, picture_url="http://x.org/1.jpg", sha256=sha256)]
    )
    assert forget_account(shop.home, "ann", None).pictures == 1
    assert shop.rows("select sha256, outcome, price from charges") == [(None, "billed", 0.002)]
    assert shop.rows("select * from labels") == []
    for file in (shop.home.folder / "lake" / "charges").rglob("*.parquet"):
        assert sha256.encode() not in file.read_bytes()
