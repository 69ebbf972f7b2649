"""References: ``NAME[+VARIANT...]``, where a name that ends in ``.loss.toml`` is a path.

>>> from lossspec.language.text.reference import Reference
>>> Reference.parse("pix2pix+extended+vgg")
Reference(name='pix2pix', variants=('extended', 'vgg'))
>>> Reference.parse("runs/mine.loss.toml+vgg").is_path
True
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

from attrs import frozen

from lossspec.errors import LossSpecError
from lossspec.names import is_name, shorten
from lossspec.paths import user_path

#: The suffix of a spec's file; the rest of the file's name is the name of the spec.
SUFFIX: Final = ".loss.toml"
#: The name of a spec. It never has slashes or dots, so it never leaves its folder.
SPEC_NAME: Final = "[A-Za-z_][A-Za-z0-9_-]*"
#: The value of ``extends``: a name and variants, never a path.
PATTERN: Final = rf"^{SPEC_NAME}(?:\+[A-Za-z_][A-Za-z0-9_]*)*$"

_is_spec_name = re.compile(SPEC_NAME, re.ASCII).fullmatch


class BadReferenceError(LossSpecError):
    """A reference that is not valid."""


@frozen
class Reference:
    """A spec and the variants of it to apply.

    Attributes:
        name: the name of a spec, or the path of its file.
        variants: in the order of the reference; they apply in the order of the document.
    """

    name: str
    variants: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read a reference.

        Raises:
            BadReferenceError: a part is empty or not valid, or a variant is repeated.
        """
        head, *variants = text.split("+")
        wrong = f"`{shorten(text)}` is not a valid reference"
        if SUFFIX in text:  # a folder may have a plus in its name
            before, _, after = text.rpartition(SUFFIX)
            head, variants = before + SUFFIX, after.split("+")[1:] if after else []
            if after and not after.startswith("+"):
                raise BadReferenceError(f"{wrong}: only `+VARIANT` can follow `{SUFFIX}`")
        elif not _is_spec_name(head):
            expected = f"NAME[+VARIANT...] or the path of a file that ends in `{SUFFIX}`"
            stem = head.removesuffix(".toml")
            is_file = stem != head or (is_name(PurePath(stem).name) and PurePath(stem).name != stem)
            meant = f", such as `{shorten(stem + SUFFIX)}`" if is_file else ""
            raise BadReferenceError(f"{wrong}: expected {expected}{meant}")
        seen: set[str] = set()
        for variant in variants:
            if not is_name(variant):
                raise BadReferenceError(f"{wrong}: `{shorten(variant)}` is not a valid variant name")
            if variant in seen:
                raise BadReferenceError(f"{wrong}: it has variant `{shorten(variant)}` twice")
            seen.add(variant)
        name = str(user_path(head)) if head.startswith("~") else head
        return cls(name, tuple(variants))

    @property
    def is_path(self) -> bool:
        """Whether the name is the path of a file."""
        return self.name.endswith(SUFFIX)

    @property
    def stem(self) -> str:
        """The name of the spec; for a path, the name of the file without the suffix."""
        return PurePath(self.name).name.removesuffix(SUFFIX) if self.is_path else self.name

    def __str__(self) -> str:
        return "+".join((self.name, *self.variants))
