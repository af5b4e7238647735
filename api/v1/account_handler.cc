// POST /v1/persons/account: what the citizen portal shows of a person's year.

#include <fmt/format.h>

#include <algorithm>

#include "api/runtime/ledger_routes.h"
#include "api/runtime/shown_account.h"
#include "api/v1/card_json.h"
#include "api/v1/own_person.h"
#include "api/v1/request_fields.h"
#include "api/v1/routes.h"
#include "ingest/items/clock.h"
#include "ingest/items/json_out.h"
#include "ledger/values/hex.h"
#include "ledger/values/position_text.h"
#include "ledger/values/rfc3339.h"
#include "storage/ledger_files/history.h"

namespace api {
namespace {

using ledger::Account;
using ledger::AccountKey;
using ledger::ItemEntry;
using ledger::ItemType;

struct Question {
  ledger::EncryptedNumber person;
  int year = 0;
  std::size_t limit = 100;
  ledger::Position after;  ///< of the last registration shown; 0 = from the first
};

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

/// The head of the journal in the state that is shown.
struct AsOf {
  ledger::Position position;
  ledger::Instant time;  ///< when that was committed
};

/// Reads the account until what it holds is durable, and says up to where it then knows.
ledger::Result<AsOf> read_account(OpenLedger& open, const Question& question, ShownAccount& shown) {
  for (;;) {
    // Before the account, so that nothing up to here is missing from it.
    const ledger::Position head{open.files().journal().next_position().value() - 1};
    auto read = shown_account(open.files().state(), question.person, question.year);
    if (!read) return read.error();
    if (read.value().reflects <= head) {
      shown = std::move(read.value());
      if (head.value() == 0) return AsOf{head, ingest::now()};
      const auto time = open.files().journal().committed_at(head);
      if (!time) return time.error();
      return AsOf{head, time.value()};
    }
    const auto waited = open.wait_durable(read.value().reflects);
    if (waited) return waited;
  }
}

/// Writes the answer. Practices are shown by the identifier they use themselves.
class AccountText {
 public:
  AccountText(const ShownAccount& shown, const std::vector<ledger::Entry>& entries,
              const storage::StateStore& state)
      : account_(shown.account), birth_date_(shown.brief.birth_date), state_(state) {
    for (const ledger::Entry& any : entries) {
      const ItemEntry* const entry = item_of(any);
      if (entry != nullptr) entries_[entry->verdict.position] = entry;
    }
    const Account& account = shown.account;
    for (const ledger::RefundLine& line : account.refund_lines) {
      refunded_[line.registration] += line.amount;
    }
  }

  std::string write(const AccountKey& key, ledger::Money ceiling, const Question& question,
                    const std::vector<Shown>& shown, std::size_t from, const AsOf& as_of) {
    const ledger::Money counted = account_.counted_sum;
    const ledger::Money remaining = std::max(ledger::Money(), ceiling - counted);
    out_ = fmt::format(R"({{"year":{},"ceilingOre":{},"countedOre":{},"remainingOre":{})", key.year,
                       ceiling.ore(), counted.ore(), remaining.ore());
    out_ += ",\"card\":";
    append_card(out_, key.year, account_.card);
    out_ += fmt::format(R"(,"refundedOre":{},"refunds":[)", account_.refunded().ore());
    for (std::size_t i = 0; i < account_.refund_lines.size(); ++i) {
      if (i != 0) out_ += ',';
      write_refund(account_.refund_lines[i]);
    }
    out_ += "],\"registrations\":[";
    const std::size_t to = std::min(shown.size(), from + question.limit);
    for (std::size_t i = from; i < to; ++i) {
      if (i != from) out_ += ',';
      write_registration(shown[i]);
    }
    out_ += "],\"nextCursor\":";
    if (to < shown.size()) {
      ingest::append_position(out_, shown[to - 1].entry->verdict.position);
    } else {
      out_ += "null";
    }
    out_ += ",\"asOf\":{\"position\":";
    ingest::append_position(out_, as_of.position);
    write_time(",\"time\":", as_of.time);
    out_ += "}}";
    return std::move(out_);
  }

 private:
  void write_time(std::string_view name, ledger::Instant time) {
    out_ += name;
    out_ += '"';
    ledger::append_rfc3339(out_, time);
    out_ += '"';
  }

  void write_practice(ledger::PracticeNumber practice) {
    const auto id = state_.practice_identifier(practice);
    out_ += fmt::format(R"(,"practiceId":"{}")", id ? id.value().view() : std::string_view());
  }

  /// Where the registry knows it.
  void write_practice_name(ledger::PracticeNumber practice) {
    const auto registered = state_.registered_practice(practice);
    if (!registered) return;
    out_ += ",\"practiceName\":";
    ingest::append_json_string(out_, registered->event.name);
  }

  void write_refund(const ledger::RefundLine& line) {
    out_ += "{\"position\":";
    ingest::append_position(out_, line.cause);
    const auto entry = entries_.find(line.registration);
    write_practice(entry == entries_.end() ? ledger::nation : entry->second->practice);
    out_ +=
        fmt::format(R"(,"guid":"{}","amountOre":{}}})", to_string(line.guid), line.amount.ore());
  }

  void write_registration(const Shown& shown) {
    const ledger::Item& item = shown.entry->item;
    const ledger::Code reason = reason_not_counted(shown.registration, birth_date_);
    out_ += "{\"position\":";
    ingest::append_position(out_, shown.entry->verdict.position);
    out_ += fmt::format(R"(,"guid":"{}")", to_string(item.guid));
    write_practice(shown.entry->practice);
    write_practice_name(shown.entry->practice);
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
  }

  const Account& account_;
  const std::optional<ledger::Date> birth_date_;
  const storage::StateStore& state_;
  std::map<ledger::Position, ledger::Money> refunded_;  // by registration
  std::map<ledger::Position, const ItemEntry*> entries_;
  std::string out_;
};

std::optional<Problem> read_question(ledger::NumberSeries series, OpenLedger& open,
                                     const Request& request, Question& question) {
  RequestFields fields(request.body, {"personId", "year"}, {"limit", "cursor"});
  const auto number = fields.person(series);
  question.year = static_cast<int>(fields.integer("year", 1, 9999, "INVALID_YEAR"));
  if (fields.has("limit")) {
    question.limit = static_cast<std::size_t>(fields.integer("limit", 1, 1000, "INVALID_LIMIT"));
  }
  std::string cursor;
  if (fields.has("cursor")) cursor = fields.text("cursor", "INVALID_CURSOR");
  if (!fields.is_ok()) return fields.problem();
  if (fields.has("cursor") && !ledger::parse_position(cursor, question.after)) {
    return Problem{400, "INVALID_CURSOR", "`cursor` is not one that an answer has given.",
                   "cursor"};
  }
  if (!open.files().rules().ceiling_of(question.year)) {
    return no_rules_for_year("year");
  }
  question.person = open.files().keys().numbers.encrypt(*number);
  return std::nullopt;
}

Response person_account(ledger::NumberSeries series, OpenLedger& open, const Request& request) {
  const auto fail = [&](const Problem& problem) {
    return to_response(problem, request.correlation_id);
  };
  Question question;
  if (const auto problem = read_question(series, open, request, question)) return fail(*problem);
  if (const auto problem = person_problem(open, request, question.person)) return fail(*problem);
  const auto noted = open.note_access(
      storage::AccessRecord::of_year(storage::AccessWhat::account, question.person, question.year),
      request);
  if (!noted) return fail(problem_of(noted.error()));

  ShownAccount account;
  const auto as_of = read_account(open, question, account);
  if (!as_of) return fail(problem_of(as_of.error()));
  const auto entries = storage::history_of(
      open.files().journal(), {account.account.newest, account.brief.newest_event, question.year});
  if (!entries) return fail(problem_of(entries.error()));

  const std::vector<Shown> shown = registrations_of(entries.value());
  std::size_t from = 0;
  if (question.after.value() != 0) {
    const auto last = std::find_if(shown.begin(), shown.end(), [&](const Shown& registration) {
      return registration.entry->verdict.position == question.after;
    });
    if (last == shown.end()) {
      return fail(
          {400, "INVALID_CURSOR", "`cursor` is not one that an answer has given.", "cursor"});
    }
    from = static_cast<std::size_t>(last - shown.begin()) + 1;
  }
  const AccountKey key{account.person, question.year};
  const ledger::Money ceiling = *open.files().rules().ceiling_of(key.year);
  Response response;
  response.body = AccountText(account, entries.value(), open.files().state())
                      .write(key, ceiling, question, shown, from, as_of.value());
  return response;
}

}  // namespace

void add_account_routes(Router& router, const LedgerKeeper& keeper, ledger::NumberSeries series) {
  router.add({.method = "POST",
              .path = "/v1/persons/account",
              .access = {Role::portal},
              .kind = RouteKind::slow,
              .body_bytes_max = small_body_bytes_max,
              .media_types = {"application/json"},
              .handler = with_ledger(keeper, [series](OpenLedger& open, const Request& request) {
                return person_account(series, open, request);
              })});
}

}  // namespace api
