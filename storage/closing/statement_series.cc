#include "storage/closing/statement_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <charconv>
#include <stdexcept>

#include "ledger/values/position_text.h"
#include "storage/closing/statement_json.h"
#include "storage/files/files.h"
#include "storage/files/output_file.h"
#include "storage/json/json.h"

namespace storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view payouts_file = "payouts.ndjson";

std::runtime_error damaged_statement(const fs::path& folder, std::string_view what) {
  return std::runtime_error(
      fmt::format("the statement in {} is damaged: {}; remedy: restore it from a backup",
                  folder.string(), what));
}

/// What a manifest says of a file. Throws when it does not name it.
std::string listed_sha256(const std::string& manifest, std::string_view name) {
  const boost::json::value parsed = boost::json::parse(manifest);
  for (const boost::json::value& file : parsed.at("files").as_array()) {
    if (file.at("name").as_string() == name) return std::string(file.at("sha256").as_string());
  }
  throw std::out_of_range("a file is not in the manifest");
}

/// Throws when it is damaged, or was not signed with this key. The payouts are only held against
/// the manifest when `has_payouts`.
PreviousStatement read_statement(const fs::path& folder, const SigningKey& signing,
                                 bool has_payouts) {
  const auto damaged = [&](const char* what) { return damaged_statement(folder, what); };
  const std::string manifest = read_file(folder / "manifest.json");
  const std::string statement = read_file(folder / "statement.json");
  try {
    const auto signature = boost::json::parse(read_file(folder / "manifest.sig")).as_object();
    std::array<std::uint8_t, 64> bytes{};
    const std::string hex(signature.at("signature").as_string());
    if (hex.size() != 128) throw damaged("its signature is too short");
    const auto read = from_hex(hex);
    if (read) std::copy(read->begin(), read->end(), bytes.begin());
    if (!read || !is_signed_by(signing.public_key(), sha256(manifest), bytes)) {
      throw damaged("its signature does not fit this ledger's key");
    }
    if (listed_sha256(manifest, "statement.json") != to_hex(sha256(statement))) {
      throw damaged("statement.json is not the one that was signed");
    }
    if (has_payouts &&
        listed_sha256(manifest, payouts_file) != to_hex(sha256_of_file(folder / payouts_file))) {
      throw damaged("payouts.ndjson is not the one that was signed");
    }
    PreviousStatement previous;
    previous.folder = folder;
    const auto parsed = boost::json::parse(statement).as_object();
    previous.id = parsed.at("statement").as_string();
    const std::string position(parsed.at("position").as_string());
    if (!ledger::parse_position(position, previous.position)) {
      throw damaged("its position is none");
    }
    previous.manifest_sha256 = to_hex(sha256(manifest));
    if (const boost::json::value& earlier = parsed.at("previous"); !earlier.is_null()) {
      previous.earlier_manifest_sha256 = earlier.at("manifestSha256").as_string();
    }
    for (std::size_t i = 0; i < figure_count; ++i) {
      const auto name = name_of(static_cast<Figure>(i));
      previous.totals.values[i] = parsed.at("totals").at(name).to_number<std::int64_t>();
    }
    return previous;
  } catch (const boost::system::system_error&) {
    throw damaged("it cannot be read");
  } catch (const std::logic_error&) {
    throw damaged("a member is missing or of another type");
  }
}

}  // namespace

void seal_statement(const fs::path& folder, const Statement& statement,
                    const std::vector<std::string>& tables, const SigningKey* signing) {
  // An earlier run may have been killed in here.
  for (const char* const name : {"statement.json", "manifest.json", "manifest.sig"}) {
    fs::remove(folder / name);
  }
  OutputFile text(folder / "statement.json");
  text.write(to_json(statement));
  text.close();
  Json files = Json::array({Json::verbatim(text.manifest_entry(1))});
  for (const std::string& table : tables) files.add(Json::verbatim(table));
  const Json listed = Json::object({{"statement", statement.id()},
                                    {"position", ledger::to_string(statement.position)},
                                    {"root", to_hex(statement.root)},
                                    {"files", files}});
  const std::string manifest = listed.text() + "\n";
  write_new_file(folder / "manifest.json", manifest, 0644);
  if (signing != nullptr) {
    const Json signature = Json::object(
        {{"keyId", signing->key_id()}, {"signature", to_hex(signing->sign(sha256(manifest)))}});
    write_new_file(folder / "manifest.sig", signature.text() + "\n", 0644);
  }
  sync_folder(folder);
}

std::map<std::uint64_t, fs::path> statements_of(const fs::path& folder, int year) {
  std::map<std::uint64_t, fs::path> statements;
  if (!fs::exists(folder)) return statements;
  const std::string prefix = std::to_string(year) + "-";
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    std::uint64_t number = 0;
    const char* const end = name.data() + name.size();
    const auto read = std::from_chars(name.data() + prefix.size(), end, number);
    if (read.ec == std::errc() && read.ptr == end) statements[number] = entry.path();
  }
  return statements;
}

std::optional<PreviousStatement> read_series(const fs::path& statements, int year,
                                             const SigningKey& signing) {
  const auto folders = statements_of(statements, year);
  std::optional<PreviousStatement> newest;
  std::uint64_t expected = 1;
  for (const auto& [number, folder] : folders) {
    if (number != expected) {
      throw std::runtime_error(fmt::format(
          "the statement {}-{} is missing in {}, so what it named to be paid is not known; remedy: "
          "restore it from a backup",
          year, expected, statements.string()));
    }
    PreviousStatement read = read_statement(folder, signing, ++expected > folders.size());
    if (read.earlier_manifest_sha256 != (newest ? newest->manifest_sha256 : std::string())) {
      throw damaged_statement(folder, "it does not follow the one before it");
    }
    newest = std::move(read);
  }
  return newest;
}

}  // namespace storage
