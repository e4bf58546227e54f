"""One encoder of BERT's or RoBERTa's form, three linear heads: emotion, intent, polarity.

Saved as a plain Hugging Face directory: ``config.json`` is the encoder's own with one more field,
``fengsheng_heads`` (label list by head), and the encoder's weights carry their usual prefix (``bert.``,
``roberta.``), so ``AutoModel`` opens the encoder of such a directory and this module opens all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from transformers import AutoModel, BertConfig, PreTrainedModel

from models.heads import CONFIG_FIELD
from models.labels import HEADS

if TYPE_CHECKING:
    _Base = nn.Module
else:
    _Base = PreTrainedModel


class MentionClassifier(_Base):
    """An encoder with the features ``[CLS] ‖ mean of the last layer`` under one linear layer per head."""

    config_class = BertConfig
    base_model_prefix = "bert"
    # BERT's own; without them transformers would refuse the fused attention kernel.
    _supports_sdpa = True

    def __init__(self, config: Any) -> None:
        if TYPE_CHECKING:
            super().__init__()
        else:
            super().__init__(config)
        labels = getattr(config, CONFIG_FIELD, None)
        if labels is None:
            labels = {head: list(names) for head, names in HEADS.items()}
            setattr(config, CONFIG_FIELD, labels)
        self.prefix = str(config.model_type)
        # Not in the number format that config.json was saved in, but in the one that is asked for now.
        kind = torch.get_default_dtype()
        self.add_module(self.prefix, AutoModel.from_config(config, add_pooling_layer=False, dtype=kind))
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.heads = nn.ModuleDict(
            {head: nn.Linear(2 * config.hidden_size, len(names)) for head, names in labels.items()}
        )
        if not TYPE_CHECKING:
            self.post_init()

    @property
    def encoder(self) -> Any:
        """The encoder below the heads."""
        return getattr(self, self.prefix)

    @property
    def layers(self) -> int:
        """How many layers the encoder has."""
        return int(self.encoder.config.num_hidden_layers)

    def get_input_embeddings(self) -> Any:
        """Give the word embeddings."""
        return self.encoder.get_input_embeddings()

    def features(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Pool the last layer: its first vector beside the mean over the real tokens."""
        hidden: torch.Tensor = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask
        ).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)
        return torch.cat([hidden[:, 0], mean], dim=-1)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> dict[str, torch.Tensor]:
        """Give the logits of every head, each ``(rows, labels)``; in training the auxiliary heads too."""
        pooled = self.dropout(self.features(input_ids, attention_mask))
        return {head: layer(pooled) for head, layer in self.heads.items()}
