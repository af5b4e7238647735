#include "storage/closing/statement_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <exception>
#include <optional>
#include <stdexcept>

#include "storage/closing/reconciliation.h"
#include "storage/files/files.h"

namespace storage {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view manifest_name = "manifest.json";
constexpr std::string_view signature_name = "manifest.sig";

/// Nothing when it is not there or cannot be read.
std::optional<std::string> try_read(const fs::path& path) {
  try {
    if (fs::exists(path)) return read_file(path);
  } catch (const std::exception&) {
  }
  return std::nullopt;
}

bool has_signed(const std::string& text, const Digest& manifest, std::span<const PublicKey> keys) {
  try {
    const json::value parsed = json::parse(text);
    const json::string& key_id = parsed.at("keyId").as_string();
    const json::string& hexadecimal = parsed.at("signature").as_string();
    const auto bytes = from_hex({hexadecimal.data(), hexadecimal.size()});
    Signature signature{};
    if (!bytes || bytes->size() != signature.size()) return false;
    std::copy(bytes->begin(), bytes->end(), signature.begin());
    return std::any_of(keys.begin(), keys.end(), [&](const PublicKey& key) {
      return std::string_view(key_id) == key_id_of(key) && is_signed_by(key, manifest, signature);
    });
  } catch (const std::exception&) {
    return false;
  }
}

/// The file against its line in the manifest.
std::string file_fault(const fs::path& folder, const json::object& listed) {
  const json::string& text = listed.at("name").as_string();
  const std::string name(text.data(), text.size());
  const fs::path path = folder / name;
  if (!fs::exists(path)) return name + " is missing";
  try {
    const std::string hash = to_hex(sha256_of_file(path));
    if (listed.at("sha256").as_string() == hash) return {};
  } catch (const std::runtime_error&) {
    return name + " cannot be read";
  }
  return name + " is not the file that was signed";
}

}  // namespace

bool is_as_listed(const fs::path& folder) {
  const auto manifest = try_read(folder / manifest_name);
  const fs::path statement = folder / "statement.json";
  if (!manifest || !fs::exists(statement)) return true;
  try {
    const json::value parsed = json::parse(*manifest);
    for (const json::value& file : parsed.at("files").as_array()) {
      if (file.at("name").as_string() != "statement.json") continue;
      return file_fault(folder, file.as_object()).empty();
    }
  } catch (const std::exception&) {
  }
  return false;
}

std::string statement_fault(const fs::path& folder, const ledger::StatementEntry& statement,
                            std::span<const PublicKey> keys, std::string_view only) {
  const auto manifest = try_read(folder / manifest_name);
  if (!manifest) return "manifest.json is missing or cannot be read";
  if (sha256(*manifest) != statement.manifest) {
    return "manifest.json is not the one that the journal names";
  }
  const bool is_signature_wanted = !keys.empty() && (only.empty() || only == signature_name);
  if (is_signature_wanted) {
    const auto signature = try_read(folder / signature_name);
    if (!signature) return "manifest.sig is missing or cannot be read";
    if (!has_signed(*signature, statement.manifest, keys)) {
      return "manifest.sig is no signature of manifest.json";
    }
  }
  if (only == manifest_name || only == signature_name) return {};
  // The journal vouches for what stands in it.
  const json::value parsed = json::parse(*manifest);
  for (const json::value& listed : parsed.at("files").as_array()) {
    const json::object& file = listed.as_object();
    if (!only.empty() && std::string_view(file.at("name").as_string()) != only) continue;
    std::string fault = file_fault(folder, file);
    if (!fault.empty() || !only.empty()) return fault;
  }
  return only.empty() ? "" : std::string(only) + " is no file of it";
}

std::vector<std::string> files_of_statement(const fs::path& folder) {
  std::vector<std::string> names{std::string(manifest_name)};
  if (fs::exists(folder / signature_name)) names.emplace_back(signature_name);
  try {
    const json::value manifest = json::parse(read_file(folder / manifest_name));
    for (const json::value& file : manifest.at("files").as_array()) {
      const json::string& name = file.at("name").as_string();
      names.emplace_back(name.data(), name.size());
    }
  } catch (const boost::system::system_error&) {
    throw std::runtime_error("the manifest in " + folder.string() + " is damaged");
  }
  return names;
}

std::string statement_fault_text(std::string_view statement, std::string_view fault) {
  return fmt::format(
      "statement {0} is damaged: {1}; remedy: take the folder statements/{0} from a backup",
      statement, fault);
}

std::string text_of(const StatementFault& fault) {
  return statement_fault_text(fault.statement, fault.what);
}

std::string name_of(const ledger::StatementEntry& statement) {
  return fmt::format("{}-{}", statement.year, statement.number);
}

std::vector<ledger::StatementEntry> all_statements(LedgerFiles& files) {
  std::vector<ledger::StatementEntry> all;
  for (const auto& [year, ceiling] : files.rules().ceilings()) {
    const auto of_year = files.state().statements(year);
    all.insert(all.end(), of_year.begin(), of_year.end());
  }
  return all;
}

std::optional<ledger::StatementEntry> find_statement(LedgerFiles& files, int year,
                                                     std::uint64_t number) {
  for (const ledger::StatementEntry& statement : files.state().statements(year)) {
    if (statement.number == number) return statement;
  }
  return std::nullopt;
}

bool are_files_waiting(const fs::path& ledger, const ledger::StatementEntry& statement) {
  const fs::path manifest =
      reconciliation_work(ledger, statement.year, false) / "statement" / manifest_name;
  return fs::exists(manifest) && sha256(read_file(manifest)) == statement.manifest;
}

std::vector<StatementFault> statement_faults(const fs::path& folder,
                                             std::span<const ledger::StatementEntry> statements,
                                             std::span<const PublicKey> keys) {
  std::vector<StatementFault> faults;
  for (const ledger::StatementEntry& statement : statements) {
    const std::string name = name_of(statement);
    const fs::path place = folder / "statements" / name;
    StatementFault fault{name, "", !fs::exists(place)};
    if (fault.is_missing) {
      if (are_files_waiting(folder, statement)) continue;
      fault.what = "its files are not there";
    } else {
      fault.what = statement_fault(place, statement, keys);
    }
    if (!fault.what.empty()) faults.push_back(std::move(fault));
  }
  return faults;
}

std::vector<StatementFault> other_statement_faults(
    const fs::path& folder, std::span<const ledger::StatementEntry> statements) {
  std::vector<StatementFault> faults;
  if (!fs::is_directory(folder / "statements")) return faults;
  for (const auto& entry : fs::directory_iterator(folder / "statements")) {
    const std::string name = entry.path().filename().string();
    const bool is_named = std::any_of(
        statements.begin(), statements.end(),
        [&name](const ledger::StatementEntry& known) { return name_of(known) == name; });
    if (is_named || name.starts_with('.') || is_as_listed(entry.path())) continue;
    faults.push_back({name, "statement.json is not the file that its manifest lists", false});
  }
  return faults;
}

std::vector<StatementFault> copy_statements(const fs::path& from, const fs::path& into,
                                            std::span<const ledger::StatementEntry> statements,
                                            std::span<const PublicKey> keys) {
  std::vector<StatementFault> faults = statement_faults(from, statements, keys);
  for (const ledger::StatementEntry& statement : statements) {
    const std::string name = name_of(statement);
    const bool is_faulty =
        std::any_of(faults.begin(), faults.end(),
                    [&name](const StatementFault& fault) { return fault.statement == name; });
    if (is_faulty) continue;
    fs::create_directory(into / "statements");
    copy_folder(from / "statements" / name, into / "statements" / name);
  }
  if (fs::exists(into / "statements")) sync_folder(into / "statements");
  return faults;
}

StatementReader::Seen StatementReader::look_at(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_ino, status.st_size,
          std::int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec};
}

std::string StatementReader::fault(const fs::path& folder, const ledger::StatementEntry& statement,
                                   std::span<const PublicKey> keys, std::string_view name) {
  const fs::path path = folder / name;
  const std::lock_guard lock(mutex_);
  // Before it is read: what changes meanwhile is read again.
  const Seen seen = look_at(path);
  const auto known = good_.find(path);
  if (known != good_.end() && known->second == seen) return {};
  std::string fault = statement_fault(folder, statement, keys, name);
  if (fault.empty()) {
    good_[path] = seen;
  } else {
    good_.erase(path);
  }
  return fault;
}

}  // namespace storage
