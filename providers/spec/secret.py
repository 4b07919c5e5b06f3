"""A secret in memory: prints as ***, cannot be pickled, dumped or compared by accident. Pure."""

import hmac
from typing import Any, NoReturn

from providers.spec.masks import MASK, is_reference, names_in


class Secret:
    """Plaintext that must be asked for by name: reveal() is the only way out."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The plaintext. Every caller is a place where a secret leaves: keep them few."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __len__(self) -> int:
        return len(self._value)

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> NoReturn:
        raise TypeError("a Secret is not hashable")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not serializable")

    def __getstate__(self) -> Any:
        raise TypeError("a Secret is not serializable")

    @property
    def is_reference(self) -> bool:
        """True for a text with ${NAME} in it: only the agent can resolve that; never expanded
        here."""
        return is_reference(self._value) or bool(names_in(self._value))

    @property
    def hint(self) -> str:
        """Last four characters, only of secrets long enough that four give nothing away."""
        return self._value[-4:] if len(self._value) >= 16 and not self.is_reference else ""
