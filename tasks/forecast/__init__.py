"""What a post will earn: a model of likes and of comments, known before the post.

    model.py     what a model says about itself, planned posts and their forecasts
    training.py  from the published database to a stored model
    storage.py   the stored models, without pickle

"""
