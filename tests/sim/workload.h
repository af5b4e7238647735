#pragma once

#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "ingest/writer/submission.h"
#include "ledger/records/rule_pack.h"
#include "tests/sim/options.h"
#include "tests/sim/registry_feed.h"
#include "tests/support/prng.h"

namespace sim {

/// A submission on its way, and who waits for the answer.
struct Request final : ingest::Submission {
  static constexpr std::size_t nobody = SIZE_MAX;
  std::size_t client = nobody;
};

/// The practices' systems: each sends one request at a time and sends again what it got no answer
/// to. Events of registries stand among the items, as in a file that is loaded. They remember what
/// they sent, so that payments, credit notes, resends and conflicts meet something. Everything
/// follows from the seed and from what was answered.
class Workload {
 public:
  explicit Workload(const Options& options);

  /// The next request; null when all clients wait for an answer or, once all items have been sent,
  /// have nothing left to send again.
  std::unique_ptr<Request> send(ledger::Instant now);
  /// The request as the network delivers it a second time: its answer goes nowhere.
  static std::unique_ptr<Request> copy_of(const Request& request);

  void answered(const ingest::Submission& submission);
  /// The outcome is unknown to the client.
  void unanswered(const ingest::Submission& submission);

  std::uint64_t sent_items() const { return sent_items_; }
  bool is_done() const;

 private:
  struct Client {
    ledger::PracticeId practice;
    bool is_operator = false;
    bool is_waiting = false;
    std::vector<ingest::ParsedItem> sent;       // each once
    std::deque<ingest::ParsedItem> unanswered;  // to be sent again
    std::vector<ledger::Guid> promised;         // paid or credited, not yet reported
  };

  /// What got no answer, received again.
  ingest::ParsedItem take_unanswered(Client& client, ledger::Instant now);
  ingest::ParsedItem make_item(Client& client, ledger::Instant now);
  ledger::Item make_copayment(Client& client, Kind kind, ledger::Instant now);
  ledger::Item make_follow_up(const Client& client, ledger::ItemType type, ledger::Instant now);
  ledger::Item make_unknown_original(Client& client, ledger::Instant now);
  ledger::Item make_conflict(const Client& client, ledger::Instant now);
  void set_times(ledger::Item& item, Timing timing, bool is_operator, ledger::Instant now);
  /// Moves some of the item's values to the ends of what a parser lets through.
  void move_to_edge(ledger::Item& item, bool is_operator);
  std::uint64_t make_request_size();
  ledger::Money make_amount(int year);
  const ledger::Item* earlier_copayment(const Client& client);
  ledger::Guid make_guid();
  /// Any instant that an operator may name.
  ledger::Instant any_instant();
  /// `instant` give or take: often at the second, often within hours.
  ledger::Instant about(ledger::Instant instant);
  std::size_t pick(std::span<const std::uint64_t> weights);

  const Options& options_;
  const std::map<int, ledger::AnnualCeiling> ceilings_;
  ledger::test::Prng prng_;
  ledger::test::Prng edge_prng_;
  std::vector<Client> clients_;
  RegistryFeed registries_;
  std::uint64_t sent_items_ = 0;
};

}  // namespace sim
