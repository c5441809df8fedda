"""Which classifiers of the settings store embeddings, and the one that each of the kind `themes` groups."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic_core import PydanticCustomError

from classifiers.themes import ThemesOptions

if TYPE_CHECKING:
    from flows.settings import ClassifierSettings

ALWAYS = frozenset({"zero_shot"})
"""Kinds that store embeddings without an option."""
ERROR = "themes"
"""Type of the error of `complete_themes`."""


def stores_embeddings(lane: ClassifierSettings) -> bool:
    """Whether the settings let the classifier store embeddings."""
    return lane.kind in ALWAYS or bool(getattr(lane.options, "embeddings", False))


def complete_themes(lanes: tuple[ClassifierSettings, ...]) -> tuple[ClassifierSettings, ...]:
    """The classifiers, those of the kind `themes` with `backbone` and `names_from`.

    An empty backbone is the only classifier that stores embeddings, an empty names_from is the backbone. Raises
    `PydanticCustomError`, which becomes a mistake in the settings.
    """
    return tuple(_complete(lane, lanes) for lane in lanes)


def _complete(lane: ClassifierSettings, lanes: Sequence[ClassifierSettings]) -> ClassifierSettings:
    options = lane.options
    if not isinstance(options, ThemesOptions):
        return lane
    able = [one.name for one in lanes if stores_embeddings(one)]
    backbone = options.backbone or _only(lane.name, able)
    names = {one.name for one in lanes}
    _check_known(lane.name, "backbone", backbone, names)
    if backbone not in able:
        raise _error(
            lane.name,
            f"its backbone {backbone} stores no embeddings; set embeddings = true for it (kind keras), or backbone to"
            " another classifier",
        )
    names_from = options.names_from or backbone
    _check_known(lane.name, "names_from", names_from, names - {lane.name})
    return replace(lane, options=options.model_copy(update={"backbone": backbone, "names_from": names_from}))


def _only(name: str, able: Sequence[str]) -> str:
    if not able:
        raise _error(
            name,
            "no classifier stores the embeddings that it groups; set embeddings = true for one (kind keras)",
        )
    if len(able) > 1:
        raise _error(name, f"set backbone to one of the classifiers that store embeddings: {', '.join(able)}")
    return able[0]


def _check_known(name: str, key: str, value: str, names: Collection[str]) -> None:
    if value not in names:
        raise _error(
            name, f"{key} names no other classifier ({value!r}); the names are {', '.join(sorted(names))}"
        )


def _error(name: str, text: str) -> PydanticCustomError:
    # Braces would be placeholders of pydantic's.
    return PydanticCustomError(ERROR, "{text}", {"text": f"[[classifiers]] ({name}): {text}"})
