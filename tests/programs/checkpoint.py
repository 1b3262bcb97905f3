"""Training that is interrupted, saved and resumed gives what uninterrupted training gives."""
import os
import tempfile
from collections import OrderedDict

import torch
from torch import nn, optim


def make():
    torch.manual_seed(4)
    model = nn.Sequential(OrderedDict([
        ("fc1", nn.Linear(5, 16, bias=False)), ("norm", nn.BatchNorm1d(16)), ("act", nn.Tanh()),
        ("drop", nn.Dropout(0.2)), ("fc2", nn.Linear(16, 2))]))
    optimizer = optim.AdamW(model.parameters(), lr=1e-2, amsgrad=True)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8)
    return model, optimizer, scheduler


torch.manual_seed(40)
X, Y = torch.randn(32, 5), torch.randint(0, 2, (32,))


def train(model, optimizer, scheduler, epochs):
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(X), Y)
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    return losses


whole = train(*make(), 8)
model, optimizer, scheduler = make()
first = train(model, optimizer, scheduler, 4)
path = os.path.join(tempfile.mkdtemp(), "checkpoint.pt")
torch.save({"epoch": 4, "model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict(),
            "scheduler_state_dict": scheduler.state_dict(), "rng": torch.get_rng_state(), "loss": first[-1]}, path)

model2, optimizer2, scheduler2 = make()
checkpoint = torch.load(path, map_location="cpu", weights_only=True)
print(model2.load_state_dict(checkpoint["model_state_dict"]))
optimizer2.load_state_dict(checkpoint["optimizer_state_dict"])
scheduler2.load_state_dict(checkpoint["scheduler_state_dict"])
torch.set_rng_state(checkpoint["rng"])
second = train(model2, optimizer2, scheduler2, 4)
print("losses", whole)
print("resumed equals uninterrupted:", first + second == whole, checkpoint["epoch"], checkpoint["loss"] == first[-1])
for key, value in model2.state_dict().items():
    print(key, tuple(value.shape), value.dtype, f"{value.double().mean().item():.5f}")
print(sorted(optimizer2.state_dict()["state"][0]), optimizer2.param_groups[0]["lr"], scheduler2.last_epoch)

torch.save(model.state_dict(), path)
smaller = nn.Sequential(OrderedDict([("fc1", nn.Linear(5, 16, bias=False)), ("extra", nn.Linear(1, 1))]))
result = smaller.load_state_dict(torch.load(path), strict=False)
print("missing", result.missing_keys, "unexpected", sorted(result.unexpected_keys))
try:
    smaller.load_state_dict(torch.load(path))
except RuntimeError as error:
    print(type(error).__mro__[-4].__name__, "Missing key(s)" in str(error), "Unexpected key(s)" in str(error))
