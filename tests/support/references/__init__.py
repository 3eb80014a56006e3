"""Every method's steps, written a second time: tests/methods/test_steps.py compares the methods with them."""

from tests.support.references import introvae, soft_introvae, vae, wae_gan, wae_mmd

REFERENCES = (
    *vae.REFERENCES,
    *wae_mmd.REFERENCES,
    *wae_gan.REFERENCES,
    *introvae.REFERENCES,
    *soft_introvae.REFERENCES,
)
