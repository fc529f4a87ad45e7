"""The rule catalogue: id, title, explanation, source and what is still true today. A leaf."""

from secureml_reconcilers.rulebook.catalogue import CATALOGUE, rule
from secureml_reconcilers.rulebook.rule import SOURCES, Does, Kind, Rule, Today

__all__ = ["CATALOGUE", "SOURCES", "Does", "Kind", "Rule", "Today", "rule"]
