"""What a recipe names, made: networks, loss and the trainer that lets them play."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import nn

from ganbench.api.data import Data, DataInfo
from ganbench.api.errors import UsageError
from ganbench.api.networks import Loss, Networks
from ganbench.api.recipe import Recipe
from ganbench.api.specs import LossSpec, ModelSpec
from ganbench.catalogue.catalogue import Catalogue
from ganbench.running.contracts import check_loss, check_networks, made
from ganbench.training.feed import LatentFeed, RealFeed
from ganbench.training.loop import Trainer
from ganbench.training.seeds import stream_seed


@dataclass(frozen=True)
class Players:
    """Makes the parts of a training from a recipe.

    Args:
        recipe: names the model, the loss and how they are trained.
        catalogue: where its names are looked up.
        device: where they play.
    """

    recipe: Recipe
    catalogue: Catalogue
    device: torch.device

    def trainer(self, data: Data, seed: int) -> Trainer:
        """Networks, loss and feeds, on the device.

        Args:
            data: to train on.
            seed: of the order of the data and of the latents. The networks' first weights come
                from torch's global generators, which the caller seeds.

        Raises:
            UsageError: loss and networks do not fit together.
            PluginNotUsable: the model or the loss does not keep its contract.
        """
        networks, loss = self.networks(data.info), self.loss()
        if self.catalogue.get(LossSpec, self.recipe.loss).per_sample:
            _refuse_batch_norm(networks.discriminator, self.recipe)
        with self.whose():
            return Trainer(
                networks=networks,
                loss=loss,
                training=self.recipe.training,
                real=RealFeed(data, self.device, stream_seed(seed, "data")),
                latents=LatentFeed(networks.latent, self.device, stream_seed(seed, "latents")),
                device=self.device,
            )

    def networks(self, data: DataInfo) -> Networks:
        """The model's networks, on the device and in train mode.

        Raises:
            PluginNotUsable: the model does not take its parameters, or builds something else.
        """
        spec = self.catalogue.get(ModelSpec, self.recipe.model)
        parameters = self.recipe.model_parameters
        networks = made(self.catalogue, check_networks, spec, spec.build, data, **parameters)
        extra = [module for module, _ in networks.extra.values()]
        for module in (networks.generator, networks.discriminator, *extra):
            module.to(self.device).train()
        return networks

    def loss(self) -> Loss:
        """The loss, on the device if it has tensors.

        Raises:
            PluginNotUsable: the loss does not take its parameters, or builds something else.
        """
        spec = self.catalogue.get(LossSpec, self.recipe.loss)
        parameters = self.recipe.loss_parameters
        loss = made(self.catalogue, check_loss, spec, spec.build, **parameters)
        if isinstance(loss, nn.Module):
            loss.to(self.device)
        return loss

    def whose(self) -> AbstractContextManager[None]:
        """Say in errors about networks and losses whose these are."""
        model = self.catalogue.get(ModelSpec, self.recipe.model)
        return self.catalogue.whose(model, self.catalogue.get(LossSpec, self.recipe.loss))


def _refuse_batch_norm(discriminator: nn.Module, recipe: Recipe) -> None:
    kinds = (nn.modules.batchnorm._BatchNorm,)
    if any(isinstance(module, kinds) for module in discriminator.modules()):
        raise UsageError(
            f"{recipe.loss} penalises the discriminator's gradient at single samples, but the "
            f"discriminator of {recipe.model} has batch norm, which mixes samples",
            "use layer norm or none in the discriminator, e.g. "
            f"{recipe.model}+{recipe.loss}[model.discriminator_norm=layer]",
        )
