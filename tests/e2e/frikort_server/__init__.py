"""Starts a ledger server for a test, talks to it, and builds what a practice sends.

Everything here sees the server from outside: the program, its HTTP answers and its exit status. This is all that tests
use, whichever module it is in.
"""

from .items import (
    ABSENT, MAX_AMOUNT, SERVICE_TYPES, compact, copayment, credit_note, dated, ndjson, new_guid, new_person,
    new_practice, payment, raw_item)
from .national_numbers import (
    PUBLISHED_NUMBERS, number_with_date, number_with_rest, rests, synthetic_dnumber, synthetic_number,
    synthetic_number_40, synthetic_number_65, wrong_last_digit)
from .oslo_time import (
    UTC, oslo_date, oslo_instant, oslo_text, oslo_today, parse_time, recent_day, rfc3339, to_oslo, utc_text)
from .program import COMMANDS, ROOT, binary, frikort_json, run_frikort
from .receipts import b64url, climb, leaf_hash, node_hash, receipt_root_matches, result_text, signature_valid
from .replies import JSON_TYPE, NDJSON_TYPE, NdjsonReply, PROBLEM_TYPE, Reply
from .server import READY_SECONDS, STOP_SECONDS, Server, free_port, write_configuration
from .server_case import ServerCase
from .years import CEILING, ceiling_ore, ceilings, present_years
