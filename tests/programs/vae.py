"""A variational autoencoder on made-up pictures of bars."""
import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


def bars(n):
    """n pictures of 8 x 8 with one bright row and one bright column each."""
    images = torch.zeros(n, 1, 8, 8)
    rows, columns = torch.randint(8, (n,)), torch.randint(8, (n,))
    index = torch.arange(n)
    images[index, 0, rows] = 1.0
    images[index, 0, :, columns] = 1.0
    return images


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 40)
        self.fc21 = nn.Linear(40, 6)
        self.fc22 = nn.Linear(40, 6)
        self.fc3 = nn.Linear(6, 40)
        self.fc4 = nn.Linear(40, 64)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + eps * std

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 64))
        return self.decode(self.reparameterize(mu, logvar)), mu, logvar


def loss_function(recon_x, x, mu, logvar):
    BCE = F.binary_cross_entropy(recon_x, x.view(-1, 64), reduction="sum")
    KLD = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return BCE + KLD, BCE, KLD


torch.manual_seed(11)
loader = DataLoader(TensorDataset(bars(96)), batch_size=32, shuffle=True)
model = VAE()
optimizer = optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(1, 5):
    model.train()
    train_loss = 0
    for batch_idx, (data,) in enumerate(loader):
        optimizer.zero_grad()
        recon, mu, logvar = model(data)
        loss, bce, kld = loss_function(recon, data, mu, logvar)
        loss.backward()
        train_loss += loss.item()
        optimizer.step()
        print(f"epoch {epoch} batch {batch_idx} BCE {bce.item() / len(data):.4f} KLD {kld.item() / len(data):.4f}")
    print(f"====> Epoch: {epoch} Average loss: {train_loss / len(loader.dataset):.4f}")

model.eval()
with torch.no_grad():
    sample = model.decode(torch.randn(2, 6)).view(2, 1, 8, 8)
    print("sample", sample.shape, sample.dtype, f"{sample.mean():.4f} {sample.std():.4f}")
