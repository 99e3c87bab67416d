#include "proxy/loop/curl.h"

#include <dlfcn.h>

namespace brownout::proxy {
namespace {

CURLcode set_nothing(CURL*, CURLoption, ...) { return CURLE_FAILED_INIT; }
CURLMcode set_no_option(CURLM*, CURLMoption, ...) { return CURLM_BAD_HANDLE; }
CURLcode get_nothing(CURL*, CURLINFO, ...) { return CURLE_FAILED_INIT; }

// Replaces libcurl on a machine where it is not installed: every request fails.
constexpr CurlLibrary kAbsent{
    .easy_init = []() -> CURL* { return nullptr; },
    .easy_cleanup = [](CURL*) {},
    .easy_setopt = &set_nothing,
    .easy_perform = [](CURL*) { return CURLE_FAILED_INIT; },
    .easy_getinfo = &get_nothing,
    .easy_strerror =
        [](CURLcode) { return "libcurl.so.4 is missing: install the package libcurl4"; },
    .easy_escape = [](CURL*, const char*, int) -> char* { return nullptr; },
    .multi_init = []() -> CURLM* { return nullptr; },
    .multi_cleanup = [](CURLM*) { return CURLM_OK; },
    .multi_setopt = &set_no_option,
    .multi_add_handle = [](CURLM*, CURL*) { return CURLM_BAD_HANDLE; },
    .multi_remove_handle = [](CURLM*, CURL*) { return CURLM_BAD_HANDLE; },
    .multi_socket_action = [](CURLM*, curl_socket_t, int, int*) { return CURLM_BAD_HANDLE; },
    .multi_info_read = [](CURLM*, int*) -> CURLMsg* { return nullptr; },
    .slist_append = [](curl_slist*, const char*) -> curl_slist* { return nullptr; },
    .slist_free_all = [](curl_slist*) {},
    .free_text = [](void*) {},
};

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

// The library is never unloaded: threads of its dependencies may still run.
CurlLibrary load() {
  void* library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return kAbsent;
  CurlLibrary found{};
  decltype(&curl_global_init) global_init = nullptr;
  const bool whole = find(library, "curl_global_init", global_init) &&
                     find(library, "curl_easy_init", found.easy_init) &&
                     find(library, "curl_easy_cleanup", found.easy_cleanup) &&
                     find(library, "curl_easy_setopt", found.easy_setopt) &&
                     find(library, "curl_easy_perform", found.easy_perform) &&
                     find(library, "curl_easy_getinfo", found.easy_getinfo) &&
                     find(library, "curl_easy_strerror", found.easy_strerror) &&
                     find(library, "curl_easy_escape", found.easy_escape) &&
                     find(library, "curl_multi_init", found.multi_init) &&
                     find(library, "curl_multi_cleanup", found.multi_cleanup) &&
                     find(library, "curl_multi_setopt", found.multi_setopt) &&
                     find(library, "curl_multi_add_handle", found.multi_add_handle) &&
                     find(library, "curl_multi_remove_handle", found.multi_remove_handle) &&
                     find(library, "curl_multi_socket_action", found.multi_socket_action) &&
                     find(library, "curl_multi_info_read", found.multi_info_read) &&
                     find(library, "curl_slist_append", found.slist_append) &&
                     find(library, "curl_slist_free_all", found.slist_free_all) &&
                     find(library, "curl_free", found.free_text);
  return whole && global_init(CURL_GLOBAL_ALL) == CURLE_OK ? found : kAbsent;
}

}  // namespace

const CurlLibrary& curl() {
  static const CurlLibrary library = load();
  return library;
}

}  // namespace brownout::proxy
