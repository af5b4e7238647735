#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// Base64url (RFC 4648, section 5) without padding, as JSON Web Keys and tokens want it; and base64
// (section 4) with padding, for other bytes in JSON.
namespace storage {

std::string to_base64url(std::span<const std::uint8_t> bytes);
std::string to_base64(std::string_view bytes);

/// The bytes that a text stands for. Nothing when the text is not exactly what to_base64url() would
/// write of them: no padding, no blank, no other letter, and nothing in the bits that are left
/// over.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace storage
