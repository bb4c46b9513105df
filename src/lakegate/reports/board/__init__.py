"""Where every dataset stands now: the board, its feed, a badge for each."""
