#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/items/item_parser.h"

namespace ingest::test {

/// A vault that hides nothing, so that tests see which number came in.
class PlainVault final : public ledger::NumberVault {
 public:
  ledger::EncryptedNumber encrypt(ledger::NationalId number) const override {
    ledger::EncryptedNumber plain;
    const std::uint64_t value = number.value();
    std::memcpy(plain.bytes.data(), &value, sizeof value);
    return plain;
  }
};

inline std::uint64_t number_in(const ledger::EncryptedNumber& plain) {
  std::uint64_t value = 0;
  std::memcpy(&value, plain.bytes.data(), sizeof value);
  return value;
}

/// A text at the very end of a heap buffer, with the padding that the parser asks for and nothing
/// more: a sanitizer stops whoever reads further. The padding goes on as `tail` says.
class PaddedText {
 public:
  explicit PaddedText(std::string_view text, std::string_view tail = {})
      : size_(text.size()), buffer_(new char[text.size() + ItemParser::padding_bytes]) {
    std::memcpy(buffer_.get(), text.data(), text.size());
    for (std::size_t i = 0; i < ItemParser::padding_bytes; ++i) {
      buffer_[size_ + i] = i < tail.size() ? tail[i] : ' ';
    }
  }
  std::string_view view() const { return {buffer_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> buffer_;
};

/// An item as fields in an order, each with its value as JSON text; to be spoiled piece by piece.
class ItemText {
 public:
  static ItemText copayment() {
    return ItemText({{"type", "\"copayment\""},
                     {"guid", "\"0f8fad5b-d9cb-469f-a165-70867728950e\""},
                     {"practiceId", "\"1001\""},
                     {"personId", "\"22898595734\""},
                     {"serviceType", "\"LE\""},
                     {"serviceTime", "\"2025-03-01T10:00:00+01:00\""},
                     {"amountOre", "17500"},
                     {"paid", "true"}});
  }
  static ItemText payment() { return referring("\"payment\""); }
  static ItemText credit_note() { return referring("\"creditNote\""); }

  ItemText& set(std::string_view name, std::string_view value) {
    for (auto& field : fields_) {
      if (field.first == name) {
        field.second = value;
        return *this;
      }
    }
    return add(name, value);
  }
  ItemText& add(std::string_view name, std::string_view value) {
    fields_.emplace_back(name, value);
    return *this;
  }
  ItemText& add_first(std::string_view name, std::string_view value) {
    fields_.emplace(fields_.begin(), name, value);
    return *this;
  }
  ItemText& remove(std::string_view name) {
    std::erase_if(fields_, [&](const auto& field) { return field.first == name; });
    return *this;
  }

  std::string text() const {
    std::string text = "{";
    for (const auto& [name, value] : fields_) {
      if (text.size() > 1) text += ',';
      text += '"' + name + "\":" + value;
    }
    return text + '}';
  }

 private:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  explicit ItemText(Fields fields) : fields_(std::move(fields)) {}
  static ItemText referring(std::string_view type) {
    return ItemText({{"type", std::string(type)},
                     {"guid", "\"0f8fad5b-d9cb-469f-a165-70867728950e\""},
                     {"practiceId", "\"1001\""}});
  }
  Fields fields_;
};

}  // namespace ingest::test
