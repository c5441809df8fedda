"""The report's example pictures of a ranking of groups."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from tasks.report.stage import label_examples
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank
from warehouse.records.runs import StageResult, begin_run
from warehouse.schema.picture_tables import LabelGroup, Picture, PictureLabel
from warehouse.schema.tables import Observation, Post, PostPicture

WHEN = datetime(2026, 5, 1, tzinfo=UTC)


def test_a_group_has_its_best_post_as_an_example(empty_home: Home, tmp_path: Path) -> None:
    """A group's example is the best post with one of its labels."""
    home = Home(shutil.copytree(empty_home.folder, tmp_path / "home"))
    for number, (label, likes) in enumerate((("tabby", 10), ("tiger cat", 30), ("daisy", 20))):
        post, sha256 = f"post {number}", f"{number:064x}"
        Image.new("RGB", (20, 20), (80 * number, 0, 0)).save(home.folder / f"{number}.png")
        home.lake.append([
            Post(source="s", post_id=post, account="ann", url=f"http://x.org/{number}", kind="image", posted_at=WHEN,
                 caption=None, place=None, pinned=None, first_seen_at=WHEN, last_seen_at=WHEN)
        ])  # fmt: skip
        home.lake.append(
            [PostPicture(source="s", post_id=post, position=0, picture_url="http://x.org/p", sha256=sha256)]
        )
        home.lake.append([
            Observation(source="s", post_id=post, observed_at=WHEN, likes=likes, comments=1, likes_hidden=False)
        ])  # fmt: skip
        home.lake.append([
            Picture(sha256=sha256, bytes=1, width=20, height=20, format="png", path=f"{number}.png", fetched_at=WHEN)
        ])  # fmt: skip
        home.lake.append([
            PictureLabel(sha256=sha256, classifier="c", version="1", region=0, rank=1, label=label, label_id=None,
                         score=0.9, x0=None, y0=None, x1=None, y1=None, labelled_at=WHEN)
        ])  # fmt: skip
    home.lake.append(
        [LabelGroup(classifier="c", label=one, label_group="cat") for one in ("tabby", "tiger cat")]
    )
    journal = begin_run(home.lake)
    journal.start("classify", "c")
    journal.finish("classify", "c", StageResult("done", 3, version="1"))
    publish(home)
    question = RankingQuery("c", grouped=True)
    labels = rank(home, question)["label"].to_list()
    with published(home) as database:
        found = [
            (one.label, one.post_url, one.likes) for one in label_examples(home, database, question, labels)
        ]
    assert sorted(found) == [("cat", "http://x.org/1", 30), ("daisy", "http://x.org/2", 20)]
