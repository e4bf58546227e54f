"""Kafka credentials in the form that Faust and aiokafka take."""

from __future__ import annotations

import ssl
from typing import Any

import faust

from config.settings import KafkaSettings


def credentials(settings: KafkaSettings) -> Any:
    """Return Faust's credentials for the configured security, None for plaintext."""
    context = ssl.create_default_context() if settings.security.endswith("ssl") else None
    if settings.security.startswith("sasl"):
        return faust.SASLCredentials(
            mechanism="SCRAM-SHA-256",
            username=settings.username,
            password=settings.password.get_secret_value() if settings.password else None,
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context is not None else None


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return the security options of aiokafka's clients."""
    options: dict[str, Any] = {"security_protocol": settings.security.upper()}
    if settings.security.endswith("ssl"):
        options["ssl_context"] = ssl.create_default_context()
    if settings.security.startswith("sasl"):
        options |= {
            "sasl_mechanism": "SCRAM-SHA-256",
            "sasl_plain_username": settings.username,
            "sasl_plain_password": settings.password.get_secret_value() if settings.password else None,
        }
    return options
