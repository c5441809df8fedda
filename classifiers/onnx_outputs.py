"""Which output of an ONNX model has the scores, and their order.

Most models return a tensor with one score per class. Some have the name of the best class beside it, and some, such
as those that Custom Vision exports, return a map from class name to score for each picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ClassifierUnavailable
from classifiers.model_file import ModelFileOptions
from classifiers.names import normalise_name

_FLOATS = ("tensor(float)", "tensor(float16)", "tensor(double)", "tensor(bfloat16)")
_MAPS = ("seq(map(string,tensor(float)))", "seq(map(int64,tensor(float)))")


@dataclass(frozen=True, slots=True)
class ScoresOutput:
    """An output by its name. `keys` are those of its maps in the order of the classes; empty for a tensor."""

    name: str
    keys: tuple[Any, ...] = ()

    def scores(self, value: Any, pictures: int) -> NDArray[np.float32]:
        """The scores, (pictures, classes), from what the model returned for so many pictures."""
        if isinstance(value, list):
            keys = self.keys or tuple(value[0])
            return np.array([[picture[key] for key in keys] for picture in value], np.float32)
        return np.asarray(value, np.float32).reshape(pictures, -1)


def find_output(options: ModelFileOptions, outputs: Sequence[Any]) -> ScoresOutput:
    """The output that the options name, or the first with floats. Raises `ClassifierUnavailable` if there is none."""
    names = [output.name for output in outputs]
    if options.output:
        output = outputs[options.find_output(names)]
        if output.type == "tensor(string)":
            raise ClassifierUnavailable(
                f"The output {output.name} of {options.model} has texts, not scores. Set output to another of:"
                f" {', '.join(names)}."
            )
        return ScoresOutput(output.name)
    found = [output for output in outputs if output.type in (*_FLOATS, *_MAPS)]
    found += [
        output for output in outputs if output.type.startswith("tensor") and "string" not in output.type
    ]
    if not found:
        raise options.not_a_classifier(f"none of its outputs has scores ({', '.join(names)})")
    return ScoresOutput(found[0].name)


def order_keys(
    options: ModelFileOptions, output: ScoresOutput, value: Any, names: Sequence[str]
) -> ScoresOutput:
    """The output with the keys of its maps in the order of the classes.

    Raises `ClassifierUnavailable` if the class names of the model are not those of the labels file.
    """
    if not isinstance(value, list):
        return output
    keys = list(value[0])
    if all(isinstance(key, int) for key in keys):
        return ScoresOutput(output.name, tuple(sorted(keys)))
    key_of = {normalise_name(key): key for key in keys}
    if missing := [name for name in names if name not in key_of]:
        raise ClassifierUnavailable(
            f"{options.model} has no class {missing[0]!r}, which {options.labels} names. Its classes are:"
            f" {', '.join(keys[:20])}. Write these into the file."
        )
    return ScoresOutput(output.name, tuple(key_of[name] for name in names))
