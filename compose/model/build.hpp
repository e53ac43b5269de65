#pragma once
// How a service's image is built: services.*.build. Paths are absolute after loading (but `dockerfile`, which
// is relative to the context).
#include "compose/model/common.hpp"

namespace compose::model {

struct Build {
  std::string context;  // directory, URL, or "service:NAME"
  std::string dockerfile;
  std::string dockerfile_inline;
  Strings entitlements;
  Environment args;  // no value: not set in the project's environment either
  StringMap ssh;     // id -> path of key or agent socket; "" for the default agent
  StringMap labels;
  Strings cache_from;
  Strings cache_to;
  Strings no_cache_filter;
  StringMap additional_contexts;
  bool no_cache = false;
  bool pull = false;
  std::map<std::string, Strings> extra_hosts;
  std::string isolation;
  std::string network;
  std::string provenance;
  std::string sbom;
  std::string target;
  std::vector<FileGrant> secrets;
  std::optional<Bytes> shm_size;
  Strings tags;
  Ulimits ulimits;
  Strings platforms;
  bool privileged = false;
  Extensions extensions;
  bool operator==(const Build&) const = default;
};

}  // namespace compose::model
