import torch
from steps import case, classify, train

small = {"image_size": 32, "patch_size": 8, "num_classes": 10, "dim": 32, "depth": 2, "heads": 2, "mlp_dim": 64}


@case
def vit():
    from vit_pytorch import ViT

    return classify(ViT(**small), 3, 32, 32)


@case
def vit_dropout():
    from vit_pytorch import ViT

    return classify(ViT(**small, dropout=0.1, emb_dropout=0.1), 3, 32, 32)


@case
def simple_vit():
    from vit_pytorch import SimpleViT

    return classify(SimpleViT(**small), 3, 32, 32)


@case
def deepvit():
    from vit_pytorch.deepvit import DeepViT

    return classify(DeepViT(**small), 3, 32, 32)


@case
def cait():
    from vit_pytorch.cait import CaiT

    return classify(CaiT(**small, cls_depth=1, layer_dropout=0.0), 3, 32, 32)


@case
def t2t():
    from vit_pytorch.t2t import T2TViT

    return classify(
        T2TViT(dim=32, image_size=32, depth=2, heads=2, mlp_dim=64, num_classes=10, t2t_layers=((7, 4), (3, 2))), 3, 32, 32
    )


@case
def cct():
    from vit_pytorch.cct import CCT

    return classify(
        CCT(img_size=32, embedding_dim=32, n_conv_layers=1, num_layers=2, num_heads=2, mlp_ratio=2.0, num_classes=10), 3, 32, 32
    )


@case
def pit():
    from vit_pytorch.pit import PiT

    return classify(PiT(image_size=32, patch_size=8, num_classes=10, dim=32, depth=(1, 1), heads=2, mlp_dim=64), 3, 32, 32)


@case
def levit():
    from vit_pytorch.levit import LeViT

    return classify(LeViT(image_size=64, num_classes=10, stages=2, dim=(32, 48), depth=1, heads=(2, 2), mlp_mult=2), 3, 64, 64)


@case
def cvt():
    from vit_pytorch.cvt import CvT

    return classify(
        CvT(num_classes=10, s1_emb_dim=16, s2_emb_dim=16, s3_emb_dim=16, s1_heads=1, s2_heads=1, s3_heads=1, s3_depth=1),
        3,
        32,
        32,
    )


@case
def twins():
    from vit_pytorch.twins_svt import TwinsSVT

    return classify(
        TwinsSVT(
            num_classes=10,
            s1_emb_dim=16,
            s2_emb_dim=16,
            s3_emb_dim=16,
            s4_emb_dim=16,
            s1_local_patch_size=4,
            s2_local_patch_size=2,
            s3_local_patch_size=2,
            s4_local_patch_size=2,
            s1_global_k=2,
            s2_global_k=2,
            s3_global_k=1,
            s4_global_k=1,
            s3_depth=1,
            s4_depth=1,
            s4_patch_size=1,
        ),
        3,
        64,
        64,
    )


@case
def nest():
    from vit_pytorch.nest import NesT

    return classify(
        NesT(image_size=32, patch_size=4, dim=16, heads=2, num_hierarchies=2, block_repeats=(1, 1), num_classes=10), 3, 32, 32
    )


@case
def mobile_vit():
    from vit_pytorch.mobile_vit import MobileViT

    return classify(
        MobileViT(image_size=(64, 64), dims=[16, 16, 16], channels=[8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 16], num_classes=10), 3, 64, 64
    )


@case
def maxvit():
    from vit_pytorch.max_vit import MaxViT

    return classify(MaxViT(num_classes=10, dim=16, depth=(1, 1), dim_head=8, window_size=4, dim_conv_stem=8), 3, 32, 32)


@case
def xcit():
    from vit_pytorch.xcit import XCiT

    return classify(
        XCiT(image_size=32, patch_size=8, num_classes=10, dim=16, depth=1, cls_depth=1, heads=2, mlp_dim=32), 3, 32, 32
    )


@case
def dino():
    from vit_pytorch import Dino, ViT

    model = Dino(
        ViT(**small), image_size=32, hidden_layer="to_latent", projection_hidden_size=16, projection_layers=2, num_classes_K=32
    )
    x = torch.rand(2, 3, 32, 32)
    return train(model, lambda: model(x)), model.update_moving_average()


@case
def distill():
    from vit_pytorch.distill import DistillableViT, DistillWrapper

    student, teacher = DistillableViT(**small), torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 10))
    model = DistillWrapper(student=student, teacher=teacher, temperature=3, alpha=0.5)
    x, y = torch.randn(2, 3, 32, 32), torch.randint(10, (2,))
    return train(model, lambda: model(x, y))


@case
def na_vit():
    from vit_pytorch.na_vit import NaViT

    model = NaViT(**small, token_dropout_prob=0.1)
    images = [[torch.randn(3, 16, 32), torch.randn(3, 32, 16)], [torch.randn(3, 24, 16)]]
    return train(model, lambda: model(images).square().mean())


@case
def recorder():
    from vit_pytorch import ViT
    from vit_pytorch.recorder import Recorder

    model = Recorder(ViT(**small))
    return model(torch.randn(1, 3, 32, 32))


@case
def extractor():
    from vit_pytorch import ViT
    from vit_pytorch.extractor import Extractor

    return Extractor(ViT(**small))(torch.randn(1, 3, 32, 32))
