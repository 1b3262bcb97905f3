"""A pickle machine that builds containers, numbers and strings, and asks its owner about everything else.

It is no subclass of `pickle.Unpickler`: that one sets attributes, calls what it finds on its stack, and makes room for whatever
length a file claims. Here an operation that is not in the table does not exist.
"""
from __future__ import annotations

import pickletools
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

from .archive import Fail
from .keys import Keys


class Function:
    """What a name in the file stands for: `call` is run with the arguments that the file gives."""
    __slots__ = ("name", "call")

    def __init__(self, name: str, call: Callable[..., Any]) -> None:
        self.name, self.call = name, call


class Unpickler:
    """Reads one pickle.

    find: (module, name) -> a Function or a value. persistent: id -> value. Both raise what `fail` makes for what they do not know.
    """

    def __init__(self, find: Callable[[str, str], Any], persistent: Callable[[Any], Any], fail: Fail) -> None:
        self.find, self.persistent, self.fail = find, persistent, fail
        self.stack: list[Any] = []
        self.outer: list[list[Any]] = []             # the stacks below the marks
        self.memo: dict[int, Any] = {}
        self.key = Keys(fail).checked

    def load(self, data: bytes) -> Any:
        """The object that a pickle describes. Raises ValueError, IndexError, KeyError, ... for one that is no pickle."""
        for operation, argument, _ in pickletools.genops(data):
            name = operation.name
            if name in _VALUES:
                self.stack.append(argument)
            elif name in _STEPS:
                _STEPS[name](self, argument)
            elif name not in _IGNORED:
                raise self.fail(f"uses the pickle operation {name}, which no tensor, container or number needs")
        return self.stack.pop()

    def since_mark(self) -> list[Any]:
        """What was put on the stack since the last mark, which goes."""
        items, self.stack = self.stack, self.outer.pop()
        return items

    # ---- containers
    def _append(self, items: list[Any]) -> None:
        if type(self.stack[-1]) is not list:
            raise self.fail(f"appends to a {type(self.stack[-1]).__name__}; the file is damaged")
        self.stack[-1].extend(items)

    def _set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) not in (dict, OrderedDict, Counter) or len(items) % 2:
            raise self.fail(f"sets items of a {type(target).__name__}; the file is damaged")
        for key, value in zip(items[::2], items[1::2]):
            target[self.key(key)] = value

    def _add_items(self, items: list[Any]) -> None:
        if type(self.stack[-1]) is not set:
            raise self.fail(f"adds to a {type(self.stack[-1]).__name__}; the file is damaged")
        self.stack[-1].update([self.key(item) for item in items])

    def _tuple(self, n: int) -> None:
        items = [self.stack.pop() for _ in range(n)]
        self.stack.append(tuple(items[::-1]))

    def _pair(self) -> list[Any]:
        value, key = self.stack.pop(), self.stack.pop()
        return [key, value]

    # ---- marks and memory
    def _mark(self, _: Any) -> None:
        self.outer.append(self.stack)
        self.stack = []

    def _put(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    def _memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def _get(self, index: int) -> None:
        self.stack.append(self.memo[index])

    # ---- names and what is done with them
    def _global(self, both: str) -> None:
        module, _, name = both.partition(" ")
        self.stack.append(self.find(module, name))

    def _stack_global(self, _: Any) -> None:
        module, name = self._pair()
        if type(name) is not str or type(module) is not str:
            raise self.fail("names something by what is no string; the file is damaged")
        self.stack.append(self.find(module, name))

    def _reduce(self, _: Any) -> None:
        function, arguments = self._pair()
        if type(function) is not Function or type(arguments) is not tuple:
            raise self.fail(f"calls a {type(function).__name__}; only the few functions that make tensors and containers are known")
        self.stack.append(function.call(*arguments))

    def _persistent_id(self, _: Any) -> None:
        self.stack.append(self.persistent(self.stack.pop()))

    def _build(self, _: Any) -> None:
        """Attributes: the versions of its modules, which a state_dict carries, are the only ones there can be."""
        target, state = self.stack[-2], self.stack.pop()
        if type(target) is not OrderedDict or type(state) is not dict or set(state) - {"_metadata"} or not all(
                isinstance(value, dict) for value in state.values()):
            raise self.fail(f"sets attributes of a {type(target).__name__}; only a state_dict's _metadata is known")
        target.__dict__.update(state)


_IGNORED = frozenset({"PROTO", "FRAME", "STOP"})
_VALUES = frozenset({
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING", "SHORT_BINSTRING",
    "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"})
_STEPS: dict[str, Callable[[Unpickler, Any], None]] = {
    "NONE": lambda m, _: m.stack.append(None), "NEWTRUE": lambda m, _: m.stack.append(True),
    "NEWFALSE": lambda m, _: m.stack.append(False), "EMPTY_LIST": lambda m, _: m.stack.append([]),
    "EMPTY_DICT": lambda m, _: m.stack.append({}), "EMPTY_SET": lambda m, _: m.stack.append(set()),
    "EMPTY_TUPLE": lambda m, _: m._tuple(0), "TUPLE1": lambda m, _: m._tuple(1), "TUPLE2": lambda m, _: m._tuple(2),
    "TUPLE3": lambda m, _: m._tuple(3), "TUPLE": lambda m, _: _push(m, tuple(m.since_mark())),
    "LIST": lambda m, _: _push(m, m.since_mark()), "APPEND": lambda m, _: m._append([m.stack.pop()]),
    "APPENDS": lambda m, _: m._append(m.since_mark()), "SETITEM": lambda m, _: m._set_items(m._pair()),
    "SETITEMS": lambda m, _: m._set_items(m.since_mark()), "ADDITEMS": lambda m, _: m._add_items(m.since_mark()),
    "POP": lambda m, _: _drop(m.stack.pop()), "POP_MARK": lambda m, _: _drop(m.since_mark()),
    "MARK": Unpickler._mark, "PUT": Unpickler._put, "BINPUT": Unpickler._put, "LONG_BINPUT": Unpickler._put,
    "MEMOIZE": Unpickler._memoize, "GET": Unpickler._get, "BINGET": Unpickler._get, "LONG_BINGET": Unpickler._get,
    "GLOBAL": Unpickler._global, "STACK_GLOBAL": Unpickler._stack_global, "REDUCE": Unpickler._reduce,
    "BINPERSID": Unpickler._persistent_id, "BUILD": Unpickler._build,
}


def _drop(value: Any) -> None:
    """Pickles of tuples that hold themselves build one too many."""


def _push(machine: Unpickler, value: Any) -> None:
    machine.stack.append(value)                      # after `since_mark` has put the outer stack back
