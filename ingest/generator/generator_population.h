#pragma once

#include <cstdint>
#include <vector>

namespace ingest {

/// The persons of a generated year: how often each uses health services, their numbers, and what
/// the ledger knows of them at the moment of the item being emitted. Persons without a single
/// service are not kept. 16 bytes a person and 4 bytes for 16 registrations.
class GeneratedPopulation {
 public:
  /// `persons` counts all inhabitants, also those who need nothing in the year.
  GeneratedPopulation(std::uint64_t registrations, std::uint64_t persons, int year,
                      std::uint64_t seed, std::uint32_t ceiling_ore);

  /// Persons with at least one service.
  std::uint32_t size() const { return static_cast<std::uint32_t>(persons_.size()); }

  /// Who is served in the registration of this index. Every person gets exactly the intended number
  /// of services, strewn over the year.
  std::uint32_t person_of(std::uint64_t registration) const;

  /// Under 16 throughout the year.
  bool is_child(std::uint32_t person) const { return person < children_; }
  /// One of the few with hundreds of services.
  bool is_heavy_user(std::uint32_t person) const { return person >= first_heavy_user_; }
  /// The eleven digits as an integer.
  std::uint64_t number(std::uint32_t person) const { return persons_[person].number; }

  /// The person's counted sum has reached the ceiling. As in the ledger, a card stays.
  bool has_card(std::uint32_t person) const { return persons_[person].counted_ore >= ceiling_ore_; }
  void count(std::uint32_t person, std::uint32_t ore) {
    if (!has_card(person)) persons_[person].counted_ore += ore;
  }
  void uncount(std::uint32_t person, std::uint32_t ore) {
    if (!has_card(person)) persons_[person].counted_ore -= ore;
  }

 private:
  struct Person {
    std::uint64_t number = 0;
    std::uint32_t counted_ore = 0;  ///< not kept up once there is a card
    std::uint32_t last_slot = 0;    ///< one past the person's slots, which follow each other
  };

  void share_out(std::uint64_t registrations, std::uint64_t persons);
  void build_guide();
  void give_numbers(int year, std::uint64_t seed);
  std::uint64_t slot_of(std::uint64_t registration) const;

  std::vector<Person> persons_;       ///< by group, and by number of services within a group
  std::vector<std::uint32_t> guide_;  ///< the person of every 16th slot
  std::uint32_t ceiling_ore_;
  std::uint32_t children_ = 0;
  std::uint32_t first_frequent_ = 0;
  std::uint32_t first_heavy_user_ = 0;
  std::uint64_t registrations_;
  std::uint64_t shuffle_key_;
  unsigned slot_bits_ = 0;
};

}  // namespace ingest
