"""What each command does, as values: contracts and lakes in, problems, verdicts, promotions, findings out."""
