"""An actor and a critic that share a body learn to walk to the right end of a corridor."""
import random

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim


class Corridor:
    """Eleven fields; start in the middle; +1 at the right end, -1 at the left one, -0.02 a step."""

    def __init__(self):
        self.place = 5

    def reset(self):
        self.place = 5
        return self.state()

    def state(self):
        return [self.place / 10, abs(self.place - 5) / 5, 1.0]

    def step(self, action):
        self.place += 1 if action == 1 else -1
        done = self.place in (0, 10)
        reward = (1.0 if self.place == 10 else -1.0) if done else -0.02
        return self.state(), reward, done


class Policy(nn.Module):
    def __init__(self):
        super(Policy, self).__init__()           # noqa: UP008
        self.affine = nn.Linear(3, 32)
        self.action_head = nn.Linear(32, 2)
        self.value_head = nn.Linear(32, 1)
        self.saved = []
        self.rewards = []

    def forward(self, x):
        x = F.relu(self.affine(x))
        return F.softmax(self.action_head(x), dim=-1), self.value_head(x)


random.seed(3)
torch.manual_seed(3)
model = Policy()
optimizer = optim.Adam(model.parameters(), lr=2e-2)
eps = torch.finfo(torch.float32).eps


def select_action(state):
    probs, value = model(torch.tensor(state))
    action = torch.multinomial(probs, 1).item()
    model.saved.append((torch.log(probs[action]), value, -(probs * probs.log()).sum()))
    return action


def finish_episode():
    R = 0
    returns = []
    for r in model.rewards[::-1]:
        R = r + 0.95 * R
        returns.insert(0, R)
    returns = torch.tensor(returns)
    if len(returns) > 1:
        returns = (returns - returns.mean()) / (returns.std() + eps)
    policy_losses, value_losses = [], []
    for (log_prob, value, entropy), R in zip(model.saved, returns):
        advantage = R - value.item()
        policy_losses.append(-log_prob * advantage - 0.01 * entropy)
        value_losses.append(F.smooth_l1_loss(value, torch.tensor([R])))
    optimizer.zero_grad()
    loss = torch.stack(policy_losses).sum() + torch.stack(value_losses).sum()
    loss.backward()
    optimizer.step()
    del model.rewards[:]
    del model.saved[:]
    return loss.item()


env = Corridor()
running = 0.0
for episode in range(12):
    state, total = env.reset(), 0.0
    steps = 0
    while steps < 40:
        state, reward, done = env.step(select_action(state))
        model.rewards.append(reward)
        total += reward
        steps += 1
        if done:
            break
    running = 0.1 * total + 0.9 * running
    print(f"episode {episode} steps {steps} reward {total:.2f} running {running:.4f} loss {finish_episode():.4f}")
print("right:", torch.argmax(model(torch.tensor([0.5, 0.0, 1.0]))[0]).item())
