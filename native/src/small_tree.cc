#include "small_tree.hh"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <vector>

#include "unique_fd.hh"

namespace tsctr {
namespace {

constexpr size_t kBlock = 512;

/** ustar; every field is text. */
struct Header {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char link[100];
  char magic[8];
  char userName[32];
  char groupName[32];
  char major[8];
  char minor[8];
  char prefix[155];
  char padding[12];
};
static_assert(sizeof(Header) == kBlock);

/** What stands in one header. */
struct Entry {
  std::string name;
  char type = '0';
  mode_t mode = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  size_t size = 0;
  time_t mtime = 0;
  std::string link;
  dev_t device = 0;
};

uint32_t checksumOf(const Header& header) {
  Header copy = header;
  std::memset(copy.checksum, ' ', sizeof copy.checksum);
  uint32_t sum = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&copy);
  for (size_t i = 0; i < sizeof copy; i++) sum += bytes[i];
  return sum;
}

/** Octal digits and a NUL; false when they do not fit. */
template <size_t Size>
bool put(char (&field)[Size], uint64_t value) {
  for (size_t i = Size - 1; i-- > 0; value >>= 3U) field[i] = static_cast<char>('0' + (value & 7U));
  field[Size - 1] = '\0';
  return value == 0;
}

template <size_t Size>
bool put(char (&field)[Size], const std::string& text) {
  if (text.size() > Size) return false;
  std::memcpy(field, text.data(), text.size());
  return true;
}

template <size_t Size>
bool take(const char (&field)[Size], uint64_t& value) {
  const char* end = std::find(field, field + Size, '\0');
  const auto [stopped, error] = std::from_chars(field, end, value, 8);
  return error == std::errc() && stopped == end;
}

template <size_t Size>
std::string textOf(const char (&field)[Size]) {
  return {field, std::find(field, field + Size, '\0')};
}

std::optional<Header> encode(const Entry& entry) {
  Header header{};
  const bool fits = put(header.name, entry.name) && put(header.mode, entry.mode & 07777) &&
                    put(header.uid, entry.uid) && put(header.gid, entry.gid) &&
                    put(header.size, entry.size) && entry.mtime >= 0 &&
                    put(header.mtime, static_cast<uint64_t>(entry.mtime)) && put(header.link, entry.link) &&
                    put(header.major, major(entry.device)) && put(header.minor, minor(entry.device));
  if (!fits) return std::nullopt;
  header.type = entry.type;
  std::memcpy(header.magic,
              "ustar\0"
              "00",
              sizeof header.magic);
  put(header.checksum, checksumOf(header));
  return header;
}

std::optional<Entry> decode(const Header& header) {
  uint64_t mode = 0, uid = 0, gid = 0, size = 0, mtime = 0, majorNumber = 0, minorNumber = 0, checksum = 0;
  const bool isPlain =
      take(header.mode, mode) && take(header.uid, uid) && take(header.gid, gid) && take(header.size, size) &&
      take(header.mtime, mtime) && take(header.major, majorNumber) && take(header.minor, minorNumber) &&
      take(header.checksum, checksum) && checksum == checksumOf(header) && header.prefix[0] == '\0';
  if (!isPlain || std::strchr("0123456", header.type) == nullptr || header.type == '1' || header.type == '\0')
    return std::nullopt;
  return Entry{.name = textOf(header.name),
               .type = header.type,
               .mode = static_cast<mode_t>(mode),
               .uid = static_cast<uid_t>(uid),
               .gid = static_cast<gid_t>(gid),
               .size = size,
               .mtime = static_cast<time_t>(mtime),
               .link = textOf(header.link),
               .device = makedev(static_cast<unsigned>(majorNumber), static_cast<unsigned>(minorNumber))};
}

class Archiver {
 public:
  explicit Archiver(size_t maxBytes) : maxBytes_(maxBytes) {}

  bool addDirectory(int fd, const std::string& name) {
    struct stat status {};
    if (::fstat(fd, &status) == -1) return false;
    if (name == "./") device_ = status.st_dev;
    if (!add(name, '5', status)) return false;
    DIR* directory = ::fdopendir(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory == nullptr) return false;
    const std::unique_ptr<DIR, int (*)(DIR*)> closed(directory, ::closedir);
    errno = 0;
    while (const dirent* found = ::readdir(directory)) {
      const std::string_view entry(found->d_name);
      if (entry != "." && entry != ".." && !addEntry(fd, found->d_name, name + found->d_name)) return false;
      errno = 0;
    }
    return errno == 0;
  }

  std::string finish() {
    archive_.append(2 * kBlock, '\0');
    return std::move(archive_);
  }

 private:
  bool addEntry(int parent, const char* entry, const std::string& name) {
    struct stat status {};
    if (::fstatat(parent, entry, &status, AT_SYMLINK_NOFOLLOW) == -1 || status.st_dev != device_)
      return false;
    if (S_ISDIR(status.st_mode)) {
      const UniqueFd fd(::openat(parent, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      return fd.get() != -1 && addDirectory(fd.get(), name + "/");
    }
    if (status.st_nlink != 1) return false;
    switch (status.st_mode & S_IFMT) {
      case S_IFREG:
        return addFile(parent, entry, name, status);
      case S_IFLNK:
        return addLink(parent, entry, name, status);
      case S_IFCHR:
        return add(name, '3', status);
      case S_IFBLK:
        return add(name, '4', status);
      case S_IFIFO:
        return add(name, '6', status);
      default:
        return false;
    }
  }

  bool addLink(int parent, const char* entry, const std::string& name, const struct stat& status) {
    char target[sizeof(Header::link) + 1];
    const ssize_t length = ::readlinkat(parent, entry, target, sizeof target);
    return length > 0 && add(name, '2', status, std::string(target, static_cast<size_t>(length)));
  }

  bool addFile(int parent, const char* entry, const std::string& name, const struct stat& status) {
    const auto size = static_cast<size_t>(status.st_size);
    constexpr blkcnt_t kBlocksPerUnit = 512;
    const bool hasHoles = status.st_blocks * kBlocksPerUnit < status.st_size;
    if (hasHoles || size > maxBytes_ || !add(name, '0', status)) return false;
    const UniqueFd fd(::openat(parent, entry, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    std::string data(size, '\0');
    if (fd.get() == -1 || ::read(fd.get(), data.data(), size) != static_cast<ssize_t>(size)) return false;
    archive_ += data;
    archive_.append((kBlock - size % kBlock) % kBlock, '\0');
    return archive_.size() <= maxBytes_;
  }

  bool add(const std::string& name, char type, const struct stat& status, const std::string& link = {}) {
    const bool isNode = type == '3' || type == '4';
    const std::optional<Header> header =
        encode({.name = name,
                .type = type,
                .mode = status.st_mode,
                .uid = status.st_uid,
                .gid = status.st_gid,
                .size = type == '0' ? static_cast<size_t>(status.st_size) : 0,
                .mtime = status.st_mtime,
                .link = link,
                .device = isNode ? status.st_rdev : 0});
    if (!header) return false;
    archive_.append(reinterpret_cast<const char*>(&*header), sizeof *header);
    return archive_.size() <= maxBytes_;
  }

  size_t maxBytes_;
  dev_t device_ = 0;
  std::string archive_;
};

/** `./dev/pts/` → where it is to be, and its last name; empty for `./` itself. */
struct Place {
  UniqueFd parent;
  std::string name;
};

Place placeOf(int root, std::string_view name) {
  name.remove_prefix(2);
  if (name.ends_with('/')) name.remove_suffix(1);
  const size_t slash = name.rfind('/');
  const std::string parent(slash == std::string_view::npos ? "." : name.substr(0, slash));
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  return {UniqueFd(::syscall(SYS_openat2, root, parent.c_str(), &how, sizeof how)),
          std::string(slash == std::string_view::npos ? name : name.substr(slash + 1))};
}

bool isName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

bool makeFile(const Place& place, std::string_view data) {
  const UniqueFd fd(::openat(place.parent.get(), place.name.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  return fd.get() != -1 && ::write(fd.get(), data.data(), data.size()) == static_cast<ssize_t>(data.size());
}

bool make(const Place& place, const Entry& entry, std::string_view data) {
  const int parent = place.parent.get();
  const char* name = place.name.c_str();
  switch (entry.type) {
    case '5':
      return ::mkdirat(parent, name, 0700) == 0;
    case '2':
      return ::symlinkat(entry.link.c_str(), parent, name) == 0;
    case '3':
      return ::mknodat(parent, name, S_IFCHR | 0600, entry.device) == 0;
    case '4':
      return ::mknodat(parent, name, S_IFBLK | 0600, entry.device) == 0;
    case '6':
      return ::mkfifoat(parent, name, 0600) == 0;
    default:
      return makeFile(place, data);
  }
}

/** The mode after the owner, since a change of owner takes bits away. */
bool setStatus(const Place& place, const Entry& entry) {
  const int parent = place.parent.get();
  const char* name = place.name.empty() ? "." : place.name.c_str();
  if (::fchownat(parent, name, entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) == -1) return false;
  if (entry.type != '2' && ::fchmodat(parent, name, entry.mode & 07777, 0) == -1) return false;
  timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, {.tv_sec = entry.mtime, .tv_nsec = 0}};
  return ::utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) == 0;
}

struct Part {
  Entry entry;
  std::string_view data;
};

std::optional<std::vector<Part>> parse(std::string_view archive) {
  std::vector<Part> parts;
  while (archive.size() >= kBlock && archive[0] != '\0') {
    Header header;
    std::memcpy(&header, archive.data(), sizeof header);
    std::optional<Entry> entry = decode(header);
    if (!entry || !entry->name.starts_with("./") || entry->name.ends_with('/') != (entry->type == '5'))
      return std::nullopt;
    archive.remove_prefix(kBlock);
    const size_t size = entry->type == '0' ? entry->size : 0;
    if (entry->size != size || size > archive.size()) return std::nullopt;
    const size_t padded = (size + kBlock - 1) / kBlock * kBlock;
    parts.push_back({std::move(*entry), archive.substr(0, size)});
    archive.remove_prefix(std::min(padded, archive.size()));
  }
  return parts;
}

}  // namespace

std::optional<std::string> archiveTree(int root, size_t maxBytes) {
  Archiver archiver(maxBytes);
  if (!archiver.addDirectory(root, "./")) return std::nullopt;
  return archiver.finish();
}

bool extractTree(int root, std::string_view archive) {
  const std::optional<std::vector<Part>> parts = parse(archive);
  if (!parts) return false;
  for (const auto& [entry, data] : *parts) {
    if (entry.name == "./") continue;
    const Place place = placeOf(root, entry.name);
    if (place.parent.get() == -1 || !isName(place.name) || !make(place, entry, data)) return false;
    if (entry.type != '5' && !setStatus(place, entry)) return false;
  }
  // Directories last, the inner ones first: what is made in them changes their times.
  for (auto part = parts->rbegin(); part != parts->rend(); ++part) {
    if (part->entry.type == '5' && !setStatus(placeOf(root, part->entry.name), part->entry)) return false;
  }
  return true;
}

}  // namespace tsctr
