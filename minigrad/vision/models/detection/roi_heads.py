"""What is in the proposed regions: a class, a better box and, with a head for it, a mask."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

from .... import creation, nn
from ...._tensor import Tensor
from ....errors import ArgumentError, ArgumentTypeError, describe
from ....nn import functional as F
from ....ops.join import cat
from ...ops.boxes import batched_nms, box_iou, clip_boxes_to_image, remove_small_boxes
from ...ops.regions import roi_align
from .matching import BELOW, BETWEEN, BalancedPositiveNegativeSampler, BoxCoder, Matcher
from .transform import Target

Sizes = Sequence[tuple[int, int]]


def fastrcnn_loss(class_logits: Tensor, box_regression: Tensor, labels: Sequence[Tensor],
                  regression_targets: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Cross-entropy of (N, classes), and the smooth absolute difference of the relative boxes (N, classes * 4) of objects."""
    right = cat(list(labels))
    objects = (right > 0).nonzero()[:, 0]
    boxes = box_regression.reshape(len(right), -1, 4)[objects, right[objects]]
    loss = F.smooth_l1_loss(boxes, cat(list(regression_targets))[objects], beta=1 / 9, reduction="sum")
    return F.cross_entropy(class_logits, right), loss / right.numel()


def maskrcnn_loss(mask_logits: Tensor, proposals: Sequence[Tensor], gt_masks: Sequence[Tensor], gt_labels: Sequence[Tensor],
                  mask_matched_idxs: Sequence[Tensor]) -> Tensor:
    """Binary cross-entropy of the right class's mask (N, classes, M, M) with the part of the object's mask in its box."""
    size = mask_logits.shape[-1]
    targets = cat([roi_align(masks[:, None].to(boxes), cat([which[:, None].to(boxes), boxes], 1), size)[:, 0]
                   for masks, boxes, which in zip(gt_masks, proposals, mask_matched_idxs, strict=True)])
    labels = cat([label[which] for label, which in zip(gt_labels, mask_matched_idxs, strict=True)])
    if not targets.numel():
        return mask_logits.sum() * 0
    return F.binary_cross_entropy_with_logits(mask_logits[creation.arange(len(labels), device=labels.device), labels], targets)


class RoIHeads(nn.Module):
    """(maps, proposals, sizes of the images, targets) -> for each image a dict of boxes, labels, scores (and masks), and losses.

    In training there are losses and no findings, else the other way round.
    """

    def __init__(self, box_roi_pool: nn.Module, box_head: nn.Module, box_predictor: nn.Module, fg_iou_thresh: float, bg_iou_thresh: float,
                 batch_size_per_image: int, positive_fraction: float, bbox_reg_weights: Sequence[float] | None, score_thresh: float,
                 nms_thresh: float, detections_per_img: int, mask_roi_pool: nn.Module | None = None, mask_head: nn.Module | None = None,
                 mask_predictor: nn.Module | None = None) -> None:
        super().__init__()
        self.proposal_matcher = Matcher(fg_iou_thresh, bg_iou_thresh, allow_low_quality_matches=False)
        self.fg_bg_sampler = BalancedPositiveNegativeSampler(batch_size_per_image, positive_fraction)
        self.box_coder = BoxCoder(bbox_reg_weights or (10.0, 10.0, 5.0, 5.0))
        self.box_roi_pool, self.box_head, self.box_predictor = box_roi_pool, box_head, box_predictor
        self.score_thresh, self.nms_thresh, self.detections_per_img = score_thresh, nms_thresh, detections_per_img
        self.mask_roi_pool, self.mask_head, self.mask_predictor = mask_roi_pool, mask_head, mask_predictor

    def has_mask(self) -> bool:
        return not (self.mask_roi_pool is None or self.mask_head is None or self.mask_predictor is None)

    def assign_targets_to_proposals(self, proposals: Sequence[Tensor], gt_boxes: Sequence[Tensor],
                                    gt_labels: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """For each proposal the number of its object, and the class of that: 0 for background, -1 for neither."""
        matched, labels = [], []
        for boxes, right, classes in zip(proposals, gt_boxes, gt_labels, strict=True):
            if not right.numel():
                which = label = creation.zeros(len(boxes), dtype=classes.dtype, device=boxes.device)
            else:
                found = self.proposal_matcher(box_iou(right, boxes))
                which = found.clamp(min=0)
                label = classes[which].long()
                label[found == BELOW] = 0
                label[found == BETWEEN] = -1
            matched.append(which)
            labels.append(label)
        return matched, labels

    def select_training_samples(self, proposals: Sequence[Tensor],
                                targets: Sequence[Target]) -> tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor]]:
        """Drawn proposals, the right boxes among them: boxes, numbers of their objects, classes, relative boxes to learn."""
        right = [t["boxes"].to(proposals[0].dtype) for t in targets]
        boxes = [cat([p, r]) for p, r in zip(proposals, right, strict=True)]
        matched, labels = self.assign_targets_to_proposals(boxes, right, [t["labels"] for t in targets])
        wanted = []
        for i, (objects, others) in enumerate(zip(*self.fg_bg_sampler(labels), strict=True)):
            drawn = (objects | others).nonzero()[:, 0]
            boxes[i], labels[i], matched[i] = boxes[i][drawn], labels[i][drawn], matched[i][drawn]
            wanted.append((right[i] if right[i].numel() else right[i].new_zeros((1, 4)))[matched[i]])
        return boxes, matched, labels, self.box_coder.encode(wanted, boxes)

    def postprocess_detections(self, class_logits: Tensor, box_regression: Tensor, proposals: Sequence[Tensor],
                               image_shapes: Sizes) -> list[Target]:
        """The best boxes of all classes but background, those that overlap better ones of the same class left out."""
        counts, classes = [len(p) for p in proposals], class_logits.shape[-1]
        decoded = self.box_coder.decode(box_regression, proposals).split(counts)
        found = []
        for boxes, scores, size in zip(decoded, class_logits.softmax(-1).split(counts), image_shapes, strict=True):
            labels = creation.arange(1, classes, device=boxes.device).expand(len(boxes), -1).reshape(-1)
            boxes, scores = clip_boxes_to_image(boxes, size)[:, 1:].reshape(-1, 4), scores[:, 1:].reshape(-1)
            kept = (scores > self.score_thresh).nonzero()[:, 0]
            kept = kept[remove_small_boxes(boxes[kept], 1e-2)]
            kept = kept[batched_nms(boxes[kept], scores[kept], labels[kept], self.nms_thresh)[:self.detections_per_img]]
            found.append({"boxes": boxes[kept], "labels": labels[kept], "scores": scores[kept]})
        return found

    def forward(self, features: Mapping[str, Tensor], proposals: Sequence[Tensor], image_shapes: Sizes,
                targets: Sequence[Target] | None = None) -> tuple[list[Target], dict[str, Tensor]]:
        if targets is not None or self.training:
            self.check_targets(targets)
        found: list[Target] = []
        losses: dict[str, Tensor] = {}
        matched: list[Tensor] = []
        labels: list[Tensor] = []
        wanted: list[Tensor] = []
        if self.training:
            proposals, matched, labels, wanted = self.select_training_samples(proposals, targets or [])
        logits, codes = self.box_predictor(self.box_head(self.box_roi_pool(features, proposals, image_shapes)))
        if self.training:
            losses["loss_classifier"], losses["loss_box_reg"] = fastrcnn_loss(logits, codes, labels, wanted)
        else:
            found = self.postprocess_detections(logits, codes, proposals, image_shapes)
        if self.has_mask():
            self._masks(features, proposals, image_shapes, targets or [], matched, labels, found, losses)
        return found, losses

    def _masks(self, features: Mapping[str, Tensor], proposals: Sequence[Tensor], image_shapes: Sizes, targets: Sequence[Target],
               matched: list[Tensor], labels: list[Tensor], found: list[Target], losses: dict[str, Tensor]) -> None:
        """The masks of what was found, or of the objects among the proposals, their loss."""
        pool, head, predictor = (m for m in (self.mask_roi_pool, self.mask_head, self.mask_predictor) if m is not None)
        objects = [(label > 0).nonzero()[:, 0] for label in labels]
        boxes = [p[at] for p, at in zip(proposals, objects, strict=True)] if self.training else [f["boxes"] for f in found]
        logits = predictor(head(pool(features, boxes, image_shapes)))
        if self.training:
            losses["loss_mask"] = maskrcnn_loss(logits, boxes, [t["masks"] for t in targets], [t["labels"] for t in targets],
                                                [m[at] for m, at in zip(matched, objects, strict=True)])
            return
        classes = cat([f["labels"] for f in found])
        masks = logits.sigmoid()[creation.arange(len(classes), device=classes.device), classes][:, None]
        for one, part in zip(found, masks.split([len(b) for b in boxes]), strict=True):
            one["masks"] = part

    def check_targets(self, targets: Sequence[Target] | None) -> None:
        """Refuse targets that lack what is needed, or have it in another dtype."""
        if targets is None:
            raise ArgumentError("RoIHeads: targets should not be None in training")
        for target in targets:
            for key in ("boxes", "labels", *(["masks"] if self.has_mask() and self.training else [])):
                if key not in target:
                    raise ArgumentError(f"RoIHeads: Every element of targets should have a {key} key; got {sorted(target)}")
            if not target["boxes"].is_floating_point():
                raise ArgumentTypeError(f"RoIHeads: target boxes must of float type, instead got {describe(target['boxes'])}")
            if target["labels"].array.dtype != "i8":
                raise ArgumentTypeError(f"RoIHeads: target labels must of int64 type, instead got {describe(target['labels'])}")
