"""The rule catalogue: id, title, explanation, source and what is still true today. A leaf."""
