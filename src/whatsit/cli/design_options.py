"""An option of ``whatsit train`` for every field of ``Design``: its type, its limits and its help come from there."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from whatsit.errors import DataError, SettingError
from whatsit.training.design import Design
from whatsit.training.setting import Kind, Setting

_TYPES = {Kind.COUNT: int, Kind.NUMBER: float, Kind.FLAG: bool}
_SHORT = {"augmentation": ("--augment",)}


def with_design_options(command: Callable[..., None]) -> Callable[..., None]:
    """``command`` with an option per setting in place of its ``**chosen``, which receives those that were given."""

    def run(**values: Any) -> None:
        names = {setting.name for setting in Design.schema()}
        given = {name: values.pop(name) for name in names & values.keys()}
        command(**values, **{name: value for name, value in given.items() if value is not None})

    signature = inspect.signature(command)
    own = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
    parameters = [*own[:2], *map(_parameter, Design.schema()), *own[2:]]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # what Typer reads
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    return run


def chosen_design(remembered: Mapping[str, Any], chosen: Mapping[str, Any]) -> Design:
    """The design of the last time with what is chosen now.

    Raises:
        DataError: what is wrong, under the name it was given by, an option or a line of ``whatsit.toml``.
    """
    try:
        before = Design.from_dict(remembered)
    except SettingError as error:
        if error.field in chosen and error.field in remembered:
            rest = {name: value for name, value in remembered.items() if name != error.field}
            return chosen_design(rest, chosen)
        raise DataError(f"whatsit.toml: {error}; or start from the defaults with  --defaults") from error
    try:
        return before.revised(_json(chosen))
    except SettingError as error:
        raise DataError(error.named(option(error.field))) from error


def option(field: str) -> str:
    """The option that sets a field of ``Design``."""
    return f"--{field.replace('_', '-')}"


def _parameter(setting: Setting) -> inspect.Parameter:
    kind: type = _TYPES.get(setting.kind, str)
    help_text = " ".join(filter(None, (setting.about.text, _range(setting), _modes(setting))))
    names = [option(setting.name), *_SHORT.get(setting.name, ())] if setting.kind is not Kind.FLAG else []
    annotation: Any = Annotated[kind | None, typer.Option(*names, help=help_text)]
    return inspect.Parameter(setting.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _range(setting: Setting) -> str:
    if setting.kind is Kind.NAME:
        return "{backbones}, or the path of a .tflite."  # filled in by ``TableCommand``
    if not setting.limits or setting.kind is Kind.FLAG:
        return ""
    if setting.kind is Kind.SWITCHES:
        return f"{', '.join(setting.choices)}; or none."
    return f"{', '.join(setting.choices) or setting.limits}."


def _modes(setting: Setting) -> str:
    modes = setting.about.modes
    return f"Mode{'s' if len(modes) > 1 else ''} {', '.join(modes)} only." if modes else ""


def _json(chosen: Mapping[str, Any]) -> dict[str, Any]:
    from whatsit.backbones.choice import BackboneChoice

    values = dict(chosen)
    if "augmentation" in values:
        names = [name.strip() for name in values["augmentation"].split(",") if name.strip()]
        if not names:
            raise SettingError("augmentation", values["augmentation"], "switches such as flip,zoom,brightness, or none")
        values["augmentation"] = [] if names == ["none"] else names
    if BackboneChoice(values.get("backbone", "")).is_path:  # the whole path, found from other folders the next time
        values["backbone"] = str(Path(values["backbone"]).absolute())
    return values
