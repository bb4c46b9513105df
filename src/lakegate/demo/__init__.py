"""`lakegate demo`: real batches arrive in a lake, and pass, warn or are blocked."""
