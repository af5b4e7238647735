// From the bytes of requests to a state that was made again: whatever the parser lets through can
// be decided, written, read, verified and replayed to the same state.
//
// A line that begins with '#' begins a request: `o` by an operator, `a` all or nothing, `g` in a
// group of its own, `f` and `l` with the clock at the first and the last time there is. Each other
// line is an item, or an array of them.

#include <string>
#include <string_view>
#include <vector>

#include "ingest/items/json_text.h"
#include "ingest/writer/group_writer.h"
#include "ledger/values/assert.h"
#include "storage/bytes/format.h"
#include "storage/bytes/format_bounds.h"
#include "storage/bytes/merkle.h"
#include "storage/crypto/crypto.h"
#include "storage/ledger_files/record_verifier.h"
#include "tests/ingest/items/item_text.h"
#include "tests/sim/checksum.h"
#include "tests/support/memory_store.h"

namespace {

using ledger::CommitGroup;
using ledger::Position;
using ledger::Result;
using ledger::test::MemoryStore;

const storage::SigningKey& signing_key() {
  static const storage::SigningKey key = storage::SigningKey::generate();
  return key;
}

const ledger::RulePack& rules() {
  static const ledger::RulePack pack = [] {
    auto ceilings = ledger::RulePack::published_ceilings();
    ceilings[2010] = {ledger::Money::from_ore(1), ""};
    ceilings[2199] = {ledger::ceiling_max, "the last year"};
    const auto hash = storage::sha256(ledger::RulePack::canonical_text(ceilings));
    return ledger::RulePack(std::move(ceilings), hash);
  }();
  return pack;
}

/// A journal of records in memory, sealed like the real one.
class Records final : public ledger::Journal {
 public:
  void append(std::span<const ledger::AnsweredGroup> groups, Appended appended) override {
    std::vector<ledger::Seal> seals;
    for (const ledger::AnsweredGroup& answered : groups) seals.push_back(keep(answered));
    appended(std::move(seals));
  }
  Position next_position() const override { return next_; }
  ledger::Instant newest_commit() const override { return newest_commit_; }
  Result<ledger::Entry> entry_at(Position position) const override {
    for (const std::string& record : bytes_) {
      auto entry = storage::decode_entry_at(record, position);
      if (entry) return entry;
    }
    return ledger::Errc::corrupt_record;
  }
  const std::vector<std::string>& bytes() const { return bytes_; }

 private:
  ledger::Seal keep(const ledger::AnsweredGroup& answered) {
    storage::EncodedContent content = storage::encode_content(answered.group, root_, {});
    std::string& record = content.bytes;
    LEDGER_ASSERT(storage::fault_of_content(record, answered.group, root_).empty());
    std::vector<ledger::Digest>& leaves = content.leaves;
    const std::size_t first = leaves.size();
    for (const std::string& text : answered.result_texts) {
      leaves.push_back(storage::MerkleTree::leaf_hash(text));
    }
    const storage::MerkleTree tree(leaves);
    ledger::Seal seal;
    seal.root = root_ = tree.root();
    seal.key_id = signing_key().key_id();
    seal.signature = signing_key().sign(seal.root);
    for (std::size_t i = first; i < leaves.size(); ++i) seal.paths.push_back(tree.path(i));
    storage::append_seal(record, std::span(leaves).subspan(first), seal);
    bytes_.push_back(std::move(record));
    next_ = answered.group.next_position();
    newest_commit_ = answered.group.committed_at;
    return seal;
  }

  std::vector<std::string> bytes_;
  Position next_{1};
  ledger::Instant newest_commit_ = ledger::first_instant;
  ledger::Digest root_{};
};

std::unique_ptr<ingest::Submission> begin_request(std::string_view flags) {
  auto request = std::make_unique<ingest::Submission>();
  request->caller.asker.client = "fuzz";
  request->caller.is_operator = flags.find('o') != std::string_view::npos;
  request->is_atomic = flags.find('a') != std::string_view::npos;
  return request;
}

ledger::Instant clock_of(std::string_view flags) {
  if (flags.find('f') != std::string_view::npos) return ledger::first_instant;
  if (flags.find('l') != std::string_view::npos) return ledger::last_instant;
  return {1'740'823'200, 5};  // 2025-03-01
}

void add_items(ingest::Submission& request, std::string_view line, ledger::Instant received) {
  static const ingest::test::PlainVault vault;
  static ingest::ItemParser parser(vault, ledger::NumberSeries::production_and_tests);
  constexpr std::size_t items_max = 200;
  std::vector<std::string_view> texts{line};
  if (line.front() == '[') {
    texts.clear();
    if (!ingest::split_json(line, texts)) return;
  }
  for (const std::string_view text : texts) {
    if (request.items.size() == items_max) return;
    const ingest::test::PaddedText padded(text);
    request.items.push_back(parser.parse(padded.view(), request.caller, received));
  }
}

void check_names(const MemoryStore& store) {
  for (const auto& [number, person] : store.persons()) {
    LEDGER_ASSERT(storage::number_key(number).size() == number.bytes.size());
    LEDGER_ASSERT(storage::decode_person_key(storage::person_key(person)) == person);
    LEDGER_ASSERT(storage::decode_person_id(storage::encode_person_id(person)).value() == person);
  }
  for (const auto& [name, number] : store.practices()) {
    ledger::Practice practice;
    LEDGER_ASSERT(ledger::PracticeId::parse(name, practice.id));
    const std::string bytes = storage::encode_practice(number, practice, nullptr);
    LEDGER_ASSERT(storage::decode_practice_key(storage::practice_key(number)) == number);
    LEDGER_ASSERT(storage::decode_practice(bytes).value().practice.id == practice.id);
  }
}

void check_unpaid(const MemoryStore& store) {
  for (const auto& [key, unpaid] : store.unpaid()) {
    const std::string row = storage::unpaid_key(key);
    const std::string bytes = storage::encode_unpaid(unpaid);
    LEDGER_ASSERT(storage::field_out_of_bounds(unpaid) == nullptr);
    LEDGER_ASSERT(storage::decode_unpaid_key(row) == key);
    const auto read = storage::decode_unpaid(row, bytes);
    LEDGER_ASSERT(read && storage::encode_unpaid(read.value()) == bytes);
  }
}

/// What every row of the state has to be: within the bounds, and the same when it is read.
void check_rows(const MemoryStore& store) {
  check_names(store);
  check_unpaid(store);
  std::string row;
  for (const auto& [key, registration] : store.registrations()) {
    const storage::RegistrationKey stored = storage::registration_key(key);
    LEDGER_ASSERT(storage::decode_registration_key(storage::view_of(stored)) == key);
    storage::encode_registration(registration, row);
    LEDGER_ASSERT(storage::decode_registration(row).value() == registration);
  }
  ledger::Account read;
  for (const auto& [key, account] : store.accounts()) {
    storage::encode_account(account, row);
    LEDGER_ASSERT(storage::decode_account(row, read) && read == account);
    LEDGER_ASSERT(storage::decode_account_brief(row).value() == brief_of(account));
    LEDGER_ASSERT(storage::decode_account_key(storage::account_key(key)) == key);
  }
  for (const auto& [key, month] : store.timeliness()) {
    LEDGER_ASSERT(storage::field_out_of_bounds(key) == nullptr);
    LEDGER_ASSERT(storage::decode_timeliness_key(storage::timeliness_key(key)) == key);
    const std::string bytes = storage::encode_timeliness(month);
    const auto decoded = storage::decode_timeliness(bytes);
    LEDGER_ASSERT(decoded && storage::encode_timeliness(decoded.value()) == bytes);
  }
  for (const ledger::Event& event : store.events()) {
    const std::string bytes = storage::encode_event(event);
    const std::string key = storage::event_key(event.cause, 3);
    LEDGER_ASSERT(storage::decode_event(key, bytes).value() == event);
    LEDGER_ASSERT(storage::decode_event_ordinal(key) == 3);
  }
}

void apply(const Records& records, const CommitGroup& group, MemoryStore& store) {
  store.begin_group(group.position);
  ledger::Ledger ledger(store, rules(), records);
  for (const ledger::Entry& entry : group.entries) {
    LEDGER_ASSERT(ledger.replay(entry).has_value());
  }
  for (const ledger::Tally& tally : group.tallies) LEDGER_ASSERT(store.record_tally(tally));
  store.finish_group(group);
}

void check_replay(const Records& records, const MemoryStore& live) {
  storage::VerifyOptions options;
  options.public_key = signing_key().public_key();
  storage::RecordVerifier verifier(options);
  MemoryStore replayed;
  for (const std::string& bytes : records.bytes()) {
    const auto record = storage::decode_record(bytes);
    LEDGER_ASSERT(record.has_value());
    LEDGER_ASSERT(verifier.take(record.value().group.position, bytes));
    apply(records, record.value().group, replayed);
  }
  verifier.finish({});
  LEDGER_ASSERT(!verifier.report().finding);
  LEDGER_ASSERT(replayed.registrations() == live.registrations());
  LEDGER_ASSERT(replayed.accounts() == live.accounts());
  LEDGER_ASSERT(replayed.persons() == live.persons());
  LEDGER_ASSERT(replayed.practices() == live.practices());
  LEDGER_ASSERT(replayed.tallies() == live.tallies());
  LEDGER_ASSERT(replayed.events() == live.events());
  LEDGER_ASSERT(sim::checksum_of(replayed) == sim::checksum_of(live));
}

/// Takes the lines, and commits group by group.
class Session {
 public:
  void take(std::string_view line) {
    if (line.empty()) return;
    if (line.front() != '#') {
      if (request_ == nullptr) begin({});
      add_items(*request_, line, clock_of(flags_));
      return;
    }
    end_request();
    if (line.find('g') != std::string_view::npos) commit();
    begin(line.substr(1));
  }

  void finish() {
    end_request();
    commit();
    check_rows(store_);
    check_replay(records_, store_);
  }

 private:
  void begin(std::string_view flags) {
    flags_ = flags;
    request_ = begin_request(flags);
  }

  void end_request() {
    if (request_ != nullptr && !request_->items.empty()) {
      items_ += request_->items.size();
      pending_.submissions.push_back(std::move(request_));
    }
    request_.reset();
    if (items_ > 1'000) commit();
  }

  void commit() {
    if (pending_.submissions.empty()) return;
    LEDGER_ASSERT(writer_.build(pending_, clock_of(flags_)));
    LEDGER_ASSERT(writer_.commit({&pending_, 1}));
    pending_ = {};
    items_ = 0;
  }

  MemoryStore store_;
  Records records_;
  ingest::GroupWriter writer_{store_, records_, rules(), true,
                              [](const auto&...) { return ledger::ok(); }};
  ingest::PendingGroup pending_;
  std::size_t items_ = 0;
  std::unique_ptr<ingest::Submission> request_;
  std::string flags_;
};

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Session session;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    session.take(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  session.finish();
  return 0;
}
