"""Every method's steps, written a second time: tests/methods/test_steps.py holds the methods to them."""

from tests.support.references import introvae, vae, wae_gan, wae_mmd

REFERENCES = (
    *vae.REFERENCES,
    *wae_mmd.REFERENCES,
    *wae_gan.REFERENCES,
    *introvae.REFERENCES,
)
