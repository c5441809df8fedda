"""The classifier `themes`: pictures that look alike, grouped by another classifier's embeddings.

    options.py       its options, and how it is loaded
    classifier.py    stored embeddings to the nearest theme
    model_folder.py  the folder of a home's themes: themes.json and the centroids

`tasks/classify/themes/` finds and names the themes; here they are only read and applied.
"""

from classifiers.themes.options import ThemesOptions, load

__all__ = ["ThemesOptions", "load"]
