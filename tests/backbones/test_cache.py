"""Each picture is looked at once by each backbone, whatever interrupts."""

import numpy as np
import pytest

from drawn_pictures import jpeg
from whatsit.backbones.backbone import Backbone
from whatsit.backbones.cache import Embeddable, EmbeddingCache
from whatsit.backbones.embedder import PixelEmbedder
from whatsit.backbones.views import ViewEmbedder
from whatsit.datasets.embedding_map import embedding_map
from whatsit.imaging.augmentation import NO_AUGMENTATION
from whatsit.imaging.preprocess import Fit


class Counting(PixelEmbedder):
    """Counts the pictures it looks at; may stop half-way."""

    def __init__(self, size=64, stop_at=None):
        super().__init__(size)
        self.looked, self.stop_at = 0, stop_at

    def embed_many(self, images):
        for embedding in super().embed_many(images):
            if self.looked == self.stop_at:
                raise KeyboardInterrupt
            self.looked += 1
            yield embedding


@pytest.fixture
def pictures(tmp_path):
    paths = [tmp_path / f"{n}.jpg" for n in range(150)]
    for number, path in enumerate(paths):
        path.write_bytes(jpeg(number, size=(16, 12)))
    return [Embeddable(f"{number:064x}", path) for number, path in enumerate(paths)]


def test_the_second_time_nothing_is_looked_at(pictures, tmp_path):
    first, second = Counting(), Counting()
    one = EmbeddingCache(tmp_path / "c", first).embed(pictures)
    two = EmbeddingCache(tmp_path / "c", second).embed(pictures[::-1])
    assert (first.looked, second.looked) == (150, 0)
    np.testing.assert_array_equal(one, two[::-1])
    np.testing.assert_array_equal(one, list(PixelEmbedder().embed_many(p.path for p in pictures)))


def test_an_interrupted_run_goes_on_where_it_was(pictures, tmp_path):
    stopped = Counting(stop_at=100)
    with pytest.raises(KeyboardInterrupt):
        EmbeddingCache(tmp_path / "c", stopped).embed(pictures)
    rest, seen = Counting(), []
    EmbeddingCache(tmp_path / "c", rest).embed(pictures, lambda done, total: seen.append((done, total)))
    assert rest.looked == 50
    assert seen[0] == (100, 150) and seen[-1] == (150, 150)


def test_a_torn_or_damaged_row_is_looked_at_again(pictures, tmp_path):
    right = EmbeddingCache(tmp_path / "c", PixelEmbedder()).embed(pictures)
    (path,) = (tmp_path / "c").iterdir()
    content = bytearray(path.read_bytes()[:-100])
    content[36 + 50] ^= 0xFF
    path.write_bytes(content)
    again = Counting()
    np.testing.assert_array_equal(EmbeddingCache(tmp_path / "c", again).embed(pictures), right)
    assert again.looked == 2
    last = Counting()
    EmbeddingCache(tmp_path / "c", last).embed(pictures)
    assert last.looked == 0


def test_backbones_do_not_share_embeddings(pictures, tmp_path):
    EmbeddingCache(tmp_path / "c", Counting(64)).embed(pictures)
    other = Counting(32)
    EmbeddingCache(tmp_path / "c", other).embed(pictures)
    assert other.looked == 150


def test_the_same_pictures_lie_at_the_same_places_whatever_their_order(tmp_path):
    random = np.random.default_rng(1)
    embeddings = np.concatenate([random.normal(c, 0.1, (30, 24)) for c in (-1, 1)]).astype(np.float32) + 3
    hashes = [f"{n:064x}" for n in random.permutation(60)]
    places = embedding_map(embeddings, hashes, tmp_path / "maps")
    assert places.shape == (60, 2) and places.min() == 0 and places.max() == 1
    mixed = random.permutation(60)
    np.testing.assert_array_equal(embedding_map(embeddings[mixed], [hashes[i] for i in mixed]), places[mixed])
    np.testing.assert_array_equal(embedding_map(embeddings, hashes, tmp_path / "maps"), places)


@pytest.mark.parametrize("count", [0, 1, 2, 7, 9])
def test_a_map_of_few_pictures_is_a_map(count):
    embeddings = np.random.default_rng(0).normal(size=(count, 16)).astype(np.float32)
    assert embedding_map(embeddings, [f"{n:064x}" for n in range(count)]).shape == (count, 2)


def test_embeddings_of_one_fit_do_not_answer_for_another():
    one, other = (
        ViewEmbedder(Backbone.builtin(size=32, fit=fit), NO_AUGMENTATION, 1) for fit in (Fit.COVER, Fit.SQUASH)
    )
    assert one.id == Backbone.builtin(size=32).id, "as earlier versions kept them"
    assert other.id != one.id
