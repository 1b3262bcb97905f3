"""torchsde: a stochastic differential equation with learned drift and diffusion."""
from __future__ import annotations

import torch
import torchsde


class Equation(torch.nn.Module):
    noise_type, sde_type = "diagonal", "ito"

    def __init__(self) -> None:
        super().__init__()
        self.mu, self.sigma = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)

    def f(self, t: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return self.mu(y)

    def g(self, t: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return self.sigma(y).sigmoid()


for solve in (torchsde.sdeint, torchsde.sdeint_adjoint):
    torch.manual_seed(0)
    equation = Equation()
    optimizer = torch.optim.Adam(equation.parameters(), lr=0.01)
    losses = []
    for step in range(3):
        noise = torchsde.BrownianInterval(t0=0.0, t1=1.0, size=(4, 3), entropy=step, levy_area_approximation="space-time")
        loss = solve(equation, torch.full((4, 3), 0.1), torch.linspace(0, 1, 5), dt=0.05, bm=noise).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(solve.__name__, *(f"{loss:.6f}" for loss in losses))
