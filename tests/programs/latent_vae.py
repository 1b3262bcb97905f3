"""A variational autoencoder in terms of distributions: a normal posterior, a Bernoulli likelihood, a Dirichlet mixture beside them."""
import torch
from torch import distributions as D
from torch import nn
from torch.distributions import Bernoulli, Dirichlet, Independent, MixtureSameFamily, Normal
from torch.distributions.kl import kl_divergence


def stripes(n):
    """n pictures of 6 x 6 with one bright row."""
    images = torch.zeros(n, 6, 6)
    images[torch.arange(n), torch.randint(6, (n,))] = 1.0
    return images.flatten(1)


class VAE(nn.Module):
    def __init__(self, latent=3):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(36, 32), nn.Tanh(), nn.Linear(32, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, 32), nn.Tanh(), nn.Linear(32, 36))
        self.register_buffer("zeros", torch.zeros(latent))

    @property
    def prior(self):
        return Independent(Normal(self.zeros, torch.ones_like(self.zeros)), 1)

    def posterior(self, x):
        loc, raw = self.encoder(x).chunk(2, -1)
        scale = D.transform_to(Normal.arg_constraints["scale"])(raw)
        return Independent(Normal(loc, scale), 1)

    def likelihood(self, z):
        return Independent(Bernoulli(logits=self.decoder(z)), 1)

    def elbo(self, x):
        q = self.posterior(x)
        return (self.likelihood(q.rsample()).log_prob(x) - kl_divergence(q, self.prior.expand(q.batch_shape))).mean()


torch.manual_seed(1)
data = stripes(128)
model = VAE()
print(model.posterior(data), model.likelihood(torch.zeros(3)))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(60):
    optimizer.zero_grad()
    loss = -model.elbo(data)
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        print(f"step {step:3d}  loss {loss.item():.3f}")
with torch.no_grad():
    sure = model.likelihood(model.posterior(data).mean).base_dist.probs
    print("right pixels", int(((sure > 0.5) == (data > 0.5)).sum()) > 0.8 * data.numel())

# Weights of a mixture, with the gradients of Dirichlet draws.
concentration = torch.full((3,), 2.0, requires_grad=True)
weights = Dirichlet(concentration).rsample((500,))
components = Normal(torch.tensor([-2.0, 0.0, 2.0]), 0.5)
mixture = MixtureSameFamily(D.Categorical(weights), components.expand((500, 3)))
likelihood = mixture.log_prob(torch.tensor(2.0)).mean()
likelihood.backward()
print(f"likelihood {likelihood.item():.3f}", "towards", concentration.grad.argmax().item())
try:
    Normal(torch.zeros(2), torch.tensor([1.0, -1.0]))
except ValueError as error:
    print("refused:", "scale" in str(error))
