"""What every ending means, in words: for each outcome and detail its cause and what to do. Data.

A value is one sentence, or several, the most exact first: the first one whose placeholders can all
be filled is shown. "" stands for the outcome alone. wording.py picks and fills; it makes of params:
%(place)s host, with its port where that is unusual; %(localhost)s the host, if it is this machine;
%(wait)s a span ("20 s"); %(names)s labels of fields; %(reason)s a whole sentence.
"""

from providers.sentences.answers import ANSWERS
from providers.sentences.calls import CALLS
from providers.sentences.local import LOCAL
from providers.sentences.shape import Sentences

SENTENCES: Sentences = {**CALLS, **ANSWERS}

__all__ = ["LOCAL", "SENTENCES"]
