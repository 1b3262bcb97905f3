"""The region proposal network (Ren et al., arXiv:1506.01497): which anchors may hold an object, of whatever class, and where in them."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .... import creation, dtypes, nn
from ...._tensor import Tensor
from ....errors import ArgumentError
from ....nn import functional as F
from ....ops.join import cat
from ...ops.blocks import Conv2dNormActivation
from ...ops.boxes import batched_nms, box_iou, clip_boxes_to_image, remove_small_boxes
from .anchor_utils import AnchorGenerator as AnchorGenerator
from .matching import BELOW, BETWEEN, BalancedPositiveNegativeSampler, BoxCoder, Matcher, all_anchors
from .transform import ImageList, Target


class RPNHead(nn.Module):
    """Maps (N, in_channels, H, W) -> lists of logits (N, A, H, W) and of relative boxes (N, A * 4, H, W)."""
    _version = 2

    def __init__(self, in_channels: int, num_anchors: int, conv_depth: int = 1) -> None:
        super().__init__()
        self.conv = nn.Sequential(*[Conv2dNormActivation(in_channels, in_channels, 3, norm_layer=None) for _ in range(conv_depth)])
        self.cls_logits = nn.Conv2d(in_channels, num_anchors, 1)
        self.bbox_pred = nn.Conv2d(in_channels, num_anchors * 4, 1)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.normal_(m.weight, std=0.01)
                nn.init.constant_(m.bias, 0)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *args: Any) -> None:
        if (local_metadata.get("version") or 1) < 2:     # files from when there was one convolution
            for kind in ("weight", "bias"):
                if (old := f"{prefix}conv.{kind}") in state_dict:
                    state_dict[f"{prefix}conv.0.0.{kind}"] = state_dict.pop(old)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)

    def forward(self, x: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        maps = [self.conv(m) for m in x]
        return [self.cls_logits(m) for m in maps], [self.bbox_pred(m) for m in maps]


class RegionProposalNetwork(nn.Module):
    """(images, maps, targets) -> proposals (at most post_nms_top_n, 4) for each image, and in training a dict of losses.

    pre_nms_top_n, post_nms_top_n: dicts with "training" and "testing", how many are kept of each map, and of all.
    """

    def __init__(self, anchor_generator: nn.Module, head: nn.Module, fg_iou_thresh: float, bg_iou_thresh: float, batch_size_per_image: int,
                 positive_fraction: float, pre_nms_top_n: dict[str, int], post_nms_top_n: dict[str, int], nms_thresh: float,
                 score_thresh: float = 0.0) -> None:
        super().__init__()
        self.anchor_generator, self.head = anchor_generator, head
        self.box_coder = BoxCoder((1.0, 1.0, 1.0, 1.0))
        self.proposal_matcher = Matcher(fg_iou_thresh, bg_iou_thresh, allow_low_quality_matches=True)
        self.fg_bg_sampler = BalancedPositiveNegativeSampler(batch_size_per_image, positive_fraction)
        self._pre_nms_top_n, self._post_nms_top_n = pre_nms_top_n, post_nms_top_n
        self.nms_thresh, self.score_thresh, self.min_size = nms_thresh, score_thresh, 1e-3

    def pre_nms_top_n(self) -> int:
        return self._pre_nms_top_n["training" if self.training else "testing"]

    def post_nms_top_n(self) -> int:
        return self._post_nms_top_n["training" if self.training else "testing"]

    def assign_targets_to_anchors(self, anchors: Sequence[Tensor], targets: Sequence[Target]) -> tuple[list[Tensor], list[Tensor]]:
        """For each anchor 1 where it holds an object, 0 where none, -1 where neither; and the box of its object."""
        labels, boxes = [], []
        for places, target in zip(anchors, targets, strict=True):
            right = target["boxes"]
            if not right.numel():
                labels.append(creation.zeros(len(places), device=places.device))
                boxes.append(creation.zeros_like(places))
                continue
            matched = self.proposal_matcher(box_iou(right, places))
            label = (matched >= 0).float()
            label[matched == BELOW] = 0.0
            label[matched == BETWEEN] = -1.0
            labels.append(label)
            boxes.append(right[matched.clamp(min=0)])
        return labels, boxes

    def filter_proposals(self, proposals: Tensor, objectness: Tensor, image_shapes: Sequence[tuple[int, int]],
                         num_anchors_per_level: Sequence[int]) -> tuple[list[Tensor], list[Tensor]]:
        """The best (N, anchors, 4) of each image, those that overlap better ones of the same map left out."""
        n, device = len(proposals), proposals.device
        logits = objectness.detach().reshape(n, -1)
        best, start, levels = [], 0, []
        for i, part in enumerate(logits.split(list(num_anchors_per_level), 1)):
            best.append(part.topk(min(self.pre_nms_top_n(), part.shape[1]), 1)[1] + start)
            levels.append(creation.full((best[-1].shape[1],), i, dtype=dtypes.int64, device=device))
            start += part.shape[1]
        order, level = cat(best, 1), cat(levels)
        rows = creation.arange(n, device=device)[:, None]
        found = []
        for boxes, scores, size in zip(proposals[rows, order], logits[rows, order].sigmoid(), image_shapes, strict=True):
            boxes = clip_boxes_to_image(boxes, size)
            kept = remove_small_boxes(boxes, self.min_size)
            kept = kept[scores[kept] >= self.score_thresh]
            kept = kept[batched_nms(boxes[kept], scores[kept], level[kept], self.nms_thresh)[:self.post_nms_top_n()]]
            found.append((boxes[kept], scores[kept]))
        return [boxes for boxes, _ in found], [scores for _, scores in found]

    def compute_loss(self, objectness: Tensor, pred_bbox_deltas: Tensor, labels: Sequence[Tensor],
                     regression_targets: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """The loss of logits (all,), and that of relative boxes (all, 4), of drawn anchors."""
        objects, others = (cat(masks).nonzero()[:, 0] for masks in self.fg_bg_sampler(labels))
        drawn = cat([objects, others])
        box_loss = F.smooth_l1_loss(pred_bbox_deltas[objects], cat(list(regression_targets))[objects], beta=1 / 9, reduction="sum")
        return (F.binary_cross_entropy_with_logits(objectness.flatten()[drawn], cat(list(labels))[drawn]), box_loss / drawn.numel())

    def forward(self, images: ImageList, features: Mapping[str, Tensor],
                targets: Sequence[Target] | None = None) -> tuple[list[Tensor], dict[str, Tensor]]:
        maps = list(features.values())
        logits, codes = self.head(maps)
        anchors = self.anchor_generator(images, maps)
        counts = [m[0].numel() for m in logits]
        objectness, deltas = all_anchors(logits, 1).reshape(-1, 1), all_anchors(codes, 4).reshape(-1, 4)
        proposals = self.box_coder.decode(deltas.detach(), anchors).reshape(len(anchors), -1, 4)
        boxes, _ = self.filter_proposals(proposals, objectness, images.image_sizes, counts)
        if not self.training:
            return boxes, {}
        if targets is None:
            raise ArgumentError("RegionProposalNetwork: targets should not be None in training")
        labels, matched = self.assign_targets_to_anchors(anchors, targets)
        losses = self.compute_loss(objectness, deltas, labels, self.box_coder.encode(matched, anchors))
        return boxes, {"loss_objectness": losses[0], "loss_rpn_box_reg": losses[1]}
