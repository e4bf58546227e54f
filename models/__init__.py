"""What a Chinese post feels and wants: emotion, intent and polarity from one small BERT.

``labels`` and ``normalise`` are light; ``classify`` loads torch only when a model is opened.
"""
