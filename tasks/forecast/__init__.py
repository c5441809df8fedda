"""What a post will earn: a model of likes or comments from what is known before the post.

training.py    from the published database to a stored model
design.py      the posts of a training: their features, labels and outcomes
folds.py       posts that are held out, by time and by account
ridge.py       ridge regression on features and labels, which is the default
boosting.py    gradient boosting, the challenger, and its trees as arrays
candidates.py  the ways to forecast, fitted to all posts or to some
choice.py      which one forecasts best, whether labels help, and how true its intervals are
conformal.py   intervals from the errors on posts that were held out
evaluation.py  skill with its interval, coverage, and rank correlation inside accounts
fitted.py      a fitted model, and its forecasts of planned posts
planned.py     planned posts as a model sees them
usual.py       the forecast from an account's usual count alone
storage.py     the stored models, without pickle

What is done with the models:

account_quality.py  what a forecast is worth for one of several accounts
labelling.py      the labels of pictures that are not posted yet
quick_start.py    LiteRT copies of Keras classifiers, for a picture without TensorFlow
recording.py      forecasts of new posts and of candidates, written each night
task.py           the Prefect tasks

What a model says about itself, planned posts and forecasts are in `tasks/forecast_model.py`, the order of candidates is in
`tasks/picture_order.py`: the report shows them too.
"""
