"""Programs that people begin with: networks so small that what a step costs is calls, not arithmetic."""
from __future__ import annotations

from typing import Any

from . import nets
from .family import Family, Step, Workloads
from .models import RATE, inference, training

ABOUT = ("A step is zero_grad, forward, loss, backward and the optimizer's step, with a small learning rate; acting and inference are "
         "under `no_grad`, batch 1.")
FAMILY = Family("Small programs", ABOUT, threads=(1,))


def workloads(lib: Any) -> Workloads:
    makers = (by_hand, xor, regression, classifier, letters, characters, adversarial, q_learning, actor_critic, language, convolutional)
    works: Workloads = {f"training: {(make.__doc__ or '').rstrip('.')}": lambda make=make: make(lib) for make in makers}
    works["inference: policy 4-64-64-2, an action drawn"] = lambda: acting(lib)
    works["inference: MLP 784-50-10"] = lambda: inference(lib, nets.mlp(lib, 784, 50, 10), lib.rand(1, 784))
    works["inference: LeNet (1, 28, 28)"] = lambda: inference(lib, lenet(lib), lib.rand(1, 1, 28, 28))
    works["inference: ResNet-18 (3, 224, 224)"] = lambda: inference(lib, nets.resnet18(lib), lib.rand(1, 3, 224, 224))
    return works


def by_hand(lib: Any) -> Step:
    """line fitted to 100 points, tensors only."""
    x = lib.rand(100, 1)
    t = 3 * x + 2
    w, b = lib.zeros(1, requires_grad=True), lib.zeros(1, requires_grad=True)

    def step() -> Any:
        loss = ((x * w + b - t) ** 2).mean()
        loss.backward()
        found = loss.detach(), w.grad.clone()
        with lib.no_grad():
            w.sub_(RATE * w.grad)
            b.sub_(RATE * b.grad)
        w.grad.zero_()
        b.grad.zero_()
        return found
    return step


def xor(lib: Any) -> Step:
    """XOR, 2-8-1 with tanh and sigmoid, SGD."""
    nn = lib.nn
    x = lib.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    t = lib.tensor([[0.0], [1.0], [1.0], [0.0]])
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid())
    optimizer, criterion = lib.optim.SGD(model.parameters(), lr=RATE), nn.BCELoss()
    return minimized(model, optimizer, lambda: criterion(model(x), t))


def regression(lib: Any) -> Step:
    """regression 1-64-64-1, batch 32, Adam."""
    model, x = nets.mlp(lib, 1, 64, 64, 1), lib.rand(32, 1)
    optimizer, criterion = lib.optim.Adam(model.parameters(), lr=RATE), lib.nn.MSELoss()
    return minimized(model, optimizer, lambda: criterion(model(x), x * x))


def classifier(lib: Any) -> Step:
    """MLP 20-64-3, batch 32, Adam."""
    model = nets.mlp(lib, 20, 64, 3)
    return training(lib, model, lib.optim.Adam(model.parameters(), lr=RATE), lib.rand(32, 20), lib.randint(3, (32,)))


def letters(lib: Any) -> Step:
    """RNN of linear layers over the 8 letters of a name."""
    nn = lib.nn
    hidden, out = nn.Linear(57 + 128, 128), nn.Linear(128, 18)
    model = nn.ModuleList([hidden, out])
    name, t = lib.eye(57)[lib.randint(57, (8,))].unsqueeze(1), lib.tensor([3])
    optimizer, criterion = lib.optim.SGD(model.parameters(), lr=RATE), nn.NLLLoss()

    def loss() -> Any:
        h = lib.zeros(1, 128)
        for letter in name:
            h = lib.tanh(hidden(lib.cat((letter, h), 1)))
        return criterion(lib.log_softmax(out(h), 1), t)
    return minimized(model, optimizer, loss)


def characters(lib: Any) -> Step:
    """LSTM of characters, 64 wide, (16, 32), Adam."""
    nn = lib.nn
    model = nn.ModuleList([nn.Embedding(65, 64), nn.LSTM(64, 64, batch_first=True), nn.Linear(64, 65)])
    embedding, layer, head = model
    x, t = lib.randint(65, (16, 32)), lib.randint(65, (16, 32))
    optimizer = lib.optim.Adam(model.parameters(), lr=RATE)

    def loss() -> Any:
        y, _ = layer(embedding(x))
        nn.utils.clip_grad_norm_(model.parameters(), 1e9)
        return nn.functional.cross_entropy(head(y).reshape(-1, 65), t.reshape(-1))
    return minimized(model, optimizer, loss)


def adversarial(lib: Any) -> Step:
    """GAN of MLPs 16-64-64-2 and 2-64-64-1, batch 64, two Adams."""
    nn = lib.nn
    generator, critic = nets.mlp(lib, 16, 64, 64, 2), nets.mlp(lib, 2, 64, 64, 1)
    for_generator = lib.optim.Adam(generator.parameters(), lr=RATE)
    for_critic = lib.optim.Adam(critic.parameters(), lr=RATE)
    criterion, real, ones, zeros = nn.BCEWithLogitsLoss(), lib.rand(64, 2), lib.ones(64, 1), lib.zeros(64, 1)
    noise = lib.randn(64, 16)

    def step() -> Any:
        made = generator(noise)
        for_critic.zero_grad()
        loss = criterion(critic(real), ones) + criterion(critic(made.detach()), zeros)
        loss.backward()
        for_critic.step()
        for_generator.zero_grad()
        fooled = criterion(critic(made), ones)
        fooled.backward()
        for_generator.step()
        return loss.detach(), fooled.detach(), generator[0].weight.grad
    return step


def q_learning(lib: Any) -> Step:
    """Q-learning 4-64-64-2, batch 32, target network, Adam."""
    model, target = nets.mlp(lib, 4, 64, 64, 2), nets.mlp(lib, 4, 64, 64, 2)
    before, after, reward = lib.rand(32, 4), lib.rand(32, 4), lib.rand(32)
    action, done = lib.randint(2, (32, 1)), lib.zeros(32)
    optimizer = lib.optim.Adam(model.parameters(), lr=RATE)

    def loss() -> Any:
        value = model(before).gather(1, action).squeeze(1)
        with lib.no_grad():
            goal = reward + 0.99 * (1 - done) * target(after).max(1).values
        return lib.nn.functional.smooth_l1_loss(value, goal)
    return minimized(model, optimizer, loss)


def actor_critic(lib: Any) -> Step:
    """actor and critic 4-64, ten steps of an episode, Adam."""
    nn, F = lib.nn, lib.nn.functional
    model = nn.ModuleList([nn.Linear(4, 64), nn.Linear(64, 2), nn.Linear(64, 1)])
    body, actor, critic = model
    states, optimizer = lib.rand(10, 4), lib.optim.Adam(model.parameters(), lr=RATE)

    def loss() -> Any:
        chances, values, rewards = [], [], []
        for state in states:
            h = F.relu(body(state))
            policy = lib.distributions.Categorical(F.softmax(actor(h), dim=-1))
            chances.append(policy.log_prob(policy.probs.argmax()))
            values.append(critic(h).squeeze(-1))
            rewards.append(1.0)
        goal = lib.tensor(rewards)
        found = lib.stack(values)
        return F.mse_loss(found, goal) - (lib.stack(chances) * (goal - found.detach())).sum()
    return minimized(model, optimizer, loss)


def language(lib: Any) -> Step:
    """transformer 2 x 32, 4 heads, (16, 8) characters, AdamW."""
    model = nets.transformer(lib, 65, 32, 4, 2, 8)
    return training(lib, model, lib.optim.AdamW(model.parameters(), lr=RATE), lib.randint(65, (16, 8)), lib.randint(65, (16, 8)))


def convolutional(lib: Any) -> Step:
    """LeNet, batch 4, SGD."""
    model = lenet(lib)
    return training(lib, model, lib.optim.SGD(model.parameters(), lr=RATE, momentum=0.9), lib.rand(4, 1, 28, 28), lib.randint(10, (4,)))


def lenet(lib: Any) -> Any:
    nn = lib.nn
    return nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                         nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def minimized(model: Any, optimizer: Any, loss_of: Any) -> Step:
    """A step that returns the loss and the first parameter's gradient."""
    first = next(model.parameters())

    def step() -> Any:
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        optimizer.step()
        return loss.detach(), first.grad
    return step


def acting(lib: Any) -> Step:
    """What an agent does at each step of its world."""
    model = nets.mlp(lib, 4, 64, 64, 2)

    def step() -> Any:
        lib.manual_seed(0)
        with lib.no_grad():
            chances = lib.softmax(model(lib.tensor([0.1, 0.2, 0.3, 0.4]).unsqueeze(0)), 1)
            return lib.multinomial(chances, 1).item()
    return step
