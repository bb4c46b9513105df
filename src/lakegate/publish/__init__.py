"""Reports go into the lake: a run's own files, written once, and the pages that runs share."""
