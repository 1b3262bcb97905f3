"""Stable-Baselines3: PPO, A2C, DQN and SAC for a few hundred steps of a small environment."""
from __future__ import annotations

import sys

import torch
from stable_baselines3 import A2C, DQN, PPO, SAC, TD3

AGENTS = {
    "ppo": lambda: PPO("MlpPolicy", "CartPole-v1", n_steps=128, batch_size=64, n_epochs=2, seed=0, device="cpu"),
    "a2c": lambda: A2C("MlpPolicy", "CartPole-v1", seed=0, device="cpu"),
    "dqn": lambda: DQN("MlpPolicy", "CartPole-v1", learning_starts=100, seed=0, device="cpu"),
    "sac": lambda: SAC("MlpPolicy", "Pendulum-v1", learning_starts=100, batch_size=64, seed=0, device="cpu"),
    "td3": lambda: TD3("MlpPolicy", "Pendulum-v1", learning_starts=100, batch_size=64, seed=0, device="cpu"),
}

for name in sys.argv[1:] or AGENTS:
    agent = AGENTS[name]()
    agent.learn(160 if name in ("sac", "td3") else 512)
    weights = torch.cat([p.detach().flatten() for p in agent.policy.parameters()])
    print(name, f"{weights.sum().item():.5f} {weights.abs().sum().item():.5f}")
    observation = agent.get_env().reset()
    print(name, "acts", *agent.predict(observation, deterministic=True)[0].flatten().round(4))
