// postgresql_load: the load of frikort_http_load on the schema of bench/postgresql/schema.sql, and
// a check of every sum, card and refund that came of it. Binary parameters and prepared statements
// over libpq, one thread, so that the client takes as little as it can from the server.

#include <fmt/format.h>
#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bench/cpu_seconds.h"
#include "bench/latency_histogram.h"
#include "bench/load_items.h"
#include "bench/postgresql/postgresql_client.h"
#include "ledger/records/rule_pack.h"
#include "tests/support/prng.h"

namespace {

using bench::Connection;
using bench::cpu_seconds;
using bench::LoadItem;
using bench::LoadItems;
using bench::Parameters;
using bench::ResultPtr;
using bench::Uuid;
using Clock = std::chrono::steady_clock;

enum ExitStatus : int {
  exit_done = 0,
  exit_findings = 1,
  exit_wrong_usage = 2,
  exit_could_not_run = 3
};

struct Options {
  std::string connect;
  std::string mode = "single";
  std::uint32_t connections = 16;
  std::uint32_t seconds = 10;
  std::uint64_t items = 0;  ///< 0 = until the time is over
  std::uint32_t batch_lines = 1000;
  std::uint32_t persons = 100'000;
  std::uint64_t seed = 1;
};

ledger::Instant now() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_1970);
  const std::chrono::nanoseconds rest = since_1970 - seconds;
  return {seconds.count(), static_cast<std::int32_t>(rest.count())};
}

/// The opaque value that stands for a person.
Uuid uuid_of_person(std::uint32_t person) {
  ledger::test::Prng bits(person);
  std::string bytes;
  bench::put_big_endian(bytes, bits.next());
  bench::put_big_endian(bytes, bits.next());
  Uuid uuid{};
  std::copy(bytes.begin(), bytes.end(), uuid.begin());
  return uuid;
}

// ---- what must come of it ----

struct Account {
  std::int64_t counted = 0;
  std::int64_t refunded = 0;
  bool has_card = false;
  friend bool operator==(const Account&, const Account&) = default;
};
using Accounts = std::map<std::pair<Uuid, std::int16_t>, Account>;

struct Counts {
  std::int64_t registrations = 0;
  std::int64_t amount = 0;
  std::int64_t lags = 0;
  std::int64_t asked = 0;
  friend bool operator==(const Counts&, const Counts&) = default;
};

struct State {
  Accounts accounts;
  Counts counts;
  friend bool operator==(const State&, const State&) = default;
};

State read_state(Connection& connection) {
  State state;
  const ResultPtr rows = connection.query(
      "select person, year, counted_ore, coalesce(refunded_ore, 0), card_issued is not null"
      " from person_year left join (select person, year, sum(amount_ore) as refunded_ore"
      " from refund_line group by 1, 2) refunded using (person, year)");
  for (int row = 0; row < PQntuples(rows.get()); ++row) {
    const auto value = [&rows, row](int column) { return PQgetvalue(rows.get(), row, column); };
    Uuid person{};
    std::copy_n(value(0), person.size(), person.begin());
    state.accounts[{person, bench::read_big_endian<std::int16_t>(value(1))}] = {
        bench::read_big_endian<std::int64_t>(value(2)),
        bench::read_big_endian<std::int64_t>(value(3)), *value(4) != 0};
  }
  const ResultPtr counts = connection.query(
      "select (select count(*) from registration),"
      " (select coalesce(sum(amount_ore), 0)::bigint from registration),"
      " (select coalesce(sum(count), 0)::bigint from timeliness),"
      " (select count(*) from access_log)");
  const auto count = [&counts](int column) {
    return bench::read_big_endian<std::int64_t>(PQgetvalue(counts.get(), 0, column));
  };
  state.counts = {count(0), count(1), count(2), count(3)};
  return state;
}

// ---- the load ----

struct Figures {
  std::uint64_t requests = 0;
  std::uint64_t accepted = 0;
  std::uint64_t exempt = 0;
  std::uint64_t unexpected = 0;
  bench::LatencyHistogram latency;
  double elapsed_seconds = 0;
  double client_cpu_seconds = 0;
  bool is_kept = false;  ///< the tables hold what was sent and what must come of it
};

constexpr const char* register_sql =
    "select register($1::integer, $2::uuid, $3::uuid, $4::smallint, $5::timestamptz, $6::integer,"
    " $7::boolean, $8::timestamptz)";
constexpr const char* register_batch_sql =
    "select register_batch($1::integer[], $2::uuid[], $3::uuid[], $4::smallint[],"
    " $5::timestamptz[], $6::integer[], $7::boolean[], $8::timestamptz)";
constexpr const char* status_sql =
    "with asked as (insert into access_log values ($1::uuid, now(), $3::integer, $4::date))"
    " select coalesce(max(counted_ore), 0), count(card_issued) > 0"
    " from person_year where person = $1 and year = $2::smallint";

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        today_(ledger::oslo_date(now())),
        items_(options.seed, options.persons, today_) {
    for (std::uint32_t i = 0; i < options_.persons; ++i) persons_.push_back(uuid_of_person(i));
    // A lost access-log row of the last moment costs nobody anything, so it need not be waited for.
    const std::string connect =
        options_.connect + (is_status() ? " options='-c synchronous_commit=off'" : "");
    for (std::uint32_t i = 0; i < options_.connections; ++i) {
      connections_.push_back(std::make_unique<Connection>(connect));
      connections_.back()->prepare(is_status()  ? status_sql
                                   : is_batch() ? register_batch_sql
                                                : register_sql);
    }
  }

  Figures run() {
    Connection reader(options_.connect);
    state_ = read_state(reader);
    const double cpu_before = cpu_seconds();
    const Clock::time_point begin = Clock::now();
    end_ = begin + std::chrono::seconds(options_.seconds);
    open_ = connections_.size();
    polled_.resize(connections_.size());
    for (std::size_t i = 0; i < connections_.size(); ++i) next(i);
    while (open_ != 0) turn();
    figures_.elapsed_seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    figures_.client_cpu_seconds = cpu_seconds() - cpu_before;
    expect();
    figures_.is_kept = read_state(reader) == state_;
    return figures_;
  }

 private:
  bool is_batch() const { return options_.mode == "batch"; }
  bool is_status() const { return options_.mode == "status"; }
  std::int16_t year_of(const LoadItem& item) const {
    return static_cast<std::int16_t>(ledger::year_of(date_of(item)));
  }
  ledger::Date date_of(const LoadItem& item) const {
    return today_ - std::chrono::days{item.day + 1};
  }

  /// Waits until some answer has come and takes all that have.
  void turn() {
    if (poll(polled_.data(), polled_.size(), 60'000) <= 0) {
      throw std::runtime_error("no answer within a minute");
    }
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      if (polled_[i].revents == 0) continue;
      Connection& connection = *connections_[i];
      const ResultPtr answer = connection.receive();
      if (answer == nullptr) {
        polled_[i] = connection.polled();
        continue;
      }
      figures_.latency.record(Clock::now() - connection.begun);
      ++figures_.requests;
      judge(connection, answer.get());
      next(i);
    }
  }

  void next(std::size_t i) {
    Connection& connection = *connections_[i];
    const std::uint64_t left =
        options_.items == 0 ? options_.batch_lines : options_.items - next_index_;
    if (left == 0 || (options_.items == 0 && Clock::now() >= end_)) {
      polled_[i].fd = -1;
      --open_;
      return;
    }
    const std::uint64_t count =
        is_batch() ? std::min<std::uint64_t>(left, options_.batch_lines) : 1;
    connection.items.clear();
    for (std::uint64_t n = 0; n < count; ++n)
      connection.items.push_back(items_.item(next_index_++));
    fill(connection.items);
    connection.begun = Clock::now();
    connection.send(parameters_);
    polled_[i] = connection.polled();
  }

  /// Writes the parameters of the call about these items.
  void fill(const std::vector<LoadItem>& items) {
    parameters_.clear();
    if (is_status()) return fill_query(items.front());
    const auto add = [this, &items](auto value_of) {
      if (is_batch()) {
        parameters_.add_array(items, value_of);
      } else {
        parameters_.add(value_of(items.front()));
      }
    };
    add([](const LoadItem& item) { return static_cast<std::int32_t>(item.practice); });
    add([](const LoadItem& item) { return bench::uuid_of(item.guid); });
    add([this](const LoadItem& item) { return persons_[item.person]; });
    // A practice has one service type; which number stands for it is all the same.
    add([](const LoadItem& item) { return static_cast<std::int16_t>(item.practice % 16); });
    add([this](const LoadItem& item) { return bench::to_timestamptz(items_.service_time(item)); });
    add([](const LoadItem& item) { return static_cast<std::int32_t>(item.amount_ore); });
    add([](const LoadItem&) { return true; });
    parameters_.add(bench::to_timestamptz(now()));
  }

  void fill_query(const LoadItem& about) {
    constexpr ledger::Date epoch = std::chrono::sys_days{std::chrono::year{2000} / 1 / 1};
    parameters_.add(persons_[about.person]);
    parameters_.add(year_of(about));
    parameters_.add(static_cast<std::int32_t>(about.practice));
    parameters_.add(static_cast<std::int32_t>((date_of(about) - epoch).count()));
  }

  void judge(const Connection& connection, const PGresult* answer) {
    const char* const value = PQgetvalue(answer, 0, 0);
    if (is_status()) return judge_status(connection.items.front(), answer);
    if (!is_batch()) return judge_verdict(bench::read_big_endian<std::int16_t>(value));
    constexpr int head_bytes = 20;
    constexpr int element_bytes = 6;  // its length, and a smallint
    const int count = (PQgetlength(answer, 0, 0) - head_bytes) / element_bytes;
    if (count != static_cast<int>(connection.items.size())) ++figures_.unexpected;
    for (int i = 0; i < count; ++i) {
      judge_verdict(
          bench::read_big_endian<std::int16_t>(value + head_bytes + element_bytes * i + 4));
    }
  }

  void judge_verdict(std::int16_t verdict) {
    if (verdict != 0 && verdict != 1) {
      ++figures_.unexpected;
      return;
    }
    ++figures_.accepted;
    if (verdict == 1) ++figures_.exempt;
  }

  /// The sum and the card are what they were before the run.
  void judge_status(const LoadItem& about, const PGresult* answer) {
    const auto known = state_.accounts.find({persons_[about.person], year_of(about)});
    const Account account = known == state_.accounts.end() ? Account() : known->second;
    const bool is_exempt = *PQgetvalue(answer, 0, 1) != 0;
    if (bench::read_big_endian<std::int64_t>(PQgetvalue(answer, 0, 0)) != account.counted ||
        is_exempt != account.has_card) {
      ++figures_.unexpected;
    }
    if (is_exempt) ++figures_.exempt;
  }

  /// Makes of the state before the run the one that must stand after it.
  void expect() {
    if (is_status()) {
      state_.counts.asked += static_cast<std::int64_t>(figures_.requests);
      return;
    }
    const auto ceilings = ledger::RulePack::published_ceilings();
    for (std::uint64_t index = 0; index < next_index_; ++index) {
      const LoadItem item = items_.item(index);
      ++state_.counts.registrations;
      ++state_.counts.lags;
      state_.counts.amount += item.amount_ore;
      if (item.amount_ore == 0) continue;
      const std::int64_t ceiling = ceilings.at(year_of(item)).amount.ore();
      Account& account = state_.accounts[{persons_[item.person], year_of(item)}];
      account.counted += item.amount_ore;
      account.refunded = std::max<std::int64_t>(0, account.counted - ceiling);
      account.has_card = account.counted >= ceiling;
    }
  }

  const Options options_;
  const ledger::Date today_;
  const LoadItems items_;
  std::vector<Uuid> persons_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<pollfd> polled_;
  std::size_t open_ = 0;
  Parameters parameters_;
  std::uint64_t next_index_ = 0;
  Clock::time_point end_;
  State state_;
  Figures figures_;
};

/// A line for each person-year: national number, year, counted and refunded sum in øre, 1 with a
/// card. The numbers are of the synthetic series.
void print_accounts(const Options& options) {
  const LoadItems items(options.seed, options.persons, ledger::oslo_date(now()));
  Connection reader(options.connect);
  const Accounts accounts = read_state(reader).accounts;
  for (std::uint32_t person = 0; person < options.persons; ++person) {
    const Uuid uuid = uuid_of_person(person);
    constexpr std::int16_t year_min = 0;
    for (auto at = accounts.lower_bound({uuid, year_min});
         at != accounts.end() && at->first.first == uuid; ++at) {
      const Account& account = at->second;
      std::cout << fmt::format("{} {} {} {} {}\n", items.person_number(person), at->first.second,
                               account.counted, account.refunded, account.has_card ? 1 : 0);
    }
  }
}

void print(const Options& options, const Figures& figures, bool is_good) {
  const auto microseconds = [&figures](unsigned per_mille) {
    return static_cast<double>(figures.latency.percentile(per_mille).count()) / 1e3;
  };
  const auto rate = [&figures](std::uint64_t count) {
    return static_cast<double>(count) / figures.elapsed_seconds;
  };
  std::cout << fmt::format(
      R"({{"mode":"{}","seconds":{:.3f},"requests":{},"requestsPerSecond":{:.0f},"itemsPerSecond":{:.0f},)",
      options.mode, figures.elapsed_seconds, figures.requests, rate(figures.requests),
      rate(figures.accepted));
  std::cout << fmt::format(R"("accepted":{},"exempt":{},"unexpected":{},)", figures.accepted,
                           figures.exempt, figures.unexpected);
  std::cout << fmt::format(R"("latencyMicroseconds":{{"p50":{:.0f},"p99":{:.0f},"p999":{:.0f}}},)",
                           microseconds(500), microseconds(990), microseconds(999));
  std::cout << fmt::format(R"("clientCpuSeconds":{:.2f},"kept":{},"good":{}}})",
                           figures.client_cpu_seconds, figures.is_kept, is_good)
            << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Loads bench/postgresql/schema.sql and checks what came of it; figures as JSON."};
  Options options;
  app.add_option("--connect", options.connect, "libpq connection string")->required();
  app.add_option("--mode", options.mode, "single, batch, status, or accounts: print what is kept")
      ->capture_default_str()
      ->check(CLI::IsMember({"single", "batch", "status", "accounts"}));
  app.add_option("--connections", options.connections, "each with one call on the way")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  app.add_option("--seconds", options.seconds, "how long calls are sent")->capture_default_str();
  app.add_option("--items", options.items, "so many items instead, however long it takes");
  app.add_option("--batch-lines", options.batch_lines, "items a call in mode batch")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  app.add_option("--persons", options.persons, "whom the items are about")
      ->capture_default_str()
      ->check(CLI::Range(std::uint32_t{1}, LoadItems::persons_max));
  app.add_option("--seed", options.seed, "another one for each run against the same tables")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_done : exit_wrong_usage;
  }
  try {
    if (options.mode == "accounts") {
      print_accounts(options);
      return exit_done;
    }
    const Figures figures = Load(options).run();
    const bool is_good = figures.is_kept && figures.unexpected == 0;
    print(options, figures, is_good);
    return is_good ? exit_done : exit_findings;
  } catch (const std::exception& error) {
    std::cerr << "postgresql_load: " << error.what() << '\n';
    return exit_could_not_run;
  }
}
