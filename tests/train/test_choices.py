"""What does not fit together is said, with what to do."""
from __future__ import annotations

from typing import Any

import pytest

from minigrad import nn, optim
from minigrad.errors import ArgumentError, ArgumentTypeError
from minigrad.nn import functional as F
from minigrad.train import Trainer
from minigrad.train.callbacks import EarlyStopping, LambdaCallback

from .test_trainer import blobs, model, trainer


class Forgetful(nn.Linear):
    def forward(self, input: Any) -> Any:
        super().forward(input)


class Careless(Trainer):
    def compute(self, batch: Any) -> Any:
        return self.active(batch[0]).mean()


@pytest.mark.parametrize(("call", "text"), [
    (lambda: trainer().fit(*blobs()), r"hold inputs and targets; got float32 \(64, 2\); give both as one: fit\(\(inputs, targets"),
    (lambda: trainer().fit((blobs()[0], blobs()[1][:3])), "inputs and targets must have one length; got .*64, 2.*3,"),
    (lambda: trainer().fit([{"x": 1.0}]), "a batch must be .inputs, target.; got dict; for other batches subclass Trainer and override"),
    (lambda: trainer().fit(([[1.0, 2.0]] * 3, [0, 1, 0])), "tensors or arrays; got list of 3, list of 3; make them with"),
    (lambda: trainer().fit((blobs()[0], [0] * 64)), r"must be tensors or arrays; got .*\(64, 2\), list of 64"),
    (lambda: trainer().fit(blobs(), epochs=1.5), "epochs must be a whole number; got float 1.5"),
    (lambda: Trainer(nn.Linear, "mse_loss", "adam"), r"got the class Linear; make one: Linear\("),
    (lambda: Trainer(F.relu, "mse_loss", "adam"), "the model must be an nn.Module; got"),
    (lambda: Trainer(Forgetful(2, 2), "mse_loss", "adam").fit(blobs()), "Forgetful gave None for a batch; does its forward end"),
    (lambda: Careless(model(), None, "adam").fit(blobs()), r"compute must return \(loss, output, target\), .*; got .*float32 \(\)"),
    (lambda: trainer().fit(iter([])), "the training data gave no batch in epoch 1; a generator can be walked over once"),
    (lambda: trainer().fit(blobs(0)), "the training data gave no batch in epoch 1"),
    (lambda: trainer().evaluate(blobs(0)), "there is nothing to evaluate: the data gave no batch"),
    (lambda: trainer().predict(blobs(0)[0]), "there is nothing to predict: the data is empty"),
    (lambda: trainer().fit(blobs(), 1.5), "validation is the part of the data to hold out, between 0 and 1; got 1.5"),
    (lambda: trainer().fit(blobs(2), 0.9), "validation=0.9 of 2 samples leaves nothing to train with"),
    (lambda: trainer().fit(blobs(), validate_every=3), "validate_every needs validation data"),
    (lambda: trainer(callbacks=[EarlyStopping]), r"callbacks must be instances .* got the class EarlyStopping; make one: EarlyStopping\("),
    (lambda: trainer(callbacks=[print]), "callbacks must be instances of train.callbacks.Callback; got builtin"),
    (lambda: Trainer(model(), nn.CrossEntropyLoss), r"got the class CrossEntropyLoss; make one: CrossEntropyLoss\(\)"),
    (lambda: Trainer(model(), "mse_loss", [3]), "the optimizer must be one of minigrad.optim, a class or a name; got list of 1"),
    (lambda: Trainer(model(), "mse_loss", optim.Adam(model().parameters())).fit(blobs()), "has no parameter of this model; make it of"),
    (lambda: Trainer(model()).evaluate(blobs()), r"needs a loss; give it to Trainer\(...\) or compile"),
    (lambda: trainer(scheduler=optim.lr_scheduler.StepLR(optim.SGD(model().parameters()), 1)).fit(blobs()), "is one of another optimizer"),
    (lambda: Trainer(model(), scheduler=lambda o: o), "scheduler must be one, or with an optimizer a function that makes one of it"),
    (lambda: trainer(scheduler="step"), "scheduler must be one, .*; got str 'step'"),
    (lambda: trainer(scheduler=lambda o: optim.lr_scheduler.ReduceLROnPlateau(o, "max")), "needs schedule='epoch' and mode='min'; for"),
    (lambda: Trainer(model(), "cross_entrpy"), "'cross_entrpy' is no loss; .*; cross_entropy\\?"),
    (lambda: Trainer(model(), F.cross_entropy, "adem"), "'adem' is no optimizer .*; adam\\?"),
    (lambda: Trainer(model(), F.cross_entropy, "adam", metrics=["acuracy"]), "'acuracy' is no metric; .*; accuracy\\?"),
    (lambda: Trainer(model()).fit(blobs()), "needs a loss and an optimizer"),
    (lambda: trainer().fit(blobs(), resume=True), "make the Trainer with folder="),
    (lambda: trainer().fit(3), "data must be a DataLoader, a data set or"),
    (lambda: trainer(accumulate=0), "accumulate must be at least 1"),
    (lambda: trainer(schedule="batch"), "schedule must be 'epoch' or 'step'"),
    (lambda: LambdaCallback(on_epoch=print), "there is no event on_epoch"),
])
def test_mistakes_are_named(call: Any, text: str) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError), match=text):
        call()
