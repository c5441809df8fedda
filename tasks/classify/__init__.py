"""The stage classify: a lane for each classifier.

    task.py        the Prefect task
    stage.py       decoding, model and storing, which overlap
    batches.py     batches for the model, filled while it works
    on_cluster/    the pictures of a lane, labelled by the workers of a cluster
    keras_lane.py  the classifier of a Keras lane: the LiteRT copy of its model, or Keras
    decoding.py    pictures decoded once for all lanes, in threads, a bounded way ahead of the models
    vectors.py     labels from stored embeddings
    themes/        themes in stored embeddings, which the kind themes gives as labels
    storing.py     labels and embeddings stored in portions, in a thread beside the model
    throughput.py  pictures per second, and the remaining time

Lanes work at the same time and share their decoded pictures.
"""
