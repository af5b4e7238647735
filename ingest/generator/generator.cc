#include "ingest/generator/generator.h"

#include <algorithm>
#include <array>
#include <vector>

#include "ingest/generator/generator_calendar.h"
#include "ingest/generator/generator_lateness.h"
#include "ingest/generator/generator_line.h"
#include "ingest/generator/generator_population.h"
#include "ingest/generator/generator_practices.h"
#include "ingest/generator/generator_prng.h"
#include "ingest/generator/generator_queue.h"
#include "ingest/generator/generator_services.h"
#include "ledger/records/rule_pack.h"
#include "ledger/values/assert.h"

namespace ingest {
namespace {

using Kind = PendingLine::Kind;
using ledger::ServiceType;

/// The codes of PendingLine::exemption.
constexpr std::array<char, 6> exemption_codes{0, 'A', 'B', 'F', 'G', 'H'};
constexpr std::uint32_t code_infection = 1;
constexpr std::uint32_t code_child = 2;
constexpr std::uint32_t code_card = 3;
constexpr std::uint32_t code_hiv = 4;
constexpr std::uint32_t code_condition = 5;

constexpr std::size_t line_bytes_max = 320;

/// How many of 65 536 reports meet each kind of noise, cumulative: the intended rates divided by
/// the part of the reports to which the noise can happen.
constexpr std::uint32_t wrong_number_end = 158;
constexpr std::uint32_t future_end = wrong_number_end + 44;
constexpr std::uint32_t no_card_end = future_end + 230;
constexpr std::uint32_t time_barred_end = no_card_end + 66;

/// Sorts by the upper 33 bits; the lower ones are ascending already.
void sort_keys(std::vector<std::uint64_t>& keys, std::vector<std::uint64_t>& scratch) {
  constexpr unsigned digit_bits = 11;
  scratch.resize(keys.size());
  for (unsigned shift = 31; shift < 64; shift += digit_bits) {
    std::array<std::uint32_t, (1U << digit_bits) + 1> starts{};
    const auto digit = [&](std::uint64_t key) {
      return static_cast<std::size_t>((key >> shift) & ((1U << digit_bits) - 1));
    };
    for (const std::uint64_t key : keys) ++starts[digit(key) + 1];
    for (std::size_t i = 1; i < starts.size(); ++i) starts[i] += starts[i - 1];
    for (const std::uint64_t key : keys) scratch[starts[digit(key)]++] = key;
    keys.swap(scratch);
  }
}

}  // namespace

/// Day by day: the services of the day are given and put into the queue under the days on which
/// they are reported; then everything that is reported on this day is written.
class Generator::Year {
 public:
  explicit Year(const GeneratorOptions& options);
  bool next_chunk(std::string& out);
  GeneratorProgress progress() const { return {written_, registrations_}; }

 private:
  struct Service {
    PendingLine line;
    std::uint16_t queue_place = 0;
  };

  bool begin_next_day();
  void give_services(std::uint32_t day);
  Service give_service(std::uint32_t day, std::uint64_t registration) const;
  void charge(Service& service, bool is_weekend, std::uint32_t second, RandomBits bits) const;
  std::uint32_t reason_to_pay_nothing(std::uint32_t person, std::uint32_t draw) const;
  void queue_services(std::uint32_t day);
  void queue_with_noise(std::uint32_t day, std::uint32_t lag, const PendingLine& line);
  void queue_attempt(std::uint32_t received, PendingLine line, std::uint32_t draw, RandomBits bits);
  void queue_time_barred(std::uint32_t day, PendingLine line, RandomBits bits);

  void order_lines();
  std::uint32_t received_second(const PendingLine& line) const;
  char* emit(const PendingLine& line, std::uint32_t second, char* at);
  void follow_up(const PendingLine& line);
  void follow_up_resend(const PendingLine& line, RandomBits bits);
  void push_later(std::uint32_t days, const PendingLine& line, Kind kind);
  char* write(const PendingLine& line, std::uint32_t second, char* at) const;
  void write_copayment(const PendingLine& line, LineWriter& out) const;

  std::uint64_t registrations_;
  GeneratorCalendar calendar_;
  GeneratedServices services_;
  GeneratedPractices practices_;
  GeneratedPopulation population_;
  PendingQueue queue_;

  RandomStream guids_;
  RandomStream visits_;
  RandomStream bills_;
  RandomStream choices_;
  RandomStream reports_;
  RandomStream noise_;
  RandomStream follow_ups_;
  RandomStream days_;
  RandomStream persons_;

  std::uint32_t day_ = 0;  ///< being written, once `has_begun_`
  bool has_begun_ = false;
  std::vector<PendingLine> lines_;
  std::vector<std::uint64_t> keys_;  ///< of `lines_` in order: second, practice, index
  std::size_t next_ = 0;             ///< in `keys_`

  std::uint64_t written_ = 0;
  std::uint64_t resent_ = 0;
  std::uint64_t time_barred_ = 0;
  std::uint32_t run_length_ = 0;  ///< lines of the practice still to be sent again
  std::uint32_t run_days_ = 0;
  std::uint16_t run_practice_ = 0;

  std::vector<Service> today_;  // scratch
  std::vector<std::uint32_t> order_;
  std::vector<std::uint64_t> scratch_;
};

Generator::Year::Year(const GeneratorOptions& options)
    : registrations_(options.registrations),
      calendar_(options.year),
      services_(options.year),
      practices_(options.registrations, options.seed),
      population_(options.registrations, inhabitants(options), options.year, options.seed,
                  ceiling_ore(options.year)),
      queue_(calendar_.day_count()),
      guids_(options.seed, 20),
      visits_(options.seed, 21),
      bills_(options.seed, 22),
      choices_(options.seed, 23),
      reports_(options.seed, 24),
      noise_(options.seed, 25),
      follow_ups_(options.seed, 26),
      days_(options.seed, 27),
      persons_(options.seed, 28) {}

bool Generator::Year::next_chunk(std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + chunk_bytes + line_bytes_max);
  char* const begin = out.data() + start;
  char* at = begin;
  while (at < begin + chunk_bytes) {
    if (next_ == keys_.size()) {
      if (!begin_next_day()) break;
      continue;
    }
    const std::uint64_t key = keys_[next_++];
    at = emit(lines_[key & 0x7fffffff], static_cast<std::uint32_t>(key >> 47), at);
  }
  out.resize(start + static_cast<std::size_t>(at - begin));
  return at != begin;
}

bool Generator::Year::begin_next_day() {
  if (has_begun_ && day_ + 1 >= calendar_.day_count()) return false;
  if (has_begun_) ++day_;
  has_begun_ = true;
  if (day_ < calendar_.days_in_year()) give_services(day_);
  queue_.take(day_, lines_);
  order_lines();
  return true;
}

void Generator::Year::give_services(std::uint32_t day) {
  today_.clear();
  const std::uint64_t end = calendar_.services_before(day + 1, registrations_);
  for (std::uint64_t i = calendar_.services_before(day, registrations_); i < end; ++i) {
    today_.push_back(give_service(day, i));
  }
  queue_services(day);
}

Generator::Year::Service Generator::Year::give_service(std::uint32_t day,
                                                       std::uint64_t registration) const {
  Service service;
  PendingLine& line = service.line;
  const bool is_weekend = calendar_.day(day).weekday >= 5;
  RandomBits bits(visits_.at(registration));
  line.registration = static_cast<std::uint32_t>(registration);
  line.person = population_.person_of(registration);
  const ServiceType type =
      services_.type(is_weekend, population_.is_heavy_user(line.person), RandomBits(bits.take(12)));
  const std::uint32_t second = calendar_.existing_second(
      day, services_.second_of_day(RandomBits(bits.take(26) | std::uint64_t{bits.take(26)} << 26)));
  line.service_second = day * seconds_a_day + second;
  line.practice = static_cast<std::uint16_t>(
      practices_.choose(type, line.person, RandomBits(choices_.at(registration))));
  charge(service, is_weekend, second, RandomBits(bills_.at(registration)));
  service.queue_place =
      practices_.queue_place(line.practice, RandomBits(reports_.at(registration)));
  return service;
}

void Generator::Year::charge(Service& service, bool is_weekend, std::uint32_t second,
                             RandomBits bits) const {
  PendingLine& line = service.line;
  const std::uint32_t reason_draw = bits.take(16);
  const std::uint32_t unpaid_draw = bits.take(8);
  const ServiceType type = practices_[line.practice].type;
  constexpr std::uint32_t pays = 0xff;
  const std::uint32_t reason = reason_to_pay_nothing(line.person, reason_draw);
  line.is_paid = 1;
  if (reason != pays) {
    line.exemption = reason & 7U;
    return;
  }
  const bool is_second_half = line.service_second / seconds_a_day >= calendar_.first_of_july();
  line.amount_ore =
      services_.amount_ore(type, is_second_half, second, is_weekend, RandomBits(bits.take(16))) &
      0xffffffU;
  line.is_paid = unpaid_draw >= services_.unpaid_in_256(type);
}

std::uint32_t Generator::Year::reason_to_pay_nothing(std::uint32_t person,
                                                     std::uint32_t draw) const {
  constexpr std::uint32_t pays = 0xff;
  if (population_.is_child(person)) return draw < 60'000 ? code_child : 0;
  // A card that the register knows when the day begins; few practices have not looked.
  if (population_.has_card(person)) {
    if (draw < 59'000) return code_card;
    return draw < 63'500 ? 0 : pays;
  }
  if (draw < 1'300) return code_infection;
  if (draw < 1'800) return code_hiv;
  if (draw < 3'200) return code_condition;
  // Persons differ: one has minimum pension, another only ever needs what costs something. This
  // spreads the days on which they reach the ceiling.
  constexpr std::array<std::uint32_t, 4> free_of_charge_below{4'500, 10'500, 20'000, 40'000};
  const std::uint32_t kind = RandomBits(persons_.at(person)).take(2);
  return draw < free_of_charge_below[kind] ? 0 : pays;
}

void Generator::Year::queue_services(std::uint32_t day) {
  // Counting sort by queue place; reports at the same place stay in their order.
  std::vector<std::uint32_t> starts(0x10001);
  for (const Service& service : today_) ++starts[service.queue_place + 1U];
  for (std::size_t i = 1; i < starts.size(); ++i) starts[i] += starts[i - 1];
  order_.resize(today_.size());
  for (std::uint32_t i = 0; i < today_.size(); ++i) {
    order_[starts[today_[i].queue_place]++] = i;
  }
  LagTable lags(calendar_, day);
  // A random place within the step of one report, so that rounding evens out over the days.
  const std::uint64_t fraction = days_.at(day) >> 32;
  for (std::uint64_t rank = 0; rank < order_.size(); ++rank) {
    const std::uint32_t lag = lags.lag_at(((rank << 32) + fraction) / order_.size());
    queue_with_noise(day, lag, today_[order_[rank]].line);
  }
}

void Generator::Year::queue_with_noise(std::uint32_t day, std::uint32_t lag,
                                       const PendingLine& line) {
  RandomBits bits(noise_.at(line.registration));
  const std::uint32_t draw = bits.take(16);
  if (draw >= no_card_end && draw < time_barred_end) queue_time_barred(day, line, bits);
  // Attempts come some time before the report itself, so never on the day of service.
  if (draw < no_card_end && lag > 0) queue_attempt(day + lag, line, draw, bits);
  queue_.push(day + lag, line);
}

void Generator::Year::queue_attempt(std::uint32_t received, PendingLine line, std::uint32_t draw,
                                    RandomBits bits) {
  if (draw < wrong_number_end) {
    line.kind = Kind::wrong_number;
  } else if (draw < future_end) {
    const std::uint32_t ahead = received + 1 + bits.below(20);
    // In the next year another rule than the one about the future might refuse it.
    if (ahead >= calendar_.days_in_year()) return;
    const std::uint32_t second = line.service_second % seconds_a_day;
    line.kind = Kind::future_time;
    line.service_second = ahead * seconds_a_day + calendar_.existing_second(ahead, second);
  } else {
    if (line.amount_ore == 0) return;
    line.kind = Kind::no_card;
    line.amount_ore = 0;
    line.is_paid = 1;
    line.exemption = code_card;
  }
  queue_.push(received, line);
}

void Generator::Year::queue_time_barred(std::uint32_t day, PendingLine line, RandomBits bits) {
  line.kind = Kind::time_barred;
  line.registration = static_cast<std::uint32_t>(registrations_ + time_barred_++);
  queue_.push(calendar_.last_day_to_report(day) + 1 + bits.below(40), line);
}

void Generator::Year::order_lines() {
  keys_.clear();
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    keys_.push_back(std::uint64_t{received_second(lines_[i])} << 47 |
                    std::uint64_t{lines_[i].practice} << 31 | i);
  }
  sort_keys(keys_, scratch_);
  next_ = 0;
}

std::uint32_t Generator::Year::received_second(const PendingLine& line) const {
  std::uint32_t second =
      practices_.sending_second(line.practice, day_, calendar_.day(day_).weekday);
  const bool is_attempt = line.kind == Kind::wrong_number || line.kind == Kind::future_time ||
                          line.kind == Kind::no_card;
  if (is_attempt) {
    second -= std::min(second, 60 + RandomBits(noise_.at(~line.registration)).below(3600));
  } else if (line.service_second / seconds_a_day == day_) {
    // Nothing is reported before it has happened.
    const std::uint32_t service = line.service_second % seconds_a_day;
    const std::uint32_t minutes = RandomBits(noise_.at(~line.registration)).below(1800);
    if (second <= service) second = std::min(service + 30 + minutes, seconds_a_day - 1);
  }
  return calendar_.existing_second(day_, second);
}

char* Generator::Year::emit(const PendingLine& line, std::uint32_t second, char* at) {
  const bool is_countable = line.is_paid != 0 && line.amount_ore > 0;
  switch (line.kind) {
    case Kind::no_card:
      // Meanwhile the card may have come, and the attempt would be accepted.
      if (population_.has_card(line.person)) return at;
      break;
    case Kind::copayment:
      ++written_;
      if (is_countable) population_.count(line.person, line.amount_ore);
      follow_up(line);
      break;
    case Kind::payment:
      population_.count(line.person, line.amount_ore);
      break;
    case Kind::credit_note:
      if (is_countable) population_.uncount(line.person, line.amount_ore);
      break;
    default:
      break;
  }
  return write(line, second, at);
}

void Generator::Year::follow_up(const PendingLine& line) {
  RandomBits bits(follow_ups_.at(line.registration));
  const std::uint32_t draw = bits.take(16);
  const std::uint32_t days = bits.take(8);
  constexpr std::uint32_t credited_in_65536 = 205;
  constexpr std::uint32_t conflicting_end = credited_in_65536 + 30;
  if (line.is_paid == 0) {
    // One of ten is never paid; most pay within a month.
    if (draw >= 6'554)
      push_later(1 + (days & 31U) + ((days >> 5) == 0 ? 20 : 0), line, Kind::payment);
  } else if (draw < credited_in_65536) {
    push_later(1 + days % 90, line, Kind::credit_note);
  } else if (draw < conflicting_end && line.amount_ore > 0) {
    PendingLine changed = line;
    changed.amount_ore = (line.amount_ore + 1'000U) & 0xffffffU;
    push_later(1 + days % 20, changed, Kind::conflict);
  }
  follow_up_resend(line, bits);
}

void Generator::Year::follow_up_resend(const PendingLine& line, RandomBits bits) {
  // A part of a practice's batch is sent again, as often as keeps the total at three in 400.
  const bool is_due = (resent_ + 1) * 400 <= written_ * 3;
  if (run_length_ == 0 && is_due && bits.take(6) == 0) {
    run_practice_ = line.practice;
    run_length_ = 1 + bits.take(5);
    run_days_ = 1 + bits.take(3);
  }
  if (run_length_ == 0) return;
  if (line.practice != run_practice_) {
    run_length_ = 0;
    return;
  }
  --run_length_;
  ++resent_;
  push_later(run_days_, line, Kind::resend);
}

void Generator::Year::push_later(std::uint32_t days, const PendingLine& line, Kind kind) {
  PendingLine later = line;
  later.kind = kind;
  queue_.push(day_ + days, later);
}

char* Generator::Year::write(const PendingLine& line, std::uint32_t second, char* at) const {
  LineWriter out(at);
  if (line.kind == Kind::payment) {
    out.text(R"({"type":"payment","guid":")");
  } else if (line.kind == Kind::credit_note) {
    out.text(R"({"type":"creditNote","guid":")");
  } else {
    out.text(R"({"guid":")");
  }
  // Version 4, variant 1, as practices' systems make them.
  const std::uint64_t high = guids_.at(2 * std::uint64_t{line.registration});
  const std::uint64_t low = guids_.at(2 * std::uint64_t{line.registration} + 1);
  out.guid((high & ~std::uint64_t{0xf000}) | 0x4000, (low >> 2) | std::uint64_t{1} << 63);
  const GeneratedPractices::Practice& practice = practices_[line.practice];
  out.text(R"(","practiceId":")");
  out.text({practice.id.data(), practice.id_size});
  out.text("\"");
  if (line.kind != Kind::payment && line.kind != Kind::credit_note) write_copayment(line, out);
  out.text(R"(,"receivedTime":")");
  out.time(calendar_.day(day_), calendar_.is_summer(day_, second), second);
  out.text("\"}\n");
  return out.end();
}

void Generator::Year::write_copayment(const PendingLine& line, LineWriter& out) const {
  std::uint64_t number = population_.number(line.person);
  // One digit too high or nine too low: the second check never comes out.
  if (line.kind == Kind::wrong_number) number = number % 10 == 9 ? number - 9 : number + 1;
  out.text(R"(,"personId":")");
  out.eleven_digits(number);
  out.text(R"(","serviceType":")");
  out.text(ledger::code_of(practices_[line.practice].type));
  out.text(R"(","serviceTime":")");
  const std::uint32_t day = line.service_second / seconds_a_day;
  const std::uint32_t second = line.service_second % seconds_a_day;
  out.time(calendar_.day(day), calendar_.is_summer(day, second), second);
  out.text(R"(","amountOre":)");
  out.amount(line.amount_ore);
  out.text(line.is_paid != 0 ? R"(,"paid":true)" : R"(,"paid":false)");
  if (line.exemption != 0) {
    out.text(R"(,"exemption":")");
    out.text({&exemption_codes[line.exemption], 1});
    out.text("\"");
  }
}

std::uint64_t inhabitants(const GeneratorOptions& options) {
  constexpr std::uint64_t registrations_a_person = 17;  // of the nation, on average
  if (options.persons > 0) return options.persons;
  const std::uint64_t persons = options.registrations / registrations_a_person;
  return std::clamp<std::uint64_t>(persons, 1, Generator::persons_max);
}

std::uint32_t ceiling_ore(int year) {
  return static_cast<std::uint32_t>(ledger::RulePack::published_ceilings().at(year).amount.ore());
}

bool Generator::is_valid(const GeneratorOptions& options) {
  return options.registrations >= 1 && options.registrations <= registrations_max &&
         options.persons <= persons_max && options.registrations <= inhabitants(options) * 10'000 &&
         ledger::RulePack::published_ceilings().contains(options.year);
}

Generator::Generator(const GeneratorOptions& options) {
  LEDGER_ASSERT(is_valid(options));
  year_ = std::make_unique<Year>(options);
}

Generator::~Generator() = default;
Generator::Generator(Generator&&) noexcept = default;
Generator& Generator::operator=(Generator&&) noexcept = default;

bool Generator::next_chunk(std::string& out) { return year_->next_chunk(out); }

GeneratorProgress Generator::progress() const { return year_->progress(); }

}  // namespace ingest
