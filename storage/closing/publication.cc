#include "storage/closing/publication.h"

#include <stdexcept>

#include "storage/closing/statement_files.h"
#include "storage/closing/statement_series.h"
#include "storage/files/files.h"

namespace storage {
namespace {

namespace fs = std::filesystem;

void seal(const Statement& statement, const SigningKey& signing, ReconciliationWork& work) {
  std::vector<std::string> files;
  for (TableFile* const table : work.tables().files()) files.push_back(table->manifest_entry());
  const bool is_dry_run = statement.number == 0;
  seal_statement(work.statement(), statement, files, is_dry_run ? nullptr : &signing);
}

/// The statement is made, whatever stays behind.
void remove_leftovers(const fs::path& work, bool is_dry_run) {
  std::error_code ignored;
  for (const char* const name : {"checkpoint", "state", "parts"}) {
    fs::remove_all(work / name, ignored);
  }
  if (!is_dry_run) fs::remove_all(work, ignored);
}

void append_entry(const Statement& statement, const ReconciliationSource& source,
                  const ledger::Digest& manifest) {
  const auto appended = source.append({{},
                                       source.now,
                                       statement.year,
                                       static_cast<std::uint32_t>(statement.number),
                                       statement.position,
                                       manifest});
  if (appended) return;
  throw std::runtime_error("the statement cannot be put into the journal: " +
                           appended.error().message());
}

/// The entry is what makes it a statement. Whoever ends behind it leaves the files in the work
/// folder, where finish_publications() finds them.
void enter_and_place(const Statement& statement, const ReconciliationSource& source,
                     const fs::path& work, const fs::path& place) {
  const fs::path files = work / "statement";
  try {
    append_entry(statement, source, sha256(read_file(files / "manifest.json")));
    publish_folder(files, place);
  } catch (const std::exception& error) {
    remove_leftovers(work, true);
    throw UnplacedStatement(error.what() + ("; the files of the statement wait in " +
                                            files.string() + ", in case that the journal has it"));
  }
}

/// What stands there is of no statement: the journal would have named it.
void require_free(const fs::path& place) {
  if (!fs::exists(place)) return;
  throw std::runtime_error(place.string() +
                           " is there, and the journal names no such statement; remedy: move that "
                           "folder away");
}

}  // namespace

void finish_publications(const fs::path& folder,
                         std::span<const ledger::StatementEntry> statements) {
  for (const ledger::StatementEntry& statement : statements) {
    const fs::path place = folder / "statements" / name_of(statement);
    if (fs::exists(place) || !are_files_waiting(folder, statement)) continue;
    const fs::path work = reconciliation_work(folder, statement.year, false);
    publish_folder(work / "statement", place);
    remove_leftovers(work, false);
  }
}

MadeStatement publish(const Statement& statement, const ReconciliationSource& source,
                      ReconciliationWork& work, const UseFiles& use_files) {
  seal(statement, *source.signing.current(), work);
  work.close();
  MadeStatement made{statement.id(), work.statement(), statement.figures.difference_count()};
  if (use_files) use_files(made.folder);
  const bool is_dry_run = statement.number == 0;
  if (!is_dry_run) {
    made.folder = source.folder / "statements" / made.id;
    require_free(made.folder);
    enter_and_place(statement, source, work.folder(), made.folder);
  }
  remove_leftovers(work.folder(), is_dry_run);
  return made;
}

}  // namespace storage
