"""Where bytes lie: one interface, one module a store."""
