"""What a snapshot was asked is kept with it, where the answer is small."""

from __future__ import annotations

from warehouse.snapshots.small_answers import SmallAnswers


def test_a_small_answer_is_asked_for_once_a_long_one_each_time_and_the_oldest_goes():
    asked: list[str] = []
    answers = SmallAnswers()

    def of(sql: str, rows: int, values: tuple[object, ...] = ()) -> int:
        def ask():
            asked.append(sql)
            return ("n",), [(n,) for n in range(rows)]

        return len(answers.of(sql, values, ask)[1])

    assert [of("sum", 1), of("sum", 1), of("sum", 1, ("R",)), of("list", 65), of("list", 65)] == [1, 1, 1, 65, 65]
    assert asked == ["sum", "sum", "list", "list"], "other parameters are another question"
    for number in range(100):
        of(f"months {number}", 60)
    asked.clear()
    assert (of("sum", 1), of("months 99", 60), asked) == (1, 60, ["sum"])
