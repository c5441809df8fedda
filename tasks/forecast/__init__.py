"""What a post will earn: a model of likes and of comments, known before the post.

model.py          what a model says about itself, planned posts and their forecasts
training.py       from the published database to a stored model
storage.py        the stored models, without pickle
labelling.py      the labels of pictures that are not posted yet
picture_order.py  a folder of candidate pictures: its files, their order, and how much of it is noise
recording.py      forecasts of new posts and of candidates, written each night
task.py           the Prefect tasks

"""
