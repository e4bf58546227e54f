"""Build what a message says from an `Incident` alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alerting.message.content import Content, Line, Presentation, Section, Span
from alerting.message.figures import clock_time, duration, number, people, percent, rate, times
from alerting.message.labels import (
    CIRCLES,
    STATES,
    Language,
    emotion_name,
    intent_name,
    level_name,
    platform_name,
)
from alerting.message.links import incident_links
from alerting.message.plain import one_line, web_address
from alerting.message.steps import next_step
from alerting.message.words import pattern, word
from config.records import Amplifier, HotPlace, Incident, IncidentState, Quote, Transition

MAX_NAME = 40
MAX_QUOTE = 140
MAX_REASON = 400
MAX_QUOTES = 5
MAX_AMPLIFIERS = 3
MAX_TERMS = 8
MAX_PLATFORMS = 6
_STANDING = {
    IncidentState.RECOVERING: Transition.RECOVERING,
    IncidentState.RESOLVED: Transition.RESOLVED,
}
MAX_HOT = 3
MAX_TITLE = 60


def digest(incidents: Sequence[Incident], shown: Presentation, *, calls: Sequence[str] = ()) -> Content:
    """Return one message for the news of several incidents, the gravest first: what a rate limit leaves room for.

    Parameters
    ----------
    incidents : each after its newest transition.
    shown : language, zone, links and mentions.
    calls : the owners to be called by name.
    """
    language = shown.language
    ranked = sorted(incidents, key=lambda i: (-i.level.rank, i.started_at, i.id))
    lines = tuple(_digest_line(incident, shown) for incident in ranked)
    level = ranked[0].level
    return Content(
        level=level,
        headline=f"{CIRCLES[level]} " + pattern("digest", language, count=len(ranked)),
        summary=word("merged", language),
        calls=tuple(dict.fromkeys(one_line(owner, MAX_NAME) for owner in calls)),
        sections=(Section(word("incidents", language), lines, rank=5),),
        notes=(pattern("times", language, zone=shown.zone.key),),
    )


def _digest_line(incident: Incident, shown: Presentation) -> Line:
    line = [Span(f"{_headline(incident, shown.language)} · {_turn(incident, shown.language)}")]
    for name, url in incident_links(incident, shown.links):
        line += [Span(" · "), Span(name, url)]
    return tuple(line)


def full(incident: Incident, shown: Presentation, *, call: bool = False) -> Content:
    """Return the standing message of an incident: its present state with all evidence.

    Parameters
    ----------
    incident : the incident after its newest transition.
    shown : language, zone, links and mentions.
    call : whether the owner is called by name.
    """
    language = shown.language
    parts = (_why(incident, shown), _outlook(incident, shown), _first(incident, shown),
             _amplifiers(incident, language), _quotes(incident, shown), _next(incident, language))  # fmt: skip
    return Content(
        level=incident.level,
        headline=_headline(incident, language),
        summary=_summary(incident, language),
        calls=_called(incident, call),
        facts=_facts(incident, shown),
        sections=tuple(part for part in parts if part.lines),
        links=incident_links(incident, shown.links),
        notes=_notes(incident, shown),
    )


def reply(incident: Incident, shown: Presentation, *, call: bool = False) -> Content:
    """Return the short message that a thread gets when the incident escalates, reopens or ends."""
    language = shown.language
    parts: tuple[Section, ...] = (
        _why(incident, shown),
        _outlook(incident, shown),
        _amplifiers(incident, language),
    )
    if incident.transition is Transition.RESOLVED:
        parts = (_next(incident, language),)
    return Content(
        level=incident.level,
        headline=_headline(incident, language),
        summary=_turn(incident, language),
        calls=_called(incident, call),
        sections=tuple(part for part in parts if part.lines),
        links=incident_links(incident, shown.links),
    )


def _called(incident: Incident, call: bool) -> tuple[str, ...]:
    owner = _owner(incident) if call else None
    return (owner,) if owner else ()


def _owner(incident: Incident) -> str | None:
    return one_line(incident.owner, MAX_NAME) if incident.owner else None


def _headline(incident: Incident, language: Language) -> str:
    name = one_line(incident.watch_name, MAX_NAME) or one_line(incident.watch, MAX_NAME)
    colon = "：" if language == "zh" else ": "
    level = level_name(incident.level, language) + ("" if language == "zh" else " ")
    turn = incident.transition
    if turn is Transition.UPDATED:  # also what a person did to an incident that no longer goes on
        turn = _STANDING.get(incident.state, turn)
    return f"{CIRCLES[incident.level]} {level}{name}{colon}{STATES[turn][language]}"


def _summary(incident: Incident, language: Language) -> str:
    signal = incident.signal
    return pattern(
        "summary",
        language,
        velocity=number(signal.velocity),
        expected=rate(signal.expected),
        factor=times(signal.factor),
        authors=incident.evidence.authors,
        negative=incident.evidence.negative,
    )


def _turn(incident: Incident, language: Language) -> str:
    if incident.transition is Transition.RESOLVED:
        end = incident.resolved_at if incident.resolved_at is not None else incident.updated_at
        return pattern(
            "resolved",
            language,
            duration=duration(end - incident.started_at, language),
            peak=level_name(incident.peak_level, language),
            pages=incident.pages,
        )
    separator = "；" if language == "zh" else "; "
    if incident.transition is Transition.ESCALATED:
        what = pattern("escalated", language, level=level_name(incident.level, language))
        return what + separator + _summary(incident, language)
    if incident.transition is Transition.REOPENED:
        return pattern("reopened", language) + separator + _summary(incident, language)
    return _summary(incident, language)


def _facts(incident: Incident, shown: Presentation) -> tuple[tuple[str, str], ...]:
    language, signal, evidence = shown.language, incident.signal, incident.evidence
    expected = pattern(
        "expected",
        language,
        expected=rate(signal.expected),
        low=number(signal.band_low),
        high=number(signal.band_high),
        factor=times(signal.factor),
    )
    mentions = pattern(
        "mentions_and_bare" if evidence.wordless else "mentions",
        language,
        mentions=evidence.mentions,
        bare=evidence.wordless,
        saying=evidence.mentions - evidence.wordless,
        negative=evidence.negative,
        share=percent(evidence.negative_share),
    )
    emotions = {emotion_name(k, language): v for k, v in evidence.emotions.items()}
    intents = {intent_name(k, language): v for k, v in evidence.intents.items()}
    rows = [
        ("velocity", pattern("minute", language, number(signal.velocity))),
        ("expected", expected),
        ("unweighted", pattern("minute", language, number(signal.velocity_raw))),
        ("mentions", mentions),
        ("emotion", _leading(emotions, language)),
        ("intent", _leading(intents, language)),
        ("authors", str(evidence.authors)),
        ("platforms", _platforms(evidence.platforms, language)),
        ("started", clock_time(incident.started_at, shown.zone)),
        ("acknowledged", one_line(incident.acknowledged_by or "", MAX_NAME)),
    ]
    if not incident.acknowledged_by:
        rows.append(("owner", _owner(incident) or ""))
    return tuple((word(name, language), value) for name, value in rows if value)


def _joined(parts: list[str], language: Language) -> str:
    return ("、" if language == "zh" else ", ").join(parts)


def _leading(shares: Mapping[str, float], language: Language) -> str:
    ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:2]
    return _joined(
        [f"{one_line(name, 20)} {percent(share)}" for name, share in ranked if share > 0], language
    )


def _platforms(counts: Mapping[str, int], language: Language) -> str:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_PLATFORMS]
    return _joined([f"{one_line(platform_name(k, language), 20)} {n}" for k, n in ranked], language)


def _why(incident: Incident, shown: Presentation) -> Section:
    language, evidence = shown.language, incident.evidence
    lines: list[Line] = []
    if reason := one_line(evidence.reason, MAX_REASON):
        lines.append((Span(reason),))
    first, detected = evidence.first, incident.detected_at
    if first is not None and detected is not None and detected >= first.created_at:
        since = duration(detected - first.created_at, language)
        when = clock_time(first.created_at, shown.zone)
        lines.append((Span(pattern("onset", language, time=when, duration=since)),))
    lines += [_hot(place, shown) for place in evidence.hot[:MAX_HOT]]
    terms = [
        pattern("term", language, word=one_line(t.word, 20), count=t.count, lift=number(t.lift))
        for t in evidence.terms[:MAX_TERMS]
    ]
    if terms:
        lines.append((Span(word("terms", language) + _joined(terms, language)),))
    return Section(word("why", language), tuple(lines), rank=3)


def _hot(place: HotPlace, shown: Presentation) -> Line:
    text = pattern(
        "hot",
        shown.language,
        platform=one_line(platform_name(place.platform, shown.language), 20),
        rank=place.rank,
        time=clock_time(place.at, shown.zone),
        title=one_line(place.title, MAX_TITLE) or "…",
    )
    if url := web_address(place.url):
        return Span(f"{text} · "), Span(word("hot_list", shown.language), url)
    return (Span(text),)


def _outlook(incident: Incident, shown: Presentation) -> Section:
    growth = incident.growth
    lines: tuple[Line, ...] = ()
    if growth is not None:
        text = pattern(
            "growth",
            shown.language,
            until=clock_time(growth.until, shown.zone),
            median=f"{growth.median:,}",
            low=f"{growth.low:,}",
            high=f"{growth.high:,}",
        )
        lines = ((Span(text),),)
    return Section(word("outlook", shown.language), lines, rank=3)


def _first(incident: Incident, shown: Presentation) -> Section:
    first = incident.evidence.first
    lines = (_quote(first, shown),) if first else ()
    return Section(word("first", shown.language), lines, quoted=True, rank=2)


def _quotes(incident: Incident, shown: Presentation) -> Section:
    first = incident.evidence.first
    others = [q for q in incident.evidence.quotes if first is None or q.mention_id != first.mention_id]
    lines = tuple(_quote(quote, shown) for quote in others[:MAX_QUOTES])
    return Section(word("quotes", shown.language), lines, quoted=True, rank=5)


def _quote(quote: Quote, shown: Presentation) -> Line:
    language = shown.language
    author = _author(quote.author_name, quote.author_id, language)
    emotion, intent = emotion_name(quote.emotion, language), intent_name(quote.intent, language)
    labels = f"{one_line(emotion, 20)}/{one_line(intent, 20)}"
    head = [
        one_line(platform_name(quote.platform, language), 20),
        clock_time(quote.created_at, shown.zone),
        author,
    ]
    if quote.followers is not None:
        head.append(pattern("followers", language, people(quote.followers, language)))
    head.append(labels)
    about = one_line(" · ".join(head), 160)
    url = web_address(quote.url)
    line = [Span(f"{about} · "), Span(word("open", language), url)] if url else [Span(about)]
    line.append(Span("\n" + (one_line(quote.text, MAX_QUOTE) or "…")))
    return tuple(line)


def _author(name: str | None, pseudonym: str | None, language: Language) -> str:
    return one_line(name or "", 30) or one_line(pseudonym or "", 12) or word("unnamed", language)


def _amplifiers(incident: Incident, language: Language) -> Section:
    top = incident.evidence.amplifiers[:MAX_AMPLIFIERS]
    lines = tuple(_amplifier(rank, one, language) for rank, one in enumerate(top, 1))
    return Section(word("amplifiers", language), lines, rank=4)


def _amplifier(rank: int, one: Amplifier, language: Language) -> Line:
    if one.followers is None:
        followers = pattern("no_followers", language)
    else:
        followers = pattern("followers", language, people(one.followers, language))
    text = pattern(
        "amplifier",
        language,
        name=_author(one.author_name, one.author_id, language),
        share=percent(one.share),
        followers=followers,
        mentions=one.mentions,
    )
    if url := web_address(one.url):
        return Span(f"{rank}. {text} · "), Span(word("open", language), url)
    return (Span(f"{rank}. {text}"),)


def _next(incident: Incident, language: Language) -> Section:
    return Section(word("next", language), ((Span(next_step(incident, language)),),))


def _notes(incident: Incident, shown: Presentation) -> tuple[str, ...]:
    language = shown.language
    notes = [word("cold", language)] if incident.signal.cold_start else []
    if incident.state is not IncidentState.RESOLVED:
        notes.append(pattern("as_of", language, clock_time(incident.updated_at, shown.zone)))
    notes.append(pattern("times", language, zone=shown.zone.key))
    notes.append(pattern("incident", language, id=one_line(incident.id, 80)))
    return tuple(notes)
