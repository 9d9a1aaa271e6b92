#!/usr/bin/env python3
"""Writes crontab_table.txt: what croniter makes of times as people write them in crontabs.

    python3 -m venv venv && venv/bin/pip install croniter==7.0.0
    venv/bin/python make_crontab_table.py > crontab_table.txt

A line is the times, a base in seconds since 1970, and the next 20 due instants after it, each as the seconds since
the one before; in UTC. croniter is told to combine the day fields as cron does.
"""
import datetime

from croniter import croniter

TIMES = """
* * * * *|*/5 * * * *|*/15 * * * *|0 * * * *|0 0 * * *|0 3 * * *|30 2 * * 1-5|17 * * * *|25 6 * * *|47 6 * * 7
52 6 1 * *|0 0 1 1 *|0 0 * * 0|0 0 * * Sun|15 10,14,18 * * mon-fri|00 03 * * *|05 08 * * 1|0 */2 * * *|0 */6 * * *
*/10 8-18 * * 1-5|0 9-17 * * *|59 23 * * *|0 0 1,15 * *|0 0 1,15 * 5|0 4 */2 * *|0 4 1-7 * 1|0 0 1 */3 *
0 0 1 jan,apr,jul,oct *|1-59/2 * * * *|0-58/2 * * * *|3,18,33,48 * * * *|*/20 0-6,22-23 * * *|0 5 * * 6,7|0 5 * * 6-7
10 1 31 * *|10 1 29 2 *|10 1 30 4,6,9,11 *|0 12 * * 1,3,5|*/7 * * * *|0 */5 * * *|45 23 28-31 * *|0 8 1-7 * *
@hourly|@daily|@midnight|@weekly|@monthly|@yearly|@annually|00 3 15-25/2 5 1-5|0 0 13 * 5|23 0-20/2 * * *|5 4 * * sun
0 22 * * 1-5|0 0,12 1 */2 *|0 4 8-14 * *|0 0 1,15 * 3|1 0 * * *|0 0 */7 * *|* 1 * * *|*/1 * * * *|30 4 1,15 * 5
"""


def main():
    base = 1790812800
    for line in TIMES.strip().split("\n"):
        for times in line.split("|"):
            start = datetime.datetime.fromtimestamp(base, datetime.timezone.utc)
            due = croniter(times, start, implement_cron_bug=True)
            found = [int(due.get_next(float)) for _ in range(20)]
            steps = " ".join(str(b - a) for a, b in zip([base] + found, found))
            print(f"{times}\t{base}\t{steps}")
            base += 86400 * 3 + 3660


main()
