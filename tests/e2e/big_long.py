"""A gigabyte down, as it is and as a text worth a delta, and a gigabyte up, in bounded memory. For release builds."""
import sys

import harness
import transfer


def test_a_gigabyte_both_ways_in_100_megabytes_of_memory():
    transfer.pass_both_ways(1_000_000_000, ("application/octet-stream", "text/plain"), memory_limit=100_000_000)


harness.run_tests(sys.modules[__name__])
