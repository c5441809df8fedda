"""What a run needs, checked before it: each check has the words of the run's own error, and the page that explains it.

findings.py    the result of a check
home.py        the home folder: its path, its disk, its tables, its lock, the clock
server.py      Prefect's server, if one is configured
sources.py     tokens, and each source's first page of posts
forecast.py    what `[forecast]` names, and the forecast models
cluster.py     the cluster that labels, if the settings name one
classifiers.py weights, packages, keys and servers of the classifiers
comments.py    the model that gives the tone of comments
"""
