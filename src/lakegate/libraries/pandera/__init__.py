"""pandera: the models of a project run as guests, and contracts become models."""
