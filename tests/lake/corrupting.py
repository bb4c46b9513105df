"""A store that spoils copies: a wrapper that any lake can take."""


class CorruptingLake:
    """`bad`: which placed copies, by their number from 1, are not what was to be copied."""

    def __init__(self, lake, bad):
        self._lake, self._bad, self._placed = lake, frozenset(bad), 0

    def __getattr__(self, verb):
        return getattr(self._lake, verb)

    def place(self, key, content):
        """What is spoiled has the right size: a size proves nothing."""
        self._placed += 1
        if self._placed in self._bad:
            return self._lake.put_if_absent(key, b"\0" * content.size, "spoiled")
        return self._lake.place(key, content)
