#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ledger/records/registry_event.h"
#include "ledger/records/timeliness.h"
#include "ledger/values/ids.h"
#include "ledger/values/result.h"
#include "storage/state/table_context.h"
#include "storage/state/text_hash.h"
#include "storage/state/thread_safety.h"

namespace storage {

class SortedFiles;

/// What identifies who acts for a practice.
struct PracticeIdentity {
  enum class Kind : std::uint8_t { organisation, practitioner, person };

  Kind kind = Kind::organisation;
  std::string number;  ///< digits; of a person the bytes of the encrypted number

  static PracticeIdentity of(const ledger::EncryptedNumber& person) {
    return {Kind::person, std::string(person.bytes.begin(), person.bytes.end())};
  }
  friend auto operator<=>(const PracticeIdentity&, const PracticeIdentity&) = default;
};

/// The practices, by number: all of them in memory, because they are few.
///
/// Concurrency: the writer, who alone changes them and so reads them without the lock; the thread
/// that hands over; readers.
class PracticesTable {
 public:
  /// Reads all from the files. Throws DamagedState, or std::runtime_error when they cannot be read.
  explicit PracticesTable(const TableContext& context);

  // For the writer.
  std::optional<ledger::PracticeNumber> find(const ledger::PracticeId& id) const READS_UNLOCKED {
    return find_number(id);
  }
  ledger::Result<ledger::PracticeNumber> add(const ledger::PracticeId& id);
  /// `corrupt_record` for a number never given.
  ledger::Result<ledger::PracticeId> find_id(ledger::PracticeNumber number) const READS_UNLOCKED;
  /// REQUIRES: the number has been given.
  const ledger::PracticeId& id_of(ledger::PracticeNumber number) const READS_UNLOCKED {
    return practices_[number.value()].id;
  }
  /// What the registry says of the practice; null when it says nothing. Until the next change.
  const ledger::RegisteredPractice* registered(ledger::PracticeNumber number) const READS_UNLOCKED {
    return registered_[number.value()].get();
  }
  void put_registered(ledger::PracticeNumber number, ledger::RegisteredPractice registered);
  /// A co-payment of this practice has been received on this day.
  void note_received(ledger::PracticeNumber number, ledger::Date received);
  void freeze();
  void thaw_stripe(std::size_t /*stripe*/) {}  // forget_frozen() does it all

  // For the thread that hands over.
  void write(SortedFiles& files) const;
  void forget_frozen() { frozen_.clear(); }

  // For readers.
  std::optional<ledger::PracticeNumber> number_of(const ledger::PracticeId& id) const;
  /// `corrupt_record` for a number never given.
  ledger::Result<ledger::PracticeId> identifier_of(ledger::PracticeNumber number) const;
  /// By number; the first is the nation, empty.
  std::vector<ledger::Practice> all() const;
  /// What the registry says of the practice; null when it says nothing.
  std::shared_ptr<const ledger::RegisteredPractice> find_registered(
      ledger::PracticeNumber number) const;
  /// Those that the registry says to have this identity, by number.
  std::vector<ledger::PracticeId> with(const PracticeIdentity& identity) const;

 private:
  struct Hash {
    std::size_t operator()(const ledger::PracticeId& id) const { return TextHash{}(id.view()); }
  };

  void load(const StateFiles& files);
  std::optional<ledger::PracticeNumber> find_number(const ledger::PracticeId& id) const
      REQUIRES_SHARED(mutex_);
  void set_registered(ledger::PracticeNumber number,
                      std::shared_ptr<const ledger::RegisteredPractice> registered)
      REQUIRES(mutex_);
  void add_to_checksum(ledger::PracticeNumber number, bool is_added) READS_UNLOCKED;
  bool is_new_day(ledger::PracticeNumber number, ledger::Date received) const READS_UNLOCKED;

  struct Frozen {
    ledger::PracticeNumber number;
    ledger::Practice practice;
    std::shared_ptr<const ledger::RegisteredPractice> registered;
  };

  const std::uint32_t practices_max_;
  StateTotals& totals_;
  mutable SharedMutex mutex_;
  std::vector<ledger::Practice> practices_ GUARDED_BY(mutex_);
  boost::unordered_flat_map<ledger::PracticeId, ledger::PracticeNumber, Hash> numbers_
      GUARDED_BY(mutex_);
  /// By number; null of those that the registry says nothing of.
  std::vector<std::shared_ptr<const ledger::RegisteredPractice>> registered_ GUARDED_BY(mutex_);
  std::map<PracticeIdentity, std::set<ledger::PracticeNumber>> identities_ GUARDED_BY(mutex_);
  std::vector<bool> is_changed_ GUARDED_BY(mutex_);  // since the last freeze()
  /// The writer's in freeze(), then that of the thread that hands over.
  std::vector<Frozen> frozen_;
};

}  // namespace storage
