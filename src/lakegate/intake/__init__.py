"""Native formats become rows: nothing is sniffed, nothing is accepted silently."""
