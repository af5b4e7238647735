#include "storage/closing/publication.h"

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

}  // namespace

MadeStatement publish(const Statement& statement, const ReconciliationSource& source,
                      ReconciliationWork& work, const UseFiles& use_files) {
  seal(statement, source.signing, work);
  work.close();
  MadeStatement made{statement.id(), work.statement(), statement.figures.difference_count()};
  if (use_files) use_files(made.folder);
  const bool is_dry_run = statement.number == 0;
  if (!is_dry_run) {
    const fs::path place = source.folder / "statements" / made.id;
    publish_folder(made.folder, place);
    made.folder = place;
  }
  remove_leftovers(work.folder(), is_dry_run);
  return made;
}

}  // namespace storage
