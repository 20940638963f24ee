#include "plain_gzip.hh"

#include <algorithm>
#include <array>
#include <cstdint>

namespace tsctr {
namespace {

constexpr std::string_view kHeader("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10);
constexpr size_t kTrailerBytes = 8;
constexpr size_t kMaxBlock = 65535;
constexpr size_t kBlockHeaderBytes = 5;

uint32_t crc32(std::string_view data) {
  static const auto table = [] {
    std::array<uint32_t, 256> values{};
    for (uint32_t i = 0; i < values.size(); i++) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; bit++) value = (value >> 1U) ^ ((value & 1U) != 0 ? 0xedb88320U : 0U);
      values[i] = value;
    }
    return values;
  }();
  uint32_t crc = 0xffffffffU;
  for (const char byte : data) crc = table[(crc ^ static_cast<uint8_t>(byte)) & 0xffU] ^ (crc >> 8U);
  return ~crc;
}

void append(std::string& file, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; i++) file.push_back(static_cast<char>((value >> (8U * i)) & 0xffU));
}

uint32_t numberAt(std::string_view file, size_t at, int bytes) {
  uint32_t value = 0;
  for (int i = 0; i < bytes; i++)
    value |= static_cast<uint32_t>(static_cast<uint8_t>(file[at + i])) << (8U * i);
  return value;
}

}  // namespace

std::string plainGzip(std::string_view data) {
  std::string file(kHeader);
  size_t at = 0;
  do {
    const size_t length = std::min(data.size() - at, kMaxBlock);
    // BFINAL, and BTYPE 00.
    file.push_back(at + length == data.size() ? '\1' : '\0');
    append(file, static_cast<uint32_t>(length), 2);
    append(file, ~static_cast<uint32_t>(length), 2);
    file.append(data.substr(at, length));
    at += length;
  } while (at < data.size());
  append(file, crc32(data), 4);
  append(file, static_cast<uint32_t>(data.size()), 4);
  return file;
}

std::optional<std::string> readPlainGzip(std::string_view file) {
  if (!file.starts_with(kHeader)) return std::nullopt;
  std::string data;
  size_t at = kHeader.size();
  for (bool isLast = false; !isLast;) {
    if (at + kBlockHeaderBytes > file.size()) return std::nullopt;
    const char kind = file[at];
    const uint32_t length = numberAt(file, at + 1, 2);
    if ((kind != '\0' && kind != '\1') || (length ^ numberAt(file, at + 3, 2)) != 0xffffU)
      return std::nullopt;
    isLast = kind == '\1';
    at += kBlockHeaderBytes;
    if (at + length > file.size()) return std::nullopt;
    data.append(file.substr(at, length));
    at += length;
  }
  if (file.size() != at + kTrailerBytes || numberAt(file, at, 4) != crc32(data) ||
      numberAt(file, at + 4, 4) != static_cast<uint32_t>(data.size()))
    return std::nullopt;
  return data;
}

}  // namespace tsctr
