"""A lane of the stage tag: its settings, the models that it asks, and the version that its labels bear."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from classifiers.clarifai.options import ClarifaiOptions
from warehouse.charges import Model

_VERSION = re.compile(r"(?:(?P<whole>[^@ ]+)@(?P<whole_version>[^@ ]*))?"
                      r"(?: \+ )?(?:regions (?P<parts>[^@ ]+)@(?P<parts_version>[^@ ]*))?")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lane:
    """A classifier that is run by the stage tag."""

    name: str
    options: ClarifaiOptions
    models: tuple[Model, ...]

    @property
    def version(self) -> str:
        """Ids and versions of the models: `general-image-recognition@aa7f… + regions general-image-detection@1580…`."""
        return " + ".join(
            f"{'regions ' if one.regions else ''}{one.model_id}@{one.version}" for one in self.models
        )

    @property
    def price(self) -> float | None:
        """Price of one picture sent to one model; None where the settings name none."""
        return None if self.options.price_per_1000 is None else self.options.price_per_1000 / 1000


def lane_of(name: str, options: ClarifaiOptions, current: Callable[[str], str]) -> Lane:
    """The lane of a classifier; `current` is asked for the version of a model that the settings leave open."""
    asked = [(options.model, False), (options.regions_model, True)]
    models = [
        Model(model_id, options.version_of(model_id) or current(model_id), regions)
        for model_id, regions in asked
        if model_id
    ]
    return Lane(name, options, tuple(models))


def models_of(version: str) -> tuple[Model, ...]:
    """The models in a lane's version; none where the text is another classifier's version."""
    found = _VERSION.fullmatch(version)
    if not found:
        return ()
    models = []
    if found["whole"]:
        models.append(Model(found["whole"], found["whole_version"]))
    if found["parts"]:
        models.append(Model(found["parts"], found["parts_version"], regions=True))
    return tuple(models)
