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

#: The suffix of a spec's file; what stands before it is the spec's name.
SUFFIX: Final = ".loss.toml"
#: What a spec may be called. Slashes and dots are never part of a name, so a name never leaves its folder.
SPEC_NAME: Final = "[A-Za-z_][A-Za-z0-9_-]*"
#: What ``extends`` may say: a name and variants, never a path.
PATTERN: Final = rf"^{SPEC_NAME}(?:\+[A-Za-z_][A-Za-z0-9_]*)*$"

_is_spec_name = re.compile(SPEC_NAME, re.ASCII).fullmatch


class BadReferenceError(LossSpecError):
    """A reference that can't be read."""


@frozen
class Reference:
    """A spec and the variants of it that are asked for.

    Attributes:
        name: the name of a spec, or the path of its file.
        variants: as they were given; they apply in the order that the document declares them.
    """

    name: str
    variants: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read a reference.

        Raises:
            BadReferenceError: it has an empty or impossible part, or a variant twice.
        """
        head, *variants = text.split("+")
        if SUFFIX in text:  # a folder may have a plus in its name
            before, _, after = text.rpartition(SUFFIX)
            head, variants = before + SUFFIX, after.split("+")[1:] if after else []
            if after and not after.startswith("+"):
                raise BadReferenceError(
                    f"`{shorten(text)}` is no reference: after `{SUFFIX}` comes `+VARIANT`"
                )
        elif not _is_spec_name(head):
            raise BadReferenceError(
                f"`{shorten(text)}` is no reference: expected NAME[+VARIANT...] or the path of a file "
                f"that ends in `{SUFFIX}`"
            )
        for index, variant in enumerate(variants):
            if not is_name(variant):
                raise BadReferenceError(
                    f"`{shorten(text)}` is no reference: `{shorten(variant)}` names no variant"
                )
            if variant in variants[:index]:
                raise BadReferenceError(f"`{shorten(text)}` names the variant `{variant}` twice")
        return cls(head, tuple(variants))

    @property
    def is_path(self) -> bool:
        """Whether the name is the path of a file."""
        return self.name.endswith(SUFFIX)

    @property
    def stem(self) -> str:
        """The name of the spec: of a path, the file's name without the suffix."""
        return PurePath(self.name).name.removesuffix(SUFFIX) if self.is_path else self.name

    def __str__(self) -> str:
        return "+".join((self.name, *self.variants))
