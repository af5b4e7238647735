#pragma once

#include <string_view>

// What the files that use OpenSSL have in common, without naming anything of it.
namespace storage {

/// Frees an object of OpenSSL by its own function.
template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};

inline const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace storage
