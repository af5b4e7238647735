// How fast items are understood, on one core: JSON text in, ledger::Item out.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load_items.h"
#include "ingest/items/item_parser.h"
#include "ledger/values/rfc3339.h"
#include "storage/crypto/crypto.h"

namespace bench {
namespace {

constexpr std::uint64_t seed = 42;
constexpr std::uint32_t line_count = 10'000;
constexpr std::uint32_t person_count = 5'000;
const ledger::Date today{std::chrono::year{2026} / 6 / 15};
const ledger::Instant received{std::chrono::sys_seconds(today).time_since_epoch().count() + 43'200};

/// Hides nothing: to verify numbers, and to time the parser without the cipher.
class PlainVault final : public ledger::NumberVault {
 public:
  ledger::EncryptedNumber encrypt(ledger::NationalId number) const override {
    ledger::EncryptedNumber plain;
    const std::uint64_t value = number.value();
    std::memcpy(plain.bytes.data(), &value, sizeof value);
    return plain;
  }
};

/// Lines as they come in, with the bytes after the last one that the parser may read.
struct Lines {
  Lines() : items(seed, person_count, today) {
    for (std::uint32_t i = 0; i < line_count; ++i) text += items.text(items.item(i)) + '\n';
    text_bytes = text.size();
    text.append(ingest::ItemParser::padding_bytes, ' ');
    std::string_view rest(text.data(), text_bytes);
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      lines.push_back(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
  }
  LoadItems items;
  std::string text;
  std::size_t text_bytes = 0;
  std::vector<std::string_view> lines;
};

bool is_as_written(const ingest::ParsedItem& parsed, const LoadItem& written, const Lines& lines) {
  const ledger::Item& item = parsed.item;
  std::uint64_t number = 0;
  std::memcpy(&number, item.person.bytes.data(), sizeof number);
  return parsed.refusal == ledger::Code::none && parsed.has_guid &&
         item.type == ledger::ItemType::copayment && item.guid == written.guid &&
         item.practice.view() == lines.items.practice_id(written.practice) &&
         number == std::stoull(std::string(lines.items.person_number(written.person))) &&
         ledger::code_of(item.service_type) == LoadItems::service_type(written.practice) &&
         item.service_time == lines.items.service_time(written) && item.received == received &&
         item.amount.ore() == written.amount_ore && item.is_paid && item.exemption == 0;
}

/// Ends the program when the parser gets one line wrong: a fast wrong parser is worth nothing.
void verify(const Lines& lines) {
  const PlainVault vault;
  ingest::ItemParser parser(vault, ledger::NumberSeries::production_and_tests);
  for (std::uint32_t i = 0; i < line_count; ++i) {
    const ingest::ParsedItem parsed = parser.parse(lines.lines[i], {}, received);
    if (is_as_written(parsed, lines.items.item(i), lines)) continue;
    std::cerr << "wrong: " << lines.lines[i] << '\n';
    std::exit(1);
  }
}

const Lines& lines() {
  static const Lines made = [] {
    Lines lines;
    verify(lines);
    return lines;
  }();
  return made;
}

void parse_lines(benchmark::State& state, const ledger::NumberVault& vault) {
  const Lines& input = lines();
  const ingest::Caller caller;
  ingest::ItemParser parser(vault, ledger::NumberSeries::production_and_tests);
  for ([[maybe_unused]] auto _ : state) {
    for (const std::string_view line : input.lines) {
      benchmark::DoNotOptimize(parser.parse(line, caller, received));
    }
  }
  state.SetItemsProcessed(state.iterations() * line_count);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(input.text_bytes));
}

void parse_items(benchmark::State& state) { parse_lines(state, PlainVault()); }
BENCHMARK(parse_items)->Unit(benchmark::kMillisecond);

void parse_items_and_encrypt(benchmark::State& state) {
  parse_lines(state, storage::NumberCipher(storage::DataKey{}));
}
BENCHMARK(parse_items_and_encrypt)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bench

BENCHMARK_MAIN();
