"""The child process in which what strangers sent is opened and measured: it may be killed, crash or hang."""
