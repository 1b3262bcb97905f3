"""Optimizers and schedules outside torch.optim: three steps of each on one small network."""

import torch
from steps import case, train


def fit(make, steps=3):
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
    x, y = torch.randn(16, 6), torch.randn(16, 2)
    return train(net, lambda: (net(x) - y).square().mean(), steps, make)


def all_of(module, names, **options):
    return [fit(lambda p: getattr(module, n)(p, lr=1e-2, **options)) for n in names.split()]  # noqa: B023 -- called at once


@case
def torch_optimizer():
    import torch_optimizer as t

    return all_of(
        t,
        "AccSGD AdaBelief AdaBound AdaMod AdamP AggMo DiffGrad Lamb NovoGrad PID QHAdam QHM RAdam Ranger RangerQH RangerVA "
        "SGDP SGDW SWATS Yogi Adafactor MADGRAD",
    ), fit(lambda p: t.Lookahead(t.Yogi(p, lr=1e-2), k=2))


@case
def shampoo_apollo():
    import torch_optimizer as t

    return all_of(t, "Shampoo Apollo")


@case
def lion():
    from lion_pytorch import Lion

    return fit(lambda p: Lion(p, lr=1e-2, weight_decay=0.1))


@case
def madgrad_():
    import madgrad

    return fit(lambda p: madgrad.MADGRAD(p, lr=1e-2)), fit(lambda p: madgrad.MirrorMADGRAD(p, lr=1e-2))


@case
def prodigy():
    from prodigyopt import Prodigy

    return fit(lambda p: Prodigy(p, lr=1.0), 5)


@case
def schedule_free():
    import schedulefree as s

    def make(cls):
        def inner(p):
            o = cls(p, lr=1e-2)
            o.train()
            return o

        return inner

    return [
        fit(make(c), 4)
        for c in (
            s.AdamWScheduleFree,
            s.SGDScheduleFree,
            s.RAdamScheduleFree,
            s.AdamWScheduleFreeClosure if 0 else s.AdamWScheduleFreeReference,
        )
    ]


@case
def adam_atan2():
    from adam_atan2_pytorch import AdamAtan2

    return fit(lambda p: AdamAtan2(p, lr=1e-2))


@case
def ranger():

    return all_of(__import__("pytorch_ranger"), "Ranger RangerVA RangerQH")


@case
def warmup():
    from warmup_scheduler import GradualWarmupScheduler

    o = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    s = GradualWarmupScheduler(o, multiplier=2, total_epoch=3, after_scheduler=torch.optim.lr_scheduler.StepLR(o, 2))
    rates = []
    for _ in range(8):
        o.step()
        s.step()
        rates.append(o.param_groups[0]["lr"])
    return rates


@case
def lr_finder():
    from torch_lr_finder import LRFinder

    net = torch.nn.Linear(4, 2)
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(32, 4), torch.randint(2, (32,))), batch_size=8)
    f = LRFinder(net, torch.optim.SGD(net.parameters(), lr=1e-4), torch.nn.CrossEntropyLoss(), device="cpu")
    f.range_test(data, end_lr=10, num_iter=10)
    f.reset()
    return f.history["loss"], f.history["lr"]


@case
def ema():
    from torch_ema import ExponentialMovingAverage

    net = torch.nn.Linear(3, 2)
    e = ExponentialMovingAverage(net.parameters(), decay=0.9)
    o = torch.optim.Adam(net.parameters())
    for _ in range(3):
        net(torch.randn(4, 3)).sum().backward()
        o.step()
        e.update()
    with e.average_parameters():
        inside = [p.clone() for p in net.parameters()]
    return inside, list(net.parameters())


@case
def ema_pytorch_():
    from ema_pytorch import EMA

    net = torch.nn.Linear(3, 2)
    e = EMA(net, beta=0.99, update_after_step=1, update_every=1)
    with torch.no_grad():
        for _ in range(5):
            for p in net.parameters():
                p.add_(torch.randn_like(p))
            e.update()
    return e(torch.ones(1, 3)), net(torch.ones(1, 3))
