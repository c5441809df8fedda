"""The classifier `trained`: a category of one's own, fitted by `likelens train` on another classifier's embeddings.

    options.py       its options, and how it is loaded
    classifier.py    stored embeddings to labels
    model_folder.py  the folder of a trained model: model.json and model.safetensors

`tasks/train/` fits and stores it; here it is only read and applied.
"""

from classifiers.trained.options import TrainedOptions, load

__all__ = ["TrainedOptions", "load"]
