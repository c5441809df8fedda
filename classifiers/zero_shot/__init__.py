"""The kind `zero_shot`: one's own words, scored by a model that compares pictures with texts (CLIP, SigLIP).

    options.py        the options, and `load`
    words.py          checks words, groups and templates, and writes the prompts
    loading.py        from a model's files to the classifier: trial runs, and the version
    classifier.py     pictures to vectors, and vectors to labels
    model_files.py    the files of a model: which a folder or a repository has, and their hashes
    download.py       files of a Hugging Face repository, from its cache or over the network
    configuration.py  what config.json, preprocessor_config.json and tokenizer_config.json say
    preparation.py    a picture resized and cropped as the model was trained
    tokens.py         prompts to token numbers
    texts.py          embeddings of prompts, stored for the next start
    encoders.py       the picture and the text tower in ONNX Runtime, in two files or in one
    calibration.py    scores from 0 to 1 that mean the same with few words as with many
    background.py     the prompts that a word competes with

The vectors of pictures are stored. A new word, group or template is scored against them, without the pictures.

Sources: Radford et al. 2021 (CLIP, arXiv 2103.00020); Zhai et al. 2023 (SigLIP, arXiv 2303.15343).
"""

from classifiers.zero_shot.options import ZeroShotOptions

__all__ = ["ZeroShotOptions"]
