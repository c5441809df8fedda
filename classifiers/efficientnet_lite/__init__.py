"""EfficientNet-Lite0: an ImageNet model whose weights come as a Python package, without a download by Keras.

    application.py     the model as `keras.applications` would offer it, with its preprocessing
    architecture.py    the layers
    weights.py         the weights of the package, checked by their hash, and their assignment to the layers
    torch_tensors.py   reading tensors from PyTorch's files; nothing else in them is read or run

Source of the architecture: Tan and Le 2019 (arXiv 1905.11946), in the Lite form of 2020, which has ReLU6, no
squeeze-and-excitation, and a stem and a head that do not grow. The package's weights reach 75 % (first label) on
ImageNet, by its own description.
"""
