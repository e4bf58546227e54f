"""A benchmark of judgement: labelled brand timelines made of real posts, and how the rules do on them."""
