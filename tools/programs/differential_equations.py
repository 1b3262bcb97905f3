"""torchdiffeq and torchsde: fits through solvers of differential equations, directly and by the adjoint method."""
from __future__ import annotations

import torch
from torch import nn
from torchdiffeq import odeint, odeint_adjoint, odeint_event

torch.manual_seed(0)


class Field(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))

    def forward(self, t: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return self.net(y ** 3)


t = torch.linspace(0, 2, 12)
start = torch.tensor([[2.0, 0.0]])
turning = torch.tensor([[-0.1, 2.0], [-2.0, -0.1]])
with torch.no_grad():
    target = odeint(lambda t, y: (y ** 3) @ turning, start, t, method="dopri5")
for method in ("dopri5", "rk4", "euler", "bosh3", "adaptive_heun", "implicit_adams", "dopri8"):
    for solve in (odeint, odeint_adjoint):
        torch.manual_seed(1)
        field = Field()
        optimizer = torch.optim.RMSprop(field.parameters(), lr=1e-3)
        losses = []
        for _ in range(3):
            optimizer.zero_grad()
            loss = (solve(field, start, t, method=method) - target).abs().mean()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        print(method, solve.__name__, *(f"{loss:.5f}" for loss in losses))
when, state = odeint_event(lambda t, y: torch.stack((y[1], torch.tensor(-9.8))), torch.tensor([10.0, 0.0]), torch.tensor(0.0),
                           event_fn=lambda t, y: y[0], method="dopri5", atol=1e-6, rtol=1e-6)
print("falls", f"{when.item():.4f} {state[-1, 1].item():.3f}")
