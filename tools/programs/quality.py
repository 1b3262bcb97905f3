"""Image quality and metrics: pytorch-msssim, LPIPS's network, torchmetrics, piq."""

import torch
from steps import case


@case
def ssim():
    from pytorch_msssim import ms_ssim, ssim

    x = torch.rand(1, 3, 176, 176).requires_grad_()
    y = (x.detach() + 0.1 * torch.rand_like(x)).clamp(0, 1)
    s, m = ssim(x, y, data_range=1, size_average=True), ms_ssim(x, y, data_range=1)
    (s + m).backward()
    return s, m, x.grad


@case
def lpips():
    import lpips

    model = lpips.LPIPS(net="alex", pretrained=False, pnet_rand=True, verbose=False)
    x, y = (torch.rand(1, 3, 64, 64) * 2 - 1).requires_grad_(), torch.rand(1, 3, 64, 64) * 2 - 1
    d = model(x, y)
    d.sum().backward()
    return d, x.grad


@case
def metrics_classification():
    import torchmetrics as tm

    p, t = torch.rand(64, 5).softmax(1), torch.randint(5, (64,))
    out = []
    for m in (
        tm.Accuracy(task="multiclass", num_classes=5),
        tm.F1Score(task="multiclass", num_classes=5, average="macro"),
        tm.AUROC(task="multiclass", num_classes=5),
        tm.ConfusionMatrix(task="multiclass", num_classes=5),
        tm.CohenKappa(task="multiclass", num_classes=5),
        tm.CalibrationError(task="multiclass", num_classes=5),
        tm.AveragePrecision(task="multiclass", num_classes=5),
        tm.MatthewsCorrCoef(task="multiclass", num_classes=5),
        tm.JaccardIndex(task="multiclass", num_classes=5),
        tm.Precision(task="multiclass", num_classes=5, top_k=2),
        tm.Specificity(task="multiclass", num_classes=5, average="weighted"),
        tm.StatScores(task="multiclass", num_classes=5),
    ):
        m.update(p[:32], t[:32])
        m.update(p[32:], t[32:])
        out.append(m.compute())
    return out


@case
def metrics_binary():
    import torchmetrics as tm

    p, t = torch.rand(64), torch.randint(2, (64,))
    return [
        m(p, t)
        for m in (
            tm.Accuracy(task="binary"),
            tm.AUROC(task="binary"),
            tm.ROC(task="binary", thresholds=7),
            tm.PrecisionRecallCurve(task="binary", thresholds=5),
            tm.AveragePrecision(task="binary"),
        )
    ]


@case
def metrics_image():
    import torchmetrics.image as ti

    x, y = torch.rand(2, 3, 64, 64), torch.rand(2, 3, 64, 64)
    return [
        m(x, y)
        for m in (
            ti.PeakSignalNoiseRatio(data_range=1.0),
            ti.StructuralSimilarityIndexMeasure(data_range=1.0),
            ti.UniversalImageQualityIndex(),
            ti.TotalVariation and ti.SpectralAngleMapper(),
            ti.ErrorRelativeGlobalDimensionlessSynthesis(),
        )
    ], ti.TotalVariation()(x)


@case
def metrics_collection():
    import torchmetrics as tm

    c = tm.MetricCollection([tm.Accuracy(task="multiclass", num_classes=3), tm.Precision(task="multiclass", num_classes=3)])
    for _ in range(3):
        c.update(torch.rand(8, 3), torch.randint(3, (8,)))
    found = c.compute()
    c.reset()
    mean = tm.MeanMetric()
    mean.update(torch.tensor([1.0, 2.0]))
    mean.update(5.0)
    return found, mean.compute()


@case
def metrics_retrieval_text():
    import torchmetrics.retrieval as tr

    i, p, t = torch.tensor([0, 0, 0, 1, 1, 1, 1]), torch.rand(7), torch.tensor([0, 1, 0, 1, 0, 1, 0])
    return [m(p, t, indexes=i) for m in (tr.RetrievalMAP(), tr.RetrievalMRR(), tr.RetrievalNormalizedDCG())]


@case
def piq_losses():
    import piq

    x, y = torch.rand(1, 3, 128, 128).requires_grad_(), torch.rand(1, 3, 128, 128)
    losses = [
        piq.psnr(x, y),
        piq.SSIMLoss()(x, y),
        piq.gmsd(x, y),
        piq.multi_scale_gmsd(x, y),
        piq.vif_p(x, y),
        piq.fsim(x, y),
        piq.haarpsi(x, y),
        piq.mdsi(x, y),
        piq.vsi(x, y),
        piq.srsim(x, y),
        piq.total_variation(x),
        piq.dss(x, y),
    ]
    sum(losses).backward()
    return losses, x.grad


@case
def piq_features():
    import piq

    a, b = torch.randn(20, 8), torch.randn(20, 8)
    return piq.FID()(a, b), piq.KID()(a, b), piq.MSID()(a, b) if 0 else None, piq.PR()(a, b)
