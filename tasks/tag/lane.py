"""A lane of the stage tag: its settings, its models, and the version that its labels carry."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from classifiers.remote.options import RemoteOptions
from tasks.tag.services import Service, service_of
from warehouse.records.charges import Model

_MODEL = re.compile(r"(regions )?(.+)@([^@ ]*)")
"""The name of a model may have spaces: llama.cpp lists the path of its file."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A classifier that the stage tag runs."""

    name: str
    options: RemoteOptions
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
        return self.options.picture_price

    @property
    def service(self) -> Service:
        """Where its pictures go."""
        return service_of(self.options)


def make_lane(name: str, options: RemoteOptions, current_version: Callable[[str], str]) -> Lane:
    """The lane of a classifier; `current_version` gives what the server has under the name of a model."""
    return Lane(name, options, service_of(options).models(options, current_version))


def parse_models(version: str) -> tuple[Model, ...]:
    """The models in a lane's version; none where the text is another classifier's version."""
    matches = [_MODEL.fullmatch(part) for part in version.split(" + ")]
    models = tuple(Model(found[2], found[3], regions=bool(found[1])) for found in matches if found)
    return models if len(models) == len(matches) else ()
