"""The medical items of the demo: what a national essential medicines list has on it (``medicines.txt``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Where a form says more than its line: the unit, and the units in a pack.
_FORMS = {
    "tablet": ("tablet", None),
    "capsule": ("capsule", None),
    "suppository": ("suppository", 10),
    "pessary": ("pessary", 6),
    "suspension": ("bottle", 1),
    "syrup": ("bottle", 1),
    "elixir": ("bottle", 1),
    "solution": ("bottle", 1),
    "lotion": ("bottle", 1),
    "powder": ("bottle", 1),
    "eye": ("bottle", 1),
    "ear": ("bottle", 1),
    "cream": ("tube", 1),
    "ointment": ("tube", 1),
    "gel": ("tube", 1),
    "infusion": ("bag", 12),
    "nebule": ("nebule", 20),
}


@dataclass(frozen=True)
class Medicine:
    """An item as a list has it; ``pack_size`` is units per pack."""

    code: str
    name: str
    category: str
    unit: str
    pack_size: int
    ven: str

    @property
    def is_vaccine(self) -> bool:
        """Whether it is kept cold and counted in doses."""
        return self.category == "Vaccines"


@cache
def medicines() -> tuple[Medicine, ...]:
    """Every item of the list, in its order; codes are unique."""
    found: list[Medicine] = []
    lines = Path(__file__).with_name("medicines.txt").read_text(encoding="utf-8").splitlines()
    for line in lines[1:]:
        category, name, forms, pack_size, ven, unit = (cell.strip() for cell in line.split(" | "))
        letters = "".join(letter for letter in name.upper() if "A" <= letter <= "Z")[:4]
        for form in forms.split("; "):
            code = f"{letters}{len(found) + 1:04}"
            form_unit, units = _FORMS.get(form.split()[0], (unit, None))
            found.append(Medicine(code, f"{name} {form}", category, form_unit, units or int(pack_size), ven))
    return tuple(found)
