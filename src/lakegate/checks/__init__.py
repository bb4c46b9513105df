"""What can be asserted: checks judge, engines measure."""
