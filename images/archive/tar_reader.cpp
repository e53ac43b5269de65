#include "images/archive/tar_reader.hpp"

#include <clocale>
#include <limits>
#include <locale.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/error.hpp"

namespace compose::images {
namespace {

using base::fail;

// libarchive turns the UTF-8 names of pax headers into the charset of the locale; with UTF-8 they stay as
// they are.
class Utf8Locale {
 public:
  Utf8Locale() : before_(::uselocale(utf8())) {}
  ~Utf8Locale() { ::uselocale(before_); }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  static locale_t utf8() {
    static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;  // null, where the system has none, changes nothing
  }
  locale_t before_;
};

std::uint32_t owner_number(la_int64_t id, const std::string& path) {
  if (id < 0 || id >= std::numeric_limits<std::uint32_t>::max())
    fail("entry '{}': the owner {} is out of range", path, id);
  return static_cast<std::uint32_t>(id);
}

TarType type_of(struct archive_entry* entry, const std::string& path) {
  if (archive_entry_hardlink(entry) != nullptr) return TarType::hard_link;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return TarType::file;
    case AE_IFDIR:
      return TarType::directory;
    case AE_IFLNK:
      return TarType::symlink;
    case AE_IFCHR:
      return TarType::character;
    case AE_IFBLK:
      return TarType::block;
    case AE_IFIFO:
      return TarType::fifo;
    default:
      fail("entry '{}' is of an unknown type", path);
  }
}

std::string name_of(const char* name) {
  if (name == nullptr) fail("an entry has a name that is not text");
  std::string text{name};
  if (text.size() > k_max_entry_name)
    fail("an entry has a name of {} bytes: more than {}", text.size(), k_max_entry_name);
  return text;
}

void read_attributes(struct archive_entry* entry, TarHeader& header) {
  archive_entry_xattr_reset(entry);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
    header.attributes[name] = std::string{static_cast<const char*>(value), size};
}

TarHeader header_of(struct archive_entry* entry) {
  TarHeader header{.path = name_of(archive_entry_pathname(entry))};
  header.type = type_of(entry, header.path);
  header.mode = static_cast<std::uint32_t>(archive_entry_perm(entry));
  header.uid = owner_number(archive_entry_uid(entry), header.path);
  header.gid = owner_number(archive_entry_gid(entry), header.path);
  if (header.type == TarType::file) {
    const auto size = archive_entry_size(entry);
    if (size < 0) fail("entry '{}': the size {} is negative", header.path, size);
    header.size = static_cast<std::uint64_t>(size);
  }
  if (archive_entry_mtime_is_set(entry) != 0)
    header.modified = {.tv_sec = archive_entry_mtime(entry), .tv_nsec = archive_entry_mtime_nsec(entry)};
  if (header.type == TarType::symlink) header.link = name_of(archive_entry_symlink(entry));
  if (header.type == TarType::hard_link) header.link = name_of(archive_entry_hardlink(entry));
  header.device_major = static_cast<std::uint32_t>(archive_entry_rdevmajor(entry));
  header.device_minor = static_cast<std::uint32_t>(archive_entry_rdevminor(entry));
  read_attributes(entry, header);
  return header;
}

[[noreturn]] void damaged(struct archive* reader) {
  const char* why = archive_error_string(reader);
  fail("damaged archive: {}", why == nullptr ? "no reason given" : why);
}

}  // namespace

TarReader::TarReader(ByteSource& source) : reader_(archive_read_new()) {
  archive_read_support_format_tar(reader_.get());
  open_reader(reader_.get(), source);
}

std::optional<TarHeader> TarReader::next() {
  const Utf8Locale utf8;
  struct archive_entry* entry = nullptr;
  for (;;) {
    const int result = archive_read_next_header(reader_.get(), &entry);
    if (result == ARCHIVE_EOF) return std::nullopt;
    if (result == ARCHIVE_RETRY) continue;
    if (result < ARCHIVE_WARN) damaged(reader_.get());
    if (result == ARCHIVE_WARN) {
      const char* why = archive_error_string(reader_.get());
      if (why != nullptr && std::string_view{why}.find("converted") != std::string_view::npos)
        damaged(reader_.get());
    }
    return header_of(entry);
  }
}

std::optional<DataBlock> TarReader::data() {
  const void* bytes = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  const int result = archive_read_data_block(reader_.get(), &bytes, &size, &offset);
  if (result == ARCHIVE_EOF) return std::nullopt;
  if (result < ARCHIVE_WARN) damaged(reader_.get());
  if (offset < 0) fail("damaged archive: a block lies before the file it belongs to");
  return DataBlock{.bytes = {static_cast<const char*>(bytes), size},
                   .offset = static_cast<std::uint64_t>(offset)};
}

namespace {

// The checksum field, in octal, is the sum of all bytes with itself as blanks (POSIX ustar).
bool is_tar_block(std::string_view block) {
  constexpr std::size_t checksum_at = 148;
  constexpr std::size_t checksum_size = 8;
  if (block.size() < 512 || block[0] == '\0') return false;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < 512; ++i)
    sum += static_cast<unsigned char>(i >= checksum_at && i < checksum_at + checksum_size ? ' ' : block[i]);
  std::uint64_t written = 0;
  for (const char c : block.substr(checksum_at, checksum_size))
    if (c >= '0' && c <= '7') written = written * 8 + static_cast<std::uint64_t>(c - '0');
  return written == sum;
}

}  // namespace

bool looks_like_tar(int fd) {
  FdSource file{fd};
  std::string block;
  try {
    DecompressingSource plain{file};
    while (block.size() < 512) {
      const auto bytes = plain.read();
      if (bytes.empty()) break;
      block += bytes.substr(0, 512);
    }
  } catch (const base::Error&) {
    block.clear();  // not even what its first bytes promise
  }
  base::check(::lseek(fd, 0, SEEK_SET), "rewind");
  return is_tar_block(block);
}

}  // namespace compose::images
