"""What the benchmarks in Python share."""

import time


def best_time(call, rounds):
    """Nanoseconds of one call, in the best of some rounds of about 5 ms."""
    best = float("inf")
    calls = 1
    for _ in range(rounds):
        begin = time.perf_counter_ns()
        for _ in range(calls):
            call()
        best = min(best, (time.perf_counter_ns() - begin) / calls)
        calls = max(1, int(5e6 / best))
    return best
