"""Networks of packages: U-Nets, EfficientNet, SIREN, MLP-Mixer, denoising diffusion, BYOL, MONAI's, reversible ones."""

import torch
from steps import case, classify, train


@case
def unet_():
    from unet import UNet2D

    m = UNet2D(
        out_classes=3, num_encoding_blocks=3, out_channels_first_layer=8, normalization="batch", padding=True, residual=True
    )
    x, y = torch.randn(1, 1, 32, 32), torch.randint(3, (1, 32, 32))
    return train(m, lambda: torch.nn.functional.cross_entropy(m(x), y))


@case
def unet3d():
    from unet import UNet3D

    m = UNet3D(
        out_classes=2,
        num_encoding_blocks=2,
        out_channels_first_layer=4,
        normalization="instance",
        upsampling_type="linear",
        padding=True,
        activation="PReLU",
    )
    x, y = torch.randn(1, 1, 8, 8, 8), torch.randint(2, (1, 8, 8, 8))
    return train(m, lambda: torch.nn.functional.cross_entropy(m(x), y))


@case
def efficientnet():
    from efficientnet_pytorch import EfficientNet

    m = EfficientNet.from_name("efficientnet-b0", num_classes=10, image_size=64)
    return classify(m, 3, 64, 64)


@case
def siren():
    from siren_pytorch import SirenNet, SirenWrapper

    m = SirenWrapper(SirenNet(dim_in=2, dim_hidden=16, dim_out=3, num_layers=2), image_width=8, image_height=8)
    img = torch.rand(1, 3, 8, 8)
    return train(m, lambda: m(img))


@case
def mixer():
    from mlp_mixer_pytorch import MLPMixer

    return classify(MLPMixer(image_size=32, channels=3, patch_size=8, dim=16, depth=2, num_classes=10), 3, 32, 32)


@case
def nystrom():
    from nystrom_attention import Nystromformer

    m = Nystromformer(dim=16, dim_head=8, heads=2, depth=1, num_landmarks=4, pinv_iterations=6)
    x = torch.randn(1, 16, 16)
    return train(m, lambda: m(x).square().mean())


@case
def linformer_():
    from linformer import Linformer

    m = Linformer(dim=16, seq_len=16, depth=2, heads=2, k=4)
    x = torch.randn(1, 16, 16)
    return train(m, lambda: m(x).square().mean())


@case
def diffusion():
    from denoising_diffusion_pytorch import GaussianDiffusion, Unet

    m = GaussianDiffusion(Unet(dim=8, dim_mults=(1, 2), flash_attn=False), image_size=16, timesteps=20, sampling_timesteps=3)
    x = torch.rand(2, 3, 16, 16)
    return train(m, lambda: m(x)), m.sample(batch_size=1)


@case
def diffusion_1d():
    from denoising_diffusion_pytorch import GaussianDiffusion1D, Unet1D

    m = GaussianDiffusion1D(Unet1D(dim=8, dim_mults=(1, 2), channels=3), seq_length=16, timesteps=10, objective="pred_v")
    x = torch.rand(2, 3, 16)
    return train(m, lambda: m(x)), m.sample(batch_size=1)


@case
def byol():
    from byol_pytorch import BYOL

    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(4, 8)
    )
    m = BYOL(net, image_size=16, hidden_layer=-1, projection_size=8, projection_hidden_size=16, augment_fn=torch.nn.Identity())
    x = torch.rand(4, 3, 16, 16)
    return train(m, lambda: m(x)), m.update_moving_average()


@case
def monai_classify():
    from monai.networks import nets as N

    return classify(
        N.DenseNet121(spatial_dims=2, in_channels=1, out_channels=10, init_features=8, growth_rate=4, block_config=(2, 2)),
        1,
        32,
        32,
    ), classify(N.resnet18(spatial_dims=2, n_input_channels=1, num_classes=10), 1, 32, 32)


@case
def freia():
    import FrEIA.framework as Ff
    import FrEIA.modules as Fm

    m = Ff.SequenceINN(4)
    for _ in range(3):
        m.append(
            Fm.AllInOneBlock,
            subnet_constructor=lambda i, o: torch.nn.Sequential(torch.nn.Linear(i, 16), torch.nn.ReLU(), torch.nn.Linear(16, o)),
            permute_soft=True,
        )
    x = torch.randn(8, 4)

    def loss():
        z, logdet = m(x)
        return (0.5 * z.square().sum(1) - logdet).mean()

    losses = train(m, loss)
    back, _ = m(m(x)[0].detach(), rev=True)
    return losses, (back - x).abs().max() < 1e-4


@case
def quantize():
    from vector_quantize_pytorch import FSQ, ResidualVQ, VectorQuantize

    x = torch.randn(2, 16, 8)
    vq = VectorQuantize(dim=8, codebook_size=16, decay=0.8)
    q, i, loss = vq(x)
    f, j = FSQ([4, 4, 3])(torch.randn(2, 16, 3))
    r = ResidualVQ(dim=8, codebook_size=16, num_quantizers=2)(x)
    return q, i.float(), loss, f, j.float(), r[0], r[1].float(), r[2]
