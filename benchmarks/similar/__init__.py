"""Similar pictures among many: time, memory, and how many of the exact neighbours are found.

__main__.py   `python -m benchmarks.similar`: a generated home, its codes, and queries
vectors.py    clustered vectors with the properties of a model's features

The pictures are not there: only their vectors are generated.
"""
