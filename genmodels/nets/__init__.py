"""The nets, as flax.linen modules.

`dcgan` is the pair of nets of the WAEs and the VAE, `residual` that of IntroVAE, `critic` the latent discriminator of
WAE-GAN, `blocks` the layers that they share.
"""
