#!/usr/bin/env python3
"""Writes calendar_table.txt: what systemd makes of calendar expressions.

A line is an expression, a base in seconds since 1970, and the next 20 elapses after it, each as the seconds since
the one before; all separated by tabs and spaces, all in UTC. An expression that systemd refuses has "refused"
there, one that never elapses again nothing. Made with systemd 252:

    TZ=UTC python3 make_calendar_table.py > calendar_table.txt
"""
import datetime
import random
import re
import subprocess

KNOWN = """
minutely|hourly|daily|monthly|weekly|yearly|annually|quarterly|semiannually|semi-annually|biannually|bi-annually
Daily|WEEKLY|anually
Thu,Fri 2032-*-1,5 11:12:13|*-*-* 00:00:00|Mon,Sun 2032-*-* 2,1:23|Wed *-1|Wed..Wed,Wed *-1|Wed, 17:48
Wed..Sat,Tue 32-10-15 1:2:3|*-*-7 0:0:0|10-15|monday *-12-* 17:00|Mon,Fri *-*-3,1,2 *:30:45
12,14,13,12:20,10,30|12..14:10,20,30|mon,fri *-1/2-1,3 *:30:45|03-05 08:05:40|08:05:40|05:40
Sat,Sun 12-05 08:05:40|Sat,Sun 08:05:40|2033-03-05 05:40|2033-03-05|*:2/3|*:0/15|*:00/5
Mon *-05~07/1|*-02~01|*-*~1..3|*-*~3|*-02~03,1|*-*~5/2|*-*~1..5/2|*-*~3..1|*-*~31/10|*-*~28|*-*~29
Mon *-*-1..7|Fri *-*-8..14 18:00|Sat *-*-22..28 03:30|Sun *-*~1..7|Mon,Tue *-*-1..7|Fri *-*-13
*-*-1/2|*-*-1..9/2,20|*-*-*/5 00:00|*:*/15|2030..2034/2-*-*|2030/3-01-01|*-1..12/5-1
Mon-Fri 09:00|Mon..Fri 09..17:0/30|Fri..Mon|Sat,Thu,Mon-Wed,Sat-Sun|Tue-Thu,Sat
*-*-* 0/4:00|*-*-* 5..8/2,10:00|22..2:00|24:00|23:60|*-13-1|*-2-30|*-02-29|*-*-31
@2000000000|@1395716396|2012-05-05 04:04|99-01-01|69-01-01
*-*-* *:*:00/10|*:*:*|*:*:0,30|*-*-* 04:00:15
daily UTC|*-*-* 12:00 UTC|weekly UTC|12:00 utc
Mon,,Tue|Foo|*|12|-|:|*-*|~|*-*-~1|1:2:3:4|Mon Tue|2026-1-1-1|*-*-1..|..5:00|5/0:00|*:0/0|1..2..3:00
*-01,04,07,10-01 03:00|Sun *-*-* 06:00|*-*-01 00:00:00|*-*-15,last 00:00|Sun *-01..03-01..07 01:00
*-*-01,15 0,12:00|Tue,Thu *-*-* 7:05,7:35|*-12-24,25,26 10:00|*-*-1,11,21 0:05|Mon..Sun 5:00
"""

# systemd 252 passes over Wednesday, 2030-01-02, which is such a day.
OVERLOOKED = {"Wed *-*-2,13/15,14/14"}


def elapses(expression, base):
    """The next 20 elapses, in seconds since 1970; nil where the expression is refused."""
    when = datetime.datetime.fromtimestamp(base, datetime.timezone.utc)
    done = subprocess.run(
        ["systemd-analyze", "calendar", "--iterations=20", f"--base-time={when:%Y-%m-%d %H:%M:%S} UTC", "--", expression],
        capture_output=True, text=True)
    if done.returncode != 0:
        return None
    found = re.findall(r"(?:Next elapse|Iter\. #\d+): \w+ (\d+-\d+-\d+ \d+:\d+:\d+) UTC", done.stdout)
    return [
        int(datetime.datetime.fromisoformat(text + "+00:00").timestamp()) for text in found
    ]


def component(rng, low, high, may_step=True):
    def number():
        return rng.randint(low, high)

    def item():
        kind = rng.random()
        if kind < 0.6:
            return str(number())
        first, last = sorted((number(), number()))
        step = rng.randint(1, max(1, (high - low) // 2))
        if kind < 0.8:
            return f"{first}..{last}"
        return f"{first}/{step}" if kind < 0.9 or not may_step else f"{first}..{last}/{step}"

    return "*" if rng.random() < 0.4 else ",".join(item() for _ in range(rng.choice([1, 1, 1, 2, 3])))


def made_up(rng):
    days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    parts = []
    if rng.random() < 0.4:
        first, last = sorted((rng.randrange(7), rng.randrange(7)))
        parts.append(rng.choice([f"{days[first]}..{days[last]}", days[first], f"{days[first]},{days[last]}"]))
    if rng.random() < 0.7:
        sign = "~" if rng.random() < 0.2 else "-"
        year = component(rng, 2026, 2040) if rng.random() < 0.2 else "*"
        parts.append(f"{year}-{component(rng, 1, 12)}{sign}{component(rng, 1, 22 if sign == '~' else 31)}")
    if not parts or rng.random() < 0.8:
        time = f"{component(rng, 0, 23)}:{component(rng, 0, 59)}"
        parts.append(time + (f":{component(rng, 0, 59)}" if rng.random() < 0.3 else ""))
    return " ".join(parts)


def main():
    rng = random.Random(6)
    known = [text for line in KNOWN.strip().split("\n") for text in line.split("|")]
    for expression in known + [made_up(rng) for _ in range(400)]:
        if expression in OVERLOOKED:
            continue
        base = 1793491200 if expression in known else rng.randint(1767225600, 1893456000)
        found = elapses(expression, base)
        if found is None:
            shown = "refused"
        else:
            shown = " ".join(str(b - a) for a, b in zip([base] + found, found))
        print(f"{expression}\t{base}\t{shown}")


main()
