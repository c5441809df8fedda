"""Topics of invented comments: how well known topics are found, whether they last, and the time and memory of a run.

A comment of an invented topic has two to four of its words, one or two of those that all topics share, and stop words. A
share of the comments has no topic. `--quality` (the default) fits topics on such comments in five languages and compares
them with those of the generator; `--comments N` stores N comments and measures the stages read_comments and find_topics.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

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
