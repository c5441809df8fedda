"""A lane of the stage tag: its settings, its models, and the version that its labels carry."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from classifiers.clarifai.options import ClarifaiOptions
from warehouse.records.charges import Model

_MODEL = re.compile(r"(regions )?([^@ ]+)@([^@ ]*)")


@dataclass(frozen=True, slots=True)
class Lane:
    """A classifier that the stage tag runs."""

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
        """The price of one picture sent to one model; None where the settings have none."""
        return None if self.options.price_per_1000 is None else self.options.price_per_1000 / 1000


def make_lane(name: str, options: ClarifaiOptions, current_version: Callable[[str], str]) -> Lane:
    """The lane of a classifier; `current_version` gives the version of a model where the settings have none."""
    models = [
        Model(model_id, options.version_of(model_id) or current_version(model_id), regions)
        for model_id, regions in ((options.model, False), (options.regions_model, True))
        if model_id
    ]
    return Lane(name, options, tuple(models))


def parse_models(version: str) -> tuple[Model, ...]:
    """The models in a lane's version; none where the text is another classifier's version."""
    matches = [_MODEL.fullmatch(part) for part in version.split(" + ")]
    models = tuple(Model(found[2], found[3], regions=bool(found[1])) for found in matches if found)
    return models if len(models) == len(matches) else ()
