"""Catalogues of tables in which other engines find what is committed."""
