import shutil
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import genmodels
from genmodels import model as models
from genmodels import sampling
from genmodels.errors import UsageError
from genmodels.images import to_unit
from genmodels.sampling import attributes, densities


@pytest.fixture(scope="module")
def model(trained):
    return genmodels.load(trained)


@pytest.fixture(scope="module")
def faces(model):
    return np.random.default_rng(0).random((3, 32, 32, 3), np.float32)


def test_what_is_loaded(model, trained):
    assert model.step == 6
    assert model.config.method == "vae"
    assert genmodels.load(str(trained), step=4).step == 4


def test_images_are_in_the_unit_range_and_codes_are_vectors(model, faces):
    z = model.encode(faces)
    assert z.shape == (3, model.config.model.latent)
    for images in (model.decode(100 * z), model.reconstruct(faces), model.sample(jax.random.key(0), 3)):
        assert images.shape == (3, 32, 32, 3)
        assert images.dtype == np.float32
        assert 0 <= images.min() < images.max() <= 1


def test_a_reconstruction_is_the_decoded_code(model, faces):
    np.testing.assert_array_equal(model.reconstruct(faces), model.decode(model.encode(faces)))


def test_samples_are_those_of_their_key(model, trained):
    once = model.sample(jax.random.key(1), 9)
    np.testing.assert_array_equal(genmodels.load(trained).sample(jax.random.key(1), 9), once)
    assert np.abs(model.sample(jax.random.key(2), 9) - once).max() > 0
    codes = jax.random.normal(jax.random.key(1), (9, model.config.model.latent))  # of the prior
    np.testing.assert_array_equal(model.decode(codes), once)


@pytest.fixture
def fitted(trained, tmp_path):
    """A run with a mixture of codes at its newest step, and that mixture."""
    run = shutil.copytree(trained, tmp_path / "run")
    density = densities.fit(np.random.default_rng(0).normal(3, 1, (40, 8)), 2, seed=0)
    densities.write(run / "densities" / "6.npz", {"mixture": density})
    return run, density


def test_codes_come_from_where_they_are_asked_from(model, fitted, monkeypatch):
    run, density = fitted
    key, loaded = jax.random.key(1), genmodels.load(run)
    expected = model.decode(density.sample(key, 9))
    np.testing.assert_array_equal(loaded.sample(key, 9, codes="mixture"), expected)
    monkeypatch.setattr(models, "CHUNK", 4)
    parts = list(loaded.stream(key, 9, codes="mixture"))
    assert [len(part) for part in parts] == [4, 4, 1]
    np.testing.assert_allclose(np.concatenate(parts), expected, atol=1e-5)
    np.testing.assert_array_equal(model.sample(key, 5, codes="improved"), model.refine(key, 5))
    np.testing.assert_array_equal(model.sample(key, 5, codes="prior"), model.sample(key, 5))
    with pytest.raises(ValueError, match="key=3 is not a single random key"):
        loaded.sample(3, 9, codes="mixture")


def test_where_codes_cannot_come_from(model, trained, fitted):
    run, _ = fitted
    key = jax.random.key(0)
    with pytest.raises(ValueError, match="codes='posterior' is unknown: choose one of prior, improved, "):
        model.sample(key, 2, codes="posterior")
    command = "python -m launch.evaluate --workdir={} --step={}$"
    with pytest.raises(UsageError, match=command.format(trained, 6)):
        model.sample(key, 2, codes="mixture")
    with pytest.raises(UsageError, match=command.format(run, 4)):  # of another step
        genmodels.load(run, step=4).sample(key, 2, codes="mixture")
    with pytest.raises(UsageError, match=r"6\.npz has no gaussian: there were too few training images for it"):
        genmodels.load(run).sample(key, 2, codes="gaussian")


def test_samples_with_more_of_an_attribute(model, trained, tmp_path):
    run, key = shutil.copytree(trained, tmp_path / "run"), jax.random.key(1)
    vectors = np.random.default_rng(0).normal(size=(2, 8)).astype(np.float32)
    attributes.write(run / "attributes" / "6.npz", attributes.Vectors(("hat", "smile"), vectors, np.zeros(2)))
    loaded = genmodels.load(run)
    assert list(loaded.attribute_vectors) == ["hat", "smile"]
    np.testing.assert_array_equal(loaded.attribute_vectors["smile"], vectors[1])
    codes = jax.random.normal(key, (5, 8))
    expected = model.decode(codes + (1.5 * vectors[1] - vectors[0])[None])
    found = loaded.sample(key, 5, attributes={"smile": 1.5, "hat": -1})
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_array_equal(loaded.sample(key, 5, attributes={}), model.sample(key, 5))
    refined = model.decode(model.refine_codes(codes).codes + vectors[:1])
    np.testing.assert_allclose(loaded.sample(key, 5, "improved", {"hat": 1}), refined, atol=1e-5)
    with pytest.raises(UsageError, match=r"attributes need .*6\.npz, .* labels by\npython -m launch.evaluate"):
        model.sample(key, 5, attributes={"smile": 1})
    with pytest.raises(UsageError, match=r"attributes need .*6\.npz"):
        _ = model.attribute_vectors


def test_steps_have_weights_of_their_own(model, trained):
    key = jax.random.key(0)
    assert np.abs(genmodels.load(trained, step=4).sample(key, 2) - model.sample(key, 2)).max() > 0


def test_an_example_is_alone_in_its_batch(model, faces):
    """At fixed weights no image depends on its neighbours."""
    np.testing.assert_allclose(model.encode(faces)[:1], model.encode(faces[:1]), atol=1e-5)


@pytest.mark.parametrize("num", [1, 7, 8, 9, 16, 20])
def test_chunks_change_nothing(model, monkeypatch, num):
    codes = np.random.default_rng(0).normal(size=(num, model.config.model.latent)).astype(np.float32)
    whole = model.decode(codes)
    monkeypatch.setattr(models, "CHUNK", 8)
    np.testing.assert_allclose(model.decode(codes), whole, atol=1e-5)


def test_one_program_serves_many_images(model, monkeypatch):
    decode, sizes = model._decode, []
    monkeypatch.setattr(models, "CHUNK", 8)
    monkeypatch.setattr(model, "_decode", lambda weights, codes: sizes.append(len(codes)) or decode(weights, codes))
    assert len(model.sample(jax.random.key(0), 20)) == 20
    assert sizes == [8, 8, 8]


def test_interpolation_runs_straight_from_one_code_to_the_other(model, faces):
    a, b = faces[:2], faces[1:]
    images = model.interpolate(a, b, 5)
    assert images.shape == (2, 5, 32, 32, 3)
    np.testing.assert_allclose(images[:, 0], model.reconstruct(a), atol=1e-5)
    np.testing.assert_allclose(images[:, -1], model.reconstruct(b), atol=1e-5)
    middle = model.decode((model.encode(a) + model.encode(b)) / 2)
    np.testing.assert_allclose(images[:, 2], middle, atol=1e-5)


def test_interpolation_between_one_and_many(model, faces):
    lines = model.interpolate(faces[0], faces, 3)
    np.testing.assert_allclose(lines[1:2], model.interpolate(faces[:1], faces[1:2], 3), atol=1e-5)
    np.testing.assert_allclose(lines[:, 0], model.reconstruct(faces[[0, 0, 0]]), atol=1e-5)
    np.testing.assert_allclose(model.interpolate(faces, faces[0], 3, spherical=True)[:, 0], lines[:, -1], atol=1e-5)
    with pytest.raises(ValueError, match="each of 2 images to one of 3: give as many of both, or one"):
        model.interpolate(faces[:2], faces, 3)
    with pytest.raises(ValueError, match="num=1 must be at least 2"):
        model.interpolate(faces, faces, 1)


def test_uint8_images_are_those_of_the_unit_range(model):
    faces = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    np.testing.assert_array_equal(model.encode(faces), model.encode(to_unit(faces)))
    np.testing.assert_array_equal(model.posterior(faces).logvar, model.posterior(to_unit(faces)).logvar)
    np.testing.assert_array_equal(model.reconstruct(faces), model.reconstruct(to_unit(faces)))


def test_what_is_one_comes_out_as_a_batch_of_one(model, faces):
    one = faces[0]
    np.testing.assert_array_equal(model.encode(one), model.encode(faces[:1]))
    assert model.posterior(one).mean.shape == (1, 8)
    assert model.reconstruct(one).shape == (1, 32, 32, 3)
    assert model.decode(model.encode(one)[0]).shape == (1, 32, 32, 3)
    assert model.interpolate(one, one, 4).shape == (1, 4, 32, 32, 3)


def test_nothing_in_is_nothing_out(model, faces):
    none, latent = faces[:0], model.config.model.latent
    assert model.encode(none).shape == (0, latent)
    assert model.posterior(none).mean.shape == model.posterior(none).logvar.shape == (0, latent)
    assert model.decode(np.zeros((0, latent))).shape == (0, 32, 32, 3)
    assert model.reconstruct(none).shape == (0, 32, 32, 3)
    assert model.interpolate(none, none, 4).shape == (0, 4, 32, 32, 3)
    assert model.refine_codes(np.zeros((0, latent))).codes.shape == (0, latent)
    for draw in (model.sample, model.refine):
        found = draw(jax.random.key(0), 0)
        assert found.shape == (0, 32, 32, 3)
        assert found.dtype == np.float32


@pytest.mark.parametrize("name", ["encode", "posterior", "reconstruct"])
@pytest.mark.parametrize("wrong", [np.zeros((1, 33, 33, 3)), np.full((1, 32, 32, 3), 2.0), np.zeros((1, 3, 32, 32))])
def test_wrong_images_are_refused(model, name, wrong):
    with pytest.raises(ValueError, match=r"images must be .*, not "):
        getattr(model, name)(wrong)


def test_wrong_codes_are_refused(model):
    for name in ("decode", "refine_codes"):
        with pytest.raises(ValueError, match=r"codes must be \[N, 8\] for this model"):
            getattr(model, name)(np.zeros((2, 7)))


@pytest.mark.parametrize("name", ["sample", "refine", "stream"])
@pytest.mark.parametrize(
    ("key", "num", "words"),
    [
        (jax.random.key(0), -1, "num=-1 must be at least 0"),
        (jax.random.key(0), 2.5, "num=2.5 must be an integer"),
        (0, 3, r"key=0 is not a single random key: pass jax\.random\.key\(0\)"),
        (None, 3, "key=None is not a single random key"),
        (jax.random.split(jax.random.key(0)), 3, "is not a single random key"),
        (9, jax.random.key(0), "must be an integer"),  # the wrong way round
    ],
)
def test_wrong_keys_and_numbers_are_refused(model, name, key, num, words):
    with pytest.raises(ValueError, match=words):
        getattr(model, name)(key, num)


@pytest.mark.parametrize(("num", "codes"), [(5, "prior"), (8, "prior"), (20, "prior"), (20, "improved")])
def test_a_stream_is_the_samples_as_they_come(model, monkeypatch, num, codes):
    def descent(method, weights, codes, rate):  # looks at the whole batch, as the stop rule does, and takes no time
        return sampling.Refined(
            codes - codes.mean(0, keepdims=True), *jnp.zeros((2, len(codes))), jnp.zeros((), jnp.int32)
        )

    monkeypatch.setattr(models, "CHUNK", 8)
    monkeypatch.setattr(sampling, "refine", descent)
    key = jax.random.key(3)
    parts = [np.asarray(part) for part in model.stream(key, num, codes)]
    assert [len(part) for part in parts] == [min(8, num - start) for start in range(0, num, 8)]
    np.testing.assert_array_equal(np.concatenate(parts), model.sample(key, num, codes))
    drawn = jax.random.normal(key, (num, model.config.model.latent))
    expected = model.decode(model.refine_codes(drawn).codes if codes == "improved" else drawn)
    np.testing.assert_array_equal(np.concatenate(parts), expected)


def test_a_stream_keeps_no_more_than_a_chunk(model, monkeypatch):
    monkeypatch.setattr(models, "CHUNK", 8)
    alive, most = weakref.WeakSet(), 0

    def decode(weights, codes):
        images = Images(len(codes))
        alive.add(images)
        return images

    class Images:  # what decoding gives, as far as a stream looks at it
        def __init__(self, count):
            self.count = count

    monkeypatch.setattr(model, "_decode", decode)
    monkeypatch.setattr(models.jnp, "clip", lambda images, low, high: images)
    for _ in model.stream(jax.random.key(0), 80):
        most = max(most, len(alive))
    assert most <= 2  # the one before lives until this one is there


def test_the_chunks_of_uint8_images_are_converted_one_by_one(model, monkeypatch, tmp_path):
    """A whole split is encoded from its memory map."""
    monkeypatch.setattr(models, "CHUNK", 8)
    np.save(tmp_path / "split.npy", np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8))
    split, seen = np.load(tmp_path / "split.npy", mmap_mode="r"), []
    monkeypatch.setattr(models, "to_unit", lambda images: seen.append(len(images)) or to_unit(images))
    codes = model.encode(split)
    assert seen == [8, 8, 4]
    np.testing.assert_allclose(codes, model.encode(to_unit(split)), atol=1e-5)


def test_models_are_functions_to_jax(model, faces):
    z = model.encode(faces)
    slope = jax.grad(lambda z: model.decode(z).sum())(z)
    assert np.isfinite(slope).all()
    assert np.abs(slope).max() > 0
    np.testing.assert_allclose(jax.jit(model.reconstruct)(faces), model.reconstruct(faces), atol=1e-4)
    np.testing.assert_allclose(jax.vmap(model.encode)(faces)[:, 0], z, atol=1e-4)


def test_where_there_is_no_run(tmp_path, trained):
    for given, words in (
        (tmp_path, r"is not a run: it has no config\.json"),
        (tmp_path / "new", "new is not a run: there is no such folder"),
        ("a" * 300, "File name too long"),
        ("gs://bucket/run", "^gs://bucket/run is a URL: mount it and give the mounted folder.$"),
        (trained / "config.json", f"a part of one: give the run's folder, {trained}"),
        (trained / "checkpoints" / "6", f"a part of one: give the run's folder, {trained}"),
    ):
        with pytest.raises(UsageError, match=words):
            genmodels.load(given)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file is not a run: it is a file"):
        genmodels.load(tmp_path / "file")


def test_a_folder_of_runs_names_them(tmp_path, trained):
    for i in range(10):
        shutil.copytree(trained, tmp_path / "comparison" / f"vae-{i}")
    (tmp_path / "comparison" / "untrained").mkdir()
    (tmp_path / "comparison" / "untrained" / "config.json").touch()
    for folder in (tmp_path / "comparison", tmp_path):
        with pytest.raises(UsageError, match=r"is not a run but holds 10: give the folder of one of them") as caught:
            genmodels.load(folder)
        second = str(caught.value).splitlines()[1]
        assert second.startswith(f"They are {tmp_path}/comparison/vae-0, {tmp_path}/comparison/vae-1, ")
        assert second.endswith("/vae-7 and 2 more.")
    genmodels.load(tmp_path / "comparison" / "vae-9")


def test_a_folder_below_home(trained, monkeypatch):
    monkeypatch.setenv("HOME", str(trained.parent))
    assert genmodels.load(f"~/{trained.name}").step == 6


@pytest.mark.parametrize(("step", "words"), [("6", "step='6' must be an integer"), (6.0, "step=6.0"), (-1, "step=-1")])
def test_a_step_is_a_whole_number(trained, step, words):
    with pytest.raises(ValueError, match=words):
        genmodels.load(trained, step=step)
