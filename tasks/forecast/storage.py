"""The stored models, without pickle: `model.safetensors` and `model.json` in `HOME/forecast/{measure}/`.

The tensors' file has the description in its header too. A reader opens it once and reads nothing else, so it never sees
tensors of one training with the description of another. `model.json` is for people and other programs: a lock around
the replacement of both files makes trainings that end at once leave the two files of one of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from pydantic import TypeAdapter

from tasks.errors import NoForecastModel
from tasks.forecast.boosting import Trees
from tasks.forecast.candidates import FittedRatio
from tasks.forecast.fitted import FittedModel, Intervals
from tasks.forecast.planned import LabelNames
from tasks.forecast.ridge import Ridge, Scaling
from tasks.forecast_model import ForecastInfo, ForecastModel, Measure
from warehouse.errors import HomeBusy
from warehouse.file_writing import UNFINISHED_ENDING, replace_file
from warehouse.forecast.features import FEATURES
from warehouse.home import Home

TENSORS, DESCRIPTION = "model.safetensors", "model.json"
FORMAT = 1
LOCK_SECONDS = 60.0
"""Another training holds the lock of a folder for milliseconds."""
_TREE_TENSORS = ("feature", "threshold", "left", "right", "value")

Tensors = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """The content of `model.json`. `features` are the dense columns, in their order; `trees` is base and depth."""

    format: int
    info: ForecastInfo
    features: tuple[str, ...]
    classifiers: tuple[str, ...]
    labels: tuple[str, ...]
    label_posts: tuple[int, ...]
    intervals: Intervals | None
    shift: float | None
    trees: tuple[float, int] | None


_DESCRIPTIONS = TypeAdapter(Description)


def store_model(home: Home, model: FittedModel) -> ForecastInfo:
    """Store a model in place of the one before, and return its description with its version.

    Of several at once, the last one stays. Raises `HomeBusy` if another process does not release the folder's lock.
    """
    from safetensors.numpy import save

    tensors = _tensors(model)
    description = _describe(model)
    info = replace(model.info, version=_version(description, tensors))
    text = _DESCRIPTIONS.dump_json(replace(description, info=info), indent=2).decode()
    folder = home.forecast / info.measure
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        replace_file(folder / TENSORS, save(tensors, metadata={"description": text}), durable=True)
        replace_file(folder / DESCRIPTION, text.encode() + b"\n", durable=True)
    return info


def load_model(home: Home, measure: Measure) -> ForecastModel:
    """The stored model. Raises `NoForecastModel` with a sentence if there is none or it can't be read."""
    file = home.forecast / measure / TENSORS
    if not file.exists():
        raise NoForecastModel(
            f"There is no forecast model of {measure} in {home.folder} yet. Train one with `likelens forecast --train`."
        )
    try:
        return _read(file)
    except (
        Exception
    ) as error:  # safetensors and pydantic have errors of their own, and a file may have anything
        raise NoForecastModel(
            f"The forecast model {file} can't be read ({_first_line(error)}). Train it again with `likelens forecast"
            " --train`."
        ) from error


def has_model(home: Home, measure: Measure) -> bool:
    """Whether a model is stored, also one that can't be read."""
    return (home.forecast / measure / TENSORS).exists()


def load_models(home: Home, measures: Sequence[Measure]) -> tuple[list[ForecastModel], list[str]]:
    """The stored models of these measures, and a sentence for each one that is missing or can't be read."""
    models, problems = [], []
    for measure in measures:
        try:
            models.append(load_model(home, measure))
        except NoForecastModel as error:
            problems.append(str(error))
    return models, problems


def read_info(home: Home, measure: Measure) -> ForecastInfo | None:
    """What the stored model says about itself, without loading it; None if there is none or it can't be read."""
    file = home.forecast / measure / TENSORS
    try:
        return _read_description(file).info if file.exists() else None
    except Exception:  # noqa: BLE001 - as above
        return None


def _describe(model: FittedModel) -> Description:
    ratio = model.ratio
    trees = None if ratio is None else ratio.trees
    return Description(
        format=FORMAT,
        info=model.info,
        features=FEATURES,
        classifiers=model.labels.classifiers,
        labels=model.labels.labels,
        label_posts=model.labels.posts,
        intervals=model.intervals,
        shift=None if ratio is None else ratio.shift,
        trees=None if trees is None else (trees.base, trees.depth),
    )


def _tensors(model: FittedModel) -> Tensors:
    tensors: Tensors = {"deviations": model.deviations}
    if model.ratio is not None:
        scaling, ridge, trees = model.ratio.scaling, model.ratio.ridge, model.ratio.trees
        tensors |= {
            "means": scaling.means,
            "scales": scaling.scales,
            "dense": ridge.dense,
            "labels": ridge.labels,
        }
        if trees is not None:
            tensors |= {f"tree_{name}": getattr(trees, name) for name in _TREE_TENSORS}
    return {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}


def _version(description: Description, tensors: Tensors) -> str:
    """A hash of everything that decides the forecasts."""
    info = description.info
    decides = json.loads(_DESCRIPTIONS.dump_json(description))
    decides["info"] = [info.measure, info.method, info.time_zone, info.classifiers]
    digest = hashlib.sha256(json.dumps(decides, sort_keys=True).encode())
    for name in sorted(tensors):
        digest.update(name.encode() + b"\0" + tensors[name].tobytes())
    return digest.hexdigest()[:12]


def _read_description(file: Path) -> Description:
    from safetensors import safe_open

    with safe_open(file, framework="numpy") as opened:
        return _parse_description(opened.metadata())


def _parse_description(metadata: dict[str, str] | None) -> Description:
    description = _DESCRIPTIONS.validate_json((metadata or {}).get("description", ""))
    if description.format != FORMAT or description.features != FEATURES:
        raise ValueError("another version of likelens trained it")
    return description


def _read(file: Path) -> FittedModel:
    from safetensors import safe_open

    # Opened once: a training may replace the file at any time.
    with safe_open(file, framework="numpy") as opened:
        description = _parse_description(opened.metadata())
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - it is no mapping
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise ValueError("it has numbers that are not finite")
    names = LabelNames(description.classifiers, description.labels, description.label_posts)
    return FittedModel(
        description.info,
        names,
        _read_ratio(description, tensors),
        tensors["deviations"],
        description.intervals,
    )


def _read_ratio(description: Description, tensors: Tensors) -> FittedRatio | None:
    if description.shift is None:
        return None
    columns = len(FEATURES) + len(set(description.classifiers))
    scaling = Scaling(tensors["means"], tensors["scales"])
    ridge = Ridge(tensors["dense"], tensors["labels"])
    if scaling.means.shape != (columns,) or len(ridge.labels) != len(description.labels):
        raise ValueError("its tensors do not fit its description")
    trees = None
    if description.trees is not None:
        base, depth = description.trees
        arrays = {name: tensors[f"tree_{name}"] for name in _TREE_TENSORS}
        trees = Trees(base=base, depth=depth, **arrays)
    return FittedRatio(scaling, ridge, trees, description.shift)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        with FileLock(folder / ".lock", timeout=LOCK_SECONDS):
            for leftover in folder.glob(f".*{UNFINISHED_ENDING}"):  # of a training that was killed
                leftover.unlink(missing_ok=True)
            yield
    except Timeout:
        raise HomeBusy(
            f"Another training has locked {folder} for more than {LOCK_SECONDS:.0f} seconds. Stop it; then train again."
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:200]
