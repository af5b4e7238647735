#include "storage/closing/statement_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <charconv>
#include <stdexcept>

#include "ledger/values/position_text.h"
#include "storage/closing/statement_files.h"
#include "storage/closing/statement_json.h"
#include "storage/files/files.h"
#include "storage/files/output_file.h"
#include "storage/json/json.h"

namespace storage {
namespace {

namespace fs = std::filesystem;

std::runtime_error damaged_statement(const fs::path& folder, std::string_view what) {
  return std::runtime_error(
      fmt::format("the statement in {} is damaged: {}; remedy: take it from a backup, or remove "
                  "the folder: the journal knows what it pays",
                  folder.string(), what));
}

Totals read_totals(const fs::path& folder, const ledger::StatementEntry& entry) {
  const auto damaged = [&](std::string_view what) { return damaged_statement(folder, what); };
  if (const std::string fault = statement_fault(folder, entry, {}); !fault.empty()) {
    throw damaged(fault);
  }
  try {
    const auto parsed = boost::json::parse(read_file(folder / "statement.json")).as_object();
    Totals totals;
    for (std::size_t i = 0; i < figure_count; ++i) {
      const auto name = name_of(static_cast<Figure>(i));
      totals.values[i] = parsed.at("totals").at(name).to_number<std::int64_t>();
    }
    return totals;
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

std::optional<PreviousStatement> read_previous(
    const fs::path& folder, const std::vector<ledger::StatementEntry>& statements) {
  if (statements.empty()) return std::nullopt;
  const ledger::StatementEntry& newest = statements.back();
  PreviousStatement previous;
  previous.id = name_of(newest);
  previous.position = newest.up_to;
  previous.manifest_sha256 = to_hex(newest.manifest);
  const fs::path files = folder / previous.id;
  if (fs::exists(files)) previous.totals = read_totals(files, newest);
  return previous;
}

}  // namespace storage
