#pragma once
// One repository of one registry: the OCI distribution specification (Docker's registry API v2), with the
// mirrors that stand in for it. Authentication, retries and the choice between https and http happen in here.
// Nothing that a registry says is believed: media types, sizes and digests are checked.
//
// Errors: the first words are the caller's ("pull 'nginx'"); here comes what went wrong.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "images/reference.hpp"
#include "images/registry/challenge.hpp"
#include "images/registry/credentials.hpp"
#include "images/registry/http.hpp"
#include "images/registry/settings.hpp"
#include "images/transfer/manifest.hpp"

namespace compose::images {

struct Asker;

class BlobSink;

enum class RegistryAccess : std::uint8_t { pull, push };

// A server that was reached, and what it accepts as who we are: what one process found out another can use.
struct RegistrySession {
  std::string address;  // "https://registry.example/"
  std::string authorization;
  static constexpr auto fields() {
    return std::tuple{field("address", &RegistrySession::address),
                      field("authorization", &RegistrySession::authorization)};
  }
};

struct ManifestAnswer {
  std::string media_type;
  std::string digest;
  std::string document;  // byte for byte
};

// What was read of a blob is not the blob, so that what comes after it is of no use.
class DamagedBlob final : public base::Error {
 public:
  using base::Error::Error;
};

class Registry {
 public:
  Registry(const RegistrySettings& settings, Reference repository, RegistryAccess access);

  // ---- pulling ----
  [[nodiscard]] ManifestAnswer manifest(const std::string& tag_or_digest);
  // Asks for nothing but the digest. nullopt: there is no such manifest, or the registry does not say.
  [[nodiscard]] std::optional<std::string> manifest_digest(const std::string& tag_or_digest);
  [[nodiscard]] std::string document(const Descriptor& descriptor);  // a small blob
  // Writes the blob to `file`, resuming where the connection broke; the first `there` bytes are in it
  // already, if they are the right ones. `progress` hears how many bytes there are. DamagedBlob,
  // NetworkError.
  void download(const Descriptor& descriptor, int file, std::uint64_t there,
                const std::function<void(std::uint64_t)>& progress);
  // After download(): did bytes of a mirror go into it? Then it can be asked for again, from the servers
  // after that mirror.
  [[nodiscard]] bool can_ask_elsewhere() const { return first_source_ + 1 < endpoints_.size(); }
  [[nodiscard]] std::size_t first_source() const { return first_source_; }
  void begin_after(std::size_t endpoint) { current_ = std::min(endpoint + 1, endpoints_.size() - 1); }

  // Mirrors that were asked in vain, and why.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  // ---- pushing ----
  [[nodiscard]] bool has_blob(const std::string& digest);
  // True: it is in the repository now, without having been sent. False also when the registry refuses.
  [[nodiscard]] bool mount_blob(const std::string& digest, const std::string& from);
  void upload(const std::string& digest, const HttpBody& body);
  void put_manifest(const std::string& tag_or_digest, const std::string& media_type,
                    const std::string& document);

  [[nodiscard]] RegistrySession session() const;
  void resume(const RegistrySession& session);  // begin with what another one found out

 private:
  // A server that may have the repository.
  struct Endpoint {
    Url base;
    std::string authority;  // as in settings and credentials
    std::string authorization;
    bool reached = false;
    bool may_be_plain = false;
  };

  [[nodiscard]] Endpoint& endpoint() { return endpoints_[current_]; }
  [[nodiscard]] std::string target(const std::string& rest) const;
  [[nodiscard]] HttpRequest request(const std::string& method, const std::string& rest) const;
  HttpResponse ask_once(HttpRequest request, const ChooseSink& sink = {});
  HttpResponse ask(const HttpRequest& request);
  HttpResponse send(HttpRequest& request, const ChooseSink& sink);
  void authorize(const HttpResponse& refusal);
  [[nodiscard]] std::string bearer_token(const Challenge& challenge, const Credentials& credentials);
  [[nodiscard]] Asker asker() const;  // as far as the current endpoint knows us
  [[nodiscard]] std::string missing(const std::string& tag_or_digest, const HttpResponse& refusal);
  [[nodiscard]] std::string start_upload(const std::string& query, bool& mounted);
  template <class F>
  auto at_some_endpoint(F&& f);
  [[nodiscard]] int attempts() const;
  struct Attempt;
  bool download_once(const Descriptor& descriptor, BlobSink& sink, Attempt& attempt);

  const RegistrySettings& settings_;
  Reference repository_;
  RegistryAccess access_;
  HttpClient client_;
  std::vector<Endpoint> endpoints_;  // mirrors first
  std::size_t current_ = 0;
  std::size_t first_source_ = 0;
  std::vector<std::string> warnings_;
  std::set<std::string> also_from_;  // repositories that a token must cover for mounting
};

}  // namespace compose::images
