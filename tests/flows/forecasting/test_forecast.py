"""`likelens forecast`: what it is worth, one picture, a folder, and every refusal; and what other commands say of it."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from classifiers import registry
from classifiers.visual.classifier import VisualClassifier
from flows.forecasting.lanes import forecast_options, local_lanes
from flows.forecasting.picture_output import notes_of
from flows.forecasting.skill_output import print_skill
from flows.forecasting.stored import MEASURES, stored_infos
from flows.preflight.forecast import check_forecast
from flows.settings import read_settings
from flows.terminal.plan import plan_night
from tasks.forecast import labelling
from tasks.forecast.recording import record_forecasts
from tasks.forecast.storage import load_model, load_models
from tasks.stage_events import StageName
from warehouse.database.publish import publish
from warehouse.published import published
from warehouse.schema.forecast_tables import ForecastRow
from warehouse.schema.picture_tables import PictureLabel
from warehouse.schema.tables import Post

pytestmark = pytest.mark.slow


def test_it_says_what_the_forecast_is_worth(command, trained):
    """Skill with its interval, coverage and the verdict, for all accounts and for one; JSON has the same numbers."""
    ran = command(trained, "forecast", "--account", "@ann")
    assert ran.returncode == 0, ran.stderr
    assert "labels help for these 3 accounts" in ran.stdout
    assert "labels help for this account: with them its error is" in ran.stdout
    assert "too few forecasts of ann can be compared with what came (0 posts yet)" in ran.stdout
    likes, comments = json.loads(command(trained, "forecast", "--account", "ann", "--format", "json").stdout)
    assert (likes["measure"], comments["measure"]) == ("likes", "comments")
    skill = likes["skill_by_time"]
    assert skill["low"] > 0.2
    assert f"{skill['value']:.3f} ({skill['low']:.3f} to {skill['high']:.3f})" in ran.stdout
    assert likes["account"]["verdict"] == "labels help"
    assert likes["scored"]["posts"] == 0


def test_posts_without_labels_are_not_too_few(trained, capsys):
    """A model without labels has learned from its posts; what is missing are labels, and the sentences say so."""
    info = stored_infos(read_settings(trained / "likelens.toml", sources=False))[0]
    unlabelled = replace(info, verdict="too few posts", label_skill=None, classifiers={})
    print_skill([unlabelled], {}, {}, None)
    shown = capsys.readouterr().out
    assert "no label is on 10 posts or more" in shown and "to learn from" not in shown
    low = replace(unlabelled, skill_by_time=replace(info.skill_by_time, low=-0.1))
    print_skill([low], {}, {}, None)
    assert "not certain to be better than what these 3 accounts usually get: " in capsys.readouterr().out
    [note] = notes_of([], {"likes": unlabelled})
    assert note.startswith("likes: no label is on 10 posts or more")


def test_a_picture_has_a_forecast_beside_the_usual(command, trained, pictures):
    """A warm picture gets more than a cold one: the label that moves it is listed with its factor and interval."""
    at = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d} 18:00"
    found = {}
    for name in ("warm", "cold"):
        ran = command(
            trained,
            "forecast",
            str(pictures / f"{name}.png"),
            "--account",
            "ann",
            "--at",
            at,
            "--format",
            "json",
        )
        found[name] = json.loads(ran.stdout)
    warm, cold = (found[name]["forecasts"][0] for name in ("warm", "cold"))
    assert warm["median"] > 1.5 * cold["median"]
    assert warm["low"] < warm["median"] < warm["high"]
    assert warm["usual"] == cold["usual"] > 0
    assert "warm" in found["warm"]["labels"]["visual"]
    assert warm["effects"][0]["label"] == "warm" and warm["effects"][0]["low"] > 1
    assert found["warm"]["posted_at"].startswith(f"{at[:10]}T1")
    shown = command(trained, "forecast", str(pictures / "warm.png"), "--account", "ann", "--at", at).stdout
    assert f"warm.png as an image of ann on {datetime.fromisoformat(at):%a} {at} (Europe/Berlin)" in shown
    assert f"{warm['median']:,.0f}" in shown and f"{warm['low']:,.0f} to {warm['high']:,.0f}" in shown


def test_a_stored_picture_is_forecast_without_its_classifier(command, own, pictures, monkeypatch):
    """Its labels are in the tables: so nothing of a classifier is loaded, and no library for skill or training."""
    warm = pictures / "warm.png"
    stored = hashlib.sha256(warm.read_bytes()).hexdigest()
    settings = read_settings(own / "likelens.toml", sources=False)
    settings.home.lake.append([label_of(stored, "warm", 1), label_of(stored, "landscape", 2)])
    publish(settings.home)

    def refuse(*given: object, **options: object) -> None:
        raise AssertionError("a classifier was loaded")

    monkeypatch.setattr(registry, "load", refuse)
    monkeypatch.setattr(labelling, "load", refuse)
    given = ("--account", "ann", "--at", "18", "--format", "json")
    found = json.loads(command(own, "forecast", str(warm), *given).stdout)
    assert found["labels"] == {"visual": ["warm", "landscape"]}
    assert found["forecasts"][0]["effects"][0]["label"] == "warm"
    with pytest.raises(AssertionError, match="a classifier was loaded"):
        command(own, "forecast", str(pictures / "cold.png"), *given)


def label_of(sha256: str, label: str, rank: int) -> PictureLabel:
    return PictureLabel(
        sha256=sha256, classifier="visual", version=VisualClassifier.version, region=0, rank=rank, label=label, label_id=None,
        score=0.9, x0=None, y0=None, x1=None, y1=None, labelled_at=datetime.now(UTC),
    )  # fmt: skip


def test_a_folder_is_ranked_and_the_order_is_put_into_words(command, trained, pictures):
    """The warm picture is first; the sentence says how sure that is; a text is left out and named."""
    ran = command(trained, "forecast", str(pictures), "--account", "ann", "--at", "tuesday 18:00")
    lines = ran.stdout.splitlines()
    ranks = [line.split()[:2] for line in lines if line.strip()[:1].isdigit()]
    assert ranks == [["1", "warm.png"], ["2", "cold.png"]]
    assert "within the noise" in ran.stdout or "stands out" in ran.stdout
    assert "No pictures, left out: 1 (notes.txt)." in ran.stdout
    values = json.loads(
        command(
            trained,
            "forecast",
            str(pictures),
            "--account",
            "ann",
            "--at",
            "18",
            "--by",
            "comments",
            "--format",
            "json",
        ).stdout
    )
    assert [Path(one["picture"]).name for one in values["pictures"]] == ["warm.png", "cold.png"]
    assert 0.5 < values["pictures"][1]["first_gets_more"] < 1


REFUSALS = {
    ("warm.png", "--account", "ann"): "Say when it would be posted: --at with",
    ("warm.png", "--account", "ann", "--at", "2020-01-01 10:00"): "is in the past",
    ("warm.png", "--account", "ann", "--at", "soon"): "'soon' is no time",
    (
        "warm.png",
        "--account",
        "anne",
        "--at",
        "18",
    ): "account 'anne' are stored. The nearest names: ann, anna,",
    (
        "warm.png",
        "--at",
        "18",
    ): "Name the account with --account, because several are stored: ann, anna, beginner, silent.",
    (
        "warm.png",
        "--account",
        "ann",
        "--source",
        "t",
        "--at",
        "18",
    ): "The source 't' has no posts of ann. These have some: s.",
    ("none.png", "--account", "ann", "--at", "18"): "There is no file or folder",
    (
        "notes.txt",
        "--account",
        "ann",
        "--at",
        "18",
    ): "can't be read as a picture (UnidentifiedImageError: cannot identify image file)",
    (
        "warm.png",
        "--account",
        "silent",
        "--at",
        "18",
    ): "There is no forecast for silent. Only 1 post of silent is stored",
}


@pytest.mark.parametrize(("given", "words"), REFUSALS.items(), ids=[" ".join(one) for one in REFUSALS])
def test_bad_input_is_refused_in_a_sentence(command, trained, pictures, given, words):
    """Each says what is wrong and what to do, and prints no number."""
    name, *options = given
    ran = command(trained, "forecast", str(pictures / name), *options)
    assert ran.returncode in (1, 2)
    assert ran.stdout == ""
    assert words in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_folders_without_pictures_are_refused(command, trained, tmp_path):
    """An empty folder, and one of texts."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("a")
    options = ("--account", "ann", "--at", "18")
    assert "has no files" in command(trained, "forecast", str(tmp_path / "empty"), *options).stderr
    refused = command(trained, "forecast", str(tmp_path / "texts"), *options)
    assert f"No file in {tmp_path / 'texts'} can be read as a picture (a.txt)" in refused.stderr


def test_an_account_with_few_posts_is_told_apart(command, trained, pictures):
    """Twelve posts give a forecast, with a note that its usual rests on few posts."""
    ran = command(trained, "forecast", str(pictures / "warm.png"), "--account", "beginner", "--at", "18")
    assert ran.returncode == 0
    assert (
        "Only 12 posts of beginner are stored: its usual, the median of the last ten, rests on few posts."
        in ran.stdout
    )


def test_a_model_of_a_classifier_version_that_is_gone_is_refused(command, trained, pictures, monkeypatch):
    """The sentence names both versions and what to run; without the classifier in the settings another one says so."""
    given = ("forecast", str(pictures / "warm.png"), "--account", "ann", "--at", "18")
    trained_on = VisualClassifier.version
    monkeypatch.setattr(VisualClassifier, "version", "visual-99")
    words = f"trained on labels of visual {trained_on}, and visual has the version visual-99 now."
    assert words in command(trained, *given).stderr
    settings = (trained / "likelens.toml").read_text().replace('name = "visual"', 'name = "colours"')
    (trained / "renamed.toml").write_text(settings)
    ran = command(trained, *given, "--config", "renamed.toml")
    assert f"labels of visual ({trained_on}), which is not among the classifiers" in ran.stderr


def test_without_models_a_picture_is_refused_and_the_command_alone_trains(command, own, pictures):
    """`likelens forecast` trains where there are no models, and once; a picture asks for that."""
    shutil.rmtree(own / "data" / "forecast")
    refused = command(own, "forecast", str(pictures / "warm.png"), "--account", "ann", "--at", "18")
    assert "There is no forecast model of likes" in refused.stderr
    assert "Forecast models" not in command(own, "status").stdout
    assert "Training the forecast of likes" in command(own, "forecast").stderr
    assert "Training" not in command(own, "forecast").stderr
    settings = read_settings(own / "likelens.toml", sources=False)
    assert load_model(settings.home, "likes").info.classifiers == {"visual": VisualClassifier.version}


def test_status_keeps_the_score_of_the_nights(command, own):
    """A night forecasts the new posts; 80 forecasts of before have outcomes, and status has how many were covered."""
    settings = read_settings(own / "likelens.toml", sources=False)
    home, now = settings.home, datetime.now(UTC)
    assert "too few posts yet (0)" in command(own, "status").stdout
    home.lake.append([new_post(number, now) for number in range(4)])
    publish(home)
    models = [load_model(home, "likes"), load_model(home, "comments")]
    with published(home) as database:
        result = record_forecasts(
            home, database, models, None, local_lanes(settings), now, lambda done, total: None
        )
    assert (result.items, result.message) == (8, "")
    past = home.lake.query(
        "select account, post_id, posted_at from posts where account in ('ann', 'anna') and post_id not like 'new-%'"
        " order by posted_at desc limit 80"
    )
    home.lake.append([past_forecast(*row, version=models[0].info.version) for row in past])
    publish(home)
    assert "of 80 posts (" in command(own, "status").stdout
    described = command(own, "forecast").stdout
    assert "of 80 forecast posts were in their 80 % interval" in described
    assert "Their error was" in described
    assert "comments: too few forecasts can be compared" in described


def new_post(number: int, now: datetime) -> Post:
    return Post(
        source="s", post_id=f"new-{number}", account="ann", url="http://x.example/", kind="image",
        posted_at=now - timedelta(hours=1 + 24 * number), caption=None, place=None, pinned=None, first_seen_at=now,
        last_seen_at=now,
    )  # fmt: skip


def past_forecast(account: str, post_id: str, posted_at: datetime, version: str) -> ForecastRow:
    at = posted_at.replace(tzinfo=UTC)
    return ForecastRow(
        source="s", account=account, subject=post_id, measure="likes", version=version, kind="image", posted_at=at,
        post_id=post_id, sha256=None, usual=300.0, median=280.0, low=100.0, high=900.0, made_at=at + timedelta(hours=2),
        before_posting=False,
    )  # fmt: skip


def test_doctor_checks_what_forecast_names(own):
    """A folder that is missing and an account that is not stored are named; the models are described."""
    text = (own / "likelens.toml").read_text()
    (own / "likelens.toml").write_text(
        f'{text}\n[forecast]\ncandidates = "next"\naccount = "anne"\nat = "18"\n'
    )
    settings = read_settings(own / "likelens.toml", sources=False)
    found = [(one.good, str(one)) for one in check_forecast(settings)]
    assert [good for good, _ in found] == [False, False, True, True]
    assert f"[forecast] candidates: There is no folder {own / 'next'}" in found[0][1]
    assert "The nearest names: ann, anna" in found[1][1]
    assert "forecast of likes: " in found[2][1] and "labels help" in found[2][1]
    (settings.home.forecast / "likes" / "model.safetensors").write_bytes(b"damaged")
    assert plan_night(settings)[-3] == StageName("forecast")  # whose note says so too
    assert [model.info.measure for model in load_models(settings.home, MEASURES)[0]] == ["comments"]
    problems = [str(one) for one in check_forecast(settings) if not one.good]
    assert "forecast: The forecast model " in problems[2] and "can't be read" in problems[2]


def test_doctor_goes_on_where_the_account_can_not_be_looked_up(own):
    """A damaged lake is a finding of its own; what follows is checked too."""
    config = own / "likelens.toml"
    config.write_text(f'{config.read_text()}\n[forecast]\naccount = "ann"\n')
    settings = read_settings(config, sources=False)
    for file in settings.home.lake_folder.glob("*/*.parquet"):
        file.write_bytes(b"damaged")
    account, *models = check_forecast(settings)
    assert not account.good and "can't be looked up" in str(account)
    assert [model.good for model in models] == [True, True]


def test_the_home_folder_of_an_older_likelens_gets_the_table(command, own):
    """The command adds the table of forecasts, as `likelens status` does, in place of calling the folder damaged."""
    shutil.rmtree(own / "data" / "lake" / "forecasts")
    ran = command(own, "forecast")
    assert ran.returncode == 0, ran.stderr
    assert "0 posts yet" in ran.stdout


def test_options_name_local_classifiers_alone(own):
    """A classifier that sends pictures away is not asked for labels of a candidate."""
    text = (own / "likelens.toml").read_text()
    remote = '\n[[classifiers]]\nname = "clarifai"\nkind = "clarifai"\nmodel = "general-image-recognition"\n'
    (own / "likelens.toml").write_text(text + remote)
    settings = read_settings(own / "likelens.toml", sources=False)
    assert forecast_options(settings).classifiers == ("visual",)
    assert forecast_options(settings).time_zone == "Europe/Berlin"
