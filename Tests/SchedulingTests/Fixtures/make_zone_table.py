#!/usr/bin/env python3
"""Writes what Python's zoneinfo says of the offsets of some zones: zone_table.txt.

    python3 make_zone_table.py > zone_table.txt

One line a zone: its name, then pairs of an instant (seconds since the epoch) and the offset (seconds).
Taken are random instants, and those just before and after each change, of zones whose past is settled.
"""

import random
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

ZONES = """Europe/Vienna Europe/Dublin Europe/London America/New_York America/St_Johns America/Sao_Paulo
America/Havana Australia/Lord_Howe Australia/Adelaide Pacific/Apia Pacific/Chatham Pacific/Kiritimati
Asia/Kathmandu Asia/Kolkata Asia/Tokyo Africa/Monrovia Antarctica/Troll Atlantic/Azores UTC""".split()
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

random.seed(4)


def offset(zone, seconds):
    return int((EPOCH + timedelta(seconds=seconds)).astimezone(zone).utcoffset().total_seconds())


def main():
    for name in ZONES:
        zone = ZoneInfo(name)
        instants = [random.randint(-2_500_000_000, 1_750_000_000) for _ in range(60)]
        # After the last transition in the file: its last line's rule.
        instants += [random.randint(1_750_000_000, 250_000_000_000) for _ in range(60)]
        for _ in range(40):
            # Halve a span of four months until its change is found.
            low = random.choice([random.randint(-1_500_000_000, 1_750_000_000), random.randint(4_000_000_000, 200_000_000_000)])
            high = low + 120 * 86400
            if offset(zone, low) == offset(zone, high):
                continue
            while high - low > 1:
                middle = (low + high) // 2
                if offset(zone, middle) == offset(zone, low):
                    low = middle
                else:
                    high = middle
            instants += [low, high]
        print(name, *(f"{seconds}:{offset(zone, seconds)}" for seconds in instants))


main()
