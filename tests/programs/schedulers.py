"""Learning rates over time, from every kind of schedule."""
import torch
from torch.optim import SGD, lr_scheduler


def fresh(lr=0.1, groups=1):
    return SGD([{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr * 10 ** -i} for i in range(groups)], lr=lr, momentum=0.9)


def rates(name, make, steps=12, lr=0.1, groups=1):
    optimizer = fresh(lr, groups)
    scheduler = make(optimizer)
    seen = []
    for _ in range(steps):
        seen.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    print(name, [[round(r, 7) for r in step] for step in seen])


rates("StepLR", lambda o: lr_scheduler.StepLR(o, 3, 0.5), groups=2)
rates("MultiStepLR", lambda o: lr_scheduler.MultiStepLR(o, [2, 7], gamma=0.1))
rates("ConstantLR", lambda o: lr_scheduler.ConstantLR(o, factor=0.5, total_iters=4))
rates("LinearLR", lambda o: lr_scheduler.LinearLR(o, start_factor=0.25, total_iters=5))
rates("ExponentialLR", lambda o: lr_scheduler.ExponentialLR(o, 0.9))
rates("PolynomialLR", lambda o: lr_scheduler.PolynomialLR(o, total_iters=8, power=2.0))
rates("CosineAnnealingLR", lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=10, eta_min=0.001), groups=2)
rates("CosineAnnealingWarmRestarts", lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=3, T_mult=2))
rates("LambdaLR", lambda o: lr_scheduler.LambdaLR(o, lambda epoch: 0.95 ** epoch))
rates("MultiplicativeLR", lambda o: lr_scheduler.MultiplicativeLR(o, lambda epoch: 0.9))
rates("CyclicLR", lambda o: lr_scheduler.CyclicLR(o, base_lr=0.01, max_lr=0.1, step_size_up=4))
rates("OneCycleLR", lambda o: lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=13))
rates("SequentialLR", lambda o: lr_scheduler.SequentialLR(
    o, [lr_scheduler.ConstantLR(o, 0.1, 3), lr_scheduler.ExponentialLR(o, 0.9)], milestones=[4]))
rates("ChainedScheduler", lambda o: lr_scheduler.ChainedScheduler(
    [lr_scheduler.ConstantLR(o, 0.5, 3), lr_scheduler.ExponentialLR(o, 0.9)]))

optimizer = fresh()
plateau = lr_scheduler.ReduceLROnPlateau(optimizer, mode="min", factor=0.5, patience=1, cooldown=1)
seen = []
for metric in [1.0, 0.9, 0.9, 0.9, 0.9, 0.8, 0.85, 0.85, 0.85, 0.85]:
    plateau.step(metric)
    seen.append(optimizer.param_groups[0]["lr"])
print("ReduceLROnPlateau", seen, plateau.num_bad_epochs)
scheduler = lr_scheduler.StepLR(fresh(), 3)
print(scheduler.get_last_lr(), sorted(scheduler.state_dict())[:3])
