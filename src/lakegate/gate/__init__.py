"""The promotion protocol: what may move, when, and what holds when anything dies."""
