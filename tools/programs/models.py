"""timm, segmentation-models-pytorch, captum, kornia, grad-cam, attacks, higher gradients, Ignite, skorch: use of models."""

import torch
from steps import case, classify, train


def small():
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(4),
        torch.nn.Flatten(),
        torch.nn.Linear(64, 10),
    )


@case
def timm_resnet18():
    import timm

    return classify(timm.create_model("resnet18", num_classes=10), 3, 64, 64)


@case
def timm_others():
    import timm

    return {
        n: classify(timm.create_model(n, num_classes=10, **o), 3, s, s, steps=1)
        for n, s, o in (
            ("vit_tiny_patch16_224", 64, {"img_size": 64, "depth": 2}),
            ("efficientnet_b0", 64, {}),
            ("mobilenetv3_small_050", 64, {}),
            ("convnext_atto", 64, {}),
            ("deit_tiny_patch16_224", 64, {"img_size": 64, "depth": 2}),
            ("regnetx_002", 64, {}),
            ("mixer_s32_224", 64, {"img_size": 64}),
            ("swin_tiny_patch4_window7_224", 64, {"img_size": 64, "window_size": 2, "depths": (1, 1, 1, 1)}),
            ("densenet121", 64, {}),
        )
    }


@case
def smp():
    import segmentation_models_pytorch as smp

    out = []
    for make in (smp.Unet, smp.FPN, smp.Linknet, smp.PSPNet, smp.DeepLabV3Plus):
        m = make("resnet18", encoder_weights=None, classes=2)
        x, y = torch.randn(2, 3, 64, 64), torch.randint(2, (2, 64, 64))
        out.append(train(m, lambda: torch.nn.functional.cross_entropy(m(x), y), 1))  # noqa: B023 -- called at once
    return out


@case
def smp_losses():
    import segmentation_models_pytorch as smp

    z, t = torch.randn(2, 3, 8, 8, requires_grad=True), torch.randint(3, (2, 8, 8))
    out = [
        l(z, t)
        for l in (
            smp.losses.DiceLoss("multiclass"),
            smp.losses.FocalLoss("multiclass"),
            smp.losses.LovaszLoss("multiclass"),
            smp.losses.JaccardLoss("multiclass"),
            smp.losses.TverskyLoss("multiclass"),
        )
    ]
    sum(out).backward()
    return out, z.grad, smp.metrics.get_stats(z.argmax(1), t, mode="multiclass", num_classes=3)


@case
def captum():
    from captum.attr import (
        DeepLift,
        FeatureAblation,
        GuidedBackprop,
        InputXGradient,
        IntegratedGradients,
        LayerConductance,
        LayerGradCam,
        NoiseTunnel,
        Occlusion,
        Saliency,
    )

    m = small().eval()
    x = torch.rand(2, 3, 8, 8, requires_grad=True)
    return [
        IntegratedGradients(m).attribute(x, target=1, n_steps=8),
        Saliency(m).attribute(x, target=1),
        InputXGradient(m).attribute(x, target=1),
        DeepLift(m).attribute(x, target=1),
        Occlusion(m).attribute(x, target=1, sliding_window_shapes=(3, 4, 4)),
        LayerGradCam(m, m[0]).attribute(x, target=1),
        GuidedBackprop(m).attribute(x, target=1),
        LayerConductance(m, m[0]).attribute(x, target=1, n_steps=5),
        NoiseTunnel(Saliency(m)).attribute(x, target=1, nt_samples=3),
        FeatureAblation(torch.nn.Linear(4, 2)).attribute(torch.ones(1, 4), target=0),
    ]


@case
def grad_cam():
    from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, LayerCAM, ScoreCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    m, x = small().eval(), torch.rand(1, 3, 16, 16)
    return [
        torch.from_numpy(c(model=m, target_layers=[m[0]])(input_tensor=x, targets=[ClassifierOutputTarget(1)]))
        for c in (GradCAM, GradCAMPlusPlus, LayerCAM, ScoreCAM)
    ]


@case
def attacks():
    import torchattacks as ta

    m, x, y = small().eval(), torch.rand(2, 3, 16, 16), torch.tensor([1, 2])
    return [
        a(x, y)
        for a in (
            ta.FGSM(m),
            ta.PGD(m, steps=3),
            ta.BIM(m, steps=3),
            ta.MIFGSM(m, steps=3),
            ta.CW(m, steps=3),
            ta.DeepFool(m, steps=3),
            ta.RFGSM(m, steps=3),
            ta.TIFGSM(m, steps=2),
            ta.NIFGSM(m, steps=2),
            ta.EOTPGD(m, steps=2),
            ta.FFGSM(m),
            ta.Jitter(m, steps=2),
        )
    ]


@case
def higher_():
    import higher

    net = torch.nn.Linear(3, 1)
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    x, y = torch.randn(8, 3), torch.randn(8, 1)
    with higher.innerloop_ctx(net, opt, copy_initial_weights=False) as (f, d):
        for _ in range(3):
            d.step((f(x) - y).square().mean())
        (f(x) - y).square().mean().backward()
    return net.weight.grad, net.bias.grad


@case
def kornia_():
    import kornia as K

    x = torch.rand(1, 3, 16, 16, requires_grad=True)
    out = [
        K.color.rgb_to_grayscale(x),
        K.color.rgb_to_hsv(x),
        K.color.rgb_to_lab(x),
        K.filters.gaussian_blur2d(x, (3, 3), (1.0, 1.0)),
        K.filters.sobel(x),
        K.filters.laplacian(x, 3),
        K.filters.median_blur(x, (3, 3)),
        K.filters.bilateral_blur(x, (3, 3), 0.1, (1.0, 1.0)),
        K.geometry.rotate(x, torch.tensor([20.0])),
        K.geometry.resize(x, (8, 8)),
        K.geometry.warp_perspective(x, torch.eye(3)[None], (16, 16)),
        K.enhance.adjust_contrast(x, 1.5),
        K.enhance.equalize(x.detach()),
        K.losses.ssim_loss(x, x.detach().flip(3), 5),
        K.morphology.dilation(x, torch.ones(3, 3)),
        K.feature.harris_response(x[:, :1]),
        K.losses.dice_loss(torch.randn(1, 3, 4, 4), torch.randint(3, (1, 4, 4))),
        K.geometry.get_rotation_matrix2d(torch.tensor([[8.0, 8.0]]), torch.tensor([30.0]), torch.ones(1, 2)),
        K.filters.canny(x)[0],
    ]
    sum(o.sum() for o in out).backward()
    return out, x.grad


@case
def kornia_augmentation():
    import kornia.augmentation as A

    seq = A.AugmentationSequential(
        A.RandomHorizontalFlip(p=0.5), A.RandomAffine(20.0, p=1.0), A.ColorJitter(0.1, 0.1, 0.1, 0.1, p=1.0), data_keys=["input"]
    )
    return seq(torch.rand(2, 3, 16, 16))


@case
def ignite_():
    from ignite.engine import Events, create_supervised_evaluator, create_supervised_trainer
    from ignite.metrics import Accuracy, Loss

    net = torch.nn.Linear(4, 3)
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    data = [(torch.randn(8, 4), torch.randint(3, (8,))) for _ in range(3)]
    t = create_supervised_trainer(net, opt, torch.nn.functional.cross_entropy)
    e = create_supervised_evaluator(net, metrics={"a": Accuracy(), "l": Loss(torch.nn.functional.cross_entropy)})
    seen = []
    t.add_event_handler(Events.EPOCH_COMPLETED, lambda _: seen.append(dict(e.run(data).metrics)))
    t.run(data, max_epochs=2)
    return seen


@case
def skorch_():
    import numpy as np
    from skorch import NeuralNetClassifier

    net = (
        NeuralNetClassifier(
            lambda: torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2), torch.nn.Softmax(dim=-1)),
            max_epochs=3,
            lr=0.1,
            verbose=0,
            train_split=None,
        )
        if 0
        else None
    )

    class M(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.l = torch.nn.Linear(4, 2)

        def forward(self, x):
            return self.l(x).softmax(-1)

    net = NeuralNetClassifier(M, max_epochs=3, lr=0.1, verbose=0, train_split=None)
    x = np.random.randn(20, 4).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int64)
    net.fit(x, y)
    return net.history[:, "train_loss"], net.predict_proba(x).sum()


@case
def summaries():
    import thop
    import torchinfo

    m = small()
    s = torchinfo.summary(m, (1, 3, 16, 16), verbose=0)
    return s.total_params, s.total_mult_adds, thop.profile(m, (torch.rand(1, 3, 16, 16),), verbose=False)


@case
def test_time_augmentation():
    import ttach

    m = ttach.ClassificationTTAWrapper(small().eval(), ttach.aliases.d4_transform(), merge_mode="mean")
    return m(torch.rand(1, 3, 16, 16))
