"""The stored models: safetensors and JSON in `HOME/forecast/{measure}/`, replaced at once, without pickle."""

from __future__ import annotations

from tasks.forecast.model import ForecastInfo, ForecastModel, Measure
from warehouse.home import Home


def load_model(home: Home, measure: Measure) -> ForecastModel:
    """The stored model. Raises `NoForecastModel` with a sentence if there is none or it can't be read."""
    raise NotImplementedError


def read_info(home: Home, measure: Measure) -> ForecastInfo | None:
    """What the stored model says about itself, without loading it; None if there is none or it can't be read."""
    raise NotImplementedError
