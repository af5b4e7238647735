#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ledger/values/oslo_time.h"

namespace ledger {

/// Parses an RFC 3339 time with offset: `T` and `Z` in either case, 0 to 9 decimals, no leap
/// second. Nothing when `text` is anything else.
std::optional<Instant> parse_rfc3339(std::string_view text);

/// Parses `YYYY-MM-DD`.
std::optional<Date> parse_date(std::string_view text);

/// Parses `YYYY-MM`.
std::optional<Month> parse_month(std::string_view text);

/// Appends the instant as RFC 3339 in Oslo's local time, with decimals only where there are any:
/// `2025-03-01T10:00:00+01:00`.
void append_rfc3339(std::string& out, Instant instant);
void append_date(std::string& out, Date date);
void append_month(std::string& out, Month month);

std::string to_rfc3339(Instant instant);
std::string to_string(Date date);
std::string to_string(Month month);

}  // namespace ledger
