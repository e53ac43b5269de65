#include "images/build/download.hpp"

#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "images/archive/byte_sink.hpp"
#include "images/reference.hpp"
#include "images/registry/http.hpp"
#include "images/registry/settings.hpp"

namespace compose::images {
namespace {

using base::fail;

// What a server says in Last-Modified (RFC 9110, 8.8.2); the beginning of time otherwise, so that the same
// content gives the same layer.
timespec modified_of(const HttpResponse& response) {
  std::tm date{};
  const auto text = response.header("last-modified");
  if (::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) == nullptr) return {};
  return {.tv_sec = ::timegm(&date), .tv_nsec = 0};
}

HttpResponse fetch(const Url& url, int file, std::string& digest) {
  const auto settings = load_registry_settings();
  HttpClient client{{.stream = settings.stream,
                     .proxies = ProxySettings::from_environment(),
                     .tls = [&](const std::string& authority) {
                       auto tls = settings.tls_for(authority);
                       tls.verify = true;  // nothing but TLS vouches for a file
                       return tls;
                     }}};
  std::optional<std::chrono::milliseconds> asked_for;
  for (int attempt = 1;; ++attempt) {
    pause_for(wait_before(settings.retry, attempt, asked_for));
    const bool last = attempt >= settings.retry.attempts;
    base::check(::ftruncate(file, 0), "empty a download");
    base::check(::lseek(file, 0, SEEK_SET), "empty a download");
    FdSink out{file};
    DigestSink sink{&out};
    try {
      const auto response = client.send(
          {.url = url}, [&](const HttpResponse& head) { return head.success() ? &sink : nullptr; });
      if (response.success()) {
        digest = sink.digest();
        return response;
      }
      if (last || !worth_retrying(response.status)) fail("status {}", response.status);
      asked_for = parse_retry_after(response.header("retry-after"), std::chrono::system_clock::now());
    } catch (const NetworkError&) {
      if (last) throw;
    }
  }
}

}  // namespace

std::string name_of_download(const std::string& address) {
  auto path = parse_url(address).target;
  path.resize(std::min(path.find('?'), path.size()));
  const auto name = path.substr(path.rfind('/') + 1);
  if (name.empty() || name == "." || name == "..") fail("ADD '{}': the address names no file", address);
  return name;
}

namespace {

std::string download_to(const std::string& address, const std::string& checksum, const base::HostPath& path) {
  return base::with_context(base::text("download '{}'", address), [&] {
    if (!checksum.empty() && !is_digest(checksum))
      fail("--checksum={}: must be sha256 and 64 hex digits", checksum);
    const auto file = base::sys::open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    std::string digest;
    const auto response = fetch(parse_url(address), file.get(), digest);
    if (!checksum.empty() && digest != checksum)
      fail("its content has the digest {} and should have {}", digest, checksum);
    const timespec modified = modified_of(response);
    const timespec times[2] = {modified, modified};
    base::check(::futimens(file.get(), times), "set the time of a download");
    return digest;
  });
}

}  // namespace

std::string download_file(const std::string& address, const std::string& checksum,
                          const base::HostPath& directory) {
  return download_to(address, checksum, directory / name_of_download(address));
}

std::string download_context(const std::string& address, const base::HostPath& directory) {
  download_to(address, "", directory / "download");
  return "download";
}

}  // namespace compose::images
