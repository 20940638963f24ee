// gzip (RFC 1952) around deflate (RFC 1951) that stores and does not compress: any gunzip reads it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tsctr {

std::string plainGzip(std::string_view data);

/** The contents of one that `plainGzip` made; nothing when it is another, or damaged. */
std::optional<std::string> readPlainGzip(std::string_view file);

}  // namespace tsctr
