#include "tests/sim/workload.h"

#include <algorithm>

#include "ledger/records/fingerprint.h"
#include "ledger/values/assert.h"
#include "ledger/values/rfc3339.h"
#include "tests/sim/calendar.h"
#include "tests/support/builders.h"

namespace sim {
namespace {

using ingest::ParsedItem;
using ledger::Code;
using ledger::Date;
using ledger::Instant;
using ledger::Item;
using ledger::ItemType;
using ledger::Money;

constexpr std::int64_t hour = 3600;
constexpr std::int64_t day = 24 * hour;

Instant plus(Instant instant, std::int64_t seconds) {
  return instant + std::chrono::seconds{seconds};
}

}  // namespace

Workload::Workload(const Options& options)
    : options_(options),
      ceilings_(options.ceilings(false)),
      prng_(ledger::test::Prng::mix(options.seed + 1)),
      edge_prng_(ledger::test::Prng::mix(options.seed + 4)),
      registries_(options) {
  for (std::uint64_t i = 0; i < options.clients; ++i) {
    Client& client = clients_.emplace_back();
    // Clients may share a practice.
    client.practice = practice_of(i % options.practices);
    client.is_operator = prng_.chance(options.operator_percent, 100);
  }
}

std::unique_ptr<Request> Workload::send(Instant now) {
  const std::size_t chosen = prng_.below(clients_.size());
  Client& client = clients_[chosen];
  if (client.is_waiting) return nullptr;
  auto request = std::make_unique<Request>();
  request->client = chosen;
  request->is_atomic = prng_.chance(options_.atomic_percent, 100);
  const std::uint64_t items = make_request_size();
  while (request->items.size() < items && !client.unanswered.empty()) {
    request->items.push_back(take_unanswered(client, now));
    // All or nothing is for items only.
    if (request->items.back().event) request->is_atomic = false;
  }
  while (request->items.size() < items && sent_items_ < options_.items) {
    const bool is_event = !request->is_atomic && registries_.is_due();
    request->items.push_back(is_event ? registries_.make(client.is_operator, now)
                                      : make_item(client, now));
    ++sent_items_;
  }
  if (request->items.empty()) return nullptr;
  client.is_waiting = true;
  return request;
}

ParsedItem Workload::take_unanswered(Client& client, Instant now) {
  ParsedItem parsed = std::move(client.unanswered.front());
  client.unanswered.pop_front();
  if (client.is_operator) return parsed;
  if (parsed.event) return received_again(parsed, now);
  parsed.item.received = now;
  return parsed;
}

std::uint64_t Workload::make_request_size() {
  const std::uint64_t items = 1 + prng_.below(options_.request_items_max);
  if (!edge_prng_.chance(options_.large_request_percent, 100)) return items;
  // A record keeps an offset for every 64th entry, and a group takes 4096 items.
  static constexpr std::uint64_t sizes[] = {63,    64,    65,    128,   129,
                                            1'023, 1'024, 1'025, 4'095, 4'096};
  return edge_prng_.pick(std::span<const std::uint64_t>(sizes));
}

std::unique_ptr<Request> Workload::copy_of(const Request& request) {
  auto copy = std::make_unique<Request>();
  copy->is_atomic = request.is_atomic;
  copy->items = request.items;
  return copy;
}

void Workload::answered(const ingest::Submission& submission) {
  const auto& request = static_cast<const Request&>(submission);
  if (request.client != Request::nobody) clients_[request.client].is_waiting = false;
}

void Workload::unanswered(const ingest::Submission& submission) {
  const auto& request = static_cast<const Request&>(submission);
  if (request.client == Request::nobody) return;
  Client& client = clients_[request.client];
  client.is_waiting = false;
  client.unanswered.insert(client.unanswered.end(), request.items.begin(), request.items.end());
}

bool Workload::is_done() const {
  return sent_items_ >= options_.items &&
         std::all_of(clients_.begin(), clients_.end(), [](const Client& client) {
           return !client.is_waiting && client.unanswered.empty();
         });
}

ParsedItem Workload::make_item(Client& client, Instant now) {
  const auto kind = static_cast<Kind>(pick(options_.kinds));
  ParsedItem parsed;
  parsed.has_guid = true;
  switch (kind) {
    case Kind::payment:
      parsed.item = make_follow_up(client, ItemType::payment, now);
      break;
    case Kind::credit_note:
      parsed.item = make_follow_up(client, ItemType::credit_note, now);
      break;
    case Kind::unknown_original:
      parsed.item = make_unknown_original(client, now);
      break;
    case Kind::resend:
      if (client.sent.empty()) {
        parsed.item = make_copayment(client, Kind::copayment, now);
      } else {
        parsed = client.sent[prng_.below(client.sent.size())];
        prng_.next();  // was drawn once; the seeds kept mean what they meant
        if (!client.is_operator) parsed.item.received = now;
      }
      return parsed;
    case Kind::conflict:
      parsed.item = make_conflict(client, now);
      break;
    case Kind::invalid: {
      // Judged by the parser alone; what it understood before it gave up may be any part of it.
      const auto refusals = static_cast<std::uint64_t>(Code::practice_not_allowed);
      parsed.refusal = static_cast<Code>(1 + prng_.below(refusals));
      parsed.has_guid = prng_.chance(1, 2);
      parsed.item.received = now;
      if (prng_.chance(1, 2)) parsed.item.practice = client.practice;
      return parsed;
    }
    case Kind::copayment:
    case Kind::unpaid:
    case Kind::zero_amount:
    case Kind::exempt:
    case Kind::exempt_by_card:
      parsed.item = make_copayment(client, kind, now);
      break;
  }
  if (edge_prng_.chance(options_.edge_percent, 100)) {
    move_to_edge(parsed.item, client.is_operator);
  }
  // Others do not get past the parser.
  parsed.item.received =
      std::clamp(parsed.item.received, ledger::first_instant, ledger::last_instant);
  identify(parsed.item);
  client.sent.push_back(parsed);
  return parsed;
}

Item Workload::make_copayment(Client& client, Kind kind, Instant now) {
  Item item;
  item.type = ItemType::copayment;
  item.practice = client.practice;
  item.guid = make_guid();
  if (!client.promised.empty() && prng_.chance(1, 2)) {
    item.guid = client.promised.back();
    client.promised.pop_back();
  }
  const bool is_hot = prng_.chance(options_.hot_percent, 100);
  const std::uint64_t person = 1 + prng_.below(is_hot ? options_.hot_persons : options_.persons);
  item.person = ledger::test::person_number(static_cast<std::uint32_t>(person));
  item.service_type = static_cast<ledger::ServiceType>(1 + prng_.below(13));
  set_times(item, static_cast<Timing>(pick(options_.timings)), client.is_operator, now);
  item.is_paid = kind != Kind::unpaid;
  if (kind == Kind::copayment || kind == Kind::unpaid) {
    item.amount = make_amount(ledger::year_of(oslo_day(item.service_time)));
  }
  if (kind == Kind::exempt) item.exemption = prng_.chance(1, 2) ? 'A' : 'H';
  if (kind == Kind::exempt_by_card) item.exemption = ledger::exemption_by_card;
  identify(item);
  return item;
}

Money Workload::make_amount(int year) {
  const auto found = ceilings_.find(year);
  const std::int64_t ceiling = found == ceilings_.end() ? 300'000 : found->second.amount.ore();
  std::int64_t ore = 1;
  switch (prng_.below(8)) {
    case 0:  // four of them make the ceiling, or miss it by one øre, or go beyond by one
      ore = ceiling / 4 + static_cast<std::int64_t>(prng_.below(3)) - 1;
      break;
    case 1:
      ore = ceiling - static_cast<std::int64_t>(prng_.below(2));
      break;
    case 2:
      ore = prng_.chance(1, 20) ? ledger::amount_max.ore() : 1;
      break;
    default:
      ore = 1 + static_cast<std::int64_t>(prng_.below(static_cast<std::uint64_t>(ceiling) / 3 + 1));
      break;
  }
  return Money::from_ore(std::max<std::int64_t>(ore, 1));
}

void Workload::set_times(Item& item, Timing timing, bool is_operator, Instant now) {
  item.received = is_operator ? any_instant() : now;
  const Instant received = item.received;
  const int year = ledger::year_of(oslo_day(received));
  switch (timing) {
    case Timing::plain:
      break;
    case Timing::new_year:
      item.service_time = about(oslo_midnight(std::chrono::year{year} / 1 / 1));
      break;
    case Timing::clock_change: {
      const Instant change = prng_.chance(1, 2) ? spring_change(year) : autumn_change(year);
      const Date morning = oslo_day(change);
      const Instant around[] = {change, oslo_midnight(morning),
                                oslo_midnight(morning + std::chrono::days{1})};
      item.service_time = about(around[prng_.below(3)]);
      break;
    }
    case Timing::deadline: {
      // Service in a month whose last day to report is near the receipt.
      const int months = 6 + static_cast<int>(prng_.below(2));
      const Date day_in_month = first_of_month_after(oslo_day(received), -months) +
                                std::chrono::days{static_cast<int>(prng_.below(31))};
      item.service_time = about(oslo_midnight(day_in_month));
      const Date too_late = first_of_month_after(oslo_day(item.service_time), 7);
      if (is_operator) item.received = about(oslo_midnight(too_late));
      return;
    }
    case Timing::future:
      item.service_time = about(plus(received, 300));
      return;
  }
  // An operator names a receipt that fits the service. For the others a night that is not in the
  // last months will not do.
  const bool is_recent =
      item.service_time <= received && plus(item.service_time, 150 * day) > received;
  if (timing != Timing::plain && is_operator) {
    item.received = plus(item.service_time, static_cast<std::int64_t>(prng_.below(100 * day)));
  } else if (timing == Timing::plain || !is_recent) {
    const std::uint64_t days = prng_.chance(1, 4) ? 200 : 3;
    item.service_time = plus(received, -static_cast<std::int64_t>(prng_.below(days * day)));
  }
}

void Workload::move_to_edge(Item& item, bool is_operator) {
  const auto near = [this](Instant end, int direction) {
    const std::int64_t reach[] = {0, 1, hour, 3 * day, 100 * day};
    const std::int64_t away = edge_prng_.pick(std::span<const std::int64_t>(reach));
    return plus(end, direction * away);
  };
  const std::uint64_t kind = edge_prng_.below(8);
  if (is_operator && kind < 4) {
    const bool is_first = kind % 2 == 0;
    item.received = is_first ? near(ledger::first_instant, 1) : near(ledger::last_instant, -1);
  }
  if (item.type != ItemType::copayment) return;
  switch (kind) {
    case 0:  // in the first year, received in it
      item.service_time = ledger::first_instant;
      break;
    case 1:  // in the last one; without a receipt there it comes too early
      item.service_time = near(ledger::last_instant, -1);
      if (is_operator) item.received = ledger::last_instant;
      break;
    case 4:  // the first and the last that can be written
      item.service_time =
          *ledger::parse_rfc3339(edge_prng_.chance(1, 2) ? "0000-01-01T00:00:00+23:59"
                                                         : "9999-12-31T23:59:59.999999999-23:59");
      break;
    case 5:
      item.service_time.nanoseconds = ledger::nanoseconds_max;
      if (is_operator) item.received.nanoseconds = ledger::nanoseconds_max;
      break;
    case 6:
      if (item.exemption == 0) item.amount = ledger::amount_max;
      break;
    case 7:
      item.practice = ledger::test::practice_id(edge_prng_.chance(1, 2) ? "00000000000000000000"
                                                                        : "99999999999999999999");
      break;
    default:
      break;
  }
}

Item Workload::make_follow_up(const Client& client, ItemType type, Instant now) {
  Item item;
  item.type = type;
  item.practice = client.practice;
  item.received = client.is_operator ? any_instant() : now;
  const Item* const original = earlier_copayment(client);
  item.guid = original == nullptr ? make_guid() : original->guid;
  if (original != nullptr && client.is_operator && prng_.chance(1, 2)) {
    // About the first day on which it is too old to be credited.
    const Date last = years_after(oslo_day(original->service_time), 3);
    item.received = about(oslo_midnight(last + std::chrono::days{1}));
  }
  return item;
}

Item Workload::make_unknown_original(Client& client, Instant now) {
  Item item;
  item.type = prng_.chance(1, 2) ? ItemType::payment : ItemType::credit_note;
  item.practice = client.practice;
  item.received = client.is_operator ? any_instant() : now;
  item.guid = make_guid();
  client.promised.push_back(item.guid);
  return item;
}

Item Workload::make_conflict(const Client& client, Instant now) {
  const Item* const original = earlier_copayment(client);
  if (original == nullptr) return make_follow_up(client, ItemType::payment, now);
  Item item = *original;
  if (!client.is_operator) item.received = now;
  switch (prng_.below(7)) {
    case 0:
      item.amount += Money::from_ore(item.amount < ledger::amount_max ? 1 : -1);
      break;
    case 1:
      item.is_paid = !item.is_paid;
      break;
    case 2:
      item.person = ledger::test::person_number(
          static_cast<std::uint32_t>(1 + prng_.below(options_.persons)));
      break;
    case 3:
      item.service_time.nanoseconds = item.service_time.nanoseconds == 0 ? 1 : 0;
      break;
    case 4:
      item.service_time = plus(item.service_time, -day);
      break;
    case 5:
      item.service_type = static_cast<ledger::ServiceType>(1 + prng_.below(13));
      break;
    default:
      // No conflict: the same guid of another practice is another key.
      item.practice = ledger::test::practice_id("99");
      break;
  }
  return item;
}

const Item* Workload::earlier_copayment(const Client& client) {
  // Mostly a recent one: what belongs together comes together.
  for (int attempt = 0; attempt < 5 && !client.sent.empty(); ++attempt) {
    const std::size_t size = client.sent.size();
    const std::size_t reach = prng_.chance(1, 2) ? std::min<std::size_t>(size, 20) : size;
    const Item& item = client.sent[size - 1 - prng_.below(reach)].item;
    if (item.type == ItemType::copayment) return &item;
  }
  return nullptr;
}

ledger::Guid Workload::make_guid() {
  ledger::Guid guid;
  for (std::uint8_t& byte : guid.bytes) byte = static_cast<std::uint8_t>(prng_.next());
  return guid;
}

Instant Workload::any_instant() {
  return {
      options_.start_seconds - 365 * day + static_cast<std::int64_t>(prng_.below(3 * 365 * day)),
      0};
}

Instant Workload::about(Instant instant) {
  const std::int64_t reach = prng_.chance(1, 2) ? 1 : 3 * hour;
  const auto moved =
      static_cast<std::int64_t>(prng_.below(2 * static_cast<std::uint64_t>(reach) + 1));
  Instant result = plus(instant, moved - reach);
  if (prng_.chance(1, 4))
    result.nanoseconds = 1 + static_cast<std::int32_t>(prng_.below(999'999'999));
  return result;
}

std::size_t Workload::pick(std::span<const std::uint64_t> weights) {
  std::uint64_t sum = 0;
  for (const std::uint64_t weight : weights) sum += weight;
  LEDGER_ASSERT(sum > 0);
  std::uint64_t drawn = prng_.below(sum);
  std::size_t chosen = 0;
  while (drawn >= weights[chosen]) drawn -= weights[chosen++];
  return chosen;
}

}  // namespace sim
