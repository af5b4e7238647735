#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ingest {

/// A text in UTF-8 may begin with it; it is no part of the JSON (RFC 8259, 8.1).
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Strict, and slower than ItemParser. It is asked only when something is wrong with an item.
bool is_valid_json(std::string_view text);

/// The same text, as long, with a fraction in place of each number that is long or has an exponent:
/// no member takes any of these, and there are readers that refuse a whole text for a number that
/// they cannot hold. What is no number in JSON stays as it is.
std::string with_plain_numbers(std::string_view text);

/// Why the text is not JSON, and where: `syntax error at byte 17, in item 2`, both counted from 0.
/// The item is told within an array. Empty when the text is JSON. Repeats nothing of the text.
std::string json_fault(std::string_view text);

/// The elements of a JSON array, or the text itself when it is an object. False when `text` is not
/// valid JSON, or is neither. Gives at most `elements_max` + 1 elements: the caller refuses such a
/// body, and nothing large is made of it.
bool split_json(std::string_view text, std::vector<std::string_view>& elements,
                std::size_t elements_max = SIZE_MAX);

}  // namespace ingest
