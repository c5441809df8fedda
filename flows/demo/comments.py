"""Invented comments for the demo's posts, in English, Spanish and Japanese: NOBODY WROTE THEM.

A text has choices in brackets: `[cat|kitten]`. Planted for the report, beside chance: half of the comments are about
what the picture shows; pictures of rockets and astronauts are asked about most, coins are liked least.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

Texts = Mapping[str, tuple[str, ...]]
"""Texts by language."""
LANGUAGES = {"en": 0.55, "es": 0.22, "ja": 0.23}
KINDS = {"subject": 0.52, "question": 0.12, "praise": 0.14, "complaint": 0.04, "emoji": 0.14, "spam": 0.04}
"""How often each kind of comment is written under a post, and below where that differs."""
OF_SUBJECT = {
    "rocket": {"question": 0.4}, "astronaut": {"question": 0.3}, "coins": {"complaint": 0.3}, "cat": {"emoji": 0.25},
}  # fmt: skip

_CAT = {
    "en": ("[My|Our|Every] [cat|kitten|tabby] [naps|sleeps|purrs] on the [sofa|keyboard|laundry|windowsill] [all day|each morning|like this]",
           "Those [whiskers|paws|eyes]! [My|Our] [kitten|cat|tabby] [purrs|meows|naps] [louder|more|longer] than that",
           "Give that [cat|kitten|tabby] a [treat|cuddle|tin of tuna], what lovely [whiskers|fur|paws]"),
    "es": ("[Mi|Nuestro|Su] [gato|gatito|felino] [duerme|ronronea|maúlla] en el [sofá|teclado|armario] [todo el día|cada mañana|así]",
           "Qué [bigotes|patas|ojos] tiene ese [gato|gatito|felino], parece [mimoso|peludo|dormido]"),
    "ja": ("[うちの|友達の|隣の]猫も[肉球|毛並み|ひげ]が[かわいい|きれい|ふわふわ]です", "猫の[肉球|毛並み|ひげ]と[寝顔|尻尾|耳]がたまらない"),
}  # fmt: skip
_COFFEE = {
    "en": ("[That|Such] [crema|foam|aroma] on the [espresso|coffee|latte]! [Fresh|Dark|Good] [beans|roast] I guess",
           "[My|Our] [barista|espresso machine|coffee grinder] never makes [crema|foam|a latte] like that",
           "[Dark|Light|Fresh] roast [beans|coffee] and a [warm|small|blue] mug, then [espresso|latte] [all day|before work|twice]"),
    "es": ("Ese [café|espresso|cortado] con [crema|espuma|leche] y [buenos|frescos] granos, [desayuno|taza|aroma] perfecto",
           "Mi [cafetera|barista|taza] nunca hace un [café|espresso|cortado] con esa [crema|espuma]"),
    "ja": ("[珈琲|コーヒー]の[香り|焙煎|豆]が[伝わる|好き|最高]", "[喫茶店|カフェ]の[エスプレッソ|カフェラテ|コーヒー]と[焙煎|豆|マグカップ]"),
}  # fmt: skip
_TRAVEL = {
    "en": ("We [visited|saw] this [temple|pagoda|lake] on our [trip|holiday|journey] [last spring|two years ago|by train], the [stairs|view|garden] [alone|at dawn] was worth it",
           "[Adding|Saving] the [pagoda|lake|temple] to my [travel|trip] list, [train|hotel|flight] [booked|next]"),
    "es": ("Visitamos [este templo|esta pagoda|este lago] en [un viaje|las vacaciones], [las escaleras|la vista|el jardín] al [amanecer|atardecer]",
           "Otro [viaje|templo|lago] para mi lista de [vacaciones|viajes], falta el [hotel|vuelo|tren]"),
    "ja": ("[旅行|休暇]で[湖|塔|庭園]を見ました、[階段|景色]が[大変|最高]", "次の[旅行|休暇]は[湖|塔|庭園]と[温泉|電車]にします"),
}  # fmt: skip
_SPACE = {
    "en": ("[That|The] [launch|rocket|booster] and the [engine|countdown|orbit] [glow|noise|dust], [astronauts|engineers] are [brave|heroes|dreamers]",
           "[Counting|Waiting] for the next [launch|moon mission|orbit], the [rocket|booster|spacecraft] looks ready",
           "[Every|Each] [galaxy|star|planet] up there and one small [rocket|spacecraft|telescope] in [orbit|space]"),
    "es": ("Ese [cohete|lanzamiento|motor] hacia la [luna|órbita|estación], los [astronautas|ingenieros] son [valientes|héroes]",
           "Esperando el próximo [lanzamiento|cohete] a la [luna|órbita] con mis [telescopios|astronautas] favoritos"),
    "ja": ("[ロケット|宇宙船]の[打ち上げ|発射台|軌道]を[見たい|待つ]", "[宇宙|銀河|月]と[ロケット|望遠鏡|宇宙飛行士]の[夢|写真]"),
}  # fmt: skip
_OTHER = {
    "en": ("[Shared|Sent] this with our [club|neighbours|class], we [collect|restore|love] [old|such] things",
           "[Grandpa|My uncle|A friend] had one [at home|in the garage|for years]", "[Nothing|Nobody] [beats|tops] [film|patience|good light] and a [tripod|steady hand]"),
    "es": ("Mi [abuelo|tío|vecino] tenía uno [en casa|en el garaje|hace años]", "La [paciencia|luz] y un buen [trípode|ojo] hacen la [diferencia|foto]"),
    "ja": ("[祖父|父|友人]も[昔|家で]持っていました", "[光|構図|色]の[使い方|感じ]が上手"),
}  # fmt: skip
SUBJECTS: Mapping[str, Texts] = {
    "cat": _CAT, "coffee": _COFFEE, "pagoda": _TRAVEL, "rocket": _SPACE, "astronaut": _SPACE, "galaxies": _SPACE,
}  # fmt: skip
QUESTIONS = {
    "en": ("Which [camera|lens|tripod] and [settings|aperture|shutter speed] did you use [here|for this]?", "What [lens|camera|aperture] is that, and which [settings|filter|exposure]?",
           "Where [was|is] this [taken|exactly], and what [settings|lens]?"),
    "es": ("¿Qué [cámara|lente|trípode] y qué [ajustes|apertura|exposición] usaste [aquí|para esto]?", "¿Dónde [está|queda] esto y con qué [cámara|lente|filtro]?"),
    "ja": ("[カメラ|レンズ|三脚]と[設定|絞り|露出]は何ですか", "どこで[カメラ|レンズ]の[設定|絞り]を覚えましたか"),
}  # fmt: skip
PRAISE = {
    "en": ("Love this [so much|one]!", "What a [beautiful|wonderful|great] picture!", "So [beautiful|good], well done", "[Amazing|Great] [colours|light] 😍"),
    "es": ("¡Qué foto tan [bonita|linda|hermosa]!", "Me [encanta|gusta mucho] esta foto", "[Hermosos|Increíbles] colores 😍"),
    "ja": ("[とても|本当に]きれいな写真ですね", "素敵な[色|一枚]です 😍"),
}  # fmt: skip
COMPLAINTS = {
    "en": ("Not my favourite, the [crop|light|colour] is [bad|boring|awful]", "Sorry, I find this [boring|dull and sad]", "The [last|old] one was better, this is [bad|disappointing]"),
    "es": ("No me gusta nada, la [luz|foto] es [mala|aburrida] 😞",),
    "ja": ("[色|構図]が少し残念です 😞",),
}  # fmt: skip
EMOJI = ("😍😍😍", "🔥🔥", "👏👏👏", "❤️", "😻", "🙌 ✨")
SPAM = ("DM @[photo|travel|art].[world|daily|hub] for a feature", "Get [free|real|10k] followers at www.[grow|boost]-likes.example", "Check my page for [offers|more] and promote it on @[best|top].shots")  # fmt: skip
_CHOICE = re.compile(r"\[([^\]]+)\]")


def invent_comment(subject: str, rng: random.Random) -> str:
    """One comment under a post with this subject."""
    shares = KINDS | OF_SUBJECT.get(subject, {})
    [kind] = rng.choices(list(shares), list(shares.values()))
    [language] = rng.choices(list(LANGUAGES), list(LANGUAGES.values()))
    if kind == "emoji":
        return rng.choice(EMOJI)
    texts: Texts = {
        "subject": SUBJECTS.get(subject, _OTHER),
        "question": QUESTIONS,
        "praise": PRAISE,
        "complaint": COMPLAINTS,
        "spam": dict.fromkeys(LANGUAGES, SPAM),
    }[kind]
    return _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), rng.choice(texts[language]))
