"""The nets, as flax.linen modules.

`dcgan` and `residual` are the pairs of an encoder and a decoder that config.model.nets names (`choice`), `codec` runs
them; `critic` is a latent discriminator; `blocks` are the layers that they share, `convolutions` the
forms in which these are computed.
"""
