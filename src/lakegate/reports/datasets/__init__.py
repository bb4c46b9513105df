"""A dataset through its runs: what was measured, drawn; the dataset's own page."""
