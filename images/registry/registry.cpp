#include "images/registry/registry.hpp"

#include <algorithm>
#include <unistd.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/sys.hpp"
#include "images/archive/byte_sink.hpp"
#include "images/registry/answers.hpp"
#include "images/registry/base64.hpp"
#include "images/registry/challenge.hpp"

namespace compose::images {
namespace {

using base::fail;
using base::Json;

constexpr std::uint64_t k_max_manifest = 4U << 20U;
constexpr std::uint64_t k_max_token = 1U << 20U;
constexpr int k_first_contacts = 2;
constexpr int k_mirror_attempts = 2;
constexpr int k_max_resumes = 100;  // of one download that gets on, however slowly
constexpr std::string_view k_manifest_types =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json";

Url base_of(const std::string& authority, bool tls) {
  const auto host = authority == "docker.io" ? std::string{"registry-1.docker.io"} : authority;
  return parse_url((tls ? "https://" : "http://") + host + "/");
}

}  // namespace

// Counts, digests, checks and keeps what arrives of a blob. After a resume the server may send again what is
// here already.
class BlobSink final : public ByteSink {
 public:
  BlobSink(const Descriptor& wanted, int file, const std::function<void(std::uint64_t)>& progress)
      : wanted_(wanted), file_(file), progress_(progress) {}

  // Of what an earlier download left in the file.
  void take_over(std::uint64_t bytes) {
    base::check(::lseek(file_, 0, SEEK_SET), "rewind a blob");
    std::vector<char> block(256U << 10U);
    while (size_ < bytes) {
      const auto got = base::sys::read_some(
          file_,
          {block.data(), static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), bytes - size_))});
      if (got == 0) break;
      sha_.update({block.data(), got});
      size_ += got;
    }
    base::check(::ftruncate(file_, static_cast<off_t>(size_)), "cut a blob");
    base::check(::lseek(file_, static_cast<off_t>(size_), SEEK_SET), "seek in a blob");
    progress_(size_);
  }

  void write(std::string_view bytes) override {
    const auto again = std::min<std::uint64_t>(skip_, bytes.size());
    skip_ -= again;
    bytes.remove_prefix(again);
    if (bytes.empty()) return;
    if (bytes.size() > wanted_.size - size_)
      throw DamagedBlob(
          base::text("the registry sends more than the {} bytes that the manifest says", wanted_.size));
    base::sys::write_all(file_, bytes);
    sha_.update(bytes);
    size_ += bytes.size();
    progress_(size_);
  }

  void skip(std::uint64_t bytes) { skip_ = bytes; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] bool complete() const { return size_ == wanted_.size; }
  void check() {
    const auto digest = "sha256:" + sha_.finish();
    if (digest != wanted_.digest) throw DamagedBlob(base::text("its content has the digest {}", digest));
  }

 private:
  const Descriptor& wanted_;
  int file_;
  const std::function<void(std::uint64_t)>& progress_;
  base::Sha256 sha_;
  std::uint64_t size_ = 0;
  std::uint64_t skip_ = 0;
};

Registry::Registry(const RegistrySettings& settings, Reference repository, RegistryAccess access)
    : settings_(settings),
      repository_(std::move(repository)),
      access_(access),
      client_({.stream = settings.stream,
               .proxies = ProxySettings::from_environment(),
               .tls = [&settings](const std::string& authority) { return settings.tls_for(authority); }}) {
  if (access == RegistryAccess::pull) {
    if (const auto mirrors = settings.mirrors.find(repository_.domain); mirrors != settings.mirrors.end())
      for (const auto& mirror : mirrors->second) {
        const auto url = parse_url(mirror);
        endpoints_.push_back({.base = url, .authority = url.authority()});
      }
  }
  endpoints_.push_back({.base = base_of(repository_.domain, true),
                        .authority = repository_.domain,
                        .may_be_plain = !settings.tls_for(repository_.domain).verify});
}

RegistrySession Registry::session() const {
  const auto& endpoint = endpoints_[current_];
  return {.address = endpoint.base.text(), .authorization = endpoint.authorization};
}

void Registry::resume(const RegistrySession& session) {
  const auto url = parse_url(session.address);
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    auto& endpoint = endpoints_[i];
    const bool same = endpoint.base.same_origin(url) || (endpoint.may_be_plain && i + 1 == endpoints_.size());
    if (!same) continue;
    endpoint.base = url;
    endpoint.authorization = session.authorization;
    endpoint.reached = true;
    current_ = i;
    return;
  }
}

std::string Registry::target(const std::string& rest) const {
  auto path = endpoints_[current_].base.target;
  if (!path.ends_with('/')) path += '/';
  return path + "v2/" + repository_.path + "/" + rest;
}

HttpRequest Registry::request(const std::string& method, const std::string& rest) const {
  HttpRequest request{.method = method, .url = endpoints_[current_].base};
  request.url.target = target(rest);
  request.headers = {{"Accept-Encoding", "identity"}};
  return request;
}

// ---- asking ----

HttpResponse Registry::send(HttpRequest& request, const ChooseSink& sink) {
  auto& server = endpoint();
  for (;;) {
    try {
      request.url.tls = server.base.tls;
      request.url.host = server.base.host;
      request.url.port = server.base.port;
      auto headers = request.headers;
      if (!server.authorization.empty()) request.headers.emplace_back("Authorization", server.authorization);
      auto response = client_.send(request, sink);
      request.headers = std::move(headers);
      server.reached = true;
      return response;
    } catch (const base::Error&) {
      if (server.reached || !server.may_be_plain || !server.base.tls) throw;
      server.base = base_of(server.authority, false);
      std::erase_if(request.headers, [](const auto& header) { return header.first == "Authorization"; });
    }
  }
}

HttpResponse Registry::ask_once(HttpRequest request, const ChooseSink& sink) {
  const auto taken = [&](const HttpResponse& head) -> ByteSink* {
    return sink && head.success() ? sink(head) : nullptr;
  };
  auto response = send(request, taken);
  // Who we are is the registry's to ask, not that of a server it redirects to.
  if (response.status != 401 || !response.url.same_origin(endpoint().base)) return response;
  authorize(response);
  return send(request, taken);
}

HttpResponse Registry::ask(const HttpRequest& request) {
  std::optional<std::chrono::milliseconds> asked_for;
  for (int attempt = 1;; ++attempt) {
    pause_for(wait_before(settings_.retry, attempt, asked_for));
    const bool last = attempt >= attempts();
    try {
      auto response = ask_once(request);
      if (last || !worth_retrying(response.status)) return response;
      asked_for = parse_retry_after(response.header("retry-after"), std::chrono::system_clock::now());
    } catch (const NetworkError&) {
      // Who was never reached is most likely not there at all.
      if (last || (!endpoint().reached && attempt == k_first_contacts)) throw;
    }
  }
}

// A mirror has others behind it.
int Registry::attempts() const {
  return current_ + 1 < endpoints_.size() ? std::min(k_mirror_attempts, settings_.retry.attempts)
                                          : settings_.retry.attempts;
}

// Mirrors first. The error is that of the registry itself, and after it those of the mirrors.
template <class F>
auto Registry::at_some_endpoint(F&& f) {
  for (;;) {
    try {
      return f();
    } catch (const DamagedBlob&) {
      throw;
    } catch (const base::Error& e) {
      if (current_ + 1 == endpoints_.size() && !warnings_.empty())
        fail("{}; {}", std::string{e.what()}, base::join(warnings_, "; "));
      if (current_ + 1 == endpoints_.size()) throw;
      warnings_.push_back(base::text("mirror '{}' of {}: {}", endpoint().base.text(), repository_.domain,
                                     std::string{e.what()}));
      ++current_;
    }
  }
}

// ---- who we are ----

void Registry::authorize(const HttpResponse& refusal) {
  auto& server = endpoint();
  const auto credentials = load_credentials(settings_.docker_config, server.authority);
  if (!credentials.registry_token.empty()) {
    server.authorization = "Bearer " + credentials.registry_token;
    return;
  }
  for (const auto& challenge : parse_challenges(refusal.header("www-authenticate"))) {
    if (challenge.scheme == "bearer") {
      server.authorization = "Bearer " + bearer_token(challenge, credentials);
      return;
    }
    if (challenge.scheme == "basic" && !credentials.user.empty()) {
      server.authorization = "Basic " + base64_encode(credentials.user + ":" + credentials.password);
      return;
    }
  }
  server.authorization.clear();
}

std::string Registry::bearer_token(const Challenge& challenge, const Credentials& credentials) {
  const auto parameter = [&](const char* name) {
    const auto found = challenge.parameters.find(name);
    return found == challenge.parameters.end() ? std::string{} : found->second;
  };
  auto url = parse_url(parameter("realm"));
  if (!credentials.empty() && endpoint().base.tls && !url.tls)
    fail("{} wants credentials sent to '{}', without TLS", endpoint().authority, url.text());
  std::vector<std::string> scopes{base::text("repository:{}:{}", repository_.path,
                                             access_ == RegistryAccess::push ? "pull,push" : "pull")};
  for (const auto& path : also_from_) scopes.push_back(base::text("repository:{}:pull", path));
  HttpRequest request{.url = url, .answer_limit = k_max_token};
  std::string form = "service=" + escape_query(parameter("service"));
  if (!credentials.identity_token.empty()) {
    form += "&grant_type=refresh_token&client_id=compose&refresh_token=" +
            escape_query(credentials.identity_token) + "&scope=" + escape_query(base::join(scopes, " "));
    request.method = "POST";
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.body = HttpBody{.size = form.size(), .open = [form]() -> std::unique_ptr<ByteSource> {
                              return std::make_unique<TextSource>(form);
                            }};
  } else {
    for (const auto& scope : scopes) form += "&scope=" + escape_query(scope);
    if (!credentials.user.empty())
      request.headers.emplace_back("Authorization",
                                   "Basic " + base64_encode(credentials.user + ":" + credentials.password));
    request.url.target += (request.url.target.find('?') == std::string::npos ? "?" : "&") + form;
  }
  auto response = client_.send(request);
  for (int attempt = 2; worth_retrying(response.status) && attempt <= settings_.retry.attempts; ++attempt) {
    pause_for(
        wait_before(settings_.retry, attempt,
                    parse_retry_after(response.header("retry-after"), std::chrono::system_clock::now())));
    response = client_.send(request);
  }
  if (!response.success())
    fail("{} gives no token for '{}': {}", url.authority(), repository_.path,
         response.status == 401 || response.status == 403 ? describe_denial(asker(), response)
                                                          : describe_refusal(response));
  return read_token(response.body);
}

Asker Registry::asker() const {
  const auto& authority = endpoints_[current_].authority;
  const auto credentials = load_credentials(settings_.docker_config, authority);
  if (credentials.empty()) return {.registry = authority, .user = {}};
  const bool token = credentials.user.empty() || !credentials.identity_token.empty();
  return {.registry = authority,
          .user = token ? std::string{"the token"} : base::text("user '{}'", credentials.user)};
}

// Is it the tag that is unknown, or all of the repository?
std::string Registry::missing(const std::string& tag_or_digest, const HttpResponse& refusal) {
  HttpResponse tags;
  try {
    auto request = this->request("GET", "tags/list?n=1");
    request.answer_limit = k_max_manifest;
    tags = ask_once(request);
  } catch (const base::Error&) {
    // Then nothing is known of the repository.
  }
  return describe_missing(repository_, tag_or_digest, refusal, tags);
}

// ---- pulling ----

ManifestAnswer Registry::manifest(const std::string& tag_or_digest) {
  return at_some_endpoint([&] {
    auto request = this->request("GET", "manifests/" + tag_or_digest);
    request.headers.emplace_back("Accept", k_manifest_types);
    request.answer_limit = k_max_manifest;
    const auto response = ask(request);
    if (response.status == 404) fail("{}", missing(tag_or_digest, response));
    if (!response.success()) fail("{}", describe_manifest_refusal(repository_, asker(), response));
    ManifestAnswer answer{.media_type = manifest_type(response),
                          .digest = "sha256:" + base::sha256_hex(response.body),
                          .document = response.body};
    const auto said = is_digest(tag_or_digest) ? tag_or_digest : response.header("docker-content-digest");
    if (!said.empty() && said.starts_with("sha256:") && said != answer.digest)
      fail("manifest {}: its content has the digest {}", said, answer.digest);
    return answer;
  });
}

std::optional<std::string> Registry::manifest_digest(const std::string& tag_or_digest) {
  return at_some_endpoint([&]() -> std::optional<std::string> {
    auto request = this->request("HEAD", "manifests/" + tag_or_digest);
    request.headers.emplace_back("Accept", k_manifest_types);
    const auto response = ask(request);
    const auto digest = response.header("docker-content-digest");
    if (!response.success() && current_ + 1 < endpoints_.size()) fail("the mirror does not know it");
    return response.success() && is_digest(digest) ? std::optional{digest} : std::nullopt;
  });
}

std::string Registry::document(const Descriptor& descriptor) {
  return at_some_endpoint([&] {
    if (descriptor.size > k_max_manifest) fail("it is larger than {} bytes", k_max_manifest);
    auto response = ask(request("GET", "blobs/" + descriptor.digest));
    if (!response.success()) fail("{}", describe_refusal(response));
    if (response.body.size() != descriptor.size)
      fail("the registry sends {} bytes and the manifest says {}", response.body.size(), descriptor.size);
    const auto digest = "sha256:" + base::sha256_hex(response.body);
    if (digest != descriptor.digest) fail("its content has the digest {}", digest);
    return std::move(response.body);
  });
}

struct Registry::Attempt {
  int number = 1;
  int resumes = 0;
  std::optional<std::chrono::milliseconds> asked_for;
  [[nodiscard]] bool is_last(int limit) const { return number >= limit || resumes == k_max_resumes; }
};

// True: the blob is complete. False: it is worth another attempt.
bool Registry::download_once(const Descriptor& descriptor, BlobSink& sink, Attempt& attempt) {
  const auto had = sink.size();
  try {
    auto request = this->request("GET", "blobs/" + descriptor.digest);
    if (had > 0) request.headers.emplace_back("Range", base::text("bytes={}-", had));
    const auto response = ask_once(request, [&](const HttpResponse& head) -> ByteSink* {
      check_blob_head(head, had, descriptor.size);
      sink.skip(head.status == 206 ? 0 : had);
      first_source_ = std::min(first_source_, current_);
      return &sink;
    });
    if (sink.complete()) return true;
    if (response.success())
      throw NetworkError(base::text("the blob ended after {} of {} bytes", sink.size(), descriptor.size));
    if (response.status == 416)
      throw DamagedBlob(base::text("the registry has nothing of it after {} bytes", had));
    if (attempt.is_last(attempts()) || !worth_retrying(response.status))
      fail("{}", describe_refusal(response));
    attempt.asked_for = parse_retry_after(response.header("retry-after"), std::chrono::system_clock::now());
  } catch (const NetworkError&) {
    if (attempt.is_last(attempts())) throw;
  }
  return false;
}

void Registry::download(const Descriptor& descriptor, int file, std::uint64_t there,
                        const std::function<void(std::uint64_t)>& progress) {
  BlobSink sink{descriptor, file, progress};
  if (there > 0) sink.take_over(there);
  first_source_ = endpoints_.size() - 1;
  if (!sink.complete())
    at_some_endpoint([&] {
      Attempt attempt;
      for (;; ++attempt.resumes) {
        pause_for(wait_before(settings_.retry, attempt.number, attempt.asked_for));
        const auto had = sink.size();
        if (download_once(descriptor, sink, attempt)) return;
        attempt.number = sink.size() > had ? 2 : attempt.number + 1;
      }
    });
  sink.check();
}

// ---- pushing ----

bool Registry::has_blob(const std::string& digest) {
  const auto response = ask(request("HEAD", "blobs/" + digest));
  if (response.success()) return true;
  if (response.status == 404) return false;
  fail("{}", describe_push_refusal(repository_, asker(), response));
}

std::string Registry::start_upload(const std::string& query, bool& mounted) {
  const auto response = ask(request("POST", "blobs/uploads/" + query));
  mounted = response.status == 201;
  if (mounted) return "";
  if (response.status != 202) fail("{}", describe_push_refusal(repository_, asker(), response));
  const auto location = response.header("location");
  if (location.empty()) fail("the registry does not say where to upload to");
  return resolve_url(response.url, location).text();
}

bool Registry::mount_blob(const std::string& digest, const std::string& from) {
  if (also_from_.insert(from).second) endpoint().authorization.clear();  // a token that covers both
  bool mounted = false;
  try {
    (void)start_upload("?mount=" + digest + "&from=" + escape_query(from), mounted);
  } catch (const NetworkError&) {
    throw;
  } catch (const base::Error&) {  // not ours to read: it is sent, with a token for our repository alone
    also_from_.erase(from);
    endpoint().authorization.clear();
  }
  return mounted;
}

void Registry::upload(const std::string& digest, const HttpBody& body) {
  for (int attempt = 1;; ++attempt) {
    pause_for(wait_before(settings_.retry, attempt, std::nullopt));
    const bool last = attempt >= settings_.retry.attempts;
    try {
      bool mounted = false;
      auto place = parse_url(start_upload("", mounted));
      if (!place.same_origin(endpoint().base) && endpoint().base.tls && !place.tls)
        fail("the registry wants the upload sent to '{}', without TLS", place.text());
      HttpRequest request{.method = "PUT", .url = place, .body = body};
      request.url.target += (place.target.find('?') == std::string::npos ? "?digest=" : "&digest=") + digest;
      request.headers.emplace_back("Content-Type", "application/octet-stream");
      // What a registry gives for another server is between that server and it.
      const auto response = place.same_origin(endpoint().base) ? ask_once(request) : client_.send(request);
      if (response.success()) return;
      // An upload that the registry has forgotten, or has another part of, begins anew.
      const bool lost = response.status == 404 || response.status == 416;
      if (last || !(lost || worth_retrying(response.status)))
        fail("{}", describe_push_refusal(repository_, asker(), response));
    } catch (const NetworkError&) {
      if (last) throw;
    }
  }
}

void Registry::put_manifest(const std::string& tag_or_digest, const std::string& media_type,
                            const std::string& document) {
  auto request = this->request("PUT", "manifests/" + tag_or_digest);
  request.headers.emplace_back("Content-Type", media_type);
  request.body = HttpBody{.size = document.size(), .open = [&document]() -> std::unique_ptr<ByteSource> {
                            return std::make_unique<TextSource>(document);
                          }};
  const auto response = ask(request);
  if (!response.success()) fail("{}", describe_push_refusal(repository_, asker(), response));
}

}  // namespace compose::images
