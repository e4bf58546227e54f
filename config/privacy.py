"""Settings of pseudonyms and masks."""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr, field_validator

from config.language import Both
from config.watches import Model

SHORTEST_KEY: Final = 16
"""Characters of the shortest key that is taken for the authors' pseudonyms."""


class PrivacySettings(Model):
    """Pseudonyms and masks."""

    pseudonym_key: SecretStr | None = None
    keep_organisation_names: bool = True

    @field_validator("pseudonym_key")
    @classmethod
    def _hard_to_guess(cls, key: SecretStr | None) -> SecretStr | None:
        # Who guesses it turns every pseudonym back into an author's id: those are few and known.
        if key is not None and len(key.get_secret_value().strip()) < SHORTEST_KEY:
            raise ValueError(
                Both(
                    f"至少 {SHORTEST_KEY} 个字符的随机文本（例如：openssl rand -hex 32）",
                    f"a random text of at least {SHORTEST_KEY} characters (for instance: openssl rand -hex 32)",
                )
            )
        return key
