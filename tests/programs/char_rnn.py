"""A character model from one LSTMCell, unrolled by hand, that learns a rhyme and recites it."""
import torch
from torch import nn

TEXT = "the quick brown fox jumps over the lazy dog. " * 6
torch.manual_seed(7)
chars = sorted(set(TEXT))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in TEXT], dtype=torch.long)


class CharRNN(nn.Module):
    def __init__(self, vocab, embed=16, hidden=48):
        super().__init__()
        self.embed = nn.Embedding(vocab, embed)
        self.cell = nn.LSTMCell(embed, hidden)
        self.head = nn.Linear(hidden, vocab)
        self.hidden = hidden

    def init_state(self, batch):
        weight = next(self.parameters())
        return weight.new_zeros(batch, self.hidden), weight.new_zeros(batch, self.hidden)

    def forward(self, x, state):
        h, c = state
        logits = []
        for step in self.embed(x).unbind(dim=1):
            h, c = self.cell(step, (h, c))
            logits.append(self.head(h))
        return torch.stack(logits, dim=1), (h, c)


model = CharRNN(len(chars))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
criterion = nn.CrossEntropyLoss()
batch, length = 4, 12
for step in range(25):
    starts = torch.randint(0, len(data) - length - 1, (batch,))
    x = torch.stack([data[s:s + length] for s in starts])
    y = torch.stack([data[s + 1:s + length + 1] for s in starts])
    state = model.init_state(batch)
    logits, state = model(x, state)
    loss = criterion(logits.reshape(-1, len(chars)), y.reshape(-1))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    optimizer.step()
    if step % 4 == 0:
        print(f"step {step} loss {loss.item():.5f} norm {norm:.4f}")

model.eval()
with torch.no_grad():
    state = model.init_state(1)
    current = torch.tensor([[stoi["t"]]])
    out = []
    for _ in range(20):
        logits, state = model(current, state)
        probs = torch.softmax(logits[:, -1] / 0.8, dim=-1)
        top = probs.topk(3)
        current = torch.multinomial(probs, num_samples=1)
        out.append(chars[current.item()])
print("sample:", repr("".join(out)))
print("top", [chars[i] for i in top.indices[0].tolist()])
