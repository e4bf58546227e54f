"""What a Chinese post feels and wants: emotion, intent and polarity from one small BERT.

``labels`` and ``normalise`` are light; ``serving`` loads its runtime only when a model is opened.
"""
