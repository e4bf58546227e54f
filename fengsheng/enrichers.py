"""Build the enricher that a configuration describes."""

from __future__ import annotations

from fengsheng.configuration import Configuration
from streams.classifying import Classifier
from streams.enriching import Enricher
from streams.index.words import add_words, cut_text
from streams.masking import Pseudonymiser
from streams.matching import Matcher


def teach(configuration: Configuration) -> None:
    """Make the watches' keywords words of the tokeniser."""
    add_words(word for watch in configuration.watches.watches for word in (*watch.any, *watch.all))


def make_enricher(
    configuration: Configuration, classifier: Classifier, pseudonyms: Pseudonymiser, model: str
) -> Enricher:
    """Return the enricher; the watches' keywords become words of the tokeniser."""
    teach(configuration)
    return Enricher(
        matcher=Matcher(configuration.watches.watches),
        classifier=classifier,
        pseudonyms=pseudonyms,
        scoring=configuration.settings.scoring,
        cut=cut_text,
        model=model.rstrip("/").rsplit("/", 1)[-1],
    )
