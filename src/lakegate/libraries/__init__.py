"""Libraries of checks as guests: what only Great Expectations or pandera can say, they say of the same rows."""
