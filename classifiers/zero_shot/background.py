"""The prompts that a word competes with: plain things that pictures of social media show.

Twelve subjects with ten prompts each. `calibration.py` divides them into groups of twelve, one of each subject.
"""

from __future__ import annotations

TEMPLATE = "a photo of {}"
GROUPS = 10

BACKGROUND = (
    "a man", "a woman", "a child", "a crowd", "a baby", "hands", "friends", "an old person", "a face", "a couple",
    "a dog", "a cat", "a bird", "a horse", "a fish", "an insect", "a cow", "a wild animal", "a sheep", "a reptile",
    "a meal", "a cake", "fruit", "vegetables", "bread", "a salad", "meat", "a drink", "noodles", "a sandwich",
    "a mountain", "a forest", "a lake", "a flower", "a desert", "a river", "snow", "a waterfall", "a field", "the sky",
    "a building", "a street", "a bridge", "a house", "a church", "a shop", "a skyline", "stairs", "a park", "ruins",
    "a living room", "a kitchen", "a bedroom", "a bathroom", "an office", "a restaurant", "a classroom", "a museum",
    "a corridor", "a garage",
    "a car", "a bicycle", "a train", "an airplane", "a boat", "a motorcycle", "a bus", "a truck", "a tractor", "a ship",
    "a telephone", "a book", "a bottle", "a clock", "a chair", "a lamp", "a computer", "a bag", "a tool", "a toy",
    "a dress", "shoes", "a hat", "sunglasses", "jewellery", "a suit", "a uniform", "a jacket", "swimwear", "make-up",
    "sport", "dancing", "a concert", "running", "swimming", "cooking", "a party", "reading", "climbing", "work",
    "text", "a screenshot", "a drawing", "a map", "a logo", "a poster", "a chart", "a painting", "a cartoon",
    "a document",
    "a pattern", "a texture", "darkness", "something blurred", "a plain surface", "fog", "bright light", "a shadow",
    "several pictures", "something small",
)  # fmt: skip
