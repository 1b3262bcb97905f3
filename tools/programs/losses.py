"""Losses: entmax, pytorch-toolbelt, pytorch-metric-learning, monai."""

import torch
from steps import case


@case
def entmax_():
    from entmax import Entmax15Loss, SparsemaxLoss, entmax15, entmax_bisect, normmax_bisect, sparsemax, sparsemax_bisect

    x, y = torch.randn(4, 10, requires_grad=True), torch.randint(10, (4,))
    out = [f(x, dim=1) for f in (sparsemax, entmax15, sparsemax_bisect)] + [
        entmax_bisect(x, alpha=torch.tensor(1.3, requires_grad=True)),
        normmax_bisect(x, alpha=2),
    ]
    loss = sum((o * torch.arange(10.0)).sum() for o in out) + Entmax15Loss()(x, y).sum() + SparsemaxLoss()(x, y).sum()
    loss.backward()
    return out, loss, x.grad


@case
def toolbelt():
    from pytorch_toolbelt import losses as L

    x, y = torch.randn(2, 1, 16, 16, requires_grad=True), torch.randint(2, (2, 1, 16, 16)).float()
    out = [
        loss(x, y)
        for loss in (
            L.BinaryFocalLoss(),
            L.BinaryFocalLoss(alpha=0.25, gamma=3, normalized=True),
            L.DiceLoss("binary"),
            L.JaccardLoss("binary"),
            L.BinaryLovaszLoss(),
            L.SoftBCEWithLogitsLoss(smooth_factor=0.1),
            L.BalancedBCEWithLogitsLoss(),
            L.WingLoss(),
            L.LogCoshLoss() if hasattr(L, "LogCoshLoss") else L.WingLoss(),
        )
    ]
    sum(out).backward()
    z, t = torch.randn(2, 4, 8, 8, requires_grad=True), torch.randint(4, (2, 8, 8))
    more = [
        loss(z, t)
        for loss in (
            L.CrossEntropyFocalLoss(),
            L.LovaszLoss(),
            L.DiceLoss("multiclass"),
            L.SoftCrossEntropyLoss(smooth_factor=0.1),
        )
    ]
    sum(more).backward()
    return out, x.grad, more, z.grad


@case
def metric_learning_accuracy():
    from pytorch_metric_learning.distances import LpDistance
    from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
    from pytorch_metric_learning.utils.inference import CustomKNN

    x, y = torch.randn(30, 8), torch.arange(30) % 3
    return AccuracyCalculator(
        include=("precision_at_1", "mean_average_precision_at_r", "r_precision"),
        knn_func=CustomKNN(LpDistance()),
        k="max_bin_count",
    ).get_accuracy(x, y)


@case
def monai_losses():
    from monai import losses as L

    x, y = torch.randn(2, 3, 8, 8, 8, requires_grad=True), torch.randint(3, (2, 1, 8, 8, 8))
    o = {"to_onehot_y": True, "softmax": True}
    out = [
        loss(x, y)
        for loss in (
            L.DiceLoss(**o),
            L.DiceCELoss(**o),
            L.FocalLoss(to_onehot_y=True),
            L.TverskyLoss(**o),
            L.GeneralizedDiceLoss(**o),
            L.DiceFocalLoss(**o),
        )
    ]
    sum(out).backward()
    return (
        out,
        x.grad,
        L.SSIMLoss(3)(torch.rand(1, 1, 16, 16, 16), torch.rand(1, 1, 16, 16, 16)),
        L.LocalNormalizedCrossCorrelationLoss()(torch.rand(1, 1, 8, 8, 8), torch.rand(1, 1, 8, 8, 8)),
        L.BendingEnergyLoss()(torch.rand(1, 3, 8, 8, 8)),
    )
