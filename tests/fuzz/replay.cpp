// Runs a fuzz target over the files of its corpus, where there is no libFuzzer:
//
//   fuzz_json_check tests/fuzz/corpus/json_check     every file of a directory, or
//   fuzz_json_check crash-1234                       one file
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"

namespace {

// The files that an argument means, in the order of their names.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& argument) {
  if (!std::filesystem::is_directory(argument)) return {argument};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argument)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool replay(const std::filesystem::path& file) {
  // The last name that is printed is that of the file which ended the program.
  std::printf("%s\n", file.string().c_str());
  std::fflush(stdout);
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad()) {
    std::fprintf(stderr, "fuzz: cannot read it\n");
    return false;
  }
  const jobqueue::fuzz::exact_text exact(bytes);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(exact.view().data()), bytes.size());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t replayed = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& file : files_of(argv[i])) {
      if (!replay(file)) return 1;
      ++replayed;
    }
  }
  if (replayed == 0) {
    std::fprintf(stderr, "usage: %s FILE|DIRECTORY...\n", argc > 0 ? argv[0] : "fuzz");
    return 2;
  }
  std::printf("%zu inputs replayed\n", replayed);
  return 0;
}
