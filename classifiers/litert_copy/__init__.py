"""A Keras model as a LiteRT file: on a CPU it labels faster than TensorFlow, which takes ten seconds to start.

    making.py      makes a copy, in a process of its own; conversion.py runs there
    files.py       the files of copies: a model, and a description with its hash
    identity.py    the name of a copy, from everything in the settings that its labels depend on
    classifier.py  opens a copy, and labels with it
    agreement.py   whether a copy's labels are those that the model gave
    lane.py        whether a lane labels with a copy: where that is faster, and gives the same labels

A copy has the model's preprocessing in it, and takes the pixels that the model's lane takes. Its scores are those of
float32 to rounding (docs/measurements.md).
"""
