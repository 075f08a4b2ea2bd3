"""The script with all its kinds of step: they enter the deck when their modules are imported."""

from tests.network import merge_steps, network_steps, office_steps, patient_steps, right_steps, wrong_steps
from tests.network.script import KINDS, Script

__all__ = [
    "KINDS",
    "Script",
    "merge_steps",
    "network_steps",
    "office_steps",
    "patient_steps",
    "right_steps",
    "wrong_steps",
]
