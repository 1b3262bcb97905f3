"""Sequences of different lengths: padding, packing, a bidirectional GRU, weighted sampling and a collate function."""
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler


class Parity(Dataset):
    """Sequences of bits; the label is the parity of their sum."""

    def __init__(self, n):
        lengths = torch.randint(2, 9, (n,))
        self.items = [(torch.randint(0, 2, (int(k),)), k) for k in lengths]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        bits, length = self.items[i]
        return bits, length, bits.sum() % 2


def collate(batch):
    bits, lengths, labels = zip(*batch)
    return pad_sequence(bits, batch_first=True), torch.stack(lengths), torch.stack(labels)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(3, 8, padding_idx=2)
        self.gru = nn.GRU(8, 12, num_layers=2, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(24, 2)

    def forward(self, bits, lengths):
        packed = pack_padded_sequence(self.embed(bits), lengths, batch_first=True, enforce_sorted=False)
        output, hidden = self.gru(packed)
        padded, sizes = pad_packed_sequence(output, batch_first=True)
        self.sizes = sizes
        return self.fc(torch.cat([hidden[-2], hidden[-1]], dim=1)), padded


torch.manual_seed(17)
dataset = Parity(48)
labels = torch.tensor([int(label) for _, _, label in dataset])
weights = 1.0 / torch.bincount(labels)[labels].float()
loader = DataLoader(dataset, batch_size=12, sampler=WeightedRandomSampler(weights, num_samples=48), collate_fn=collate)
model = Tagger()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(3):
    total = 0.0
    for bits, lengths, target in loader:
        logits, padded = model(bits, lengths)
        loss = nn.functional.cross_entropy(logits, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch} loss {total / len(loader):.5f} padded {tuple(padded.shape)} sizes {model.sizes.tolist()}")
