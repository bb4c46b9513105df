"""Great Expectations: as a guest that runs expectations, and the forms in which it writes results and suites."""
