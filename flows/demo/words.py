"""Invented words for the demo's posts: captions, places and the names of commenters.

The captions have what real ones have and careless code breaks on: line breaks, quotes, ampersands, angle brackets,
emoji and right-to-left text.
"""

from __future__ import annotations

CAPTIONS = {
    "cat": ("Someone heard the tin open", "Monday <3", "Q: who owns the sofa?\nA: not me"),
    "coffee": ("First of the day ☕", "Coffee & a crossword", "“One more”, she said", "قهوة الصباح"),
    "flower": ("Dahlias are out 🌼", "August, in one flower", "No filter (well, one)"),
    "pagoda": ("Up early for this view", "Stairs > lifts", "Last stop of the trip\n\n#travel #lake"),
    "motorcycle": ("Sunday project", "It starts! (sometimes)", "Red goes faster & louder"),
    "rocket": ("T minus 12 h", "Would you fly on it?", "Name a better dusk"),
    "galaxies": ("Every dot a galaxy ✨", "Look up", "10,000 of them, 1 picture"),
    "astronaut": ("Suited up", "Ready when you are", "Childhood dream: done"),
    "photographer": ("Caught in the act", "Waiting for the light", "Film, of course"),
    "coins": ("Small change, 2,000 years old", "Heads or tails?", "From the museum's drawers"),
}

PLACES = {
    "cat": "Home",
    "coffee": "The Corner Café",
    "flower": "Botanical Garden",
    "pagoda": "Summer Palace, Beijing",
    "motorcycle": "Tom & Ann's Garage",
    "rocket": "Cape Canaveral, Florida",
    "galaxies": "Observatory Hill",
    "astronaut": "Houston, Texas",
    "photographer": "University Green",
    "coins": "City Museum",
}

AUTHORS = (
    *("ana.p", "b_okoro", "chris1987", "dora.dora", "el.viajero", "fjord_and_fern", "gita.m", "hugo__h"),
    *("ines_77", "jun.k", "kofi_a", "lena.lens", "mo_mo_mo", "nadia.r", "olaf-in-oslo", "priya_s"),
)
