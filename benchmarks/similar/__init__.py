"""Similar pictures among many: time, memory, and how many of the exact neighbours are found; which cosine means a re-post.

__main__.py   `python -m benchmarks.similar`: a generated home, its codes, and queries
vectors.py    clustered vectors with the properties of a model's features
reposts.py    photographs and their re-posts: recall and precision at each cosine
posts.py      what near-duplicates cost a publish

In `posts.py` and `__main__.py` the pictures are not there: only their vectors are generated.
"""
