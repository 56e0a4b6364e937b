"""Loss of eq. (6): that of the prediction plus λ times that of the attention branch."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from model.network import LabnOutput
from training.fit.mask_loss import mask_loss
from training.sections import LossConfig


def labn_loss(
    output: LabnOutput,
    labels: Tensor,
    config: LossConfig,
    masks: Tensor | None = None,
    known: Tensor | None = None,
) -> Tensor:
    """Return eq. (6), L(logits) + λ L(branch logits), plus the attention map's loss if masks are given.

    Args:
        output: network output for N images and K classes.
        labels: (N,) int64.
        config: kind of loss and weights.
        masks: (N, 1, h, w) in 0..1, of the attention map's size.
        known: (N,) bool, whether the mask counts; None: all count.

    Returns:
        A scalar, the mean over the batch.
    """
    loss = class_loss(output.logits, labels, config)
    loss = loss + config.branch_weight * class_loss(output.branch_logits, labels, config)
    if masks is not None and config.mask_weight:
        loss = loss + config.mask_weight * attention_loss(output.attention, masks, config, known)
    return loss


def attention_loss(attention: Tensor, masks: Tensor, config: LossConfig, known: Tensor | None = None) -> Tensor:
    """Compare attention and masks, both (N, 1, h, w), where `known` (N,) is true; 0 if it nowhere is."""
    if known is None:
        return mask_loss(attention, masks, config.mask_kind)
    if not bool(known.any()):
        return attention.sum() * 0
    return mask_loss(attention[known], masks[known], config.mask_kind)


def class_loss(logits: Tensor, labels: Tensor, config: LossConfig) -> Tensor:
    """Weighted classification loss of logits (N, K).

    Cross entropy divides by the sum of the weights (a weighted mean: equal weights change nothing), the one-hot
    form by N K (a weight of 2 doubles its image's share).
    """
    weights = logits.new_tensor(config.class_weights or (1.0,) * logits.shape[1])
    if config.kind == "one_hot_bce":
        one_hot = F.one_hot(labels, logits.shape[1]).to(logits.dtype)
        one_hot = one_hot * (1 - config.label_smoothing) + config.label_smoothing / logits.shape[1]
        return F.binary_cross_entropy_with_logits(logits, one_hot, weight=weights[labels].unsqueeze(1))
    return F.cross_entropy(logits, labels, weight=weights, label_smoothing=config.label_smoothing)
