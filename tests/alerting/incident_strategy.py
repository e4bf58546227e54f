"""Any incident at all, with hostile texts, for the laws of messages."""

from __future__ import annotations

from hypothesis import strategies as st

from config.records import (
    Amplifier,
    Evidence,
    Growth,
    Incident,
    IncidentState,
    Level,
    Quote,
    Signal,
    Term,
    Transition,
)

HOSTILE = [
    "<!channel>", "<!here|x>", "<!everyone>", "<@U123>", "@channel", "@Here", "@everyone", "<!subteam^S1>",
    "&lt;!channel&gt;", "```", "\x1b[31m\x07", "\u202eabc", "\ud800", "[bold red]", "[/]", "*", "|", ">", "\n> ",
    "<https://evil.example|click>", "&" * 700, "<" * 900, "茶" * 900, "",
]  # fmt: skip
texts = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=12), max_size=3).map("".join)
urls = st.none() | st.sampled_from(
    ["javascript:alert(1)", "https://a.example/x|<!channel>", "http://[::1", "https://a.example/" + "x" * 4000,
     "https://a.example/帖子?a=1&b=<2>", "//a.example", "https://a.example:99999999/"]
) | texts  # fmt: skip
figures = st.floats() | st.floats(0, 100)
shares = st.floats(0, 1)
counts = st.integers(0, 10**12)
times = st.floats(0, 4e9) | st.floats(allow_nan=False)


def some(labels: list[str]) -> st.SearchStrategy[dict[str, float]]:
    return st.dictionaries(st.sampled_from(labels) | texts, shares, max_size=8)


quotes = st.builds(
    Quote, mention_id=texts, text=texts, created_at=times, platform=texts, mass=figures, emotion=texts,
    intent=texts, url=urls, author_id=st.none() | texts, author_name=st.none() | texts,
    followers=st.none() | counts,
)  # fmt: skip
amplifiers = st.builds(
    Amplifier, author_id=texts, share=figures, mentions=counts, author_name=st.none() | texts,
    followers=st.none() | counts, url=urls,
)  # fmt: skip
evidences = st.builds(
    Evidence, mentions=counts, negative=counts, negative_share=figures, wordless=counts, authors=counts,
    platforms=st.dictionaries(texts, counts, max_size=12), emotions=some(["angry", "sad"]),
    intents=some(["exposure", "boycott", "other"]), first=st.none() | quotes,
    quotes=st.lists(quotes, max_size=8), amplifiers=st.lists(amplifiers, max_size=5),
    terms=st.lists(st.builds(Term, word=texts, count=counts, lift=figures), max_size=12), reason=texts,
)  # fmt: skip
signals = st.builds(
    Signal, watch=texts, at=times, window_s=figures, mentions=counts, negative=counts, mass=figures,
    velocity=figures, velocity_raw=figures, acceleration=figures, expected=figures, band_low=figures,
    band_high=figures, z=figures, factor=figures, negative_share=figures, authors=counts,
    negative_authors=counts, top_author_share=figures, platforms=counts, cold_start=st.booleans(),
)  # fmt: skip
growths = st.builds(Growth, until=times, median=counts, low=counts, high=counts)
incidents = st.builds(
    Incident, id=texts, watch=texts, watch_name=texts, level=st.sampled_from(Level),
    peak_level=st.sampled_from(Level), state=st.sampled_from(IncidentState),
    transition=st.sampled_from(Transition), sequence=st.integers(0, 10**6), started_at=times, updated_at=times,
    signal=signals, evidence=evidences, resolved_at=st.none() | times, owner=st.none() | texts,
    acknowledged_by=st.none() | texts, pages=counts, growth=st.none() | growths,
)  # fmt: skip
