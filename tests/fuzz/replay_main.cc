// Runs a fuzz target over kept inputs, where there is no libFuzzer: each file named, and each file
// in a folder named. A target that finds something aborts.

#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <vector>

#include "storage/files/files.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  std::vector<fs::path> inputs;
  for (int i = 1; i < argc; ++i) {
    if (fs::is_directory(argv[i])) {
      for (const auto& file : fs::directory_iterator(argv[i])) inputs.push_back(file.path());
    } else {
      inputs.emplace_back(argv[i]);
    }
  }
  try {
    for (const fs::path& input : inputs) {
      // An abort says no more than what stands here last.
      std::fprintf(stderr, "%s\n", input.c_str());
      const std::string content = storage::read_file(input);
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(content.data()), content.size());
    }
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
  std::printf("%zu inputs\n", inputs.size());
  return inputs.empty() ? 1 : 0;
}
