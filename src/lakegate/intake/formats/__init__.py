"""Each native format: how its bytes become rows, and what of them no reader tells by itself."""
