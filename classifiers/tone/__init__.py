"""The tone of texts, from -1 (negative) to 1 (positive), by an ONNX text classifier in a local folder.

    model_folder.py  the files of the folder, what they say, and their hash
    labels.py        the tone of each label: negative, neutral, positive, or 1 to 5 stars
    model.py         texts to tones, in batches

Nothing is downloaded, and nothing in the folder is code that runs here. No text is in a message.
"""
