"""What the people of a store do with papers to and from other stores in a day, and how often."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from demo.people.arrivals import receive_goods, take_back, take_in
from demo.people.desk import Desk
from demo.people.requests import ask, order
from demo.people.second_thoughts import call_off, clear, refuse, remark, send_back
from demo.people.supplies import answer, fill

# In the order of a day: first what arrived.
TRANSFERRING: Mapping[str, tuple[Callable[[Desk], bool], float]] = {
    "goods received": (receive_goods, 1.5),
    "deliveries": (take_in, 2.5),
    "returns taken": (take_back, 1.0),
    "cleared": (clear, 0.5),
    "refused": (refuse, 0.02),
    "requests answered": (answer, 2.0),
    "orders filled": (fill, 2.0),
    "called off": (call_off, 0.04),
    "requests": (ask, 0.4),
    "orders": (order, 0.4),
    "returns": (send_back, 0.2),
    "remarks": (remark, 0.15),
}
