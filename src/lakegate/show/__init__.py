"""What a person or a program at a terminal sees: progress on stderr, answers on stdout."""
