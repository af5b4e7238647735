// Decoders of what is stored: no bytes make one crash, and what decodes are the very bytes that the
// encoder writes of it. The first byte says which.

#include <string>
#include <string_view>

#include "ledger/values/assert.h"
#include "storage/access_log/access_block.h"
#include "storage/backup/backup_manifest.h"
#include "storage/bytes/format.h"
#include "storage/closing/statement_series.h"
#include "storage/crypto/crypto.h"
#include "storage/files/files.h"
#include "storage/files/torn_write.h"
#include "tests/storage/temp_folder.h"

namespace {

using ledger::Position;
using storage::JournalRecord;

/// `decode` gives a Result, `encode` bytes: each value has one encoding, and no other decodes.
template <class Decode, class Encode>
void check_row(std::string_view bytes, const Decode& decode, const Encode& encode) {
  const auto decoded = decode(bytes);
  if (!decoded) return;
  const std::string encoded = encode(decoded.value());
  LEDGER_ASSERT(encoded == bytes);
}

std::string encode_practice_row(const storage::StoredPractice& row) {
  const ledger::RegisteredPractice* const registered = row.registered ? &*row.registered : nullptr;
  return storage::encode_practice(row.number, row.practice, registered);
}

std::string encode_person_row(const ledger::Person& person) {
  std::string bytes;
  storage::encode_person(person, bytes);
  return bytes;
}

std::string encode_journal_record(const JournalRecord& record) {
  std::string bytes = storage::encode_content(record.group, record.previous_root, {}).bytes;
  // Salts are drawn, and erased numbers are not there: those bytes are the record's own.
  for (const auto& [index, numbers] : record.numbers) {
    for (const storage::StoredNumber& number : numbers) {
      const std::size_t size = number.left_before - number.left_after;
      const std::size_t at = record.whole.size() - number.left_before;
      if (at + size <= bytes.size()) bytes.replace(at, size, record.whole.substr(at, size));
    }
  }
  ledger::Seal seal;
  seal.root = record.root;
  seal.key_id = record.key_id;
  seal.signature = record.signature;
  storage::append_seal(bytes, record.leaves, seal);
  return bytes;
}

void check_journal_record(std::string_view bytes) {
  check_row(bytes, storage::decode_record, encode_journal_record);
  const auto decoded = storage::decode_record(bytes);
  const std::uint64_t first = decoded ? decoded.value().group.position.value() : 0;
  const std::size_t entries = decoded ? decoded.value().group.entries.size() : 0;
  for (std::uint64_t i = 0; i < 70; ++i) {
    const auto entry = storage::decode_entry_at(bytes, Position{first + i});
    if (!decoded) continue;
    LEDGER_ASSERT(entry.has_value() == (i >= 1 && i <= entries));
    if (entry) {
      LEDGER_ASSERT(entry.value().index() == decoded.value().group.entries[i - 1].index());
    }
  }
}

void check_account(std::string_view bytes) {
  const auto decode = [](std::string_view row) -> ledger::Result<ledger::Account> {
    ledger::Account account;
    const auto decoded = storage::decode_account(row, account);
    if (!decoded) return decoded.error();
    return account;
  };
  check_row(bytes, decode, [](const ledger::Account& account) {
    std::string row;
    storage::encode_account(account, row);
    return row;
  });
  LEDGER_ASSERT(storage::Row::checksum_content(bytes).size() <= bytes.size());
  const auto brief = storage::decode_account_brief(bytes);
  const auto account = decode(bytes);
  if (account) LEDGER_ASSERT(brief.value() == brief_of(account.value()));
}

void check_access_block(std::string_view bytes) {
  check_row(bytes, storage::decode_access_block, storage::encode_access_block);
  const auto block = storage::decode_access_block(bytes);
  if (!block) return;
  static_cast<void>(storage::root_of(block.value()));
  for (const storage::AccessLeaf& leaf : block.value().leaves) {
    check_row(leaf.body, storage::decode_access_body, [](const storage::AccessRecord& record) {
      std::string body;
      storage::append_access_body(body, record);
      return body;
    });
  }
}

void check_event(std::string_view bytes) {
  constexpr std::size_t key_bytes = 12;
  if (bytes.size() < key_bytes) return;
  const std::string_view key = bytes.substr(0, key_bytes);
  const auto decode = [&](std::string_view row) { return storage::decode_event(key, row); };
  check_row(bytes.substr(key_bytes), decode, storage::encode_event);
}

void check_manifest(std::string_view json) {
  std::string text;
  try {
    text = storage::BackupManifest::parse(json).to_json();
  } catch (const std::runtime_error&) {
    return;
  }
  LEDGER_ASSERT(storage::BackupManifest::parse(text).to_json() == text);
}

void check_backup_folder(std::string_view json) {
  std::string id;
  try {
    id = storage::parse_backup_folder(json);
  } catch (const std::runtime_error&) {
    return;
  }
  LEDGER_ASSERT(storage::parse_backup_folder(storage::backup_folder_json(id)) == id);
}

/// The first statement of a year, as the journal names it, whatever it says.
void check_statement(std::string_view json) {
  static const storage::test::TempFolder statements;
  const std::filesystem::path folder = statements / "2023-1";
  std::filesystem::create_directory(folder);
  const auto listed = [](std::string_view name, std::string_view text) {
    return R"({"name":")" + std::string(name) + R"(","sha256":")" +
           storage::to_hex(storage::sha256(text)) + "\"}";
  };
  const std::string manifest = R"({"files":[)" + listed("statement.json", json) + "]}";
  for (const auto& [name, text] :
       {std::pair("statement.json", std::string(json)), std::pair("manifest.json", manifest)}) {
    std::filesystem::remove(folder / name);
    storage::write_new_file(folder / name, text, 0600);
  }
  try {
    const auto previous = storage::read_previous(
        statements.path(), {{{}, {}, 2023, 1, {}, storage::sha256(manifest)}});
    LEDGER_ASSERT(previous && previous->totals);
  } catch (const std::runtime_error&) {
    return;
  }
}

void check_log(std::string_view log) {
  const auto torn = storage::torn_from(log);
  if (torn) LEDGER_ASSERT(*torn < log.size());
  // What is cut off leaves nothing to cut off.
  if (torn) LEDGER_ASSERT(!storage::torn_from(log.substr(0, *torn)));
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto encode_registration = [](const ledger::Registration& registration) {
    std::string row;
    storage::encode_registration(registration, row);
    return row;
  };
  switch (data[0]) {
    case 'j':
      check_journal_record(bytes);
      break;
    case 'r':
      check_row(bytes, storage::decode_registration, encode_registration);
      break;
    case 'a':
      check_account(bytes);
      break;
    case 'p':
      check_row(bytes, storage::decode_practice, encode_practice_row);
      break;
    case 'i':
      check_row(bytes, storage::decode_person_id, storage::encode_person_id);
      break;
    case 'f':
      check_row(bytes, storage::decode_person, encode_person_row);
      break;
    case 'g':
      check_row(bytes, storage::decode_known_event, storage::encode_known_event);
      break;
    case 'n':
      check_row(bytes, storage::decode_numbers, storage::encode_numbers);
      break;
    case 't':
      check_row(bytes, storage::decode_timeliness, storage::encode_timeliness);
      break;
    case 'u':
      check_row(bytes, storage::decode_refusals, storage::encode_refusals);
      break;
    case 'e':
      check_event(bytes);
      break;
    case 's':
      check_row(bytes, storage::decode_applied, storage::encode_applied);
      break;
    case 'c':
      static_cast<void>(storage::decode_rules(bytes));
      break;
    case 'A':
      check_access_block(bytes);
      break;
    case 'm':
      check_manifest(bytes);
      break;
    case 'b':
      check_backup_folder(bytes);
      break;
    case 'y':
      check_statement(bytes);
      break;
    case 'l':
      check_log(bytes);
      break;
    default:
      break;
  }
  return 0;
}
