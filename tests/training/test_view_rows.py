"""Views of pictures, in memory or in the file of a cache."""

import numpy as np

from whatsit import Preprocess
from whatsit.training.view_rows import ViewRows


def embeddings():
    return np.random.default_rng(0).random((300, 3, 5), np.float32)


def test_any_views_of_some_pictures_are_taken_in_the_order_asked_for():
    given = embeddings()
    rows = ViewRows.of(given)
    assert rows.shape == given.shape and np.array_equal(rows.plain, given[:, 0])
    places, views = np.array([7, 2, 2, 299]), np.array([0, 2, 1, 2])
    assert np.array_equal(rows.pick(places, views), given[places, views])


def test_chunks_hold_every_view_once():
    given = embeddings()
    chunks = np.concatenate(list(ViewRows.of(given).chunks()))
    assert chunks.shape == (900, 5)
    assert np.array_equal(np.sort(chunks[:, 0]), np.sort(given[:, :, 0].reshape(-1)))


def test_one_picture_can_stand_at_several_places_and_fewer_can_be_taken():
    rows = ViewRows.empty(3, 2, 2)
    rows[[0, 2]] = np.array([1, 2, 3, 4], np.float32)
    rows[1] = np.array([5, 6, 7, 8], np.float32)
    assert rows.pick(np.array([2, 1]), np.array([1, 0])).tolist() == [[3, 4], [5, 6]]
    assert rows.first(2).shape == (2, 2, 2)
    assert ViewRows.empty(0, 1, 2).shape == (0, 1, 2)


def test_views_that_a_cache_has_are_read_from_its_file(tmp_path):
    from types import SimpleNamespace

    from whatsit.backbones.cache import Embeddable, EmbeddingCache

    given = embeddings()
    cache = EmbeddingCache(tmp_path, SimpleNamespace(id="three-views", dim=15, preprocess=Preprocess(8, 8)))
    hashes = [f"{place:064x}" for place in range(300)]
    cache.keep([(hash_, row.reshape(-1)) for hash_, row in zip(hashes, given, strict=True)][::-1])
    pictures = [Embeddable(hash_, tmp_path / "gone.jpg") for hash_ in hashes]
    others = cache.on_disk([*pictures, pictures[0]], 3)
    rows = ViewRows(np.concatenate([given[:, 0], given[:1, 0]]), others, 3)
    places, views = np.array([7, 2, 300, 299]), np.array([0, 2, 1, 2])
    assert np.array_equal(rows.pick(places, views), np.concatenate([given, given[:1]])[places, views])
    assert np.concatenate(list(rows.chunks())).shape == (903, 5)
    rows.close()
    assert cache.on_disk([Embeddable("f" * 64, tmp_path / "gone.jpg")], 3) is None
