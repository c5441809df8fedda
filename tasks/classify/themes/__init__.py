"""The themes of the kind `themes`: found in stored embeddings, named by labels, stable from night to night.

stage.py     whether themes have to be found, and the classifier that applies them
fitting.py   k-means on centred embeddings, from the themes of before
naming.py    the most distinctive words of each theme
"""
