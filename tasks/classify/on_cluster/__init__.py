"""The pictures of a lane, labelled by the workers of a cluster.

lane.py     on the driver: the checks, the items, their results, and the rows that the lane writes
items.py    an item of work, its halves, and its result
cutting.py  pending pictures cut into items
worker.py   on a worker: the model, loaded once, and an item labelled with it
"""
