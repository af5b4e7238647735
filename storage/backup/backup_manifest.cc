#include "storage/backup/backup_manifest.h"

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>
#include <stdexcept>

#include "ledger/values/position_text.h"
#include "ledger/values/rfc3339.h"
#include "storage/json/json.h"

namespace storage {
namespace {

namespace json = boost::json;

constexpr std::int64_t manifest_format = 1;
constexpr std::array<std::string_view, 4> verification_names{"none", "passed", "failed", "noRoom"};

ledger::Position parse_position(std::string_view text) {
  ledger::Position position;
  if (!ledger::parse_position(text, position)) throw std::runtime_error("no position");
  return position;
}

BackupManifest::Verification parse_verification(std::string_view name) {
  for (std::size_t i = 0; i < verification_names.size(); ++i) {
    if (verification_names[i] == name) return static_cast<BackupManifest::Verification>(i);
  }
  throw std::runtime_error("no verification");
}

/// The members of a description in the format that this program knows.
json::object parse_description(std::string_view text) {
  json::object object = json::parse(text).as_object();
  if (object.at("format").as_int64() != manifest_format) throw std::runtime_error("its format");
  return object;
}

}  // namespace

std::string BackupManifest::to_json() const {
  Json found = Json::array();
  for (const std::string& finding : findings) found.add(finding);
  return Json::object(
             {
                 {"format", manifest_format},
                 {"number", number},
                 {"time", ledger::to_rfc3339(time)},
                 {"keyId", key_id},
                 {"position", ledger::to_string(position)},
                 {"checksum", checksum},
                 {"root", root},
                 {"bytes", bytes},
                 {"newBytes", new_bytes},
                 {"milliseconds", milliseconds},
                 {"privateKeys", has_private_keys},
                 {"verification", verification_names[static_cast<std::size_t>(verification)]},
                 {"reason", reason},
                 {"findings", found},
                 {"journalBackup", journal_backup},
                 {"stateBackup", state_backup},
                 {"accessLogBackup", access_log_backup},
             })
      .text();
}

BackupManifest BackupManifest::parse(std::string_view text) {
  try {
    const json::object object = parse_description(text);
    const auto string_of = [&](std::string_view name) {
      return json::value_to<std::string>(object.at(name));
    };
    BackupManifest manifest;
    manifest.number = json::value_to<std::uint32_t>(object.at("number"));
    const auto time = ledger::parse_rfc3339(string_of("time"));
    if (!time) throw std::runtime_error("no time");
    manifest.time = *time;
    manifest.key_id = string_of("keyId");
    manifest.position = parse_position(string_of("position"));
    manifest.checksum = string_of("checksum");
    manifest.root = string_of("root");
    manifest.bytes = json::value_to<std::uint64_t>(object.at("bytes"));
    manifest.new_bytes = json::value_to<std::uint64_t>(object.at("newBytes"));
    manifest.milliseconds = json::value_to<std::uint64_t>(object.at("milliseconds"));
    manifest.has_private_keys = object.at("privateKeys").as_bool();
    manifest.verification = parse_verification(string_of("verification"));
    manifest.reason = string_of("reason");
    manifest.findings = json::value_to<std::vector<std::string>>(object.at("findings"));
    manifest.journal_backup = json::value_to<std::uint32_t>(object.at("journalBackup"));
    manifest.state_backup = json::value_to<std::uint32_t>(object.at("stateBackup"));
    manifest.access_log_backup = json::value_to<std::uint32_t>(object.at("accessLogBackup"));
    return manifest;
  } catch (const std::exception& exception) {
    throw std::runtime_error(std::string("this is no manifest of a backup: ") + exception.what());
  }
}

std::string backup_folder_json(std::string_view key_id) {
  return Json::object({{"format", manifest_format}, {"keyId", key_id}}).text();
}

std::string parse_backup_folder(std::string_view text) {
  try {
    return json::value_to<std::string>(parse_description(text).at("keyId"));
  } catch (const std::exception& exception) {
    throw std::runtime_error(std::string("this does not describe a folder of backups: ") +
                             exception.what());
  }
}

}  // namespace storage
