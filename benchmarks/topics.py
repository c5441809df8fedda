"""Topics of invented comments: how well known topics are found, whether they last, and the time and memory of a run.

A comment of an invented topic has two to four of its words, one or two of those that all topics share, and stop words. A
share of the comments has no topic. The benchmark finds topics in such comments of five languages and compares
them with those of the generator; `--comments N` stores N comments and measures the stages read_comments and find_topics.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from tasks.groups import match_groups
from tasks.topics.fitting import fit_topics
from tasks.topics.terms import terms_of
from tasks.topics.vocabulary import Document
from warehouse.home import Home
from warehouse.schema.tables import Comment

SIZES = (100, 300, 1_000, 5_000)
ROWS_OF_A_WRITE = 20_000

TOPICS: dict[str, dict[str, str]] = {
    "en": {
        "cats": "cat kitten whiskers fluffy purr paws tabby meow cuddle fur sofa naps",
        "coffee": "coffee espresso latte beans roast barista foam mug caffeine brew aroma crema",
        "place": "beach island travel ferry hotel visited village harbour hike coast road trip",
        "camera": "camera lens aperture shutter iso tripod settings focal exposure sharpness bokeh raw",
        "rockets": "rocket launch orbit booster engine astronaut countdown payload moon spacecraft thrust pad",
        "shop": "dress price shipping size order discount fabric sleeves brand restock jacket store",
    },
    "de": {
        "cats": "katze kater schnurrt pfoten fell kuscheln miau samtpfote sofa tierheim schnurrhaare kätzchen",
        "coffee": "kaffee espresso bohnen röstung tasse milchschaum barista aroma mühle crema frühstück becher",
        "place": "strand insel urlaub fähre hotel hafen wanderung küste dorf reise düne leuchtturm",
        "camera": "kamera objektiv blende belichtung stativ brennweite schärfe sensor einstellungen weitwinkel filter bildbearbeitung",
    },
    "es": {
        "cats": "gato gatito bigotes ronronea patas peludo maullido mimoso sofá siesta felino adopción",
        "coffee": "café espresso granos tostado taza espuma barista aroma cafetera desayuno crema leche",
        "place": "playa isla viaje puerto hotel costa pueblo montaña vacaciones sendero barco faro",
        "camera": "cámara objetivo apertura trípode exposición lente enfoque ajustes nitidez sensor filtro fotografía",
    },
    "ja": {
        "cats": "猫ちゃん 子猫 もふもふ 肉球 ひげ ごろごろ にゃんこ 毛並み",
        "coffee": "コーヒー 珈琲豆 焙煎 カフェラテ エスプレッソ 喫茶店 香り マグカップ",
        "place": "海岸 旅行 離島 温泉旅館 灯台 港町 登山 観光地",
        "camera": "カメラ レンズ 絞り 三脚 露出 焦点距離 設定 望遠",
    },
    "zh": {
        "cats": "小猫 猫咪 毛茸茸 爪子 胡须 可爱猫 打呼噜 橘猫",
        "coffee": "咖啡 拿铁 咖啡豆 烘焙 奶泡 咖啡馆 香味 杯子",
        "place": "海滩 旅行 小岛 酒店 灯塔 港口 爬山 景点",
        "camera": "相机 镜头 光圈 三脚架 曝光 焦距 参数 长焦",
    },
}
"""Invented topics by language: words that only comments of the topic have."""
SHARED = {
    "en": "love great photo beautiful wow nice amazing colours morning today",
    "de": "schön toll foto wunderbar farben heute morgen super klasse bild",
    "es": "bonito foto genial hermoso colores hoy mañana increíble linda imagen",
    "ja": "きれい すてき 写真 いいね 今日 すごい",
    "zh": "漂亮 照片 真好 喜欢 今天 太美",
}
GLUE = {
    "en": "the this and with for your my so is of", "de": "die und mit für dein mein so ist von das",
    "es": "el la con para tu mi es de que y", "ja": "の は が です を", "zh": "的 是 了 和 在",
}  # fmt: skip
WITHOUT_BLANKS = ("ja", "zh")
NO_TOPIC = 0.2
"""The share of comments that have only words that all topics share."""
AUTHORS = 500
POST_COMMENTS, OF_SUBJECT = 10, 0.5
"""Comments of a post, and the share of those with a topic that are about what it shows."""


@dataclass(frozen=True)
class InventedComment:
    """A text with the topic that it was made from; '' for none."""

    text: str
    topic: str
    author: str
    post: str


def invent_comments(language: str, number: int, seed: int = 1) -> Iterator[InventedComment]:
    """Comments in a language; the first ones are the same for every `number`."""
    choices = random.Random(f"{language}:{seed}")
    names = list(TOPICS[language])
    shares = [1 / (place + 2) for place in range(len(names))]  # topics differ in size
    blank = "" if language in WITHOUT_BLANKS else " "
    for place in range(number):
        if place % POST_COMMENTS == 0:
            subject = choices.choices(names, shares)[0]
        topic = "" if choices.random() < NO_TOPIC else choices.choices(names, shares)[0]
        topic = subject if topic and choices.random() < OF_SUBJECT else topic
        own = TOPICS[language][topic].split() if topic else []
        words = choices.sample(own, choices.choice((2, 2, 3, 4))) if own else []
        words += choices.sample(SHARED[language].split(), choices.choice((1, 2)))
        choices.shuffle(words)
        glue = choices.choices(GLUE[language].split(), k=len(words))
        words = [one for pair in zip(words, glue, strict=True) for one in pair]
        yield InventedComment(
            blank.join(words), topic, f"author {choices.randrange(AUTHORS)}", f"p{place // POST_COMMENTS}"
        )


def main() -> None:
    """Print how well known topics are found, or the figures of a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comments", type=int, help="measure the stages with so many comments")
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        _run(Home(options.run))
    elif options.comments:
        _measure(options.comments)
    else:
        for language in TOPICS:
            _compare(language)


def _find_no_names(terms: object) -> set[str]:
    """No invented word is the name of an account."""
    return set()


def _compare(language: str) -> None:
    """Purity and adjusted Rand index (Hubert and Arabie 1985) of comments with a topic, and what changes with more comments."""
    from sklearn.metrics import adjusted_rand_score

    before: dict[int, int] = {}
    for number in SIZES:
        made = list(invent_comments(language, number))
        documents = [Document(terms_of(one.text, language), one.author, one.post) for one in made]
        fit = fit_topics(documents, _find_no_names, runs=language in WITHOUT_BLANKS)
        if fit is None:
            print(f"{language} {number:>7,} no topics")
            continue
        true = np.array([one.topic for one in made])
        placed, has = fit.numbers >= 0, true != ""
        both = placed & has
        counts = np.array(
            [
                np.unique(true[both & (fit.numbers == one)], return_counts=True)[1].max()
                for one in range(len(fit.components))
            ]
        )
        score = adjusted_rand_score(true[both], fit.numbers[both])
        old = np.array([before.get(place, -1) for place in range(number)], np.intp)
        kept = match_groups(old, fit.numbers) if before else {}
        print(
            f"{language} {number:>7,} topics {len(fit.components)} of {len(TOPICS[language])}  purity {counts.sum() / both.sum():.3f}"
            f"  ARI {score:.3f}  placed {placed[has].mean():.3f}, of those without a topic {placed[~has].mean():.3f}"
            f"  of the topics before {len(kept)} of {len(set(before.values()))} stay"
        )
        before = {place: int(one) for place, one in enumerate(fit.numbers) if one >= 0}


def _measure(number: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        home.prepare()
        for language in TOPICS:
            made = invent_comments(language, number // len(TOPICS))
            place = 0
            while some := list(islice(made, ROWS_OF_A_WRITE)):
                home.lake.append([_row(language, place + more, one) for more, one in enumerate(some)])
                place += len(some)
        for title in ("first run", "second run, nothing new"):
            command = [sys.executable, "-m", "benchmarks.topics", "--run", str(home.folder)]
            result = subprocess.run(command, check=True, capture_output=True, text=True)
            print(f"{title}\n{result.stdout.rstrip()}")


def _row(language: str, place: int, one: InventedComment) -> Comment:
    return Comment(
        source="s", post_id=f"{language} {one.post}", comment_id=f"{language} {place}", parent_id=None, author=one.author,
        text=f"{one.text} {place}", posted_at=None, likes=None,
    )  # fmt: skip


def _ignore(done: int, total: int) -> None:
    """The progress of a stage is not shown."""


def _run(home: Home) -> None:
    from tasks.read_comments.stage import read_comments
    from tasks.topics.stage import find_topics

    for name, stage in (("read_comments", read_comments), ("find_topics", find_topics)):
        started, used = time.perf_counter(), time.process_time()
        result = stage(home, "hashed", _ignore)
        elapsed, used = time.perf_counter() - started, time.process_time() - used
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"  {name:14} {result.items:>9,} comments {elapsed:6.1f} s {used:6.1f} s of processor time {peak:5.0f} MB at the peak so far"
        )


if __name__ == "__main__":
    main()
