#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace ingest {

struct GeneratorOptions {
  std::uint64_t registrations = 0;  ///< distinct accepted co-payments; everything else is on top
  std::uint64_t persons = 0;        ///< inhabitants; 0 = in the nation's proportion to these
  int year = 0;                     ///< of service
  std::uint64_t seed = 0;
};

/// How many persons the options mean.
std::uint64_t inhabitants(const GeneratorOptions& options);
/// Of a year with a published ceiling.
std::uint32_t ceiling_ore(int year);

struct GeneratorProgress {
  std::uint64_t registrations = 0;  ///< distinct accepted co-payments handed out so far
  std::uint64_t total = 0;
};

/// A synthetic year of reports, as NDJSON items in the order in which they are received; each line
/// carries its `receivedTime`. The same options give the same bytes on every machine.
///
///   Generator generator({.registrations = 953'692, .year = 2023, .seed = 1});
///   std::string chunk;
///   for (; generator.next_chunk(chunk); chunk.clear()) write(chunk);
///
/// Loaded in order into an empty ledger, every line gets the verdict it was made for.
///
/// Persons: inhabitants who need nothing, little (1-6 services), some (7-25), much (25-150: these
///   reach the ceiling), very much (150-400: multidose, physiotherapy, dialysis), and children, who
///   never pay. Numbers are of the synthetic series (month + 80), 4 % of them D-numbers. Of 5.6
///   million inhabitants, 3.8 million adults and 0.9 million children are served; 1.3 million get a
///   card, a third of them by May and a fifth in the last two months.
/// Services: 41 % blue prescriptions, a third doctors, then outpatient clinics, physiotherapy,
///   laboratories, travel; few at weekends, on holidays and in July. Tariffs change on 1 July.
/// Amounts: a person pays until the card is known on the service day, then `F` is reported, but for
///   the practices that have not looked. Other items carry 0 for other reasons, with or without
///   exemption code. More than half of all items carry 0.
/// Practices: 23 000 for the nation, of skewed size; a person mostly goes to the same ones.
/// Lateness: the habit of a practice and some chance give each report of a service day its place in
///   a queue, and the place decides the lag. So the shares of Helfo's annual report 2023
///   (88.4, 93.4 and 95.5 % within 16, 24 and 32 days) hold on every service day, whoever was
///   visited.
/// Noise, of the accepted co-payments: 0.75 % sent again in runs, 4 % first reported unpaid (9 of
///   10 are paid later), 0.3 % credit notes, 0.2 % first sent with a wrong check digit, 0.05 % with
///   a service time ahead, 0.1 % with `F` without card (all three corrected under the same guid),
///   0.1 % too late altogether, 0.02 % sent again with another amount.
/// The population, the amounts at the pharmacy and the noise are assumptions that add up to the
/// published totals (Statistics Norway 2023-2024; Helfo annual reports 2023 and 2024).
///
/// Memory: 20 bytes for each inhabitant and each line waiting for its day: 0.25 GB for the nation's
/// year of 95 369 228 registrations. One thread.
class Generator {
 public:
  static constexpr std::uint64_t registrations_max = 1'000'000'000;
  static constexpr std::uint64_t persons_max = 8'000'000;
  static constexpr std::size_t chunk_bytes = std::size_t{256} * 1024;

  /// 1 to `registrations_max`, at most `persons_max`, at most 10 000 registrations a person, and a
  /// year with a published ceiling.
  static bool is_valid(const GeneratorOptions& options);

  /// The options must be valid.
  explicit Generator(const GeneratorOptions& options);
  ~Generator();
  Generator(Generator&&) noexcept;
  Generator& operator=(Generator&&) noexcept;

  /// Appends whole lines, `chunk_bytes` of them and a little more; false when there are no more.
  bool next_chunk(std::string& out);

  GeneratorProgress progress() const;

 private:
  class Year;
  std::unique_ptr<Year> year_;
};

}  // namespace ingest
