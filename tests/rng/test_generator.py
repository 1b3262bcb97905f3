"""Seeds, states, copies, threads, and the default generator."""
from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import numpy as np
import pytest

from minigrad import rng
from minigrad.errors import ArgumentError, ArgumentTypeError, DeviceError, RandomError
from minigrad.rng import Generator, continuous, twister
from minigrad.rng.generator import Tape


@pytest.fixture(scope="module")
def torch() -> Any:
    return pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def _same_default_generator_after() -> Any:
    with rng.fork_rng():
        yield


# ---------------------------------------------------------------- the generator
@pytest.mark.parametrize("seed", [0, 1, -1, -5, 2 ** 63, 2 ** 64 - 1, -2 ** 63, np.int64(3)])
def test_seeds_count_modulo_2_64(seed: int) -> None:
    g = Generator()
    assert g.manual_seed(seed) is g
    assert g.initial_seed() == int(seed) % 2 ** 64


def test_seeds_as_pytorch_takes_them(torch: Any) -> None:
    for seed in (0, -1, 2 ** 63, -2 ** 63, 2 ** 64 - 1):
        h = torch.Generator().manual_seed(seed)
        g = Generator().manual_seed(seed)
        assert g.initial_seed() == h.initial_seed()
        np.testing.assert_array_equal(g.state_array(), h.get_state().numpy())
    assert Generator().initial_seed() == torch.Generator().initial_seed()


@pytest.mark.parametrize("seed", [2 ** 64, -2 ** 63 - 1])
def test_seed_out_of_range(seed: int) -> None:
    with pytest.raises(ArgumentError, match=r"manual_seed: must lie in -2\*\*63 \.\.\. 2\*\*64 - 1; got"):
        Generator().manual_seed(seed)


@pytest.mark.parametrize("seed", [1.5, True, "1", None])
def test_seed_that_is_no_int(seed: Any) -> None:
    with pytest.raises(RandomError, match="manual_seed: expected an int; got"):
        Generator().manual_seed(seed)


def test_fresh_seed_differs_and_is_reported() -> None:
    g = Generator()
    first, second = g.seed(), g.seed()
    assert first != second == g.initial_seed()


def test_device_is_kept_and_checked() -> None:
    assert str(Generator().device) == "cpu"
    cuda = Generator("cuda:1").manual_seed(4)
    assert str(cuda.device) == str(cuda.clone_state().device) == str(copy.deepcopy(cuda).device) == "cuda:1"
    np.testing.assert_array_equal(cuda.words(5), Generator().manual_seed(4).words(5))
    with pytest.raises(DeviceError, match="device"):
        Generator("tpu")


COPIES = {
    "state": lambda g: _with_state(g.state_array()), "clone_state": Generator.clone_state, "copy": copy.copy,
    "deepcopy": copy.deepcopy, "pickle": lambda g: pickle.loads(pickle.dumps(g)),
}


def _with_state(state: np.ndarray) -> Generator:
    g = Generator()
    g.set_state(state)
    return g


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("used", [0, 1, 623, 624, 625, 5000])
@pytest.mark.parametrize("spare", [False, True])
def test_a_copy_continues_alone(how: str, used: int, spare: bool) -> None:
    g = Generator().manual_seed(-3)
    g.words(used)
    if spare:
        continuous.normal(g, (3,), np.float64)
    other = COPIES[how](g)
    assert other.initial_seed() == g.initial_seed()
    np.testing.assert_array_equal(other.state_array()[24:], g.state_array()[24:])
    x = continuous.normal(g, (5,), np.float64)
    np.testing.assert_array_equal(continuous.normal(other, (5,), np.float64), x)
    np.testing.assert_array_equal(other.words(700), g.words(700))


def test_reading_the_state_changes_nothing() -> None:
    g, h = Generator().manual_seed(1), Generator().manual_seed(1)
    g.state_array()
    np.testing.assert_array_equal(g.state_array(), g.state_array())
    np.testing.assert_array_equal(g.words(3), h.words(3))
    g.state_array()
    np.testing.assert_array_equal(g.words(3), h.words(3))


def test_states_travel_to_pytorch_and_back(torch: Any) -> None:
    g, h = Generator().manual_seed(1), torch.Generator()
    continuous.normal(g, (7,), np.float64)
    h.set_state(torch.from_numpy(g.state_array()))
    np.testing.assert_allclose(torch.empty(3, dtype=torch.float64).normal_(generator=h).numpy(),
                               continuous.normal(g, (3,), np.float64), rtol=1e-14)
    torch.rand(1000, generator=h)
    g.set_state(h.get_state().numpy())
    np.testing.assert_array_equal(continuous.uniform(g, (9,), np.float32), torch.rand(9, generator=h).numpy())


def test_set_state_refuses_what_is_no_state() -> None:
    g = Generator()
    state = g.state_array()
    with pytest.raises(RandomError, match="set_state: expected a state of size 5056; got 3"):
        g.set_state(state[:3])
    with pytest.raises(ArgumentTypeError, match=r"set_state: expected uint8 numbers .* got .*float64 \(5056,\)"):
        g.set_state(np.zeros(5056))
    with pytest.raises(ArgumentTypeError, match="got list of 5056"):
        g.set_state(state.tolist())      # type: ignore[arg-type]
    for broken in (np.zeros_like(state), np.full_like(state, 255)):
        with pytest.raises(RandomError, match="no Mersenne Twister state"):
            g.set_state(broken)
    np.testing.assert_array_equal(g.state_array(), state)


def test_set_state_takes_strided_arrays_and_copies() -> None:
    g, h = Generator().manual_seed(1), Generator()
    wide = np.zeros((5056, 2), np.uint8)
    wide[:, 0] = g.state_array()
    h.set_state(wide[:, 0])
    wide[:] = 0
    np.testing.assert_array_equal(h.words(5), g.words(5))


def test_states_may_be_handed_out_and_in_as_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrapped:
        def __init__(self, array: np.ndarray) -> None:
            self.array = array

    monkeypatch.setattr(Generator, "as_user_sees", staticmethod(Wrapped))
    g, h = Generator().manual_seed(1), Generator()
    g.words(3)
    assert isinstance(g.get_state(), Wrapped)
    h.set_state(g.get_state())
    np.testing.assert_array_equal(h.words(5), g.words(5))
    copy.deepcopy(g)
    with rng.fork_rng():
        rng.manual_seed(1)


def test_tape_gives_back_what_it_read_ahead() -> None:
    for used in (0, 1, 16, 17, 40):
        g, h = Generator().manual_seed(1), Generator().manual_seed(1)
        tape = Tape(g, 4)
        numbers = [tape() for _ in range(used)]
        tape.close()
        np.testing.assert_array_equal(numbers, continuous.uniform(h, (used,), np.float64))
        np.testing.assert_array_equal(g.words(4), h.words(4))


def test_threads_share_one_stream_draw_by_draw() -> None:
    g, pieces = Generator().manual_seed(1), []

    def work() -> None:
        for _ in range(50):
            pieces.append(tuple(continuous.normal(g, (17,), np.float64)))            # two takes of the stream each

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    h = Generator().manual_seed(1)
    assert set(pieces) == {tuple(continuous.normal(h, (17,), np.float64)) for _ in range(200)}


# ---------------------------------------------------------------- the default generator
def test_default_generator_functions() -> None:
    assert rng.manual_seed(12) is rng.default_generator
    assert rng.initial_seed() == Generator().manual_seed(12).initial_seed()
    state = rng.get_rng_state()
    first = rng.default_generator.words(3)
    rng.set_rng_state(state)
    np.testing.assert_array_equal(rng.default_generator.words(3), first)
    assert rng.seed() == rng.initial_seed() == rng.default_generator.initial_seed()
    for seven in ("7", 7.9):             # as PyTorch's function, unlike its method
        assert rng.manual_seed(seven).initial_seed() == rng.manual_seed(7).initial_seed()    # type: ignore[arg-type]


def test_fork_rng_restores_even_after_an_error() -> None:
    rng.manual_seed(12)
    state = rng.default_generator.state_array()

    def seed_and_fail() -> None:
        with rng.fork_rng():
            rng.manual_seed(13)
            rng.default_generator.words(3)
            raise KeyError

    with pytest.raises(KeyError):
        seed_and_fail()
    np.testing.assert_array_equal(rng.default_generator.state_array(), state)
    with rng.fork_rng(enabled=False):
        rng.default_generator.words(3)
    assert not np.array_equal(rng.default_generator.state_array(), state)


# ---------------------------------------------------------------- the twister's memory
def test_a_state_in_memory_is_what_numpy_says() -> None:
    one, other = twister.Twister(), twister.Twister()
    assert twister.laid_out()
    for used in (0, 1, 623, 624, 700):
        one.source.seed(7)
        one.bits.random_raw(used, output=False)
        state = one.bits.state["state"]
        assert one.read().tolist() == [*state["key"].tolist(), state["pos"]]
        other.write(one.read())
        assert other.bits.random_raw(700).tolist() == one.bits.random_raw(700).tolist()


def test_states_where_memory_is_not_as_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Generator().manual_seed(3)
    monkeypatch.setattr(twister, "laid_out", lambda: False)
    guarded = Generator().manual_seed(3)
    for generator in (plain, guarded):
        generator.words(1000)
    assert guarded.state_array().tolist() == plain.state_array().tolist()
    resumed = Generator()
    resumed.set_state(guarded.state_array())
    assert resumed.words(9).tolist() == plain.words(9).tolist()
