#pragma once

#include <sys/types.h>

#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

// Files and folders that must be whole after a crash. Everything here throws std::runtime_error
// (or std::filesystem::filesystem_error, which is one) with the path and the reason.
namespace storage {

std::string read_file(const std::filesystem::path& path);

/// Writes a file that does not exist yet, and syncs it.
void write_new_file(const std::filesystem::path& path, std::string_view content, mode_t mode);

/// Writes a file beside it and renames it, so that the file is the old one or the new one.
void replace_file(const std::filesystem::path& path, std::string_view content, mode_t mode);

/// Throws when a folder takes no new files. Makes a file that is large enough to notice a full
/// disk, syncs it and removes it.
void check_writable(const std::filesystem::path& folder);

/// Makes what was written to a file durable.
void sync_file(const std::filesystem::path& path);

/// Makes new, removed and renamed files of a folder durable.
void sync_folder(const std::filesystem::path& folder);

/// Moves a folder to its place, where nothing or an empty folder is. Its name is on stable storage
/// afterwards. REQUIRES: the files in it are synced, so they are there before the name is.
void publish_folder(const std::filesystem::path& from, const std::filesystem::path& to);

/// Copies a file to a new one, with its mode, and syncs the copy. Unlike std::filesystem's, it says
/// that a disk is full.
void copy_new_file(const std::filesystem::path& from, const std::filesystem::path& to);

/// Whether this is the error of a disk, or of a quota, that has no room left.
bool is_no_room(const std::exception& error);

/// Copies a folder with everything in it, modes and times kept, and syncs the copy. Names that
/// begin with a dot, the work of a reconciliation that has not ended, are left out. A file that has
/// the same name, size and time in the folder `earlier` is linked from there. Returns the bytes
/// written.
std::uint64_t copy_folder(const std::filesystem::path& from, const std::filesystem::path& to,
                          const std::filesystem::path& earlier = {});

/// Sum of the sizes of all files below a folder; 0 when there is none. Files that vanish meanwhile
/// are passed over.
std::uint64_t bytes_below(const std::filesystem::path& folder);

/// Without links, `.`, `..` or a slash at the end, also where it does not exist yet.
std::filesystem::path real_path(const std::filesystem::path& path);

/// Whether the real path `inner` is `outer` or lies below it.
bool is_within(const std::filesystem::path& inner, const std::filesystem::path& outer);

}  // namespace storage
