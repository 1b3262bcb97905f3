"""What to say of a name that PyTorch may have and minigrad has not: the nearest one that it has."""
from __future__ import annotations

from .namespace import OURS, SEARCHED, public_names, real_name


class Lack:
    """The message of an error. The search waits until somebody reads it: `hasattr` need not pay for it."""

    def __init__(self, alias: str, name: str, sentence: str) -> None:
        self.alias, self.name, self.sentence = alias, name, sentence

    def __str__(self) -> str:
        what = self.sentence.format(alias=self.alias, name=self.name)
        found = nearest(self.alias, self.name)
        return f"{what}: minigrad lacks this name" + (f"; the nearest that it has: {', '.join(found)}" if found else "")

    __repr__ = __str__


def lacked_attribute(alias: str, name: str) -> Lack:
    """For `torch.foo`."""
    return Lack(alias, name, "module {alias!r} has no attribute {name!r}")


def lacked_import(module: str) -> Lack:
    """For `from torch import foo` and `import torch.foo`, which Python lets us not tell apart."""
    alias, _, name = module.rpartition(".")
    return Lack(alias, name, "cannot import name {name!r} from {alias!r}")


def nearest(alias: str, name: str, count: int = 3) -> list[str]:
    """Full names: the same name in another module, then the most similar ones in this one.

    >>> nearest("torch", "Parameter", 1), nearest("torch.nn", "ModulList", 1)
    (['torch.nn.Parameter'], ['torch.nn.ModuleList'])
    """
    from difflib import get_close_matches
    if alias == OURS:
        return [f"{real_name(found.rpartition('.')[0])}.{found.rpartition('.')[2]}" for found in nearest("torch", name, count)]
    same = [f"{other}.{name}" for other in SEARCHED if other != alias and name in public_names(other)]
    known: dict[str, str] = {}
    for other in public_names(alias):
        known.setdefault(other.lower(), other)
    close = [f"{alias}.{known[key]}" for key in get_close_matches(name.lower(), known, count)]
    return (same + close)[:count]
