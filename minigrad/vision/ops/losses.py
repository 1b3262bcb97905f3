"""Losses of detectors: focal, and one minus an overlap of boxes."""
from __future__ import annotations

from ..._tensor import Tensor
from ...engine.mode import no_grad
from ...errors import ArgumentError
from ...nn import functional as F
from ...ops.select import maximum, minimum, where
from .boxes import aspect_term, ratio_angle


def reduced(loss: Tensor, reduction: str, name: str) -> Tensor:
    """All losses, their mean (0 of none), or their sum."""
    if reduction == "none":
        return loss
    if reduction == "mean":
        return loss.mean() if loss.numel() else 0.0 * loss.sum()
    if reduction == "sum":
        return loss.sum()
    raise ArgumentError(f"{name}: Invalid Value for arg 'reduction': '{reduction}'; Supported reduction modes: 'none', 'mean', 'sum'")


def sigmoid_focal_loss(inputs: Tensor, targets: Tensor, alpha: float = 0.25, gamma: float = 2, reduction: str = "none") -> Tensor:
    """Binary cross-entropy of logits in which what is right already counts little: times (1 - p)^gamma. Source: arXiv:1708.02002

    targets: 0 or 1, in the shape and dtype of inputs. alpha: weight of the ones, 1 - alpha that of the zeros; -1 for neither.
    """
    if not 0 <= alpha <= 1 and alpha != -1:
        raise ArgumentError(f"sigmoid_focal_loss: Invalid alpha value: {alpha}. alpha must be in the range [0,1] or -1 for ignore.")
    p = inputs.sigmoid()
    right = p * targets + (1 - p) * (1 - targets)
    loss = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none") * (1 - right) ** gamma
    if alpha >= 0:
        loss = (alpha * targets + (1 - alpha) * (1 - targets)) * loss
    if reduction == "mean":                          # nan for no inputs, where the others give 0
        return loss.mean()
    return reduced(loss, reduction, "sigmoid_focal_loss")


def _floats(boxes: Tensor) -> Tensor:
    return boxes if boxes.array.dtype in ("f4", "f8") else boxes.float()


def _inter_union(boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    """Of pairs (..., 4) and (..., 4): what they share and what they cover, (...) each."""
    size = minimum(boxes1[..., 2:], boxes2[..., 2:]) - maximum(boxes1[..., :2], boxes2[..., :2])
    both = where((size > 0).all(-1), size[..., 0] * size[..., 1], 0.0)
    sizes = [b[..., 2:] - b[..., :2] for b in (boxes1, boxes2)]
    return both, sizes[0][..., 0] * sizes[0][..., 1] + sizes[1][..., 0] * sizes[1][..., 1] - both


def _enclosing(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    return maximum(boxes1[..., 2:], boxes2[..., 2:]) - minimum(boxes1[..., :2], boxes2[..., :2])


def generalized_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """1 - generalized IoU of each pair of boxes: (N, 4) and (N, 4) -> (N,). Source: arXiv:1902.09630"""
    boxes1, boxes2 = _floats(boxes1), _floats(boxes2)
    both, union = _inter_union(boxes1, boxes2)
    size = _enclosing(boxes1, boxes2)
    area = size[..., 0] * size[..., 1]
    return reduced(1 - (both / (union + eps) - (area - union) / (area + eps)), reduction, "generalized_box_iou_loss")


def _distance(boxes1: Tensor, boxes2: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    both, union = _inter_union(boxes1, boxes2)
    iou = both / (union + eps)
    apart = (boxes1[..., :2] + boxes1[..., 2:]) / 2 - (boxes2[..., :2] + boxes2[..., 2:]) / 2
    return 1 - iou + (apart ** 2).sum(-1) / ((_enclosing(boxes1, boxes2) ** 2).sum(-1) + eps), iou


def distance_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """1 - distance IoU of each pair of boxes: (N, 4) and (N, 4) -> (N,). Source: arXiv:1911.08287"""
    return reduced(_distance(_floats(boxes1), _floats(boxes2), eps)[0], reduction, "distance_box_iou_loss")


def complete_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """1 - complete IoU of each pair of boxes: (N, 4) and (N, 4) -> (N,). Source: arXiv:1911.08287"""
    boxes1, boxes2 = _floats(boxes1), _floats(boxes2)
    loss, iou = _distance(boxes1, boxes2, 1e-7)
    v = aspect_term(ratio_angle(boxes2), ratio_angle(boxes1))
    with no_grad():
        alpha = v / (1 - iou + v + eps)
    return reduced(loss + alpha * v, reduction, "complete_box_iou_loss")
