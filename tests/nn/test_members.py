"""The members of a module, as mappings and in its `__dict__`."""
from __future__ import annotations

import copy
import gc
import pickle
import weakref

import minigrad
from minigrad import nn


def test_members_stand_in_the_dictionary_of_the_module() -> None:
    net = nn.BatchNorm1d(2)
    net.more = nn.Linear(2, 2)
    own = vars(net)
    assert list(own["_parameters"]) == ["weight", "bias"]
    assert list(own["_buffers"]) == ["running_mean", "running_var", "num_batches_tracked"]
    assert own["_modules"]["more"] is net.more
    own["_parameters"]["extra"] = value = minigrad.ones(1)
    assert net.extra is value
    assert list(net._parameters) == ["weight", "bias", "extra"]
    for members in (own, net._parameters):           # as programs remove a name that may stand in either
        del members["extra"]
    assert not hasattr(net, "extra")
    assert "extra" not in own["_parameters"]


def test_a_copy_has_members_of_its_own_in_its_dictionary() -> None:
    net = nn.Sequential(nn.Linear(2, 2))
    for twin in (copy.deepcopy(net), copy.copy(net), pickle.loads(pickle.dumps(net))):
        assert vars(twin)["_modules"]["0"] is twin[0]
    twin = copy.deepcopy(net)
    twin[0].weight = nn.Parameter(minigrad.zeros(2, 2))
    assert vars(twin[0])["_parameters"]["weight"] is twin[0].weight is not net[0].weight


def test_a_module_dies_by_reference_counting() -> None:
    net = nn.Sequential(nn.Linear(2, 2))
    seen, parameters = weakref.ref(net), vars(net[0])["_parameters"]
    gc.disable()
    try:
        del net
        assert seen() is None
        assert len(parameters) == 2
    finally:
        gc.enable()
