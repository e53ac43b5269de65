#include "images/archive/tar_writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/error.hpp"

namespace compose::images {
namespace {

constexpr std::size_t k_tar_block = 512;
constexpr std::uint64_t k_largest_octal_8 = 07777777;          // 7 digits and a NUL
constexpr std::uint64_t k_largest_octal_12 = 077777777777ULL;  // 11 digits and a NUL
using Block = std::array<char, k_tar_block>;

// Offsets and sizes in a ustar header.
struct Slot {
  std::size_t offset;
  std::size_t size;
};
constexpr Slot k_name{0, 100}, k_mode{100, 8}, k_uid{108, 8}, k_gid{116, 8}, k_size{124, 12},
    k_mtime{136, 12};
constexpr Slot k_checksum{148, 8}, k_type{156, 1}, k_link{157, 100}, k_magic{257, 8}, k_major{329, 8},
    k_minor{337, 8};
constexpr Slot k_prefix{345, 155};

void put_text(Block& block, Slot slot, std::string_view text) {
  std::memcpy(block.data() + slot.offset, text.data(), std::min(text.size(), slot.size));
}

void put_octal(Block& block, Slot slot, std::uint64_t value) {
  for (std::size_t i = slot.size - 1; i-- > 0;) {
    block[slot.offset + i] = static_cast<char>('0' + (value & 7U));
    value >>= 3U;
  }
}

void put_checksum(Block& block) {
  std::memset(block.data() + k_checksum.offset, ' ', k_checksum.size);
  std::uint64_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put_octal(block, {k_checksum.offset, 7}, sum);
}

// Splits a long path at a slash so that it fits name and prefix; false: it does not.
bool put_path(Block& block, std::string_view path) {
  if (path.size() <= k_name.size) {
    put_text(block, k_name, path);
    return true;
  }
  if (path.size() > k_name.size + 1 + k_prefix.size) return false;
  const auto slash = path.find('/', path.size() - k_name.size - 1);
  if (slash == std::string_view::npos || slash == 0 || slash > k_prefix.size || slash + 1 == path.size())
    return false;
  put_text(block, k_prefix, path.substr(0, slash));
  put_text(block, k_name, path.substr(slash + 1));
  return true;
}

// "27 path=some/long/name\n": the number counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t body = key.size() + value.size() + 3;  // space, '=', newline
  std::size_t total = body;
  for (std::size_t previous = 0; total != previous;) {
    previous = total;
    total = body + std::to_string(total).size();
  }
  std::string record = std::to_string(total);
  record += ' ';
  record += key;
  record += '=';
  record += value;
  record += '\n';
  return record;
}

std::string pax_time(const timespec& time) {
  std::string text = std::to_string(time.tv_sec);
  // Readers disagree about fractions before 1970; whole seconds they all read alike.
  if (time.tv_nsec != 0 && time.tv_sec >= 0) {
    auto fraction = std::to_string(time.tv_nsec);
    fraction.insert(0, 9 - fraction.size(), '0');
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += "." + fraction;
  }
  return text;
}

bool is_ascii(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  return true;
}

std::string pax_records(const TarHeader& header, const std::string& path, bool path_fits) {
  std::string records;
  const bool link_fits = header.link.size() <= k_link.size && is_ascii(header.link);
  if (!path_fits || !is_ascii(path)) records += pax_record("path", path);
  if (!link_fits) records += pax_record("linkpath", header.link);
  if (header.size > k_largest_octal_12) records += pax_record("size", std::to_string(header.size));
  if (header.uid > k_largest_octal_8) records += pax_record("uid", std::to_string(header.uid));
  if (header.gid > k_largest_octal_8) records += pax_record("gid", std::to_string(header.gid));
  if (header.modified.tv_nsec != 0 || header.modified.tv_sec < 0 ||
      static_cast<std::uint64_t>(header.modified.tv_sec) > k_largest_octal_12)
    records += pax_record("mtime", pax_time(header.modified));
  for (const auto& [name, value] : header.attributes) records += pax_record("SCHILY.xattr." + name, value);
  return records;
}

Block ustar_block(const TarHeader& header, char type, std::uint64_t size) {
  Block block{};
  const auto fit = [](std::uint64_t value, std::uint64_t largest) { return value > largest ? 0 : value; };
  put_octal(block, k_mode, header.mode & 07777U);
  put_octal(block, k_uid, fit(header.uid, k_largest_octal_8));
  put_octal(block, k_gid, fit(header.gid, k_largest_octal_8));
  put_octal(block, k_size, fit(size, k_largest_octal_12));
  const auto seconds = header.modified.tv_sec < 0 ? 0 : static_cast<std::uint64_t>(header.modified.tv_sec);
  put_octal(block, k_mtime, fit(seconds, k_largest_octal_12));
  block[k_type.offset] = type;
  put_text(block, k_link, header.link);
  put_text(block, k_magic,
           std::string_view{"ustar\0"
                            "00",
                            8});
  put_octal(block, k_major, header.device_major);
  put_octal(block, k_minor, header.device_minor);
  return block;
}

std::uint64_t padding_after(std::uint64_t size) {
  return (k_tar_block - size % k_tar_block) % k_tar_block;
}

constexpr Block k_zeros{};

}  // namespace

void TarWriter::header(const TarHeader& header) {
  if (left_ != 0)
    base::fail("write '{}' to the archive: the file before it is {} bytes short", header.path, left_);
  const std::string path = header.type == TarType::directory ? header.path + "/" : header.path;
  const std::uint64_t size = header.type == TarType::file ? header.size : 0;
  Block block = ustar_block(header, static_cast<char>(header.type), size);
  const bool path_fits = put_path(block, path);
  if (const auto records = pax_records(header, path, path_fits); !records.empty()) {
    Block pax = ustar_block(TarHeader{}, 'x', records.size());
    put_text(pax, k_name, "PaxHeader");
    put_checksum(pax);
    out_.write({pax.data(), pax.size()});
    out_.write(records);
    out_.write({k_zeros.data(), padding_after(records.size())});
  }
  if (!path_fits) put_text(block, k_name, path);  // cut; the pax header has it whole
  put_checksum(block);
  out_.write({block.data(), block.size()});
  left_ = size;
  padding_ = padding_after(size);
}

void TarWriter::data(std::string_view bytes) {
  if (bytes.size() > left_) base::fail("write to the archive: a file grew while it was read");
  out_.write(bytes);
  left_ -= bytes.size();
  if (left_ == 0 && padding_ != 0) out_.write({k_zeros.data(), std::exchange(padding_, 0)});
}

void TarWriter::finish() {
  if (left_ != 0) base::fail("write the archive: the last file is {} bytes short", left_);
  out_.write({k_zeros.data(), k_tar_block});
  out_.write({k_zeros.data(), k_tar_block});
}

}  // namespace compose::images
