"""The functions that a written model stands on: `source.py` copies the text of those it needs. Nothing imports them."""
