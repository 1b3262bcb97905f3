"""Packages around PyTorch, a small job each: ignite, skorch, geoopt, higher, flows, botorch, PyG, PEFT, accelerate, CRF, Lightning."""
from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch
from torch import nn


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))


def data() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(64, 4), torch.randint(0, 3, (64,))


def descend(loss_of: Callable[[], torch.Tensor], optimizer: Any, steps: int = 3) -> list[float]:
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def ignite() -> list[float]:
    engine = import_module("ignite.engine")
    metrics = import_module("ignite.metrics")
    model = net()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*data()), batch_size=16)
    engine.create_supervised_trainer(model, torch.optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss()).run(loader, max_epochs=2)
    judge = engine.create_supervised_evaluator(model, {"accuracy": metrics.Accuracy(), "loss": metrics.Loss(nn.CrossEntropyLoss())})
    found = judge.run(loader).metrics
    return [found["accuracy"], found["loss"]]


def skorch() -> list[float]:
    x, y = data()
    fitted = import_module("skorch").NeuralNetClassifier(net(), criterion=nn.CrossEntropyLoss, max_epochs=3, lr=0.1, verbose=0,
                                                         train_split=None)
    fitted.fit(x.numpy(), y.numpy())
    return list(fitted.history[:, "train_loss"])


def geoopt() -> list[float]:
    package = import_module("geoopt")
    torch.manual_seed(0)
    ball, sphere = package.PoincareBall(), package.Sphere()
    p = package.ManifoldParameter(ball.expmap0(0.3 * torch.randn(5, 2)), manifold=ball)
    q = package.ManifoldParameter(sphere.projx(torch.randn(4)), manifold=sphere)
    target = torch.tensor([1.0, 0.0, 0.0, 0.0])
    return descend(lambda: ball.dist0(p).pow(2).sum() + sphere.dist(q, target), package.optim.RiemannianAdam([p, q], lr=0.05))


def higher() -> list[float]:
    package = import_module("higher")
    model, (x, y) = net(), data()
    outer, losses = torch.optim.Adam(model.parameters(), lr=0.01), []
    for make in (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), lambda p: torch.optim.Adam(p, lr=0.01)):
        outer.zero_grad()
        with package.innerloop_ctx(model, make(model.parameters()), copy_initial_weights=False) as (fast, inner):
            for _ in range(3):
                inner.step(nn.functional.cross_entropy(fast(x[:32]), y[:32]))
            loss = nn.functional.cross_entropy(fast(x[32:]), y[32:])
            loss.backward()
        outer.step()
        losses += [loss.item(), model[0].weight.grad.abs().mean().item()]
    return losses


def normflows() -> list[float]:
    nf = import_module("normflows")
    torch.manual_seed(0)
    flows = []
    for _ in range(2):
        flows += [nf.flows.AffineCouplingBlock(nf.nets.MLP([1, 16, 2], init_zeros=True)), nf.flows.Permute(2, mode="swap")]
    model = nf.NormalizingFlow(nf.distributions.base.DiagGaussian(2), flows)
    x = torch.randn(32, 2) + 1
    return descend(lambda: model.forward_kld(x), torch.optim.Adam(model.parameters(), lr=0.01))


def nflows() -> list[float]:
    torch.manual_seed(0)
    flow = import_module("nflows.flows.autoregressive").MaskedAutoregressiveFlow(3, 16, 2, 1)
    x = torch.randn(32, 3) + 1
    return descend(lambda: -flow.log_prob(x).mean(), torch.optim.Adam(flow.parameters(), lr=0.01))


def botorch() -> list[float]:
    package = import_module("botorch")
    torch.manual_seed(0)
    x = torch.rand(10, 2, dtype=torch.double)
    y = -(x - 0.3).norm(dim=-1, keepdim=True)
    model = import_module("botorch.models").SingleTaskGP(x, y)
    package.fit.fit_gpytorch_mll(import_module("gpytorch.mlls").ExactMarginalLogLikelihood(model.likelihood, model))
    best = import_module("botorch.acquisition").LogExpectedImprovement(model, best_f=y.max())
    bounds = torch.tensor([[0.0, 0.0], [1.0, 1.0]], dtype=torch.double)
    where, value = import_module("botorch.optim").optimize_acqf(best, bounds=bounds, q=1, num_restarts=2, raw_samples=8)
    return [*where.flatten().tolist(), value.item()]


def torch_geometric() -> list[float]:
    pyg = import_module("torch_geometric.nn")
    torch.manual_seed(0)
    edges = torch.randint(0, 12, (2, 40))
    x, y = torch.randn(12, 6), torch.randint(0, 3, (12,))
    losses = []
    for kind in (pyg.GCNConv, pyg.GATConv, pyg.SAGEConv, pyg.GraphConv):
        torch.manual_seed(2)
        first, second = kind(6, 8), kind(8, 3)
        optimizer = torch.optim.Adam([*first.parameters(), *second.parameters()], lr=0.01)
        losses += descend(lambda f=first, s=second: nn.functional.cross_entropy(s(f(x, edges).relu(), edges), y), optimizer)
    return losses


def peft() -> list[float]:
    package = import_module("peft")
    hf = import_module("transformers")
    torch.manual_seed(0)
    model = hf.GPT2LMHeadModel(hf.GPT2Config(vocab_size=40, n_positions=16, n_embd=16, n_layer=1, n_head=2))
    model = package.get_peft_model(model, package.LoraConfig(r=2, target_modules=["c_attn"], fan_in_fan_out=True))
    words = torch.randint(0, 40, (2, 8))
    return descend(lambda: model(input_ids=words, labels=words).loss, torch.optim.AdamW(model.parameters(), lr=0.01))


def accelerate() -> list[float]:
    boss = import_module("accelerate").Accelerator(cpu=True)
    model = net()
    model, optimizer, loader = boss.prepare(model, torch.optim.Adam(model.parameters(), lr=0.01), torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(*data()), batch_size=16))
    losses = []
    for x, y in loader:
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        boss.backward(loss)
        boss.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


def crf() -> list[float]:
    torch.manual_seed(0)
    layer = import_module("torchcrf").CRF(4, batch_first=True)
    scores, tags = torch.randn(3, 6, 4, requires_grad=True), torch.randint(0, 4, (3, 6))
    losses = descend(lambda: -layer(scores, tags), torch.optim.SGD(layer.parameters(), lr=0.1))
    return [*losses, *layer.decode(scores)[0]]


def lightning() -> list[float]:
    pl = import_module("lightning.pytorch")

    class Model(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net, self.losses = net(), []

        def training_step(self, batch: Any, index: int) -> torch.Tensor:
            loss = nn.functional.cross_entropy(self.net(batch[0]), batch[1])
            self.losses.append(loss.item())
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), lr=0.01)

    model = Model()
    pl.Trainer(max_epochs=1, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
               enable_model_summary=False).fit(model, torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*data()), batch_size=16))
    return model.losses


JOBS = {f.__name__: f for f in (ignite, skorch, geoopt, higher, normflows, nflows, botorch, torch_geometric, peft, accelerate, crf,
                                  lightning)}
for name in sys.argv[1:] or JOBS:
    try:
        print(name, *(f"{number:.5f}" for number in JOBS[name]()))
    except Exception as error:                       # the others shall still have their turn
        print(name, "fails:", type(error).__name__, str(error)[:150].replace("\n", " "))
