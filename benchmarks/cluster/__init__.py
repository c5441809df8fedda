"""Labelling on a cluster, beside threads.

labelling.py  overhead, efficiency with two workers, and memory of the driver: python -m benchmarks.cluster.labelling
waiting.py    a classifier whose model is a wait, for workers
"""
