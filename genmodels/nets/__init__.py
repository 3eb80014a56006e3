"""The nets, as flax.linen modules.

`dcgan` and `residual` are the encoder-decoder pairs that config.model.nets can name (`choice`), and `codec` runs them;
`critic` is a latent discriminator; `blocks` are the layers that they share, and `convolutions` the forms in which
these are computed.
"""
