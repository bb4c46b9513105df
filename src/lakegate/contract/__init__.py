"""The contract: YAML in, one frozen value out, all problems at once."""
