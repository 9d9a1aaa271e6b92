#!/usr/bin/env python3
"""Writes what croniter answers to random expressions in UTC: croniter_table.txt.

    python3 -m venv venv && venv/bin/pip install croniter==7.0.0
    venv/bin/python make_croniter_table.py > croniter_table.txt

One line an expression, fields separated by tabs: the expression, how the day fields combine (standard or
and), the start in seconds since the epoch, and the next due instants, each as seconds after the one before.

Left out is what croniter means otherwise on purpose (docs/time.md): equal ranges (`mon-mon`, there the whole
week), seconds last, the n-th
weekday beside a day of the month, `W` beside a day of the week, and what it refuses.
"""

import random
from datetime import datetime, timezone

from croniter import CroniterError, croniter

COUNT = 4000
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
DAYS = "sun mon tue wed thu fri sat".split()
RANGES = {"second": (0, 59), "minute": (0, 59), "hour": (0, 23), "dom": (1, 31), "month": (1, 12), "dow": (0, 7)}

random.seed(20261121)


def value(field):
    low, high = RANGES[field]
    number = random.randint(low, high)
    if field == "month" and random.random() < 0.3:
        return number, MONTHS[number - 1]
    if field == "dow" and random.random() < 0.4:
        return number % 7, DAYS[number % 7]
    return number, str(number)


def item(field):
    low, high = RANGES[field]
    kind = random.random()
    if kind < 0.45:
        return value(field)[1]
    if kind < 0.75:
        first, first_text = value(field)
        last, last_text = value(field)
        # Wrap-around is compared too; equal ends are read differently.
        if first == last or (field == "dow" and first % 7 == last % 7):
            return first_text
        step = f"/{random.randint(2, 7)}" if random.random() < 0.3 and first < last else ""
        return f"{first_text}-{last_text}{step}"
    if kind < 0.85:
        return f"{value(field)[0]}/{random.randint(2, max(2, high // 2))}"
    if field == "dom" and kind < 0.93:
        return "L"
    if field == "dow" and kind < 0.93:
        return f"{random.randint(0, 6)}#{random.randint(1, 5)}"
    return f"*/{random.randint(2, max(2, high // 2))}"


def field(name, free):
    if random.random() < free:
        return "*"
    if name == "dom" and random.random() < 0.06:
        return f"{random.randint(1, 28)}W"
    items = [item(name) for _ in range(random.choice([1, 1, 1, 2, 3]))]
    # croniter does not mix the n-th weekday with plain ones, or repeat a list's star.
    special = [text for text in items if "#" in text or text.startswith("*") or text == "L"]
    return special[0] if special else ",".join(items)


def expression():
    parts = [field("minute", 0.2), field("hour", 0.4), field("dom", 0.55), field("month", 0.6), field("dow", 0.55)]
    if "#" in parts[4]:
        # There, croniter does not combine the day fields with OR.
        parts[2] = "*"
    if "W" in parts[2]:
        parts[4] = "*"
    length = random.choice([5, 5, 5, 5, 6, 7])
    if length > 5:
        parts.insert(0, field("second", 0.1))
    if length > 6:
        first = random.randint(2024, 2060)
        parts.append(random.choice(["*", str(first), f"{first}-{first + 20}", f"{first}-{first + 30}/4", f"{first},2071"]))
    return " ".join(parts)


def main():
    written = 0
    while written < COUNT:
        text = expression()
        match = random.choice(["standard", "standard", "and"])
        start = datetime.fromtimestamp(random.randint(1577836800, 1893456000), timezone.utc).replace(microsecond=0)
        try:
            answers = croniter(
                text,
                start,
                day_or=match != "and",
                implement_cron_bug=match == "standard",
                second_at_beginning=True,
                max_years_between_matches=60,
            )
            instants = [int(answers.get_next(datetime).timestamp()) for _ in range(6)]
        except (CroniterError, KeyError):
            continue
        previous = int(start.timestamp())
        steps = []
        for instant in instants:
            steps.append(str(instant - previous))
            previous = instant
        print(text, match, int(start.timestamp()), " ".join(steps), sep="\t")
        written += 1


main()
