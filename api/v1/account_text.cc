#include "api/v1/account_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "api/v1/card_json.h"
#include "ingest/items/json_out.h"
#include "ledger/values/rfc3339.h"

namespace api {
namespace {

using ledger::ItemEntry;
using ledger::ItemType;
using ledger::Result;

/// A registration as it stands now.
struct Shown {
  const ItemEntry* entry = nullptr;
  ledger::Registration registration;
};

/// The registrations of an account, with the payments and credit notes that came for them.
std::vector<Shown> registrations_of(const std::vector<ledger::Entry>& entries) {
  std::vector<Shown> shown;
  std::map<std::pair<ledger::PracticeNumber, ledger::Guid>, std::size_t> places;
  for (const ledger::Entry& any : entries) {
    const ItemEntry* const item = item_of(any);
    if (item == nullptr) continue;
    const ItemEntry& entry = *item;
    const auto key = std::pair(entry.practice, entry.item.guid);
    if (entry.item.type == ItemType::copayment) {
      places[key] = shown.size();
      ledger::Registration registration;
      registration.amount = entry.item.amount;
      registration.is_paid = entry.item.is_paid;
      registration.service_date = oslo_date(entry.item.service_time);
      registration.reported = entry.verdict;
      shown.push_back({&entry, registration});
      continue;
    }
    const auto place = places.find(key);
    if (place == places.end()) continue;
    ledger::Registration& registration = shown[place->second].registration;
    if (entry.item.type == ItemType::payment) registration.is_paid = true;
    if (entry.item.type == ItemType::credit_note) registration.is_credited = true;
  }
  std::stable_sort(shown.begin(), shown.end(), [](const Shown& a, const Shown& b) {
    return a.entry->item.service_time < b.entry->item.service_time;
  });
  return shown;
}

/// Writes the account bit by bit.
class Writer {
 public:
  Writer(OpenLedger& open, const KnownAccount& known, int year)
      : open_(open), known_(known), account_(known.shown.account), year_(year) {
    for (const ledger::Entry& any : known.entries) {
      const ItemEntry* const entry = item_of(any);
      if (entry != nullptr) entries_[entry->verdict.position] = entry;
    }
    for (const ledger::RefundLine& line : account_.refund_lines) {
      refunded_[line.registration] += line.amount;
    }
  }

  Result<AccountText> write(const AccountPage& page) {
    const std::vector<Shown> shown = registrations_of(known_.entries);
    const auto last_shown = std::find_if(shown.begin(), shown.end(), [&](const Shown& one) {
      return one.entry->verdict.position == page.after;
    });
    const bool is_first_page = page.after.value() == 0;
    AccountText text;
    text.has_page = is_first_page || last_shown != shown.end();
    const auto from =
        is_first_page ? 0 : static_cast<std::size_t>(last_shown - shown.begin()) + text.has_page;
    const std::size_t to = from + std::min(page.limit, shown.size() - from);
    write_figures();
    out_ += "],\"registrations\":[";
    for (std::size_t i = from; i < to; ++i) {
      if (i != from) out_ += ',';
      const auto written = write_registration(shown[i]);
      if (!written) return written.error();
    }
    out_ += "],\"asOf\":{\"position\":";
    ingest::append_position(out_, known_.as_of.position);
    write_time(",\"time\":", known_.as_of.time);
    out_ += '}';
    if (to < shown.size()) text.last = shown[to - 1].entry->verdict.position;
    text.json = std::move(out_);
    return text;
  }

 private:
  void write_figures() {
    const ledger::Money ceiling = *open_.files().rules().ceiling_of(year_);
    const ledger::Money counted = account_.counted_sum;
    const ledger::Money remaining = std::max(ledger::Money(), ceiling - counted);
    out_ = fmt::format(R"({{"year":{},"ceilingOre":{},"countedOre":{},"remainingOre":{})", year_,
                       ceiling.ore(), counted.ore(), remaining.ore());
    out_ += ",\"card\":";
    append_card(out_, year_, account_.card);
    out_ += fmt::format(R"(,"refundedOre":{},"refunds":[)", account_.refunded().ore());
    for (std::size_t i = 0; i < account_.refund_lines.size(); ++i) {
      if (i != 0) out_ += ',';
      write_refund(account_.refund_lines[i]);
    }
  }

  void write_time(std::string_view name, ledger::Instant time) {
    out_ += name;
    out_ += '"';
    ledger::append_rfc3339(out_, time);
    out_ += '"';
  }

  void write_practice(ledger::PracticeNumber practice) {
    const auto id = open_.files().state().practice_identifier(practice);
    out_ += fmt::format(R"(,"practiceId":"{}")", id ? id.value().view() : std::string_view());
  }

  /// Where the registry knew it.
  Result<void> write_practice_name(ledger::PracticeNumber practice) {
    const auto known = names_.find(practice);
    if (known == names_.end()) {
      auto name = practice_name_as_of(open_, practice, known_.as_of.position);
      if (!name) return name.error();
      names_.emplace(practice, std::move(name.value()));
    }
    const std::string& name = names_.at(practice);
    if (name.empty()) return ledger::ok();
    out_ += ",\"practiceName\":";
    ingest::append_json_string(out_, name);
    return ledger::ok();
  }

  void write_refund(const ledger::RefundLine& line) {
    out_ += "{\"position\":";
    ingest::append_position(out_, line.cause);
    const auto entry = entries_.find(line.registration);
    write_practice(entry == entries_.end() ? ledger::nation : entry->second->practice);
    out_ +=
        fmt::format(R"(,"guid":"{}","amountOre":{}}})", to_string(line.guid), line.amount.ore());
  }

  Result<void> write_registration(const Shown& shown) {
    const ledger::Item& item = shown.entry->item;
    const ledger::Code reason =
        reason_not_counted(shown.registration, known_.shown.brief.birth_date);
    out_ += "{\"position\":";
    ingest::append_position(out_, shown.entry->verdict.position);
    out_ += fmt::format(R"(,"guid":"{}")", to_string(item.guid));
    write_practice(shown.entry->practice);
    const auto named = write_practice_name(shown.entry->practice);
    if (!named) return named.error();
    out_ += fmt::format(R"(,"serviceType":"{}")", code_of(item.service_type));
    write_time(",\"serviceTime\":", item.service_time);
    write_time(",\"receivedTime\":", item.received);
    out_ += fmt::format(R"(,"amountOre":{},"paid":{},"credited":{},"counted":{})",
                        item.amount.ore(), shown.registration.is_paid,
                        shown.registration.is_credited, reason == ledger::Code::none);
    out_ += reason == ledger::Code::none ? std::string(",\"reason\":null")
                                         : fmt::format(R"(,"reason":"{}")", name_of(reason));
    const auto refunded = refunded_.find(shown.entry->verdict.position);
    out_ += fmt::format(R"(,"refundedOre":{}}})",
                        refunded == refunded_.end() ? 0 : refunded->second.ore());
    return ledger::ok();
  }

  OpenLedger& open_;
  const KnownAccount& known_;
  const ledger::Account& account_;
  const int year_;
  std::map<ledger::PracticeNumber, std::string> names_;
  std::map<ledger::Position, ledger::Money> refunded_;  // by registration
  std::map<ledger::Position, const ItemEntry*> entries_;
  std::string out_;
};

}  // namespace

Result<AccountText> account_text(OpenLedger& open, const KnownAccount& known, int year,
                                 const AccountPage& page) {
  return Writer(open, known, year).write(page);
}

}  // namespace api
