#include "net/firewall.hpp"

#include <dlfcn.h>
#include <linux/netlink.h>

#include <nftables/libnftables.h>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "net/netlink/nftables.hpp"

namespace compose::net {

namespace {

template <class F>
F* symbol(void* library, const char* name) {
  void* address = ::dlsym(library, name);
  if (!address) base::fail("load libnftables: {}", ::dlerror());
  return reinterpret_cast<F*>(address);
}

}  // namespace

struct Firewall::Library {
  struct Close {
    void operator()(void* handle) const noexcept { ::dlclose(handle); }
  };

  Library() : handle(::dlopen("libnftables.so.1", RTLD_NOW | RTLD_LOCAL)) {
    if (!handle) base::fail("load libnftables: {}", ::dlerror());
    context_free = symbol<decltype(::nft_ctx_free)>(handle.get(), "nft_ctx_free");
    run_buffer = symbol<decltype(::nft_run_cmd_from_buffer)>(handle.get(), "nft_run_cmd_from_buffer");
    error_buffer = symbol<decltype(::nft_ctx_get_error_buffer)>(handle.get(), "nft_ctx_get_error_buffer");
    context = symbol<decltype(::nft_ctx_new)>(handle.get(), "nft_ctx_new")(NFT_CTX_DEFAULT);
    if (!context) base::fail("load libnftables: it gives no context");
    symbol<decltype(::nft_ctx_buffer_output)>(handle.get(), "nft_ctx_buffer_output")(context);
    symbol<decltype(::nft_ctx_buffer_error)>(handle.get(), "nft_ctx_buffer_error")(context);
  }
  ~Library() { context_free(context); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  std::unique_ptr<void, Close> handle;
  nft_ctx* context = nullptr;
  decltype(&::nft_ctx_free) context_free = nullptr;
  decltype(&::nft_run_cmd_from_buffer) run_buffer = nullptr;
  decltype(&::nft_ctx_get_error_buffer) error_buffer = nullptr;
};

Firewall::Firewall(std::string table) : table_(std::move(table)) {}
Firewall::~Firewall() = default;

netlink::Socket& Firewall::socket() {
  if (!socket_) socket_ = std::make_unique<netlink::Socket>(NETLINK_NETFILTER);
  return *socket_;
}

bool Firewall::has_base() {
  return netlink::count_table_objects(socket(), table_) == k_table_objects;
}

bool Firewall::has_network(const std::string& bridge) {
  return has_base() && netlink::has_link_element(socket(), table_, "bridges", bridge);
}

void Firewall::apply(const FirewallChange& change) {
  run(nft_document(table_, change), "change the packet filter");
}

void Firewall::delete_table() {
  run(nft_delete_table_document(table_), "remove the packet filter");
}

void Firewall::run(const std::string& document, const std::string& doing) {
  base::fault_point("net.firewall.before");
  if (!library_) library_ = std::make_unique<Library>();
  if (library_->run_buffer(library_->context, document.c_str()) != 0)
    base::fail("{}: {}", doing, library_->error_buffer(library_->context));
  base::fault_point("net.firewall.after");
}

}  // namespace compose::net
