"""Policy gradients: one policy chooses among levers, another one aims; both learn from rewards alone."""
import torch
import torch.nn as nn
import torch.optim as optim
from torch.distributions import Categorical


class Levers(nn.Module):
    def __init__(self, levers):
        super().__init__()
        self.affine = nn.Linear(2, levers)

    def forward(self, x):
        return Categorical(logits=self.affine(x))


class Archer(nn.Module):
    def __init__(self):
        super().__init__()
        self.aim = nn.Linear(1, 1)
        self.log_std = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return torch.distributions.normal.Normal(self.aim(x), self.log_std.exp())


def train(policy, situation, reward, steps, lr):
    optimizer = optim.Adam(policy.parameters(), lr=lr)
    for step in range(steps):
        m = policy(situation)
        action = m.sample()
        rewards = reward(action)
        advantage = (rewards - rewards.mean()) / (rewards.std() + 1e-6)
        loss = -(m.log_prob(action).squeeze() * advantage.squeeze()).mean() - 0.01 * m.entropy().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 20 == 0:
            print(f"{step:3d}  reward {rewards.mean().item():.3f}  entropy {m.entropy().mean().item():.3f}")
    return policy


torch.manual_seed(4)
right = torch.randint(2, (64,))
situation = nn.functional.one_hot(right, 2).float()
levers = train(Levers(4), situation, lambda action: (action == right + 1).float(), steps=60, lr=0.1)
print("levers", levers(torch.eye(2)).probs.argmax(-1).tolist(), levers(torch.eye(2)))

distance = torch.linspace(-1, 1, 64).unsqueeze(-1)
archer = train(Archer(), distance, lambda action: -(action - 2 * distance).abs(), steps=60, lr=0.1)
print("aim", archer.aim.weight.item() > 1.2, archer(torch.ones(1)).stddev.item() < 1)
