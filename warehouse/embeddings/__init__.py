"""Embeddings of pictures: storing and reading them as arrays, and which pictures lack one.

A classifier stores them with its labels. Vectors of one version can be compared with each other.

    vectors.py     appending and reading vectors without a Python object for each number
    pending.py     pictures that lack labels or an embedding
    codes.py       short codes that find candidates for similar pictures
    similar.py     the pictures closest to a vector
    near_duplicates.py  pictures that are another one re-encoded, resized or cropped a little
    lookup.py      which embeddings the published database has
    sql.py         views and macros
    themes.py      what themes are found in: embeddings of some pictures, and the words of their labels
    typical_pictures.py  the pictures with the highest scores of each label

To store them for a classifier, implement `EmbeddingClassifier` of `classifiers/protocol.py`.
"""
