"""What does a picture show? One file (or folder) for each kind of classifier, and one registry.

    protocol.py    what a classifier is, and what a label is
    registry.py    the kinds; to add one, open it
    keras.py       any model of keras.applications: Inception v3 and its like
    litert.py      a LiteRT (TensorFlow Lite) model file
    onnx.py        an ONNX model file; external_data.py reads the files that it keeps tensors in
    visual/        colour, light and composition, measured
    clarifai/      concepts and regions from Clarifai, for money; the stage tag runs it
    pictures.py    stored files to RGB pixels, safely; opening.py opens one; formats.py says which files are pictures
    repair/        odd files rewritten so that Pillow decodes what browsers show
    groups/        plain words for ImageNet's classes: tabby and tiger cat are cats
    compiled.py    a Keras model made fast: batches, precision, GPU; folding.py leaves out what it need not compute
    precision.py   bfloat16 or float32; backend.py what Keras runs on; cores.py how many cores there are
    structure.py   what a `.keras` file's layers add to a version
    names.py       class names, and name_files.py the forms of their files; scores.py turns a model's scores into labels
    native.py      what native libraries print, kept from the terminal
    errors.py      what can go wrong, by the reaction it wants

Imports nothing of ours outside this folder.
"""
