"""A category of one's own: the command `train`, which makes models for the kind `trained`.

    stage.py             pictures to a stored model, in order
    examples.py          the pictures with their classes: of folders, of a table, or with a label in the home folder
    table.py             the table of pictures and classes, CSV
    embedding.py         the backbone's embedding of each picture
    duplicates.py        near-duplicates, which stay on one side of a cross-validation
    logistic.py          fitting a logistic regression, and calibrating its probabilities
    cross_validation.py  the probabilities of pictures that the model has not seen
    quality.py           precision, recall and AUC with their intervals
    removal.py           forgotten pictures leave the table and the page
    review.py            the page with the pictures that the model is least sure of

It writes `model.json` and `model.safetensors`, which `classifiers/trained/` reads.
"""
