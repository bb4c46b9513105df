"""Reports are pure functions from a verdict to text; they open nothing but their own templates."""
